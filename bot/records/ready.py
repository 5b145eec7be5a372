"""What may go on and what is on its way: the questions that the service asks again and again.

They are made once: making one takes longer than its answer. `clocks` gives them their instants,
and `mine` is the worker that asks.
"""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.records.tables import WAITING, Instant, leases, publications
from bot.records.values import Status

_NOW = sa.bindparam("now", type_=Instant)
_CHAIN_NOW = sa.bindparam("chain_now", type_=Instant)
_AHEAD = sa.bindparam("ahead", type_=Instant)
_MINE = sa.bindparam("mine", type_=sa.Text)
_FOUND = sa.select(publications.c.id, publications.c.chain, publications.c.author)


def clocks(now: datetime, chain_now: datetime) -> dict[str, object]:
    """The instants that these questions are about.

    Args:
        now: by which waiting times are counted.
        chain_now: by which appointments are judged.
    """
    return {"now": now, "chain_now": chain_now, "ahead": now + timedelta(seconds=1)}


def _with(status: Status) -> sa.Select[Any]:
    return _FOUND.where(publications.c.status == status.value)


# One question for each index, so that none reads what has its date still before it.
_DUE = (
    _with(Status.QUEUED).where(publications.c.look_at <= _CHAIN_NOW),
    _with(Status.HELD).where(publications.c.look_at <= _CHAIN_NOW),
    _with(Status.WAITING).where(publications.c.retry_at <= _NOW),
    # what was written by a clock that has been set back since is looked at again, not waited for
    _FOUND.where(
        WAITING,
        publications.c.updated_at > _AHEAD,
        publications.c.retry_at.is_(None) | (publications.c.retry_at > _NOW),
    ),
)
_IN_FLIGHT = (_with(Status.PUBLISHING), _with(Status.INCLUDED))


def _of_its_author(found: sa.Subquery) -> sa.ColumnElement[bool]:
    return sa.and_(leases.c.chain == found.c.chain, leases.c.author == found.c.author)


def _of_worker(found: sa.Subquery) -> sa.Select[Any]:
    return (
        sa.select(publications)
        .join(found, found.c.id == publications.c.id)
        .join(leases, _of_its_author(found))
        .where(leases.c.worker == _MINE)
    )


_due = sa.union_all(*_DUE).subquery()
_in_flight = sa.union_all(*_IN_FLIGHT).subquery()
_work = sa.union_all(*_DUE, *_IN_FLIGHT).subquery()

DUE = (
    _of_worker(_due)
    .order_by(
        sa.func.coalesce(
            publications.c.due_at, publications.c.scheduled_at, publications.c.created_at
        ),
        publications.c.id,
    )
    .limit(sa.bindparam("most"))
)
"""What is due of the authors that a worker has in hand, oldest first."""

IN_FLIGHT = _of_worker(_in_flight).order_by(publications.c.id)
"""What is on its way of those."""

CAN_GO_ON = (
    sa.select(_due.c.id)
    .join(leases, _of_its_author(_due))
    .where(sa.or_(leases.c.worker.is_(None), leases.c.worker == _MINE))
    .limit(1)
)
"""Whether a worker can take something up."""

HAS_WORK = sa.tuple_(leases.c.chain, leases.c.author).in_(sa.select(_work.c.chain, _work.c.author))
"""Of a lease: whether something is to be done for its author; asked from what is to be done,
which is little."""


def _first(
    status: Status, column: sa.Column[datetime], clock: sa.BindParameter[datetime]
) -> sa.Select[Any]:
    return (
        sa.select(sa.func.min(column))
        .where(publications.c.status == status.value)
        .where(column > clock)
    )


NEXT_LOOKS = (
    _first(Status.QUEUED, publications.c.look_at, _CHAIN_NOW),
    _first(Status.HELD, publications.c.look_at, _CHAIN_NOW),
)
"""When appointments come next."""

NEXT_RETRY = _first(Status.WAITING, publications.c.retry_at, _NOW)
"""When something that waits is tried again."""
