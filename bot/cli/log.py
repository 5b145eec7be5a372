"""`briefbot log`: the publication log."""

import os
import time
from collections.abc import Sequence
from datetime import datetime

import click

from bot import app
from bot.cli import terminal
from bot.cli.idle import warn_if_idle
from bot.cli.naming import authors, briefs, name_of
from bot.cli.table import print_log
from bot.cli.times import Instant
from bot.config import DEFAULT_FILE, DEMO, Settings, load
from bot.records import LogRow, NoDatabase, Records, Status
from bot.reports.log import log_line


@click.command()
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice([status.value for status in Status]),
    help="Only these; may be given several times.",
)
@click.option("--author", shell_complete=authors, help="Only this account's.")
@click.option(
    "--since",
    type=Instant(),
    help="What happened at or after this time: yesterday, 24h, 7d, 2026-12-01, 2026-12-01T09:00.",
)
@click.option("--until", type=Instant(), help="What happened before this time.")
@click.option("--brief", shell_complete=briefs, help="Only this brief's.")
@click.option("--limit", type=click.IntRange(1), help="The last N that something happened to.")
@click.option("--follow", is_flag=True, help="Go on printing what changes, until interrupted.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, newest last.")
@click.pass_context
def log(
    ctx: click.Context,
    statuses: tuple[str, ...],
    author: str | None,
    since: datetime | None,
    until: datetime | None,
    brief: str | None,
    limit: int | None,
    *,
    follow: bool,
    as_json: bool,
) -> None:
    """Show the publication log: what went out, what came of it, and why something did not.

    What happened last comes last: that a post was published, or whatever else was its last change.
    """
    config = load(ctx.obj["config_file"])

    def rows(records: Records) -> tuple[LogRow, ...]:
        found = records.find(name_of(config, brief)) if brief is not None else ()
        named = found[0].publication.brief if found else brief
        return records.log(
            statuses=tuple(Status(status) for status in statuses),
            author=author,
            since=since,
            until=until,
            brief=named,
            limit=limit,
        )

    def show(rows: Sequence[LogRow], without: str = "") -> None:
        if as_json:
            for row in rows:
                terminal.tell_json(log_line(row))
        elif rows:
            print_log(rows, config.timezone)
        elif without:
            terminal.tell(without, error=True)

    try:
        records = app.records(config)
    except NoDatabase:
        show((), _nothing_yet(config))
        return
    with records:
        warn_if_idle(records, data=as_json)
        shown = rows(records)
        show(shown, _nothing(config, records, timed=bool(since or until)))
        while follow:
            time.sleep(1)
            latest = rows(records)
            show([row for row in latest if row not in shown])
            shown = latest


def _nothing_yet(config: Settings) -> str:
    """That nothing is recorded, and where something may be."""
    demo = config.root / DEMO
    told = "Nothing is recorded yet: `briefbot run` or `briefbot publish` starts it."
    if (demo / DEFAULT_FILE).is_file():
        told += f" What `briefbot demo` did is in its own workspace: `cd {os.path.relpath(demo)}`."
    return told


def _nothing(config: Settings, records: Records, *, timed: bool) -> str:
    """Why there is nothing to show."""
    if not records.log(limit=1):
        return _nothing_yet(config)
    if timed:
        return "Nothing happened in that time; `briefbot log` shows all that is recorded."
    return "Nothing like that is recorded; `briefbot log` shows all that is."
