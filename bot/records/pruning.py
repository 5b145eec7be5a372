"""Old rows that nobody needs any more, by rules that keep true what `show`, `log` and `audit` tell.

What exactly-once needs is never taken: publications, attempts, leases, pictures, queues. What is
taken, once it is older than asked for:

- of what is final or cancelled, the events of rounds that led back to the same status (waiting and
  trying again), unless a person had a hand in one; the way from nothing to its end stays whole;
- of a post that was paid out, the course of its payout but for the last point of each day;
- nodes that were set aside; news that were told, of briefs with which nothing is open; and sessions
  that have run out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.records.engine import DatabaseUnavailable
from bot.records.reading import event_of, portions
from bot.records.records import Records
from bot.records.tables import (
    events,
    news,
    news_cursors,
    news_deliveries,
    news_ways,
    node_events,
    publications,
    result_course,
    result_posts,
    sessions,
)
from bot.records.values import Event, Status
from bot.records.workers import WorkerRecords

_SHORTEST = 4  # events of a way without a round: queued, publishing, included, final
_ENDED = [Status.FINAL.value, Status.CANCELLED.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """How many rows were taken, or would be."""

    events: int
    payout_points: int
    node_events: int
    news: int
    deliveries: int
    sessions: int

    @property
    def rows(self) -> int:
        """All of them."""
        return sum(asdict(self).values())


def prune(records: Records, before: datetime, now: datetime, *, dry_run: bool = False) -> Pruned:
    """Take what happened before an instant; in small steps, so that a service works on.

    Args:
        dry_run: only count.
    """
    old_news = _old_news(before)
    return Pruned(
        events=_prune_events(records, before, dry_run=dry_run),
        payout_points=_prune_course(records, before, dry_run=dry_run),
        node_events=_delete(records, node_events, node_events.c.at < before, dry_run=dry_run),
        deliveries=_delete(
            records,
            news_deliveries,
            news_deliveries.c.news_id.in_(sa.select(news.c.id).where(old_news)),
            dry_run=dry_run,
        ),
        news=_delete(records, news, old_news, dry_run=dry_run),
        sessions=_delete(records, sessions, sessions.c.expires_at < now, dry_run=dry_run),
    )


def rounds(way: Sequence[Event]) -> list[int]:
    """Ids of the events by which a way leads back to where it was, and nobody had a hand in."""
    kept: list[Event] = []
    taken: list[int] = []
    for event in way:
        kept.append(event)
        for index, earlier in enumerate(kept[:-1]):
            if earlier.target is event.target:
                loop = kept[index + 1 :]
                if not any(one.person for one in loop):
                    taken += [one.id for one in loop]
                    del kept[index + 1 :]
                break
    return taken


def _prune_events(records: Records, before: datetime, *, dry_run: bool) -> int:
    """Never the last event: on SQLite its number would be given out again, and news pass it over.

    Nor what news haven't looked at.
    """
    ended = sa.and_(publications.c.status.in_(_ENDED), publications.c.updated_at < before)
    long = (
        sa.select(events.c.publication_id)
        .join(publications, publications.c.id == events.c.publication_id)
        .where(ended)
        .group_by(events.c.publication_id)
        .having(sa.func.count() > _SHORTEST)
        .order_by(events.c.publication_id)
    )
    looked = sa.select(news_cursors.c.position).where(news_cursors.c.name == "events")
    count = 0
    with records.reading() as connection:
        ids = list(connection.execute(long).scalars())
        last = connection.execute(sa.select(sa.func.max(events.c.id))).scalar() or 0
        seen = connection.execute(looked).scalar()
    newest = last - 1 if seen is None else min(last - 1, seen)
    for some in portions(ids):
        with records.reading() as connection:
            taken = [
                number
                for way in _ways(connection, some)
                if way[-1].at < before
                for number in rounds(way)
                if number <= newest
            ]
        count += len(taken)
        for few in portions([] if dry_run else taken):
            with records.writing() as connection:
                connection.execute(sa.delete(events).where(events.c.id.in_(few)))
    return count


def _ways(connection: sa.Connection, ids: Sequence[int]) -> Iterator[list[Event]]:
    query = sa.select(events).where(events.c.publication_id.in_(ids))
    found: dict[int, list[Event]] = {}
    for row in connection.execute(query.order_by(events.c.publication_id, events.c.id)):
        found.setdefault(row.publication_id, []).append(event_of(row))
    yield from found.values()


def _prune_course(records: Records, before: datetime, *, dry_run: bool) -> int:
    paid = sa.select(result_posts.c.id).where(result_posts.c.paid_at < before)
    later = result_course.alias()
    of_day = sa.func.date(later.c.at) == sa.func.date(result_course.c.at)
    is_later = sa.and_(
        later.c.post_id == result_course.c.post_id, later.c.at > result_course.c.at, of_day
    )
    count = 0
    with records.reading() as connection:
        ids = list(connection.execute(paid.order_by(result_posts.c.id)).scalars())
    for some in portions(ids):
        old = sa.and_(result_course.c.post_id.in_(some), sa.exists().where(is_later))
        count += _delete(records, result_course, old, dry_run=dry_run)
    return count


def _old_news(before: datetime) -> sa.ColumnElement[bool]:
    """What was told, or is told nowhere; not the last, as of events; nor what may come again."""
    owed = sa.exists().where(
        news_deliveries.c.news_id == news.c.id, news_deliveries.c.due_at.is_not(None)
    )
    given = sa.select(sa.func.min(news_ways.c.position)).scalar_subquery()
    newest = sa.select(sa.func.max(news.c.id)).scalar_subquery()
    is_open = sa.exists().where(
        publications.c.brief == news.c.brief, publications.c.status.not_in(_ENDED)
    )
    return sa.and_(
        news.c.at < before,
        news.c.id < newest,
        sa.or_(given.is_(None), news.c.id <= given),
        sa.not_(owed),
        sa.or_(news.c.brief == "", sa.not_(is_open)),
    )


def _delete(
    records: Records, table: sa.Table, old: sa.ColumnElement[bool], *, dry_run: bool
) -> int:
    if dry_run:
        with records.reading() as connection:
            counted = sa.select(sa.func.count()).select_from(table).where(old)
            return int(connection.execute(counted).scalar_one())
    with records.writing() as connection:
        return int(connection.execute(sa.delete(table).where(old)).rowcount)


def give_back(records: Records) -> str | None:
    """Give the room of what was taken back to the disk; returns why not, and what to do, if so."""
    is_sqlite = records.file is not None
    if is_sqlite and WorkerRecords(records).is_anybody_running():
        return "SQLite uses the room again; run this while no service runs to make the file smaller"
    try:
        records.compact()
    except DatabaseUnavailable as error:
        return f"the file isn't smaller yet: {error}"
    if is_sqlite:
        return None
    return (
        "PostgreSQL uses the room again; `VACUUM FULL` gives it back to the disk, while no service "
        "runs"
    )
