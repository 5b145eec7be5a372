"""What is worth telling, kept so that nothing is told twice: news, troubles, ways, deliveries.

What is news is for `bot.news` to say; here its key is what makes it one: a restart, or another
worker, finds it told. Kinds and levels are words to this room.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, asdict, dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.records.engine import insert_into
from bot.records.reading import late, portions, publication_of
from bot.records.records import Records
from bot.records.tables import (
    events,
    from_now,
    news,
    news_cursors,
    news_deliveries,
    news_ways,
    publications,
    queues,
    troubles,
)
from bot.records.values import Event, Kind, Publication, Status
from bot.records.worker import is_gone

_LOOKED_BACK = 1000  # rows of a table that are looked through for where news begin
_GIVEN = 500  # news that a way is given in one go


@dataclass(frozen=True, slots=True)
class NewNews:
    """Something to tell.

    Attributes:
        key: what makes it one: nothing with a key that was told is told again.
        text: one sentence, for people.
        at: when it happened.
        author, brief: whose it is; empty where it is nobody's.
        url: where it can be read.
    """

    key: str
    kind: str
    level: str
    at: datetime
    text: str
    _: KW_ONLY
    chain: str = ""
    author: str = ""
    brief: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class News(NewNews):
    """Something that was worth telling."""

    _: KW_ONLY
    id: int


@dataclass(frozen=True, slots=True)
class Happened:
    """A change of status, and its publication as it is now."""

    event: Event
    publication: Publication


@dataclass(frozen=True, slots=True)
class Standing:
    """A published post as it stands now.

    Attributes:
        publication: the post, with the text of its last edit.
        edited_at: when that was; None when there was none.
    """

    publication: Publication
    edited_at: datetime | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong.

    Attributes:
        subject: of whom or what, one of its kind.
        seen_at: when it was last seen.
    """

    kind: str
    subject: str
    text: str
    began_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """News that are to be told on a way.

    Attributes:
        message: identity of the message that they were sent in; None before the first try.
        tries: how often it was sent.
    """

    news: News
    message: str | None
    due_at: datetime
    tries: int


