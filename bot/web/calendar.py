"""The calendar: what goes out when, what did, and where there is room."""

import os
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import AfterValidator, BeforeValidator, StringConstraints

from bot.briefs.opening import opened
from bot.calendar import closed
from bot.local_time import DAY, END, instant_of, start_of
from bot.records import UNPUBLISHED
from bot.records.published import Published, published_between
from bot.reports.log import amount
from bot.reports.plan import NOTICED, Plan, Step
from bot.web.moves import Moves, moves_of
from bot.web.pages import page, words_for
from bot.web.security import Reader
from bot.web.workplace import Here, Workplace

MOST = 300
"""Appointments that are shown at once."""
_MOST_PUBLISHED = 2000
_MOST_AUTHORS = 20
_MOST_FREE = 3  # slots of a day that are shown
_IN_A_DAY = {"month": 4, "week": 12, "list": 100}
_LISTED_DAYS = 28
_WEEK = 7
_HOUR = timedelta(hours=1)
_OFFICE = range(8, 19)
"""Hours of a week that always have a row of their own."""
_YEARS = range(1972, 2105)
_MOVABLE = {"new", *(status.value for status in UNPUBLISHED)}

routes = APIRouter()


class View(StrEnum):
    """How much of the calendar is shown, and how."""

    MONTH = "month"
    WEEK = "week"
    LIST = "list"


def _in_range(day: date | None) -> date | None:
    if day is not None and day.year not in _YEARS:
        raise ValueError(f"a year is from {_YEARS[0]} to {_YEARS[-1]}")
    return day


def _given(text: object) -> object:
    return text or None  # a form sends what is left empty, too


