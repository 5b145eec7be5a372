"""The records of one queue: what intake compares with its folder, and how it lets them follow."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from bot.records.engine import RecordsError, insert_into
from bot.records.files import FileRecords
from bot.records.reading import never_went_out, portions, publication_of, storable
from bot.records.records import Records
from bot.records.tables import LIVING, publications, queues
from bot.records.values import Kind, NewPublication, Publication, Status


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What is known of a queue.

    Attributes:
        trouble: what is wrong with the folder; empty when nothing is.
    """

    trouble: str


class Unfinished(NamedTuple):
    """Of a publication that isn't done, what a plan tells of it; the fields are `Publication`'s.

    A named tuple, since there may be a hundred thousand.
    """

    brief: str
    path: str
    kind: str
    chain: str
    author: str
    permlink: str
    title: str
    status: Status
    scheduled_at: datetime | None
    retry_at: datetime | None
    error: str | None
    trx_id: str | None
    block_num: int | None
    look_at: datetime | None
    appointed_at: datetime | None
    outlook: str | None
    why: str | None
    series: str | None
    id: int


@dataclass(frozen=True, slots=True)
class Alike:
    """A brief that a file may have been before it moved.

    Attributes:
        latest: its latest publication.
        content: whether it has been planned from this very content.
        address: whether it has this address.
        reply: its operations, where it is a reply of the same author.
    """

    latest: Publication
    content: bool = False
    address: bool = False
    reply: str = ""


_UNFINISHED = set(Status) - {Status.QUEUED, Status.FINAL}


