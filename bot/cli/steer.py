"""`briefbot hold`, `release`, `retry`, `cancel`: a person's hand on one publication."""

import click

from bot import app
from bot.cli import terminal
from bot.cli.show import find
from bot.clock import utc_now
from bot.config import load
from bot.records import Publication, Records, Status, Transition


def _unfinished(records: Records, brief: str) -> list[Publication]:
    """The brief's publications that can still be steered, one for each chain."""
    rows = [row.publication for row in find(records, brief)]
    if not rows:
        raise click.ClickException(f"nothing is recorded for {brief}; see `briefbot plan`")
    latest = {row.chain: row for row in rows}
    return list(latest.values())


def _command(name: str, verb: str, sources: set[Status], target: Status, doc: str) -> click.Command:
    """A command that moves a brief's publications from one of `sources` to `target`."""

    @click.command(name, help=doc)
    @click.argument("brief")
    @click.pass_context
    def command(ctx: click.Context, brief: str) -> None:
        now = utc_now()
        with app.records(load(ctx.obj["config_file"])) as records:
            moved = 0
            for row in _unfinished(records, brief):
                if row.status not in sources:
                    allowed = ", ".join(sorted(status.value for status in sources))
                    terminal.tell(
                        f"{row.brief} is {row.status.value}; only what is {allowed} can be {verb}.",
                        error=True,
                    )
                    continue
                if target is Status.CANCELLED:
                    records.cancel(row.id, "withdrawn by a person", now)
                else:
                    records.move(row, Transition(target, f"{verb} by a person"), now)
                terminal.tell(f"{row.brief}: {target.value}")
                moved += 1
        if not moved:
            ctx.exit(1)

    return command


hold = _command(
    "hold",
    "held",
    {Status.QUEUED, Status.WAITING},
    Status.HELD,
    "Keep a brief back until it is released.",
)
release = _command(
    "release", "released", {Status.HELD}, Status.QUEUED, "Let a held brief go out again."
)
retry = _command(
    "retry",
    "retried",
    {Status.REJECTED, Status.WAITING},
    Status.QUEUED,
    "Try a rejected or waiting brief again now.",
)
cancel = _command(
    "cancel",
    "cancelled",
    {Status.QUEUED, Status.WAITING, Status.HELD, Status.REJECTED, Status.MISSED},
    Status.CANCELLED,
    "Withdraw a brief that is not on the chain yet; its file stays where it is.",
)
