"""Times as people write them, to commands and on pages."""

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_AGO = re.compile(r"(\d{1,6})\s*([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAYS = {"today": 0, "yesterday": 1}
_ZONE = re.compile(r"(?P<time>.*\d) (?P<zone>[A-Z]{2,5}|[+-]\d\d)")


def instant_of(text: str, now: datetime, timezone: str) -> datetime:
    """The instant that somebody means who reads clocks of this zone; in UTC.

    Raises:
        ValueError, OverflowError: it is no time, or none that there is.
    """
    zone = ZoneInfo(timezone)
    word = text.strip().lower()
    if match := _AGO.fullmatch(word):
        return now - timedelta(**{_UNITS[match[2]]: int(match[1])})
    if word == "now":
        return now
    if word in _DAYS:
        day = now.astimezone(zone).date() - timedelta(days=_DAYS[word])
        return datetime.combine(day, time(), zone).astimezone(UTC)
    told = _ZONE.fullmatch(text.strip())  # as `told` writes it
    moment = datetime.fromisoformat(told["time"] if told else text.strip())
    if told and told["zone"] == "UTC":
        zone = ZoneInfo("UTC")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
        if told and moment.tzname() != told["zone"]:
            moment = moment.replace(fold=1)  # when the clock is put back, an hour comes twice
            if moment.tzname() != told["zone"]:
                raise ValueError(text)
    return moment.astimezone(UTC)
