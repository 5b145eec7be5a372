"""Who works for which author: leases that are renewed, run out, and are fenced.

An author on a chain is the unit of work, because the chain's intervals are per author. Each
takeover counts the lease's `fence` up; what is written under a lease carries its fence, and is
refused once another worker has taken over (`Records.under`). Instants are the database's own, so
that workers need no common clock.
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.records.engine import SCHEMA, reading, refuse_other_schema, writing
from bot.records.ready import HAS_WORK, clocks
from bot.records.tables import from_now, leases, unplanned
from bot.records.values import Lease
from bot.records.worker import identity, is_gone

SECONDS = 30.0
"""How long a lease lasts that nobody renews; then a worker elsewhere takes over."""


def boottime() -> float:
    """Seconds that go on while the machine is suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Leases:
    """The leases of one worker; safe to use from several threads.

    Args:
        worker: who holds them, see `bot.records.worker`.
        seconds: how long one lasts without renewal; an attribute.
        clock: monotonic seconds, by which this worker ceases to trust a lease before it runs out.
    """

    def __init__(
        self,
        engine: sa.Engine,
        worker: str | None = None,
        seconds: float | None = None,
        clock: Callable[[], float] = boottime,
    ) -> None:
        self._engine = engine
        self.seconds = SECONDS if seconds is None else seconds
        self._clock = clock
        self._trusted_until: dict[int, float] = {}
        self.worker = worker or identity()

    @property
    def renew_every(self) -> float:
        """Seconds between renewals."""
        return self.seconds / 6

    def claim(self, now: datetime, calendar: datetime, limit: int) -> tuple[Lease, ...]:
        """Take over authors for whom something is to be done and whom nobody has in hand.

        Raises:
            SchemaDiffers: the database was upgraded; nothing more may be done with it.
        """
        return self._take(_WITH_WORK, clocks(now, calendar) | {"most": limit})

    def acquire(self, chain: str, author: str) -> Lease | None:
        """The lease for this author, or None while another worker has it."""
        address = {"chain": chain, "author": author}
        with reading(self._engine) as connection:
            row = connection.execute(_MINE, address | {"mine": self.worker}).one_or_none()
        if row is not None:
            if not self.trusts(lease := _lease(row)):
                self.renew()
            if self.trusts(lease):
                return lease
        return next(iter(self._take(_AT, address | {"most": 1})), None)

    def holder(self, chain: str, author: str) -> str | None:
        """Who has this author in hand, or None."""
        with reading(self._engine) as connection:
            holder: str | None = connection.execute(
                sa.select(leases.c.worker)
                .where(leases.c.chain == chain, leases.c.author == author)
                .where(leases.c.until >= from_now(0.0))
            ).scalar()
        return holder

    def trusts(self, lease: Lease) -> bool:
        """Whether nobody else can have taken this lease over yet, by this worker's own clock."""
        return self._clock() < self._trusted_until.get(lease.id, 0.0)

    def renew(self) -> None:
        """Renew all leases that are still this worker's; forget the others."""
        deadline = self._deadline()
        with writing(self._engine) as connection:
            kept = connection.execute(
                sa.update(leases)
                .where(leases.c.worker == self.worker)
                .values(until=from_now(self.seconds))
                .returning(leases.c.id)
            ).scalars()
            self._trusted_until = dict.fromkeys(kept, deadline)

    def release_idle(self, now: datetime, calendar: datetime) -> None:
        """Give back the authors for whom there is nothing to do."""
        given = clocks(now, calendar) | {"mine": self.worker}
        with reading(self._engine) as connection:
            if not self._trusted_until or connection.execute(_IDLE, given).first() is None:
                return
        self._release(sa.not_(HAS_WORK), given)

    def release(self) -> None:
        """Give all of them back."""
        self._release(sa.true())

    def _release(
        self, condition: sa.ColumnElement[bool], given: Mapping[str, object] | None = None
    ) -> None:
        if not self._trusted_until:
            return
        with writing(self._engine) as connection:
            given_back = connection.execute(
                sa.update(leases)
                .where(leases.c.worker == self.worker, condition)
                .values(worker=None, until=None)
                .returning(leases.c.id),
                given,
            ).scalars()
            for lease_id in given_back:
                self._trusted_until.pop(lease_id, None)

    def _take(self, free: sa.Select[Any], given: Mapping[str, object]) -> tuple[Lease, ...]:
        with reading(self._engine) as connection:
            workers = connection.execute(_WORKERS).scalars()
            given = {**given, "gone": [worker for worker in workers if is_gone(worker)]}
            if connection.execute(free, given).first() is None:
                return ()
        deadline = self._deadline()
        with writing(self._engine) as connection:
            refuse_other_schema(connection.execute(SCHEMA).scalar())
            # the chosen rows stay locked until they are taken; SQLite locks the whole file
            chosen = connection.execute(
                free.order_by(leases.c.id).with_for_update(skip_locked=True), given
            ).scalars()
            taken = connection.execute(
                sa.update(leases)
                .where(leases.c.id.in_(list(chosen)))
                .values(
                    worker=self.worker,
                    fence=leases.c.fence + 1,
                    until=from_now(self.seconds),
                )
                .returning(leases)
            ).all()
        self._trusted_until |= {row.id: deadline for row in taken}
        return tuple(_lease(row) for row in taken)

    def _deadline(self) -> float:
        """Until when a lease that is renewed now is trusted: well before it runs out."""
        return self._clock() + self.seconds * 5 / 6


_IS_TO_PLAN = sa.tuple_(leases.c.chain, leases.c.author).in_(
    sa.select(unplanned.c.chain, unplanned.c.author)
)
"""Whether an author's appointments are to be made anew."""


def _free(condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Authors whom nobody has in hand: given back, run out, or their worker has ended."""
    is_nobodys = sa.or_(
        leases.c.worker.is_(None),
        leases.c.until < from_now(0.0),
        leases.c.worker.in_(sa.bindparam("gone", expanding=True)),
    )
    return sa.select(leases.c.id).where(is_nobodys, condition).limit(sa.bindparam("most"))


# made once: that takes longer than their answers
_WORKERS = sa.select(leases.c.worker).where(leases.c.worker.is_not(None)).distinct()
_HERE = sa.and_(leases.c.chain == sa.bindparam("chain"), leases.c.author == sa.bindparam("author"))
_WITH_WORK = _free(sa.or_(HAS_WORK, _IS_TO_PLAN))
_AT = _free(_HERE)
_MINE = sa.select(leases).where(_HERE, leases.c.worker == sa.bindparam("mine"))
_IDLE = (
    sa.select(leases.c.id)
    .where(leases.c.worker == sa.bindparam("mine"), sa.not_(HAS_WORK))
    .limit(1)
)


def _lease(row: sa.Row[tuple[object, ...]]) -> Lease:
    return Lease(row.id, row.chain, row.author, row.worker, row.fence)
