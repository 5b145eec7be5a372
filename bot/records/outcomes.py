"""What came of posts, as it is recorded: one row for each vote, reply, reblog and share.

Everything written here says how something stands, not how it changed: written twice, or by two
workers, it is the same. Amounts are whole numbers of an asset's smallest unit.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from bot.records.engine import insert_into
from bot.records.reading import portions, publication_of, storable
from bot.records.records import Records
from bot.records.tables import (
    LIVING,
    UNPAID,
    attempts,
    publications,
    result_authors,
    result_course,
    result_edits,
    result_posts,
    result_reblogs,
    result_replies,
    result_reply_texts,
    result_shares,
    result_votes,
)
from bot.records.values import Kind, Publication, Status

_POSTS = (Kind.POST.value, Kind.REPLY.value)
_ROWS = 500  # in one statement


@dataclass(frozen=True, slots=True)
class Followed:
    """An author whose history is read; `number` is the last entry that was taken in."""

    chain: str
    author: str
    number: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRecord:
    """A published address as its chain showed it last; see the table.

    Attributes:
        gone_at: when it was found to be deleted.
        replies_changed: whether something was written below it that hasn't been read yet.
        read_at: when it was read last; `whole_at`: with its reblogs and replies.
        next_at: when it is to be read again; None when nothing is expected any more.
    """

    id: int
    chain: str
    author: str
    permlink: str
    symbol: str
    precision: int
    pending: int
    author_payout: int
    curator_payout: int
    cap: int | None
    net_rshares: int
    replies: int
    created_at: datetime | None
    active_at: datetime | None
    cashout_at: datetime | None
    paid_at: datetime | None
    paid_block: int | None
    gone_at: datetime | None
    replies_changed: bool
    read_at: datetime | None
    whole_at: datetime | None
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class VoteRecord:
    """A vote as it stands; what no node has told is None."""

    voter: str
    percent: int
    rshares: int | None = None
    weight: int | None = None
    voted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyRecord:
    """A reply; `settled` when it was seen in what can't be taken back."""

    author: str
    permlink: str
    parent_author: str
    parent_permlink: str
    depth: int
    body: str
    created_at: datetime
    updated_at: datetime
    payout: int
    net_rshares: int
    votes: int
    gray: bool
    settled: bool
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ShareRecord:
    """One asset that one account got of a payout; kind: author, beneficiary or curator."""

    kind: str
    account: str
    symbol: str
    precision: int
    units: int


