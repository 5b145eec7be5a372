"""What an author's calendar allows: slots, gaps, caps, quiet times, blackouts, the late policy."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.calendar.slots import CalendarError, Slot, next_occurrence, parse_time
from bot.local_time import DAY, SECOND, instant_of, local_of, start_of

_SOME_TIME = datetime(2024, 1, 1, tzinfo=UTC)
_LONG = 30 * 366 * DAY  # what comes at all comes in 28 years
_TURNS = 800  # two years of a daily slot: each of the differences that two zones have


class Late(StrEnum):
    """What becomes of a brief that couldn't go out within its grace."""

    PUBLISH = "publish"
    """It goes out as soon as the rules allow."""
    MISS = "miss"
    """It doesn't go out any more."""
    NEXT_SLOT = "next-slot"
    """It takes the next free slot."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """A part of each day in which nothing goes out; it may end on the next day."""

    start: time
    end: time

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{'24:00' if self.end == time.min else f'{self.end:%H:%M}'}"

    def on(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The instants between which it lasts, when it begins on `day`."""
        end = day if self.start < self.end else day + DAY
        return (
            instant_of(datetime.combine(day, self.start), zone),
            instant_of(datetime.combine(end, self.end), zone),
        )

    def holds(self, moment: time) -> bool:
        """Whether a time of day lies in it."""
        if self.start < self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


@dataclass(frozen=True, slots=True)
class Days:
    """A day, or the days from one to another, both included."""

    first: date
    last: date

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first}..{self.last}"

    def on(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The instants between which they last."""
        return start_of(self.first, zone), start_of(self.last + DAY, zone)

    def holds(self, day: date) -> bool:
        """Whether a day is one of them."""
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Briefs that go out in slots of their own, `[series.NAME]`.

    Attributes:
        tags: what its briefs have when they name none.
        timezone: IANA zone of its slots.
    """

    name: str
    author: str
    slots: tuple[Slot, ...] = ()
    tags: tuple[str, ...] = ()
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What holds for one author.

    Attributes:
        timezone: IANA zone of all that follows.
        extra: single slots, local time, in order.
        skip: days whose slots aren't used, the author's and those of the author's series.
        skip_times: single slots that aren't used, local time.
        min_gap: between posts; replies need none.
        max_per_day, max_per_week: posts on a day, and from Monday to Sunday.
        quiet, blackout: when nothing goes out, whatever its date.
        late: the policy where the brief names none. None: what has a date is published late, what
            takes slots takes the next one.
        grace: how long after its time a brief is still on time.
        approve: a new brief is held until a person releases it.
        series: the author's.
    """

    timezone: str = "UTC"
    slots: tuple[Slot, ...] = ()
    extra: tuple[datetime, ...] = ()
    skip: tuple[Days, ...] = ()
    skip_times: tuple[datetime, ...] = ()
    min_gap: timedelta = timedelta(0)
    max_per_day: int | None = None
    max_per_week: int | None = None
    quiet: tuple[Quiet, ...] = ()
    blackout: tuple[Days, ...] = ()
    late: Late | None = None
    grace: timedelta = timedelta(minutes=15)
    approve: bool = False
    series: tuple[Series, ...] = field(default=())

    @property
    def zone(self) -> ZoneInfo:
        """The author's zone."""
        return ZoneInfo(self.timezone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The chain's own intervals.

    Attributes:
        post: between an author's posts.
        reply: between a reply and whatever the author sends before and after it.
        final: until a post stands for good, which what needs it waits for.
    """

    post: timedelta = timedelta(0)
    reply: timedelta = timedelta(0)
    final: timedelta = timedelta(0)


def parse_quiet(text: str) -> Quiet:
    """Read `22:00-07:00`.

    Raises:
        CalendarError: it can't be read, or is empty.
    """
    start, dash, end = (part.strip() for part in text.partition("-"))
    if not dash:
        raise CalendarError('expected two times, like "22:00-07:00"')
    quiet = Quiet(parse_time(start), time.min if end == "24:00" else parse_time(end))
    if quiet.start == quiet.end and end != "24:00":
        raise CalendarError('it ends where it begins; write two times, like "22:00-07:00"')
    return quiet


def parse_days(text: str) -> Days:
    """Read `2026-12-24` or `2026-12-24..2026-12-26`.

    Raises:
        CalendarError: it can't be read.
    """
    first, dots, last = (part.strip() for part in text.partition(".."))
    days = Days(_day(first), _day(last if dots else first))
    if days.last < days.first:
        raise CalendarError("its last day is before its first; write the earlier one first")
    return days


def _day(text: str) -> date:
    expected = 'expected a day or days, like "2026-12-24" or "2026-12-24..2026-12-26"'
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        raise CalendarError(expected)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise CalendarError(f"there is no such day; {expected}") from None
    if not 1971 <= day.year <= 2105:  # noqa: PLR2004  # as a brief's date
        raise CalendarError("a year is from 1971 to 2105")
    return day


def parse_moment(text: str) -> datetime:
    """Read a local day and time, `2026-12-24 12:00`.

    Raises:
        CalendarError: it can't be read.
    """
    day, _, clock = text.strip().replace("T", " ").partition(" ")
    if not clock:
        raise CalendarError('expected a day and a time, like "2026-12-24 12:00"')
    return datetime.combine(_day(day), parse_time(clock.strip()))


def whole_day_is_quiet(quiet: Iterable[Quiet]) -> bool:
    """Whether no minute of a day is left."""
    spans = tuple(quiet)
    edges = {span.end for span in spans}  # only an end can begin a time that is not quiet
    return bool(spans) and all(any(span.holds(edge) for span in spans) for edge in edges)


@dataclass(frozen=True, slots=True)
class Closed:
    """A time in which nothing goes out.

    Attributes:
        rule: the quiet hours or days that forbid it, in words.
    """

    start: datetime
    end: datetime
    rule: str


def closed(rules: Rules, since: datetime, until: datetime) -> Iterator[Closed]:
    """The blackouts and quiet times that reach into a time, one kind after the other."""
    for days in rules.blackout:
        start, end = days.on(rules.zone)
        if start < until and since < end:
            yield Closed(start, end, f"blackout {days}")
    first, last = (local_of(moment, rules.zone).date() for moment in (since, until))
    for quiet in rules.quiet:
        day = first - DAY
        while day <= last:
            start, end = quiet.on(day, rules.zone)
            if start < until and since < end:
                yield Closed(start, end, f"quiet {quiet}")
            day += DAY


def quiet_until(at: datetime, quiet: Iterable[Quiet], zone: ZoneInfo) -> datetime | None:
    """When the quiet time ends in which an instant lies; None when it lies in none."""
    today = local_of(at, zone).date()
    for span in quiet:
        for day in (today - DAY, today):
            start, end = span.on(day, zone)
            if start <= at < end:
                return end
    return None


def is_never_free(slot: Slot, zone: ZoneInfo, rules: Rules) -> bool:
    """Whether a slot always lies in the author's quiet hours, whatever the two zones' clocks do.

    A slot that is free only because a clock change moves it is none that anybody meant.
    """
    since = _SOME_TIME
    for _ in range(_TURNS):
        turn = next_occurrence([slot], (), zone, since)
        if turn is None or turn.at > _SOME_TIME + _LONG:
            break
        end = quiet_until(turn.at, rules.quiet, rules.zone)
        if end is None and local_of(turn.at, zone) == turn.local:
            return False
        since = max(end or turn.at, turn.at + SECOND)
    return True
