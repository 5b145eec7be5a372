"""`briefbot plan`: what goes out next, when, and why, or why not."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from bot import app
from bot.cli import terminal
from bot.cli.idle import warn_if_idle
from bot.cli.naming import authors
from bot.cli.times import Instant, told
from bot.clock import utc_now
from bot.config import Settings, load
from bot.reports import grid
from bot.reports.forecast import Forecast, forecasts
from bot.reports.ical import ical, items
from bot.reports.log import instant
from bot.reports.plan import NOTICED, Plan, Step
from bot.reports.plan import plan as plan_of

_MOST_SLOTS = 10
_MOST_AUTHORS = 20
_MOST_NAMES = 5
_HELD = "held"


@click.command()
@click.option("--days", type=click.IntRange(1, 3660), help="Only what goes out in so many days.")
@click.option("--week", is_flag=True, help="Seven days as a calendar.")
@click.option("--month", is_flag=True, help="The month as a calendar.")
@click.option("--author", shell_complete=authors, help="Only this account's.")
@click.option("--chain", help="Only what goes to this chain.")
@click.option("--at", "since", type=Instant(), help="What goes out from this time on.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, what moves first.")
@click.option(
    "--ical",
    "file",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write it to this file as well, for calendar programs.",
)
@click.pass_context
def plan(
    ctx: click.Context,
    days: int | None,
    author: str | None,
    chain: str | None,
    since: datetime | None,
    file: Path | None,
    *,
    week: bool,
    month: bool,
    as_json: bool,
) -> None:
    """Show what the service would do next, when, and why; and what it won't do, and why not.

    What should be out by now comes first. With --days, --week, --month or --at also the slots that
    are still free in that time.
    """
    if sum((days is not None, week, month)) > 1:
        raise click.UsageError("choose one of --days, --week and --month")
    config = load(ctx.obj["config_file"])
    now = utc_now()
    span = _Span.of(since, days, now, ZoneInfo(config.timezone), week=week, month=month)
    with app.view(config, strict=True) as view:
        found = plan_of(view, now, app.calendars(config), span.until)
        warn_if_idle(view.mine.records if view.mine else None, data=as_json)
        shown = [
            step
            for step in found.steps
            if author in {None, step.author} and chain in {None, step.chain} and span.holds(step)
        ]
        credits_ = forecasts(found, shown, now)
        free = () if as_json else list(_free(found, shown, span, config, author, chain))
    if file is not None:
        file.write_bytes(ical(items(shown), now))
    if as_json:
        terminal.tell_json_lines(_as_json(step, credits_) for step in shown)
        return
    if week or month:
        _print_grid(shown, span, config.timezone, month=month)
        shown = [step for step in shown if step.when is None or step.overdue >= NOTICED]
    if shown:
        _print(shown, config.timezone)
    elif not (week or month):
        _print_nothing(config, is_all=span.until is None and not found.steps)
    for line in (*_credits(credits_, config), *free):
        terminal.tell(line)


@dataclass(frozen=True, slots=True)
class _Span:
    """The time that is looked at; None has no end."""

    since: datetime | None
    until: datetime | None

    @classmethod
    def of(
        cls,
        since: datetime | None,
        days: int | None,
        now: datetime,
        zone: ZoneInfo,
        *,
        week: bool,
        month: bool,
    ) -> "_Span":
        begin = since or now
        midnight = begin.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        if week:
            return cls(midnight, midnight + timedelta(days=7))
        if month:
            first = midnight.replace(day=1)
            return cls(first, (first + timedelta(days=32)).replace(day=1))
        if days is not None:
            return cls(begin, begin + timedelta(days=days))
        return cls(since, None)

    def holds(self, step: Step) -> bool:
        """Whether a step is shown: what never goes, or should have gone, always is."""
        if step.when is None or step.overdue >= NOTICED:
            return True
        after = self.since is None or step.when >= self.since
        return after and (self.until is None or step.when < self.until)


def _free(
    found: Plan,
    shown: Sequence[Step],
    span: _Span,
    config: Settings,
    author: str | None,
    chain: str | None,
) -> Iterator[str]:
    """The slots that are left in a time that has an end."""
    if span.since is None or span.until is None:
        return
    names = [author] if author else sorted({*config.authors, *(step.author for step in shown)})
    if len(names) > _MOST_AUTHORS:
        yield f"Free slots of {len(names)} authors: `briefbot slots --author A` tells those of one"
        return
    for name in filter(None, names):
        slots = found.calendars.free(chain or config.chain, name, span.since, span.until)
        if slots:
            some = ", ".join(told_day(slot.at, config.timezone) for slot in slots[:_MOST_SLOTS])
            more = f" and {len(slots) - _MOST_SLOTS} more" if len(slots) > _MOST_SLOTS else ""
            yield f"Free slots of {name}: {some}{more}"


def told_day(moment: datetime | None, timezone: str) -> str:
    """An instant with its weekday, in the reader's zone, or nothing."""
    if moment is None:
        return ""
    weekday = grid.WEEKDAYS[moment.astimezone(ZoneInfo(timezone)).weekday()]
    return f"{weekday} {told(moment, timezone)}"


