"""Questions about what came of posts: sums by post, and one post whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.records.outcomes import ForeignEdit, PostRecord, ReplyRecord, ShareRecord, VoteRecord
from bot.records.records import Records
from bot.records.tables import (
    LIVING,
    publications,
    result_course,
    result_edits,
    result_posts,
    result_reblogs,
    result_replies,
    result_reply_texts,
    result_shares,
    result_votes,
)

Units = Mapping[tuple[str, int], int]
"""Sums of whole numbers, by (symbol, precision)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earning:
    """What came of one post, in sums.

    Attributes:
        published_at: when it was included.
        votes: without those that were taken back.
        rshares: of all votes, as far as they are told.
        shares: what was paid, by kind of receiver: author, curator, beneficiary.
    """

    post: PostRecord
    brief: str
    title: str
    tags: tuple[str, ...]
    published_at: datetime
    votes: int = 0
    rshares: int = 0
    reblogs: int = 0
    shares: Mapping[str, Units] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """All that came of one post.

    Attributes:
        course: (moment, pending payout), first to last.
        texts: what replies said before they were edited: (author, permlink) to (when, text).
    """

    post: PostRecord
    votes: tuple[VoteRecord, ...]
    replies: tuple[ReplyRecord, ...]
    texts: Mapping[tuple[str, str], Sequence[tuple[datetime, str]]]
    reblogs: tuple[str, ...]
    course: tuple[tuple[datetime, int], ...]
    shares: tuple[ShareRecord, ...]
    edits: tuple[ForeignEdit, ...]


def earnings(
    records: Records,
    *,
    author: str | None = None,
    since: datetime | None = None,
    addresses: Sequence[tuple[str, str, str]] | None = None,
) -> tuple[Earning, ...]:
    """What came of published posts, oldest first.

    Args:
        since: only of those that were included at this instant or later.
        addresses: only of these, as (chain, author, permlink).
    """
    here = sa.and_(
        publications.c.chain == result_posts.c.chain,
        publications.c.author == result_posts.c.author,
        publications.c.permlink == result_posts.c.permlink,
        LIVING,
    )
    told = (publications.c.brief, publications.c.title, publications.c.tags)
    chosen = sa.select(result_posts, *told, publications.c.included_at).select_from(
        result_posts.join(publications, here)
    )
    chosen = chosen.where(result_posts.c.read_at.is_not(None))
    only: list[sa.ColumnElement[bool]] = []
    if author is not None:
        only.append(result_posts.c.author == author)
    if since is not None:
        only.append(publications.c.included_at >= since)
    if addresses is not None:
        address = sa.tuple_(result_posts.c.chain, result_posts.c.author, result_posts.c.permlink)
        only.append(address.in_(addresses))
    chosen = chosen.where(*only)
    ids = None
    if only:
        ids = sa.select(result_posts.c.id).select_from(result_posts.join(publications, here))
        ids = ids.where(*only)
    with records.reading() as connection:
        rows = connection.execute(chosen.order_by(publications.c.included_at, result_posts.c.id))
        posts = rows.all()
        counted = _votes(connection, ids)
        reblogs = _reblogs(connection, ids)
        shares = _shares(connection, ids)
    names = result_posts.columns.keys()  # which come first
    found = []
    for row in posts:
        votes, rshares = counted.get(row.id, (0, 0))
        found.append(
            Earning(
                post=PostRecord(**dict(zip(names, row, strict=False))),
                brief=row.brief,
                title=row.title,
                tags=tuple(row.tags),
                published_at=row.included_at or row.created_at,
                votes=votes,
                rshares=rshares,
                reblogs=reblogs.get(row.id, 0),
                shares=shares.get(row.id, {}),
            )
        )
    return tuple(found)


def _votes(
    connection: sa.Connection, ids: sa.Select[tuple[int]] | None
) -> dict[int, tuple[int, int]]:
    """Of each post: votes that weren't taken back, and the rshares of all."""
    votes = result_votes.c
    query = sa.select(
        votes.post_id,
        sa.func.sum(sa.case((votes.percent != 0, 1), else_=0)),
        sa.func.coalesce(sa.func.sum(votes.rshares), 0),
    ).group_by(votes.post_id)
    return {
        row[0]: (int(row[1]), int(row[2])) for row in connection.execute(_of(query, votes, ids))
    }


def _reblogs(connection: sa.Connection, ids: sa.Select[tuple[int]] | None) -> dict[int, int]:
    reblogs = result_reblogs.c
    query = sa.select(reblogs.post_id, sa.func.count()).group_by(reblogs.post_id)
    return {row[0]: row[1] for row in connection.execute(_of(query, reblogs, ids))}


def _shares(
    connection: sa.Connection, ids: sa.Select[tuple[int]] | None
) -> dict[int, dict[str, dict[tuple[str, int], int]]]:
    shares = result_shares.c
    key = (shares.post_id, shares.kind, shares.symbol, shares.precision)
    query = sa.select(*key, sa.func.sum(shares.units).label("units")).group_by(*key)
    found: dict[int, dict[str, dict[tuple[str, int], int]]] = {}
    for row in connection.execute(_of(query, shares, ids)):
        of_kind = found.setdefault(row.post_id, {}).setdefault(row.kind, {})
        of_kind[row.symbol, row.precision] = int(row.units)
    return found


def _of(
    query: sa.Select[Any], columns: sa.ColumnCollection[str, Any], ids: sa.Select[tuple[int]] | None
) -> sa.Select[Any]:
    return query if ids is None else query.where(columns.post_id.in_(ids))


def whole(records: Records, chain: str, author: str, permlink: str) -> Whole | None:
    """All that came of one post; None where it was never read."""
    with records.reading() as connection:
        row = connection.execute(
            sa.select(result_posts).where(
                result_posts.c.chain == chain,
                result_posts.c.author == author,
                result_posts.c.permlink == permlink,
            )
        ).one_or_none()
        if row is None or row.read_at is None:
            return None

        def rows(table: sa.Table, *order: sa.Column[Any]) -> list[sa.Row[Any]]:
            columns = [column for column in table.columns if column.name != "post_id"]
            query = sa.select(*columns).where(table.c.post_id == row.id).order_by(*order)
            return list(connection.execute(query))

        votes = rows(result_votes, result_votes.c.voted_at, result_votes.c.voter)
        replies = rows(result_replies, result_replies.c.created_at, result_replies.c.author)
        texts: dict[tuple[str, str], list[tuple[datetime, str]]] = {}
        for text in rows(result_reply_texts, result_reply_texts.c.written_at):
            earlier = texts.setdefault((text.author, text.permlink), [])
            earlier.append((text.written_at, text.body))
        of_reply = tuple(ReplyRecord.__dataclass_fields__)
        return Whole(
            post=PostRecord(**row._asdict()),
            votes=tuple(
                VoteRecord(**vote._mapping)  # noqa: SLF001  # dear where there are thousands
                for vote in votes
            ),
            replies=tuple(
                ReplyRecord(**{name: getattr(reply, name) for name in of_reply})
                for reply in replies
            ),
            texts=texts,
            reblogs=tuple(
                reblog.account for reblog in rows(result_reblogs, result_reblogs.c.account)
            ),
            course=tuple(
                (point.at, point.pending) for point in rows(result_course, result_course.c.at)
            ),
            shares=tuple(
                ShareRecord(**share._asdict())
                for share in rows(result_shares, result_shares.c.kind, result_shares.c.account)
            ),
            edits=tuple(
                ForeignEdit(author, permlink, edit.trx_id, edit.block_num, edit.at)
                for edit in rows(result_edits, result_edits.c.at)
            ),
        )
