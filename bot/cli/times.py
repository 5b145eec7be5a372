"""Times as people give them to commands, and as commands tell them: in the configured zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

import click

from bot.clock import utc_now
from bot.config import load
from bot.reports.times import instant_of


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


def told(moment: datetime | None, timezone: str) -> str:
    """An instant in the reader's zone, to the minute and with the zone's name, or nothing."""
    return f"{moment.astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M %Z}" if moment else ""
