"""Appointments: what an author's calendar is asked about, and what is recorded of its answer."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from bot.records.reading import portions, publication_of
from bot.records.tables import PENDING, Instant, attempts, awaited, leases, publications, unplanned
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What an author's calendar says, and what of it isn't recorded yet.

    Attributes:
        rules: digest of those that it goes by, where others are recorded.
        seen: ids of the rows of `unplanned` that it answers.
        answers: what it says of all that is pending.
        changed: what of that isn't recorded.
        leaving: ids of all that leave a slot.
        news: permlinks of what others may wait for, and has got another time.
        added: (author, permlink) of the posts that it depends on, and did not.
        dropped: of those that it did.
    """

    chain: str
    author: str
    rules: str | None
    seen: tuple[int, ...]
    answers: tuple[Answer, ...]
    changed: tuple[Answer, ...]
    missed: tuple[Answer, ...]
    leaving: tuple[int, ...]
    news: tuple[str, ...]
    added: tuple[tuple[str, str], ...]
    dropped: tuple[tuple[str, str], ...]

    @property
    def says_nothing(self) -> bool:
        """Whether all of it is recorded."""
        told = (self.seen, self.changed, self.missed, self.news, self.added, self.dropped)
        return self.rules is None and not any(told)

    @property
    def is_long(self) -> bool:
        """Whether it is too much for one transaction."""
        return len(self.changed) > _MOST

    @property
    def is_short(self) -> bool:
        """Whether it may be recorded along with something else: nothing in it is to be told."""
        return not self.is_long and not self.missed

    def divided(self) -> tuple["Draft", "Draft"]:
        """As many appointments as one transaction takes, with all slots that are left; the rest."""
        first = replace(self, changed=self.changed[:_MOST])
        return first, replace(self, changed=self.changed[_MOST:], leaving=())

    def of(self, publication: Publication) -> Publication | None:
        """A publication with its place by this; None when that has a place no more."""
        for one in self.answers:
            if one.id == publication.id:
                return replace(publication, appointment=one.appointment)
        return None


class Appointments(RecordsWriter):
    """How appointments are asked for and recorded, an author on a chain at a time."""

    def agenda(self, chain: str, author: str, since: datetime) -> Agenda:
        """What the calendar of an author is asked about.

        Args:
            since: what went out before that is of no interest.
        """
        with self.reading() as connection:
            return _agenda(connection, chain, author, since)

    def draft(
        self,
        chain: str,
        author: str,
        rules: str,
        since: datetime,
        calculate: Calculate,
        chain_now: datetime,
    ) -> "Draft":
        """Ask an author's calendar.

        It is asked in no transaction, since that may take long; only who holds the author's lease
        asks it. What has changed meanwhile is calculated once more: its row in `unplanned` stays.

        Args:
            rules: digest of those that `calculate` goes by.
            since: what went out before that is of no interest.
            chain_now: by which appointments are judged.
        """
        with self.reading() as connection:
            here = {"chain": chain, "author": author}
            seen = tuple(connection.execute(_SEEN, here).scalars())
            agenda = _agenda(connection, chain, author, since)
            depends = {(row.author, row.permlink) for row in connection.execute(_AWAITED, here)}
            used = connection.execute(_RULES, here).scalar()
        answers = calculate(agenda)
        before = {one.id: one.appointment for one in agenda.pending}
        permlinks = {one.id: one.permlink for one in agenda.pending}
        changed = tuple(a for a in answers if not a.missed and a.appointment != before[a.id])
        named = {each for answer in answers if not answer.missed for each in answer.named}
        return Draft(
            chain=chain,
            author=author,
            rules=None if used == rules else rules,
            seen=seen,
            answers=tuple(answers),
            changed=changed,
            missed=tuple(a for a in answers if a.missed),
            leaving=tuple(
                a.id for a in changed if before[a.id].slot not in {None, a.appointment.slot}
            ),
            news=tuple(permlinks[a.id] for a in answers if a.is_news(before[a.id], chain_now)),
            added=tuple(sorted(named - depends)),
            dropped=tuple(sorted(depends - named)),
        )

    def record(self, draft: "Draft", now: datetime) -> None:
        """Record what a calendar says.

        Other authors who wait for what has got another time are calculated anew after it.
        """
        if draft.says_nothing:
            return
        while draft.is_long:  # nobody else waits for a hundred thousand
            portion, draft = draft.divided()
            with self.writing() as connection:
                _write(connection, portion.changed, portion.leaving)
        with self.writing() as connection:
            self._record(connection, draft, now)

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
        """`draft` and `record`."""
        self.record(self.draft(chain, author, rules, since, calculate, chain_now), now)

    def _record(self, connection: sa.Connection, draft: "Draft", now: datetime) -> None:
        chain, author = draft.chain, draft.author
        _write(connection, draft.changed, draft.leaving)
        for one in draft.missed:
            self._miss(connection, one, now)
        for portion in portions(draft.seen):
            connection.execute(sa.delete(unplanned).where(unplanned.c.id.in_(portion)))
        self._touch(connection, waiting_for(connection, chain, author, draft.news))
        _depend(connection, draft)
        if draft.added:  # what is named now for the first time may have moved meanwhile
            self._touch(connection, {(chain, author)})
        if draft.rules is not None:
            connection.execute(
                sa.update(leases)
                .where(leases.c.chain == chain, leases.c.author == author)
                .values(rules=draft.rules)
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
        query, given = (_UNPLANNED, {}) if worker is None else (_UNPLANNED_OF, {"mine": worker})
        with self.reading() as connection:
            return tuple((row.chain, row.author) for row in connection.execute(query, given))

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


def _of_author(table: sa.Table) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.chain == sa.bindparam("chain"), table.c.author == sa.bindparam("author"))


