"""Where news come from: tables whose rows are looked at once, in the order of their ids."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.news.words import TOLD, of_change
from bot.records.news import NewNews, NewsRecords


@dataclass(frozen=True, slots=True)
class Seen:
    """What a source tells.

    Attributes:
        news: what there is to tell, in order; what was told before is known by its key.
        position: how far it has looked; the id of the table's last row when that is all.
        more: whether there is more behind it.
    """

    news: Sequence[NewNews]
    position: int
    more: bool


class Source(Protocol):
    """Rows that may be news. Each question must be cheap however many rows there are.

    A position is the id of a row; ids may be committed out of order, so rows are looked at again
    for a minute.
    """

    name: str

    def start(self, since: datetime) -> int:
        """The position right before the first row of what happened since then."""

    def after(self, position: int, since: datetime, limit: int) -> Seen:
        """What happened behind a position.

        Args:
            since: when news were switched on: what happened before is none.
            limit: rows that are looked at, at most.
        """


class Changes:
    """The changes of status of all publications."""

    name = "events"

    def __init__(self, news: NewsRecords) -> None:
        self._news = news

    def start(self, since: datetime) -> int:
        """The position right before the first change since then."""
        return self._news.start_of_events(since)

    def after(self, position: int, since: datetime, limit: int) -> Seen:
        """The changes that are news."""
        changes, reached = self._news.events_after(position, TOLD, limit)
        told = [of_change(change, since) for change in changes]
        return Seen([one for one in told if one], reached, len(changes) == limit)
