"""Chain-rules §6: what posts earn, by an arithmetic of the test's own."""

import pytest

from tests.devnet.client import Client, seconds
from tests.devnet.rules import rule

S = 2_000_000_000_000


def curve(rshares):
    return ((rshares + S) ** 2 - S * S) // (rshares + 4 * S)


def units(amount):
    return int(amount.split()[0].replace(".", ""))


def fund(chain):
    found = chain.rpc("condenser_api.get_reward_fund", ["post"])
    return units(found["reward_balance"]), int(found["recent_claims"])


def price(chain):
    found = chain.rpc("condenser_api.get_current_median_history_price", [])
    return units(found["base"]), units(found["quote"])


def virtual(chain, name):
    """The virtual operations of this name in the block at the head."""
    head = chain.head()["head_block_number"]
    entries = chain.rpc("condenser_api.get_ops_in_block", [head, True])
    return [entry["op"][1] for entry in entries if entry["op"][0] == name]


def payout(chain, post):
    """Go to the block before the one that pays."""
    cashout = chain.content(post["author"], post["permlink"])["cashout_time"]
    chain.pass_time(seconds(cashout) - chain.now() - 3)


@rule("6 pending")
def test_pending_payout_is_the_votes_share_of_the_fund_in_dollars(chain):
    post = chain.new_post("alice")
    assert chain.content("alice", post["permlink"])["pending_payout_value"] == f"0.000 {chain.debt}"
    chain.send(chain.vote(post, "bob"), signers=["bob"])
    chain.blocks()

    content = chain.content("alice", post["permlink"])
    balance, claims = fund(chain)
    base, quote = price(chain)
    expected = curve(int(content["net_rshares"])) * (balance * base // quote) // claims
    assert units(content["pending_payout_value"]) == expected > 1000
    bridge = chain.rpc("bridge.get_post", {"author": "alice", "permlink": post["permlink"]})
    assert bridge["pending_payout_value"] == content["pending_payout_value"]


@rule("6 payout")
@pytest.mark.parametrize("percent", [10000, 0])
def test_a_payout_is_split_as_the_chain_splits_it(chain, percent):
    chain.pass_time(303)
    op = chain.comment("carol")
    options = chain.options(
        op[1], beneficiaries=[("dave", 1000), ("erin", 2500)], **{chain.percent: percent}
    )
    chain.send(op, options, signers=["carol"])
    chain.blocks()
    chain.pass_time(600)
    chain.send(chain.vote(op[1], "frank"), signers=["frank"])
    chain.blocks()
    payout(chain, op[1])
    rshares = int(chain.content("carol", op[1]["permlink"])["net_rshares"])
    owed = {name: chain.account(name) for name in ("carol", "dave", "erin", "frank")}
    balance, claims = fund(chain)
    head = chain.head()
    chain.blocks()

    # the fund got this block's inflation before, and the claims lost what decays in this time
    new_balance, new_claims = fund(chain)
    assert new_claims > claims - claims * 700_000 // (15 * 86400)
    debt_name = "hbd" if chain.flavour == "hive" else "sbd"
    core_name = "hive" if chain.flavour == "hive" else "steem"
    inflation = units(head["virtual_supply"]) * 978 // (10000 * 10_512_000) * 6500 // 10000
    reward = (balance + inflation) * curve(rshares) // new_claims
    base, quote = price(chain)
    curation = reward * 5000 // 10000
    author = reward - curation
    shares = {name: author * weight // 10000 for name, weight in (("dave", 1000), ("erin", 2500))}
    shares["carol"] = author - sum(shares.values())
    for name, share in shares.items():
        liquid = share * percent // 20000
        now = chain.account(name)
        field = f"reward_{debt_name}_balance"
        assert units(now[field]) - units(owed[name][field]) == liquid * base // quote
        field = f"reward_vesting_{core_name}"
        assert units(now[field]) - units(owed[name][field]) == share - liquid
    field = f"reward_vesting_{core_name}"
    assert units(chain.account("frank")[field]) - units(owed["frank"][field]) == curation
    assert balance + inflation - new_balance == reward
    content = chain.content("carol", op[1]["permlink"])
    assert content["cashout_time"] == "1969-12-31T23:59:59"
    assert content["net_rshares"] == 0
    liquid = shares["carol"] * percent // 20000
    rest = (shares["carol"] - liquid) * base // quote
    assert units(content["total_payout_value"]) == liquid * base // quote + rest
    assert units(content["curator_payout_value"]) == curation * base // quote
    [told] = virtual(chain, "author_reward")
    assert (told["author"], told["permlink"]) == ("carol", op[1]["permlink"])
    assert len(virtual(chain, "comment_benefactor_reward")) == 2


@rule("6 payout")
def test_a_declined_payout_pays_nothing_and_a_cap_is_kept(chain):
    for cap, most in (("0.000", 0), ("0.100", 100)):
        post = chain.new_post("grace")
        limit = chain.options(post, max_accepted_payout=f"{cap} {chain.debt}")
        chain.send(limit, signers=["grace"])
        chain.pass_time(600)  # later than the reverse auction, so that curators get their half
        chain.send(chain.vote(post, "heidi"), signers=["heidi"])
        chain.blocks()
        payout(chain, post)
        chain.blocks()
        content = chain.content("grace", post["permlink"])
        paid = units(content["total_payout_value"]) + units(content["curator_payout_value"])
        assert most - 2 <= paid <= most


@rule("6 payout")
@pytest.mark.parametrize("flavour", ["steem", "hive"])
def test_less_than_two_cents_is_dust(flavour):
    with Client(flavour=flavour) as chain:  # of its own: what a vote is worth depends on the past
        post = chain.new_post("ivan")
        chain.new_account("smallvoter", f"300.000 {chain.core}")
        chain.send(chain.vote(post, "smallvoter"), signers=["alice"])
        chain.blocks()
        pending = units(chain.content("ivan", post["permlink"])["pending_payout_value"])
        assert 0 < pending < 10
        payout(chain, post)
        chain.blocks()
        assert units(chain.content("ivan", post["permlink"])["total_payout_value"]) == 0
        assert len(virtual(chain, "comment_payout_update")) == 1


@rule("6 payout")
@rule("1.7 much")
def test_what_is_owed_can_be_claimed(chain):
    post = chain.new_post("judy")
    chain.send(chain.vote(post, "ivan"), signers=["ivan"])
    chain.blocks()
    payout(chain, post)
    chain.blocks()
    before = chain.account("judy")
    core, debt = ("hive", "hbd") if chain.flavour == "hive" else ("steem", "sbd")
    rewards = {f"reward_{core}": before[f"reward_{core}_balance"],
               f"reward_{debt}": before[f"reward_{debt}_balance"],
               "reward_vests": before["reward_vesting_balance"]}  # fmt: skip
    assert units(rewards["reward_vests"]) > 0
    chain.send(["claim_reward_balance", {"account": "judy"} | rewards], signers=["judy"])
    chain.blocks()
    after = chain.account("judy")
    assert units(after["reward_vesting_balance"]) == 0
    gained = units(after["vesting_shares"]) - units(before["vesting_shares"])
    assert gained == units(rewards["reward_vests"])
    gained = units(after[f"{debt}_balance"]) - units(before[f"{debt}_balance"])
    assert gained == units(rewards[f"reward_{debt}"])


@rule("6 decay")
def test_claims_decay_and_the_fund_is_filled(chain):
    balance, claims = fund(chain)
    chain.blocks()
    later_balance, later_claims = fund(chain)
    assert later_claims == claims - claims * 3 // (15 * 86400)
    supply = units(chain.head()["virtual_supply"])
    assert later_balance - balance == supply * 978 // (10000 * 10_512_000) * 6500 // 10000


@rule("6 feed")
def test_the_price_is_told_and_published(chain):
    assert price(chain) == (250, 1000)
    history = chain.rpc("condenser_api.get_feed_history", [])
    assert history["current_median_history"] == {
        "base": f"0.250 {chain.debt}", "quote": f"1.000 {chain.core}"}  # fmt: skip
    rate = {"base": f"0.300 {chain.debt}", "quote": f"1.000 {chain.core}"}
    error = chain.refused(["feed_publish", {"publisher": "alice", "exchange_rate": rate}],
                          signers=["alice/active"])  # fmt: skip
    assert "unknown key" in error["message"]


def test_an_authors_history_tells_what_came_of_the_posts(chain):
    """Whom an operation impacts (impacted.cpp): deletions, reblogs and curators stand elsewhere."""
    chain.new_account("teller", f"300.000 {chain.core}")
    post = chain.comment("teller")
    shares = chain.options(post[1], beneficiaries=[("dave", 1000)])
    chain.send(post, shares, signers=["alice"])
    chain.blocks(2)
    chain.pass_time(600)
    reply, gone = chain.reply(post[1], "judy"), chain.reply(post[1], "ivan")
    reblog = f'["reblog",{{"account":"erin","author":"teller","permlink":"{post[1]["permlink"]}"}}]'
    for operation, signer in (
        (chain.vote(post[1], "frank"), "frank"),
        (reply, "judy"),
        (gone, "ivan"),
        (["delete_comment", {"author": "ivan", "permlink": gone[1]["permlink"]}], "ivan"),
        (["comment", reply[1] | {"body": "Edited."}], "judy"),
        (chain.custom("follow", reblog, "erin"), "erin"),
    ):
        chain.send(operation, signers=[signer])
        chain.blocks(2)
    payout(chain, post[1])
    chain.blocks(2)

    history = chain.rpc("condenser_api.get_account_history", ["teller", -1, 100])
    numbers = [number for number, _ in history]
    assert numbers == list(range(numbers[0], numbers[0] + len(history)))
    told = [entry["op"][0] for _, entry in history]
    begin = told.index("comment")
    assert told[begin:] == [
        "comment", "comment_options", "vote", "comment", "comment", "comment",
        "comment_benefactor_reward", "author_reward", "comment_reward", "comment_payout_update",
    ]  # fmt: skip
    [curator] = [
        entry["op"][1]
        for _, entry in chain.rpc("condenser_api.get_account_history", ["frank", -1, 100])
        if entry["op"][0] == "curation_reward"
        and entry["op"][1]["comment_permlink"] == post[1]["permlink"]
    ]
    assert curator["comment_author"] == "teller"
