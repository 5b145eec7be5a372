"""What nodes answer, as values: steemd's shapes and hivemind's alike (chain-rules §5).

Every reader raises LookupError, TypeError, ValueError, ArithmeticError or AttributeError for a
shape that it doesn't know; the caller then counts the answer as unusable and asks another node.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from bot.briefs import Beneficiary
from bot.chain.constants import SLOT
from bot.chain.operations import DEFAULT_MAX_ACCEPTED_PAYOUT
from bot.chain.protocol import (
    ROLES,
    Account,
    Authority,
    Block,
    CommentOperation,
    Content,
    Head,
    Membership,
    ResourceCredits,
)
from bot.errors import quoted
from bot.format.post import FIFTY_FIFTY, PayoutOptions

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NEVER = _EPOCH - timedelta(seconds=1)
"""How servers write of a cashout time that the post is paid out."""
_UINT32 = 0xFFFFFFFF
_COMMENT = (
    "author", "permlink", "parent_author", "parent_permlink", "title", "body", "json_metadata",
)  # fmt: skip
_LAST = _EPOCH + timedelta(seconds=_UINT32)  # a chain counts seconds in 32 bits
_TRX_ID = re.compile(r"[0-9a-f]{40}")
_ASSET = re.compile(r"\d{1,20}(\.\d{1,8})? [A-Z]{1,10}")
_CHAIN_ID = re.compile(r"[0-9a-f]{64}")
_BLOCK_ID = re.compile(r"[0-9a-f]{40}")
_NAME = re.compile(r"[a-z][a-z0-9.-]{0,15}")
_INT32 = 2**31 - 1
_INT64 = 2**63 - 1
_UNDO = 10_000  # blocks that may be undone at most: STEEM_MAX_UNDO_HISTORY
_SMALLEST_MAXIMUM = 65_536  # bytes of a block that a chain always takes: STEEM_MIN_BLOCK_SIZE_LIMIT
_TRANSACTIONS = 16_384  # of a block of two megabytes, none of them under 128 bytes
_LONGEST_PERMLINK = 256  # bytes: STEEM_MAX_PERMLINK_LENGTH
_MEMBERS = 40  # of an authority: STEEM_MAX_AUTHORITY_MEMBERSHIP
_OPERATIONS = 5_000_000  # entries of an account's history that are believed
_HUNDRED = 10_000  # percent, in hundredths
_END = _LAST - timedelta(days=1)  # what is signed under a head must expire within 32 bits, too


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One entry of an account's history.

    Attributes:
        number: its place in the history, counted by the node from 0 or 1.
        time: that of the block before the one it is in (chain-rules §0.2).
        comment: the operation, if it is a comment.
    """

    number: int
    time: datetime
    comment: CommentOperation | None


def read_head(result: Any) -> Head:
    """`get_dynamic_global_properties`."""
    head = Head(
        block_num=whole_number(result["head_block_number"], 0, _UINT32),
        block_id=_block_id(result["head_block_id"]),
        time=read_time(result["time"]),
        irreversible_block_num=whole_number(result["last_irreversible_block_num"], 0, _UINT32),
        maximum_block_size=whole_number(result["maximum_block_size"], _SMALLEST_MAXIMUM, _UINT32),
    )
    if not 0 <= head.block_num - head.irreversible_block_num <= _UNDO:
        raise ValueError("no numbers of blocks")
    if head.time > _END:
        raise ValueError("no time of a head")
    return head


def read_account(result: Any, name: str) -> Account | None:
    """`get_accounts` of one name; None when there is no such account."""
    if not listed(result):
        return None
    (account,) = result
    if account["name"] != name:
        raise ValueError("another account")
    return Account(
        name=name,
        owner=_authority(account["owner"]),
        active=_authority(account["active"]),
        posting=_authority(account["posting"]),
        last_root_post=read_time(account["last_root_post"]),
        last_post=read_time(account["last_post"]),
    )


def read_voting_mana(result: Any) -> ResourceCredits | None:
    """Voting mana in `get_accounts` of one name; None where it isn't told in a usable way.

    It is at most the account's vests, with those that it was lent and without those that it has
    lent (steem: util::get_effective_vesting_shares; those that are being withdrawn left alone).
    """
    try:
        (account,) = result
        manabar = account["voting_manabar"]
        own, lent, borrowed = (
            whole_number(account[name].partition(" ")[0].replace(".", ""), 0, _INT64)
            for name in (
                "vesting_shares", "delegated_vesting_shares", "received_vesting_shares",
            )
        )  # fmt: skip
        return ResourceCredits(
            current_mana=whole_number(manabar["current_mana"], -_INT64, _INT64),
            max_mana=whole_number(own - lent + borrowed, -_INT64, _INT64),
            last_update=_EPOCH
            + timedelta(seconds=whole_number(manabar["last_update_time"], 0, _UINT32)),
        )
    except (LookupError, TypeError, ValueError, AttributeError):
        return None