OnDay = Annotated[
    date | None, BeforeValidator(_given), AfterValidator(_in_range), Query(description="A day.")
]
Name = Annotated[
    Annotated[str, StringConstraints(max_length=100)] | None, BeforeValidator(_given), Query()
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for.

    Attributes:
        on: a day of the span that is shown; None is today.
        skip: appointments of its first day that were shown before.
    """

    view: View
    on: date | None
    author: str | None
    series: str | None
    chain: str | None
    skip: int = 0

    def address(self, **other: object) -> str:
        """The part of an address after `?`, with something else in it."""
        names = ("view", "on", "author", "series", "chain")
        said = {name: getattr(self, name) for name in names} | other
        return urlencode({name: str(value) for name, value in said.items() if value})


def wanted(
    view: View = View.MONTH,
    on: OnDay = None,
    author: Name = None,
    series: Name = None,
    chain: Name = None,
    skip: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Wanted:
    """What is asked for in an address."""
    return Wanted(view, on, author, series, chain, skip)


Asked = Annotated[Wanted, Depends(wanted)]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a post, as its chain showed it last.

    Attributes:
        payout: what it has earned, or what is still pending.
    """

    votes: int
    replies: int
    payout: str
    is_paid: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that goes out, or went out.

    Attributes:
        at: when (UTC).
        local: the same in its author's zone, where clocks show something else there.
        state: as in a plan's step, or `included` and `final`.
        revision: fingerprint of the file that would be written; empty for what can't be moved.
        permlink: of what is published.
    """

    brief: str
    chain: str
    author: str
    title: str
    at: datetime
    local: datetime | None
    state: str
    why: str
    series: str = ""
    outlook: str = ""
    overdue: int = 0
    revision: str = ""
    permlink: str = ""
    result: Result | None = None


@dataclass(frozen=True, slots=True)
class FreeAt:
    """A slot that one more brief could take."""

    at: datetime
    author: str
    series: str | None


@dataclass(frozen=True, slots=True)
class Shut:
    """When nothing of an author goes out."""

    author: str
    start: datetime
    end: datetime
    rule: str


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the reader's zone.

    Attributes:
        noon: an instant in it, to write it by.
        more: appointments of it that aren't shown.
        free: the first of its free slots; `more_free` are not shown.
        is_within: whether it belongs to the month that is shown.
        shut: of each author for whom nothing goes out on that whole day, why.
    """

    day: date
    noon: datetime
    entries: Sequence[Entry]
    more: int
    free: Sequence[FreeAt]
    more_free: int
    is_today: bool
    is_within: bool
    shut: Mapping[str, str]
    is_shut: bool


@dataclass(frozen=True, slots=True)
class Calendar:
    """A span of days.

    Attributes:
        zone: of its days.
        before, after: a day of the span before it, and of the one after it.
        shut: blackouts and quiet times of the authors that are shown.
        zones: of each of those authors, the zone.
        timeless: how many briefs have no time; the queue tells of them.
    """

    view: View
    on: date
    zone: str
    before: date
    after: date
    days: Sequence[Day]
    shut: Sequence[Shut]
    zones: Mapping[str, str]
    timeless: int
    too_many_authors: bool = False


# -- gathering -------------------------------------------------------------------------------------


def calendar_of(
    here: Workplace, zone: ZoneInfo, asked: Wanted, in_a_day: int | None = None
) -> Calendar:
    """A span of the calendar, as the plan and the records have it.

    Args:
        in_a_day: how many appointments of a day are shown, at most.
    """
    shown = _calendar(here, zone, asked, in_a_day)
    if any(file.changed_at > here.planned.began for file in shown.files):
        here.planned.forget()  # what is said of a file and its fingerprint must belong together
        shown = _calendar(here, zone, asked, in_a_day)
    return shown.calendar


@dataclass(frozen=True, slots=True)
class _File:
    """A brief's file as it is now; `changed_at` is Unix time."""

    fingerprint: str
    changed_at: float


@dataclass(frozen=True, slots=True)
class _Shown:
    calendar: Calendar
    files: Sequence[_File]


def _calendar(here: Workplace, zone: ZoneInfo, asked: Wanted, in_a_day: int | None) -> _Shown:
    now = here.now()
    today = now.astimezone(zone).date()
    on = asked.on or today
    first, count = _span(asked.view, on)
    since, until = start_of(first, zone), start_of(first + count * DAY, zone)
    found = here.planned.plan()
    steps = [step for step in between(found.steps, since, until) if _is_meant(step, asked)]
    names = {"author": asked.author, "chain": asked.chain, "series": asked.series}
    gone = published_between(here.records, since, until, _MOST_PUBLISHED, **names)
    things = _by_day([*steps, *gone], zone)
    authors = sorted(
        {*here.config.authors, *(step.author for step in steps)}
        if asked.author is None
        else {asked.author}
    )
    told_of = authors if len(authors) <= _MOST_AUTHORS else []
    shut = [
        Shut(author, one.start, one.end, one.rule)
        for author in told_of
        for one in closed(here.config.rules(author), since, until)
    ]
    free: defaultdict[date, list[FreeAt]] = defaultdict(list)
    for slot in _free(here, found, told_of, asked, max(since, now), until):
        free[slot.at.astimezone(zone).date()].append(slot)
    most, room = in_a_day or _IN_A_DAY[asked.view], MOST
    days, files = [], []
    for number in range(count):
        day = first + number * DAY
        its = things.get(day, [])[asked.skip if number == 0 else 0 :]
        few = len(its) <= min(most, room)
        some = its if few else its[: min(max(most - 1, 1), room)]
        room -= len(some)
        entries = []
        for one in some:
            file = _file(here, one)
            files += [file] if file else []
            entries.append(_entry(here, one, zone, file))
        start, end = start_of(day, zone), start_of(day + DAY, zone)
        whole = _whole(shut, start, end)
        days.append(
            Day(
                day=day,
                noon=instant_of(datetime.combine(day, time(12)), zone),
                entries=entries,
                more=len(its) - len(some),
                free=free[day][:_MOST_FREE],
                more_free=max(0, len(free[day]) - _MOST_FREE),
                is_today=day == today,
                is_within=asked.view is not View.MONTH or day.month == on.month,
                shut=whole,
                is_shut=bool(told_of) and len(whole) == len(told_of),
            )
        )
    made = Calendar(
        view=asked.view,
        on=on,
        zone=zone.key,
        before=_beside(asked.view, on, first, -1),
        after=_beside(asked.view, on, first, 1),
        days=days,
        shut=shut,
        zones={author: here.config.rules(author).timezone for author in told_of},
        timeless=sum(1 for step in timeless(found.steps) if _is_meant(step, asked)),
        too_many_authors=bool(authors and not told_of),
    )
    return _Shown(made, files)


def between(steps: Sequence[Step], since: datetime, until: datetime) -> Iterator[Step]:
    """The steps of a plan that go on in a span of time; none but those is looked at."""
    for on_time in (False, True):
        low, high = (
            bisect_left(steps, (on_time, False, edge), key=_order) for edge in (since, until)
        )
        yield from steps[low:high]


def timeless(steps: Sequence[Step]) -> Iterator[Step]:
    """The steps of a plan of which nobody knows when they go on."""
    for on_time in (False, True):
        low, high = (
            bisect_left(steps, (on_time, True, edge), key=_order) for edge in (END, END + DAY)
        )
        yield from steps[low:high]


def _order(step: Step) -> tuple[bool, bool, datetime]:
    """As a plan is ordered: what is overdue first, then what has a time."""
    return step.overdue < NOTICED, step.when is None, step.when or END


def _span(view: View, on: date) -> tuple[date, int]:
    """The first day that is shown, and how many there are."""
    if view is View.LIST:
        return on, _LISTED_DAYS
    if view is View.WEEK:
        return on - on.weekday() * DAY, _WEEK
    first = on.replace(day=1)
    monday = first - first.weekday() * DAY
    last = (first + 31 * DAY).replace(day=1) - DAY
    weeks = ((last - monday).days + _WEEK) // _WEEK
    return monday, weeks * _WEEK


def _beside(view: View, on: date, first: date, step: int) -> date:
    if view is View.LIST:
        return on + step * _LISTED_DAYS * DAY
    if view is View.WEEK:
        return first + step * _WEEK * DAY
    start = on.replace(day=1)
    return (start - DAY).replace(day=1) if step < 0 else (start + 31 * DAY).replace(day=1)


def _is_meant(step: Step, asked: Wanted) -> bool:
    return (
        bool(step.chain)
        and asked.author in {None, step.author}
        and asked.chain in {None, step.chain}
        and asked.series in {None, step.series}
    )


def _by_day(
    things: Iterable[Step | Published], zone: ZoneInfo
) -> Mapping[date, Sequence[Step | Published]]:
    days: defaultdict[date, list[Step | Published]] = defaultdict(list)
    for one in sorted(things, key=_at):
        days[_at(one).astimezone(zone).date()].append(one)
    return days


def _at(one: Step | Published) -> datetime:
    at = one.included_at if isinstance(one, Published) else one.when
    assert at is not None, "what has no time isn't in a span"
    return at


def _file(here: Workplace, one: Step | Published) -> _File | None:
    """The file of what can be moved."""
    if isinstance(one, Published) or one.state not in _MOVABLE or not one.path:
        return None
    try:
        with opened(here.config.posts, one.path) as file:
            return _File(sha256(file.read()).hexdigest(), os.fstat(file.fileno()).st_ctime)
    except OSError:
        return None


def _entry(here: Workplace, one: Step | Published, zone: ZoneInfo, file: _File | None) -> Entry:
    at = _at(one)
    own = at.astimezone(here.config.rules(one.author).zone)
    local = own if own.utcoffset() != at.astimezone(zone).utcoffset() else None
    if isinstance(one, Step):
        return Entry(
            brief=one.brief, chain=one.chain, author=one.author, title=one.title or one.brief,
            at=at, local=local, state=one.state, why=one.why, series=one.series,
            outlook=one.outlook, overdue=one.overdue, revision=file.fingerprint if file else "",
        )  # fmt: skip
    return Entry(
        brief=one.brief, chain=one.chain, author=one.author, title=one.title or one.brief, at=at,
        local=local, state=one.status, why="", permlink=one.permlink, result=_result(one),
    )  # fmt: skip


def _result(one: Published) -> Result | None:
    came = one.came
    if came is None:
        return None
    payout = amount(came, came.earned if came.paid_at else came.pending)
    return Result(came.votes, came.replies, payout, came.paid_at is not None)


def _free(
    here: Workplace,
    found: Plan,
    authors: Sequence[str],
    asked: Wanted,
    since: datetime,
    until: datetime,
) -> Sequence[FreeAt]:
    if since >= until:
        return ()
    chain = asked.chain or here.config.chain
    slots = [
        FreeAt(slot.at, author, slot.series)
        for author in authors
        for slot in here.planned.free(found, here.records, chain, author, until)
        if slot.at >= since and asked.series in {None, slot.series}
    ]
    return sorted(slots, key=lambda slot: (slot.at, slot.author, slot.series or ""))


def _whole(shut: Iterable[Shut], start: datetime, end: datetime) -> Mapping[str, str]:
    """Of each author for whom nothing goes out all that time, why."""
    found: dict[str, str] = {}
    spans: defaultdict[str, list[Shut]] = defaultdict(list)
    for one in shut:
        if one.start < end and start < one.end:
            spans[one.author].append(one)
    for author, its in spans.items():
        if alone := next((one for one in its if one.start <= start and end <= one.end), None):
            found[author] = alone.rule
            continue
        reached = start
        for one in sorted(its, key=lambda one: one.start):
            if one.start <= reached:
                reached = max(reached, one.end)
        if reached >= end:
            found[author] = ", ".join(dict.fromkeys(one.rule for one in its))
    return found


# -- a week by its hours ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cell:
    """Some hours of a day.

    Attributes:
        at: local date and time at which what is dropped here goes out.
        shut: of each author for whom nothing goes out in this time, why.
        is_shut: whether these are all that are shown.
        is_first: whether the time above it isn't shut for the same reasons.
    """

    day: Day
    at: str
    entries: Sequence[Entry]
    free: Sequence[FreeAt]
    shut: Mapping[str, str]
    is_shut: bool
    is_first: bool


@dataclass(frozen=True, slots=True)
class Hours:
    """A row of a week: an hour, or all hours before or after those that matter."""

    first: int
    last: int
    cells: Sequence[Cell]


def hours_of(shown: Calendar, zone: ZoneInfo) -> Sequence[Hours]:
    """A week's rows."""
    instants = [one.at for day in shown.days for one in day.entries]
    instants += [one.at for day in shown.days for one in day.free]
    used = {at.astimezone(zone).hour for at in instants}
    begin, end = min({*used, _OFFICE[0]}), max({*used, _OFFICE[-1]}) + 1
    shuts = [[_shut_at(shown, day, hour, zone) for day in shown.days] for hour in range(24)]
    rows: list[Hours] = []
    for hour, shut in enumerate(shuts):
        alike = hour not in {0, begin, end} and shut == shuts[hour - 1]
        if alike and not begin < hour < end:
            rows[-1] = replace(rows[-1], last=hour)  # nothing in it, and the same as before it
            continue
        cells = [
            _cell(shown, day, hour, zone, why, shuts[hour - 1][number] if hour else None)
            for number, (day, why) in enumerate(zip(shown.days, shut, strict=True))
        ]
        rows.append(Hours(hour, hour, cells))
    return rows


def _shut_at(shown: Calendar, day: Day, hour: int, zone: ZoneInfo) -> Mapping[str, str]:
    midnight = datetime.combine(day.day, time())
    start, end = (instant_of(midnight + part * _HOUR, zone) for part in (hour, hour + 1))
    return _whole(shown.shut, start, end) if start < end else {}


def _cell(
    shown: Calendar,
    day: Day,
    hour: int,
    zone: ZoneInfo,
    shut: Mapping[str, str],
    above: Mapping[str, str] | None,
) -> Cell:
    return Cell(
        day=day,
        at=f"{day.day}T{hour:02}:00",
        entries=[one for one in day.entries if one.at.astimezone(zone).hour == hour],
        free=[one for one in day.free if one.at.astimezone(zone).hour == hour],
        shut=shut,
        is_shut=bool(shut) and len(shut) == len(shown.zones),
        is_first=above != shut,
    )


# -- pages -----------------------------------------------------------------------------------------


@routes.get("/calendar", response_class=HTMLResponse, include_in_schema=False)
def show(
    request: Request, here: Here, visitor: Reader, asked: Asked, moved: str = ""
) -> HTMLResponse:
    """The page."""
    words = words_for(request, here)
    shown = calendar_of(here, words.zone, asked)
    moves: Moves = moves_of(request)
    return page(
        request,
        here,
        visitor,
        "calendar.html",
        calendar=shown,
        asked=replace(asked, on=shown.on),
        weeks=[shown.days[start : start + _WEEK] for start in range(0, len(shown.days), _WEEK)],
        hours=hours_of(shown, words.zone) if asked.view is View.WEEK else (),
        moved=moves.of(moved),
        authors=sorted(here.config.authors),
        series=sorted(here.config.series),
        chains=sorted({here.config.chain, *here.config.chains}),
        may_move=visitor.role != "reader",
    )


@routes.get("/api/v1/calendar")
def tell(request: Request, here: Here, _: Reader, asked: Asked) -> Calendar:
    """A month, a week or 28 days: appointments, what was published, free slots, closed times.

    Days are those of the reader's zone (cookie `zone`), else of the configured one. Of a day with
    more appointments than are told, `skip` tells the others.
    """
    return calendar_of(here, words_for(request, here).zone, asked, in_a_day=100)
