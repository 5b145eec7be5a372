"""What nodes answer, as values: steemd's shapes and hivemind's alike (chain-rules §5).

Every reader raises LookupError, TypeError, ValueError, ArithmeticError or AttributeError for a
shape that it doesn't know; the caller then counts the answer as unusable and asks another node.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from bot.briefs import Beneficiary
from bot.chain.constants import SLOT
from bot.chain.operations import DEFAULT_MAX_ACCEPTED_PAYOUT
from bot.chain.protocol import (
    Account,
    Authority,
    Block,
    CommentOperation,
    Content,
    Head,
    Membership,
    ResourceCredits,
)
from bot.format.post import FIFTY_FIFTY, PayoutOptions

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER = _EPOCH - timedelta(seconds=1)  # how hivemind writes "paid out"
_UINT32 = 0xFFFFFFFF
_LAST = _EPOCH + timedelta(seconds=_UINT32)  # a chain counts seconds in 32 bits
_TRX_ID = re.compile(r"[0-9a-f]{40}")
_ASSET = re.compile(r"\d{1,20}(\.\d{1,8})? [A-Z]{1,10}")


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
        block_num=int(result["head_block_number"]),
        block_id=_block_id(result["head_block_id"]),
        time=read_time(result["time"]),
        irreversible_block_num=int(result["last_irreversible_block_num"]),
        maximum_block_size=int(result["maximum_block_size"]),
    )
    if not 0 <= head.irreversible_block_num <= head.block_num <= _UINT32:
        raise ValueError("no numbers of blocks")
    return head


def read_account(result: Any, name: str) -> Account | None:
    """`get_accounts` of one name; None when there is no such account."""
    if not _list(result):
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


def read_resource_credits(result: Any, name: str) -> ResourceCredits | None:
    """`find_rc_accounts` of one name; None when the node knows no such account."""
    for account in _list(result["rc_accounts"]):
        if account["account"] == name:
            manabar = account["rc_manabar"]
            return ResourceCredits(
                current_mana=int(manabar["current_mana"]),
                max_mana=int(account["max_rc"]),
                last_update=_EPOCH + timedelta(seconds=int(manabar["last_update_time"])),
            )
    return None


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
        category=_text(result["category"]),
        parent_author=_text(result["parent_author"]),
        parent_permlink=_text(result["parent_permlink"]),
        title=_text(result["title"]),
        body=_text(result["body"]),
        json_metadata=_text(result["json_metadata"]),
        created=read_time(result["created"]),
        last_update=read_time(result["last_update"]),
        votes=sum(float(vote["percent"]) != 0 for vote in _list(result["active_votes"])),
        replies=_count(result["children"]),
        pending_payout=_asset(result["pending_payout_value"]),
        total_payout=_asset(result["total_payout_value"]),
        curator_payout=_asset(result["curator_payout_value"]),
        cashout_time=read_time(result["cashout_time"]),
        options=_options(result),
    )


def _options(result: Any) -> PayoutOptions:
    """A post's payout options, in whichever chain's words; the default cap counts as none."""
    percents = (result.get(f"percent_{name}") for name in ("steem_dollars", "hbd", "blurt"))
    most = str(result.get("max_accepted_payout", DEFAULT_MAX_ACCEPTED_PAYOUT)).partition(" ")[0]
    shares = (
        Beneficiary(str(share["account"]), int(share["weight"]))
        for share in result.get("beneficiaries", ())
    )
    return PayoutOptions(
        max_accepted_payout=None if Decimal(most) == DEFAULT_MAX_ACCEPTED_PAYOUT else Decimal(most),
        percent=int(next((p for p in percents if p is not None), FIFTY_FIFTY)),
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
    return Membership(
        community=community,
        title=str(result["title"]),
        kind=int(result["type_id"]),
        role=str(context.get("role") or "guest"),
    )


def read_block(result: Any, num: int) -> Block | None:
    """`condenser_api.get_block`; None when the chain isn't that far."""
    if result is None:
        return None
    block_id = _block_id(result["block_id"])
    if block_number(block_id) != num:
        raise ValueError("another block")
    ids = _list(result["transaction_ids"])
    transactions = _list(result["transactions"])
    return Block(
        num=num,
        id=block_id,
        previous=result["previous"],
        time=read_time(result["timestamp"]),
        transactions=tuple(
            (
                _trx_id(trx_id),
                tuple((name, dict(fields)) for name, fields in transaction["operations"]),
            )
            for trx_id, transaction in zip(ids, transactions, strict=True)
        ),
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
    (names,) = _list(result["accounts"])
    return tuple(dict.fromkeys(str(name) for name in _list(names)))


def read_account_history(result: Any) -> list[HistoryEntry]:
    """`get_account_history`, in the order in which the node tells it; null for no entries."""
    return [
        HistoryEntry(int(number), read_time(entry["timestamp"]), _comment_operation(entry))
        for number, entry in _list([] if result is None else result)
    ]


def _comment_operation(entry: Any) -> CommentOperation | None:
    name, fields = entry["op"]
    if name != "comment":
        return None
    return CommentOperation(
        trx_id=_trx_id(entry["trx_id"]),
        block_num=int(entry["block"]),
        time=read_time(entry["timestamp"]) + timedelta(seconds=SLOT),
        **{
            field: str(fields[field])
            for field in (
                "author",
                "permlink",
                "parent_author",
                "parent_permlink",
                "title",
                "body",
                "json_metadata",
            )
        },
    )


def read_chain_id(result: Any) -> str:
    """The chain id among the constants of `get_config`, under whichever name the chain has it."""
    (chain_id,) = (value for key, value in result.items() if key.endswith("_CHAIN_ID"))
    return str(chain_id)


def read_time(text: str) -> datetime:
    """A node's time: UTC, without a zone in the text."""
    time = datetime.fromisoformat(text).replace(tzinfo=UTC)
    if not _NEVER <= time <= _LAST:
        raise ValueError("no time of a chain")
    return time


def block_number(block_id: str) -> int:
    """The height of a block, which is in the first four bytes of its id."""
    return int(block_id[:8], 16)


def _trx_id(text: Any) -> str:
    if not _TRX_ID.fullmatch(text):
        raise ValueError("no transaction id")
    return str(text)


def _asset(text: Any) -> str:
    if not _ASSET.fullmatch(text):
        raise ValueError("no amount")
    return str(text)


def _count(value: Any) -> int:
    if not 0 <= int(value) <= _UINT32:
        raise ValueError("no count")
    return int(value)


def _block_id(text: str) -> str:
    if len(bytes.fromhex(text)) != 20:  # noqa: PLR2004  # a block id is a ripemd160's length
        raise ValueError("no block id")
    return text


def _authority(value: Any) -> Authority:
    return Authority(
        weight_threshold=int(value["weight_threshold"]),
        account_auths=tuple((str(name), int(weight)) for name, weight in value["account_auths"]),
        key_auths=tuple((str(key), int(weight)) for key, weight in value["key_auths"]),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("no list")
    return value
