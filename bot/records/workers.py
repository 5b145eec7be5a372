"""Who is at work: a heartbeat of each worker, one small row that is written over.

All instants are the database's, so that workers need no common clock. A worker tells how long ago
something was, by a clock of its own that nobody sets.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.records.engine import insert_into
from bot.records.records import Records
from bot.records.tables import from_now, workers
from bot.records.worker import is_gone

ALIVE = 45.0
"""Seconds for which a worker is taken to run after its last heartbeat."""
STUCK = 300.0
"""Seconds without any progress after which the jobs of a worker that runs are stuck."""
KEPT = timedelta(days=1)
"""How long is kept that a worker was there, once another one has begun."""


@dataclass(frozen=True, slots=True)
class NodeSeen:
    """A node, by its host, and whether it answers; None where nobody has asked it."""

    node: str
    answers: bool | None


@dataclass(frozen=True, slots=True)
class ChainSeen:
    """A chain, as a worker sees it.

    Attributes:
        nodes: those that it may ask.
        lag: seconds by which the head was behind this machine's clock at the last look; less than
            nothing when it was ahead. None before the first one.
        looked: seconds since then.
    """

    chain: str
    nodes: Sequence[NodeSeen]
    lag: float | None = None
    looked: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """What a worker tells of itself with each heartbeat; ages are in seconds.

    Attributes:
        worker: who it is, see `bot.records.worker`.
        queue: host and path of the folder that it looks at; None without one.
        begun: since it began.
        looked: since it looked at the folder; None before the first time.
        published: what it has brought into a block last, and how long ago.
        job: what its job thread has in hand, and for how long; None while that rests.
        progress: since that thread began or ended something, or a node answered it.
    """

    worker: str
    host: str
    process: int
    version: str
    schema: str
    queue: str | None
    chains: Sequence[ChainSeen]
    begun: float
    looked: float | None
    published: tuple[str, float] | None
    job: tuple[str, float] | None
    progress: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A worker, as its last heartbeat tells of it.

    Attributes:
        is_running: its heartbeat is young, and neither it nor this machine says that it has ended.
        is_stuck: it runs, and its jobs don't get on.
        seen_at: when its last heartbeat came.
        stopped_at: when it ended properly; None when it didn't, or hasn't.
        working_since: since when it has `job` in hand.
        progress_at: when its jobs got on last.
    """

    worker: str
    host: str
    process: int
    version: str
    schema: str
    queue: str | None
    chains: tuple[ChainSeen, ...]
    started_at: datetime
    seen_at: datetime
    stopped_at: datetime | None
    looked_at: datetime | None
    published_at: datetime | None
    published: str | None
    job: str | None
    working_since: datetime | None
    progress_at: datetime
    is_running: bool
    is_stuck: bool


class WorkerRecords:
    """The heartbeats in one database; safe to use from several threads and processes."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def beat(self, pulse: Pulse) -> None:
        """Take a heartbeat down: one small row, in one statement."""
        values = {
            "host": pulse.host,
            "process": pulse.process,
            "version": pulse.version,
            "schema": pulse.schema,
            "queue": pulse.queue,
            "chains": [asdict(one) for one in pulse.chains],
            "started_at": _ago(pulse.begun),
            "seen_at": from_now(0.0),
            "stopped_at": None,
            "looked_at": _ago(pulse.looked),
            "published_at": _ago(pulse.published and pulse.published[1]),
            "published": pulse.published and pulse.published[0],
            "job": pulse.job and pulse.job[0],
            "working_since": _ago(pulse.job and pulse.job[1]),
            "progress_at": _ago(pulse.progress),
        }
        with self._records.writing() as connection:
            connection.execute(
                insert_into(connection, workers)
                .values(worker=pulse.worker, **values)
                .on_conflict_do_update(index_elements=["worker"], set_=values)
            )

    def stop(self, worker: str) -> None:
        """A worker ends properly."""
        with self._records.writing() as connection:
            connection.execute(
                sa.update(workers)
                .where(workers.c.worker == worker)
                .values(stopped_at=from_now(0.0), job=None, working_since=None)
            )

    def forget(self) -> None:
        """Forget workers that haven't been seen for a day."""
        old = workers.c.seen_at < from_now(-KEPT.total_seconds())
        with self._records.reading() as connection:
            if connection.execute(sa.select(workers.c.worker).where(old).limit(1)).first() is None:
                return
        with self._records.writing() as connection:
            connection.execute(sa.delete(workers).where(old))

    def all(self) -> tuple[Worker, ...]:
        """All that are known: those that run first, then those that were seen last.

        A heartbeat from the future, of before the clock was set back, says nothing.
        """
        young = workers.c.seen_at.between(from_now(-ALIVE), from_now(ALIVE))
        stuck = workers.c.progress_at < from_now(-STUCK)
        columns: list[sa.ColumnElement[Any]] = [
            *workers.c, young.label("is_young"), stuck.label("is_stuck")
        ]  # fmt: skip
        query = sa.select(*columns).order_by(workers.c.seen_at.desc(), workers.c.worker)
        with self._records.reading() as connection:
            found = [_worker(row) for row in connection.execute(query)]
        return tuple(sorted(found, key=lambda one: not one.is_running))

    def is_anybody_running(self) -> bool:
        """Whether any worker runs."""
        return any(one.is_running for one in self.all())


def _ago(seconds: float | None) -> Any:
    return None if seconds is None else from_now(-round(seconds, 3))


def _worker(row: sa.Row[Any]) -> Worker:
    """A worker from its row; raises `ValueError` for what nobody can have written."""
    told = {column.name: getattr(row, column.name) for column in workers.columns}
    running = row.stopped_at is None and bool(row.is_young) and not is_gone(row.worker)
    try:
        chains = tuple(
            ChainSeen(**one | {"nodes": tuple(NodeSeen(**node) for node in one["nodes"])})
            for one in row.chains
        )
    except (TypeError, KeyError) as error:
        raise ValueError(row.worker) from error
    told |= {"chains": chains, "is_running": running, "is_stuck": running and bool(row.is_stuck)}
    return Worker(**told)
