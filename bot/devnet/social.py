"""Evaluators of posts, replies and options, with the checks in the chain's order (§1.2 to §1.4)."""

import re
from collections.abc import Iterator
from typing import Any

from diff_match_patch import diff_match_patch

from bot.devnet.evaluation import Evaluation, post_key
from bot.devnet.faults import failed, plugin
from bot.devnet.ledger import HUNDRED_PERCENT
from bot.devnet.moments import NEVER
from bot.devnet.operations import Fields
from bot.devnet.state import Value

MOST_PAYOUT = 1_000_000_000
ROOT_INTERVAL, REPLY_INTERVAL, EDIT_INTERVAL = 300, 3, 3
DEEPEST, DEEPEST_ADMITTED = 0xFFFF, 0xFF
BENEFICIARIES = 8


def comment(context: Evaluation, fields: Fields) -> None:
    """A post, a reply, or the edit of either: the permlink decides which."""
    author = context.account(fields["author"])
    parent = None
    if fields["parent_author"]:
        parent = context.post(fields["parent_author"], fields["parent_permlink"])
        deepest = DEEPEST_ADMITTED if context.admission else DEEPEST
        if parent["depth"] >= deepest:
            raise failed(
                "parent->depth < STEEM_MAX_COMMENT_DEPTH",
                "Comment is nested ${x} posts deep, maximum depth is ${y}.",
                x=parent["depth"],
                y=deepest,
            )
    existing = context.state.get("posts", post_key(fields["author"], fields["permlink"]))
    if existing is None:
        _create(context, fields, author, parent)
    else:
        _edit(context, fields, author, existing)


def _create(context: Evaluation, fields: Fields, author: Value, parent: Value | None) -> None:
    if parent is None:
        if context.now - author["last_root_post"] <= ROOT_INTERVAL:
            raise failed(
                "( now - auth.last_root_post ) > STEEM_MIN_ROOT_COMMENT_INTERVAL",
                "You may only post once every 5 minutes.",
            )
    elif context.now - author["last_post"] < REPLY_INTERVAL:
        raise failed(
            "(now - auth.last_post) >= STEEM_MIN_REPLY_INTERVAL_HF20",
            "You may only comment once every 3 seconds.",
        )
    for permlink in (fields["parent_permlink"], fields["permlink"]):
        _check_permlink(context, permlink)
    key = post_key(fields["author"], fields["permlink"])
    post = fields | {
        "id": context.ledger.next_id("posts"),
        "category": parent["category"] if parent else fields["parent_permlink"],
        "root": parent["root"] if parent else key,
        "depth": parent["depth"] + 1 if parent else 0,
        "created": context.now,
        "last_update": context.now,
        "active": context.now,
        "children": 0,
        "votes": {},
        "net_rshares": 0,
        "abs_rshares": 0,
        "vote_rshares": 0,
        "children_abs_rshares": 0,
        "total_vote_weight": 0,
        "net_votes": 0,
        "cashout": context.now + context.network.cashout_seconds,
        "last_payout": 0,
        "author_payout": 0,
        "curator_payout": 0,
        "author_rewards": 0,
        "max_accepted_payout": MOST_PAYOUT,
        "percent": HUNDRED_PERCENT,
        "allow_votes": True,
        "allow_curation_rewards": True,
        "beneficiaries": [],
        "reblogged_by": [],
    }
    context.state.put("posts", key, post)
    changes: dict[str, Any] = {"last_root_post": context.now} if parent is None else {}
    context.state.change(
        "accounts",
        author["name"],
        last_post=context.now,
        last_post_edit=context.now,
        post_count=author["post_count"] + 1,
        **changes,
    )
    for ancestor in _ancestors(context, post):
        context.state.change(
            "posts", ancestor, children=_stored(context, ancestor)["children"] + 1,
            active=context.now,
        )  # fmt: skip


def _check_permlink(context: Evaluation, permlink: str) -> None:
    if not 0 < len(permlink.encode()) <= 255:  # noqa: PLR2004  # §1.1
        text = "Permlink is not a valid size."
        if context.network.is_hive:
            text = f"Permlink is not of valid size ({permlink})."
        raise failed(
            "permlink.size() > STEEM_MIN_PERMLINK_LENGTH && "
            "permlink.size() < STEEM_MAX_PERMLINK_LENGTH",
            text,
        )
    if odd := re.search(r"[^a-z0-9-]", permlink):
        raise failed("false", "Invalid permlink character: ${s}", s=odd[0])


