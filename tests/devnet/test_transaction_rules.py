"""Chain-rules §2 and §3: transactions, signatures, resource credits."""

import pytest

from tests.devnet import signing
from tests.devnet.client import RpcError, seconds
from tests.devnet.rules import rule

HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def assert_refused(error, text, code=10):
    assert text in error["message"], error["message"]
    assert error["data"]["code"] == code


# -- §2.1: size ------------------------------------------------------------------------------------


@rule("2.1 size")
def test_the_largest_transaction_and_one_byte_more(chain):
    chain.pass_time(303)
    limit = chain.head()["maximum_block_size"] - 256
    op = chain.comment("bob", body="x" * 60_000)
    made = chain.transaction(op, signers=["bob"])
    size = len(signing.unsigned(made, seconds)) + 1 + 65
    op[1]["body"] += "x" * (limit - size + 1)
    error = chain.refused(op, signers=["bob"])
    if chain.flavour == "hive":
        assert f"Transaction too large - size = {limit + 1}, limit {limit}" in error["message"]
    else:
        assert error["message"] == (
            "Assert Exception:fc::raw::pack_size(trx) <= "
            "(get_dynamic_global_properties().maximum_block_size - 256): "
        )
    op[1]["body"] = op[1]["body"][:-1]
    chain.send(op, signers=["bob"])
    chain.blocks()
    assert len(chain.content("bob", op[1]["permlink"])["body"]) > 64_000


@rule("2.1 block")
def test_what_does_not_fit_into_a_block_goes_into_the_next(chain):
    chain.pass_time(303)
    ops = [chain.comment(name, body="x" * 40_000) for name in ("carol", "dave", "erin")]
    for op in ops:
        chain.send(op, signers=[op[1]["author"]])
    seen = []
    for _ in range(3):
        chain.blocks()
        head = chain.head()["head_block_number"]
        seen.append(len(chain.rpc("condenser_api.get_block", [head])["transactions"]))
    assert seen == [1, 1, 1]


# -- §2.2: time, reference, duplicates -------------------------------------------------------------


@rule("2.2 expiration")
def test_expiration_lies_after_the_head_and_not_too_far(steem, hive):
    for chain, most in ((steem, 3600), (hive, 86400)):
        for lives, keys in ((0, ["now", "trx.exp"]), (-60, ["now", "trx.exp"]),
                            (most + 1, ["trx.expiration", "now", "max_til_exp"])):  # fmt: skip
            error = chain.refused(chain.comment(), lives=lives)
            assert_refused(error, "transaction expiration exception:", 4030100)
            assert error["data"]["name"] == "transaction_expiration_exception"
            assert list(error["data"]["stack"][0]["data"]) == keys
        chain.pass_time(303)
        chain.send(chain.comment("frank"), signers=["frank"], lives=most)


@rule("2.2 tapos")
def test_the_reference_block_is_on_the_chain(chain):
    for wrong in ({"ref_block_prefix": 1234567}, {"ref_block_num": 65000}):
        error = chain.refused(chain.comment(), **wrong)
        assert_refused(error, "transaction tapos exception:", 4030200)
        assert list(error["data"]["stack"][0]["data"]) == [
            "trx.ref_block_prefix", "tapos_block_summary"]  # fmt: skip
    first = chain.rpc("condenser_api.get_block", [1])["block_id"]
    prefix = int.from_bytes(bytes.fromhex(first)[4:8], "little")
    chain.pass_time(303)
    chain.send(chain.comment("grace"), signers=["grace"], ref_block_num=1, ref_block_prefix=prefix)


@rule("2.2 duplicate")
def test_a_transaction_once_in_pool_and_in_block_until_it_expires(chain):
    chain.pass_time(303)
    made = chain.transaction(chain.comment("heidi"), signers=["heidi"], lives=60)

    def send():
        chain.rpc("condenser_api.broadcast_transaction", [made])

    send()
    for _ in range(2):
        with pytest.raises(RpcError, match="Duplicate transaction check failed") as error:
            send()
        assert error.value.error["data"]["code"] == 10
        chain.blocks()
    chain.pass_time(90)
    with pytest.raises(RpcError, match="transaction expiration exception"):
        send()


