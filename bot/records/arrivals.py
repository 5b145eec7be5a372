"""What has come in lately for the posts that are followed: replies, votes, payouts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.records.records import Records
from bot.records.tables import publications, result_posts, result_replies, result_votes

MOST = 8


@dataclass(frozen=True, slots=True)
class NewReply:
    """Somebody's answer.

    Attributes:
        post_author, post_permlink: of the post below which it stands, `title` that post's.
    """

    author: str
    permlink: str
    body: str
    at: datetime
    chain: str
    post_author: str
    post_permlink: str
    title: str


@dataclass(frozen=True, slots=True)
class NewPayout:
    """A post was paid; the amounts are whole numbers of the smallest unit of `symbol`."""

    chain: str
    author: str
    permlink: str
    title: str
    at: datetime
    author_payout: int
    precision: int
    symbol: str


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What has come in since an instant: the newest of each, and how many there are.

    Attributes:
        votes: how many were cast, by the time that the chain gives them.
        voted_posts: for how many posts.
    """

    replies: Sequence[NewReply]
    reply_count: int
    payouts: Sequence[NewPayout]
    payout_count: int
    votes: int
    voted_posts: int


def arrivals(records: Records, since: datetime) -> Arrivals:
    """What has come in since then."""
    title = (
        sa.select(publications.c.title)
        .where(publications.c.chain == result_posts.c.chain)
        .where(publications.c.author == result_posts.c.author)
        .where(publications.c.permlink == result_posts.c.permlink)
        .order_by(publications.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    posts = result_posts.c
    place = (posts.chain, posts.author.label("post_author"), posts.permlink.label("post_permlink"))
    new = (result_replies.c.seen_at >= since, result_replies.c.deleted_at.is_(None))
    replies = (
        sa.select(
            result_replies.c.author,
            result_replies.c.permlink,
            result_replies.c.body,
            result_replies.c.created_at.label("at"),
            *place,
            sa.func.coalesce(title, "").label("title"),
        )
        .join(result_posts, posts.id == result_replies.c.post_id)
        .where(*new)
        .order_by(result_replies.c.created_at.desc())
        .limit(MOST)
    )
    paid = posts.paid_at >= since
    payouts = (
        sa.select(
            posts.chain,
            posts.author,
            posts.permlink,
            sa.func.coalesce(title, "").label("title"),
            posts.paid_at.label("at"),
            posts.author_payout,
            posts.precision,
            posts.symbol,
        )
        .where(paid)
        .order_by(posts.paid_at.desc())
        .limit(MOST)
    )
    votes = sa.select(sa.func.count(), sa.func.count(sa.distinct(result_votes.c.post_id))).where(
        result_votes.c.voted_at >= since
    )
    with records.reading() as connection:
        counted, voted_posts = connection.execute(votes).one()
        return Arrivals(
            [
                NewReply(**row._mapping)  # noqa: SLF001
                for row in connection.execute(replies)
            ],
            connection.scalar(sa.select(sa.func.count()).select_from(result_replies).where(*new))
            or 0,
            [
                NewPayout(**row._mapping)  # noqa: SLF001
                for row in connection.execute(payouts)
            ],
            connection.scalar(sa.select(sa.func.count()).select_from(result_posts).where(paid))
            or 0,
            counted,
            voted_posts,
        )