def read_resource_credits(result: Any, name: str) -> ResourceCredits | None:
    """`find_rc_accounts` of one name; None when the node knows no such account."""
    return read_credits_of(result).get(name)


def read_credits_of(result: Any) -> dict[str, ResourceCredits]:
    """`find_rc_accounts` of several names: of those that the node knows."""
    return {
        str(account["account"]): ResourceCredits(
            current_mana=whole_number(account["rc_manabar"]["current_mana"], -_INT64, _INT64),
            max_mana=whole_number(account["max_rc"], -_INT64, _INT64),
            last_update=_EPOCH
            + timedelta(
                seconds=whole_number(account["rc_manabar"]["last_update_time"], 0, _UINT32)
            ),
        )
        for account in listed(result["rc_accounts"])
    }


def read_voting_of(result: Any) -> dict[str, ResourceCredits]:
    """Voting mana in `get_accounts` of several names: of those of whom it is told usably."""
    told = {str(account["name"]): read_voting_mana([account]) for account in listed(result)}
    return {name: mana for name, mana in told.items() if mana is not None}


def read_content(result: Any, author: str, permlink: str) -> Content | None:
    """`get_content`; None for null or the empty object by which servers say "not found".

    Votes of zero percent are votes taken back and don't count.
    """
    if result is None or result["author"] == "":
        return None
    if (result["author"], result["permlink"]) != (author, permlink):
        raise ValueError("another post")
    return Content(
        author=author,
        permlink=permlink,
        category=text_of(result["category"]),
        parent_author=text_of(result["parent_author"]),
        parent_permlink=text_of(result["parent_permlink"]),
        title=text_of(result["title"]),
        body=text_of(result["body"]),
        json_metadata=text_of(result["json_metadata"]),
        created=read_time(result["created"]),
        last_update=read_time(result["last_update"]),
        votes=sum(float(vote["percent"]) != 0 for vote in listed(result["active_votes"])),
        replies=whole_number(result["children"], 0, _INT32),
        pending_payout=_asset(result["pending_payout_value"]),
        total_payout=_asset(result["total_payout_value"]),
        curator_payout=_asset(result["curator_payout_value"]),
        cashout_time=read_time(result["cashout_time"]),
        options=_options(result),
    )


def _options(result: Any) -> PayoutOptions:
    """A post's payout options, in whichever chain's words; the default cap counts as none."""
    percents = (result.get(f"percent_{name}") for name in ("steem_dollars", "hbd", "blurt"))
    told = result.get("max_accepted_payout")
    most = DEFAULT_MAX_ACCEPTED_PAYOUT if told is None else Decimal(_asset(told).partition(" ")[0])
    shares = (
        Beneficiary(name_of(share["account"]), whole_number(share["weight"], 0, _HUNDRED))
        for share in listed(result.get("beneficiaries", []))
    )
    return PayoutOptions(
        max_accepted_payout=None if most == DEFAULT_MAX_ACCEPTED_PAYOUT else most,
        percent=whole_number(
            next((p for p in percents if p is not None), FIFTY_FIFTY), 0, _HUNDRED
        ),
        allow_votes=bool(result.get("allow_votes", True)),
        allow_curation_rewards=bool(result.get("allow_curation_rewards", True)),
        beneficiaries=tuple(shares),
    )


def read_membership(result: Any, community: str) -> Membership | None:
    """`bridge.get_community`, asked on behalf of the account; None when there is none."""
    if result is None:
        return None
    if result["name"] != community:
        raise ValueError("another community")
    context = result.get("context") or {}
    role = context.get("role") or "guest"
    if role not in ROLES:
        raise ValueError("no role")
    return Membership(
        community=community,
        title=quoted(text_of(result["title"])),
        kind=whole_number(result["type_id"], 0, _INT32),
        role=role,
    )


def read_block(result: Any, num: int) -> Block | None:
    """`condenser_api.get_block`; None when the chain isn't that far."""
    if result is None:
        return None
    block_id = _block_id(result["block_id"])
    if block_number(block_id) != num:
        raise ValueError("another block")
    ids = tuple(trx_id_of(trx_id) for trx_id in listed(result["transaction_ids"]))
    transactions = listed(result["transactions"])
    operations = [transaction["operations"] for transaction in transactions]
    comments = tuple(
        (trx_id, name_of(fields["author"]), permlink_of(fields["permlink"]))
        for trx_id, inside in zip(ids, operations, strict=True)
        for name, fields in inside
        if name == "comment"
    )
    if max(len(ids), len(comments)) > _TRANSACTIONS:
        raise ValueError("more than a block can hold")
    told = json.dumps([ids, operations], sort_keys=True)
    return Block(
        num=num,
        id=block_id,
        previous=_block_id(result["previous"]),
        time=read_time(result["timestamp"]),
        transaction_ids=ids,
        comments=comments,
        digest=hashlib.sha256(told.encode()).hexdigest(),
    )


