"""`briefbot doctor`: is everything there that publishing needs?"""

import json
import stat
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta

import click

from bot.cli import workspace
from bot.config import Settings
from bot.errors import BotError
from bot.publishing.doctor import Diagnosis, Health, examine

COLOURS = {Health.OK: "green", Health.WARN: "yellow", Health.FAIL: "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def doctor(ctx: click.Context, *, as_json: bool) -> None:
    """Look at configuration, clock, database, node, chain id, accounts, keys and credits.

    Exits with 1 when a point fails; every point that isn't ok says what to do.
    """
    config = workspace.settings(ctx)
    failed = False
    for diagnosis in (*_here(config), *_there(config)):
        failed |= diagnosis.health is Health.FAIL
        if as_json:
            click.echo(json.dumps(asdict(diagnosis), ensure_ascii=False))
        else:
            word = click.style(f"{diagnosis.health.value:<4}", fg=COLOURS[diagnosis.health])
            click.echo(f"{word}  {diagnosis.subject}: {diagnosis.message}")
    if failed:
        ctx.exit(1)


def _here(config: Settings) -> Iterator[Diagnosis]:
    """What this machine alone can tell."""
    if config.file:
        yield Diagnosis("configuration", Health.OK, str(config.file))
    else:
        message = "no config/briefbot.toml: defaults are used; `briefbot init` writes one"
        yield Diagnosis("configuration", Health.WARN, message)
    secrets = config.root / ".env"
    if secrets.exists() and stat.S_IMODE(secrets.stat().st_mode) & 0o077:
        yield Diagnosis(".env", Health.WARN, "others can read it: chmod 600 .env")
    if config.posts.is_dir():
        yield Diagnosis("queue", Health.OK, str(config.posts))
    else:
        message = f"there is no folder {config.posts}: make it, or set `posts`"
        yield Diagnosis("queue", Health.FAIL, message)
    if any(author.slots or author.min_gap for author in config.authors.values()):
        message = "`slots` and `min_gap` have no effect in this version: give briefs a `date`"
        yield Diagnosis("calendar", Health.WARN, message)
    try:
        with workspace.records(config, create=True) as records:
            records.examine()
            yield Diagnosis("database", Health.OK, workspace.without_password(config.database))
            for event in records.node_events(workspace.utc_now() - timedelta(hours=1)):
                message = f"{event.node} was set aside at {event.at:%H:%M} UTC: it {event.reason}"
                yield Diagnosis(f"nodes ({event.chain})", Health.WARN, message)
    except BotError as error:
        yield Diagnosis("database", Health.FAIL, str(error))


def _there(config: Settings) -> Iterator[Diagnosis]:
    """What only the chain can tell."""
    authors = workspace.authors(config)
    if not authors:
        message = "no account is configured: add [author.NAME] to config/briefbot.toml"
        yield Diagnosis("accounts", Health.WARN, message)
    profile = workspace.profiles(config)[config.chain]
    chain = workspace.chain(profile, workspace.http(config))
    yield from examine(chain, authors, config.posting_key, workspace.utc_now())
