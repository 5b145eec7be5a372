"""What the records tell: publications, attempts and events, as frozen values."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Self, TypeVar

import sqlalchemy as sa

from bot.records import ready
from bot.records.engine import reading, snapshot
from bot.records.naming import Address, beginning
from bot.records.tables import (
    LIVING,
    ON_TIME,
    UNABLE,
    attempts,
    events,
    news,
    node_events,
    picture_files,
    pictures,
    publications,
    queues,
    result_authors,
    result_posts,
    result_votes,
    unplanned,
)
from bot.records.values import (
    APPOINTED,
    Appointment,
    Attempt,
    Came,
    Event,
    Kind,
    LogRow,
    NodeEvent,
    Outcome,
    Outlook,
    PictureFile,
    Publication,
    Status,
)

_TRX_ID = re.compile(r"[0-9a-f]{40}")
_TOLD_OF_TRX = 8  # characters of a transaction's id in the log's table
_SOME = 200  # values in one question
_ALIVE = set(Outcome) - {Outcome.EXPIRED, Outcome.FINAL}
"""Of attempts that nobody has proved dead, nor irreversible."""
Value = TypeVar("Value")


# Statements that are asked again and again are made once: that takes longer than their answers.
_ONE = sa.select(publications).where(publications.c.id == sa.bindparam("row"))
_ONE_LOCKED = _ONE.with_for_update()
ATTEMPTS = (
    sa.select(attempts)
    .where(attempts.c.publication_id == sa.bindparam("publication"))
    .order_by(attempts.c.number)
)
"""A publication's attempts, first to last."""


