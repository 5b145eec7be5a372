"""What the records tell of how it all stands: each by an index, however many rows there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

import sqlalchemy as sa

from bot.records.engine import VERSION
from bot.records.files import PROBLEM, FileNote
from bot.records.reading import publication_of
from bot.records.records import Records
from bot.records.tables import (
    NEEDY,
    NOTED,
    OWED,
    events,
    files,
    from_now,
    leases,
    news_deliveries,
    node_events,
    publications,
)
from bot.records.values import NodeEvent, Publication, Status

_LOOKED_THROUGH = 500
"""The last changes, among which errors are looked for."""
_SOON = 20
"""Of those at which the calendar looks next, one is next that has an appointment."""
_ERRORS = (Status.REJECTED, Status.MISSED, Status.WAITING)


@dataclass(frozen=True, slots=True)
class Failure:
    """That a publication didn't go on, and why."""

    at: datetime
    chain: str
    author: str
    brief: str
    status: Status
    reason: str


@dataclass(frozen=True, slots=True)
class Owed:
    """What is still to be told on a way.

    Attributes:
        error: why it couldn't be at the last try; empty where nothing has failed.
    """

    count: int
    error: str


class OverviewRecords:
    """How it all stands, by one database."""

    def __init__(self, records: Records) -> None:
        self._records = records

    @property
    def engine(self) -> str:
        """`sqlite` or `postgresql`."""
        with self._records.reading() as connection:
            return connection.dialect.name

    @property
    def schema(self) -> str:
        """The schema's version, which is this program's."""
        return VERSION

    def with_status(
        self, status: Status, limit: int, since: datetime | None = None
    ) -> tuple[Publication, ...]:
        """What has this status, so many; what changed last comes first.

        Args:
            status: held, rejected or missed.
        """
        query = sa.select(publications).where(publications.c.status == status.value, NEEDY)
        if since is not None:
            query = query.where(publications.c.updated_at >= since)
        last = publications.c.updated_at.desc(), publications.c.id.desc()
        with self._records.reading() as connection:
            rows = connection.execute(query.order_by(*last).limit(limit))
            return tuple(publication_of(row) for row in rows)

    def count_with_status(self, status: Status, since: datetime) -> int:
        """How many got this status since then, or were changed otherwise."""
        query = sa.select(sa.func.count()).where(
            publications.c.status == status.value, NEEDY, publications.c.updated_at >= since
        )
        with self._records.reading() as connection:
            return connection.execute(query).scalar_one()

    def refused_files(self) -> list[tuple[str, FileNote]]:
        """Files of all queues that can't be sent as they are, in their order, each with why."""
        query = sa.select(files.c.path, files.c.notes).where(NOTED)
        with self._records.reading() as connection:
            found = [(row.path, row.notes) for row in connection.execute(query)]
        told = {path: note for path, notes in found for note in notes if note["state"] == PROBLEM}
        return [(path, FileNote(**note)) for path, note in sorted(told.items())]

    def in_hand(self) -> Mapping[str, int]:
        """How many authors each worker has in hand."""
        query = (
            sa.select(leases.c.worker, sa.func.count())
            .where(leases.c.worker.is_not(None), leases.c.until > from_now(0.0))
            .group_by(leases.c.worker)
        )
        with self._records.reading() as connection:
            return {str(worker): count for worker, count in connection.execute(query)}

    def next_appointment(self, after: datetime) -> Publication | None:
        """What goes out first from then on, as far as the calendar has said when."""
        soon = (
            sa.select(publications)
            .where(publications.c.status == Status.QUEUED.value, publications.c.look_at >= after)
            .order_by(publications.c.look_at)
            .limit(_SOON)
        )
        with self._records.reading() as connection:
            rows = [publication_of(row) for row in connection.execute(soon)]
        planned = [(row.appointment.appointed_at, row.id, row) for row in rows]
        known = [(at, number, row) for at, number, row in planned if at is not None]
        return min(known, key=itemgetter(0, 1))[2] if known else None

    def failures(self, limit: int) -> tuple[Failure, ...]:
        """Why publications didn't go on, so many of the last changes, the last first."""
        last = sa.select(events).order_by(events.c.id.desc()).limit(_LOOKED_THROUGH).subquery()
        moved = last.c.source.is_distinct_from(last.c.target)  # else its file was written
        query = (
            sa.select(
                last.c.at,
                publications.c.chain,
                publications.c.author,
                publications.c.brief,
                last.c.target,
                last.c.reason,
            )
            .join(publications, publications.c.id == last.c.publication_id)
            .where(last.c.target.in_([status.value for status in _ERRORS]), moved)
            .order_by(last.c.id.desc())
            .limit(limit)
        )
        with self._records.reading() as connection:
            return tuple(
                Failure(row.at, row.chain, row.author, row.brief, Status(row.target), row.reason)
                for row in connection.execute(query)
            )

    def node_events(self, since: datetime, limit: int) -> tuple[NodeEvent, ...]:
        """Nodes that were set aside since then, so many, the last first."""
        query = (
            sa.select(node_events)
            .where(node_events.c.at >= since)
            .order_by(node_events.c.at.desc(), node_events.c.id.desc())
            .limit(limit)
        )
        with self._records.reading() as connection:
            return tuple(
                NodeEvent(
                    at=row.at, chain=row.chain, node=row.node, reason=row.reason, worker=row.worker
                )
                for row in connection.execute(query)
            )

    def owed(self) -> Mapping[str, Owed]:
        """By way, what is still to be told."""
        told = news_deliveries.c
        query = (
            sa.select(told.way, sa.func.count().label("count"), sa.func.max(told.error))
            .where(OWED)
            .group_by(told.way)
        )
        with self._records.reading() as connection:
            return {row[0]: Owed(row[1], row[2] or "") for row in connection.execute(query)}
