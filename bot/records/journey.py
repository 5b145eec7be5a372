"""The journey: each step of a publication and its transactions, recorded before the next."""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.records.reading import attempt_of, publication_of
from bot.records.tables import attempts, node_events, pictures, publications
from bot.records.values import Attempt, NewAttempt, Outcome, Publication, Status, Transition
from bot.records.writing import Conflict, RecordsWriter

_SENDS = {Outcome.SENT, Outcome.UNKNOWN, Outcome.REFUSED}


class Journey(RecordsWriter):
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

    def write_ahead(
        self, publication_id: int, new: NewAttempt, now: datetime, operations: str | None = None
    ) -> Attempt:
        """Record a signed transaction, before the first byte of it is sent.

        Args:
            operations: what takes the planned ones' place, with what only became known now.

        Raises:
            Conflict: somebody else signed one, or the publication isn't `publishing`.
        """
        with self.writing() as connection:
            number = 1 + (
                connection.execute(
                    sa.select(sa.func.max(attempts.c.number)).where(
                        attempts.c.publication_id == publication_id
                    )
                ).scalar()
                or 0
            )
            self._refuse_alive(connection, publication_id)
            changes = {"trx_id": new.trx_id}
            if operations is not None:
                plan = publication_of(self._row(connection, publication_id))
                digest = replace(plan, operations=operations).sealed()
                changes |= {"operations": operations, "digest": digest}
            moved = connection.execute(
                sa.update(publications)
                .where(publications.c.id == publication_id)
                .where(publications.c.status == Status.PUBLISHING.value)
                .values(**changes, updated_at=now)
            )
            if moved.rowcount != 1:
                raise Conflict(f"publication {publication_id} isn't publishing any more")
            try:
                with connection.begin_nested():
                    row = connection.execute(
                        sa.insert(attempts)
                        .values(
                            **asdict(new),
                            publication_id=publication_id,
                            number=number,
                            outcome=Outcome.SIGNED.value,
                            digest=new.sealed(),
                            **self._bearer(),
                        )
                        .returning(attempts)
                    ).one()
            except sa.exc.IntegrityError:
                raise Conflict(f"publication {publication_id}: another worker signed it") from None
            return attempt_of(row)

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
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            connection.execute(
                dialect.insert(pictures)
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
