"""The evaluator of votes: what they take of a voter's mana and count for a post (§1.5, §6)."""

from bot.devnet.evaluation import Evaluation, post_key
from bot.devnet.faults import failed
from bot.devnet.ledger import DOWNVOTE_PERCENT, HUNDRED_PERCENT, REGENERATION
from bot.devnet.moments import NEVER
from bot.devnet.operations import Fields
from bot.devnet.rewards import curation_curve
from bot.devnet.state import Value

VOTE_INTERVAL = 3
VOTE_CHANGES = 5
DUST = 50_000_000
"""Rshares that every vote loses."""
REVERSE_AUCTION = 300
"""Seconds in which a vote's curation weight grows to its full worth (Steem)."""
EARLY, MID = 86_400, 172_800
"""Seconds after which votes count half, and an eighth, for curation (Hive)."""
_RESERVE_RATE = 10  # vote_power_reserve_rate


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
    base = max(down * HUNDRED_PERCENT // DOWNVOTE_PERCENT, voting) if weight < 0 else voting
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
    root = context.state.need("posts", post["root"])
    total = root["children_abs_rshares"] + rshares
    context.state.change("posts", post["root"], children_abs_rshares=total)