class RecordsReader:
    """The reading half of `Records`; changes nothing."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def get(self, publication_id: int) -> Publication:
        """One publication."""
        with self.reading() as connection:
            return publication_of(connection.execute(_ONE, {"row": publication_id}).one())

    def due(
        self, now: datetime, calendar: datetime, limit: int, worker: str
    ) -> tuple[Publication, ...]:
        """What may go on now, oldest first, of the authors that `worker` has in hand.

        Args:
            calendar: the instant by which appointments are judged.
        """
        given = ready.clocks(now, calendar) | {"mine": worker, "most": limit}
        return self._select(ready.DUE, given)

    def rest(self, now: datetime, calendar: datetime, worker: str) -> timedelta | None:
        """How long until `worker` can take something up; nothing when it can now."""
        given = ready.clocks(now, calendar)
        with self.reading() as connection:
            if connection.execute(ready.CAN_GO_ON, given | {"mine": worker}).first() is not None:
                return timedelta(0)
            retry = connection.execute(ready.NEXT_RETRY, given).scalar()
        look = self.until_look(calendar)
        rests = [rest for rest in (look, retry and retry - now) if rest is not None]
        return min(rests, default=None)

    def until_look(self, calendar: datetime) -> timedelta | None:
        """How long until the next appointment after this instant; None: there is none."""
        given = ready.clocks(calendar, calendar)
        with self.reading() as connection:
            looks = [connection.execute(query, given).scalar() for query in ready.NEXT_LOOKS]
        return min((look - calendar for look in looks if look is not None), default=None)

    def awaits(self, chain: str) -> bool:
        """Whether something is still to go out on this chain."""
        with self.reading() as connection:
            # each in an index's order: PostgreSQL would read the table, where it expects many
            return any(
                connection.execute(
                    sa.select(publications.c.id)
                    .where(publications.c.chain == chain, publications.c.status == status.value)
                    .order_by(publications.c.scheduled_at)
                    .limit(1)
                ).first()
                for status in (Status.QUEUED, Status.WAITING)
            )

    def in_flight(self, worker: str) -> tuple[Publication, ...]:
        """What is on its way of the authors that `worker` has in hand: publishing and included."""
        return self._select(ready.IN_FLIGHT, {"mine": worker})

    def refused_alive(self, chain: str) -> tuple[tuple[Publication, Attempt], ...]:
        """Rejected publications whose last transaction isn't proved dead, with that attempt."""
        query = sa.select(attempts).where(attempts.c.outcome.in_([each.value for each in _ALIVE]))
        with self.reading() as connection:
            rows = connection.execute(query.order_by(attempts.c.number))
            alive = {row.publication_id: attempt_of(row) for row in rows}
        here = [
            row
            for some in portions(sorted(alive))
            for row in self._select(sa.select(publications).where(publications.c.id.in_(some)))
        ]
        rejected = [r for r in here if r.status is Status.REJECTED and r.chain == chain]
        return tuple((row, alive[row.id]) for row in rejected)

    def unable(self, chain: str) -> tuple[Publication, ...]:
        """What waits until its author can be posted for."""
        return self._select(
            sa.select(publications)
            .where(publications.c.chain == chain, UNABLE)
            .order_by(publications.c.author, publications.c.id)
        )

    def latest(self) -> tuple[Publication, ...]:
        """The latest publication of each brief on each chain."""
        went_out = sa.case((sa.not_(never_went_out(publications)), publications.c.id))
        newest = (
            sa.select(sa.func.coalesce(sa.func.max(went_out), sa.func.max(publications.c.id)))
            .where(publications.c.kind != Kind.REBLOG.value)
            .group_by(publications.c.queue, publications.c.chain, publications.c.brief)
        )
        return self._select(
            sa.select(publications).where(publications.c.id.in_(newest)).order_by(publications.c.id)
        )

    def at(self, chain: str, author: str, permlink: str) -> Publication | None:
        """The post or reply that has this address, or is to have it."""
        found = self._select(
            sa.select(publications)
            .where(publications.c.chain == chain)
            .where(publications.c.author == author)
            .where(publications.c.permlink == permlink, LIVING)
        )
        return found[0] if found else None

    def knows(self, trx_id: str) -> bool:
        """Whether a transaction is recorded: signed here, or found on the chain."""
        with self.reading() as connection:
            return any(
                connection.execute(
                    sa.select(table.c.id).where(table.c.trx_id == trx_id).limit(1)
                ).first()
                for table in (attempts, publications)
            )

    def last_included(self) -> datetime | None:
        """When a block took something last, by its chain's clock; None when none has."""
        with self.reading() as connection:
            at: datetime | None = connection.execute(
                sa.select(sa.func.max(publications.c.included_at))
            ).scalar()
        return at

    def published(self, **equal: str) -> dict[tuple[str, str], Publication]:
        """Each brief's text as it was last published, by (chain, brief); none that were deleted.

        Args:
            equal: `chain` and `brief`, to look for these only.
        """
        newest = (
            sa.select(sa.func.max(publications.c.id))
            .where(publications.c.status == Status.FINAL.value)
            .where(publications.c.kind != Kind.REBLOG.value)
            .group_by(publications.c.queue, publications.c.chain, publications.c.brief)
        )
        for column, value in equal.items():
            newest = newest.where(publications.c[column] == value)
        rows = self._select(sa.select(publications).where(publications.c.id.in_(newest)))
        return {(row.chain, row.brief): row for row in rows if row.kind is not Kind.DELETE}

    def attempts(self, publication_id: int) -> tuple[Attempt, ...]:
        """A publication's attempts, first to last."""
        with self.reading() as connection:
            rows = connection.execute(ATTEMPTS, {"publication": publication_id})
            return tuple(attempt_of(row) for row in rows)

    def events(self, publication_id: int) -> tuple[Event, ...]:
        """A publication's changes of status, first to last."""
        with self.reading() as connection:
            rows = connection.execute(
                sa.select(events)
                .where(events.c.publication_id == publication_id)
                .order_by(events.c.id)
            )
            return tuple(event_of(row) for row in rows)

    def revision(self) -> str:
        """Another text whenever something that people look at has changed: cheap to ask."""
        last = [
            sa.func.max(events.c.id),
            sa.func.max(news.c.id),
            sa.func.max(unplanned.c.id),
            sa.func.sum(queues.c.revision),
            sa.func.sum(result_authors.c.number),
        ]
        with self.reading() as connection:
            told = [connection.scalar(sa.select(one)) or 0 for one in last]
        return ".".join(map(str, told))

    def queue_at(self, place: str) -> str | None:
        """The queue that was looked at from this host and path; None where that isn't one."""
        with self.reading() as connection:
            found = connection.execute(
                sa.select(queues.c.id).where(queues.c.place == place)
            ).scalars()
            known = list(found)
        return known[0] if len(known) == 1 else None

    def picture(self, host: str, sha256: str) -> str | None:
        """The address of a picture that this image host has taken; None when it hasn't."""
        with self.reading() as connection:
            url: str | None = connection.execute(
                sa.select(pictures.c.url)
                .where(pictures.c.host == host)
                .where(pictures.c.sha256 == sha256)
            ).scalar()
        return url

    def picture_file(self, sha256: str) -> PictureFile | None:
        """A picture that an unpublished publication shows; None when it isn't here."""
        query = sa.select(picture_files).where(picture_files.c.sha256 == sha256)
        with self.reading() as connection:
            row = connection.execute(query).one_or_none()
        return PictureFile(row.sha256, row.kind, row.data) if row else None

    def node_events(self, since: datetime) -> tuple[NodeEvent, ...]:
        """Nodes that were set aside since then, first to last."""
        with self.reading() as connection:
            rows = connection.execute(
                sa.select(node_events).where(node_events.c.at >= since).order_by(node_events.c.id)
            )
            return tuple(
                NodeEvent(
                    at=row.at, chain=row.chain, node=row.node, reason=row.reason, worker=row.worker
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
        **equal: str | int | None,
    ) -> tuple[LogRow, ...]:
        """The publication log: what happened last comes last (`LogRow.happened_at`).

        Args:
            since: it happened at or after this instant.
            until: it happened before this instant.
            limit: those that changed last, so many.
            equal: columns and the values they must have: `author`, `brief`, `chain`, `id`, `path`,
                `permlink`, `trx_id`; None is no condition.
        """
        query = log_query()
        if statuses:
            query = query.where(publications.c.status.in_([s.value for s in statuses]))
        if since is not None:
            query = query.where(happened_at >= since)
        if until is not None:
            query = query.where(happened_at < until)
        for column, value in equal.items():
            if value is not None:
                query = query.where(publications.c[column] == value)
        if limit is not None:
            last = publications.c.updated_at.desc(), publications.c.id.desc()
            query = query.order_by(*last).limit(limit)
        with self.reading() as connection:
            rows = connection.execute(query).all()
        found = [log_row_of(row) for row in rows]
        return tuple(sorted(found, key=lambda row: (row.happened_at, row.publication.id)))

    def find(self, which: str) -> tuple[LogRow, ...]:
        """Publications of one brief, by what people call it (`naming`), or by transaction id.

        What has just this name comes before what has a name that begins so.

        Raises:
            Ambiguous: several briefs have names that begin so.
        """
        found: tuple[LogRow, ...] = ()
        if address := Address.of(which):
            found = self.log(author=address.author, permlink=address.permlink)
            if address.place and "://" not in address.place:
                found = tuple(row for row in found if address.place in _places(row.publication))
        elif _TRX_ID.fullmatch(which):
            found = self.log(trx_id=which)
        elif which.startswith("/"):
            folder, _, name = which.rpartition("/")  # not in the queue, published all the same
            rows = self.log(path=name)
            found = tuple(row for row in rows if row.publication.queue.endswith(f":{folder}"))
        found = found or self.log(brief=which) or self.log(path=which)
        return found or self._beginning(which)

    def _beginning(self, which: str) -> tuple[LogRow, ...]:
        def called(row: Any) -> tuple[str, ...]:
            trx = row.trx_id if row.trx_id and len(which) >= _TOLD_OF_TRX else ""
            return row.brief, row.path, f"@{row.author}/{row.permlink}", trx

        meant = beginning(which, self.names(), called, lambda row: row.brief)
        return self.log(brief=meant[0].brief) if meant else ()

    def names(self) -> Sequence[Any]:
        """What publications are called by: rows of brief, path, author, permlink and trx_id."""
        columns = ("brief", "path", "author", "permlink", "trx_id")
        with self.reading() as connection:
            return connection.execute(
                sa.select(*(publications.c[name] for name in columns)).distinct()
            ).all()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection for questions."""
        with reading(self._engine) as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """A connection for questions that are all answered as of one moment."""
        with snapshot(self._engine) as connection:
            yield connection

    def _select(
        self, query: sa.Select[Any], given: Mapping[str, Any] | None = None
    ) -> tuple[Publication, ...]:
        with self.reading() as connection:
            return tuple(publication_of(row) for row in connection.execute(query, given))

    @staticmethod
    def _row(connection: sa.Connection, publication_id: int) -> sa.Row[Any]:
        """The publication's row, locked until the end of the transaction."""
        return connection.execute(_ONE_LOCKED, {"row": publication_id}).one()


def _places(row: Publication) -> set[str]:
    """What may stand before an address."""
    return {row.chain, row.category}


CAME = (
    "replies", "symbol", "precision", "pending", "author_payout", "paid_at", "read_at",
)  # fmt: skip
happened_at = sa.case(
    (publications.c.included_at < publications.c.updated_at, publications.c.included_at),
    else_=publications.c.updated_at,
)
"""`LogRow.happened_at`; `tables.HAPPENED` says the same, and its indexes serve this."""


def log_query() -> sa.Select[Any]:
    """The question for rows of the log; `log_row_of` reads them."""
    counted = (
        sa.select(sa.func.count())
        .where(attempts.c.publication_id == publications.c.id)
        .scalar_subquery()
    )
    here = sa.and_(
        result_posts.c.chain == publications.c.chain,
        result_posts.c.author == publications.c.author,
        result_posts.c.permlink == publications.c.permlink,
        publications.c.kind != Kind.REBLOG.value,
    )
    voted = (
        sa.select(sa.func.count())
        .where(result_votes.c.post_id == result_posts.c.id, result_votes.c.percent != 0)
        .scalar_subquery()
    )
    return sa.select(
        publications,
        counted.label("attempts"),
        voted.label("votes"),
        *(result_posts.c[name] for name in CAME),
    ).select_from(publications.outerjoin(result_posts, here))


def log_row_of(row: sa.Row[Any]) -> LogRow:
    """A row of the log."""
    return LogRow(publication_of(row), row.attempts, came_of(row))


def event_of(row: sa.Row[Any]) -> Event:
    """An event from its row."""
    values = {column.name: getattr(row, column.name) for column in events.columns}
    values |= {
        "source": Status(row.source) if row.source else None,
        "target": Status(row.target),
    }
    return Event(**values)


def never_went_out(table: sa.FromClause) -> sa.ColumnElement[bool]:
    """Plans that were cancelled: no publication of their brief follows them.

    A brief that was renamed may have the name of one, whose plan is newer than its own post.
    """
    first = table.c.kind.in_([Kind.POST.value, Kind.REPLY.value])
    return sa.and_(table.c.status == Status.CANCELLED.value, first)


def storable(text: str) -> str:
    """A name from outside as a database can hold it: no half characters, no NUL (PostgreSQL)."""
    return text.encode(errors="replace").decode().replace("\0", "")


def portions(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """As many values at a time as fit well into one question."""
    for start in range(0, len(values), _SOME):
        yield values[start : start + _SOME]


def publication_of(row: sa.Row[Any]) -> Publication:
    """A publication from its row."""
    values = {column.name: getattr(row, column.name) for column in publications.columns}
    told = {name: values.pop(name) for name in APPOINTED}
    del values["size"]
    told["outlook"] = Outlook(told["outlook"]) if told["outlook"] else None
    values |= {
        "appointment": Appointment(**told),
        "status": Status(row.status),
        "kind": Kind(row.kind),
        "tags": tuple(row.tags),
        "shows": tuple(sorted((row.shows or {}).items())),
    }
    return Publication(**values)


def came_of(row: sa.Row[Any]) -> Came | None:
    """What came of a publication, from the log's row; None as long as nothing was read."""
    if row.read_at is None:
        return None
    return Came(
        votes=row.votes,
        replies=row.replies,
        symbol=row.symbol,
        precision=row.precision,
        pending=row.pending,
        earned=row.author_payout,
        paid_at=row.paid_at,
        read_at=row.read_at,
    )


def attempt_of(row: sa.Row[Any]) -> Attempt:
    """An attempt from its row."""
    values = {column.name: getattr(row, column.name) for column in attempts.columns}
    return Attempt(**(values | {"outcome": Outcome(row.outcome)}))


def late(before: datetime) -> sa.ColumnElement[bool]:
    """What was to go out before this instant, and still is to.

    Not what the calendar has put off, nor what was only then queued with a date of long ago.
    """
    put_off = sa.and_(
        publications.c.status == Status.QUEUED.value,
        sa.or_(publications.c.look_at.is_(None), publications.c.look_at >= before),
    )
    return sa.and_(
        ON_TIME,
        publications.c.due_at < before,
        publications.c.created_at < before,
        sa.not_(put_off),
    )