def _gone(included: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return (
        sa.select(*(publications.c[name] for name in Gone._fields))
        .where(_of_author(publications), included)
        .where(publications.c.kind.in_([Kind.POST.value, Kind.REPLY.value]))
        .where(publications.c.status.in_(_ON_ITS_WAY))
    )


# made once: that takes longer than their answers
_PENDING = sa.select(
    *_COLUMNS,
    sa.case((_NAMES_OTHERS, publications.c.operations)).label("operations"),
    _IS_ALIVE.label("is_alive"),
    *(publications.c[name] for name in APPOINTED),
).where(_of_author(publications), PENDING)
_GONE = sa.union_all(
    _gone(publications.c.included_at >= sa.bindparam("since", type_=Instant)),
    _gone(publications.c.included_at.is_(None)),
)
_SEEN = sa.select(unplanned.c.id).where(_of_author(unplanned))
_RULES = sa.select(leases.c.rules).where(_of_author(leases))
_AWAITED = sa.select(awaited.c.author, awaited.c.permlink).where(
    awaited.c.chain == sa.bindparam("chain"), awaited.c.waiting == sa.bindparam("author")
)
_UNPLANNED = sa.select(unplanned.c.chain, unplanned.c.author).distinct()
_UNPLANNED_OF = _UNPLANNED.join(
    leases, sa.and_(leases.c.chain == unplanned.c.chain, leases.c.author == unplanned.c.author)
).where(leases.c.worker == sa.bindparam("mine"))


def _agenda(connection: sa.Connection, chain: str, author: str, since: datetime) -> Agenda:
    here = {"chain": chain, "author": author}
    told = tuple(_pending(row) for row in connection.execute(_PENDING, here))
    gone = connection.execute(_GONE, here | {"since": since})
    return Agenda(told, tuple(Gone(*row)._replace(kind=Kind(row.kind)) for row in gone))


def _pending(row: Any) -> Pending:
    made = {name: getattr(row, name) for name in APPOINTED}
    made["outlook"] = Outlook(row.outlook) if row.outlook else None
    known = {name: getattr(row, name) for name in Pending._fields if name != "appointment"}
    known |= {"kind": Kind(row.kind), "status": Status(row.status), "is_alive": bool(row.is_alive)}
    return Pending(**known, appointment=Appointment(**made))


def _depend(connection: sa.Connection, draft: Draft) -> None:
    """Record on whose posts an author's calendar depends."""
    here = sa.and_(awaited.c.chain == draft.chain, awaited.c.waiting == draft.author)
    for author, permlink in draft.dropped:
        gone = sa.and_(here, awaited.c.author == author, awaited.c.permlink == permlink)
        connection.execute(sa.delete(awaited).where(gone))
    if draft.added:
        where = {"chain": draft.chain, "waiting": draft.author}
        connection.execute(
            sa.insert(awaited),
            [where | {"author": author, "permlink": link} for author, link in draft.added],
        )


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
