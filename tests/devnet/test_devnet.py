"""The devnet refuses what steemd refuses, in its words, and keeps what it has accepted."""

import json
import time
import urllib.request
from datetime import datetime, timedelta

import pytest
from beembase import operations
from beembase.objects import Operation
from beembase.signedtransactions import Signed_Transaction

from bot.devnet.testing import Devnet, DevnetError

COMMENT = {
    "parent_author": "",
    "parent_permlink": "taliban",
    "author": "alice",
    "permlink": "first",
    "title": "T",
    "body": "Body",
    "json_metadata": "{}",
}
OPTIONS = {
    "author": "alice",
    "permlink": "first",
    "max_accepted_payout": "1000000.000 SBD",
    "percent_steem_dollars": 10000,
    "allow_votes": True,
    "allow_curation_rewards": True,
    "extensions": [],
}


@pytest.fixture
def devnet():
    """Blocks when the test asks for them, so that nothing depends on the machine's pace."""
    with Devnet(block_interval=3600, admin=True) as devnet:
        devnet.generate_blocks(2)
        yield devnet


def signed(devnet, *ops, signers=("alice",), role="posting", lives=600, **changes):
    """A transaction in condenser_api's form, built and signed by beem."""
    head = devnet.rpc("condenser_api.get_dynamic_global_properties", [])
    chain_id = devnet.rpc("condenser_api.get_config", [])["STEEM_CHAIN_ID"]
    expiration = datetime.fromisoformat(head["time"]) + timedelta(seconds=lives)
    made = [Operation(getattr(operations, name.capitalize())(fields)) for name, fields in ops]
    prefix = int.from_bytes(bytes.fromhex(head["head_block_id"])[4:8], "little")
    transaction = Signed_Transaction(
        ref_block_num=head["head_block_number"] & 0xFFFF,
        ref_block_prefix=changes.pop("prefix", prefix),
        expiration=f"{expiration:%Y-%m-%dT%H:%M:%S}",
        operations=made,
    )
    keys = [devnet.key(name, role) for name in signers]
    chain = {"chain_id": changes.pop("chain_id", chain_id), "prefix": "STM", "chain_assets": []}
    transaction.sign(keys, chain=chain)
    return transaction.json() | changes


def send(devnet, *ops, **how):
    return devnet.rpc("condenser_api.broadcast_transaction", [signed(devnet, *ops, **how)])


def comment(**changes):
    return "comment", COMMENT | changes


def refused(devnet, *ops, **how):
    with pytest.raises(DevnetError) as error:
        send(devnet, *ops, **how)
    return error.value.error


def content(devnet, author="alice", permlink="first"):
    return devnet.rpc("condenser_api.get_content", [author, permlink])


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (comment(title="x" * 256), "Title size limit exceeded. Max: 255 Current: 256"),
        (comment(body=""), "Assert Exception:body.size() > 0: Body is empty"),
        (comment(json_metadata="{}\n"), "JSON Metadata not valid JSON"),
        (comment(permlink="Bad Link"), "Invalid permlink character: B"),
        (comment(permlink=""), "Permlink is not a valid size."),
        (comment(permlink="x" * 256), "permlink is too long"),
        (comment(parent_author="bob"), "unknown key:unknown key: "),
        (("delete_comment", {"author": "alice", "permlink": "none"}), "unknown key:unknown key: "),
        (("comment_options", OPTIONS), "unknown key:unknown key: "),
        (
            ("vote", {"voter": "alice", "author": "a-b", "permlink": "p", "weight": 10001}),
            "Weight is not a STEEMIT percentage",
        ),
        (
            ("comment_options", OPTIONS | {"percent_steem_dollars": 10001}),
            "Percent cannot exceed 100%",
        ),
    ],
)
def test_a_rule_of_an_operation_is_refused_in_steemds_words(devnet, op, message):
    error = refused(devnet, op)

    assert message in error["message"]
    assert error["code"] == -32000
    assert error["data"]["code"] in {4, 10, 13}