def _credits(found: Forecast, config: Settings) -> Iterator[str]:
    """Whose resource credits don't last, and of whom nobody knows."""

    def named(chain: str, author: str) -> str:
        return author if chain == config.chain else f"{author} on {chain}"

    for one in found.shortages:
        few = f"too few for {one.first.brief} ({told_day(one.first.at, config.timezone)})"
        some = f"are {few}"
        if one.planned > 1:
            until = told_day(one.until, config.timezone)
            some = f"are enough for {one.in_time} of the {one.planned} posts planned until {until}"
            some += f"; {few}"
        if one.first.enough_from is None:
            then = "and the account can never hold so many; power up, or shorten it"
        else:
            then = f"enough from {told_day(one.first.enough_from, config.timezone)}"
            then += "; power up, or move it"
        yield f"Resource credits of {named(one.chain, one.author)} {some}, {then}"
    if found.old:
        whose = _some(named(*author) for author in sorted(found.old))
        since = told_day(min(found.old.values()), config.timezone)
        yield f"Resource credits of {whose} were looked at last on {since}: is the service running?"
    if found.unknown and terminal.is_read_by_a_person():  # a pipe gets what is known
        whose = _some(named(*author) for author in sorted(found.unknown))
        yield f"Resource credits of {whose} aren't known: the service looks at them once an hour"


def _some(names: Iterable[str]) -> str:
    """A few names, and how many more there are."""
    every = list(names)
    more = len(every) - _MOST_NAMES
    return ", ".join(every[:_MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")


def _as_json(step: Step, credits_: Forecast) -> dict[str, object]:
    told = {field.name: getattr(step, field.name) for field in fields(step)}
    enough = credits_.enough_from.get((step.chain, step.brief))
    return told | {"when": instant(step.when), "credits_from": instant(enough)}


def _state(step: Step) -> str:
    """A step's state in a word: what should be out by now, and what won't go, are unmistakable."""
    if step.overdue >= NOTICED:
        return "OVERDUE"
    if step.outlook in {"doomed", "missed"}:
        return "will be missed"
    return step.state


def _print_grid(steps: Iterable[Step], span: _Span, timezone: str, *, month: bool) -> None:
    entries = [
        grid.Entry(step.when, step.title or step.brief, _mark(step))
        for step in steps
        if step.when is not None
    ]
    assert span.since is not None, "a calendar begins on a day"
    zone = ZoneInfo(timezone)
    draw = grid.month if month else grid.week
    for line in draw(entries, span.since.astimezone(zone).date(), zone):
        terminal.tell(line)


def _mark(step: Step) -> str:
    if step.overdue >= NOTICED:
        return "!"
    return "?" if step.state == _HELD else " "


def _print(planned: list[Step], timezone: str) -> None:
    if not terminal.is_read_by_a_person():
        for step in planned:
            when = told(step.when, timezone) or "-"
            terminal.tell(f"{when}  {_state(step)}  {step.brief}  {step.why}")
        return
    rows = [
        [
            terminal.Cell(told_day(step.when, timezone)),
            terminal.Cell(_state(step)),
            terminal.Cell(step.author),
            terminal.Cell(step.brief, notes=[step.why]),
        ]
        for step in planned
    ]
    terminal.tell_table(terminal.Table(("when", "state", "author", "brief"), rows, wide="brief"))


def _print_nothing(config: Settings, *, is_all: bool) -> None:
    if is_all:
        terminal.tell(f"Nothing to do: every brief in {config.posts} is published.")
    else:
        terminal.tell("Nothing like that; `briefbot plan` shows all that is to be done.")
