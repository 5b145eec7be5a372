"""One publication whole: its journey, and what came of the post that it is about."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.records import Attempt, Event, Kind, LogRow, Records
from bot.records.earnings import Whole
from bot.records.earnings import whole as results_of
from bot.reports.log import whole
from bot.reports.results import SORTS, Valuation, of_post, unvalued


@dataclass(frozen=True, slots=True)
class Shown:
    """What `briefbot show` tells of a publication.

    Attributes:
        came: None of a reblog, and as long as nobody has looked what came of it.
    """

    row: LogRow
    attempts: Sequence[Attempt]
    events: Sequence[Event]
    came: Whole | None


def shown(records: Records, row: LogRow) -> Shown:
    """A row of the log, with all that is recorded of it."""
    publication = row.publication
    came = None
    if publication.kind is not Kind.REBLOG:
        came = results_of(records, publication.chain, publication.author, publication.permlink)
    return replace(journey(records, row), came=came)


def journey(records: Records, row: LogRow) -> Shown:
    """A row of the log with its attempts and events; not what came of it."""
    number = row.publication.id
    return Shown(row, records.attempts(number), records.events(number), None)


def shown_line(one: Shown, sort: str = SORTS[0], value: Valuation = unvalued) -> dict[str, Any]:
    """It as `briefbot show --json` prints it."""
    told = whole(one.row, one.attempts, one.events)
    return told | {"results": of_post(one.came, sort, value) if one.came else None}
