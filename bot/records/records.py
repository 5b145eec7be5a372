"""The records of one database: every change of status with its event, in one transaction."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.records.engine import (
    VERSION,
    DatabaseUnavailable,
    NoDatabase,
    RecordsError,
    SchemaDiffers,
    address_of,
    connect,
    examine,
    said_plainly,
    schema_version,
    upgrade,
)
from bot.records.leases import Leases
from bot.records.reading import RecordsReader, attempt_of, never_went_out, publication_of
from bot.records.tables import (
    LIVING,
    attempts,
    events,
    leases,
    node_events,
    pictures,
    publications,
)
from bot.records.transitions import ARROWS, UNPUBLISHED
from bot.records.values import (
    Attempt,
    Kind,
    Lease,
    NewAttempt,
    NewPublication,
    Outcome,
    Publication,
    Status,
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


_ADDED = {
    Kind.POST: "a new brief in the queue",
    Kind.REPLY: "a new brief in the queue",
    Kind.EDIT: "the brief's text isn't the published one",
    Kind.DELETE: "a person deletes it",
    Kind.REBLOG: "a person reblogs it",
}
_SENDS = {Outcome.SENT, Outcome.UNKNOWN, Outcome.REFUSED}


class Records(RecordsReader):
    """Publications, attempts and events; safe to use from several threads and processes."""

    def __init__(
        self, engine: sa.Engine, lease: Lease | None = None, leases: Leases | None = None
    ) -> None:
        super().__init__(engine)
        self._lease = lease
        self._leases = leases

    @classmethod
    def open(cls, url: str, *, create: bool = False) -> Self:
        """Open the database at `url`, and with `create` make it when there is none yet.

        Raises:
            BadAddress: there can be no database of that address.
            DatabaseUnavailable: it isn't there or doesn't answer.
            SchemaDiffers: it was made by another version; the message says what to do.
        """
        address = address_of(url)
        if not create and address.get_backend_name() == "sqlite":
            file = Path(address.database or "")
            try:
                file.lstat()
            except (FileNotFoundError, NotADirectoryError):
                raise NoDatabase(
                    f"there is no database {file.name} yet: `briefbot run`, `briefbot publish` or "
                    "`briefbot db upgrade` makes it"
                ) from None
            except OSError as error:
                raise DatabaseUnavailable(
                    f"database: can't look at {file.name}: {error.strerror}; let this user read "
                    "its folder, or set `database`"
                ) from None
        records = cls(connect(url, create=create))
        try:
            records._check_schema(create=create)
        except RecordsError:
            records.close()
            raise
        return records

    def examine(self) -> None:
        """Make sure that the database is whole; raises `DatabaseUnavailable` when it isn't."""
        examine(self._engine)

    def try_writing(self, now: datetime) -> None:
        """Write something, read it back and take it away again, in one transaction.

        The commit goes to the disk like any other: a disk that is full, or a database that can
        only be read, shows here and not by reading.

        Raises:
            DatabaseUnavailable: it can't be written, or doesn't give back what was written.
        """
        written = token_hex(4096)
        with self.writing() as connection:
            row = sa.insert(node_events).values(at=now, chain="", node="", reason=written)
            here = node_events.c.id == connection.scalar(row.returning(node_events.c.id))
            told = connection.scalar(sa.select(node_events.c.reason).where(here))
            connection.execute(sa.delete(node_events).where(here))
        if told != written:
            raise DatabaseUnavailable(
                "the database gives back other than what was written to it: restore a backup, or "
                "move it away; a new one is rebuilt from the chain (docs/records.md)"
            )

    def _check_schema(self, *, create: bool) -> None:
        version = schema_version(self._engine)
        if version is None and create:
            version = upgrade(self._engine)
        if version is None:
            raise SchemaDiffers("the database is empty: run `briefbot db upgrade`")
        if version != VERSION:
            remedy = "run `briefbot db upgrade`" if version < VERSION else "install that briefbot"
            raise SchemaDiffers(
                f"the database has schema {version}, this briefbot works with {VERSION}: {remedy}"
            )

    # -- workers ---------------------------------------------------------------------------------

    def leases(self, worker: str | None = None, seconds: float | None = None) -> Leases:
        """The leases of one worker; by default of this process."""
        return Leases(self._engine, worker, seconds)

    def under(self, lease: Lease, leases: Leases) -> Self:
        """These records for work under a lease.

        Every change carries its worker and fence; once another worker has taken the author over,
        each raises `LeaseLost` and changes nothing.
        """
        return type(self)(self._engine, lease, leases)

    def confirm_lease(self) -> None:
        """Make sure, right before something is sent, that nobody has taken the author over.

        Raises:
            LeaseLost: somebody has, or may have by now.
        """
        if self._lease is not None:
            with self.reading() as connection:
                self._refuse_stale(connection, self._lease)
            if self._leases is not None and not self._leases.trusts(self._lease):
                raise LeaseLost(f"the lease for {self._lease.author} has run out here")

    # -- the plan --------------------------------------------------------------------------------

    def add(
        self,
        new: NewPublication,
        now: datetime,
        *,
        after: Publication | None = None,
        held: str | None = None,
    ) -> Publication:
        """Record a brief's plan as `queued`.

        Args:
            after: the brief's publication that this one follows, as it was last seen.
            held: why it is held from the beginning, so that nobody takes it up in between.

        Raises:
            PermlinkTaken: another brief's publication has this address.
            Conflict: this brief has a publication on this chain already, or a later one than
                `after`.
        """
        with self.writing() as connection:
            return self._add(connection, new, now, after=after, held=held)

    def add_all(
        self, plans: Sequence[NewPublication], now: datetime
    ) -> list[Publication | RecordsError]:
        """Record many new briefs' plans in one transaction; each one's row, or why it has none."""
        found: list[Publication | RecordsError] = []
        with self.writing() as connection:
            try:
                with connection.begin_nested():
                    return [*self._add_together(connection, plans, now)]
            except sa.exc.IntegrityError:  # for some of them; which, is seen one by one
                pass
            for new in plans:
                try:
                    found.append(self._add(connection, new, now))
                except (PermlinkTaken, Conflict) as error:
                    found.append(error)
        return found

    def _add_together(
        self, connection: sa.Connection, plans: Sequence[NewPublication], now: datetime
    ) -> list[Publication]:
        if not plans:
            return []
        rows = connection.execute(
            sa.insert(publications).returning(publications, sort_by_parameter_order=True),
            [_planned(new, now) for new in plans],
        ).all()
        self._provide_leases(connection, plans)
        connection.execute(
            sa.insert(events),
            [
                {
                    "publication_id": row.id,
                    "at": now,
                    "target": Status.QUEUED.value,
                    "reason": _ADDED[new.kind],
                    **self._bearer(),
                }
                for row, new in zip(rows, plans, strict=True)
            ],
        )
        return [publication_of(row) for row in rows]

    def _add(
        self,
        connection: sa.Connection,
        new: NewPublication,
        now: datetime,
        *,
        after: Publication | None = None,
        held: str | None = None,
    ) -> Publication:
        if after is not None:
            self._refuse_overtaken(connection, after)
        try:
            with connection.begin_nested():
                row = connection.execute(
                    sa.insert(publications).values(_planned(new, now)).returning(publications)
                ).one()
        except sa.exc.IntegrityError:
            raise self._why_taken(connection, new) from None
        self._provide_leases(connection, [new])
        self._event(connection, row.id, None, Status.QUEUED, _ADDED[new.kind], now)
        added = publication_of(row)
        if held is None:
            return added
        return self._move(connection, added, Status.HELD, held, now, error=held)

    def replan(self, old: Publication, new: NewPublication, now: datetime) -> Publication:
        """Put a changed brief's plan in place of the old one, while nothing of it is on its way.

        What was rejected or missed is queued again by it; or held, when it was held before.

        Raises:
            Conflict: it is on its way, a transaction of the old plan may still be included, or
                another worker was quicker with a newer look at the file.
            PermlinkTaken: another brief's publication has the new address.
        """
        with self.writing() as connection:
            self._refuse_alive(connection, old.id)
            try:
                with connection.begin_nested():
                    row = connection.execute(
                        sa.update(publications)
                        .where(publications.c.id == old.id)
                        .where(*_unchanged(old))
                        .where(publications.c.status.in_([s.value for s in UNPUBLISHED]))
                        .values(**_columns(new), digest=new.sealed(), updated_at=now)
                        .returning(publications)
                    ).one_or_none()
            except sa.exc.IntegrityError:
                raise self._why_taken(connection, new) from None
            if row is None:
                raise Conflict(f"{new.brief} is on its way, or was changed meanwhile; look again")
            self._provide_leases(connection, [new])
            planned = publication_of(row)
            if planned.status in {Status.REJECTED, Status.MISSED}:
                held = self._held_before(connection, planned.id)
                target = Status.QUEUED if held is None else Status.HELD
                why = held or "the brief was changed"
                planned = self._move(connection, planned, target, why, now, error=held)
            return planned

    def expedite(self, publication_id: int, now: datetime) -> Publication:
        """Let a queued publication go out at once, whatever its date; a person's word.

        Raises:
            Conflict: it isn't queued any more.
        """
        with self.writing() as connection:
            current = publication_of(self._row(connection, publication_id))
            if current.status is not Status.QUEUED:
                raise Conflict(f"{current.brief} is {current.status} by now")
            digest = replace(current, scheduled_at=None).sealed()
            row = connection.execute(
                sa.update(publications)
                .where(publications.c.id == publication_id)
                .values(scheduled_at=None, digest=digest, updated_at=now)
                .returning(publications)
            ).one()
            return publication_of(row)

    def reject(self, old: Publication, reason: str, fingerprint: str, now: datetime) -> Publication:
        """Keep a publication back whose brief can't be sent as it is now.

        Raises:
            Conflict: it is on its way, a transaction of it may still be included, or another
                worker was quicker.
        """
        return self._set_aside(
            old, Status.REJECTED, reason, now, error=reason, fingerprint=fingerprint
        )

    def withdraw(self, old: Publication, reason: str, now: datetime) -> Publication:
        """Cancel a publication whose brief isn't there; raises as `reject`."""
        return self._set_aside(old, Status.CANCELLED, reason, now)

    def rename(self, old: Publication, brief: str, path: str, now: datetime) -> None:
        """Give all publications of a brief the identity and the path that its file has now.

        Raises:
            Conflict: another worker was quicker.
        """
        with self.writing() as connection:
            rows = connection.execute(
                sa.select(publications)
                .where(publications.c.queue == old.queue, publications.c.brief == old.brief)
                .order_by(publications.c.id)
                .with_for_update()
            )
            before = {row.id: publication_of(row) for row in rows}
            there = before.get(old.id)
            if there is None or there.path != old.path:
                raise Conflict(f"{old.brief} has moved on meanwhile; look again")
            try:
                with connection.begin_nested():
                    for row in before.values():
                        renamed = replace(row, brief=brief, path=path)
                        # one that doesn't fit its record stays damaged
                        fits = row.digest == row.sealed()
                        digest = renamed.sealed() if fits else row.digest
                        connection.execute(
                            sa.update(publications)
                            .where(publications.c.id == row.id)
                            .values(brief=brief, path=path, digest=digest, updated_at=now)
                        )
            except sa.exc.IntegrityError:
                raise Conflict(f"{brief} is recorded already; look again") from None
            for row in {row.chain: row for row in before.values()}.values():
                why = f"renamed from {old.path}"
                self._event(connection, row.id, row.status, row.status, why, now)

    def _set_aside(
        self, old: Publication, target: Status, reason: str, now: datetime, **changes: Any
    ) -> Publication:
        """Move along, as long as the row is what was seen, and nothing of it is on its way."""
        with self.writing() as connection:
            self._refuse_alive(connection, old.id)
            current = publication_of(self._row(connection, old.id))
            if (current.wanted, current.fingerprint) != (old.wanted, old.fingerprint):
                raise Conflict(f"{old.brief} was changed meanwhile; look again")
            if current.status not in UNPUBLISHED:
                raise Conflict(f"{current.brief} is {current.status}")
            if current.status is target:
                return current
            return self._move(connection, current, target, reason, now, wanted="", **changes)

    def cancel(self, publication_id: int, reason: str, now: datetime) -> Publication:
        """Cancel a publication of which nothing is on its way; a person's word.

        Raises:
            Conflict: it is on its way, or a transaction of it may still be included.
        """
        with self.writing() as connection:
            self._refuse_alive(connection, publication_id)
            current = publication_of(self._row(connection, publication_id))
            if current.status not in UNPUBLISHED:
                raise Conflict(f"{current.brief} is {current.status}; that can't be withdrawn")
            wanted = current.wanted or None  # it's no longer up to the file's mistake
            return self._move(connection, current, Status.CANCELLED, reason, now, wanted=wanted)

    # -- the journey -----------------------------------------------------------------------------

    def move(
        self,
        publication_id: int,
        source: Status,
        target: Status,
        reason: str,
        now: datetime,
        *,
        retry_at: datetime | None = None,
        error: str | None = None,
        attempt: tuple[int, Outcome] | None = None,
        **found: Any,
    ) -> Publication:
        """Move along one arrow, with its event; `retry_at` and `error` hold until the next move.

        Args:
            attempt: id of an attempt, and what has become of it by the same news.
            found: `trx_id`, `block_num`, `included_at`, `final_at`, `operations` as they become
                known.

        Raises:
            IllegalTransition: there is no such arrow.
            Conflict: it isn't in `source` any more.
        """
        with self.writing() as connection:
            current = publication_of(self._row(connection, publication_id))
            if current.status is not source:
                raise Conflict(f"{current.brief} is {current.status} by now, not {source}")
            if attempt is not None:
                connection.execute(
                    sa.update(attempts)
                    .where(attempts.c.id == attempt[0])
                    .values(outcome=attempt[1].value, error=None)
                )
            known = {name: value for name, value in found.items() if value is not None}
            if "operations" in known:
                known["digest"] = replace(current, operations=known["operations"]).sealed()
            return self._move(
                connection, current, target, reason, now, retry_at=retry_at, error=error, **known
            )

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

    def settle(
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

    def rebase(self, publication_id: int, base: str, reason: str, now: datetime) -> Publication:
        """Let a held edit go out over the text that stands on the chain now.

        Args:
            base: that text's digest.

        Raises:
            Conflict: it isn't held any more.
        """
        with self.writing() as connection:
            current = publication_of(self._row(connection, publication_id))
            if current.status is not Status.HELD:
                raise Conflict(f"{current.brief} is {current.status}, not held")
            return self._move(connection, current, Status.QUEUED, reason, now, base=base)

    def results(
        self,
        publication_id: int,
        *,
        votes: int,
        replies: int,
        pending_payout: str | None,
        now: datetime,
    ) -> None:
        """Store what came of a post."""
        with self.writing() as connection:
            connection.execute(
                sa.update(publications)
                .where(publications.c.id == publication_id)
                .values(votes=votes, replies=replies, pending_payout=pending_payout, results_at=now)
            )

    # -- inside ----------------------------------------------------------------------------------

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A connection for changes, which are made together or not at all."""
        with said_plainly(), self._engine.begin() as connection:
            if self._lease is not None:
                self._refuse_stale(connection, self._lease)
            yield connection

    @staticmethod
    def _refuse_stale(connection: sa.Connection, lease: Lease) -> None:
        """The fence: the lease's row stays locked, so that no takeover comes between."""
        held = connection.execute(
            sa.select(leases.c.id)
            .where(leases.c.id == lease.id, leases.c.fence == lease.fence)
            .with_for_update(read=True)
        ).first()
        if held is None:
            raise LeaseLost(f"another worker has taken {lease.author} over on {lease.chain}")

    def _bearer(self) -> dict[str, Any]:
        """Who writes, for the rows that tell."""
        if self._lease is None:
            return {}
        return {"worker": self._lease.worker, "fence": self._lease.fence}

    @staticmethod
    def _provide_leases(connection: sa.Connection, plans: Iterable[NewPublication]) -> None:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(
            dialect.insert(leases).on_conflict_do_nothing(),
            [
                {"chain": chain, "author": author}
                for chain, author in sorted({(new.chain, new.author) for new in plans})
            ],
        )

    def _move(
        self,
        connection: sa.Connection,
        current: Publication,
        target: Status,
        reason: str,
        now: datetime,
        **changes: Any,
    ) -> Publication:
        if target not in ARROWS[current.status]:
            raise IllegalTransition(f"{current.brief}: no arrow {current.status} → {target}")
        row = connection.execute(
            sa.update(publications)
            .where(publications.c.id == current.id)
            .where(publications.c.status == current.status.value)
            .values(
                {"retry_at": None, "error": None}
                | changes
                | {"status": target.value, "updated_at": now}
            )
            .returning(publications)
        ).one_or_none()
        if row is None:
            raise Conflict(f"{current.brief} isn't {current.status} any more")
        self._event(connection, current.id, current.status, target, reason, now)
        return publication_of(row)

    def _event(
        self,
        connection: sa.Connection,
        publication_id: int,
        source: Status | None,
        target: Status,
        reason: str,
        now: datetime,
    ) -> None:
        connection.execute(
            sa.insert(events).values(
                publication_id=publication_id,
                at=now,
                source=source.value if source else None,
                target=target.value,
                reason=reason,
                **self._bearer(),
            )
        )

    @staticmethod
    def _held_before(connection: sa.Connection, publication_id: int) -> str | None:
        """Why a publication was held until its last move; None when it wasn't."""
        moves = connection.execute(
            sa.select(events.c.source, events.c.reason)
            .where(events.c.publication_id == publication_id)
            .where(events.c.source.is_distinct_from(events.c.target))
            .order_by(events.c.id.desc())
            .limit(2)
        ).all()
        if not moves or moves[0].source != Status.HELD.value:
            return None
        return str(moves[-1].reason)

    @staticmethod
    def _refuse_alive(connection: sa.Connection, publication_id: int) -> None:
        """No new plan and no new signature while an earlier transaction could be included."""
        alive = connection.execute(
            sa.select(attempts.c.expiration)
            .where(attempts.c.publication_id == publication_id)
            .where(attempts.c.outcome != Outcome.EXPIRED.value)
        ).first()
        if alive is not None:
            raise Conflict(
                "its earlier transaction can still be included, until "
                f"{alive.expiration:%H:%M:%S} UTC is irreversible"
            )

    @staticmethod
    def _refuse_overtaken(connection: sa.Connection, seen: Publication) -> None:
        """Nothing follows what isn't a brief's latest any more, or has moved since."""
        row = connection.execute(
            sa.select(publications.c.id, publications.c.status)
            .where(publications.c.queue == seen.queue)
            .where(publications.c.chain == seen.chain, publications.c.brief == seen.brief)
            .order_by(never_went_out(publications), publications.c.id.desc())
            .limit(1)
        ).first()
        if row is None or (row.id, row.status) != (seen.id, seen.status.value):
            raise Conflict(f"{seen.brief} has moved on meanwhile; look again")

    @staticmethod
    def _why_taken(connection: sa.Connection, new: NewPublication) -> RecordsError:
        row = connection.execute(
            sa.select(publications)
            .where(publications.c.chain == new.chain)
            .where(publications.c.author == new.author)
            .where(publications.c.permlink == new.permlink, LIVING)
        ).first()
        if row is not None and (row.queue, row.brief) != (new.queue, new.brief):
            return PermlinkTaken(publication_of(row))
        return Conflict(f"{new.brief} is recorded already")


def _unchanged(seen: Publication) -> tuple[sa.ColumnElement[bool], ...]:
    """Whether a row's plan still is the one that was seen."""
    return (
        publications.c.fingerprint == seen.fingerprint,
        publications.c.wanted.is_not_distinct_from(seen.wanted),
    )


def _planned(new: NewPublication, now: datetime) -> dict[str, Any]:
    """A new plan's row."""
    return _columns(new) | {
        "digest": new.sealed(),
        "status": Status.QUEUED.value,
        "created_at": now,
        "updated_at": now,
    }


def _columns(new: NewPublication) -> dict[str, Any]:
    return asdict(new) | {"kind": new.kind.value, "tags": list(new.tags)}
