"""How often what is asked: histories by the age of the newest post, posts by their own."""

from datetime import UTC, datetime, timedelta

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
FIRST = 5 * MINUTE
"""The shortest time between two looks at one thing of which nothing new is told."""
SETTLING = timedelta(seconds=90)
"""In this time what is at a chain's head becomes irreversible, or is gone (chain-rules §4)."""


def history_rest(newest: datetime | None, now: datetime, *, unpaid: bool) -> timedelta:
    """Time until an author's history is read again.

    Args:
        newest: when the author's newest post was written.
        unpaid: whether a payout is to come.
    """
    if unpaid and (newest is None or now - newest < DAY):
        return FIRST
    return 3 * FIRST if unpaid else DAY


def post_rest(age: timedelta) -> timedelta:
    """Time until a post is read again of which its author's history tells nothing.

    Deleted replies, those to other replies and reblogs stand in no history of ours.
    """
    return max(FIRST, min(age / 2, DAY))


def stretch_of(moment: datetime, age: timedelta) -> datetime:
    """The beginning of the stretch of time of which one pending payout is kept."""
    seconds = FIRST.total_seconds() if age < DAY else HOUR.total_seconds()
    return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, UTC)
