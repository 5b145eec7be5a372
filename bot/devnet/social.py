"""Evaluators of posts, replies, options and votes, with the checks in the chain's order (§1)."""

import re
from collections.abc import Iterator
from typing import Any

from diff_match_patch import diff_match_patch

from bot.devnet.evaluation import Evaluation, post_key
from bot.devnet.faults import failed, plugin
from bot.devnet.ledger import HUNDRED_PERCENT, REGENERATION
from bot.devnet.moments import NEVER
from bot.devnet.operations import Fields
from bot.devnet.rewards import curation_curve
from bot.devnet.state import Value

MOST_PAYOUT = 1_000_000_000
ROOT_INTERVAL, REPLY_INTERVAL, EDIT_INTERVAL, VOTE_INTERVAL = 300, 3, 3, 3
DEEPEST, DEEPEST_ADMITTED = 0xFFFF, 0xFF
BENEFICIARIES = 8
VOTE_CHANGES = 5
DUST = 50_000_000  # rshares that every vote loses
REVERSE_AUCTION = 300
EARLY, MID = 86_400, 172_800  # Hive: votes after these count half, an eighth
_RESERVE_RATE = 10  # vote_power_reserve_rate


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


def vote(context: Evaluation, fields: Fields) -> None:
    """An upvote, a downvote, or a change of either (hf20_vote_evaluator)."""
    post = context.post(fields["author"], fields["permlink"])
    voter = context.account(fields["voter"])
    weight = fields["weight"]
    if weight > 0 and not post["allow_votes"]:
        raise failed("comment.allow_votes", "Votes are not allowed on the comment.")
    earlier = post["votes"].get(voter["name"])
    if post["cashout"] == NEVER:
        _record_late(context, post, voter, weight)
        return
    hive = context.network.is_hive
    if not hive and context.now - voter["last_vote"] < VOTE_INTERVAL:
        raise failed(
            "elapsed_seconds >= STEEM_MIN_VOTE_INTERVAL_SEC",
            "Can only vote once every 3 seconds.",
        )
    used = _mana_for(context, voter, weight)
    size = max(0, used - DUST)
    left = post["cashout"] - context.now
    if left < context.network.lockout_seconds:
        size = size * left // context.network.lockout_seconds
    if earlier is None and weight == 0:
        raise failed("o.weight != 0", "Vote weight cannot be 0.")
    if earlier is not None:
        if not hive and earlier["changes"] >= VOTE_CHANGES:
            raise failed(
                "itr->num_changes < STEEM_MAX_VOTE_CHANGES",
                "Voter has used the maximum number of vote changes on this comment.",
            )
        if earlier["percent"] == weight:
            raise failed(
                "itr->vote_percent != o.weight",
                "Your current vote on this comment is identical to this vote.",
            )
    _use_mana(context, voter, used, down=weight < 0)
    rshares = -size if weight < 0 else size
    if earlier is None:
        _count_new(context, post, voter["name"], weight, rshares)
    else:
        _count_changed(context, post, voter["name"], weight, rshares)


def _record_late(context: Evaluation, post: Value, voter: Value, weight: int) -> None:
    """After the payout a vote is only noted."""
    late = {"percent": weight, "rshares": 0, "weight": 0, "time": context.now, "changes": 0}
    votes = post["votes"] | {voter["name"]: late}
    context.state.change("posts", post_key(post["author"], post["permlink"]), votes=votes)


def _mana_for(context: Evaluation, voter: Value, weight: int) -> int:
    """The mana that a vote of this weight takes, or a refusal."""
    voting, down = context.ledger.mana(voter), context.ledger.downvote_mana(voter)
    base = max(down * HUNDRED_PERCENT // 2500, voting) if weight < 0 else voting
    used = int(base * abs(weight) * 86_400 // HUNDRED_PERCENT)
    denominator = _RESERVE_RATE * REGENERATION
    used = (used + denominator - 1) // denominator
    if weight < 0 and voting + down <= used:
        raise failed(
            "voter.voting_manabar.current_mana + voter.downvote_manabar.current_mana > "
            "fc::uint128_to_int64( used_mana )",
            "Account does not have enough mana to downvote. voting_mana: ${v} "
            "downvote_mana: ${d} required_mana: ${r}",
            v=voting,
            d=down,
            r=used,
        )
    if weight >= 0 and voting < used:
        test = "voter.voting_manabar.has_mana( used_mana )"
        raise failed(test, "Account does not have enough mana to vote.")
    return used


def _use_mana(context: Evaluation, voter: Value, used: int, *, down: bool) -> None:
    """Downvotes take from their own mana first."""
    voting, downvoting = context.ledger.mana(voter), context.ledger.downvote_mana(voter)
    from_down = min(used, downvoting) if down else 0
    context.state.change(
        "accounts",
        voter["name"],
        mana=voting - (used - from_down),
        downvote_mana=downvoting - from_down,
        mana_at=context.now,
        last_vote=context.now,
        votes=voter["votes"] + 1,
    )


def _count_new(context: Evaluation, post: Value, voter: str, percent: int, rshares: int) -> None:
    before, after = post["vote_rshares"], post["vote_rshares"] + max(rshares, 0)
    weight = counted = 0
    if rshares > 0 and post["last_payout"] == 0 and post["allow_curation_rewards"]:
        weight, counted = _curation_weight(context, post, before, after)
    cast = {
        "percent": percent,
        "rshares": rshares,
        "weight": weight,
        "time": context.now,
        "changes": 0,
    }
    context.state.change(
        "posts",
        post_key(post["author"], post["permlink"]),
        votes=post["votes"] | {voter: cast},
        net_rshares=post["net_rshares"] + rshares,
        abs_rshares=post["abs_rshares"] + abs(rshares),
        vote_rshares=after,
        net_votes=post["net_votes"] + (1 if rshares > 0 else -1),
        total_vote_weight=post["total_vote_weight"] + counted,
    )
    _add_to_root(context, post, abs(rshares))


def _curation_weight(context: Evaluation, post: Value, before: int, after: int) -> tuple[int, int]:
    """A voter's share of the curation reward, and what the post's total grows by (§6)."""
    elapsed = context.now - post["created"]
    if context.network.is_hive:
        divisor = 1 if elapsed < EARLY else 2 if elapsed < MID else 8
        weight = (after - before) // divisor
        return weight, weight
    gained = max(0, curation_curve(after) - curation_curve(before))
    return gained * min(elapsed, REVERSE_AUCTION) // REVERSE_AUCTION, gained


def _count_changed(
    context: Evaluation, post: Value, voter: str, percent: int, rshares: int
) -> None:
    earlier = post["votes"][voter]
    changed = earlier | {
        "percent": percent,
        "rshares": rshares,
        "weight": 0,
        "time": context.now,
        "changes": earlier["changes"] + 1,
    }
    context.state.change(
        "posts",
        post_key(post["author"], post["permlink"]),
        votes=post["votes"] | {voter: changed},
        net_rshares=post["net_rshares"] - earlier["rshares"] + rshares,
        abs_rshares=post["abs_rshares"] + abs(rshares),
        net_votes=post["net_votes"] + _sign(rshares) - _sign(earlier["rshares"]),
        total_vote_weight=post["total_vote_weight"] - earlier["weight"],
    )
    _add_to_root(context, post, abs(rshares))


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def _add_to_root(context: Evaluation, post: Value, rshares: int) -> None:
    root = _stored(context, post["root"])
    total = root["children_abs_rshares"] + rshares
    context.state.change("posts", post["root"], children_abs_rshares=total)
