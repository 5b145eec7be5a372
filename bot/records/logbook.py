"""Pages of the log and of all events, newest first: each goes on where the one before ended.

A page is found by the moment and number of its neighbour, never by counting: what comes in
meanwhile neither repeats a row nor leaves one out, and page 10,000 costs what the first does.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import sqlalchemy as sa

from bot.records.reading import event_of, happened_at, log_query, log_row_of
from bot.records.records import Records
from bot.records.tables import events, publications
from bot.records.values import Event, Kind, LogRow, Status

PAGE = 50
STREAMED = 500  # rows of one question where all are wanted
_POSITION = re.compile(r"(\d{1,18})-(\d{1,18})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TRX_ID = re.compile(r"[0-9a-f]{8,40}")


@dataclass(frozen=True, slots=True)
class Position:
    """A place between two rows: behind what happened then, of what happened then that has `id`."""

    at: datetime
    id: int

    @classmethod
    def of(cls, text: str) -> Self:
        """The position of which `str` was taken; raises `ValueError` for any other text."""
        told = _POSITION.fullmatch(text)
        if told is None:
            raise ValueError(text)
        try:
            return cls(_EPOCH + int(told[1]) * _MICROSECOND, int(told[2]))
        except OverflowError:
            raise ValueError(text) from None

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _MICROSECOND}-{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of the log is asked for; None and nothing are no condition.

    Attributes:
        statuses: one of these.
        since: it happened at or after this instant.
        until: it happened before this instant.
        search: part of a title, a permlink or a brief's name, or how a transaction's id begins;
            upper and lower case are the same.
    """

    statuses: Sequence[Status] = ()
    author: str | None = None
    chain: str | None = None
    kind: Kind | None = None
    since: datetime | None = None
    until: datetime | None = None
    search: str | None = None


@dataclass(frozen=True, slots=True)
class LogPage:
    """Some rows of the log, newest first; `older` is where the next page begins."""

    rows: Sequence[LogRow]
    older: Position | None


@dataclass(frozen=True, slots=True)
class EventRow:
    """A change of status, and of what."""

    event: Event
    chain: str
    author: str
    permlink: str
    brief: str
    title: str

    @property
    def who(self) -> str | None:
        """The person or the worker that made it; None where the folder's scan or a command did."""
        return self.event.person or self.event.worker


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some events, newest first; `older` is where the next page begins."""

    rows: Sequence[EventRow]
    older: Position | None


def log_page(
    records: Records, wanted: Wanted, before: Position | None = None, limit: int = PAGE
) -> LogPage:
    """What happened before a position, or last."""
    with records.reading() as connection:
        found = _positions(connection, wanted, before, limit + 1)
        rows = _rows(connection, found[:limit])
    return LogPage(rows, found[limit - 1] if len(found) > limit else None)


def whole_log(records: Records, wanted: Wanted) -> Iterator[LogRow]:
    """All of it, what happened last comes last; a part at a time is in memory.

    What changes meanwhile may come again, as it is then.
    """
    after: Position | None = None
    while True:
        with records.reading() as connection:
            found = _positions(connection, wanted, after, STREAMED, forward=True)
            rows = _rows(connection, found)
        yield from rows
        if len(found) < STREAMED:
            return
        after = found[-1]


def event_page(
    records: Records,
    *,
    target: Status | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: Position | None = None,
    limit: int = PAGE,
) -> EventPage:
    """Changes of status before a position, or the last ones.

    Args:
        target: only changes to this status.
    """
    of = ("chain", "author", "permlink", "brief", "title")
    query = sa.select(events.c.id)
    if target is not None:
        query = query.where(events.c.target == target.value)
    if since is not None:
        query = query.where(events.c.at >= since)
    if until is not None:
        query = query.where(events.c.at < until)
    told = (
        sa.select(events, *(publications.c[name] for name in of))
        .join(publications, publications.c.id == events.c.publication_id)
        .order_by(events.c.at.desc(), events.c.id.desc())
    )
    with records.reading() as connection:
        ids: list[int] = []
        for place, order in _behind(before, events.c.at, events.c.id):
            some = query.where(*place).order_by(*order).limit(limit + 1 - len(ids))
            ids += connection.execute(some).scalars()
        found = connection.execute(told.where(events.c.id.in_(ids[:limit]))).all()
    rows = [EventRow(event_of(row), *(getattr(row, name) for name in of)) for row in found]
    last = rows[-1].event if len(ids) > limit else None
    return EventPage(rows, Position(last.at, last.id) if last else None)


def _positions(
    connection: sa.Connection,
    wanted: Wanted,
    start: Position | None,
    limit: int,
    *,
    forward: bool = False,
) -> list[Position]:
    """Where the next rows stand: behind `start`, towards the older ones unless `forward`."""
    at, number = happened_at, publications.c.id
    query = sa.select(at.label("at"), number).where(*_conditions(wanted))
    found: list[Position] = []
    for place, order in _behind(start, at, number, forward=forward):
        some = query.where(*place).order_by(*order).limit(limit - len(found))
        if len(wanted.statuses) > 1:
            some = _together(some, wanted.statuses, limit - len(found), forward=forward)
        found += (Position(row.at, row.id) for row in connection.execute(some))
    return found


def _together(
    query: sa.Select[Any], statuses: Sequence[Status], limit: int, *, forward: bool
) -> sa.Select[Any]:
    """The first rows of several statuses: each in an index's order, which no engine does itself."""
    each = [query.where(publications.c.status == status.value).subquery() for status in statuses]
    merged = sa.union_all(*(sa.select(one) for one in each)).subquery()
    order = _order(merged.c.at, merged.c.id, forward=forward)
    return sa.select(merged).order_by(*order).limit(limit)


