"""What an operation does to the state, and when it may not (steem_evaluator.cpp, chain-rules §1).

`now` is the head block's time, as on the chain (§0.2). `admission` is true while a node takes a
transaction from outside: some rules hold only then (§0.1).
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from diff_match_patch import diff_match_patch

from bot.devnet.faults import failed, plugin, unknown_key
from bot.devnet.network import Network
from bot.devnet.operations import Amount, Fields, Operation
from bot.devnet.state import State

EPOCH = "1970-01-01T00:00:00"
NEVER = "1969-12-31T23:59:59"
MOST_PAYOUT = 1_000_000_000
_REGENERATION = 432_000  # seconds in which mana grows back


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Where and when an operation is applied."""

    state: State
    network: Network
    now: datetime
    admission: bool

    @property
    def stamp(self) -> str:
        """`now` as the chain writes it."""
        return f"{self.now:%Y-%m-%dT%H:%M:%S}"


def evaluate(context: Evaluation, operation: Operation) -> None:
    """Apply one operation.

    Raises:
        Fault: a rule refuses it; the caller undoes what it had done.
    """
    name, fields = operation
    _EVALUATORS[name](context, fields)


def post_key(author: str, permlink: str) -> str:
    """The key of a comment object."""
    return f"{author}/{permlink}"


def _account(context: Evaluation, name: str) -> dict[str, Any]:
    account = context.state.get("accounts", name)
    if account is None:
        raise unknown_key(name=name)
    return account


def _post(context: Evaluation, author: str, permlink: str) -> dict[str, Any]:
    post = context.state.get("posts", post_key(author, permlink))
    if post is None:
        raise unknown_key(author=author, permlink=permlink)
    return post


def _stored(context: Evaluation, key: str) -> dict[str, Any]:
    post = context.state.get("posts", key)
    assert post is not None, "what a reply or a list names exists"
    return post


def _seconds_since(context: Evaluation, stamp: str) -> float:
    return (context.now - datetime.fromisoformat(f"{stamp}+00:00")).total_seconds()


def _comment(context: Evaluation, fields: Fields) -> None:
    author = _account(context, fields["author"])
    parent = None
    if fields["parent_author"]:
        parent = _post(context, fields["parent_author"], fields["parent_permlink"])
        depth = 255 if context.admission else 0xFFFF
        if parent["depth"] >= depth:
            raise failed(
                "parent->depth < STEEM_MAX_COMMENT_DEPTH",
                f"Comment is nested {parent['depth']} posts deep, maximum depth is {depth}.",
            )
    existing = context.state.get("posts", post_key(fields["author"], fields["permlink"]))
    if existing is None:
        _create_post(context, fields, author, parent)
    else:
        _edit_post(context, fields, existing)


def _create_post(
    context: Evaluation, fields: Fields, author: dict[str, Any], parent: dict[str, Any] | None
) -> None:
    if parent is None:
        if _seconds_since(context, author["last_root_post"]) <= 300:  # noqa: PLR2004  # §1.1
            raise failed(
                "( now - auth.last_root_post ) > STEEM_MIN_ROOT_COMMENT_INTERVAL",
                "You may only post once every 5 minutes.",
            )
    elif _seconds_since(context, author["last_post"]) < 3:  # noqa: PLR2004  # §1.1
        raise failed(
            "(now - auth.last_post) >= STEEM_MIN_REPLY_INTERVAL_HF20",
            "You may only comment once every 3 seconds.",
        )
    for permlink in (fields["parent_permlink"], fields["permlink"]):
        if not 0 < len(permlink) <= 255:  # noqa: PLR2004  # §1.1
            raise failed(
                "permlink.size() > STEEM_MIN_PERMLINK_LENGTH && "
                "permlink.size() < STEEM_MAX_PERMLINK_LENGTH",
                "Permlink is not a valid size.",
            )
        if odd := re.search(r"[^a-z0-9-]", permlink):
            raise failed("false", f"Invalid permlink character: {odd[0]}")
    root = parent["root"] if parent else post_key(fields["author"], fields["permlink"])
    numbers = context.state.get("counters", "posts") or {"next": 0}
    context.state.put("counters", "posts", {"next": numbers["next"] + 1})
    key = post_key(fields["author"], fields["permlink"])
    category = parent["category"] if parent else fields["parent_permlink"]
    context.state.put(
        "posts",
        key,
        fields
        | {
            "id": numbers["next"],
            "category": category,
            "created": context.stamp,
            "last_update": context.stamp,
            "last_edit": context.stamp,
            "active": context.stamp,
            "depth": parent["depth"] + 1 if parent else 0,
            "children": 0,
            "replies": [],
            "root": root,
            "votes": {},
            "net_rshares": 0,
            "abs_rshares": 0,
            "cashout": f"{context.now + context.network.payout_after:%Y-%m-%dT%H:%M:%S}",
            "max_accepted_payout": MOST_PAYOUT,
            "percent": 10000,
            "allow_votes": True,
            "allow_curation_rewards": True,
            "beneficiaries": [],
        },
    )
    roots = {"last_root_post": context.stamp} if parent is None else {}
    context.state.change(
        "accounts",
        author["name"],
        last_post=context.stamp,
        post_count=author["post_count"] + 1,
        posts=[*author["posts"], key],
        **roots,
    )
    if parent is not None:
        context.state.change(
            "posts",
            post_key(parent["author"], parent["permlink"]),
            replies=[*parent["replies"], key],
        )
        _count_children(context, parent, 1)


