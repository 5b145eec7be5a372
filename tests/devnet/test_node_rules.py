"""Chain-rules §2.4, §4, §5 and §7.7: the envelope, blocks and forks, replies, the image host."""

import json
import threading
import urllib.error
import urllib.request
from hashlib import sha224, sha256

import coincurve
import pytest
from Cryptodome.Hash import RIPEMD160

from tests.devnet import signing
from tests.devnet.client import Client, RpcError, seconds
from tests.devnet.rules import rule

PAYOUT = {"max_accepted_payout": "1.000 SBD"}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4


# -- §2.4: JSON-RPC --------------------------------------------------------------------------------


@rule("2.4 envelope")
@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b"", -32000, "End Of File:stringstream"),
        (b"{nope", -32000, "Parse Error:Expected '\"' but read 'n'"),
        (b"[]", -32000, "Array is invalid"),
        (b'{"id":1,"method":"a.b","params":[]}', -32600, 'jsonrpc value is not "2.0"'),
        (b'{"jsonrpc":"2.0","id":1}', -32600, 'A member "method" does not exist'),
        (b'{"jsonrpc":"2.0","id":{},"method":"a.b"}', -32600, "Only integer value or string"),
        (b'{"jsonrpc":"2.0","id":1,"method":"call"}', -32001, 'A member "params" does not exist'),
        (b'{"jsonrpc":"2.0","id":1,"method":"call","params":["a"]}', -32002, "params should be"),
        (b'{"jsonrpc":"2.0","id":1,"method":"get_version"}', -32002, "Should be api.method"),
        (b'{"jsonrpc":"2.0","id":1,"method":"x.y"}', -32002, "Could not find API x"),
        (b'{"jsonrpc":"2.0","id":1,"method":"bridge.y"}', -32002, "Could not find method y"),
        (b'{"jsonrpc":"2.0","id":1,"method":"condenser_api.get_version"}', -32000,
         "Bad Cast:Invalid cast from object_type to Array"),
        (b'{"jsonrpc":"2.0","id":1,"method":"condenser_api.get_version","params":[1]}', -32003,
         "args.size() == 0: Expected #s argument(s), was 1"),
        (b'{"jsonrpc":"2.0","id":1,"method":"condenser_api.get_block","params":["x"]}', -32000,
         "Parse Error:Couldn't parse uint64_t"),
    ],
)  # fmt: skip
def test_what_is_no_good_request_is_told_so_with_status_200(steem, body, code, message):
    error = steem.post(body)["error"]
    assert error["code"] == code
    assert message in error["message"]


@rule("2.4 envelope")
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"7", "uint64_type"),
        (b"-7", "int64_type"),
        (b"7.5", "double_type"),
        (b"true", "bool_type"),
        (b"null", "null_type"),
        (b'"seven"', "string_type"),
        (b"[7]", "uint64_type"),
        (b"[[]]", "array_type"),
    ],
)
def test_a_request_that_is_no_object(steem, body, kind):
    reply = steem.post(body)
    error = (reply[0] if isinstance(reply, list) else reply)["error"]
    assert error["code"] == -32700
    assert error["message"] == f"Bad Cast:Invalid cast from type '{kind}' to Object"
    assert error["data"]["stack"][0]["format"] == "Invalid cast from type '${type}' to Object"
    assert error["data"]["stack"][0]["data"] == {"type": kind}


@rule("2.4 reader")
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"18446744073709551616", "Couldn't parse uint64_t"),
        (b"-9223372036854775809", "Couldn't parse int64_t"),
        (b"-", "Couldn't parse int64_t"),
        (b"[1" + b"0" * 5000 + b"]", "Couldn't parse uint64_t"),
        (b"1" + b"0" * 400 + b".0", "Couldn't parse double"),
        (b"-.", 'Can\'t parse token "-." as a JSON numeric constant'),
    ],
)
def test_a_number_that_is_too_large_or_none(steem, body, message):
    error = steem.post(body)["error"]
    assert error["code"] == -32000
    assert error["message"].startswith(f"Parse Error:{message}")


