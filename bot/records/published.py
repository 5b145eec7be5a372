"""What was published in a span of time, and what came of it: for a calendar."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.records.reading import CAME, came_of
from bot.records.records import Records
from bot.records.tables import leases, publications, result_posts, result_votes
from bot.records.values import Came, Kind, Status


@dataclass(frozen=True, slots=True)
class Published:
    """A post or reply that stands in a block.

    Attributes:
        status: `included` or `final`.
        came: what came of it; None as long as nothing was read.
    """

    brief: str
    chain: str
    author: str
    permlink: str
    title: str
    status: str
    included_at: datetime
    came: Came | None


def published_between(
    records: Records,
    since: datetime,
    until: datetime,
    limit: int,
    *,
    author: str | None = None,
    chain: str | None = None,
    series: str | None = None,
) -> tuple[Published, ...]:
    """What went into blocks from `since` on and before `until`, the first one first, so many.

    It is looked for author by author, by the index over when an author's posts were included.
    """
    mine = sa.and_(
        publications.c.chain == leases.c.chain,
        publications.c.author == leases.c.author,
        publications.c.included_at >= since,
        publications.c.included_at < until,
    )
    here = sa.and_(
        result_posts.c.chain == publications.c.chain,
        result_posts.c.author == publications.c.author,
        result_posts.c.permlink == publications.c.permlink,
    )
    votes = (
        sa.select(sa.func.count())
        .where(result_votes.c.post_id == result_posts.c.id, result_votes.c.percent != 0)
        .scalar_subquery()
    )
    query = (
        sa.select(
            *(publications.c[name] for name in _TOLD),
            votes.label("votes"),
            *(result_posts.c[name] for name in CAME),
        )
        .select_from(leases.join(publications, mine).outerjoin(result_posts, here))
        .where(publications.c.status.in_([Status.INCLUDED.value, Status.FINAL.value]))
        .where(publications.c.kind.in_([Kind.POST.value, Kind.REPLY.value]))
        .order_by(publications.c.included_at, publications.c.id)
        .limit(limit)
    )
    for column, value in (
        (leases.c.author, author),
        (leases.c.chain, chain),
        (publications.c.series, series),
    ):
        if value is not None:
            query = query.where(column == value)
    with records.reading() as connection:
        rows: Sequence[Any] = connection.execute(query).all()
    return tuple(_published(row) for row in rows)


def _published(row: Any) -> Published:
    known = {name: getattr(row, name) for name in _TOLD}
    return Published(**known, came=came_of(row))


_TOLD = ("brief", "chain", "author", "permlink", "title", "status", "included_at")