def _count_children(context: Evaluation, post: dict[str, Any], number: int) -> None:
    """All ancestors count a new or deleted reply."""
    key: str | None = post_key(post["author"], post["permlink"])
    while key:
        post = _stored(context, key)
        context.state.change("posts", key, children=post["children"] + number, active=context.stamp)
        key = post["parent_author"] and post_key(post["parent_author"], post["parent_permlink"])


def _edit_post(context: Evaluation, fields: Fields, post: dict[str, Any]) -> None:
    if _seconds_since(context, post["last_edit"]) < 3:  # noqa: PLR2004  # §1.1
        raise failed(
            "now - auth.last_post_edit >= STEEM_MIN_COMMENT_EDIT_INTERVAL",
            "Can only perform one comment edit per block.",
        )
    if post["parent_author"] != fields["parent_author"]:
        raise failed(
            "com.parent_author == o.parent_author", "The parent of a comment cannot change."
        )
    if post["parent_permlink"] != fields["parent_permlink"]:
        raise failed(
            "equal( com.parent_permlink, o.parent_permlink )",
            "The permlink of a comment cannot change.",
        )
    context.state.change(
        "posts",
        post_key(post["author"], post["permlink"]),
        title=fields["title"] or post["title"],
        json_metadata=fields["json_metadata"] or post["json_metadata"],
        body=patched(post["body"], fields["body"]),
        last_update=context.stamp,
        last_edit=context.stamp,
        active=context.stamp,
    )


def patched(old: str, new: str) -> str:
    """An edit's body: applied when it reads as a patch, put in place otherwise (§1.2)."""
    differ = diff_match_patch()
    try:
        patches = differ.patch_fromText(new)
    except ValueError:
        return new
    return str(differ.patch_apply(patches, old)[0]) if patches else new


def _options(context: Evaluation, fields: Fields) -> None:
    post = _post(context, fields["author"], fields["permlink"])
    payout = fields["max_accepted_payout"].units
    tightens = (
        not fields["allow_curation_rewards"]
        or not fields["allow_votes"]
        or payout < post["max_accepted_payout"]
    )
    if tightens and post["abs_rshares"]:
        raise failed(
            "comment.abs_rshares == 0",
            "One of the included comment options requires the comment to have no rshares "
            "allocated to it.",
        )
    for field, text in (
        ("allow_curation_rewards", "Curation rewards cannot be re-enabled."),
        ("allow_votes", "Voting cannot be re-enabled."),
    ):
        if fields[field] > post[field]:
            raise failed(f"comment.{field} >= o.{field}", text)
    if payout > post["max_accepted_payout"]:
        raise failed(
            "comment.max_accepted_payout >= o.max_accepted_payout",
            "A comment cannot accept a greater payout.",
        )
    if fields["percent"] > post["percent"]:
        raise failed(
            "comment.percent_steem_dollars >= o.percent_steem_dollars",
            "A comment cannot accept a greater percent SBD.",
        )
    shares = fields["beneficiaries"]
    if shares is not None:
        _may_have_beneficiaries(context, post, shares)
    context.state.change(
        "posts",
        post_key(fields["author"], fields["permlink"]),
        max_accepted_payout=payout,
        percent=fields["percent"],
        allow_votes=fields["allow_votes"],
        allow_curation_rewards=fields["allow_curation_rewards"],
        beneficiaries=post["beneficiaries"] if shares is None else [list(s) for s in shares],
    )