@rule("2.4 envelope")
@pytest.mark.parametrize(
    ("operation", "code", "message"),
    [
        (["nope", {}], -32003, "itr != to_full_tag.end(): Invalid operation name: nope"),
        ([None, {}], -32003, "itr != to_full_tag.end(): Invalid operation name: "),
        ([-1, {}], -32003, "itr != to_full_tag.end(): Invalid operation name: -1"),
        ([True, {}], -32003, "itr != to_full_tag.end(): Invalid operation name: true"),
        ([999, {}], -32003, "w < count() && w >= 0: "),
        ([{}, {}], -32000, "Bad Cast:Invalid cast from object_type to string"),
        ({"type": "vote_operation", "value": {}}, -32000,
         "Bad Cast:Invalid cast from object_type to Array"),
        (["vote"], -32000, "is_valid_account_name( name ): Account name  is invalid"),
        (["vote", 5], -32000, "Bad Cast:Invalid cast from type 'uint64_type' to Object"),
        (["vote", {"weight": "x"}], -32000, "Parse Error:Couldn't parse int64_t"),
        (["vote", {"weight": []}], -32000, "Bad Cast:Invalid cast from array_type to int64"),
        (["vote", {"voter": {}}], -32000, "Bad Cast:Invalid cast from object_type to string"),
        (["comment_options", PAYOUT | {"allow_votes": "yes"}], -32000,
         'Cannot convert string to bool (only "true" or "false" can be converted)'),
        (["comment_options", PAYOUT | {"allow_votes": {}}], -32000,
         "Bad Cast:Invalid cast from object_type to bool"),
        (["custom_json", {"required_auths": "bob"}], -32000,
         "Bad Cast:Invalid cast from string_type to Array"),
        (5, -32000, "Bad Cast:Invalid cast from uint64_type to Array"),
    ],
)  # fmt: skip
def test_what_is_no_operation(steem, operation, code, message):
    with pytest.raises(RpcError) as error:
        steem.rpc("condenser_api.broadcast_transaction", [{"operations": [operation]}])
    assert error.value.error["code"] == code
    assert message in error.value.error["message"]


@rule("2.4 envelope")
@pytest.mark.parametrize(
    ("operation", "code", "message"),
    [
        (["vote", {}], -32003, "v.is_object(): Input data have to treated as object."),
        (5, -32003, "v.is_object(): Input data have to treated as object."),
        ({"type": 999, "value": {}}, -32003, "w < count() && w >= 0: "),
        ({"type": "nope_operation", "value": {}}, -32003,
         "itr != to_tag.end(): Invalid object name: nope_operation"),
        ({"value": {}}, -32003, "Type field doesn't exist."),
        ({"type": "vote_operation"}, -32003, "Value field doesn't exist."),
        ({"type": "vote_operation", "value": 5}, -32000,
         "Bad Cast:Invalid cast from type 'uint64_type' to Object"),
    ],
)  # fmt: skip
def test_what_is_no_operation_beside_condenser_api(steem, operation, code, message):
    given = {"trx": {"operations": [operation]}}
    with pytest.raises(RpcError) as error:
        steem.rpc("network_broadcast_api.broadcast_transaction", given)
    assert error.value.error["code"] == code
    assert message in error.value.error["message"]


@rule("2.4 envelope")
@pytest.mark.parametrize("name", ["comment", 1, "comment_operation"])
def test_an_operation_is_named_by_its_short_or_full_name_or_its_number(steem, name):
    steem.pass_time(303)
    made = steem.transaction(steem.comment("judy"), signers=["judy"])
    made["operations"][0][0] = name
    steem.rpc("condenser_api.broadcast_transaction", [made])
    steem.blocks()


@rule("2.4 envelope")
def test_a_transaction_with_nothing_in_it_is_an_empty_one(steem):
    for method, params in (
        ("network_broadcast_api.broadcast_transaction", {}),
        ("condenser_api.broadcast_transaction", [{}]),
    ):
        with pytest.raises(RpcError, match="A transaction must have at least one operation"):
            steem.rpc(method, params)


