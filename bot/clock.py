"""The clock that is handed down; nothing reads the time in the middle of its logic."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Tells the present instant, aware, in UTC."""


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)