def _behind(
    start: Position | None,
    at: sa.ColumnElement[Any],
    number: sa.ColumnElement[Any],
    *,
    forward: bool = False,
) -> Iterator[tuple[Sequence[sa.ColumnElement[bool]], Sequence[sa.ColumnElement[Any]]]]:
    """What is behind a position, and in which order: of the same instant first, then of others.

    Two questions, each of which is one stretch of an index; of a comparison of both columns at
    once, an engine may use the first alone, and a whole queue can be of one instant.
    """
    order = _order(at, number, forward=forward)
    if start is None:
        yield (), order
        return
    yield (at == start.at, number > start.id if forward else number < start.id), order[1:]
    yield (at > start.at if forward else at < start.at,), order


def _rows(connection: sa.Connection, positions: Sequence[Position]) -> list[LogRow]:
    """The rows of these, in their order."""
    query = log_query().where(publications.c.id.in_([position.id for position in positions]))
    found = {row.id: log_row_of(row) for row in connection.execute(query)}
    return [found[position.id] for position in positions if position.id in found]


def _order(
    at: sa.ColumnElement[Any], number: sa.ColumnElement[Any], *, forward: bool
) -> tuple[sa.ColumnElement[Any], ...]:
    return (at, number) if forward else (at.desc(), number.desc())


def _conditions(wanted: Wanted) -> Iterator[sa.ColumnElement[bool]]:
    column = publications.c
    if len(wanted.statuses) == 1:
        yield column.status == wanted.statuses[0].value
    for name in ("author", "chain"):
        if (value := getattr(wanted, name)) is not None:
            yield column[name] == value
    if wanted.kind is not None:
        yield column.kind == wanted.kind.value
    if wanted.since is not None:
        yield happened_at >= wanted.since
    if wanted.until is not None:
        yield happened_at < wanted.until
    if wanted.search:
        parts = [
            column[name].icontains(wanted.search, autoescape=True)
            for name in ("title", "permlink", "brief")
        ]
        if _TRX_ID.fullmatch(wanted.search.lower()):
            parts.append(column.trx_id.startswith(wanted.search.lower()))
        yield sa.or_(*parts)
