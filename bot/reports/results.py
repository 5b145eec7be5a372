"""What came of posts, as people and their programs read it: sums by a word, and one post whole.

Amounts stay whole numbers of their asset's smallest unit until they are written; nothing is summed
as a float.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from bot.chain.outcomes import Asset, decimal_text
from bot.records.earnings import Earning, Whole
from bot.records.outcomes import ReplyRecord
from bot.records.prices import Price
from bot.reports.log import instant
from bot.results.market import valued

BY = ("post", "author", "tag", "weekday", "hour", "month")
KINDS = ("author", "curator", "beneficiary")
SORTS = ("trending", "votes", "age")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_BARS = "▁▂▃▄▅▆▇█"

Valuation = Callable[[Asset, date], Decimal | None]
"""What an amount was worth in USD on a day; None when that isn't known, and never a guess."""


def valued_by(prices: Mapping[tuple[str, date], Price]) -> Valuation:
    """By these prices, of coins and days (UTC)."""

    def value(asset: Asset, day: date) -> Decimal | None:
        price = prices.get((asset.symbol, day))
        return None if price is None else valued(asset.units, price, asset.precision).usd

    return value


def unvalued(_: Asset, __: date) -> Decimal | None:
    """No prices are configured."""
    return None


@dataclass(slots=True)
class Group:
    """Sums over some posts.

    Attributes:
        pending: by symbol and precision, what is still to come (gross).
        earned, curated: what was paid, in the chain's dollar: to authors, and to curators.
        paid: what was paid by its assets, for each kind of receiver.
        usd: what authors earned, valued at each payout's day; None where a price isn't known.
    """

    name: str
    posts: int = 0
    votes: int = 0
    rshares: int = 0
    replies: int = 0
    reblogs: int = 0
    pending: Counter[tuple[str, int]] = field(default_factory=Counter)
    earned: Counter[tuple[str, int]] = field(default_factory=Counter)
    curated: Counter[tuple[str, int]] = field(default_factory=Counter)
    paid: dict[str, Counter[tuple[str, int]]] = field(default_factory=dict)
    usd: Decimal | None = None
    unpriced: int = 0

    def add(self, one: Earning, value: Valuation) -> None:
        """Count one more post."""
        post = one.post
        asset = (post.symbol, post.precision)
        self.posts += 1
        self.votes += one.votes
        self.rshares += one.rshares
        self.replies += post.replies
        self.reblogs += one.reblogs
        self.pending[asset] += post.pending if post.cashout_at else 0
        self.earned[asset] += post.author_payout
        self.curated[asset] += post.curator_payout
        for kind, units in one.shares.items():
            self.paid.setdefault(kind, Counter()).update(units)
        if post.author_payout and post.paid_at:
            worth = value(
                Asset(post.author_payout, post.precision, post.symbol), post.paid_at.date()
            )
            if worth is None:
                self.unpriced += 1
            else:
                self.usd = (self.usd or Decimal(0)) + worth

    def line(self) -> dict[str, Any]:
        """The sums as `briefbot results --json` prints them; amounts by symbol, as texts."""
        return {
            "name": self.name,
            "posts": self.posts,
            "votes": self.votes,
            "rshares": self.rshares,
            "replies": self.replies,
            "reblogs": self.reblogs,
            "pending": _texts(self.pending),
            "earned": _texts(self.earned),
            "curators": _texts(self.curated),
            "paid": {kind: _texts(self.paid.get(kind, {})) for kind in KINDS},
            "usd": None if self.usd is None else str(self.usd),
            "unpriced": self.unpriced,
        }


def _texts(amounts: Mapping[tuple[str, int], int]) -> dict[str, str]:
    return {
        symbol: decimal_text(units, precision)
        for (symbol, precision), units in sorted(amounts.items())
        if symbol
    }


def grouped(
    rows: Iterable[Earning], by: str, timezone: str, value: Valuation = unvalued
) -> list[Group]:
    """Sums over posts by one of `BY`; a post counts for each of its tags.

    Weekdays, hours and months are those of its publication, as clocks of this zone show them.
    """
    groups: dict[str, Group] = {}
    zone = ZoneInfo(timezone)
    for row in rows:
        for name in _names(row, by, zone):
            group = groups.get(name)
            if group is None:
                group = groups[name] = Group(name)
            group.add(row, value)
    if by == "weekday":
        return sorted(groups.values(), key=lambda group: _WEEKDAYS.index(group.name))
    if by == "post":
        return list(groups.values())
    return sorted(groups.values(), key=lambda group: group.name)


def by_hour_of_week(
    rows: Iterable[Earning], timezone: str, value: Valuation = unvalued
) -> dict[tuple[int, int], Group]:
    """Sums by (weekday, hour) of publication, Monday is 0, as clocks of this zone show them."""
    zone = ZoneInfo(timezone)
    groups: dict[tuple[int, int], Group] = {}
    for row in rows:
        moment = row.published_at.astimezone(zone)
        place = (moment.weekday(), moment.hour)
        if place not in groups:
            groups[place] = Group(f"{_WEEKDAYS[place[0]]} {place[1]:02d}:00")
        groups[place].add(row, value)
    return dict(sorted(groups.items()))