def test_five_minutes_lie_between_posts_and_three_seconds_between_replies(devnet):
    send(devnet, comment())
    error = refused(devnet, comment(permlink="second"))
    assert error["message"] == (
        "Assert Exception:( now - auth.last_root_post ) > STEEM_MIN_ROOT_COMMENT_INTERVAL: "
        "You may only post once every 5 minutes."
    )
    devnet.generate_blocks(100)
    assert "5 minutes" in refused(devnet, comment(permlink="second"))["message"]
    devnet.generate_blocks(1)
    send(devnet, comment(permlink="second"))
    reply = {"parent_author": "alice", "parent_permlink": "first", "author": "bob"}
    send(devnet, comment(**reply, permlink="r1"), signers=["bob"])
    error = refused(devnet, comment(**reply, permlink="r2"), signers=["bob"])
    assert "You may only comment once every 3 seconds." in error["message"]
    assert content(devnet)["children"] == 1


def test_a_used_permlink_is_an_edit_and_a_patch_is_applied(devnet):
    send(devnet, comment(body="First body"))
    devnet.generate_blocks(2)
    send(devnet, comment(body="@@ -1,10 +1,14 @@\n First \n+new \n body\n", title=""))
    devnet.generate_blocks(2)

    assert content(devnet)["body"] == "First new body"
    assert content(devnet)["title"] == "T"
    error = refused(devnet, comment(parent_permlink="other"))
    assert "The permlink of a comment cannot change." in error["message"]


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ([("bob", 1), ("abe", 1)], "Benficiaries must be specified in sorted order"),
        (
            [("bob", 6000), ("carol", 6000)],
            "Cannot allocate more than 100% of rewards to a comment",
        ),
        ([("nobody-here", 1)], 'Beneficiary "nobody-here" must exist.'),
    ],
)
def test_beneficiaries_are_checked(devnet, shares, message):
    listed = [{"account": account, "weight": weight} for account, weight in shares]
    options = OPTIONS | {"extensions": [[0, {"beneficiaries": listed}]]}

    assert message in refused(devnet, comment(), ("comment_options", options))["message"]


def test_signatures_are_checked_against_the_accounts_authorities(devnet):
    missing = refused(devnet, comment(), signers=["bob"])
    assert missing["message"] == (
        "missing required posting authority:Missing Posting Authority alice"
    )
    assert (missing["data"]["code"], missing["data"]["name"]) == (
        3030000,
        "tx_missing_posting_auth",
    )
    assert refused(devnet, comment(), role="memo")["data"]["code"] == 3030000
    assert refused(devnet, comment(), chain_id="00" * 32)["data"]["code"] == 3030000
    assert refused(devnet, comment(), signers=["alice", "bob"])["data"]["code"] == 3050000
    send(devnet, comment(), role="active")  # on Steem a stronger key may post


def test_the_reference_block_and_the_expiration_are_checked(devnet):
    assert refused(devnet, comment(), prefix=7)["data"]["code"] == 4030200
    assert refused(devnet, comment(), lives=0)["data"]["code"] == 4030100
    assert refused(devnet, comment(), lives=3601)["data"]["code"] == 4030100
    send(devnet, comment(), lives=3600)


def test_the_same_transaction_is_refused_as_a_duplicate_in_pool_and_block(devnet):
    made = signed(devnet, comment())
    devnet.rpc("condenser_api.broadcast_transaction", [made])
    for _ in range(2):
        with pytest.raises(DevnetError, match="Duplicate transaction check failed"):
            devnet.rpc("condenser_api.broadcast_transaction", [made])
        devnet.generate_blocks(1)


def test_a_transaction_too_large_is_refused_without_words(devnet):
    error = refused(devnet, comment(body="x" * 65_280))
    assert "fc::raw::pack_size(trx) <=" in error["message"]


