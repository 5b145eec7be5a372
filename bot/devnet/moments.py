"""Chain time: whole seconds since 1970 inside, `YYYY-MM-DDTHH:MM:SS` outside."""

import time
from calendar import timegm

NEVER = 0xFFFFFFFF
"""fc's latest time, which it writes as 1969-12-31T23:59:59."""


def stamp(seconds: int) -> str:
    """As the chain writes it."""
    if seconds >= NEVER:
        return "1969-12-31T23:59:59"
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def seconds(text: str) -> int:
    """The other way round.

    Raises:
        ValueError: it isn't written so.
    """
    return timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%S"))
