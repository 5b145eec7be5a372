"""Slots: the times at which an author or a series may publish, as a person writes them.

`mon-fri 09:00`, `sat,sun 11:30`, `1st mon 10:00`, `last fri 17:00`, `daily 18:00` and
`cron: 30 7 * * 1-5`. Which days and times those are is cronsim's knowledge, and it is asked about
local time only. When a local time comes is `local_time`'s: asked in a zone, cronsim leaves out
`*/30 2 * * *` on the day on which two o'clock is skipped, gives `0 * * * *` twice when it comes
twice, and can name an instant before the one that it was asked from.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from bot.local_time import DAY, END, SECOND, local_of, resolved

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NTH = {"1st": "#1", "2nd": "#2", "3rd": "#3", "4th": "#4", "5th": "#5", "last": "L"}
_FORMS = '"mon-fri 09:00", "sat,sun 11:30", "1st mon 10:00", "daily 18:00" or "cron: 30 7 * * 1-5"'
_LONGEST = 100
_FIELDS = 5


class CalendarError(ValueError):
    """What is written can't be a slot, a span of days or the like; says what is expected."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A recurring local time, on certain days.

    Attributes:
        text: as it was written.
        days: the days, as a cron expression for their midnights.
        times: the times of such a day, in order.
    """

    text: str
    days: str
    times: tuple[time, ...]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One turn of a slot.

    Attributes:
        at: the instant (UTC).
        local: what the slot says, on that day; at a clock change no clock may show it.
    """

    at: datetime
    local: datetime

    def __str__(self) -> str:
        return f"{WEEKDAYS[self.local.weekday()]} {self.local:%H:%M}"


def parse(text: str) -> Slot:
    """Read a slot as it is written.

    Raises:
        CalendarError: it can't be read, or never comes.
    """
    written = " ".join(text.lower().split())
    if len(written) > _LONGEST:
        raise CalendarError(f"a slot has at most {_LONGEST} characters; write {_FORMS}")
    if written.startswith("cron:"):
        return _cron(text, written.removeprefix("cron:").split())
    days, _, clock = written.rpartition(" ")
    if not days:
        raise CalendarError(f"expected days and a time, like {_FORMS}")
    at = parse_time(clock)
    return Slot(text, f"0 0 * * {_weekdays(days)}", (at,))


def parse_time(text: str) -> time:
    """A time of day, `09:00`.

    Raises:
        CalendarError: it is none.
    """
    match = re.fullmatch(r"(\d{1,2}):(\d\d)", text, re.ASCII)
    if not match or int(match[1]) > 23 or int(match[2]) > 59:  # noqa: PLR2004  # a day's last
        raise CalendarError("expected a time from 00:00 to 23:59, like 09:00")
    return time(int(match[1]), int(match[2]))


def _weekdays(text: str) -> str:
    """`mon-fri`, `sat,sun`, `1st mon`, `last fri,sat` or `daily` as cron's field of weekdays."""
    if text in {"daily", "every day"}:
        return "*"
    suffix = ""
    which, _, rest = text.partition(" ")
    if rest and which in _NTH:
        text, suffix = rest, _NTH[which]
    found: set[int] = set()
    for part in re.split(r" ?, ?", text):
        first, _, last = (word.strip() for word in part.partition("-"))
        start, end = _weekday(first), _weekday(last or first)
        found |= {(start + step) % 7 for step in range((end - start) % 7 + 1)}
    return ",".join(f"{(day + 1) % 7}{suffix}" for day in sorted(found))


def _weekday(word: str) -> int:
    """Monday is 0; a weekday may be written out."""
    for number, short in enumerate(WEEKDAYS):
        names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        if word in {short, names[number]}:
            return number
    raise CalendarError(f"expected days like {', '.join(WEEKDAYS)}, and a time; write {_FORMS}")


def _cron(text: str, fields: list[str]) -> Slot:
    if len(fields) != _FIELDS:
        raise CalendarError(
            f"expected five fields after cron: (minute, hour, day, month, weekday), not "
            f"{len(fields)}"
        )
    minute, hour, *days = fields
    start = datetime(2000, 1, 3)  # noqa: DTZ001  # local time, as is everything here
    try:
        times = CronSim(f"{minute} {hour} * * *", start - SECOND)
        found = []
        for moment in times:
            if moment >= start + DAY:
                break
            found.append(moment.time())
        expression = " ".join(("0 0", *days))
        if next(CronSim(expression, start), None) is None:
            raise CalendarError("cron: no day is ever like this")
    except CronSimError as error:
        fault = str(error).lower()
        raise CalendarError(f"cron: {fault}; it has minute, hour, day, month, weekday") from None
    return Slot(text, expression, tuple(found))


@lru_cache(maxsize=4096)
def _days(expression: str, year: int) -> tuple[date, ...]:
    """The days of a year that a cron expression means."""
    found = []
    for moment in CronSim(expression, datetime(year, 1, 1) - SECOND):  # noqa: DTZ001  # local
        if moment.year != year:
            break
        found.append(moment.date())
    return tuple(found)


def _next_local(slot: Slot, after: datetime) -> datetime | None:
    """The first local time of a slot after another one."""
    today, since = after.date(), after.time()
    for year in range(after.year, END.year + 1):
        days = _days(slot.days, year)
        index = bisect_left(days, today)
        if index < len(days) and days[index] == today:
            later = bisect_right(slot.times, since)
            if later < len(slot.times):
                return datetime.combine(today, slot.times[later])
            index += 1
        if index < len(days):
            return datetime.combine(days[index], slot.times[0])
    return None


def next_occurrence(
    slots: Iterable[Slot], extra: Sequence[datetime], zone: ZoneInfo, since: datetime
) -> Occurrence | None:
    """The first turn of these slots at or after an instant; None when none is left.

    Turns at one instant are one turn, with the local time that a clock shows then.

    Args:
        extra: single local times, in order.
    """
    local = local_of(since - SECOND, zone)  # so that what a gap skips that ends at `since` counts
    found = None
    while True:
        later = [moment for slot in slots if (moment := _next_local(slot, local))]
        later += extra[bisect_right(extra, local) :][:1]
        if not later:
            break
        local = min(later)
        at, is_shown = resolved(local, zone)
        if found is not None and at > found.at:
            break
        if at >= since:  # else its first coming, and `since` lies in the second
            found = Occurrence(at, local)
            if is_shown:
                break
    return found if found is not None and found.at < END else None
