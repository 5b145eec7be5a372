"""Figures of the records for metrics: each by an index, cheap however many rows there are."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from bot.records.reading import late
from bot.records.records import Records
from bot.records.tables import (
    OWED,
    WAITING,
    attempts,
    news,
    news_deliveries,
    publications,
    troubles,
)
from bot.records.values import AT_ONCE, Outcome, Status

_IN_FLIGHT = (Status.PUBLISHING.value, Status.INCLUDED.value)


class Went(NamedTuple):
    """When a publication that became irreversible took its steps; None where nobody knows."""

    id: int
    due_at: datetime | None
    created_at: datetime
    broadcast_at: datetime | None
    included_at: datetime | None
    final_at: datetime


class Figures:
    """What the records count."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def size(self) -> int:
        """Bytes that the database takes."""
        return self._records.size()

    def publications(self) -> Mapping[tuple[str, str], int]:
        """How many there are, by (chain, status)."""
        columns = publications.c.chain, publications.c.status
        query = sa.select(*columns, sa.func.count()).group_by(*columns)
        with self._records.reading() as connection:
            return {(row[0], row[1]): row[2] for row in connection.execute(query)}

    def overdue(self, before: datetime) -> int:
        """How many were to go out before this instant and didn't."""
        query = sa.select(sa.func.count()).select_from(publications).where(late(before))
        with self._records.reading() as connection:
            return connection.execute(query).scalar_one()

    def overdue_since(self, before: datetime) -> datetime | None:
        """When the first of them was to go out; None when there is none."""
        query = sa.select(sa.func.min(publications.c.due_at)).where(late(before))
        with self._records.reading() as connection:
            at: datetime | None = connection.execute(query).scalar()
        return at

    def due_since(self) -> datetime | None:
        """When the queued publication was due that is due first; None when none has a time."""
        first = sa.select(sa.func.min(publications.c.look_at)).where(
            publications.c.status == Status.QUEUED.value, publications.c.look_at > AT_ONCE
        )
        with self._records.reading() as connection:
            at: datetime | None = connection.execute(first).scalar()
        return at

    def waiting_since(self) -> datetime | None:
        """Since when the waiting publication is as it is that changed longest ago."""
        first = sa.select(sa.func.min(publications.c.updated_at)).where(WAITING)
        with self._records.reading() as connection:
            at: datetime | None = connection.execute(first).scalar()
        return at

    def in_flight_since(self) -> datetime | None:
        """Since when the publication is on its way that changed longest ago."""
        first = sa.select(sa.func.min(publications.c.updated_at)).where(
            publications.c.status.in_(_IN_FLIGHT)
        )
        with self._records.reading() as connection:
            at: datetime | None = connection.execute(first).scalar()
        return at

    def attempts(self) -> Mapping[Outcome, int]:
        """How many signed transactions there are, by what became of them so far."""
        query = sa.select(attempts.c.outcome, sa.func.count()).group_by(attempts.c.outcome)
        with self._records.reading() as connection:
            return {Outcome(row[0]): row[1] for row in connection.execute(query)}

    def final_since(self, since: datetime, limit: int) -> tuple[Went, ...]:
        """What became irreversible from then on, so many, the first first."""
        query = (
            sa.select(*(publications.c[name] for name in Went._fields))
            .where(publications.c.status == Status.FINAL.value, publications.c.final_at >= since)
            .order_by(publications.c.final_at, publications.c.id)
            .limit(limit)
        )
        with self._records.reading() as connection:
            return tuple(Went(*row) for row in connection.execute(query))

    def news(self) -> Mapping[str, int]:
        """How much news there was, by kind."""
        return self._counted(sa.select(news.c.kind, sa.func.count()).group_by(news.c.kind))

    def undelivered(self) -> Mapping[str, int]:
        """How much news is still to be told, by way."""
        way = news_deliveries.c.way
        return self._counted(sa.select(way, sa.func.count()).where(OWED).group_by(way))

    def troubles(self) -> Mapping[str, int]:
        """How much is wrong now, by kind."""
        kind = troubles.c.kind
        return self._counted(sa.select(kind, sa.func.count()).group_by(kind))

    def _counted(self, query: sa.Select[Any]) -> Mapping[str, int]:
        with self._records.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}