@rule("2.2 empty")
def test_a_transaction_does_something(chain):
    assert_refused(chain.refused(), "operations.size() > 0: A transaction must have at least one "
                   "operation")  # fmt: skip


@rule("2.2 id")
def test_ids_and_digests_are_those_of_the_serialisation_rules(chain):
    chain.pass_time(303)
    op = chain.comment("ivan", title="é 日本 🎉", body="Tab\tand\nline")
    trx_id = chain.send(op, chain.options(op[1], beneficiaries=[("bob", 1)]), signers=["ivan"])
    chain.blocks()
    found = chain.rpc("condenser_api.get_transaction", [trx_id])
    assert found["transaction_id"] == trx_id
    assert found["operations"][0] == op
    assert found["operations"][1][1]["extensions"] == [
        [0, {"beneficiaries": [{"account": "bob", "weight": 1}]}]]  # fmt: skip


@rule("2.2 order")
def test_the_first_of_several_faults_is_told_in_the_chains_order(steem, hive):
    bad = {
        "validate": {"body": ""},
        "authority": {"signers": ["bob"]},
        "tapos": {"ref_block_prefix": 1},
        "expiration": {"lives": -1},
        "evaluator": {"author": "judy", "permlink": ""},
    }
    texts = {
        "validate": "is empty",
        "authority": "missing required posting authority",
        "tapos": "transaction tapos exception",
        "expiration": "transaction expiration exception",
        "evaluator": "Permlink is not",
    }
    for chain, order in (
        (steem, ["validate", "authority", "tapos", "expiration", "evaluator"]),
        (hive, ["tapos", "expiration", "validate", "authority", "evaluator"]),
    ):
        chain.pass_time(303)
        for number, first in enumerate(order):
            how = {"signers": ["judy"]}
            changes = {"author": "judy"}
            for name in order[number:]:
                for key, value in bad[name].items():
                    (how if key in {"signers", "ref_block_prefix", "lives"} else changes)[key] = (
                        value
                    )
            text = chain.refused(chain.comment(**changes), **how)["message"]
            assert texts[first].lower() in text.lower(), (chain.flavour, first, text)


# -- §2.3: authority -------------------------------------------------------------------------------


@rule("2.3 roles")
@pytest.mark.parametrize("role", ["active", "owner"])
def test_higher_keys_post_on_steem_and_not_on_hive(steem, hive, role):
    steem.pass_time(303)
    steem.send(steem.comment("mallory"), signers=[f"mallory/{role}"])
    error = hive.refused(hive.comment("mallory"), signers=[f"mallory/{role}"])
    assert_refused(error, "Missing Posting Authority mallory", 3030000)


@rule("2.3 roles")
@rule("2.4 stack")
@pytest.mark.parametrize("signers", [[], ["bob"], ["alice/memo"]])
def test_without_a_posting_key(chain, signers):
    error = chain.refused(chain.comment(), signers=signers)
    assert error["message"] == (
        "missing required posting authority:Missing Posting Authority alice"
    )
    assert (error["data"]["code"], error["data"]["name"]) == (3030000, "tx_missing_posting_auth")
    assert error["code"] == (-32003 if chain.flavour == "hive" else -32000)
    first = error["data"]["stack"][0]
    assert first["format"] == "Missing Posting Authority ${id}"
    assert list(first["data"]) == ["id", "posting", "active", "owner"]


@rule("2.3 mixed")
def test_posting_and_active_operations_together(steem, hive):
    for chain in (steem, hive):
        chain.pass_time(303)
        give = {"from": "newsroom", "to": "bob", "amount": f"0.001 {chain.core}", "memo": ""}
        ops = [chain.comment("newsroom"), ["transfer", give]]
        if chain is steem:
            error = chain.refused(*ops, signers=["newsroom", "newsroom/active"])
            assert error["message"] == "Assert Exception:required_active.size() == 0: "
        else:
            chain.send(*ops, signers=["newsroom", "newsroom/active"])


