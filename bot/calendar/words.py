"""Durations and dates in words."""

from datetime import date, datetime, timedelta

from bot.calendar.slots import WEEKDAYS

_UNITS = (
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "h"),
    (timedelta(minutes=1), "min"),
    (timedelta(seconds=1), "s"),
)


def exactly(duration: timedelta) -> str:
    """A duration in the largest unit that it is a whole number of: `3 h`, `90 min`, `303 s`."""
    for unit, name in _UNITS:
        if duration >= unit and not duration % unit:
            return _counted(duration // unit, name)
    return f"{duration.total_seconds():g} s"


def roughly(duration: timedelta) -> str:
    """A duration as one says it: `5 days`, `3 h`, `12 min`."""
    for unit, name in _UNITS:
        if duration >= unit:
            return _counted(duration // unit, name)
    return "less than 1 s"


def _counted(number: int, name: str) -> str:
    return f"{number} {name}s" if name == "day" and number != 1 else f"{number} {name}"


def day(day: date) -> str:
    """`mon 2026-12-07`."""
    return f"{WEEKDAYS[day.weekday()]} {day}"


def moment(local: datetime) -> str:
    """`mon 2026-12-07 09:00`."""
    return f"{day(local.date())} {local:%H:%M}"
