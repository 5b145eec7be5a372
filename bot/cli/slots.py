"""`briefbot slots`: the next slots that are free."""

from collections.abc import Iterator
from datetime import timedelta

import click

from bot import app
from bot.calendar.planner import FreeSlot
from bot.cli import terminal
from bot.cli.naming import authors
from bot.cli.plan import told_day
from bot.clock import utc_now
from bot.config import load
from bot.reports.log import instant
from bot.reports.plan import Plan
from bot.reports.plan import plan as plan_of

_AHEAD = timedelta(days=366)


@click.command()
@click.option("--author", shell_complete=authors, help="Only this account's.")
@click.option("--chain", help="On this chain [default: the configured one].")
@click.option("--limit", type=click.IntRange(1, 1000), default=10, help="So many [default: 10].")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def slots(
    ctx: click.Context, author: str | None, chain: str | None, limit: int, *, as_json: bool
) -> None:
    """Show the next free slots of each author: what a new brief without a date could take."""
    config = load(ctx.obj["config_file"])
    with app.view(config, strict=True) as view:
        found = plan_of(view, utc_now(), app.calendars(config))
        names = [author] if author else sorted(config.authors)
        free = {name: list(_next(found, chain or config.chain, name, limit)) for name in names}
    for name, its in free.items():
        for slot in its:
            if as_json:
                told = {"author": name, "chain": chain or config.chain, "series": slot.series}
                terminal.tell_json(told | {"at": instant(slot.at)})
            else:
                of_series = f"  {slot.series}" if slot.series else ""
                terminal.tell(f"{told_day(slot.at, config.timezone)}  @{name}{of_series}")
    if not as_json and not any(free.values()):
        terminal.tell(_nothing(author), error=True)


def _next(found: Plan, chain: str, author: str, limit: int) -> Iterator[FreeSlot]:
    """Looked for in longer and longer times, since a year of an hourly slot has thousands."""
    since = found.calendars.now
    for days in (7, 31, 366):
        free = found.calendars.free(chain, author, since, since + timedelta(days=days))
        if len(free) >= limit or days == _AHEAD.days:
            yield from free[:limit]
            return


def _nothing(author: str | None) -> str:
    whose = f"[author.{author}]" if author else "an [author.NAME] table"
    return f'No slot is free in the next year: write `slots = ["mon-fri 09:00"]` in {whose}.'