@rule("2.3 extra")
def test_superfluous_and_double_signatures(steem, hive):
    for chain in (steem, hive):
        chain.pass_time(303)
        if chain is steem:
            error = chain.refused(chain.comment(), signers=["alice", "bob"])
            text = "irrelevant signature included:Unnecessary signature(s) detected"
            assert_refused(error, text, 3050000)
        else:
            chain.send(chain.comment(), signers=["alice", "bob"])
        error = chain.refused(chain.comment("bob"), signers=["bob", "bob"])
        text = "duplicate signature included:Duplicate Signature detected"
        assert_refused(error, text, 3060000)


@rule("2.3 active")
def test_active_and_owner_authority(chain):
    give = ["transfer", {"from": "alice", "to": "bob", "amount": f"0.001 {chain.core}", "memo": ""}]
    assert_refused(chain.refused(give), "Missing Active Authority alice", 3010000)
    keys = chain.account("alice")
    update = ["account_update", {"account": "alice", "owner": keys["owner"], "json_metadata": "",
                                 "memo_key": keys["memo_key"]}]  # fmt: skip
    error = chain.refused(update, signers=["alice/active"])
    assert_refused(error, "Missing Owner Authority alice", 3020000)
    chain.send(update, signers=["alice/owner"])
    chain.blocks()


@rule("2.3 canonical")
def test_signatures_are_canonical_and_for_this_chain(chain):
    op = chain.comment("carol")
    made = chain.transaction(op, signers=["carol"])
    good = bytes.fromhex(made["signatures"][0])
    high = ORDER - int.from_bytes(good[33:], "big")
    flipped = bytes([27 + 4 + ((good[0] - 31) ^ 1)]) + good[1:33] + high.to_bytes(32, "big")
    assert high > HALF_ORDER
    for signature, text in (
        (flipped, "is_canonical( c, canon_type ): signature is not canonical"),
        (b"\x05" + good[1:], "unable to reconstruct public key from signature"),
        (good[:1] + bytes(64), "secp256k1_ecdsa_recover_compact"),
    ):
        assert text in chain.refused(op, signatures=[signature.hex()])["message"]
    error = chain.refused(op, signers=["carol"], chain_id="00" * 32)
    assert_refused(error, "Missing Posting Authority carol", 3030000)


def grant(chain, name, **authority):
    keys = chain.account(name)
    posting = {"weight_threshold": 1, "account_auths": [],
               "key_auths": keys["posting"]["key_auths"]} | authority  # fmt: skip
    chain.send(["account_update", {"account": name, "posting": posting, "json_metadata": "",
                                   "memo_key": keys["memo_key"]}],
               signers=[f"{name}/active"])  # fmt: skip
    chain.blocks()


@rule("2.3 grants")
def test_grants_reach_two_accounts_deep(chain):
    for name in ("depth-0", "depth-1", "depth-2", "depth-3"):
        chain.new_account(name, f"10.000 {chain.core}", key=name.replace("depth-0", "alice")
                          if name == "depth-0" else "bob")  # fmt: skip
    keyless = {"key_auths": []}
    for name, other in (("depth-2", "depth-3"), ("depth-1", "depth-2"), ("depth-0", "depth-1")):
        posting = {"weight_threshold": 1, "account_auths": [[other, 1]]} | keyless
        active = "alice/active" if name == "depth-0" else "bob/active"
        memo = chain.account(name)["memo_key"]
        chain.send(["account_update", {"account": name, "posting": posting, "json_metadata": "",
                                       "memo_key": memo}], signers=[active])  # fmt: skip
        chain.blocks()
    chain.pass_time(303)
    chain.send(chain.comment("depth-1"), signers=["bob"])  # 1 → 2 → 3's key
    error = chain.refused(chain.comment("depth-0"), signers=["bob"])  # three deep
    assert_refused(error, "Missing Posting Authority depth-0", 3030000)


@rule("2.3 grants")
def test_weights_add_up_to_the_threshold(chain):
    keys = chain.account("dave")["posting"]["key_auths"]
    halves = [[keys[0][0], 1]]
    grant(chain, "dave", weight_threshold=2, account_auths=[["erin", 1]], key_auths=halves)
    chain.pass_time(303)
    op = chain.comment("dave")
    assert_refused(chain.refused(op, signers=["dave"]), "Missing Posting Authority dave", 3030000)
    chain.send(op, signers=["dave", "erin"])
    chain.blocks()
    grant(chain, "dave", key_auths=keys)


