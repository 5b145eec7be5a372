"""How the platform words a moment: “18 hours ago”, “yesterday”, “last month” (chain-rules §7.6)."""

from datetime import datetime

MINUTE, HOUR, DAY = 60, 3600, 86400
_MONTH, _YEAR = 30, 12  # days and months from which the next unit is used


def relative(then: datetime, now: datetime) -> str:
    """`then` as seen at `now`, both in the zone of whoever reads.

    Seconds, minutes and hours are rounded; days, months and years are differences of the calendar.
    """
    seconds = (now - then).total_seconds()
    past, size = seconds >= 0, abs(seconds)
    if round(size) == 0:
        return "now"
    for unit, length, limit in (
        ("second", 1, MINUTE),
        ("minute", MINUTE, MINUTE),
        ("hour", HOUR, 24),
    ):
        count = round(size / length)
        if count < limit:
            return _worded(max(count, 1), unit, past=past)
    days = abs((now.date() - then.date()).days)
    if days < _MONTH:
        named = {0: "today", 1: "yesterday" if past else "tomorrow"}
        return named.get(days) or _worded(days, "day", past=past)
    months = abs((now.year - then.year) * 12 + now.month - then.month)
    if months < _YEAR:
        return _named(max(months, 1), "month", past=past)
    return _named(max(abs(now.year - then.year), 1), "year", past=past)


def _named(count: int, unit: str, *, past: bool) -> str:
    if count == 1:
        return f"last {unit}" if past else f"next {unit}"
    return _worded(count, unit, past=past)


def _worded(count: int, unit: str, *, past: bool) -> str:
    text = f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{text} ago" if past else f"in {text}"
