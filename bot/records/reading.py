"""What the records tell: publications, attempts and events, as frozen values."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Self

import sqlalchemy as sa

from bot.records.engine import said_plainly
from bot.records.tables import attempts, events, publications
from bot.records.values import Attempt, Event, Kind, LogRow, Outcome, Publication, Status


class RecordsReader:
    """The reading half of `Records`; changes nothing."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def get(self, publication_id: int) -> Publication:
        """One publication."""
        with self._reading() as connection:
            return publication_of(self._row(connection, publication_id))

    def due(self, now: datetime, limit: int) -> tuple[Publication, ...]:
        """What may go on now, oldest first: queued and its date come, or waiting and its time."""
        queued = sa.and_(
            publications.c.status == Status.QUEUED.value,
            sa.or_(publications.c.scheduled_at.is_(None), publications.c.scheduled_at <= now),
        )
        waiting = sa.and_(
            publications.c.status == Status.WAITING.value, publications.c.retry_at <= now
        )
        order = sa.func.coalesce(publications.c.scheduled_at, publications.c.created_at)
        return self._select(
            sa.select(publications)
            .where(sa.or_(queued, waiting))
            .order_by(order, publications.c.id)
            .limit(limit)
        )

    def next_instant(self, now: datetime) -> datetime | None:
        """The earliest instant at which something becomes due; `now` when something is."""
        if self.due(now, 1):
            return now
        queued = sa.select(sa.func.min(publications.c.scheduled_at)).where(
            publications.c.status == Status.QUEUED.value
        )
        waiting = sa.select(sa.func.min(publications.c.retry_at)).where(
            publications.c.status == Status.WAITING.value
        )
        with self._reading() as connection:
            instants = [connection.execute(query).scalar() for query in (queued, waiting)]
        return min((instant for instant in instants if instant is not None), default=None)

    def in_flight(self) -> tuple[Publication, ...]:
        """What is on its way: publishing and included."""
        return self._select(
            sa.select(publications)
            .where(publications.c.status.in_([Status.PUBLISHING.value, Status.INCLUDED.value]))
            .order_by(publications.c.id)
        )

    def refused_alive(self, chain: str) -> tuple[tuple[Publication, Attempt], ...]:
        """Rejected publications whose last transaction isn't proved dead, with that attempt."""
        rejected = self._select(
            sa.select(publications)
            .where(publications.c.status == Status.REJECTED.value)
            .where(publications.c.chain == chain)
            .where(sa.exists().where(attempts.c.publication_id == publications.c.id))
        )
        last = [(row, self.attempts(row.id)[-1]) for row in rejected]
        return tuple(pair for pair in last if pair[1].outcome is not Outcome.EXPIRED)

    def stale_results(
        self, *, final_since: datetime, seen_before: datetime, limit: int
    ) -> tuple[Publication, ...]:
        """Final publications whose results were read longest ago."""
        return self._select(
            sa.select(publications)
            .where(publications.c.status == Status.FINAL.value)
            .where(publications.c.final_at >= final_since)
            .where(
                sa.or_(publications.c.results_at.is_(None), publications.c.results_at < seen_before)
            )
            .order_by(publications.c.results_at.nulls_first(), publications.c.id)
            .limit(limit)
        )

    def latest(self) -> tuple[Publication, ...]:
        """The latest post or reply of each brief on each chain."""
        newest = (
            sa.select(sa.func.max(publications.c.id))
            .where(publications.c.kind.in_([Kind.POST.value, Kind.REPLY.value]))
            .group_by(publications.c.chain, publications.c.brief)
        )
        return self._select(
            sa.select(publications).where(publications.c.id.in_(newest)).order_by(publications.c.id)
        )

    def attempts(self, publication_id: int) -> tuple[Attempt, ...]:
        """A publication's attempts, first to last."""
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(attempts)
                .where(attempts.c.publication_id == publication_id)
                .order_by(attempts.c.number)
            )
            return tuple(attempt_of(row) for row in rows)

    def events(self, publication_id: int) -> tuple[Event, ...]:
        """A publication's changes of status, first to last."""
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(events)
                .where(events.c.publication_id == publication_id)
                .order_by(events.c.id)
            )
            return tuple(
                Event(
                    publication_id=row.publication_id,
                    at=row.at,
                    source=Status(row.source) if row.source else None,
                    target=Status(row.target),
                    reason=row.reason,
                )
                for row in rows
            )

    def log(
        self,
        *,
        statuses: Sequence[Status] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
        **equal: str | None,
    ) -> tuple[LogRow, ...]:
        """The publication log, newest last.

        Args:
            since: recorded at or after this instant.
            until: recorded before this instant.
            limit: the newest so many.
            equal: columns and the values they must have: `author`, `brief`, `path`, `permlink`,
                `trx_id`; None is no condition.
        """
        counted = (
            sa.select(sa.func.count())
            .where(attempts.c.publication_id == publications.c.id)
            .scalar_subquery()
        )
        query = sa.select(publications, counted.label("attempts")).order_by(
            publications.c.id.desc()
        )
        if statuses:
            query = query.where(publications.c.status.in_([s.value for s in statuses]))
        if since is not None:
            query = query.where(publications.c.created_at >= since)
        if until is not None:
            query = query.where(publications.c.created_at < until)
        for column, value in equal.items():
            if value is not None:
                query = query.where(publications.c[column] == value)
        if limit is not None:
            query = query.limit(limit)
        with self._reading() as connection:
            rows = connection.execute(query).all()
        return tuple(LogRow(publication_of(row), row.attempts) for row in reversed(rows))

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with (
            said_plainly(),
            self._engine.connect().execution_options(reading=True) as connection,
        ):
            yield connection

    def _select(self, query: sa.Select[Any]) -> tuple[Publication, ...]:
        with self._reading() as connection:
            return tuple(publication_of(row) for row in connection.execute(query))

    @staticmethod
    def _row(connection: sa.Connection, publication_id: int) -> sa.Row[Any]:
        """The publication's row, locked until the end of the transaction."""
        return connection.execute(
            sa.select(publications).where(publications.c.id == publication_id).with_for_update()
        ).one()


def publication_of(row: sa.Row[Any]) -> Publication:
    """A publication from its row."""
    values = {column.name: getattr(row, column.name) for column in publications.columns}
    values |= {
        "status": Status(row.status),
        "kind": Kind(row.kind),
        "tags": tuple(row.tags),
    }
    return Publication(**values)


def attempt_of(row: sa.Row[Any]) -> Attempt:
    """An attempt from its row."""
    values = {column.name: getattr(row, column.name) for column in attempts.columns}
    return Attempt(**(values | {"outcome": Outcome(row.outcome)}))