@rule("2.4 envelope")
def test_arguments_of_another_kind(steem):
    for method, params, message in (
        ("condenser_api.get_accounts", ["alice"], "Invalid cast from string_type to Array"),
        ("condenser_api.get_version", None, "Invalid cast from null_type to Array"),
        ("database_api.find_accounts", [], "Invalid cast from type 'array_type' to Object"),
        (
            "network_broadcast_api.broadcast_transaction",
            {"trx": 5},
            "Invalid cast from type 'uint64_type' to Object",
        ),
        (
            "condenser_api.broadcast_transaction",
            ["x"],
            "Invalid cast from type 'string_type' to Object",
        ),
        ("call", [[], "get_version"], "Invalid cast from array_type to string"),
        ("condenser_api.get_block", [[]], "Invalid cast from array_type to uint64"),
        ("condenser_api.get_ops_in_block", [1, "no"], "Cannot convert string to bool"),
        ("block_api.get_block", {"block_num": {}}, "Invalid cast from object_type to uint64"),
        ("condenser_api.get_ops_in_block", [], "Expected 1-2 arguments, was 0"),
        ("condenser_api.get_reblogged_by", ["alice", "none"], "unknown key"),
        ("condenser_api.get_discussions_by_blog", [{"tag": "nobody-here"}], "unknown key"),
        ("condenser_api.get_discussions_by_created", [{"tag": "", "limit": 101}], "limit <= 100"),
    ):
        with pytest.raises(RpcError, match=message):
            steem.rpc(method, params)


@rule("2.4 numbers")
@pytest.mark.parametrize(
    ("number", "found"),
    [
        (1, 1), ("1", 1), ("+01", 1), (1.9, 1), (True, 1), (None, 1), (2**32 + 1, 1),
        (str(2**32 + 1), 1), (2**64 - 2**32 + 1, 1), (1 - 2**32, 1), (str(1 - 2**32), 1),
        (-1, None), ("-1", None), (2**32 - 1, None), (2**64 - 1, None),
    ],
)  # fmt: skip
def test_a_block_number_is_what_32_bits_keep_of_it(steem, number, found):
    def numbers(*replies):
        assert len({reply and reply["previous"] for reply in replies}) == 1
        return replies[0] and int(replies[0]["previous"][:8], 16) + 1

    steem.blocks()
    assert found == numbers(
        steem.rpc("condenser_api.get_block", [number]),
        steem.rpc("condenser_api.get_block_header", [number]),
        steem.rpc("block_api.get_block", {"block_num": number}).get("block"),
        steem.rpc("block_api.get_block_header", {"block_num": number}).get("header"),
    )
    operations = [
        steem.rpc("condenser_api.get_ops_in_block", [number, False]),
        steem.rpc("account_history_api.get_ops_in_block", {"block_num": number})["ops"],
    ]
    assert {entry["block"] for entry in operations[0] + operations[1]} <= {found}


@rule("2.4 envelope")
def test_batches_both_call_styles_and_ids(steem):
    one = {"jsonrpc": "2.0", "id": "one", "method": "condenser_api.get_version", "params": []}
    two = {"jsonrpc": "2.0", "method": "call", "params": ["database_api", "get_version", {}]}
    first, second = steem.post(json.dumps([one, two]).encode())
    assert (first["id"], second["id"]) == ("one", None)
    assert first["result"]["blockchain_version"] == second["result"]["blockchain_version"]
    assert list(first) == ["jsonrpc", "result", "id"]


@rule("2.4 reader")
def test_unicode_escapes_are_not_decoded(steem):
    request = {"jsonrpc": "2.0", "id": "é", "method": "condenser_api.get_version", "params": []}
    assert steem.post(json.dumps(request).encode())["id"] == "u00e9"
    assert steem.post(json.dumps(request, ensure_ascii=False).encode())["id"] == "é"


@rule("2.4 numbers")
def test_numbers_beyond_32_bits_are_texts(steem):
    account = steem.account("alice")
    assert isinstance(account["voting_manabar"]["current_mana"], str)
    assert isinstance(account["voting_manabar"]["last_update_time"], int)
    assert isinstance(steem.rpc("condenser_api.get_ticker", [])["latest"], str)