@dataclass(frozen=True, slots=True)
class ForeignEdit:
    """An edit of one of our posts that we didn't send."""

    author: str
    permlink: str
    trx_id: str
    block_num: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a stretch of an author's history tells, by permlink; all of it is irreversible.

    Attributes:
        votes: the last of each voter.
        written_below: author and permlink of what was answered, edited or deleted, or of a
            reply below which something was.
        changed: what else has to be read again.
        paid: (block, time) of each payout.
        edits: those that ours aren't are to be kept.
    """

    votes: Mapping[str, Mapping[str, VoteRecord]]
    written_below: Collection[tuple[str, str]]
    changed: Collection[str]
    paid: Mapping[str, tuple[int, datetime]]
    shares: Mapping[str, Collection[ShareRecord]]
    edits: Collection[ForeignEdit]


class Outcomes:
    """What came of posts, in one database."""

    def __init__(self, records: Records) -> None:
        self._records = records

    # -- what is followed --------------------------------------------------------------------------

    def adopt(self, now: datetime, since: datetime | None = None) -> None:
        """Follow the posts that have become final, and their authors.

        Args:
            since: only those that became so from this instant on; all by default.
        """
        there = sa.exists().where(
            result_posts.c.chain == publications.c.chain,
            result_posts.c.author == publications.c.author,
            result_posts.c.permlink == publications.c.permlink,
        )
        query = (
            sa.select(publications.c.chain, publications.c.author, publications.c.permlink)
            .where(publications.c.status == Status.FINAL.value, publications.c.kind.in_(_POSTS))
            .where(sa.not_(there))
            .order_by(publications.c.id)
        )
        if since is not None:
            query = query.where(publications.c.final_at >= since)
        with self._records.reading() as connection:
            rows = connection.execute(query).all()
        if not rows:
            return
        authors = sorted({(row.chain, row.author) for row in rows})
        with self._records.writing() as connection:
            for some in _some(rows):
                given = [row._asdict() | {"next_at": now} for row in some]
                statement = _insert(connection, result_posts).on_conflict_do_nothing()
                connection.execute(statement, given)
            for chain, author in authors:
                connection.execute(
                    _insert(connection, result_authors)
                    .values(chain=chain, author=author, next_at=now)
                    .on_conflict_do_update(
                        index_elements=["chain", "author"], set_={"next_at": now}
                    )
                )

    def next_due(self, chain: str) -> datetime | None:
        """When the next author or post of a chain is to be read."""
        with self._records.reading() as connection:
            found = [
                connection.execute(
                    sa.select(sa.func.min(table.c.next_at)).where(table.c.chain == chain)
                ).scalar()
                for table in (result_authors, result_posts)
            ]
        return min((moment for moment in found if moment is not None), default=None)

    def claim_authors(
        self, chain: str, now: datetime, until: datetime, limit: int
    ) -> tuple[Followed, ...]:
        """Authors whose history is due, those longest overdue first; theirs is put off meanwhile.

        Of workers who claim at one time, one gets each.
        """
        table = result_authors
        rows = self._claim(table, (table.c.chain, table.c.author), chain, now, until, limit)
        return tuple(Followed(row.chain, row.author, row.number) for row in rows)

    def claim_posts(
        self, chain: str, now: datetime, until: datetime, limit: int
    ) -> tuple[PostRecord, ...]:
        """Posts that are to be read, likewise."""
        rows = self._claim(result_posts, (result_posts.c.id,), chain, now, until, limit)
        return tuple(_post(row) for row in rows)

    def _claim(
        self,
        table: sa.Table,
        key: Sequence[sa.Column[Any]],
        chain: str,
        now: datetime,
        until: datetime,
        limit: int,
    ) -> list[sa.Row[Any]]:
        query = (
            sa.select(table)
            .where(table.c.chain == chain, table.c.next_at <= now)
            .order_by(table.c.next_at)
            .limit(limit)
        )
        with self._records.reading() as connection:
            due = connection.execute(query).all()
        if not due:
            return []
        with self._records.writing() as connection:
            return [
                row
                for row in due
                if connection.execute(
                    sa.update(table)
                    .where(*(column == getattr(row, column.name) for column in key))
                    .where(table.c.next_at == row.next_at)
                    .values(next_at=until)
                ).rowcount
            ]

    def oldest_unread(self, chain: str, author: str) -> datetime | None:
        """When the first of an author's posts that aren't paid out as far as known was included."""
        mine = sa.and_(result_posts.c.chain == chain, result_posts.c.author == author)
        here = sa.and_(
            publications.c.chain == result_posts.c.chain,
            publications.c.author == result_posts.c.author,
            publications.c.permlink == result_posts.c.permlink,
            LIVING,
        )
        query = (
            sa.select(sa.func.min(publications.c.included_at))
            .select_from(result_posts.join(publications, here))
            .where(mine, result_posts.c.paid_block.is_(None))
        )
        with self._records.reading() as connection:
            found: datetime | None = connection.execute(query).scalar()
        return found

    def newest(self, chain: str, author: str) -> tuple[datetime | None, bool]:
        """When the newest of an author's posts was written, and whether a payout is to come."""
        mine = sa.and_(result_posts.c.chain == chain, result_posts.c.author == author)
        unread = result_posts.c.read_at.is_(None)
        unpaid = result_posts.c.cashout_at.is_not(None)
        query = sa.select(
            sa.func.max(result_posts.c.created_at),
            sa.func.max(sa.case((sa.or_(unread, unpaid), 1), else_=0)),
        ).where(mine, result_posts.c.gone_at.is_(None))
        with self._records.reading() as connection:
            row = connection.execute(query).one()
        return row[0], bool(row[1])

    def put_off(self, chain: str, author: str, next_at: datetime) -> None:
        """Read an author's history at this time and not before."""
        with self._records.writing() as connection:
            connection.execute(
                sa.update(result_authors)
                .where(result_authors.c.chain == chain, result_authors.c.author == author)
                .values(next_at=next_at)
            )

    def put_off_post(self, post: PostRecord, next_at: datetime | None) -> None:
        """Read a post at this time and not before."""
        with self._records.writing() as connection:
            connection.execute(
                sa.update(result_posts).where(result_posts.c.id == post.id).values(next_at=next_at)
            )

    # -- what is told ------------------------------------------------------------------------------

    def take_in(
        self, author: Followed, number: int, news: News, now: datetime
    ) -> tuple[ForeignEdit, ...]:
        """Record a stretch of an author's history, up to entry `number`; returns foreign edits.

        Nothing when another worker has taken it in meanwhile.

        Args:
            now: posts that it tells something of are to be read from then on.
        """
        with self._records.writing() as connection:
            moved = connection.execute(
                sa.update(result_authors)
                .where(
                    result_authors.c.chain == author.chain, result_authors.c.author == author.author
                )
                .where(result_authors.c.number.is_not_distinct_from(author.number))
                .values(number=number)
            ).rowcount
            if not moved:
                return ()
            named = {*news.votes, *news.changed, *news.paid, *news.shares}
            named |= {edit.permlink for edit in news.edits}
            named |= {permlink for name, permlink in news.written_below if name == author.author}
            ids = self._ids(connection, author, named)
            touched = {ids[name] for name in named if name in ids}
            answered = {
                ids[permlink]
                for name, permlink in news.written_below
                if name == author.author and permlink in ids
            } | self._roots(connection, author.chain, news.written_below)
            for permlink, votes in news.votes.items():
                if permlink in ids:
                    self._put_votes(connection, ids[permlink], votes.values())
            for permlink, shares in news.shares.items():
                if permlink in ids:
                    _put_shares(connection, ids[permlink], shares)
            for permlink, (block, at) in news.paid.items():
                if permlink in ids:
                    connection.execute(
                        sa.update(result_posts)
                        .where(result_posts.c.id == ids[permlink])
                        .values(paid_block=block, paid_at=at)
                    )
            for some in portions(sorted(touched | answered)):
                due = sa.or_(result_posts.c.next_at.is_(None), result_posts.c.next_at > now)
                connection.execute(
                    sa.update(result_posts)
                    .where(result_posts.c.id.in_(some), due, result_posts.c.gone_at.is_(None))
                    .values(next_at=now)
                )
            for some in portions(sorted(answered)):
                connection.execute(
                    sa.update(result_posts)
                    .where(result_posts.c.id.in_(some))
                    .values(replies_changed=True)
                )
            return self._put_edits(connection, ids, news.edits)

    @staticmethod
    def _ids(
        connection: sa.Connection, author: Followed, permlinks: Collection[str]
    ) -> dict[str, int]:
        query = sa.select(result_posts.c.permlink, result_posts.c.id).where(
            result_posts.c.chain == author.chain, result_posts.c.author == author.author
        )
        return {
            row.permlink: row.id
            for some in portions(sorted(permlinks))
            for row in connection.execute(query.where(result_posts.c.permlink.in_(some)))
        }

    @staticmethod
    def _roots(
        connection: sa.Connection, chain: str, addresses: Collection[tuple[str, str]]
    ) -> set[int]:
        """Below which posts these replies stand."""
        query = sa.select(result_replies.c.post_id).join(result_posts).where(
            result_posts.c.chain == chain
        )  # fmt: skip
        return {
            row.post_id
            for author, permlink in addresses
            for row in connection.execute(
                query.where(
                    result_replies.c.author == author, result_replies.c.permlink == permlink
                )
            )
        }

    @staticmethod
    def _put_votes(connection: sa.Connection, post_id: int, votes: Iterable[VoteRecord]) -> None:
        statement = _upsert_votes(connection)
        for some in _some([asdict(vote) | {"post_id": post_id} for vote in votes]):
            connection.execute(statement, some)

    @staticmethod
    def _put_edits(
        connection: sa.Connection, ids: Mapping[str, int], edits: Collection[ForeignEdit]
    ) -> tuple[ForeignEdit, ...]:
        there = {edit.trx_id: edit for edit in edits if edit.permlink in ids}
        for table in (attempts, publications):
            for some in portions(sorted(there)):
                query = sa.select(table.c.trx_id).where(table.c.trx_id.in_(some))
                for row in connection.execute(query).all():
                    there.pop(row.trx_id, None)
        for edit in there.values():
            connection.execute(
                _insert(connection, result_edits)
                .values(
                    post_id=ids[edit.permlink],
                    trx_id=edit.trx_id,
                    block_num=edit.block_num,
                    at=edit.at,
                )
                .on_conflict_do_nothing()
            )
        return tuple(there.values())

    # -- what is read ------------------------------------------------------------------------------

    def note(self, post: PostRecord, votes: Collection[VoteRecord], **found: Any) -> None:
        """Record a post as it was read: its figures (columns of the table), and all its votes."""
        with self._records.writing() as connection:
            connection.execute(
                sa.update(result_posts).where(result_posts.c.id == post.id).values(**found)
            )
            rows = connection.execute(
                sa.select(*(result_votes.c[name] for name in _VOTE)).where(
                    result_votes.c.post_id == post.id
                )
            )
            known = {row.voter: VoteRecord(*row) for row in rows}
            gone = sorted(set(known) - {vote.voter for vote in votes})
            for some in portions(gone):
                connection.execute(
                    sa.delete(result_votes).where(
                        result_votes.c.post_id == post.id, result_votes.c.voter.in_(some)
                    )
                )
            changed = [vote for vote in votes if known.get(vote.voter) != vote]
            self._put_votes(connection, post.id, changed)

    def note_reblogs(self, post: PostRecord, accounts: Collection[str], now: datetime) -> None:
        """Record who has a post in their blogs."""
        with self._records.writing() as connection:
            here = result_reblogs.c.post_id == post.id
            known = set(
                connection.execute(sa.select(result_reblogs.c.account).where(here)).scalars()
            )
            for some in portions(sorted(known - set(accounts))):
                connection.execute(
                    sa.delete(result_reblogs).where(here, result_reblogs.c.account.in_(some))
                )
            new = [
                {"post_id": post.id, "account": account, "seen_at": now}
                for account in sorted(set(accounts) - known)
            ]
            for given in _some(new):
                connection.execute(
                    _insert(connection, result_reblogs).on_conflict_do_nothing(), given
                )

    def note_replies(
        self, post: PostRecord, replies: Collection[ReplyRecord], now: datetime, chain_now: datetime
    ) -> tuple[ReplyRecord, ...]:
        """Record all replies below a post as they stand; returns those that are new.

        One that isn't there any more was deleted, or, if it was never irreversible, never was. A
        text that is older than what was seen before is the one that a fork has brought back.
        """
        here = result_replies.c.post_id == post.id
        with self._records.writing() as connection:
            rows = connection.execute(sa.select(result_replies).where(here)).all()
            known = {(row.author, row.permlink): row for row in rows}
            told = {(reply.author, reply.permlink): reply for reply in replies}
            for address, row in known.items():
                if address not in told and row.deleted_at is None:
                    self._lose(connection, post.id, row, chain_now)
            for address, reply in told.items():
                if earlier := known.get(address):
                    self._keep_earlier_text(connection, post.id, earlier, reply)
            statement = _upsert(connection, result_replies, "seen_at")
            given = [
                asdict(reply) | {"post_id": post.id, "seen_at": now, "body": storable(reply.body)}
                for reply in told.values()
            ]
            for some in _some(given):
                connection.execute(statement, some)
            connection.execute(
                sa.update(result_posts)
                .where(result_posts.c.id == post.id)
                .values(replies_changed=False)
            )
        return tuple(reply for address, reply in told.items() if address not in known)

    @staticmethod
    def _lose(
        connection: sa.Connection, post_id: int, row: sa.Row[Any], chain_now: datetime
    ) -> None:
        same = [
            (table.c.post_id == post_id)
            & (table.c.author == row.author)
            & (table.c.permlink == row.permlink)
            for table in (result_replies, result_reply_texts)
        ]
        if row.settled:
            connection.execute(
                sa.update(result_replies).where(same[0]).values(deleted_at=chain_now)
            )
        else:
            connection.execute(sa.delete(result_reply_texts).where(same[1]))
            connection.execute(sa.delete(result_replies).where(same[0]))

    @staticmethod
    def _keep_earlier_text(
        connection: sa.Connection, post_id: int, earlier: sa.Row[Any], reply: ReplyRecord
    ) -> None:
        if reply.updated_at > earlier.updated_at:
            connection.execute(
                _insert(connection, result_reply_texts)
                .values(
                    post_id=post_id,
                    author=earlier.author,
                    permlink=earlier.permlink,
                    written_at=earlier.updated_at,
                    body=earlier.body,
                )
                .on_conflict_do_nothing()
            )
        elif reply.updated_at < earlier.updated_at:
            texts = result_reply_texts.c
            connection.execute(
                sa.delete(result_reply_texts)
                .where(texts.post_id == post_id, texts.author == reply.author)
                .where(texts.permlink == reply.permlink, texts.written_at >= reply.updated_at)
            )

    def note_shares(self, post: PostRecord, shares: Collection[ShareRecord]) -> None:
        """Record who got what of a payout."""
        with self._records.writing() as connection:
            _put_shares(connection, post.id, shares)

    def unpaid(self, chain: str, after: int, limit: int) -> tuple[PostRecord, ...]:
        """Posts that have a payout to come, in the order of their ids."""
        query = (
            sa.select(result_posts)
            .where(result_posts.c.chain == chain, result_posts.c.id > after, UNPAID)
            .order_by(result_posts.c.id)
            .limit(limit)
        )
        with self._records.reading() as connection:
            return tuple(_post(row) for row in connection.execute(query))

    def note_course(self, points: Sequence[tuple[int, datetime, int]]) -> None:
        """Record pending payouts, as (post's id, beginning of the stretch of time, units)."""
        with self._records.writing() as connection:
            statement = _upsert(connection, result_course)
            given = [{"post_id": post, "at": at, "pending": units} for post, at, units in points]
            for some in _some(given):
                connection.execute(statement, some)
                latest = [{"of_id": row["post_id"], "now": row["pending"]} for row in some]
                connection.execute(
                    sa.update(result_posts)
                    .where(result_posts.c.id == sa.bindparam("of_id"))
                    .values(pending=sa.bindparam("now")),
                    latest,
                )

    def published(self, chain: str, author: str, permlink: str) -> Publication | None:
        """The last publication of what stands at an address; None when it was taken off."""
        first = self._records.at(chain, author, permlink)
        if first is None:
            return None
        query = (
            sa.select(publications)
            .where(publications.c.queue == first.queue, publications.c.brief == first.brief)
            .where(publications.c.chain == chain, publications.c.author == author)
            .where(publications.c.permlink == permlink)
            .where(publications.c.status == Status.FINAL.value)
            .where(publications.c.kind != Kind.REBLOG.value)
            .order_by(publications.c.id.desc())
            .limit(1)
        )
        with self._records.reading() as connection:
            row = connection.execute(query).one_or_none()
        last = publication_of(row) if row else None
        return None if last is None or last.kind is Kind.DELETE else last