def _may_have_beneficiaries(
    context: Evaluation, post: dict[str, Any], shares: list[tuple[str, int]]
) -> None:
    if context.admission and len(shares) > 8:  # noqa: PLR2004  # witness_plugin.cpp
        raise plugin("Cannot specify more than 8 beneficiaries.")
    if post["beneficiaries"]:
        test = "_c.beneficiaries.size() == 0"
        raise failed(test, "Comment already has beneficiaries specified.")
    if post["abs_rshares"]:
        raise failed(
            "_c.abs_rshares == 0",
            "Comment must not have been voted on before specifying beneficiaries.",
        )
    for name, _ in shares:
        if context.state.get("accounts", name) is None:
            raise failed("acc != nullptr", f'Beneficiary "{name}" must exist.', a=name)


def _delete(context: Evaluation, fields: Fields) -> None:
    post = _post(context, fields["author"], fields["permlink"])
    if post["children"]:
        raise failed("comment.children == 0", "Cannot delete a comment with replies.")
    if post["cashout"] == NEVER:
        raise failed("comment.cashout_time != fc::time_point_sec::maximum()")
    if post["net_rshares"] > 0:
        test = "comment.net_rshares <= 0"
        raise failed(test, "Cannot delete a comment with net positive votes.")
    key = post_key(post["author"], post["permlink"])
    context.state.remove("posts", key)
    account = _account(context, post["author"])
    context.state.change(
        "accounts", post["author"], posts=[other for other in account["posts"] if other != key]
    )
    if post["parent_author"]:
        parent_key = post_key(post["parent_author"], post["parent_permlink"])
        parent = _stored(context, parent_key)
        context.state.change(
            "posts", parent_key, replies=[other for other in parent["replies"] if other != key]
        )
        _count_children(context, parent, -1)


