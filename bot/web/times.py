"""Times that a reader gives, as the commands take them, in the reader's zone."""

from datetime import datetime

from fastapi.exceptions import RequestValidationError

from bot.reports.times import instant_of
from bot.web.words import Words

LONGEST = 40


def given_time(name: str, text: str | None, words: Words) -> datetime | None:
    """The instant of a query parameter; None where none is given.

    Raises:
        RequestValidationError: it is no time.
    """
    if not text:
        return None
    try:
        return instant_of(text, words.now, words.zone.key)
    except (ValueError, OverflowError):
        told = "no time: write 2026-12-01, 2026-12-01T09:00, yesterday, today, 24h or 7d"
        raise wrong(name, told, text) from None


def wrong(name: str, told: str, given: str) -> RequestValidationError:
    """That a query parameter is none, as FastAPI says it of others."""
    return RequestValidationError(
        [{"type": "value_error", "loc": ("query", name), "msg": told, "input": given}]
    )
