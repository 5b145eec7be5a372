"""What came of posts, as nodes tell it: histories, figures, replies and payouts as values.

The readers raise as those of `replies` for a shape that they don't know.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.chain.errors import ChainError
from bot.chain.protocol import Content
from bot.chain.replies import (
    NEVER,
    listed,
    name_of,
    permlink_of,
    read_content,
    read_time,
    text_of,
    trx_id_of,
    whole_number,
)

Address = tuple[str, str]
"""Author and permlink."""

_AMOUNT = re.compile(r"(\d{1,20})(?:\.(\d{1,8}))? ([A-Z]{1,10})")
_INT64 = 2**63 - 1
_UINT32 = 0xFFFFFFFF
_UINT128 = 2**128 - 1
_HUNDRED = 10_000
_OPERATIONS = 2**53
_DEEPEST = 0xFFFF
_CONTENT_CONSTANT = 2_000_000_000_000


@dataclass(frozen=True, slots=True, order=True)
class Asset:
    """An amount as a whole number of its smallest unit: 1234, 3 and SBD are 1.234 SBD."""

    units: int
    precision: int
    symbol: str

    def __str__(self) -> str:
        """As nodes write it."""
        return f"{decimal_text(self.units, self.precision)} {self.symbol}"


def decimal_text(units: int, precision: int) -> str:
    """A whole number of smallest units with its point."""
    whole, rest = divmod(abs(units), 10**precision)
    sign = "-" if units < 0 else ""
    return f"{sign}{whole}.{rest:0{precision}}" if precision else f"{sign}{whole}"


@dataclass(frozen=True, slots=True)
class Cast:
    """A vote as it stands on a post.

    Attributes:
        percent: in hundredths, negative for a downvote, 0 for one that was taken back.
        rshares, weight, time: None where this server doesn't tell them (hivemind tells rshares).
    """

    voter: str
    percent: int
    rshares: int | None = None
    weight: int | None = None
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class VoteOperation:
    """Somebody voted."""

    voter: str
    author: str
    permlink: str
    percent: int


@dataclass(frozen=True, slots=True)
class CommentWritten:
    """A post or reply was written, or edited."""

    author: str
    permlink: str
    parent_author: str
    parent_permlink: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class CommentDeleted:
    """A post or reply was taken off the chain."""

    author: str
    permlink: str


@dataclass(frozen=True, slots=True)
class Payment:
    """A virtual operation of a payout.

    Attributes:
        kind: `author`, `beneficiary`, `curator`; `post` for the end of a payout as such, which
            comes whether anything was paid or not.
        account: who got it; the author for `post`.
    """

    kind: str
    author: str
    permlink: str
    account: str
    amounts: tuple[Asset, ...]


@dataclass(frozen=True, slots=True)
class Happening:
    """An entry of an account's history.

    Attributes:
        number: its place there, counted by the chain from 0 or 1.
        time: of the block before the one it is in; of a virtual one, of its own block.
        what: None for operations that say nothing about posts.
    """

    number: int
    block_num: int
    trx_id: str
    time: datetime
    what: VoteOperation | CommentWritten | CommentDeleted | Payment | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A post's figures as they are at a node's head.

    Attributes:
        pending: gross: neither capped nor split (chain-rules §6).
        author_payout, curator_payout: what was paid, in the chain's dollar.
        cap: what it accepts at most; None where this server doesn't say.
        cashout_at: None when it is paid out.
        active_at: when something was last written below it, or itself; None where that isn't told.
    """

    content: Content
    children: int
    net_rshares: int
    pending: Asset
    author_payout: Asset
    curator_payout: Asset
    cap: Asset | None
    cashout_at: datetime | None
    active_at: datetime | None
    votes: tuple[Cast, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply as it stands on the chain; `payout` is pending or paid, in all."""

    author: str
    permlink: str
    parent_author: str
    parent_permlink: str
    depth: int
    body: str
    created_at: datetime
    updated_at: datetime
    payout: Asset
    net_rshares: int
    votes: int
    gray: bool


@dataclass(frozen=True, slots=True)
class Funds:
    """What all pending payouts are reckoned from (condenser_api.cpp:1998, chain-rules §6)."""

    reward_balance: int
    recent_claims: int
    base: int
    quote: int

    def pending(self, net_rshares: int) -> int | None:
        """What so many rshares would earn now, in the dollar's smallest unit.

        None as long as nothing has ever been claimed.
        """
        if not self.recent_claims or not self.quote:
            return None
        rshares = max(0, net_rshares)
        whole = rshares + _CONTENT_CONSTANT
        curve = (whole * whole - _CONTENT_CONSTANT**2) // (rshares + 4 * _CONTENT_CONSTANT)
        pot = self.reward_balance * self.base // self.quote
        return curve * pot // self.recent_claims


@dataclass(frozen=True, slots=True)
class Figures:
    """The answers of one batch.

    Attributes:
        funds: None where no node tells them.
        irreversible_at: the time of the irreversible block that was asked about; what is older
            can't be taken back.
        standings: of each post; None where nothing stands, a `ChainError` where that isn't told.
    """

    funds: Funds | None
    irreversible_at: datetime | None
    standings: Mapping[Address, Standing | ChainError | None]
    reblogs: Mapping[Address, tuple[str, ...]]


# -- readers ---------------------------------------------------------------------------------------


def read_asset(text: Any) -> Asset:
    """`1.234 SBD`."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise ValueError("no amount")
    fraction = match[2] or ""
    units = int(match[1] + fraction)
    if units > _INT64:
        raise ValueError("no amount")
    return Asset(units, len(fraction), match[3])


def read_happenings(result: Any) -> tuple[Happening, ...]:
    """`get_account_history`, in the order of its numbers; null for no entries."""
    found = [
        Happening(
            number=whole_number(number, 0, _OPERATIONS),
            block_num=whole_number(entry["block"], 0, _UINT32),
            trx_id=trx_id_of(entry["trx_id"]),
            time=read_time(entry["timestamp"]),
            what=_what(*entry["op"]),
        )
        for number, entry in listed([] if result is None else result)
    ]
    return tuple(sorted(found, key=lambda happening: happening.number))


def _what(
    name: str, fields: Mapping[str, Any]
) -> VoteOperation | CommentWritten | CommentDeleted | Payment | None:
    match name:
        case "vote":
            percent = whole_number(fields["weight"], -_HUNDRED, _HUNDRED)
            return VoteOperation(name_of(fields["voter"]), *_address(fields), percent)
        case "comment":
            parent = (text_of(fields["parent_author"]), permlink_of(fields["parent_permlink"]))
            texts = (text_of(fields["title"]), text_of(fields["body"]))
            return CommentWritten(*_address(fields), *parent, *texts)
        case "delete_comment":
            return CommentDeleted(*_address(fields))
        case _:
            return _payment(name, fields)


def _payment(name: str, fields: Mapping[str, Any]) -> Payment | None:
    match name:
        case "author_reward":
            address = _address(fields)
            return Payment("author", *address, address[0], _paid(fields))
        case "comment_benefactor_reward":
            who = name_of(fields["benefactor"])
            return Payment("beneficiary", *_address(fields), who, _paid(fields))
        case "curation_reward":
            # Hive calls the same fields otherwise since its hardfork 28
            author = fields.get("comment_author", fields.get("author"))
            permlink = fields.get("comment_permlink", fields.get("permlink"))
            address = (name_of(author), permlink_of(permlink))
            reward = read_asset(fields["reward"])
            return Payment("curator", *address, name_of(fields["curator"]), _some(reward))
        case "comment_payout_update":
            address = _address(fields)
            return Payment("post", *address, address[0], ())
        case _:
            return None


def _paid(fields: Mapping[str, Any]) -> tuple[Asset, ...]:
    """`sbd_payout`, `steem_payout`, `vesting_payout`, or as another chain calls them."""
    told = [
        read_asset(value)
        for key, value in fields.items()
        if key.endswith("_payout") and not key.startswith("curators_")
    ]
    return _some(*told)


def _some(*amounts: Asset) -> tuple[Asset, ...]:
    return tuple(amount for amount in amounts if amount.units)


def _address(fields: Mapping[str, Any]) -> Address:
    return name_of(fields["author"]), permlink_of(fields["permlink"])


def read_standing(result: Any, author: str, permlink: str) -> Standing | None:
    """`get_content`; None where nothing stands there."""
    content = read_content(result, author, permlink)
    if content is None:
        return None
    cap, active = result.get("max_accepted_payout"), result.get("active")
    return Standing(
        content=content,
        children=content.replies,
        net_rshares=whole_number(result["net_rshares"], -_INT64, _INT64),
        pending=read_asset(content.pending_payout),
        author_payout=read_asset(content.total_payout),
        curator_payout=read_asset(content.curator_payout),
        cap=None if cap is None else read_asset(cap),
        cashout_at=None if content.cashout_time == NEVER else content.cashout_time,
        active_at=None if active is None else read_time(active),
        votes=tuple({cast.voter: cast for cast in map(_cast, result["active_votes"])}.values()),
    )


def _cast(vote: Any) -> Cast:
    weight, time = vote.get("weight"), vote.get("time")
    return Cast(
        voter=name_of(vote["voter"]),
        percent=whole_number(vote["percent"], -_HUNDRED, _HUNDRED),
        rshares=whole_number(vote["rshares"], -_INT64, _INT64) if "rshares" in vote else None,
        weight=None if weight is None else whole_number(weight, 0, _INT64),
        time=None if time is None else read_time(time),
    )


def read_reblogs(result: Any, author: str) -> tuple[str, ...]:
    """`get_reblogged_by`; some servers name the author, whose own blog it is, too."""
    return tuple(sorted({name_of(name) for name in listed(result)} - {author}))


def read_discussion(result: Any, author: str, permlink: str) -> tuple[Reply, ...]:
    """`bridge.get_discussion`: all replies below a post, without itself."""
    return tuple(
        Reply(
            author=name_of(told["author"]),
            permlink=permlink_of(told["permlink"]),
            parent_author=name_of(told["parent_author"]),
            parent_permlink=permlink_of(told["parent_permlink"]),
            depth=whole_number(told["depth"], 1, _DEEPEST),
            body=text_of(told["body"]),
            created_at=read_time(told["created"]),
            updated_at=read_time(told["updated"]),
            payout=_in_all(told, "author_payout_value"),
            net_rshares=whole_number(told["net_rshares"], -_INT64, _INT64),
            votes=_voting(told),
            gray=bool(told["stats"]["gray"]),
        )
        for told in (result or {}).values()
        if (told["author"], told["permlink"]) != (author, permlink)
    )


def read_replies(result: Any) -> tuple[tuple[Reply, int], ...]:
    """`get_content_replies`: direct replies, with how many stand below each."""
    return tuple(
        (
            Reply(
                author=name_of(told["author"]),
                permlink=permlink_of(told["permlink"]),
                parent_author=name_of(told["parent_author"]),
                parent_permlink=permlink_of(told["parent_permlink"]),
                depth=whole_number(told["depth"], 1, _DEEPEST),
                body=text_of(told["body"]),
                created_at=read_time(told["created"]),
                updated_at=read_time(told["last_update"]),
                payout=_in_all(told, "total_payout_value"),
                net_rshares=whole_number(told["net_rshares"], -_INT64, _INT64),
                votes=_voting(told),
                gray=False,  # which only hivemind knows
            ),
            whole_number(told["children"], 0, _UINT32),
        )
        for told in listed(result)
    )


def _in_all(told: Any, paid: str) -> Asset:
    """What a reply has earned or will, to all (`payout` of hivemind, without its float)."""
    amounts = [
        read_asset(told[key]) for key in ("pending_payout_value", paid, "curator_payout_value")
    ]
    named = next((amount for amount in amounts if amount.units), amounts[0])
    return Asset(sum(amount.units for amount in amounts), named.precision, named.symbol)


def _voting(told: Any) -> int:
    """Votes that count, as the platform sorts by them (Comment.jsx:26)."""
    return sum(int(vote["rshares"]) != 0 for vote in listed(told["active_votes"]))


def read_payments(result: Any) -> tuple[Payment, ...]:
    """`get_ops_in_block` of virtual operations: what a block paid."""
    found = (_payment(*entry["op"]) for entry in listed(result))
    return tuple(payment for payment in found if payment is not None)


def read_reward_fund(result: Any) -> tuple[int, int]:
    """`get_reward_fund`: its balance and the claims on it."""
    balance = read_asset(result["reward_balance"]).units
    return balance, whole_number(result["recent_claims"], 0, _UINT128)


def read_price(result: Any) -> tuple[int, int]:
    """`get_current_median_history_price`: units of dollar and of coin that are worth alike."""
    return read_asset(result["base"]).units, read_asset(result["quote"]).units


def read_block_time(result: Any) -> datetime:
    """`get_block_header`."""
    return read_time(result["timestamp"])
