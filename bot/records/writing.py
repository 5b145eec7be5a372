"""What all changes of the records have in common: the fence, the arrows, and an event for each."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.records.engine import (
    SCHEMA,
    RecordsError,
    refuse_other_schema,
    said_plainly,
    writing,
)
from bot.records.leases import Leases
from bot.records.reading import RecordsReader, portions, publication_of
from bot.records.tables import (
    SHOWING,
    attempts,
    awaited,
    events,
    leases,
    picture_files,
    publications,
    unplanned,
)
from bot.records.transitions import TRANSITIONS
from bot.records.values import (
    APPOINTED,
    AT_ONCE,
    FIRST,
    Lease,
    Outcome,
    Outlook,
    Publication,
    Status,
    Transition,
)


class Conflict(RecordsError):  # noqa: N818  # what happened
    """Somebody else moved this publication first, or its transaction may still be included."""


class IllegalTransition(RecordsError):  # noqa: N818  # what happened
    """There is no arrow between these statuses: a mistake of the caller."""


class PermlinkTaken(RecordsError):  # noqa: N818  # what happened
    """Another brief's publication has this address."""

    def __init__(self, existing: Publication) -> None:
        super().__init__(f"@{existing.author}/{existing.permlink} belongs to {existing.path}")
        self.existing = existing


class LeaseLost(RecordsError):  # noqa: N818  # what happened
    """Another worker has taken this author over: nothing more may be sent or written."""


class RecordsWriter(RecordsReader):
    """The ground that `Planning` and `Journey` stand on.

    Args:
        lease: under which everything is written; None for a person's commands and for intake.
        leases: of the worker that holds it.
        person: who does it, for the events; None where nobody is signed in.
    """

    def __init__(
        self,
        engine: sa.Engine,
        lease: Lease | None = None,
        leases: Leases | None = None,
        person: str | None = None,
    ) -> None:
        super().__init__(engine)
        self._lease = lease
        self._leases = leases
        self._person = person
        self._here = threading.local()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What this thread changes in here is committed at the end, or nothing of it is."""
        with self.writing() as connection:
            self._here.connection = connection
            try:
                yield
            finally:
                self._here.connection = None

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection for questions."""
        joined = getattr(self._here, "connection", None)
        if joined is not None:
            with said_plainly():
                yield joined
            return
        with super().reading() as connection:
            yield connection

    @contextmanager
    def writing(self, *, whole: bool = False) -> Iterator[sa.Connection]:
        """A connection for changes, which are made together or not at all.

        Args:
            whole: whether what is changed in here is one statement, or fails with all around it.
        """
        joined = getattr(self._here, "connection", None)
        if joined is not None:
            with said_plainly(), nullcontext() if whole else joined.begin_nested():
                yield joined
            return
        with writing(self._engine) as connection:
            if self._lease is None:
                refuse_other_schema(connection.execute(SCHEMA).scalar())
            else:
                self._refuse_stale(connection, self._lease)
            yield connection

    @staticmethod
    def _refuse_stale(connection: sa.Connection, lease: Lease) -> None:
        """The fence: the lease's row stays locked, so that no takeover comes between.

        And the schema, by the same question: a service under which it was upgraded writes and sends
        nothing more.
        """
        given = {"lease": lease.id, "fence": lease.fence}
        held = connection.execute(_HELD, given).first()
        if held is None:
            raise LeaseLost(f"another worker has taken {lease.author} over on {lease.chain}")
        refuse_other_schema(held.schema)

    def _bearer(self) -> dict[str, Any]:
        """Who writes, for the rows that tell."""
        if self._lease is None:
            return {}
        return {"worker": self._lease.worker, "fence": self._lease.fence}

    def _doer(self) -> dict[str, Any]:
        """Who changes a status, for its event: a worker, a person, or nobody who is named."""
        return self._bearer() | {"person": self._person}

    def _move(
        self,
        connection: sa.Connection,
        current: Publication,
        transition: Transition,
        now: datetime,
        **plan: str | None,
    ) -> Publication:
        """Move along one arrow, with its event; `plan` has columns of the plan that change too."""
        target = transition.target
        if target not in TRANSITIONS[current.status]:
            raise IllegalTransition(f"{current.brief}: no arrow {current.status} → {target}")
        found = transition.found()
        if transition.operations is not None:
            found["digest"] = replace(current, operations=transition.operations).sealed()
        if transition.attempt is not None:
            attempt, outcome = transition.attempt
            connection.execute(
                sa.update(attempts)
                .where(attempts.c.id == attempt)
                .values(outcome=outcome.value, error=None)
            )
        row = connection.execute(
            sa.update(publications)
            .where(publications.c.id == current.id)
            .where(publications.c.status == current.status.value)
            .where(publications.c.digest.is_not_distinct_from(current.digest))
            .values(
                **_standing(current, transition),
                **found,
                **plan,
                status=target.value,
                retry_at=transition.retry_at,
                error=transition.error,
                updated_at=now,
            )
            .returning(publications)
        ).one_or_none()
        if row is None:
            raise Conflict(f"{current.brief} isn't {current.status} any more")
        self._touch(connection, {(current.chain, current.author)})
        if target in _DECIDED and current.kind in FIRST:
            where = current.chain, current.author
            self._touch(connection, waiting_for(connection, *where, [current.permlink]))
        self._event(connection, current.id, current.status, target, transition.reason, now)
        if target in {Status.FINAL, Status.CANCELLED}:
            self._forget_pictures(connection, current)
        return publication_of(row)

    @staticmethod
    def _touch(connection: sa.Connection, authors: Iterable[tuple[str, str]]) -> None:
        """Something has changed that the calendars of these (chain, author) depend on."""
        rows = [{"chain": chain, "author": author} for chain, author in sorted(set(authors))]
        if rows:
            connection.execute(_TOUCH, rows)

    @staticmethod
    def _forget_pictures(connection: sa.Connection, old: Publication) -> None:
        """Delete what a plan has shown, as far as no unpublished publication shows it."""
        digests = sorted({digest for _, digest in old.shows})
        if not digests:
            return
        of_old = picture_files.c.sha256.in_(digests)
        # Locked before it is asked who else shows them: who records a plan locks them likewise.
        connection.execute(
            sa.select(picture_files.c.sha256)
            .where(of_old)
            .order_by(picture_files.c.sha256)
            .with_for_update()
        )
        shown = sa.cast(publications.c.shows, sa.Text).contains(picture_files.c.sha256)
        needed = sa.exists().where(SHOWING, shown)
        connection.execute(sa.delete(picture_files).where(of_old, sa.not_(needed)))

    def _event(
        self,
        connection: sa.Connection,
        publication_id: int,
        source: Status | None,
        target: Status,
        reason: str,
        now: datetime,
        **doer: str,
    ) -> None:
        connection.execute(
            _EVENT,
            {
                "publication_id": publication_id,
                "at": now,
                "source": source.value if source else None,
                "target": target.value,
                "reason": reason,
                **(self._doer() | doer),
            },
        )

    @classmethod
    def _refuse_alive(cls, connection: sa.Connection, publication_id: int) -> None:
        """No new plan and no new signature while an earlier transaction could be included."""
        cls._refuse_these(
            connection.execute(
                sa.select(attempts.c.outcome, attempts.c.expiration)
                .where(attempts.c.publication_id == publication_id)
                .where(attempts.c.outcome != Outcome.EXPIRED.value)
            ).all()
        )

    @staticmethod
    def _refuse_these(earlier: Iterable[Any]) -> None:
        """The same, of attempts that were just read."""
        for attempt in earlier:
            if attempt.outcome != Outcome.EXPIRED.value:
                raise Conflict(
                    "its earlier transaction can still be included, until "
                    f"{attempt.expiration:%H:%M:%S} UTC is irreversible"
                )


