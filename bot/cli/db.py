"""`briefbot db`: the database."""

import time
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

import click

from bot import app
from bot.cli import terminal
from bot.cli.times import Instant
from bot.clock import utc_now
from bot.config import load

YOUNGEST = timedelta(days=30)
_MIB = 1 << 20
FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def db() -> None:
    """Look after the database: back it up, restore it, check it, make it smaller, move it."""


@db.command()
@click.pass_context
def upgrade(ctx: click.Context) -> None:
    """Make the database, or bring it to this version's schema; nothing in it is lost.

    A service of an older version that is at work with it notices, publishes nothing more and ends.
    """
    config = load(ctx.obj["config_file"])
    version = app.upgrade(config)
    terminal.tell(f"the database is at version {version}")


@db.command()
@click.argument("file", type=FILE)
@click.option("--overwrite", is_flag=True, help="Replace an earlier backup, once this is whole.")
@click.pass_context
def backup(ctx: click.Context, file: Path, *, overwrite: bool) -> None:
    """Write all of the database into a file, as of one moment; a service works on meanwhile.

    The file is read again and compared before it gets its name. `briefbot db restore` takes it, on
    SQLite and on PostgreSQL, whichever it was made of. Who is signed in to the dashboard, and
    tokens for programs, are not in it.
    """
    config = load(ctx.obj["config_file"])
    began = time.monotonic()
    made = app.back_up(config, file, utc_now(), overwrite=overwrite)
    terminal.tell(f"{file}: {_told(made.rows, made.size, began)}, read again and compared")


@db.command()
@click.argument("file", type=FILE)
@click.option("--replace", is_flag=True, help="Keep the present database aside, and replace it.")
@click.pass_context
def restore(ctx: click.Context, file: Path, *, replace: bool) -> None:
    """Make a backup the database, and say how it stands beside the folder and the chain.

    Not while a service is at work. What was published after the backup isn't sent again: the
    service takes it up from the chain. Who was signed in has to sign in again, and tokens for
    programs are to be made anew.
    """
    config = load(ctx.obj["config_file"])
    began = time.monotonic()
    done = app.restore(config, file, utc_now(), replace=replace)
    told = done.backup
    made = f"made {told.made_at:%Y-%m-%d %H:%M} UTC" if told.made_at else "a plain copy, not sealed"
    terminal.tell(
        f"restored {file} ({made}, schema {told.schema}): {_told(told.rows, told.size, began)}"
    )
    if done.kept:
        terminal.tell(f"the database of before is kept: {done.kept}")
    if done.held:
        terminal.tell(
            "nothing is sent in the next five minutes: what was sent last isn't known here, and is "
            "in a block by then, or never"
        )
    if done.users:
        terminal.tell(
            f"users of the dashboard as of then, with their passwords: {', '.join(done.users)}; "
            "`briefbot user remove` whoever isn't to be one any more"
        )
    for sentence in app.after_restoring(config, told, utc_now()):
        terminal.tell(sentence)


@db.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def check(ctx: click.Context, *, as_json: bool) -> None:
    """Look whether the database is whole: its file, its schema, and every row by the rules.

    Exits with 1 when something is wrong, with 3 when the database can't be reached or read, and
    with 4 when it is another version's. What only the chain can tell, `briefbot audit` does.
    """
    config = load(ctx.obj["config_file"])
    count = 0
    for fault in app.faults_of_records(config):
        count += 1
        if as_json:
            terminal.tell_json(asdict(fault))
        else:
            terminal.tell(f"{fault.subject}: {fault.message}", mark=(fault.code, "red"))
    if count:
        ctx.exit(1)
    if not as_json:
        terminal.tell("the database is whole")


@db.command()
@click.option(
    "--older-than",
    "before",
    type=Instant(),
    required=True,
    help="An age, like 365d, or a day; 30d at least.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@click.pass_context
def prune(ctx: click.Context, before: datetime, *, dry_run: bool) -> None:
    """Remove old details: rounds of waiting, the course of payouts, nodes set aside, told news.

    Never what publishing exactly once needs, nor what `log`, `show` and `audit` tell of a post:
    see docs/operations.md for each rule. A service may be at work meanwhile.
    """
    now = utc_now()
    if before > now - YOUNGEST:
        raise click.BadParameter("nothing younger than 30d is removed", param_hint="--older-than")
    pruned, room = app.prune(load(ctx.obj["config_file"]), before, now, dry_run=dry_run)
    counts = ", ".join(
        f"{count} {name.replace('_', ' ')}" for name, count in asdict(pruned).items() if count
    )
    done = "would be removed" if dry_run else "removed"
    terminal.tell(f"{done}: {counts}" if counts else "there is nothing to remove")
    if room:
        terminal.tell(room)


@db.command()
@click.argument("url")
@click.pass_context
def move(ctx: click.Context, url: str) -> None:
    """Copy the database, row for row, to another address: SQLite to PostgreSQL, or back.

    URL is what `database` is to be, and names an empty database. Not while a service is at work.
    The present one stays as it is; the configuration is yours to change.
    """
    config = load(ctx.obj["config_file"])
    began = time.monotonic()
    shown, copied = app.move(config, url)
    rows = sum(one.rows for one in copied.values())
    terminal.tell(
        f"moved to {shown}: {rows} rows of {len(copied)} tables in "
        f"{time.monotonic() - began:.1f} s, each table compared"
    )
    terminal.tell(
        f'now set `database = "{shown}"` ({config.origin("database")}), with its password where it '
        "needs one; run `briefbot db check`, and start the service; the old database stays as it is"
    )


def _told(rows: int, size: int, began: float) -> str:
    return f"{rows} rows, {size / _MIB:.1f} MiB, {time.monotonic() - began:.1f} s"
