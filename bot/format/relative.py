"""How the platform words a moment: “18 hours ago”, “yesterday”, “last month” (chain-rules §7.6)."""

from datetime import datetime

_A_MONTH, _A_YEAR = 30, 12  # days and months from which on the next unit is used
_DAYS_A_YEAR = 146_097 / 400  # of the Gregorian calendar


def relative(then: datetime, now: datetime) -> str:
    """`then` as seen at `now`, both in the zone of whoever reads.

    Each unit is rounded from the one below, as FormatJS does it; days are days of the calendar.
    """
    seconds = round((then - now).total_seconds())
    minutes = round(seconds / 60)
    hours = round(minutes / 60)
    days = (then.date() - now.date()).days
    months = round(days / _DAYS_A_YEAR * 12)
    if seconds == 0:
        return "now"
    for count, unit, limit in (
        (seconds, "second", 60),
        (minutes, "minute", 60),
        (hours, "hour", 24),
    ):
        if abs(count) < limit:
            return _counted(count, unit)
    if abs(days) < _A_MONTH:
        return {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(days) or _counted(days, "day")
    if abs(months) < _A_YEAR:
        return _named(months, "month")
    return _named(round(days / _DAYS_A_YEAR), "year")


def _named(count: int, unit: str) -> str:
    return {-1: f"last {unit}", 1: f"next {unit}"}.get(count) or _counted(count, unit)


def _counted(count: int, unit: str) -> str:
    text = f"{abs(count)} {unit}{'' if abs(count) == 1 else 's'}"
    return f"{text} ago" if count < 0 else f"in {text}"
