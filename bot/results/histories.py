"""An author's history, read on from the last entry that was taken in."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.chain.outcomes import (
    CommentDeleted,
    CommentWritten,
    Happening,
    Payment,
    VoteOperation,
)
from bot.chain.protocol import Chain
from bot.records.outcomes import ForeignEdit, News, ShareRecord, VoteRecord

FIRST_LOOK = 10  # entries: most often nothing is new
PAGE = 1000  # entries in one answer: the most that Hive gives


def first_number(chain: Chain, author: str, since: datetime) -> tuple[int, int]:
    """The number before the first entry from `since` on, and how many questions that took."""
    start, limit, asked = -1, FIRST_LOOK, 0
    while True:
        page = chain.happened(author, start, limit)
        asked += 1
        older = [entry for entry in page if start < 0 or entry.number <= start]
        if not older:
            return max(start, 0), asked
        first = older[0]
        if first.time < since or first.number <= 1:
            later = [entry.number for entry in older if entry.time >= since]
            return max(min(later, default=older[-1].number + 1) - 1, 0), asked
        start = first.number - 1
        limit = max(min(PAGE, start), 1)


def news_since(
    chain: Chain, author: str, number: int, irreversible: int
) -> Iterator[tuple[int, Sequence[Happening]]]:
    """What follows entry `number` and can't be undone, page by page, with the last one's number."""
    limit = FIRST_LOOK
    while True:
        page = chain.happened(author, number + limit, limit)
        new = [entry for entry in page if entry.number > number]
        settled = [entry for entry in new if entry.block_num <= irreversible]
        if settled:
            yield settled[-1].number, settled
        if not settled or len(settled) < len(new) or settled[-1].number < number + limit:
            return
        number, limit = settled[-1].number, PAGE


def news_of(author: str, happenings: Sequence[Happening], *, caught_up: bool) -> News:
    """What these entries tell of an author's posts.

    Args:
        caught_up: whether the history has been followed up to here. Of what happened before, the
            records can't know which edits were their own.
    """
    votes: dict[str, dict[str, VoteRecord]] = {}
    shares: dict[str, list[ShareRecord]] = {}
    paid: dict[str, tuple[int, datetime]] = {}
    below: set[tuple[str, str]] = set()
    changed: set[str] = set()
    edits: list[ForeignEdit] = []
    for entry in happenings:
        match entry.what:
            case VoteOperation(author=whose) as vote if whose == author:
                cast = VoteRecord(vote.voter, vote.percent, voted_at=entry.time)
                votes.setdefault(vote.permlink, {})[vote.voter] = cast
            case CommentWritten() as text:
                if text.parent_author:
                    below.add((text.parent_author, text.parent_permlink))
                if text.author == author:
                    changed.add(text.permlink)
                    edits += _edit(entry, text) if caught_up else ()
                below.add((text.author, text.permlink))
            case CommentDeleted() as deleted:
                below.add((deleted.author, deleted.permlink))
                if deleted.author == author:
                    changed.add(deleted.permlink)
            case Payment(author=whose, kind="post") as end if whose == author:
                paid[end.permlink] = (entry.block_num, entry.time)
            case Payment(author=whose) as payment if whose == author:
                shares.setdefault(payment.permlink, []).extend(shares_of(payment))
            case _:
                pass
    return News(
        votes=votes, written_below=below, changed=changed, paid=paid, shares=shares, edits=edits
    )


def _edit(entry: Happening, text: CommentWritten) -> list[ForeignEdit]:
    return [ForeignEdit(text.author, text.permlink, entry.trx_id, entry.block_num, entry.time)]


def shares_of(payment: Payment) -> list[ShareRecord]:
    """A payment by its assets."""
    return [
        ShareRecord(payment.kind, payment.account, part.symbol, part.precision, part.units)
        for part in payment.amounts
    ]
