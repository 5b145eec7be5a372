"""The records of one database: every change of status with its event, in one transaction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa

from bot.records.engine import (
    VERSION,
    NoDatabase,
    RecordsError,
    SchemaDiffers,
    connect,
    said_plainly,
    schema_version,
    upgrade,
)
from bot.records.tables import attempts, events, publications
from bot.records.transitions import ARROWS, UNPUBLISHED
from bot.records.values import (
    Attempt,
    Event,
    Kind,
    LogRow,
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


_SENDS = {Outcome.SENT, Outcome.UNKNOWN, Outcome.REFUSED}


class Records:
    """Publications, attempts and events; safe to use from several threads and processes."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str, *, create: bool = False) -> Self:
        """Open the database at `url`, and with `create` make it when there is none yet.

        Raises:
            DatabaseUnavailable: it isn't there or doesn't answer.
            SchemaDiffers: it was made by another version; the message says what to do.
        """
        if not create and url.startswith("sqlite:///"):
            file = Path(url.removeprefix("sqlite:///"))
            if not file.exists():
                raise NoDatabase(
                    f"there is no database {file.name} yet: `briefbot run`, `briefbot publish` or "
                    "`briefbot db upgrade` makes it"
                )
        records = cls(connect(url))
        try:
            records._check_schema(create=create)
        except RecordsError:
            records.close()
            raise
        return records

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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    # -- the plan --------------------------------------------------------------------------------

    def add(self, new: NewPublication, now: datetime) -> Publication:
        """Record a brief's plan as `queued`.

        Raises:
            PermlinkTaken: another brief's publication has this address.
            Conflict: this brief has a publication on this chain already.
        """
        with self._writing() as connection:
            try:
                with connection.begin_nested():
                    row = connection.execute(
                        sa.insert(publications)
                        .values(
                            **_columns(new),
                            status=Status.QUEUED.value,
                            created_at=now,
                            updated_at=now,
                        )
                        .returning(publications)
                    ).one()
            except sa.exc.IntegrityError:
                raise self._why_taken(connection, new) from None
            self._event(connection, row.id, None, Status.QUEUED, "a new brief in the queue", now)
            return _publication(row)

    def replan(self, publication_id: int, new: NewPublication, now: datetime) -> Publication:
        """Put a changed brief's plan in place of the old one, while nothing of it is on its way.

        Raises:
            Conflict: it is on its way, or a transaction of the old plan may still be included.
            PermlinkTaken: another brief's publication has the new address.
        """
        with self._writing() as connection:
            self._refuse_alive(connection, publication_id)
            try:
                with connection.begin_nested():
                    row = connection.execute(
                        sa.update(publications)
                        .where(publications.c.id == publication_id)
                        .where(publications.c.status.in_([s.value for s in UNPUBLISHED]))
                        .values(**_columns(new), updated_at=now)
                        .returning(publications)
                    ).one_or_none()
            except sa.exc.IntegrityError:
                raise self._why_taken(connection, new) from None
            if row is None:
                raise Conflict(f"{new.brief} is on its way; its old text goes out")
            return _publication(row)

    def cancel(
        self, publication_id: int, reason: str, now: datetime, *, forget_file: bool = False
    ) -> Publication:
        """Withdraw a publication of which nothing is on its way.

        Args:
            forget_file: the file has left the queue; if it comes back, it is a new brief.

        Raises:
            Conflict: it is on its way, or a transaction of it may still be included.
        """
        with self._writing() as connection:
            self._refuse_alive(connection, publication_id)
            current = _publication(self._row(connection, publication_id))
            if current.status not in UNPUBLISHED:
                raise Conflict(f"{current.brief} is {current.status}; that can't be withdrawn")
            if current.status is not Status.QUEUED:
                current = self._move(connection, current, Status.QUEUED, reason, now)
            changes = {"fingerprint": ""} if forget_file else {}
            return self._move(connection, current, Status.CANCELLED, reason, now, **changes)

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
        **found: Any,
    ) -> Publication:
        """Move along one arrow, with its event; `retry_at` and `error` hold until the next move.

        Args:
            found: `trx_id`, `block_num`, `included_at`, `final_at` as they become known.

        Raises:
            IllegalTransition: there is no such arrow.
            Conflict: it isn't in `source` any more.
        """
        with self._writing() as connection:
            current = _publication(self._row(connection, publication_id))
            if current.status is not source:
                raise Conflict(f"{current.brief} is {current.status} by now, not {source}")
            known = {name: value for name, value in found.items() if value is not None}
            return self._move(
                connection, current, target, reason, now, retry_at=retry_at, error=error, **known
            )

    def write_ahead(self, publication_id: int, new: NewAttempt, now: datetime) -> Attempt:
        """Record a signed transaction, before the first byte of it is sent.

        Raises:
            Conflict: somebody else signed one, or the publication isn't `publishing`.
        """
        with self._writing() as connection:
            number = 1 + (
                connection.execute(
                    sa.select(sa.func.max(attempts.c.number)).where(
                        attempts.c.publication_id == publication_id
                    )
                ).scalar()
                or 0
            )
            self._refuse_alive(connection, publication_id)
            moved = connection.execute(
                sa.update(publications)
                .where(publications.c.id == publication_id)
                .where(publications.c.status == Status.PUBLISHING.value)
                .values(trx_id=new.trx_id, updated_at=now)
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
                        )
                        .returning(attempts)
                    ).one()
            except sa.exc.IntegrityError:
                raise Conflict(f"publication {publication_id}: another worker signed it") from None
            return _attempt(row)

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
        with self._writing() as connection:
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
            return _attempt(row)

    def results(
        self, publication_id: int, *, votes: int, replies: int, pending_payout: str, now: datetime
    ) -> None:
        """Store what came of a post."""
        with self._writing() as connection:
            connection.execute(
                sa.update(publications)
                .where(publications.c.id == publication_id)
                .values(votes=votes, replies=replies, pending_payout=pending_payout, results_at=now)
            )

    # -- reading ---------------------------------------------------------------------------------

    def get(self, publication_id: int) -> Publication:
        """One publication."""
        with self._reading() as connection:
            return _publication(self._row(connection, publication_id))

    def due(self, now: datetime, limit: int) -> tuple[Publication, ...]:
        """What may go on now, oldest first: queued and its date come, or waiting and its time."""
        queued = sa.and_(
            publications.c.status == Status.QUEUED.value,
            sa.or_(publications.c.scheduled_at.is_(None), publications.c.scheduled_at <= now),
        )
        waiting = sa.and_(
            publications.c.status == Status.WAITING.value, publications.c.retry_at <= now
        )
        order = sa.func.coalesce(publications.c.scheduled_at, publications.c.created_at)
        return self._select(
            sa.select(publications)
            .where(sa.or_(queued, waiting))
            .order_by(order, publications.c.id)
            .limit(limit)
        )

    def next_instant(self, now: datetime) -> datetime | None:
        """The earliest instant at which something becomes due; `now` when something is."""
        if self.due(now, 1):
            return now
        queued = sa.select(sa.func.min(publications.c.scheduled_at)).where(
            publications.c.status == Status.QUEUED.value
        )
        waiting = sa.select(sa.func.min(publications.c.retry_at)).where(
            publications.c.status == Status.WAITING.value
        )
        with self._reading() as connection:
            instants = [connection.execute(query).scalar() for query in (queued, waiting)]
        return min((instant for instant in instants if instant is not None), default=None)

    def in_flight(self) -> tuple[Publication, ...]:
        """What is on its way: publishing and included."""
        return self._select(
            sa.select(publications)
            .where(publications.c.status.in_([Status.PUBLISHING.value, Status.INCLUDED.value]))
            .order_by(publications.c.id)
        )

    def refused_alive(self, chain: str) -> tuple[tuple[Publication, Attempt], ...]:
        """Rejected publications whose last transaction isn't proved dead, with that attempt."""
        rejected = self._select(
            sa.select(publications)
            .where(publications.c.status == Status.REJECTED.value)
            .where(publications.c.chain == chain)
            .where(sa.exists().where(attempts.c.publication_id == publications.c.id))
        )
        last = [(row, self.attempts(row.id)[-1]) for row in rejected]
        return tuple(pair for pair in last if pair[1].outcome is not Outcome.EXPIRED)

    def stale_results(
        self, *, final_since: datetime, seen_before: datetime, limit: int
    ) -> tuple[Publication, ...]:
        """Final publications whose results were read longest ago."""
        return self._select(
            sa.select(publications)
            .where(publications.c.status == Status.FINAL.value)
            .where(publications.c.final_at >= final_since)
            .where(
                sa.or_(publications.c.results_at.is_(None), publications.c.results_at < seen_before)
            )
            .order_by(publications.c.results_at.nulls_first(), publications.c.id)
            .limit(limit)
        )

    def latest(self) -> tuple[Publication, ...]:
        """The latest post or reply of each brief on each chain."""
        newest = (
            sa.select(sa.func.max(publications.c.id))
            .where(publications.c.kind.in_([Kind.POST.value, Kind.REPLY.value]))
            .group_by(publications.c.chain, publications.c.brief)
        )
        return self._select(
            sa.select(publications).where(publications.c.id.in_(newest)).order_by(publications.c.id)
        )

    def attempts(self, publication_id: int) -> tuple[Attempt, ...]:
        """A publication's attempts, first to last."""
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(attempts)
                .where(attempts.c.publication_id == publication_id)
                .order_by(attempts.c.number)
            )
            return tuple(_attempt(row) for row in rows)

    def events(self, publication_id: int) -> tuple[Event, ...]:
        """A publication's changes of status, first to last."""
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(events)
                .where(events.c.publication_id == publication_id)
                .order_by(events.c.id)
            )
            return tuple(
                Event(
                    publication_id=row.publication_id,
                    at=row.at,
                    source=Status(row.source) if row.source else None,
                    target=Status(row.target),
                    reason=row.reason,
                )
                for row in rows
            )

    def log(
        self,
        *,
        statuses: Sequence[Status] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
        **equal: str | None,
    ) -> tuple[LogRow, ...]:
        """The publication log, newest last.

        Args:
            since: recorded at or after this instant.
            until: recorded before this instant.
            limit: the newest so many.
            equal: columns and the values they must have: `author`, `brief`, `path`, `permlink`,
                `trx_id`; None is no condition.
        """
        counted = (
            sa.select(sa.func.count())
            .where(attempts.c.publication_id == publications.c.id)
            .scalar_subquery()
        )
        query = sa.select(publications, counted.label("attempts")).order_by(
            publications.c.id.desc()
        )
        if statuses:
            query = query.where(publications.c.status.in_([s.value for s in statuses]))
        if since is not None:
            query = query.where(publications.c.created_at >= since)
        if until is not None:
            query = query.where(publications.c.created_at < until)
        for column, value in equal.items():
            if value is not None:
                query = query.where(publications.c[column] == value)
        if limit is not None:
            query = query.limit(limit)
        with self._reading() as connection:
            rows = connection.execute(query).all()
        return tuple(LogRow(_publication(row), row.attempts) for row in reversed(rows))

    # -- inside ----------------------------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with said_plainly(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with (
            said_plainly(),
            self._engine.connect().execution_options(reading=True) as connection,
        ):
            yield connection

    def _select(self, query: sa.Select[Any]) -> tuple[Publication, ...]:
        with self._reading() as connection:
            return tuple(_publication(row) for row in connection.execute(query))

    @staticmethod
    def _row(connection: sa.Connection, publication_id: int) -> sa.Row[Any]:
        """The publication's row, locked until the end of the transaction."""
        return connection.execute(
            sa.select(publications).where(publications.c.id == publication_id).with_for_update()
        ).one()

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
        return _publication(row)

    @staticmethod
    def _event(
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
            )
        )

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
    def _why_taken(connection: sa.Connection, new: NewPublication) -> RecordsError:
        row = connection.execute(
            sa.select(publications)
            .where(publications.c.chain == new.chain)
            .where(publications.c.author == new.author)
            .where(publications.c.permlink == new.permlink)
            .where(publications.c.status != Status.CANCELLED.value)
        ).first()
        if row is not None and row.brief != new.brief:
            return PermlinkTaken(_publication(row))
        return Conflict(f"{new.brief} is recorded already")


def _columns(new: NewPublication) -> dict[str, Any]:
    return asdict(new) | {"kind": new.kind.value, "tags": list(new.tags)}


def _publication(row: sa.Row[Any]) -> Publication:
    values = {column.name: getattr(row, column.name) for column in publications.columns}
    values |= {
        "status": Status(row.status),
        "kind": Kind(row.kind),
        "tags": tuple(row.tags),
    }
    return Publication(**values)


def _attempt(row: sa.Row[Any]) -> Attempt:
    values = {column.name: getattr(row, column.name) for column in attempts.columns}
    return Attempt(**(values | {"outcome": Outcome(row.outcome)}))