def _names(row: Earning, by: str, zone: ZoneInfo) -> Sequence[str]:
    post = row.post
    match by:
        case "post":
            return (f"@{post.author}/{post.permlink}",)
        case "author":
            return (post.author,)
        case "tag":
            return row.tags
    moment = row.published_at.astimezone(zone)
    match by:
        case "weekday":
            return (_WEEKDAYS[moment.weekday()],)
        case "hour":
            return (f"{moment.hour:02d}:00",)
        case _:
            return (f"{moment.year:04d}-{moment.month:02d}",)


# -- one post --------------------------------------------------------------------------------------


def payout_state(whole: Whole) -> str:
    """How it stands with the payout, in a word: none, declined, pending, capped or paid."""
    post = whole.post
    if post.gone_at is not None:
        return "deleted"
    if post.cap == 0:
        return "declined"
    if post.paid_at is not None or post.cashout_at is None:
        paid = post.author_payout + post.curator_payout
        if post.cap is not None and paid and paid >= post.cap - _ROUNDING:
            return "paid, capped"
        return "paid"
    return "pending, capped" if post.cap is not None and post.pending >= post.cap else "pending"


_ROUNDING = 2
"""Units by which what a capped post was paid may be below its cap: each division rounds down."""


def of_post(whole: Whole, sort: str = "trending", value: Valuation = unvalued) -> dict[str, Any]:
    """What came of a post, as `briefbot show --json` has it under `results`."""
    post = whole.post

    def told(units: int) -> str:
        return str(Asset(units, post.precision, post.symbol))

    worth = None
    if post.paid_at is not None:
        earned = Asset(post.author_payout, post.precision, post.symbol)
        worth = value(earned, post.paid_at.date())
    return {
        "read_at": instant(post.read_at),
        "payout": payout_state(whole),
        "pending": told(post.pending) if post.cashout_at else None,
        "payout_at": instant(post.cashout_at),
        "paid_at": instant(post.paid_at),
        "paid_block": post.paid_block,
        "earned": told(post.author_payout),
        "curators": told(post.curator_payout),
        "cap": None if post.cap is None else told(post.cap),
        "usd": None if worth is None else str(worth),
        "net_rshares": post.net_rshares,
        "shares": [
            {
                "kind": share.kind,
                "account": share.account,
                "amount": str(Asset(share.units, share.precision, share.symbol)),
            }
            for share in whole.shares
        ],
        "votes": [
            {
                "voter": vote.voter,
                "percent": vote.percent,
                "rshares": vote.rshares,
                "weight": vote.weight,
                "time": instant(vote.voted_at),
            }
            for vote in whole.votes
        ],
        "reblogs": list(whole.reblogs),
        "course": [{"at": instant(at), "pending": told(units)} for at, units in whole.course],
        "changed_by_others": [
            {"trx_id": edit.trx_id, "block_num": edit.block_num, "time": instant(edit.at)}
            for edit in whole.edits
        ],
        "replies": [
            {
                "author": reply.author,
                "permlink": reply.permlink,
                "parent": f"@{reply.parent_author}/{reply.parent_permlink}",
                "depth": reply.depth,
                "body": reply.body,
                "created_at": instant(reply.created_at),
                "updated_at": instant(reply.updated_at),
                "deleted_at": instant(reply.deleted_at),
                "earlier": [
                    {"written_at": instant(at), "body": body}
                    for at, body in whole.texts.get((reply.author, reply.permlink), ())
                ],
                "payout": told(reply.payout),
                "votes": reply.votes,
                "net_rshares": reply.net_rshares,
            }
            for reply in threaded(whole, sort)
        ],
    }


def threaded(whole: Whole, sort: str = "trending") -> Iterator[ReplyRecord]:
    """Replies as the platform nests and sorts them (chain-rules §7.9), parents before children.

    Trending: hidden ones last, then by payout, then by rshares. Votes: by how many count. Age:
    hidden ones last, then the newest first.
    """
    below: dict[tuple[str, str], list[ReplyRecord]] = {}
    for reply in whole.replies:
        below.setdefault((reply.parent_author, reply.parent_permlink), []).append(reply)
    for replies in below.values():
        replies.sort(key=lambda reply: (reply.author, reply.permlink))
        replies.sort(key=_ORDERS[sort])
    left = list(reversed(below.pop((whole.post.author, whole.post.permlink), [])))
    while left:
        reply = left.pop()
        yield reply
        left += reversed(below.pop((reply.author, reply.permlink), []))


_ORDERS: Mapping[str, Callable[[ReplyRecord], Any]] = {
    "trending": lambda reply: (reply.gray, -reply.payout, -reply.net_rshares),
    "votes": lambda reply: -reply.votes,
    "age": lambda reply: (reply.gray, -reply.created_at.timestamp()),
}


def sparkline(course: Sequence[tuple[datetime, int]], width: int = 48) -> str:
    """The course of a figure as a row of bars, as many as there is room for, time left to right.

    A stretch without a point shows the one before it.
    """
    if not course:
        return ""
    first, last = course[0][0], course[-1][0]
    span = (last - first).total_seconds() or 1.0
    most = max(units for _, units in course) or 1
    wide = min(width, len(course)) if len(course) > 1 else 1
    bars: list[int] = []
    at = 0
    for column in range(wide):
        end = first.timestamp() + span * (column + 1) / wide
        while at + 1 < len(course) and course[at + 1][0].timestamp() <= end:
            at += 1
        bars.append(course[at][1])
    return "".join(_BARS[bar * (len(_BARS) - 1) // most] for bar in bars)
