"""Times as people give them to commands, and as commands tell them: in the configured zone."""

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import click

from bot.clock import utc_now
from bot.config import load

_AGO = re.compile(r"(\d{1,6})\s*([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAYS = {"today": 0, "yesterday": 1}
_ZONE = re.compile(r"(?P<time>.*\d) (?P<zone>[A-Z]{2,5}|[+-]\d\d)")


class Instant(click.ParamType[datetime]):
    """A time: `yesterday`, `24h` and `7d` (ago), or ISO; without a zone, in the configured one."""

    name = "time"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read it, or say how it is written."""
        if isinstance(value, datetime):
            return value
        assert ctx is not None
        try:
            return instant_of(value, utc_now(), load(ctx.obj["config_file"]).timezone)
        except (ValueError, OverflowError):
            told = "write 2026-12-01, 2026-12-01T09:00, yesterday, today, 24h or 7d"
            self.fail(f"{value!r} is no time; {told}", param, ctx)


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


def told(moment: datetime | None, timezone: str) -> str:
    """An instant in the reader's zone, to the minute and with the zone's name, or nothing."""
    return f"{moment.astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M %Z}" if moment else ""