def _ancestors(context: Evaluation, post: Value) -> Iterator[str]:
    """The keys of a reply's parent, grandparent and so on."""
    while post["parent_author"]:
        key = post_key(post["parent_author"], post["parent_permlink"])
        yield key
        post = _stored(context, key)


def _stored(context: Evaluation, key: str) -> Value:
    return context.state.need("posts", key)


def _edit(context: Evaluation, fields: Fields, author: Value, post: Value) -> None:
    if context.now - author["last_post_edit"] < EDIT_INTERVAL:
        raise failed(
            "now - auth.last_post_edit >= STEEM_MIN_COMMENT_EDIT_INTERVAL",
            "Can only perform one comment edit per block.",
        )
    if post["parent_author"] != fields["parent_author"]:
        raise failed(
            "com.parent_author == o.parent_author", "The parent of a comment cannot change."
        )
    other_category = post["parent_permlink"] != fields["parent_permlink"]
    if other_category and (post["parent_author"] or not context.network.is_hive):
        raise failed(
            "equal( com.parent_permlink, o.parent_permlink )",
            "The permlink of a comment cannot change.",
        )
    key = post_key(post["author"], post["permlink"])
    context.state.change(
        "posts",
        key,
        title=fields["title"] or post["title"],
        json_metadata=fields["json_metadata"] or post["json_metadata"],
        body=patched(post["body"], fields["body"]),
        last_update=context.now,
        active=context.now,
    )
    context.state.change("accounts", author["name"], last_post_edit=context.now)


def patched(old: str, new: str) -> str:
    """An edit's body: applied when it reads as a patch, put in place otherwise (§1.2)."""
    differ = diff_match_patch()
    try:
        patches = differ.patch_fromText(new)
    except ValueError:
        return new
    return str(differ.patch_apply(patches, old)[0]) if patches else new


def comment_options(context: Evaluation, fields: Fields) -> None:
    """Options only ever tighten."""
    post = context.post(fields["author"], fields["permlink"])
    payout = fields["max_accepted_payout"].units
    if context.network.is_hive and post["cashout"] == NEVER:
        raise failed(
            "comment_cashout",
            "Updating parameters for comment that is paid out is forbidden.",
        )
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
        percent = context.network.percent_field
        debt = context.network.debt_field.upper()
        raise failed(
            f"comment.{percent} >= o.{percent}",
            f"A comment cannot accept a greater percent {debt}.",
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
    context: Evaluation, post: Value, shares: list[tuple[str, int]]
) -> None:
    if context.admission and len(shares) > BENEFICIARIES:
        if context.network.is_hive:
            raise failed(
                "cpb.beneficiaries.size() <= HIVE_MAX_COMMENT_BENEFICIARIES",
                "Cannot specify more than ${x} beneficiaries.",
                x=BENEFICIARIES,
            )
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
            raise failed("acc != nullptr", 'Beneficiary "${a}" must exist.', a=name)


def delete_comment(context: Evaluation, fields: Fields) -> None:
    """Only while nobody has answered or upvoted, and before the payout."""
    post = context.post(fields["author"], fields["permlink"])
    if context.network.is_hive and post["cashout"] == NEVER:
        raise failed("comment_cashout", "Cannot delete comment after payout.")
    if post["children"]:
        raise failed("comment.children == 0", "Cannot delete a comment with replies.")
    if post["cashout"] == NEVER:
        raise failed("comment.cashout_time != fc::time_point_sec::maximum()")
    if post["net_rshares"] > 0:
        test = "comment.net_rshares <= 0"
        raise failed(test, "Cannot delete a comment with net positive votes.")
    for ancestor in list(_ancestors(context, post)):
        context.state.change(
            "posts", ancestor, children=_stored(context, ancestor)["children"] - 1,
            active=context.now,
        )  # fmt: skip
    context.state.remove("posts", post_key(post["author"], post["permlink"]))
