"""`briefbot hold`, `release`, `retry`, `cancel`: a person's hand on one publication."""

from collections.abc import Callable
from datetime import datetime

import click

from bot import app
from bot.cli import terminal
from bot.cli.naming import briefs, name_of, nothing_recorded
from bot.clock import utc_now
from bot.config import load
from bot.records import Records
from bot.service import actions


def tell_result(result: actions.Result) -> bool:
    """Say what was done and what was refused; True when something was done."""
    for refused in result.refused:
        terminal.tell(f"{refused.publication.brief}: {refused.reason}", error=True)
    for row in result.done:
        terminal.tell(f"{row.brief}: {row.status.value}")
    return bool(result.done)


def _command(
    name: str, action: Callable[[Records, str, datetime], actions.Result], doc: str
) -> click.Command:
    @click.command(name, help=doc)
    @click.argument("brief", shell_complete=briefs)
    @click.pass_context
    def command(ctx: click.Context, brief: str) -> None:
        config = load(ctx.obj["config_file"])
        with app.records(config) as records:
            result = action(records, name_of(config, brief), utc_now())
        if not result.done and not result.refused:
            raise nothing_recorded(config, brief)
        if not tell_result(result):
            ctx.exit(1)

    return command


hold = _command("hold", actions.hold, "Keep a brief back until it is released.")
release = _command("release", actions.release, "Let a held brief go out again.")
retry = _command("retry", actions.retry, "Try a rejected or waiting brief again now.")
cancel = _command(
    "cancel",
    actions.cancel,
    "Withdraw a brief that is not on the chain yet; its file stays where it is.",
)