# -- §4: blocks ------------------------------------------------------------------------------------


def header_bytes(block, extensions=b"\0"):
    return (
        bytes.fromhex(block["previous"])
        + seconds(block["timestamp"]).to_bytes(4, "little")
        + signing.text(block["witness"])
        + bytes.fromhex(block["transaction_merkle_root"])
        + extensions
    )


@rule("4 id")
@rule("4 signature")
def test_blocks_have_the_ids_and_signatures_of_their_headers(chain):
    chain.blocks(3)
    head = chain.head()["head_block_number"]
    previous = chain.rpc("condenser_api.get_block", [head - 1])
    block = chain.rpc("condenser_api.get_block", [head])
    assert block["previous"] == previous["block_id"]
    header, signature = header_bytes(block), bytes.fromhex(block["witness_signature"])
    digest = sha224(header + signature).digest()
    assert block["block_id"] == head.to_bytes(4, "big").hex() + digest[4:20].hex()
    key = coincurve.PublicKey.from_signature_and_message(
        signature[1:] + bytes([signature[0] - 31]), sha256(header).digest(), hasher=None
    )
    assert signing.public_bytes(block["signing_key"]) == key.format(compressed=True)


@rule("4 id")
def test_the_recorded_first_block_has_the_id_that_these_rules_give():
    """The rules above are the chain's: they give a real block's id and the key that signed it."""
    block = {
        "previous": "0" * 40,
        "timestamp": "2016-01-01T00:00:03",
        "witness": "initminer",
        "transaction_merkle_root": "0" * 40,
    }
    extensions = bytes([2, 1]) + (24 << 16).to_bytes(4, "little")
    extensions += bytes([2]) + (1 << 16).to_bytes(4, "little")
    extensions += seconds("2016-04-25T17:30:00").to_bytes(4, "little")
    signature = bytes.fromhex(
        "1f277d2e247fde469f0f4a7d5da126f937f8dfe1ceeac70239cc0bac2552e8a40f0be4e2b5dd360584ac9bc498"
        "ed3a7a7460e94732a26285d90e58f793d72dfac2"
    )
    digest = sha224(header_bytes(block, extensions) + signature).digest()
    assert "00000001" + digest[4:20].hex() == "00000001b8847c944c74822a78b0499d0395b8e1"


@rule("4 merkle")
@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_merkle_roots_are_those_of_the_signed_transactions(steem, count):
    steem.blocks()
    names = ["alice", "bob", "carol", "dave", "erin"][:count]
    for name in names:
        steem.send(steem.custom("merkle", f'"{name}"', name), signers=[name])
    steem.blocks()
    block = steem.rpc("condenser_api.get_block", [steem.head()["head_block_number"]])
    level = []
    for transaction in block["transactions"]:
        packed = signing.unsigned(transaction, seconds) + bytes([len(transaction["signatures"])])
        packed += bytes.fromhex("".join(transaction["signatures"]))
        level.append(sha256(packed).digest())
    assert len(level) == count
    while len(level) > 1:
        odd = [level[-1]] if len(level) % 2 else []
        level = [
            sha256(a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)
        ] + odd
    assert block["transaction_merkle_root"] == RIPEMD160.new(level[0]).hexdigest()


