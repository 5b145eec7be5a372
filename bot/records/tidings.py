"""What came of posts since somebody looked last: replies, payouts, edits by others."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.records.outcomes import ForeignEdit, ReplyRecord, ShareRecord
from bot.records.records import Records
from bot.records.tables import result_edits, result_posts, result_replies, result_shares
from bot.records.values import Publication


@dataclass(frozen=True, slots=True)
class Tidings:
    """What came of one post; `publication` is what put it there.

    Attributes:
        at: when that was seen, or, of a payout and an edit, when it was.
        what: the reply, the edit, or who got what.
    """

    publication: Publication
    at: datetime
    what: ReplyRecord | ForeignEdit | tuple[ShareRecord, ...]


class OutcomeTidings:
    """What came of the posts of one database, in the order of time."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def replies(self, after: datetime, limit: int) -> tuple[tuple[Tidings, ...], datetime]:
        """Replies that others' accounts wrote, seen after an instant; and how far that goes.

        Args:
            limit: about so many; those that were seen at one moment stay together.
        """
        seen = result_replies.c.seen_at
        with self._records.reading() as connection:
            last = connection.execute(
                sa.select(seen).where(seen > after).order_by(seen).offset(limit - 1).limit(1)
            ).scalar()
            query = (
                sa.select(
                    *_ADDRESS,
                    *(result_replies.c[name].label(f"its_{name}") for name in _REPLY),
                    seen,
                )
                .join(result_posts, result_posts.c.id == result_replies.c.post_id)
                .where(seen > after, *([seen <= last] if last else []))
                .order_by(seen)
            )
            rows = connection.execute(query).all()
        told = []
        for row in rows:
            reply = ReplyRecord(**{name: getattr(row, f"its_{name}") for name in _REPLY})
            if reply.author != row.author and (of := self._of(row)):
                told.append(Tidings(of, row.seen_at, reply))
        return tuple(told), rows[-1].seen_at if rows else after

    def payouts(self, since: datetime) -> tuple[Tidings, ...]:
        """What was paid out at or after an instant."""
        with self._records.reading() as connection:
            rows = connection.execute(
                sa.select(result_posts.c.id, *_ADDRESS, result_posts.c.paid_at)
                .where(result_posts.c.paid_at >= since)
                .order_by(result_posts.c.paid_at)
            ).all()
            shares = {row.id: self._shares(connection, row.id) for row in rows}
        return tuple(
            Tidings(of, row.paid_at, shares[row.id]) for row in rows if (of := self._of(row))
        )

    def edits(self, since: datetime) -> tuple[Tidings, ...]:
        """Edits by others at or after an instant."""
        query = (
            sa.select(*_ADDRESS, result_edits.c.trx_id, result_edits.c.block_num, result_edits.c.at)
            .join(result_posts, result_posts.c.id == result_edits.c.post_id)
            .where(result_edits.c.at >= since)
            .order_by(result_edits.c.at)
        )
        with self._records.reading() as connection:
            rows = connection.execute(query).all()
        return tuple(
            Tidings(
                of, row.at, ForeignEdit(row.author, row.permlink, row.trx_id, row.block_num, row.at)
            )
            for row in rows
            if (of := self._of(row))
        )

    def _of(self, row: Any) -> Publication | None:
        return self._records.at(row.chain, row.author, row.permlink)

    @staticmethod
    def _shares(connection: sa.Connection, post_id: int) -> tuple[ShareRecord, ...]:
        columns = [result_shares.c[name] for name in ShareRecord.__dataclass_fields__]
        query = sa.select(*columns).where(result_shares.c.post_id == post_id)
        return tuple(ShareRecord(*row) for row in connection.execute(query))


_ADDRESS = (result_posts.c.chain, result_posts.c.author, result_posts.c.permlink)
_REPLY = tuple(ReplyRecord.__dataclass_fields__)
