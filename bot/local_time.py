"""Local time and instants: what a wall clock shows, and when that is.

A clock is put forward and back, so a local time may not come, or come twice. Here it is always
one instant: one that is skipped is the first instant after the gap, one that comes twice is the
first of the two. So a later local time is never an earlier instant.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
END = datetime(2105, 12, 30, tzinfo=UTC)
"""Nothing is planned after it: the last days that the 32 bits of a chain's times hold."""


def instant_of(local: datetime, zone: ZoneInfo) -> datetime:
    """When a clock of `zone` shows this local time (naive) for the first time, in UTC."""
    return resolved(local, zone)[0]


def resolved(local: datetime, zone: ZoneInfo) -> tuple[datetime, bool]:
    """As `instant_of`, and whether a clock shows that local time at all."""
    aware = local.replace(tzinfo=zone)
    instant = aware.astimezone(UTC)
    if aware.utcoffset() == instant.astimezone(zone).utcoffset():
        return instant, True
    return _end_of_gap(aware), False


def local_of(instant: datetime, zone: ZoneInfo) -> datetime:
    """What a clock of `zone` shows at an instant (naive)."""
    return instant.astimezone(zone).replace(tzinfo=None)


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a day."""
    return instant_of(datetime.combine(day, time.min), zone)


def _end_of_gap(skipped: datetime) -> datetime:
    """The instant at which the clock was put forward over a local time, to the second."""
    before, after = (skipped.replace(fold=fold).astimezone(UTC) for fold in (1, 0))
    ahead = skipped.replace(fold=1).utcoffset()
    while after - before > SECOND:
        middle = before + (after - before) // SECOND // 2 * SECOND
        if middle.astimezone(skipped.tzinfo).utcoffset() == ahead:
            after = middle
        else:
            before = middle
    return after