@rule("4 irreversible")
def test_how_far_behind_the_head_blocks_are_irreversible():
    for flavour, options, low, high in (
        ("steem", (), 21, 21),
        ("steem", ("--finality", "witnesses"), 15, 25),
        ("hive", (), 0, 0),
    ):
        with Client(*options, flavour=flavour) as client:
            client.blocks(100)
            seen = []
            last = 0
            for _ in range(60):
                client.blocks()
                head = client.head()
                assert head["last_irreversible_block_num"] >= last
                last = head["last_irreversible_block_num"]
                seen.append(head["head_block_number"] - last)
            assert low <= min(seen)
            assert max(seen) <= high
            assert sorted(seen)[len(seen) // 2] <= max(20, low)


@rule("4 missed")
def test_a_missed_slot_is_a_gap_in_time_and_not_in_numbers(chain):
    chain.blocks(130)
    before = chain.head()
    chain.pass_time(9)
    after = chain.head()
    assert after["head_block_number"] == before["head_block_number"] + 1
    assert seconds(after["time"]) == seconds(before["time"]) + 9
    assert after["current_aslot"] == before["current_aslot"] + 3
    assert after["participation_count"] == before["participation_count"] - 2


@rule("4 fork")
@pytest.mark.parametrize("lose", [False, True])
def test_a_fork_puts_transactions_back_or_loses_them(steem, lose):
    steem.pass_time(303)
    op = steem.comment("mallory")
    steem.send(op, signers=["mallory"])
    steem.blocks(3)
    num = steem.head()["head_block_number"]
    steem.rpc("devnet_api.pop_blocks", {"count": 3, "lose": lose})
    assert steem.head()["head_block_number"] == num - 3
    steem.blocks()
    found = steem.content("mallory", op[1]["permlink"])["author"]
    assert found == ("" if lose else "mallory")


@rule("4 fork")
def test_what_no_longer_holds_is_dropped_without_a_word(steem):
    steem.pass_time(303)
    post = steem.comment("newsroom")
    steem.send(post, signers=["newsroom"])
    steem.blocks()
    reply = steem.reply(post[1], "bob")
    steem.send(reply, signers=["bob"])
    steem.rpc("devnet_api.pop_blocks", {"count": 1, "lose": True})
    steem.blocks(2)
    assert steem.content("bob", reply[1]["permlink"])["author"] == ""


@rule("4 fork")
def test_irreversible_blocks_stay(chain):
    chain.blocks(30)
    with pytest.raises(RpcError, match="irreversible"):
        chain.rpc("devnet_api.pop_blocks", {"count": 25})


# -- §5: replies -----------------------------------------------------------------------------------


@rule("5 bridge")
def test_bridge_tells_of_posts_as_hivemind_does(chain):
    post = chain.new_post("alice", json_metadata='{"tags":["a","b"],"image":[]}')
    reply = chain.reply(post, "bob")
    chain.send(reply, signers=["bob"])
    chain.blocks()
    address = {"author": "alice", "permlink": post["permlink"]}

    shown = chain.rpc("bridge.get_post", address)
    assert list(shown)[:21] == [
        "post_id", "author", "permlink", "category", "title", "body", "json_metadata", "created",
        "updated", "depth", "children", "net_rshares", "is_paidout", "payout_at", "payout",
        "pending_payout_value", "author_payout_value", "curator_payout_value", "promoted",
        "replies", "active_votes",
    ]  # fmt: skip
    assert shown["json_metadata"] == {"tags": ["a", "b"], "image": []}
    assert isinstance(shown["payout"], float)
    assert shown["replies"] == [f"bob/{reply[1]['permlink']}"]
    thread = chain.rpc("bridge.get_discussion", address)
    assert list(thread) == [f"alice/{post['permlink']}", f"bob/{reply[1]['permlink']}"]
    assert thread[f"bob/{reply[1]['permlink']}"]["title"] == "RE: T"
    header = chain.rpc("bridge.get_post_header", address)
    assert header == address | {"category": "taliban", "depth": 0}
    missing = {"author": "alice", "permlink": "none"}
    assert chain.rpc("bridge.get_post_header", missing) is None
    assert chain.rpc("bridge.get_discussion", missing) == {}
    posts = chain.rpc("bridge.get_account_posts", {"sort": "posts", "account": "alice", "limit": 1})
    assert posts[0]["permlink"] == post["permlink"]


@rule("5 bridge")
@pytest.mark.parametrize(
    ("method", "params", "code", "text"),
    [
        ("get_post", {"author": "alice", "permlink": "none"}, -32000, "invalid author/permlink"),
        ("get_post", {"author": "", "permlink": "x"}, -32000, "invalid account (not specified)"),
        ("get_post", {"author": "x", "permlink": "x"}, -32000, "invalid account name length: `x`"),
        ("get_post", {"author": "a b", "permlink": "x"}, -32000, "invalid account char"),
        ("get_post", {"author": "alice", "permlink": ""}, -32000, "permlink cannot be blank"),
        ("get_post", {"nope": 1}, -32602, None),
        ("get_ranked_posts", {"sort": "nope"}, -32000, "invalid sort"),
        ("get_ranked_posts", {"sort": "created", "limit": 101}, -32000, "limit exceeds max (101"),
    ],
)
def test_bridge_refuses_as_hivemind_does(steem, method, params, code, text):
    with pytest.raises(RpcError) as error:
        steem.rpc(f"bridge.{method}", params)
    told = error.value.error
    assert told["code"] == code
    if text:
        assert (told["message"], told["data"][: len(text)]) == ("Server error", text)


@rule("5 synchronous")
def test_a_synchronous_broadcast_answers_with_the_block(steem):
    steem.pass_time(303)
    made = steem.transaction(steem.comment("bob"), signers=["bob"])
    replies = []

    def wait():
        method = "condenser_api.broadcast_transaction_synchronous"
        replies.append(steem.rpc(method, [made]))

    waiting = threading.Thread(target=wait)
    waiting.start()
    waiting.join(0.3)
    assert not replies
    steem.blocks()
    waiting.join(5)
    trx_id = signing.identify(signing.unsigned(made, seconds))
    block = steem.head()["head_block_number"]
    assert replies == [{"id": trx_id, "block_num": block, "trx_num": 0, "expired": False}]


@rule("5 status")
def test_the_status_of_a_transaction(steem):
    def status(trx_id, **more):
        given = {"transaction_id": trx_id} | more
        return steem.rpc("transaction_status_api.find_transaction", given)

    steem.pass_time(303)
    trx_id = steem.send(steem.comment("carol"), signers=["carol"], lives=60)
    assert status(trx_id) == {"status": "within_mempool"}
    steem.blocks()
    num = steem.head()["head_block_number"]
    assert status(trx_id) == {"status": "within_reversible_block", "block_num": num}
    steem.blocks(21)
    assert status(trx_id) == {"status": "within_irreversible_block", "block_num": num}
    gone = steem.head()["time"]
    assert status("00" * 20) == {"status": "unknown"}
    steem.blocks()
    assert status("00" * 20, expiration=gone) == {"status": "expired_reversible"}
    steem.blocks(25)
    assert status("00" * 20, expiration=gone) == {"status": "expired_irreversible"}


@rule("5 history")
def test_an_accounts_history_is_numbered_from_its_first_operation(chain):
    lowest = 1 if chain.flavour == "steem" else 0
    chain.new_account("chronicler", f"100.000 {chain.core}")
    for number in range(5):
        chain.send(chain.custom("x", str(number), "chronicler"), signers=["alice"])
        chain.blocks()

    def numbers(start, limit):
        legacy = chain.rpc("condenser_api.get_account_history", ["chronicler", start, limit])
        given = {"account": "chronicler", "start": start, "limit": limit}
        own = chain.rpc("account_history_api.get_account_history", given)["history"]
        assert [number for number, _ in legacy] == [number for number, _ in own]
        return [number - lowest for number, _ in legacy]

    for newest in (-1, "-1", 2**64 - 1, 1000):
        assert numbers(newest, 1000) == [0, 1, 2, 3, 4, 5, 6]
        assert numbers(newest, 3) == [4, 5, 6]
    assert numbers(4, 2) == [3 - lowest, 4 - lowest]
    assert numbers(4, 4) == [number - lowest for number in (1, 2, 3, 4)]


@rule("5 history")
@pytest.mark.parametrize(
    ("flavour", "start", "limit", "message"),
    [
        ("steem", 0, 1, "args.start >= args.limit: start must be greater than limit"),
        ("steem", 1, 2, "args.start >= args.limit: start must be greater than limit"),
        ("steem", 99, 100, "args.start >= args.limit: start must be greater than limit"),
        ("steem", -1, 10_001, "args.limit <= 10000: limit of 10001 is greater than maxmimum"),
        ("steem", -1, -1, "args.limit <= 10000: limit of 4294967295 is greater than maxmimum"),
        ("hive", 0, 2, "args.start >= args.limit-1: start must be greater than or equal to limit-1"),
        ("hive", -1, 1001, "args.limit <= 1000: limit of 1001 is greater than maxmimum allowed"),
    ],
)  # fmt: skip
def test_how_far_back_a_history_is_told(request, flavour, start, limit, message):
    chain = request.getfixturevalue(flavour)
    for method, params in (
        ("condenser_api.get_account_history", ["bob", start, limit]),
        (
            "account_history_api.get_account_history",
            {"account": "bob", "start": start, "limit": limit},
        ),
    ):
        with pytest.raises(RpcError) as error:
            chain.rpc(method, params)
        assert error.value.error["code"] == -32003
        assert message in error.value.error["message"]


@rule("5 history")
def test_where_a_history_can_just_be_told(steem, hive):
    for chain, start, limit, expected in (
        (steem, 0, 0, []),
        (steem, 1, 1, [1]),
        (steem, 1, 0, []),
        (steem, -1, 0, []),
        (hive, 0, 1, [0]),
    ):
        chain.send(chain.custom("x", "1", "mallory"), signers=["mallory"])
        chain.blocks()
        told = chain.rpc("condenser_api.get_account_history", ["mallory", start, limit])
        assert [number for number, _ in told] == expected


@rule("5 history")
def test_a_history_in_either_form(steem):
    steem.new_account("historian", "100.000 STEEM")
    for number in range(5):
        steem.send(steem.custom("x", str(number), "historian"), signers=["alice"])
        steem.blocks()
    history = steem.rpc("condenser_api.get_account_history", ["historian", -1, 3])
    assert [number for number, _ in history] == [5, 6, 7]
    assert [entry["op"][1]["json"] for _, entry in history] == ["2", "3", "4"]
    earlier = steem.rpc("condenser_api.get_account_history", ["historian", 2, 2])
    assert [(number, entry["op"][0]) for number, entry in earlier] == [
        (1, "account_create"), (2, "transfer_to_vesting")]  # fmt: skip
    own = steem.rpc("account_history_api.get_account_history",
                    {"account": "historian", "start": -1, "limit": 1})["history"]  # fmt: skip
    assert own[0][1]["op"]["type"] == "custom_json_operation"


# -- §7.7: the image host --------------------------------------------------------------------------


def upload(client, account, signature, picture=PNG, name="cat picture.png"):
    boundary = "briefbotboundary"
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: image/png\r\n\r\n"
    ).encode() + picture + f"\r\n--{boundary}--\r\n".encode()  # fmt: skip
    request = urllib.request.Request(
        f"{client.devnet.url}/{account}/{signature}",
        data=body,
        headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return json.loads(error.read())


def image_signature(key, picture=PNG):
    digest = sha256(b"ImageSigningChallenge" + picture).digest()
    made = coincurve.PrivateKey(key).sign_recoverable(digest, hasher=None)
    return (bytes([31 + made[64]]) + made[:64]).hex()


@rule("7.7 upload")
def test_a_signed_picture_is_taken_and_served(steem):
    reply = upload(steem, "alice", image_signature(steem.key("alice")))
    with urllib.request.urlopen(reply["url"], timeout=10) as answer:
        assert answer.headers["content-type"] == "image/png"
        assert answer.read() == PNG
    assert reply["url"].endswith("/cat%20picture.png")


@rule("7.7 upload")
@pytest.mark.parametrize(
    ("signer", "account", "picture", "error"),
    [
        ("bob", "alice", PNG, "Invalid signature"),
        ("alice/active", "alice", PNG, "Invalid signature"),
        ("alice", "nobody-here", PNG, "Invalid signature"),
        ("alice", "alice", b"<svg onload=x>", "Invalid image"),
        ("alice", "alice", PNG + bytes(10_000_001), "File too large"),
    ],
)
def test_what_the_image_host_refuses(steem, signer, account, picture, error):
    signature = image_signature(steem.key(signer), picture)
    assert upload(steem, account, signature, picture) == {"error": error}
