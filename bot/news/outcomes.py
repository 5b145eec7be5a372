"""News of what came of posts: replies, payouts, and edits by somebody else's key.

Their positions are microseconds since 1970: their tables have no ids by which to go.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from bot.chain.outcomes import Asset
from bot.news.sources import Seen
from bot.news.words import changed, paid_out, replied
from bot.records.news import NewNews
from bot.records.outcomes import ForeignEdit, ReplyRecord
from bot.records.tidings import OutcomeTidings, Tidings

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LATE = timedelta(days=2)  # after which a history has told of a payout, with nodes down for a while
_BEGINS = 200  # characters of a reply that are told


class Replies:
    """What others wrote below posts."""

    name = "replies"

    def __init__(self, tidings: OutcomeTidings) -> None:
        self._tidings = tidings

    def start(self, since: datetime) -> int:
        """The position of an instant."""
        return _position(since)

    def after(self, position: int, since: datetime, limit: int) -> Seen:
        """The replies that were seen behind a position."""
        found, reached = self._tidings.replies(_instant(position), limit)
        news = [_of_reply(one) for one in found if _is_new(one, since)]
        return Seen(news, _position(reached), len(found) >= limit)


class Payouts:
    """What was paid out, and what others have edited."""

    name = "payouts"

    def __init__(self, tidings: OutcomeTidings) -> None:
        self._tidings = tidings

    def start(self, since: datetime) -> int:
        """The position of an instant."""
        return _position(since)

    def after(self, position: int, since: datetime, limit: int) -> Seen:  # noqa: ARG002  # few
        """What happened behind a position, or before it and was told late."""
        begin = max(since, _instant(position) - _LATE)
        paid, edited = self._tidings.payouts(begin), self._tidings.edits(begin)
        news = [*map(_of_payout, paid), *map(_of_edit, edited)]
        reached = max((one.at for one in (*paid, *edited)), default=_EPOCH)
        return Seen(news, max(position, _position(reached)), more=False)


def _position(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _instant(position: int) -> datetime:
    return _EPOCH + position * _MICROSECOND


def _is_new(one: Tidings, since: datetime) -> bool:
    return isinstance(one.what, ReplyRecord) and one.what.created_at >= since


def _of_reply(one: Tidings) -> NewNews:
    assert isinstance(one.what, ReplyRecord), "it is a reply"
    reply, of = one.what, one.publication
    text = re.sub(r"\s+", " ", reply.body).strip()
    text = text if len(text) <= _BEGINS else f"{text[: _BEGINS - 1]}…"
    url = of.url.replace(f"@{of.author}/{of.permlink}", f"@{reply.author}/{reply.permlink}")
    key = f"{of.chain}/{reply.author}/{reply.permlink}"
    return replied(of, key, reply.created_at, reply.author, text, url)


def _of_payout(one: Tidings) -> NewNews:
    of = one.publication
    assert isinstance(one.what, tuple), "it is who got what"
    sums: dict[tuple[str, int], int] = {}
    for share in one.what:
        if share.kind == "author":
            asset = (share.symbol, share.precision)
            sums[asset] = sums.get(asset, 0) + share.units
    told = _amounts(Asset(units, precision, symbol) for (symbol, precision), units in sums.items())
    key = f"{of.chain}/{of.author}/{of.permlink}:{one.at:%Y%m%dT%H%M%S}"
    return paid_out(of, key, one.at, told or "nothing")


def _amounts(assets: Iterable[Asset]) -> str:
    return ", ".join(str(asset) for asset in assets if asset.units)


def _of_edit(one: Tidings) -> NewNews:
    assert isinstance(one.what, ForeignEdit), "it is an edit"
    what = f"transaction {one.what.trx_id} in block {one.what.block_num} was signed by another key"
    return changed(one.publication, one.what.trx_id, one.at, what)
