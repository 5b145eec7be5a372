"""Appointments: what an author's calendar is asked about, and what is recorded of its answer."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from bot.records.reading import portions, publication_of
from bot.records.tables import PENDING, attempts, awaited, leases, publications, unplanned
from bot.records.values import (
    APPOINTED,
    Appointment,
    Kind,
    Outcome,
    Outlook,
    Publication,
    Status,
    Transition,
)
from bot.records.writing import RecordsWriter, waiting_for


class Pending(NamedTuple):
    """Of a publication with a place in its author's calendar, what that is asked about.

    A named tuple, since there may be a hundred thousand.

    Attributes:
        operations: of what replies or links to something, else None.
        is_alive: whether a transaction of it may still be included.
    """

    id: int
    queue: str
    brief: str
    path: str
    chain: str
    author: str
    permlink: str
    kind: Kind
    status: Status
    scheduled_at: datetime | None
    expires_at: datetime | None
    retry_at: datetime | None
    error: str | None
    series: str | None
    priority: str | None
    late: str | None
    grace: int | None
    operations: str | None
    is_alive: bool
    appointment: Appointment


def pending_of(row: Publication, *, is_alive: bool = False) -> Pending:
    """What the calendar is asked about a publication."""
    known = {name: getattr(row, name) for name in Pending._fields if name != "is_alive"}
    return Pending(**known, is_alive=is_alive)


class Gone(NamedTuple):
    """Of a publication that went out, or is on its way, what the calendar is asked about."""

    kind: Kind
    included_at: datetime | None
    due_at: datetime | None
    slot: str | None


@dataclass(frozen=True, slots=True)
class Agenda:
    """What the calendar of an author on a chain is asked about."""

    pending: tuple[Pending, ...]
    gone: tuple[Gone, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the calendar says of a publication.

    Attributes:
        missed: its time is over.
        overdue: how long it should have been out by now.
        named: (author, permlink) of other authors' posts that it replies or links to.
    """

    id: int
    appointment: Appointment
    missed: bool = False
    overdue: timedelta = timedelta(0)
    named: tuple[tuple[str, str], ...] = ()

    def is_news(self, before: Appointment, chain_now: datetime) -> bool:
        """Whether others that wait for it have another time by it.

        None have when it was to go out at once, and still is.
        """
        was, made = before.appointed_at, self.appointment.appointed_at
        return (before.outlook, was and max(was, chain_now)) != (
            self.appointment.outlook,
            made and max(made, chain_now),
        )


Calculate = Callable[[Agenda], Sequence[Answer]]


class Appointments(RecordsWriter):
    """How appointments are asked for and recorded, an author on a chain at a time."""

    def agenda(self, chain: str, author: str, since: datetime) -> Agenda:
        """What the calendar of an author is asked about.

        Args:
            since: what went out before that is of no interest.
        """
        with self.reading() as connection:
            return _agenda(connection, chain, author, since)

    def appoint(
        self,
        chain: str,
        author: str,
        rules: str,
        since: datetime,
        calculate: Calculate,
        now: datetime,
        chain_now: datetime,
    ) -> None:
        """Ask an author's calendar, and record what it says.

        It is asked in no transaction, since that may take long; only who holds the author's lease
        asks it. What has changed meanwhile is calculated once more: its row in `unplanned` stays.
        Other authors who wait for what has got another time are calculated anew after it.

        Args:
            rules: digest of those that `calculate` goes by.
            since: what went out before that is of no interest.
            chain_now: by which appointments are judged.
        """
        with self.reading() as connection:
            query = sa.select(unplanned.c.id)
            here = unplanned.c.chain == chain, unplanned.c.author == author
            seen = list(connection.execute(query.where(*here)).scalars())
            agenda = _agenda(connection, chain, author, since)
        answers = calculate(agenda)
        before = {one.id: one.appointment for one in agenda.pending}
        changed = [a for a in answers if not a.missed and a.appointment != before[a.id]]
        told = {one.id: one for one in agenda.pending}
        news = [told[a.id].permlink for a in answers if a.is_news(before[a.id], chain_now)]
        named = {each for answer in answers if not answer.missed for each in answer.named}
        leaving = [a.id for a in changed if before[a.id].slot not in {None, a.appointment.slot}]
        some: list[Sequence[Answer]] = [
            changed[start : start + _MOST] for start in range(0, len(changed), _MOST)
        ]
        for portion in some[:-1]:  # nobody else waits for a hundred thousand
            with self.writing() as connection:
                _write(connection, portion, leaving)
            leaving = []
        with self.writing() as connection:
            _write(connection, some[-1] if some else [], leaving)
            for one in answers:
                if one.missed:
                    self._miss(connection, one, now)
            for portion in portions(seen):
                connection.execute(sa.delete(unplanned).where(unplanned.c.id.in_(portion)))
            self._touch(connection, waiting_for(connection, chain, author, news))
            if _depend(connection, chain, author, named):
                # what is named now for the first time may have moved while it was calculated
                self._touch(connection, {(chain, author)})
            connection.execute(
                sa.update(leases)
                .where(leases.c.chain == chain, leases.c.author == author)
                .where(leases.c.rules.is_distinct_from(rules))
                .values(rules=rules)
            )

    def _miss(self, connection: sa.Connection, answer: Answer, now: datetime) -> None:
        row = connection.execute(
            sa.update(publications)
            .where(publications.c.id == answer.id, PENDING)
            .values(due_at=answer.appointment.due_at, why=answer.appointment.why)
            .returning(publications)
        ).one_or_none()
        if row is not None:
            why = answer.appointment.why or "its time is over"
            missed = Transition(Status.MISSED, why, error=why)
            self._move(connection, publication_of(row), missed, now)

    def unplanned(self, worker: str | None = None) -> tuple[tuple[str, str], ...]:
        """(chain, author) whose appointments are to be made anew; of those that a worker has."""
        query = sa.select(unplanned.c.chain, unplanned.c.author).distinct()
        if worker is not None:
            query = query.join(
                leases,
                sa.and_(leases.c.chain == unplanned.c.chain, leases.c.author == unplanned.c.author),
            ).where(leases.c.worker == worker)
        with self.reading() as connection:
            return tuple((row.chain, row.author) for row in connection.execute(query))

    def overdue(self, before: datetime, limit: int) -> tuple[Publication, ...]:
        """What should have been out before this instant, the oldest first, so many."""
        return self._select(
            sa.select(publications)
            .where(publications.c.status == Status.QUEUED.value)
            .where(publications.c.look_at < before, publications.c.due_at < before)
            .order_by(publications.c.look_at, publications.c.id)
            .limit(limit)
        )

    def rules_used(self) -> Mapping[tuple[str, str], str | None]:
        """By which rules each author's appointments on each chain were made."""
        with self.reading() as connection:
            rows = connection.execute(sa.select(leases.c.chain, leases.c.author, leases.c.rules))
            return {(row.chain, row.author): row.rules for row in rows}

    def waiting_for(
        self, chain: str, author: str, permlinks: Sequence[str]
    ) -> set[tuple[str, str]]:
        """(chain, author) of those whose calendars depend on these posts of another author."""
        with self.reading() as connection:
            return waiting_for(connection, chain, author, permlinks)

    def plan_anew(self, authors: Iterable[tuple[str, str]]) -> None:
        """Have these (chain, author) calculated anew."""
        with self.writing() as connection:
            self._touch(connection, authors)


