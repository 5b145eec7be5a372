"""The journey: each step of a publication and its transactions, recorded before the next."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.records.appointments import Appointments, Draft
from bot.records.engine import insert_into
from bot.records.reading import ATTEMPTS, attempt_of, publication_of
from bot.records.tables import attempts, node_events, pictures, publications
from bot.records.values import Attempt, NewAttempt, Outcome, Publication, Status, Transition
from bot.records.writing import Conflict

_SENDS = {Outcome.SENT, Outcome.UNKNOWN, Outcome.REFUSED}


@dataclass(frozen=True, slots=True)
class TakingUp:
    """How a publication is taken up, recorded together with what is signed for it.

    Attributes:
        seen: as it stood when it was decided.
        draft: what its author's calendar says, where that isn't recorded yet.
    """

    seen: Publication
    reason: str
    draft: Draft | None = None


class Journey(Appointments):
    """How a publication moves, what was signed and sent for it, and what came of it."""

    def move(self, seen: Publication, transition: Transition, now: datetime) -> Publication:
        """Move along one arrow, with its event.

        Raises:
            IllegalTransition: there is no such arrow.
            Conflict: it isn't in the status any more in which it was seen.
        """
        with self.writing() as connection:
            current = publication_of(self._row(connection, seen.id))
            if current.status is not seen.status:
                raise Conflict(f"{current.brief} is {current.status} by now, not {seen.status}")
            return self._move(connection, current, transition, now)

    def take_up(self, taking: TakingUp, now: datetime) -> Publication:
        """Record that a publication is taken up, of which nothing is signed.

        Raises:
            Conflict: it isn't what was seen any more.
        """
        with self.writing() as connection:
            current = publication_of(self._row(connection, taking.seen.id))
            return self._take_up(connection, taking, current, now)

    def write_ahead(
        self,
        publication_id: int,
        new: NewAttempt,
        now: datetime,
        operations: str | None = None,
        taking: TakingUp | None = None,
    ) -> Attempt:
        """Record a signed transaction, before the first byte of it is sent.

        Args:
            operations: what takes the planned ones' place, with what only became known now.
            taking: how it is taken up, when it isn't `publishing` yet.

        Raises:
            Conflict: somebody else signed one, or the publication isn't `publishing`, or not what
                it was when it was taken up.
        """
        with self.writing() as connection:
            earlier = connection.execute(ATTEMPTS, {"publication": publication_id}).all()
            self._refuse_these(earlier)
            current = publication_of(self._row(connection, publication_id))
            changes = {"trx_id": new.trx_id}
            if operations is not None and operations != current.operations:
                digest = replace(current, operations=operations).sealed()
                changes |= {"operations": operations, "digest": digest}
            if taking is not None:
                self._take_up(connection, taking, current, now, **changes)
            elif current.status is Status.PUBLISHING:
                connection.execute(
                    sa.update(publications)
                    .where(publications.c.id == publication_id)
                    .values(**changes, updated_at=now)
                )
            else:
                raise Conflict(f"publication {publication_id} isn't publishing any more")
            try:
                row = connection.execute(
                    sa.insert(attempts)
                    .values(
                        **asdict(new),
                        publication_id=publication_id,
                        number=1 + max((one.number for one in earlier), default=0),
                        outcome=Outcome.SIGNED.value,
                        digest=new.sealed(),
                        **self._bearer(),
                    )
                    .returning(attempts)
                ).one()
            except sa.exc.IntegrityError:
                raise Conflict(f"publication {publication_id}: another worker signed it") from None
            return attempt_of(row)

    def _take_up(
        self,
        connection: sa.Connection,
        taking: TakingUp,
        current: Publication,
        now: datetime,
        **changes: str,
    ) -> Publication:
        seen = taking.seen
        if _plan(current) != _plan(seen):
            raise Conflict(f"{current.brief} isn't what it was any more; look again")
        if taking.draft is not None:
            self._record(connection, taking.draft, now)
        transition = Transition(Status.PUBLISHING, taking.reason)
        return self._move(connection, current, transition, now, **changes)

    def record_outcome(
        self,
        attempt_id: int,
        outcome: Outcome,
        *,
        node: str | None = None,
        error: str | None = None,
        now: datetime,
    ) -> Attempt:
        """Record what became of an attempt: the answer to one more send, or its fate."""
        changes: dict[str, Any] = {"outcome": outcome.value, "error": error}
        if node is not None:
            changes["node"] = node
        if outcome in _SENDS:
            changes |= {"sends": attempts.c.sends + 1, "sent_at": now}
        with self.writing() as connection:
            row = connection.execute(
                sa.update(attempts)
                .where(attempts.c.id == attempt_id)
                .values(**changes)
                .returning(attempts)
            ).one()
            if outcome in _SENDS:
                connection.execute(
                    sa.update(publications)
                    .where(publications.c.id == row.publication_id)
                    .where(publications.c.broadcast_at.is_(None))
                    .values(broadcast_at=now, updated_at=now)
                )
            return attempt_of(row)

    def postpone(
        self, publication_id: int, retry_at: datetime | None, error: str, now: datetime
    ) -> Publication:
        """Let a waiting publication wait on: no change of status, so no event.

        Args:
            retry_at: when it goes on; None when a person must mend something first.

        Raises:
            Conflict: it isn't waiting any more.
        """
        with self.writing() as connection:
            row = connection.execute(
                sa.update(publications)
                .where(publications.c.id == publication_id)
                .where(publications.c.status == Status.WAITING.value)
                .values(retry_at=retry_at, error=error, updated_at=now)
                .returning(publications)
            ).one_or_none()
            if row is None:
                raise Conflict(f"publication {publication_id} isn't waiting any more")
            self._touch(connection, {(row.chain, row.author)})
            return publication_of(row)

    def remember_picture(self, host: str, sha256: str, url: str, now: datetime) -> None:
        """Record that an image host has taken a picture."""
        with self.writing() as connection:
            connection.execute(
                insert_into(connection, pictures)
                .values(host=host, sha256=sha256, url=url, uploaded_at=now)
                .on_conflict_do_nothing()
            )

    def note_node(self, chain: str, node: str, reason: str, worker: str, now: datetime) -> None:
        """Record that a node was set aside."""
        with self.writing() as connection:
            connection.execute(
                sa.insert(node_events).values(
                    at=now, chain=chain, node=node, reason=reason, worker=worker
                )
            )


def _plan(row: Publication) -> tuple[object, ...]:
    """What must be as it was seen, for what was signed to be what is wanted."""
    return row.status, row.digest, row.operations