# made once: that takes longer than what they do
_HELD = (
    sa.select(SCHEMA.scalar_subquery().label("schema"))
    .where(leases.c.id == sa.bindparam("lease"), leases.c.fence == sa.bindparam("fence"))
    .with_for_update(read=True, of=leases)
)
_TOUCH = sa.insert(unplanned)
_EVENT = sa.insert(events)
_WAITING = (
    sa.select(awaited.c.waiting)
    .where(awaited.c.chain == sa.bindparam("chain"), awaited.c.author == sa.bindparam("author"))
    .where(awaited.c.permlink.in_(sa.bindparam("permlinks", expanding=True)))
    .distinct()
)
_DECIDED = {
    Status.INCLUDED, Status.FINAL, Status.REJECTED, Status.MISSED, Status.CANCELLED,
}  # fmt: skip
"""By these, others that wait for a publication learn more than by its appointment."""


def waiting_for(
    connection: sa.Connection, chain: str, author: str, permlinks: Sequence[str]
) -> set[tuple[str, str]]:
    """(chain, author) of those whose calendars depend on these posts of another author."""
    found: set[tuple[str, str]] = set()
    for some in portions(permlinks):
        given = {"chain": chain, "author": author, "permlinks": some}
        rows = connection.execute(_WAITING, given)
        found |= {(chain, row.waiting) for row in rows}
    return found


NO_APPOINTMENT: dict[str, Any] = dict.fromkeys(APPOINTED)
_EARLY = timedelta(minutes=1)


def _standing(current: Publication, transition: Transition) -> dict[str, Any]:
    """What a change of status makes of the place in the calendar."""
    made = current.appointment
    match transition.target:
        case Status.QUEUED:
            return {"look_at": AT_ONCE}
        case Status.HELD:
            outlook = None if made.outlook is Outlook.NOW else made.outlook
            return {"look_at": None, "outlook": outlook}
        case Status.REJECTED | Status.CANCELLED:
            return NO_APPOINTMENT
        case Status.MISSED:
            return {"look_at": None, "appointed_at": None, "slot": None, "outlook": None}
        case Status.INCLUDED if made.due_at and transition.included_at:
            # what is found on the chain may have gone out long before: its slot is free
            early = transition.included_at < made.due_at - _EARLY
            return {"slot": None} if early else {}
        case _:
            return {}