def test_a_post_can_be_deleted_until_it_has_replies_or_votes(devnet):
    send(devnet, comment())
    devnet.generate_blocks(1)
    vote = {"voter": "bob", "author": "alice", "permlink": "first", "weight": 10000}
    send(devnet, ("vote", vote), signers=["bob"])
    devnet.generate_blocks(1)

    assert content(devnet)["net_votes"] == 1
    assert int(content(devnet)["net_rshares"]) > 0
    error = refused(devnet, ("delete_comment", {"author": "alice", "permlink": "first"}))
    assert "net positive votes" in error["message"]


def test_escapes_are_read_as_steemd_reads_them(devnet):
    body = json.dumps(
        {"jsonrpc": "2.0", "id": 1, "method": "condenser_api.get_content", "params": ["ü", "x"]}
    )
    request = {"jsonrpc": "2.0", "id": 1, "method": "call", "params": ["x"]}
    assert "\\u00fc" in body
    with urllib.request.urlopen(devnet.url, data=body.encode()) as answer:
        assert json.load(answer)["result"]["author"] == ""
    made = signed(devnet, comment(body="ünï"))
    request |= {"method": "condenser_api.broadcast_transaction", "params": [made]}
    with urllib.request.urlopen(devnet.url, data=json.dumps(request).encode()) as answer:
        assert json.load(answer)["error"]["data"]["code"] == 3030000
    devnet.rpc("condenser_api.broadcast_transaction", [made])


def test_unknown_calls_batches_and_bad_json_are_answered_as_by_steemd(devnet):
    def raw(body):
        with urllib.request.urlopen(devnet.url, data=body) as answer:
            assert answer.status == 200
            return json.load(answer)

    assert (
        "Could not find API nope_api"
        in raw(b'{"jsonrpc":"2.0","id":1,"method":"nope_api.x","params":[]}')["error"]["message"]
    )
    assert raw(b"{nope")["error"]["code"] == -32000
    assert raw(b"[]")["error"]["message"] == "Array is invalid"
    both = raw(b'[{"jsonrpc":"2.0","id":1,"method":"condenser_api.get_version","params":[]},7]')
    assert [sorted(reply) for reply in both] == [
        ["id", "jsonrpc", "result"],
        ["error", "id", "jsonrpc"],
    ]


@pytest.mark.parametrize("lose", [False, True])
def test_a_fork_takes_blocks_back_and_requeues_or_loses_their_transactions(devnet, lose):
    send(devnet, comment())
    devnet.generate_blocks(3)
    assert content(devnet)["author"] == "alice"
    devnet.pop_blocks(3, lose=lose)
    devnet.generate_blocks(1)

    assert content(devnet)["author"] == ("" if lose else "alice")
    with pytest.raises(DevnetError, match="irreversible"):
        devnet.pop_blocks(1000)


def test_what_is_in_a_block_survives_a_kill(tmp_path):
    with Devnet(data=tmp_path, block_interval=3600, admin=True) as devnet:
        devnet.generate_blocks(2)
        send(devnet, comment())
        devnet.generate_blocks(25)
        before = devnet.rpc("condenser_api.get_block", [3]), content(devnet)
        devnet.kill()
        devnet.start()

        assert (devnet.rpc("condenser_api.get_block", [3]), content(devnet)) == before
        devnet.pop_blocks(5)
        devnet.generate_blocks(1)
        head = devnet.rpc("condenser_api.get_dynamic_global_properties", [])
        assert head["last_irreversible_block_num"] == head["head_block_number"] - 21


def test_unmodified_beem_posts_and_reads_back(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    from beem import Steem
    from beem.comment import Comment

    with Devnet(block_interval=0.1) as devnet:
        time.sleep(0.3)
        steem = Steem(node=[devnet.url], keys=[devnet.key("alice")])
        steem.post("Title", "Body by beem", author="alice", permlink="by-beem", tags=["taliban"])
        time.sleep(0.5)

        assert Comment("@alice/by-beem", blockchain_instance=steem).body == "Body by beem"
        with urllib.request.urlopen(f"{devnet.url}/taliban/@alice/by-beem") as page:
            assert b"Body by beem" in page.read()