_MOST = 2000
"""Appointments that are written in one transaction."""
_COLUMNS = [
    publications.c[name]
    for name in Pending._fields
    if name not in {"operations", "is_alive", "appointment"}
]
_NAMES_OTHERS = sa.or_(
    publications.c.kind == Kind.REPLY.value,
    publications.c.operations.contains('links\\"', autoescape=True),
)
_IS_ALIVE = (
    sa.exists()
    .where(attempts.c.publication_id == publications.c.id)
    .where(attempts.c.outcome != Outcome.EXPIRED.value)
)
_ON_ITS_WAY = (Status.PUBLISHING.value, Status.INCLUDED.value, Status.FINAL.value)


def _agenda(connection: sa.Connection, chain: str, author: str, since: datetime) -> Agenda:
    here = sa.and_(publications.c.chain == chain, publications.c.author == author)
    pending = connection.execute(
        sa.select(
            *_COLUMNS,
            sa.case((_NAMES_OTHERS, publications.c.operations)).label("operations"),
            _IS_ALIVE.label("is_alive"),
            *(publications.c[name] for name in APPOINTED),
        ).where(here, PENDING)
    )
    told = tuple(_pending(row) for row in pending)
    first = publications.c.kind.in_([Kind.POST.value, Kind.REPLY.value])
    columns = [publications.c[name] for name in Gone._fields]
    gone = [
        Gone(*row)._replace(kind=Kind(row.kind))
        for condition in (
            publications.c.included_at >= since,
            publications.c.included_at.is_(None),
        )
        for row in connection.execute(
            sa.select(*columns)
            .where(here, condition, first)
            .where(publications.c.status.in_(_ON_ITS_WAY))
        )
    ]
    return Agenda(told, tuple(gone))


def _pending(row: Any) -> Pending:
    made = {name: getattr(row, name) for name in APPOINTED}
    made["outlook"] = Outlook(row.outlook) if row.outlook else None
    known = {name: getattr(row, name) for name in Pending._fields if name != "appointment"}
    known |= {"kind": Kind(row.kind), "status": Status(row.status), "is_alive": bool(row.is_alive)}
    return Pending(**known, appointment=Appointment(**made))


def _depend(
    connection: sa.Connection, chain: str, waiting: str, named: set[tuple[str, str]]
) -> bool:
    """Record on whose posts an author's calendar depends; whether on some for the first time."""
    here = sa.and_(awaited.c.chain == chain, awaited.c.waiting == waiting)
    known = {
        (row.author, row.permlink) for row in connection.execute(sa.select(awaited).where(here))
    }
    for author, permlink in sorted(known - named):
        gone = sa.and_(here, awaited.c.author == author, awaited.c.permlink == permlink)
        connection.execute(sa.delete(awaited).where(gone))
    added = sorted(named - known)
    if added:
        connection.execute(
            sa.insert(awaited),
            [
                {"chain": chain, "author": author, "permlink": permlink, "waiting": waiting}
                for author, permlink in added
            ],
        )
    return bool(added)


def _write(connection: sa.Connection, changed: Sequence[Answer], leaving: Sequence[int]) -> None:
    """Write these appointments.

    Args:
        leaving: ids of all that leave a slot, so that those that change hands are free in between.
    """
    row = publications.c.id == sa.bindparam("row")
    if leaving:
        gone = [{"row": number} for number in leaving]
        connection.execute(sa.update(publications).where(row).values(slot=None), gone)
    if changed:
        names = [field.name for field in fields(Appointment)]
        connection.execute(
            sa.update(publications)
            .where(row, PENDING)
            .values({name: sa.bindparam(f"to_{name}") for name in names}),
            [
                {"row": one.id}
                | {
                    f"to_{name}": value
                    for name, value in zip(names, astuple(one.appointment), strict=True)
                }
                for one in changed
            ],
        )