def read_previous(result: Any, num: int) -> str | None:
    """The id of block `num`, out of the header of the block after it; None when there is none."""
    if not result:
        return None
    block_id = _block_id(result["previous"])
    if block_number(block_id) != num:
        raise ValueError("the header of another block")
    return block_id


def read_accounts_of_key(result: Any) -> tuple[str, ...]:
    """`get_key_references` of one key."""
    (names,) = listed(result["accounts"])
    return tuple(dict.fromkeys(name_of(name) for name in listed(names)))


def read_account_history(result: Any) -> list[HistoryEntry]:
    """`get_account_history`, in the order in which the node tells it; null for no entries."""
    return [
        HistoryEntry(
            whole_number(number, 0, _OPERATIONS),
            read_time(entry["timestamp"]),
            _comment_operation(entry),
        )
        for number, entry in listed([] if result is None else result)
    ]


def _comment_operation(entry: Any) -> CommentOperation | None:
    name, fields = entry["op"]
    if name != "comment":
        return None
    block_num = whole_number(entry["block"], 0, _UINT32)
    time = read_time(entry["timestamp"]) + timedelta(seconds=SLOT)
    return CommentOperation(trx_id_of(entry["trx_id"]), block_num, time, **_written(fields))


def read_comments(result: Any, num: int) -> tuple[CommentOperation, ...]:
    """What `condenser_api.get_block` shows to be written in a block."""
    if result is None or block_number(_block_id(result["block_id"])) != num:
        raise ValueError("another block")
    time = read_time(result["timestamp"])
    return tuple(
        CommentOperation(trx_id_of(trx_id), num, time, **_written(fields))
        for trx_id, transaction in zip(
            listed(result["transaction_ids"]), listed(result["transactions"]), strict=True
        )
        for name, fields in transaction["operations"]
        if name == "comment"
    )


def _written(fields: Any) -> dict[str, str]:
    return {field: text_of(fields[field]) for field in _COMMENT}


def read_chain_id(result: Any) -> str:
    """The chain id among the constants of `get_config`, under whichever name the chain has it."""
    (chain_id,) = (value for key, value in result.items() if key.endswith("_CHAIN_ID"))
    if not _CHAIN_ID.fullmatch(chain_id):
        raise ValueError("no chain id")
    return str(chain_id)


def read_time(text: str) -> datetime:
    """A node's time: UTC, without a zone in the text."""
    time = datetime.fromisoformat(text).replace(tzinfo=UTC)
    if not NEVER <= time <= _LAST:
        raise ValueError("no time of a chain")
    return time


def block_number(block_id: str) -> int:
    """The height of a block, which is in the first four bytes of its id."""
    return int(block_id[:8], 16)


def trx_id_of(text: Any) -> str:
    """The id of a transaction; of virtual operations, zeros."""
    if not _TRX_ID.fullmatch(text):
        raise ValueError("no transaction id")
    return str(text)


def _asset(text: Any) -> str:
    if not _ASSET.fullmatch(text):
        raise ValueError("no amount")
    return str(text)


def permlink_of(text: Any) -> str:
    """A permlink."""
    if len(text_of(text).encode()) > _LONGEST_PERMLINK:
        raise ValueError("no permlink")
    return str(text)


def name_of(text: Any) -> str:
    """An account's name."""
    if not _NAME.fullmatch(text):
        raise ValueError("no name of an account")
    return str(text)


def whole_number(value: Any, least: int, most: int) -> int:
    """A whole number; large ones come as text."""
    number = int(value)
    if isinstance(value, float) or not least <= number <= most:
        raise ValueError("no such number")
    return number


def _block_id(text: Any) -> str:
    if not _BLOCK_ID.fullmatch(text):
        raise ValueError("no block id")
    return str(text)


def _authority(value: Any) -> Authority:
    return Authority(
        weight_threshold=whole_number(value["weight_threshold"], 0, _UINT32),
        account_auths=_members(value["account_auths"]),
        key_auths=_members(value["key_auths"]),
    )


def _members(value: Any) -> tuple[tuple[str, int], ...]:
    if len(listed(value)) > _MEMBERS:
        raise ValueError("more than an authority can hold")
    return tuple((text_of(name), whole_number(weight, 0, _UINT32)) for name, weight in value)


def text_of(value: Any) -> str:
    """A text."""
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def listed(value: Any) -> list[Any]:
    """A list."""
    if not isinstance(value, list):
        raise TypeError("no list")
    return value