def _put_shares(connection: sa.Connection, post_id: int, shares: Collection[ShareRecord]) -> None:
    statement = _upsert(connection, result_shares)
    for some in _some([asdict(share) | {"post_id": post_id} for share in shares]):
        connection.execute(statement, some)


_VOTE = tuple(VoteRecord.__dataclass_fields__)


@cache  # it takes longer to build than to execute
def _upsert(connection: sa.Connection, table: sa.Table, *kept: str) -> Any:
    """Write a row, or over the one with its key; `kept` columns stay as they were first."""
    insert = insert_into(connection, table)
    key = [column.name for column in table.primary_key]
    written = [column.name for column in table.columns if column.name not in {*key, *kept}]
    return insert.on_conflict_do_update(
        index_elements=key, set_={name: insert.excluded[name] for name in written}
    )


@cache
def _upsert_votes(connection: sa.Connection) -> Any:
    """What is known better already (rshares, weight) stays, unless the vote is another one."""
    insert = insert_into(connection, result_votes)
    same = insert.excluded.percent == result_votes.c.percent
    kept = {
        name: sa.case(
            (same, sa.func.coalesce(insert.excluded[name], result_votes.c[name])),
            else_=insert.excluded[name],
        )
        for name in ("rshares", "weight", "voted_at")
    }
    return insert.on_conflict_do_update(
        index_elements=["post_id", "voter"], set_={"percent": insert.excluded.percent} | kept
    )


def _post(row: sa.Row[Any]) -> PostRecord:
    return PostRecord(**row._asdict())


def _insert(connection: sa.Connection, table: sa.Table) -> Any:
    return insert_into(connection, table)


def _some(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), _ROWS):
        yield rows[start : start + _ROWS]