def _vote(context: Evaluation, fields: Fields) -> None:
    post = _post(context, fields["author"], fields["permlink"])
    voter = _account(context, fields["voter"])
    weight = fields["weight"]
    if weight > 0 and not post["allow_votes"]:
        raise failed("comment.allow_votes", "Votes are not allowed on the comment.")
    if _seconds_since(context, voter["last_vote_time"]) < 3:  # noqa: PLR2004  # §1.1
        raise failed(
            "elapsed_seconds >= STEEM_MIN_VOTE_INTERVAL_SEC",
            "Can only vote once every 3 seconds.",
        )
    earlier = post["votes"].get(voter["name"])
    if earlier is None and weight == 0:
        raise failed("o.weight != 0", "Vote weight cannot be 0.")
    if earlier is not None and earlier["percent"] == weight:
        raise failed(
            "itr->vote_percent != o.weight",
            "Your current vote on this comment is identical to this vote.",
        )
    if earlier is not None and earlier["changes"] >= 5:  # noqa: PLR2004  # STEEM_MAX_VOTE_CHANGES
        raise failed(
            "itr->num_changes < STEEM_MAX_VOTE_CHANGES",
            "Voter has used the maximum number of vote changes on this comment.",
        )
    mana = mana_now(voter, context.now)
    denominator = 10 * _REGENERATION  # vote_power_reserve_rate 10
    used = -(-(mana * abs(weight) * 86_400 // 10_000) // denominator)
    rshares = max(0, used - 50_000_000) * (1 if weight > 0 else -1)
    before = earlier["rshares"] if earlier else 0
    vote = {
        "percent": weight,
        "rshares": rshares,
        "time": context.stamp,
        "changes": earlier["changes"] + 1 if earlier else 0,
    }
    context.state.change(
        "posts",
        post_key(post["author"], post["permlink"]),
        votes=post["votes"] | {voter["name"]: vote},
        net_rshares=post["net_rshares"] - before + rshares,
        abs_rshares=post["abs_rshares"] + abs(rshares),
    )
    context.state.change(
        "accounts",
        voter["name"],
        last_vote_time=context.stamp,
        mana=mana - used,
        mana_at=int(context.now.timestamp()),
    )


def mana_now(account: dict[str, Any], now: datetime) -> int:
    """Voting mana at this moment: it grows back in five days (§1.5)."""
    grown = account["vests"] * max(0, int(now.timestamp()) - account["mana_at"]) // _REGENERATION
    return int(min(account["vests"], account["mana"] + grown))


def _custom_json(context: Evaluation, fields: Fields) -> None:
    if len(fields["json"].encode()) > 8192:  # noqa: PLR2004  # STEEM_CUSTOM_OP_DATA_MAX_LENGTH
        raise failed(
            "o.json.length() <= STEEM_CUSTOM_OP_DATA_MAX_LENGTH",
            "Operation JSON must be less than 8192 bytes.",
        )
    try:
        action, values = json.loads(fields["json"])
        key = post_key(values["author"], values["permlink"])
    except (ValueError, TypeError, KeyError):
        return  # the second layer passes over what it doesn't understand
    post = context.state.get("posts", key)
    if fields["id"] == "follow" and action == "reblog" and post is not None:
        by = post.get("reblogged_by", [])
        context.state.change("posts", key, reblogged_by=[*by, values["account"]])


def _transfer(context: Evaluation, fields: Fields) -> None:
    giver, taker = _account(context, fields["from"]), _account(context, fields["to"])
    amount: Amount = fields["amount"]
    balance = giver["balances"][amount.kind]
    if balance < amount.units:
        raise failed(
            "_db.get_balance( o.from, o.amount.symbol ) >= o.amount",
            "Account does not have sufficient funds for transfer.",
        )
    _pay(context, giver["name"], amount.kind, -amount.units)
    _pay(context, taker["name"], amount.kind, amount.units)


def _pay(context: Evaluation, name: str, kind: int, units: int) -> None:
    balances = list(_account(context, name)["balances"])
    balances[kind] += units
    context.state.change("accounts", name, balances=balances)


def _transfer_to_vesting(context: Evaluation, fields: Fields) -> None:
    amount: Amount = fields["amount"]
    _transfer(context, fields | {"to": fields["from"]})
    _pay(context, fields["from"], amount.kind, -amount.units)
    taker = _account(context, fields["to"] or fields["from"])
    context.state.change("accounts", taker["name"], vests=taker["vests"] + amount.units * 1000)


def _create(context: Evaluation, fields: Fields) -> None:
    _account(context, fields["creator"])
    name = fields["new_account_name"]
    if context.state.get("accounts", name) is not None:
        raise failed("false", "could not insert object, most likely a uniqueness constraint")
    roles = {role: fields[role] for role in ("owner", "active", "posting")}
    number = len(context.state.table("accounts"))
    context.state.put(
        "accounts",
        name,
        new_account(name, number, roles, fields["memo_key"], context.stamp, 0),
    )


def new_account(
    name: str, number: int, roles: dict[str, Any], memo_key: str, created: str, vests: int
) -> dict[str, Any]:
    """An account as it begins."""
    return {
        "id": number,
        "name": name,
        **roles,
        "memo_key": memo_key,
        "created": created,
        "last_post": EPOCH,
        "last_root_post": EPOCH,
        "last_vote_time": EPOCH,
        "post_count": 0,
        "posts": [],
        "balances": [0, 0, 0],
        "vests": vests,
        "mana": vests,
        "mana_at": int(datetime.fromisoformat(f"{created}+00:00").timestamp()),
    }


def _update(context: Evaluation, fields: Fields) -> None:
    _account(context, fields["account"])
    changes = {role: fields[role] for role in ("owner", "active", "posting") if fields[role]}
    context.state.change("accounts", fields["account"], memo_key=fields["memo_key"], **changes)


_EVALUATORS: dict[str, Callable[[Evaluation, Fields], None]] = {
    "comment": _comment,
    "comment_options": _options,
    "delete_comment": _delete,
    "vote": _vote,
    "custom_json": _custom_json,
    "transfer": _transfer,
    "transfer_to_vesting": _transfer_to_vesting,
    "account_create": _create,
    "account_update": _update,
}
