"""Transactions: the bytes that a real steemd hashed, and signatures that beem verifies."""

import decimal
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from beembase.objects import Operation as BeemOperation
from beembase.operations import Comment, Comment_options, Vote
from beembase.signedtransactions import Signed_Transaction
from beemgraphenebase.account import PrivateKey, PublicKey
from beemgraphenebase.chains import known_chains
from hypothesis import given
from hypothesis import strategies as st

from bot.briefs.brief import Beneficiary
from bot.chain import BUILT_IN, Head, NodesUnreachable, PermanentChainError, profile
from bot.chain.beem_chain import BeemChain, Reference, pack
from bot.chain.operations import operations
from bot.format.post import PayoutOptions
from bot.http import Http
from tests.chain.scripted_node import ScriptedNode, answering, refused_address
from tests.chain.test_operations import post

RECORDED = json.loads(
    (Path(__file__).parent.parent / "fixtures" / "steemd" / "recorded.json").read_text("utf-8")
)
TESTNET = profile(
    "testnet",
    {
        "nodes": ["http://127.0.0.1:8090"],
        "chain_id": hashlib.sha256(b"testnet").hexdigest(),
        "prefix": "TST",
        "symbols": {"core": "TESTS", "debt": "TBD", "vests": "VESTS"},
    },
)
OURS = {"comment", "comment_options", "vote", "delete_comment", "custom_json"}
CHANGED_AFTER_SIGNING = {"body changed after signing", "missing field"}
UNSENDABLE = {"body with control character"}


def signed_part(step):
    """The transaction as steemd shows it in its answer, when it does."""
    stack = step["reply"].get("error", {}).get("data", {}).get("stack", [])
    for frame in stack:
        if shown := frame["data"].get("trx") or frame["data"].get("note.transaction"):
            return shown
    return None


REPLAYABLE = {
    step["name"]: (step, signed_part(step))
    for step in RECORDED
    if "ops" in step
    and signed_part(step)
    and {name for name, _ in step["ops"]} <= OURS
    and step["name"] not in CHANGED_AFTER_SIGNING | UNSENDABLE
}


@pytest.mark.parametrize("name", sorted(REPLAYABLE))
def test_the_bytes_are_those_whose_hash_steemd_recorded(name):
    step, shown = REPLAYABLE[name]
    packed = pack(
        [tuple(operation) for operation in step["ops"]],
        TESTNET,
        Reference(shown["ref_block_num"], shown["ref_block_prefix"]),
        datetime.fromisoformat(shown["expiration"]),
    )
    assert hashlib.sha256(packed).hexdigest()[:40] == step["tx"]["trx_id"]


def test_enough_was_recorded_to_mean_something():
    assert len(REPLAYABLE) >= 50


def test_a_reference_is_taken_from_number_and_id():
    # a step of the recording: block 353's id isn't in it, but 1343033985 is block 356's prefix
    assert Reference.of(0x10164, "00010164" + "81fc0c50" + "0" * 24).prefix == 0x500CFC81
    assert Reference.of(0x10164, "00010164" + "81fc0c50" + "0" * 24).num == 0x0164


WIF = format(PrivateKey(hashlib.sha256(b"aliceposting").hexdigest()), "WIF")


class Key:
    revealed = 0

    def reveal(self):
        self.revealed += 1
        return WIF


LIB_ID = "00000064" + "aabbccdd" + "11" * 12
HEAD_ID = "00000078" + "01020304" + "22" * 12


def head(irreversible=100, number=120, block_id=HEAD_ID):
    time = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
    return Head(number, block_id, time, irreversible, 65536)


@pytest.fixture
def node():
    header = {"previous": LIB_ID, "timestamp": "2026-11-24T11:59:00", "witness": "w"}
    with ScriptedNode(answering(condenser_api__get_block_header=header)) as node:
        yield node


def chain_on(node, name="steem"):
    return BeemChain(profile(name, {"nodes": [node.url]}), Http())


EVERYTHING = operations(
    post(
        options=PayoutOptions(percent=0, beneficiaries=(Beneficiary("bob", 500),)),
        self_vote=10000,
    ),
    BUILT_IN["steem"],
)


def test_beem_makes_the_same_transaction_and_verifies_the_signature(node):
    with chain_on(node) as chain:
        signed = chain.sign(EVERYTHING, Key(), head(), 600)
    sent = json.loads(signed.payload)
    (_, comment), (_, options), (_, vote) = EVERYTHING
    theirs = Signed_Transaction(
        ref_block_num=100,
        ref_block_prefix=0xDDCCBBAA,
        expiration="2026-11-24T12:10:00",
        operations=[
            BeemOperation(Comment(comment)),
            BeemOperation(Comment_options(dict(options))),
            BeemOperation(Vote(vote)),
        ],
        signatures=sent["signatures"],
    )
    assert signed.trx_id == theirs.id
    assert signed.size == len(bytes(theirs))
    public = PublicKey(chain.public_key(Key()))
    assert theirs.verify([public], chain="STEEM", recover_parameter=True)


def test_it_refers_to_the_irreversible_block_which_no_fork_can_orphan(node):
    with chain_on(node) as chain:
        signed = chain.sign(EVERYTHING, Key(), head(), 600)
    assert node.requests[0]["params"] == [101]
    assert signed.ref_block_num == 100
    sent = json.loads(signed.payload)
    assert (sent["ref_block_num"], sent["ref_block_prefix"]) == (100, 0xDDCCBBAA)


def test_it_refers_to_the_block_before_the_head_where_that_is_irreversible(node):
    with chain_on(node) as chain:
        signed = chain.sign(EVERYTHING, Key(), head(101, 101), 600)
    assert node.requests[0]["params"] == [101]
    assert signed.ref_block_num == 100