class QueueRecords:
    """The publications that came from one queue.

    Args:
        queue: its identity.
    """

    def __init__(self, records: Records, queue: str) -> None:
        self._records = records
        self._revision = 0
        self.queue = queue
        self.files = FileRecords(records, queue)

    @property
    def records(self) -> Records:
        """All records, of this queue and others."""
        return self._records

    def enrol(self, place: str, now: datetime) -> Enrolled:
        """Make this queue known; the first one takes over what older versions have recorded.

        Args:
            place: host and path where it is looked at, for people.
        """
        with self._records.writing() as connection:
            first = connection.execute(sa.select(queues.c.id).limit(1)).first() is None
            connection.execute(
                insert_into(connection, queues)
                .values(id=self.queue, place=place, seen_at=now)
                .on_conflict_do_update(index_elements=["id"], set_={"place": place, "seen_at": now})
            )
            if first:
                connection.execute(
                    sa.update(publications)
                    .where(publications.c.queue == "", publications.c.path != "")
                    .values(queue=self.queue)
                )
            row = connection.execute(
                sa.select(queues.c.trouble, queues.c.revision).where(queues.c.id == self.queue)
            ).one()
        self._revision = row.revision
        return Enrolled(row.trouble)

    def trouble(self) -> str:
        """What is wrong with the folder; empty when nothing is known to be."""
        with self._records.reading() as connection:
            query = sa.select(queues.c.trouble).where(queues.c.id == self.queue)
            return connection.execute(query).scalar_one_or_none() or ""

    def note(self, trouble: str) -> None:
        """Remember what is wrong with the folder."""
        with self._records.writing() as connection:
            connection.execute(
                sa.update(queues).where(queues.c.id == self.queue).values(trouble=trouble)
            )

    def count(self) -> bool:
        """Count one more look that may change something; False when `was_put_back`."""
        with self._records.writing(whole=True) as connection:
            revision = connection.execute(
                sa.update(queues)
                .where(queues.c.id == self.queue)
                .values(revision=queues.c.revision + 1)
                .returning(queues.c.revision)
            ).scalar_one_or_none()
        if revision is None or revision <= self._revision:
            return False
        self._revision = revision
        return True

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is recorded in here is committed at the end, or nothing of it is."""
        before = self._revision
        try:
            with self._records.together():
                yield
        except BaseException:
            self._revision = before
            raise

    def was_put_back(self) -> bool:
        """Whether an older state of the database than was seen before is there now."""
        with self._records.reading() as connection:
            revision = connection.execute(_REVISION, {"queue": self.queue}).scalar_one_or_none()
        if revision is None or revision < self._revision:
            return True
        self._revision = revision
        return False

    def latest(
        self, *, paths: Iterable[str] | None = None, briefs: Iterable[str] | None = None
    ) -> dict[tuple[str, str], Publication]:
        """The latest publication of each (chain, brief), of these files or identities, or all."""
        if paths is None and briefs is None:
            return self._latest(sa.true())
        found: dict[tuple[str, str], Publication] = {}
        for query, values in ((_LATEST_AT, paths), (_LATEST_OF, briefs)):
            for some in portions(sorted(set(map(storable, values or ())))):
                found |= self._asked(query, {"some": some})
        return found

    def unfinished(self, until: datetime | None = None) -> Iterator[Unfinished]:
        """All that isn't final, and what was cancelled and not queued again.

        Args:
            until: what is to go out later, and isn't looked at before, is left out.
        """
        same = publications.alias()
        again = (
            sa.exists()
            .where(same.c.queue == publications.c.queue, same.c.chain == publications.c.chain)
            .where(same.c.brief == publications.c.brief, _is_later(same, publications))
        )
        cancelled = publications.c.status == Status.CANCELLED.value
        query = self._steps().where(sa.or_(sa.not_(cancelled), sa.not_(again)))
        if until is None:
            return self._unfinished(query)
        queued = publications.c.status == Status.QUEUED.value
        look_at = publications.c.look_at
        others = publications.c.status.in_([each.value for each in _UNFINISHED])
        parts = (query.where(queued, look_at < until), query.where(queued, look_at.is_(None)))
        return self._unfinished(sa.union_all(*parts, query.where(others)))

    def queued_at(self, paths: Iterable[str]) -> Iterator[Unfinished]:
        """What is queued of these files."""
        for some in portions(sorted(set(map(storable, paths)))):
            yield from self._unfinished(
                self._steps()
                .where(publications.c.status == Status.QUEUED.value)
                .where(publications.c.path.in_(some))
            )

    def _steps(self) -> sa.Select[Any]:
        columns = [publications.c[field] for field in Unfinished._fields]
        return (
            sa.select(*columns)
            .where(publications.c.queue == self.queue, publications.c.kind != Kind.REBLOG.value)
            .where(publications.c.status != Status.FINAL.value)
        )

    def _unfinished(self, query: sa.Select[Any] | sa.CompoundSelect[Any]) -> Iterator[Unfinished]:
        with self._records.reading() as connection:
            for row in connection.execution_options(yield_per=5000).execute(query):
                yield Unfinished(*row)._replace(status=Status(row.status))

    def latest_of(self, chain: str, brief: str) -> Publication | None:
        """A brief's latest publication on a chain."""
        here = sa.and_(publications.c.chain == chain, publications.c.brief == brief)
        return self._latest(here).get((chain, brief))

    def alike(
        self, chain: str, fingerprint: str, author: str, permlink: str, *, is_reply: bool
    ) -> tuple[Alike, ...]:
        """What a file may have been before it moved: of the same content or address.

        For a reply also all other replies of its author.
        """
        mine = sa.and_(publications.c.queue == self.queue, publications.c.chain == chain)
        address = sa.and_(publications.c.author == author, publications.c.permlink == permlink)
        content = self._briefs(sa.and_(mine, publications.c.fingerprint == fingerprint))
        there = self._briefs(sa.and_(mine, address, LIVING))
        replies: dict[str, str] = {}
        if is_reply:
            reply = publications.c.kind == Kind.REPLY.value
            replies = self._briefs(sa.and_(mine, reply, publications.c.author == author, LIVING))
        return tuple(
            Alike(row, row.brief in content, row.brief in there, replies.get(row.brief, ""))
            for row in self.latest(briefs={*content, *there, *replies}).values()
            if row.chain == chain
        )

    def _briefs(self, condition: sa.ColumnElement[bool]) -> dict[str, str]:
        """Briefs with such a publication, and its operations."""
        query = sa.select(publications.c.brief, publications.c.operations).where(condition)
        with self._records.reading() as connection:
            return {row.brief: row.operations for row in connection.execute(query)}

    def at(self, chain: str, author: str, permlink: str) -> Publication | None:
        """The living publication at an address, of whichever queue."""
        return self._records.at(chain, author, permlink)

    def paths(self) -> Iterator[str]:
        """Paths of all files that were recorded."""
        query = sa.select(publications.c.path).where(publications.c.queue == self.queue).distinct()
        with self._records.reading() as connection:
            yield from connection.execution_options(yield_per=1000).execute(query).scalars()

    def published(self, chain: str, brief: str) -> Publication | None:
        """A brief's text as it was last published; None when it wasn't, or was deleted."""
        with self._records.reading() as connection:
            row = connection.execute(
                sa.select(publications)
                .where(publications.c.queue == self.queue)
                .where(publications.c.chain == chain, publications.c.brief == brief)
                .where(publications.c.status == Status.FINAL.value)
                .order_by(publications.c.id.desc())
                .limit(1)
            ).one_or_none()
        found = publication_of(row) if row else None
        return None if found is None or found.kind is Kind.DELETE else found

    def add(
        self, plans: Sequence[NewPublication], now: datetime
    ) -> Iterator[tuple[NewPublication, RecordsError | None]]:
        """Record new briefs' plans, many at a time; each with why it couldn't be, if so."""
        for some in portions(plans):
            yield from zip(some, self._records.add_all(some, now), strict=True)

    def _latest(self, condition: sa.ColumnElement[bool]) -> dict[tuple[str, str], Publication]:
        return self._asked(_latest(condition), {})

    def _asked(
        self, query: sa.Select[Any], given: dict[str, Any]
    ) -> dict[tuple[str, str], Publication]:
        with self._records.reading() as connection:
            rows = connection.execute(query, given | {"queue": self.queue})
            found = [publication_of(row) for row in rows]
        return {(row.chain, row.brief): row for row in found}


def _is_later(other: sa.FromClause, one: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether another publication of the same brief tells better where it stands."""
    void, is_void = never_went_out(other), never_went_out(one)
    newer = sa.and_(other.c.id > one.c.id, sa.or_(sa.not_(void), is_void))
    return sa.or_(newer, sa.and_(is_void, sa.not_(void)))


def _latest(condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The latest publication of each (chain, brief) of a queue."""
    same = publications.alias()
    newer = (
        sa.exists()
        .where(same.c.queue == publications.c.queue, same.c.chain == publications.c.chain)
        .where(same.c.brief == publications.c.brief, _is_later(same, publications))
        .where(same.c.kind != Kind.REBLOG.value)
    )
    return (
        sa.select(publications)
        .where(publications.c.queue == sa.bindparam("queue"), condition)
        .where(publications.c.kind != Kind.REBLOG.value, sa.not_(newer))
        .order_by(publications.c.id)
    )


# made once: that takes longer than their answers
_LATEST_AT = _latest(publications.c.path.in_(sa.bindparam("some", expanding=True)))
_LATEST_OF = _latest(publications.c.brief.in_(sa.bindparam("some", expanding=True)))
_REVISION = sa.select(queues.c.revision).where(queues.c.id == sa.bindparam("queue"))