class NewsRecords:
    """The news of one database; safe to use from several threads and processes."""

    def __init__(self, records: Records) -> None:
        self._records = records

    # -- where news come from --------------------------------------------------------------------

    def cursor(self, name: str) -> tuple[int, datetime] | None:
        """How far a table has been looked at, and since when; None when it hasn't."""
        query = sa.select(news_cursors).where(news_cursors.c.name == name)
        with self._records.reading() as connection:
            row = connection.execute(query).one_or_none()
        return (row.position, row.since) if row else None

    def switch_on(self, name: str, position: int, since: datetime) -> None:
        """Begin to look at a table, unless another worker has begun."""
        with self._records.writing() as connection:
            connection.execute(
                _insert(connection, news_cursors)
                .values(name=name, position=position, since=since)
                .on_conflict_do_nothing()
            )

    def advance(self, name: str, position: int) -> None:
        """What comes up to here has been looked at for good."""
        with self._records.writing() as connection:
            connection.execute(
                sa.update(news_cursors)
                .where(news_cursors.c.name == name, news_cursors.c.position < position)
                .values(position=position)
            )

    def start_of_events(self, since: datetime) -> int:
        """The last event before the first that happened since then."""
        last = sa.select(events.c.id, events.c.at).order_by(events.c.id.desc())
        with self._records.reading() as connection:
            rows = connection.execute(last.limit(_LOOKED_BACK)).all()
        before = [row.id for row in rows if row.at < since]
        oldest = rows[-1].id - 1 if rows else 0
        return max(before, default=oldest)

    def events_after(
        self, position: int, targets: Iterable[Status], limit: int
    ) -> tuple[tuple[Happened, ...], int]:
        """Changes into these statuses, so many, and how far that goes."""
        wanted = [status.value for status in targets]
        # said so that no index on the target is used: SQLite would read all that there ever were
        target = events.c.target.concat("")
        query = (
            sa.select(events)
            .where(events.c.id > position, target.in_(wanted))
            .order_by(events.c.id)
            .limit(limit)
        )
        with self._records.reading() as connection:
            newest = connection.execute(sa.select(sa.func.max(events.c.id))).scalar() or 0
            rows = connection.execute(query).all() if newest > position else []
            found = {
                row.id: publication_of(row)
                for some in portions(sorted({row.publication_id for row in rows}))
                for row in connection.execute(
                    sa.select(publications).where(publications.c.id.in_(some))
                )
            }
        told = tuple(Happened(_event(row), found[row.publication_id]) for row in rows)
        return told, rows[-1].id if len(rows) == limit else newest

    def overdue(self, before: datetime, limit: int) -> tuple[Publication, ...]:
        """What was to go out before this instant and didn't, the oldest first, so many."""
        query = sa.select(publications).where(late(before))
        with self._records.reading() as connection:
            rows = connection.execute(query.order_by(publications.c.due_at).limit(limit))
            return tuple(publication_of(row) for row in rows)

    def unable(self) -> tuple[tuple[str, str, str], ...]:
        """(chain, author, why) for whom nothing can be posted until a person mends something."""
        unable = sa.and_(
            publications.c.status == Status.WAITING.value, publications.c.retry_at.is_(None)
        )
        query = (
            sa.select(
                publications.c.chain, publications.c.author, sa.func.max(publications.c.error)
            )
            .where(unable)
            .group_by(publications.c.chain, publications.c.author)
        )
        with self._records.reading() as connection:
            return tuple((chain, author, why or "") for chain, author, why in
                         connection.execute(query))  # fmt: skip

    def queue_troubles(self) -> tuple[tuple[str, str], ...]:
        """(place, what is wrong) of queues whose folder looks wrong."""
        query = sa.select(queues.c.place, queues.c.trouble).where(queues.c.trouble != "")
        with self._records.reading() as connection:
            return tuple((row.place, row.trouble) for row in connection.execute(query))

    def published(self, limit: int) -> tuple[Standing, ...]:
        """The posts that became irreversible last, as they stand now: without deleted ones."""
        final = publications.c.status == Status.FINAL.value
        first = (
            sa.select(publications)
            .where(final, publications.c.kind == Kind.POST.value)
            .order_by(publications.c.final_at.desc())
            .limit(limit)
        )
        with self._records.reading() as connection:
            posts = [publication_of(row) for row in connection.execute(first)]
            later: dict[tuple[str, str, str], Publication] = {}
            for some in portions(sorted({post.brief for post in posts})):
                after = (
                    sa.select(publications)
                    .where(publications.c.brief.in_(some))
                    .where(publications.c.kind.in_([Kind.EDIT.value, Kind.DELETE.value]))
                    .order_by(publications.c.id)
                )
                for row in map(publication_of, connection.execute(after)):
                    if row.status is Status.FINAL:  # asked by the brief, not by the status
                        later[row.chain, row.author, row.permlink] = row
        now = [(post, later.get((post.chain, post.author, post.permlink))) for post in posts]
        return tuple(
            Standing(post, None)
            if last is None
            else Standing(
                replace(post, title=last.title, operations=last.operations), last.included_at
            )
            for post, last in now
            if last is None or last.kind is not Kind.DELETE
        )

    # -- what is told ----------------------------------------------------------------------------

    def tell(self, items: Iterable[NewNews]) -> tuple[News, ...]:
        """Take these down, as far as they are new; returns those that are."""
        items = tuple({item.key: item for item in items}.values())
        known = self._known([item.key for item in items])
        new = [item for item in items if item.key not in known]
        if not new:
            return ()
        with self._records.writing() as connection:
            return self._tell(connection, new)

    def last(self, kind: str) -> datetime | None:
        """When there was news of a kind last."""
        query = sa.select(sa.func.max(news.c.at)).where(news.c.kind == kind)
        with self._records.reading() as connection:
            at: datetime | None = connection.execute(query).scalar()
        return at

    def counts(self, since: datetime, until: datetime) -> Mapping[str, int]:
        """How much there was of each kind between two instants."""
        query = (
            sa.select(news.c.kind, sa.func.count())
            .where(news.c.at >= since, news.c.at < until)
            .group_by(news.c.kind)
        )
        with self._records.reading() as connection:
            return {kind: count for kind, count in connection.execute(query)}  # noqa: C416

    def troubles(self) -> tuple[Trouble, ...]:
        """What is wrong now, the oldest first."""
        columns = [troubles.c[name] for name in Trouble.__dataclass_fields__]
        with self._records.reading() as connection:
            rows = connection.execute(sa.select(*columns).order_by(troubles.c.began_at))
            return tuple(Trouble(*row) for row in rows)

    def note_troubles(
        self,
        began: Iterable[tuple[Trouble, NewNews]],
        seen: Iterable[Trouble],
        ended: Iterable[tuple[Trouble, NewNews]],
    ) -> tuple[News, ...]:
        """Take down what has begun to be wrong, what still is, and what isn't any more.

        Each beginning and each end is told by the worker that noticed it first.
        """
        with self._records.writing() as connection:
            told: list[NewNews] = []
            for trouble, item in began:
                added = (
                    _insert(connection, troubles)
                    .values(**asdict(trouble))
                    .on_conflict_do_nothing()
                    .returning(troubles.c.id)
                )
                if connection.execute(added).first() is not None:
                    told.append(item)
            for trouble in seen:
                connection.execute(
                    sa.update(troubles)
                    .where(*_same(trouble))
                    .values(seen_at=trouble.seen_at, text=trouble.text)
                )
            for trouble, item in ended:
                gone = sa.delete(troubles).where(
                    *_same(trouble), troubles.c.seen_at <= trouble.seen_at
                )
                if connection.execute(gone.returning(troubles.c.id)).first() is not None:
                    told.append(item)
            return self._tell(connection, told)

    def _known(self, keys: Sequence[str]) -> set[str]:
        with self._records.reading() as connection:
            return {
                key
                for some in portions(keys)
                for key in connection.execute(
                    sa.select(news.c.key).where(news.c.key.in_(some))
                ).scalars()
            }

    @staticmethod
    def _tell(connection: sa.Connection, items: Sequence[NewNews]) -> tuple[News, ...]:
        """In order of their numbers: who looks for what comes after one misses none.

        A number that is given out and not committed yet would be passed over, so one at a time
        writes them. SQLite lets nobody write besides anyway.
        """
        if items and connection.dialect.name == "postgresql":
            connection.execute(sa.text("LOCK TABLE news IN SHARE ROW EXCLUSIVE MODE"))
        found = []
        for item in items:
            added = _insert(connection, news).values(**asdict(item))
            row = connection.execute(added.on_conflict_do_nothing().returning(news.c.id)).first()
            if row is not None:
                found.append(News(**asdict(item), id=row.id))
        return tuple(found)

    # -- on which way ----------------------------------------------------------------------------

    def take(self, way: str, worker: str, seconds: float, since: datetime) -> bool:
        """Whether this worker may tell on a way, for so long: one at a time does.

        Args:
            since: what a way that is new begins with.
        """
        with self._records.reading() as connection:
            query = sa.select(news_ways.c.worker).where(news_ways.c.name == way)
            row = connection.execute(query).one_or_none()
            before = sa.select(sa.func.max(news.c.id)).where(news.c.at < since)
            position = 0 if row else connection.execute(before).scalar() or 0
        gone = bool(row and row.worker and row.worker != worker and is_gone(row.worker))
        with self._records.writing() as connection:
            if row is None:
                connection.execute(
                    _insert(connection, news_ways)
                    .values(name=way, position=position)
                    .on_conflict_do_nothing()
                )
            free = sa.or_(
                news_ways.c.worker.is_(None),
                news_ways.c.worker == worker,
                news_ways.c.until < from_now(0.0),
                *([news_ways.c.worker == row.worker] if gone and row else []),
            )
            taken = connection.execute(
                sa.update(news_ways)
                .where(news_ways.c.name == way, free)
                .values(worker=worker, until=from_now(seconds))
                .returning(news_ways.c.name)
            ).first()
        return taken is not None

    def leave(self, way: str, worker: str) -> None:
        """Let others tell on a way."""
        with self._records.writing() as connection:
            connection.execute(
                sa.update(news_ways)
                .where(news_ways.c.name == way, news_ways.c.worker == worker)
                .values(worker=None, until=None)
            )

    def is_behind(self, way: str) -> bool:
        """Whether there are news that a way hasn't been given."""
        position = sa.select(news_ways.c.position).where(news_ways.c.name == way)
        newest = sa.select(sa.func.max(news.c.id))
        with self._records.reading() as connection:
            given = connection.execute(position).scalar()
            return given is None or given < (connection.execute(newest).scalar() or 0)

    def give(self, way: str, kinds: Iterable[str], due_at: datetime) -> None:
        """Give a way the news that it hasn't been given yet, as far as they are of these kinds."""
        wanted = set(kinds)
        with self._records.writing() as connection:
            here = news_ways.c.name == way
            position = connection.execute(
                sa.select(news_ways.c.position).where(here).with_for_update()
            ).scalar_one()
            after = sa.select(news.c.id, news.c.kind).where(news.c.id > position)
            rows = connection.execute(after.order_by(news.c.id).limit(_GIVEN)).all()
            for row in rows:
                if row.kind in wanted:
                    connection.execute(
                        _insert(connection, news_deliveries)
                        .values(way=way, news_id=row.id, due_at=due_at)
                        .on_conflict_do_nothing()
                    )
            if rows:
                connection.execute(sa.update(news_ways).where(here).values(position=rows[-1].id))

    def owed(self, way: str, limit: int) -> tuple[Delivery, ...]:
        """What is still to be told on a way, the oldest first, so many."""
        columns = [news.c[name] for name in News.__dataclass_fields__ if name != "_"]
        query = (
            sa.select(
                news_deliveries.c.message,
                news_deliveries.c.due_at,
                news_deliveries.c.tries,
                *columns,
            )
            .join(news, news.c.id == news_deliveries.c.news_id)
            .where(news_deliveries.c.way == way, news_deliveries.c.due_at.is_not(None))
            .order_by(news.c.id)
            .limit(limit)
        )
        with self._records.reading() as connection:
            return tuple(_delivery(row) for row in connection.execute(query))

    def next_due(self, way: str) -> datetime | None:
        """When something is to be told on a way; None when there is nothing."""
        query = (
            sa.select(sa.func.min(news_deliveries.c.due_at))
            .where(news_deliveries.c.way == way)
            .where(news_deliveries.c.due_at.is_not(None))
        )
        with self._records.reading() as connection:
            due: datetime | None = connection.execute(query).scalar()
        return due

    def send(self, way: str, ids: Sequence[int], message: str) -> None:
        """Take down, before it is sent, which news are told in one message."""
        self._change(way, ids, message=message, tries=news_deliveries.c.tries + 1)

    def told(self, way: str, ids: Sequence[int], now: datetime) -> None:
        """These were told."""
        self._change(way, ids, due_at=None, delivered_at=now, error=None)

    def not_told(self, way: str, ids: Sequence[int], error: str, again_at: datetime | None) -> None:
        """These couldn't be told; `again_at` is None when it isn't tried again."""
        self._change(way, ids, due_at=again_at, error=error)

    def messages_since(self, way: str, since: datetime) -> tuple[datetime, ...]:
        """When messages were sent on a way since then, the oldest first."""
        query = (
            sa.select(news_deliveries.c.delivered_at)
            .where(news_deliveries.c.way == way, news_deliveries.c.delivered_at > since)
            .distinct()
            .order_by(news_deliveries.c.delivered_at)
        )
        with self._records.reading() as connection:
            return tuple(connection.execute(query).scalars())

    def _change(self, way: str, ids: Sequence[int], **values: Any) -> None:
        with self._records.writing() as connection:
            for some in portions(ids):
                connection.execute(
                    sa.update(news_deliveries)
                    .where(news_deliveries.c.way == way, news_deliveries.c.news_id.in_(some))
                    .values(**values)
                )


def _insert(connection: sa.Connection, table: sa.Table) -> Any:
    return insert_into(connection, table)


def _same(trouble: Trouble) -> tuple[sa.ColumnElement[bool], ...]:
    return troubles.c.kind == trouble.kind, troubles.c.subject == trouble.subject


def _event(row: sa.Row[Any]) -> Event:
    return Event(
        id=row.id,
        publication_id=row.publication_id,
        at=row.at,
        source=Status(row.source) if row.source else None,
        target=Status(row.target),
        reason=row.reason,
        worker=row.worker,
        fence=row.fence,
        person=row.person,
    )


def _delivery(row: sa.Row[Any]) -> Delivery:
    told = {name: getattr(row, name) for name in News.__dataclass_fields__ if name != "_"}
    return Delivery(News(**told), row.message, row.due_at, row.tries)
