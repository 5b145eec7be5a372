"""Inflation, the price feed, and what posts earn after their window (chain-rules §6).

S:db is steemd's libraries/chain/database.cpp; S:util its libraries/chain/util/reward.cpp.
"""

from collections.abc import Callable
from typing import Any

from bot.devnet.ledger import HUNDRED_PERCENT, Ledger
from bot.devnet.moments import NEVER
from bot.devnet.network import WITNESS
from bot.devnet.operations import Amount
from bot.devnet.state import Index, Value

CONTENT_CONSTANT = 2_000_000_000_000
CURATION_PERCENT = 5000
CONTENT_PERCENT, VESTING_PERCENT, TREASURY_PERCENT = 6500, 1500, 1000
FEED_INTERVAL = 1200  # blocks
FEED_HISTORY = 84
_BLOCKS_PER_YEAR = 10_512_000
_MIN_PAYOUT = 20  # 0.020 dollars
_CLAIMS_DECAY = 15 * 86_400
_WITNESSES = 21

Note = Callable[[str, dict[str, Any]], None]
"""Records a virtual operation: its name and fields."""


def author_curve(rshares: int) -> int:
    """convergent_linear: ((r + s)² - s²) / (r + 4s)."""
    whole = rshares + CONTENT_CONSTANT
    return (whole * whole - CONTENT_CONSTANT * CONTENT_CONSTANT) // (rshares + 4 * CONTENT_CONSTANT)


def curation_curve(rshares: int) -> int:
    """convergent_square_root: r / √(r + 2s), with the chain's own approximate root."""
    return rshares // approximate_root(rshares + 2 * CONTENT_CONSTANT)


def approximate_root(number: int) -> int:
    """S:util approx_sqrt: the mantissa is halved, not rooted; at most 6 % off."""
    if number == 0:
        return 0
    high = number.bit_length() - 1
    root_high = high >> 1
    bit = 1 << root_high
    mantissa = number & ((1 << high) - 1)
    rest = (bit if high & 1 else 0) | (mantissa >> (high - root_high))
    return bit | (rest >> 1)