@rule("2.3 temp")
def test_temp_needs_no_signature(chain):
    up = {"from": "alice", "to": "temp", "amount": f"10.000 {chain.core}"}
    chain.send(["transfer_to_vesting", up], signers=["alice/active"])
    chain.pass_time(303)
    chain.send(chain.comment("temp"), signers=[])


# -- §3: resource credits --------------------------------------------------------------------------


def credits_of(chain, name):
    [found] = chain.rpc("rc_api.find_rc_accounts", {"accounts": [name]})["rc_accounts"]
    return int(found["rc_manabar"]["current_mana"]), int(found["max_rc"])


def expected_cost(chain, size, state, execution):
    """The formula of §3 with what the node tells of itself."""
    params = chain.rpc("rc_api.get_resource_params", {})["resource_params"]
    pools = chain.rpc("rc_api.get_resource_pool", {})["resource_pool"]
    properties = chain.rpc("database_api.get_dynamic_global_properties", {})
    regeneration = int(properties["total_vesting_shares"]["amount"]) // 144000
    total = 0
    for name, count in (
        ("resource_history_bytes", size),
        ("resource_state_bytes", state),
        ("resource_execution_time", execution),
    ):
        curve = params[name]["price_curve_params"]
        unit = params[name]["resource_dynamics_params"]["resource_unit"]
        pool = int(pools[name]["pool"])
        price = (regeneration * int(curve["coeff_a"]) >> curve["shift"]) + 1
        total += price * (count * unit) // (int(curve["coeff_b"]) + max(pool, 0)) + 1
    return total


@rule("3 cost")
def test_a_post_costs_its_author_what_the_formula_says(chain):
    chain.pass_time(5 * 86400)
    op = chain.comment("frank", permlink="exactly-this", parent_permlink="cat", body="x" * 1000)
    made = chain.transaction(op, signers=["frank"])
    size = len(signing.unsigned(made, seconds)) + 1 + 65
    state = 35 * 174 + 174 * size + (201 + len("exactly-this") + 2 * len("cat")) * 10000
    cost = expected_cost(chain, size, state, 114100)
    op[1]["permlink"] = "exactly-this"
    chain.send(op, signers=["frank"])
    left, most = credits_of(chain, "frank")
    assert most - left == cost


@rule("3 cost")
def test_an_edit_costs_what_a_creation_costs(chain):
    op = chain.comment("grace")
    used = []
    for _ in range(2):
        chain.pass_time(5 * 86400)
        chain.send(op, signers=["grace"])
        left, most = credits_of(chain, "grace")
        used.append(most - left)
    assert used[1] == pytest.approx(used[0], rel=1e-2)


@rule("3 refused")
def test_too_few_credits(steem, hive):
    for chain, code, text in (
        (steem, 4100000, "Please wait to transact, or power up STEEM."),
        (hive, 4100100, "Please wait to transact or power up HIVE."),
    ):
        chain.new_account("has-little")
        error = chain.refused(chain.comment("has-little"))
        assert_refused(error, "has-little has 0 RC, needs ", code)
        assert text in error["message"]


@rule("3 regeneration")
def test_a_pool_gains_its_budget_decays_and_loses_what_was_used(chain):
    def pool():
        pools = chain.rpc("rc_api.get_resource_pool", {})["resource_pool"]
        return int(pools["resource_history_bytes"]["pool"])

    chain.pass_time(5 * 86400)
    op = chain.comment("ivan", body="x" * 5000)
    made = chain.transaction(op, signers=["ivan"])
    size = len(signing.unsigned(made, seconds)) + 1 + 65
    before = pool()
    chain.rpc("condenser_api.broadcast_transaction", [made])
    chain.blocks()
    assert pool() == before - (before * 3613026481 >> 51) + 43403 - size


@rule("3 regeneration")
def test_credits_grow_back_in_five_days(chain):
    chain.pass_time(5 * 86400)
    chain.send(chain.comment("heidi", body="x" * 30000), signers=["heidi"])
    left, most = credits_of(chain, "heidi")
    chain.blocks()
    chain.pass_time(216000)
    chain.send(chain.custom("x", "1", "heidi"), signers=["heidi"])
    half, _ = credits_of(chain, "heidi")
    assert left < half <= most