def test_it_refers_to_the_head_where_nothing_is_irreversible(node):
    with chain_on(node) as chain:
        signed = chain.sign(EVERYTHING, Key(), head(0), 600)
    assert node.requests == []
    assert signed.ref_block_num == 120
    assert json.loads(signed.payload)["ref_block_prefix"] == 0x04030201


def test_it_expires_a_lifetime_after_the_heads_time(node):
    with chain_on(node) as chain:
        signed = chain.sign(EVERYTHING, Key(), head(), 90.7)
    assert signed.expiration == head().time + timedelta(seconds=90)
    assert json.loads(signed.payload)["expiration"] == "2026-11-24T12:01:30"


def test_the_payload_is_raw_text_in_network_broadcast_apis_form(node):
    with chain_on(node) as chain:
        signed = chain.sign(EVERYTHING, Key(), head(), 600)
    assert "Body — ünï 🎉" in signed.payload
    assert "\\u" not in signed.payload
    sent = json.loads(signed.payload)
    assert list(sent) == [
        "ref_block_num",
        "ref_block_prefix",
        "expiration",
        "operations",
        "extensions",
        "signatures",
    ]
    assert [made["type"] for made in sent["operations"]] == [
        "comment_operation",
        "comment_options_operation",
        "vote_operation",
    ]


def test_signing_again_gives_the_same_bytes(node):
    with chain_on(node) as chain:
        assert chain.sign(EVERYTHING, Key(), head(), 600) == chain.sign(
            EVERYTHING, Key(), head(), 600
        )


def test_operations_read_back_from_json_are_signed_alike(node):
    stored = json.loads(json.dumps(EVERYTHING))
    with chain_on(node) as chain:
        assert chain.sign(stored, Key(), head(), 600) == chain.sign(EVERYTHING, Key(), head(), 600)


def test_another_chain_id_is_another_signature_for_the_same_transaction(node):
    only = operations(post(), BUILT_IN["steem"])
    with chain_on(node) as steem, chain_on(node, "devnet") as devnet:
        one = steem.sign(only, Key(), head(), 600)
        other = devnet.sign(only, Key(), head(), 600)
    assert one.trx_id == other.trx_id
    assert one.payload != other.payload


def test_hive_packs_its_dollar_under_the_old_name():
    # Hive's nodes hash the legacy bytes, in which HBD is still called SBD
    hive = operations(post(options=PayoutOptions()), BUILT_IN["hive"])
    steem = operations(post(options=PayoutOptions()), BUILT_IN["steem"])
    when = datetime(2026, 1, 1, tzinfo=UTC)
    assert pack(hive, BUILT_IN["hive"], Reference(1, 2), when) == pack(
        steem, BUILT_IN["steem"], Reference(1, 2), when
    )


def test_blurt_numbers_its_operations_anew():
    options = PayoutOptions(percent=0, beneficiaries=(Beneficiary("bob", 500),))
    _, choices = operations(post(options=options), BUILT_IN["blurt"])
    when = datetime(2026, 1, 1, tzinfo=UTC)
    packed = pack([choices], BUILT_IN["blurt"], Reference(1, 2), when)
    # from the layout in Blurt's protocol headers: author, permlink, amount, two flags, extensions
    expected = (
        bytes([1, 13])
        + b"\x05alice"
        + b"\x05hello"
        + (1_000_000_000).to_bytes(8, "little")
        + b"\x03BLURT\x00\x00"
        + b"\x01\x01"
        + b"\x02"
        + b"\x00\x01\x03bob"
        + (500).to_bytes(2, "little")
        + b"\x01"
        + (0).to_bytes(2, "little")
    )
    assert packed[10:-1] == expected


def test_nothing_of_beems_shared_state_is_touched(node):
    before = json.dumps(known_chains)
    rounding = decimal.getcontext().rounding
    with chain_on(node) as chain:
        chain.sign(EVERYTHING, Key(), head(), 600)
    pack(
        operations(post(options=PayoutOptions()), TESTNET),
        TESTNET,
        Reference(1, 2),
        datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert json.dumps(known_chains) == before
    assert decimal.getcontext().rounding == rounding


def test_the_key_is_revealed_once_and_only_when_everything_else_is_ready():
    key = Key()
    unreachable = profile("steem", {"nodes": [refused_address()]})
    with BeemChain(unreachable, Http()) as chain:
        with pytest.raises(NodesUnreachable):
            chain.sign(EVERYTHING, key, head(), 600)
        with pytest.raises(PermanentChainError):
            chain.sign(operations(post(body="\x00"), chain.profile), key, head(0), 600)
        assert key.revealed == 0
        chain.sign(EVERYTHING, key, head(0), 600)
        assert key.revealed == 1


def test_signing_is_quick(node):
    long = operations(post(body="ü" * 30_000), BUILT_IN["steem"])
    with chain_on(node) as chain:
        started = datetime.now(UTC)
        chain.sign(long, Key(), head(0), 600)
        assert datetime.now(UTC) - started < timedelta(seconds=1)


@pytest.fixture(scope="module")
def offline():
    with BeemChain(BUILT_IN["devnet"], Http()) as chain:
        yield chain


@given(body=st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1))
def test_any_text_that_can_be_sent_is_signed_and_sent_byte_for_byte(offline, body):
    made = operations(post(body=body), offline.profile)
    signed = offline.sign(made, Key(), head(0), 600)
    assert json.loads(signed.payload)["operations"][0]["value"]["body"] == body
    packed = pack(made, offline.profile, Reference.of(120, HEAD_ID), signed.expiration)
    assert body.encode() in packed
    assert hashlib.sha256(packed).hexdigest()[:40] == signed.trx_id