def pending_payout(ledger: Ledger, post: Value) -> int | None:
    """What a post would earn now, in dollars; None while nothing has ever been claimed.

    Gross: neither capped nor split (condenser_api.cpp:1998).
    """
    figures = ledger.figures
    if not figures["recent_claims"]:
        return None
    pot = ledger.to_debt(figures["reward_balance"])
    return int(author_curve(max(0, post["net_rshares"])) * pot // figures["recent_claims"])


# -- once a block ----------------------------------------------------------------------------------


def update_price(ledger: Ledger, block_num: int) -> None:
    """Every hour the median of what witnesses published; here, of one (S:db update_median_feed).

    A bare network has fewer than the seven feeds that the chain asks for, so it never changes.
    """
    published = ledger.figures["published"]
    if block_num % FEED_INTERVAL or not published or ledger.network.bare:
        return
    price = published[WITNESS]
    ledger.note(median=price, prices=[*ledger.figures["prices"], price][-FEED_HISTORY:])


def inflate(ledger: Ledger, block_num: int, note: Note) -> None:
    """New coins: for the reward fund, for those with power, the treasury, and the witness.

    S:db update_virtual_supply and process_funds.
    """
    figures = ledger.figures
    virtual = figures["current_supply"] + ledger.to_core(figures["debt_supply"])
    percent = (ledger.to_core(figures["debt_supply"]) * HUNDRED_PERCENT + virtual // 2) // virtual
    rate = max(978 - block_num // 250_000, 95)
    new = virtual * rate // (HUNDRED_PERCENT * _BLOCKS_PER_YEAR)
    content = new * CONTENT_PERCENT // HUNDRED_PERCENT
    vesting = new * VESTING_PERCENT // HUNDRED_PERCENT
    treasury = new * TREASURY_PERCENT // HUNDRED_PERCENT
    witness = (new - content - vesting - treasury) * _WITNESSES
    debt = ledger.to_debt(treasury)
    ledger.note(
        virtual_supply=virtual + content + vesting + witness + treasury,
        print_rate=max(0, min(HUNDRED_PERCENT, (1000 - percent) * HUNDRED_PERCENT // 100)),
        vesting_fund=figures["vesting_fund"] + vesting,
        reward_balance=figures["reward_balance"] + content,
        current_supply=figures["current_supply"] + content + vesting + witness,
        debt_supply=figures["debt_supply"] + debt,
        treasury=figures["treasury"] + debt,
    )
    vests = ledger.vest(WITNESS, witness)
    note("producer_reward", {"producer": WITNESS, "vesting_shares": Amount(vests, 2)})


def cash_out(ledger: Ledger, cashouts: Index, note: Note) -> None:
    """Pay the posts whose window has closed (S:db process_comment_cashout)."""
    figures = ledger.figures
    elapsed = ledger.now - figures["claims_at"]
    claims = figures["recent_claims"]
    claims -= claims * elapsed // _CLAIMS_DECAY
    due = [ledger.state.need("posts", key) for key in cashouts.until(cashout_entry(ledger.now))]
    claims += sum(author_curve(post["net_rshares"]) for post in due if post["net_rshares"] > 0)
    ledger.note(recent_claims=claims, claims_at=ledger.now)
    fund = figures["reward_balance"]
    paid = sum(_pay_post(ledger, post, fund, claims, note) for post in due)
    ledger.note(reward_balance=ledger.figures["reward_balance"] - paid)


def cashout_entry(moment: int) -> str:
    """The index entry of a cashout time; they sort as the times do."""
    return f"{moment:010d}"


def _pay_post(ledger: Ledger, post: Value, fund: int, claims: int, note: Note) -> int:
    """Pay one post; returns the coins that it took from the fund."""
    key = f"{post['author']}/{post['permlink']}"
    claimed = 0
    names = {"author": post["author"], "permlink": post["permlink"]}
    if post["net_rshares"] > 0:
        reward = fund * author_curve(post["net_rshares"]) // claims
        if ledger.to_debt(reward) < _MIN_PAYOUT:
            reward = 0
        reward = min(reward, ledger.to_core(post["max_accepted_payout"]))
        if reward:
            claimed = _split(ledger, post, reward, note)
            note("comment_reward", names | {"payout": Amount(ledger.to_debt(claimed), 1)})
    ledger.state.change(
        "posts",
        key,
        net_rshares=min(post["net_rshares"], 0),
        abs_rshares=0,
        vote_rshares=0,
        children_abs_rshares=0,
        total_vote_weight=0,
        cashout=NEVER,
        last_payout=ledger.now,
    )
    note("comment_payout_update", names)
    return claimed


def _split(ledger: Ledger, post: Value, reward: int, note: Note) -> int:
    """Curators, beneficiaries, author; returns what was given (S:db cashout_comment_helper)."""
    names = {"author": post["author"], "permlink": post["permlink"]}
    curation = reward * CURATION_PERCENT // HUNDRED_PERCENT
    left = author = reward - curation
    curation = _pay_curators(ledger, post, curation, note)
    for name, weight in post["beneficiaries"]:
        share = author * weight // HUNDRED_PERCENT
        liquid = share * post["percent"] // (2 * HUNDRED_PERCENT)
        debt, core = ledger.reward_debt(name, liquid)
        vests = ledger.reward_vests(name, share - liquid)
        left -= share
        paid = _paid(ledger, debt, core, vests)
        note("comment_benefactor_reward", {"benefactor": name} | names | paid)
    liquid = left * post["percent"] // (2 * HUNDRED_PERCENT)
    debt, core = ledger.reward_debt(post["author"], liquid)
    vests = ledger.reward_vests(post["author"], left - liquid)
    note("author_reward", names | _paid(ledger, debt, core, vests))
    ledger.state.change(
        "posts",
        f"{post['author']}/{post['permlink']}",
        author_payout=post["author_payout"] + debt + ledger.to_debt(core + left - liquid),
        curator_payout=post["curator_payout"] + ledger.to_debt(curation),
        author_rewards=post["author_rewards"] + left,
    )
    account = ledger.state.need("accounts", post["author"])
    ledger.state.change(
        "accounts", post["author"], posting_rewards=account["posting_rewards"] + left
    )
    return author + curation


def _paid(ledger: Ledger, debt: int, core: int, vests: int) -> dict[str, Amount]:
    network = ledger.network
    return {
        f"{network.debt_field}_payout": Amount(debt, 1),
        f"{network.core_field}_payout": Amount(core, 0),
        "vesting_payout": Amount(vests, 2),
    }


def _pay_curators(ledger: Ledger, post: Value, most: int, note: Note) -> int:
    """Voters by their weight; what nobody claims stays in the fund. Returns what was paid."""
    if not post["allow_curation_rewards"] or not post["total_vote_weight"]:
        return 0
    paid = 0
    by_weight = sorted(post["votes"].items(), key=lambda item: (-item[1]["weight"], item[0]))
    for voter, vote in by_weight:
        claim = most * vote["weight"] // post["total_vote_weight"]
        if claim <= 0:
            continue
        vests = ledger.reward_vests(voter, claim)
        account = ledger.state.need("accounts", voter)
        ledger.state.change("accounts", voter, curation_rewards=account["curation_rewards"] + claim)
        paid += claim
        fields = {
            "curator": voter,
            "reward": Amount(vests, 2),
            "comment_author": post["author"],
            "comment_permlink": post["permlink"],
        }
        note("curation_reward", fields)
    return paid
