"""Chain-rules §1: every rule of every operation, by its number there."""

import json

import pytest

from tests.devnet.client import seconds
from tests.devnet.rules import rule

LONG = "x" * 256
EPOCH_END = "1969-12-31T23:59:59"


def assert_refused(error, text, code=10):
    assert text in error["message"], error["message"]
    assert error["data"]["code"] == code


# -- §1.1 and §1.2: names and comments -------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "steem_text", "hive_text"),
    [
        pytest.param({"title": LONG}, "title.size() < STEEM_COMMENT_TITLE_LIMIT: Title size limit "
                     "exceeded. Max: 255 Current: 256",
                     "String is too large. Size: 256, Max: 255", marks=rule("1.2 #1")),
        pytest.param({"title": "é" * 128}, "Max: 255 Current: 256",
                     "Size: 256, Max: 255", marks=rule("0.3"), id="bytes, not characters"),
        pytest.param({"body": ""}, "body.size() > 0: Body is empty", "String is empty.",
                     marks=rule("1.2 #3")),
        pytest.param({"parent_author": "Ab"}, "Account name Ab is invalid", "is too short",
                     marks=rule("1.2 #5")),
        pytest.param({"author": "a.bcd"}, "is_valid_account_name( name ): Account name a.bcd is "
                     "invalid", "is not valid. Please follow the RFC 1035", marks=rule("1.1 name")),
        pytest.param({"author": "abc-"}, "Account name abc- is invalid",
                     "is not valid", marks=rule("1.1 name")),
        pytest.param({"author": "1abc"}, "Account name 1abc is invalid",
                     "is not valid", marks=rule("1.1 name")),
        pytest.param({"permlink": LONG}, "permlink.size() < STEEM_MAX_PERMLINK_LENGTH: permlink is "
                     "too long", "permlink is too long: `xxx", marks=rule("1.2 #6")),
        pytest.param({"parent_permlink": LONG}, "permlink is too long", "permlink is too long",
                     marks=rule("1.2 #6")),
        pytest.param({"json_metadata": "{}\n"}, "fc::json::is_valid(json_metadata): JSON Metadata "
                     "not valid JSON", None, marks=rule("1.2 #7")),
        pytest.param({"json_metadata": "{} x"}, "JSON Metadata not valid JSON",
                     "JSON is not valid JSON", marks=rule("1.2 #7")),
    ],
)  # fmt: skip
def test_a_comment_that_is_wrong_in_itself(steem, hive, changes, steem_text, hive_text):
    assert_refused(steem.refused(steem.comment(**changes)), steem_text)
    if hive_text:
        assert_refused(hive.refused(hive.comment(**changes)), hive_text)


@rule("1.2 #2")
@rule("1.2 #4")
@pytest.mark.parametrize(("field", "name"), [("title", "Title"), ("body", "Body")])
def test_text_that_is_no_utf8(steem, field, name):
    made = steem.transaction(steem.comment(**{field: "MARK"}))
    body = json.dumps({"jsonrpc": "2.0", "id": 1,
                       "method": "condenser_api.broadcast_transaction", "params": [made]})  # fmt: skip

    reply = steem.post(body.encode().replace(b"MARK", b"\xff\xfe"))

    assert f"{name} not formatted in UTF8" in reply["error"]["message"]


@rule("1.2 e5")
def test_metadata_that_is_no_utf8(steem):
    made = steem.transaction(steem.comment(json_metadata='{"a":"MARK"}'))
    body = json.dumps({"jsonrpc": "2.0", "id": 1,
                       "method": "condenser_api.broadcast_transaction", "params": [made]})  # fmt: skip

    reply = steem.post(body.encode().replace(b"MARK", b"\xff\xfe"))

    assert "error" in reply


@rule("1.2 #7")
@pytest.mark.parametrize(
    ("metadata", "text"),
    [
        ("{", "Parse Error:Unexpected EOF: 11 eof_exception: End Of File"),
        ("{'a':1}", "Parse Error:Expected '\"' but read '''while parsing token ''Error parsing"),
        ("x", "Parse Error:Unexpected char '120' in \"x\""),
        ("[" * 201 + "]" * 201, "JSON_MAX_RECURSION_DEPTH"),
        ("NaN", "Parse Error:Unexpected char '78'"),
    ],
)
def test_metadata_that_steemd_cannot_read(steem, metadata, text):
    assert_refused(steem.refused(steem.comment(json_metadata=metadata)), text, code=4)


@rule("1.2 #7")
@pytest.mark.parametrize("metadata", ["5", "null", '"x"', '{"a":"\\u00fc"}', "[1,,2]"])
def test_metadata_that_steemd_takes_although_it_is_odd(steem, metadata):
    steem.pass_time(303)
    steem.send(steem.comment("carol", json_metadata=metadata), signers=["carol"])


@rule("2.4 reader")
def test_a_control_character_is_read_as_another_text(steem):
    steem.pass_time(303)
    error = steem.refused(steem.comment("carol", body="a\x01b"), signers=["carol"])
    assert_refused(error, "missing required posting authority", code=3030000)


@rule("1.1 name")
def test_a_name_longer_than_16_bytes_is_cut_without_a_word(steem):
    error = steem.refused(steem.comment("alicelongname1234567"))

    # the name that was signed is another one than the name that is looked for
    assert_refused(error, "unknown key:unknown key: ", code=13)


FIXED = "sixteen-bytes-ok"
UNKNOWN = "N5boost10wrapexceptISt12out_of_rangeEE"


@rule("1.1 name")
@pytest.mark.parametrize(
    "operations",
    [
        [["comment", {"parent_author": "NAME", "parent_permlink": "x", "author": "bob",
                      "permlink": "x", "title": "", "body": "x", "json_metadata": ""}]],
        [["vote", {"voter": "bob", "author": "NAME", "permlink": "x", "weight": 1}]],
        [["transfer_to_vesting", {"from": "bob", "to": "NAME", "amount": "1.000 STEEM"}]],
        [["custom_json", {"required_auths": [], "required_posting_auths": ["NAME"], "id": "x",
                          "json": "{}"}]],
        [["custom_json", {"required_auths": [], "required_posting_auths": ["bob"],
                          "id": FIXED * 2 + "cut", "json": "{}"}]],
        [["comment_options", {"author": "bob", "permlink": "x",
                              "max_accepted_payout": "1.000 SBD", "percent_steem_dollars": 10000,
                              "allow_votes": True, "allow_curation_rewards": True,
                              "extensions": [[0, {"beneficiaries": [
                                  {"account": "NAME", "weight": 1}]}]]}]],
        [["account_create", {"fee": "0.000 STEEM", "creator": "bob", "new_account_name": "granted",
                             "memo_key": "MEMO", "json_metadata": ""}
          | {role: {"weight_threshold": 1, "key_auths": [], "account_auths": [["NAME", 1]]}
             for role in ("owner", "active", "posting")}]],
    ],
)  # fmt: skip
def test_what_is_longer_than_a_fixed_string_is_cut_before_the_digest(steem, operations):
    if not steem.rpc("condenser_api.get_accounts", [[FIXED]]):
        steem.new_account(FIXED, "100.000 STEEM", key="bob")
    memo = steem.account("bob")["memo_key"]
    text = json.dumps(operations).replace("MEMO", memo)
    sent = steem.transaction(*json.loads(text.replace("NAME", FIXED + "cut")), signers=[])
    signed = steem.transaction(*json.loads(text.replace("NAME", FIXED).replace(
        f"{FIXED * 2}cut", FIXED * 2)), signers=["bob/active"])  # fmt: skip
    sent |= {"signatures": signed["signatures"]}

    request = {"jsonrpc": "2.0", "method": "condenser_api.broadcast_transaction", "params": [sent]}
    refusal = steem.post(json.dumps(request).encode()).get("error", {}).get("data", {})
    # the signature fits what the node kept: if anything refuses, it is another rule
    assert refusal.get("name", "") in {"", "assert_exception", UNKNOWN}, refusal
    steem.blocks()


@rule("1.1 name")
def test_a_name_ends_where_its_bytes_do(steem):
    body = b'{"jsonrpc":"2.0","method":"condenser_api.get_accounts","params":[["alice\0bob"]]}'
    assert steem.post(body)["result"][0]["name"] == "alice"
    if not steem.rpc("condenser_api.get_accounts", [[FIXED]]):
        steem.new_account(FIXED, "100.000 STEEM", key="bob")
    for name in (FIXED, FIXED + "cut"):
        assert steem.account(name)["name"] == FIXED
        assert steem.rpc("condenser_api.get_account_history", [name, -1, 1])


@rule("0.3 numbers")
def test_a_number_is_what_its_bits_keep_of_it_before_the_digest(steem):
    post = steem.new_post("carol")
    for ops, wide in (
        ([steem.vote(post, "dave", weight=100)], {"weight": 65536 + 100}),
        ([steem.options(post, percent_steem_dollars=100)], {"percent_steem_dollars": 65636}),
        ([steem.options(post, percent_steem_dollars=100)], {"allow_votes": "true"}),
        ([steem.custom("7", "8", "dave")], {"id": 7, "json": 8}),
    ):
        signer = "dave" if "voter" in ops[0][1] or "id" in ops[0][1] else "carol"
        made = steem.transaction(*ops, signers=[signer])
        made["operations"][0][1] |= wide
        steem.rpc("condenser_api.broadcast_transaction", [made])
        steem.blocks()


@rule("1.2 e2")
def test_an_author_who_does_not_exist(chain):
    assert_refused(chain.refused(chain.comment("nobody-here")), "unknown key:unknown key: ", 13)


@rule("1.2 e3")
def test_a_parent_that_does_not_exist(chain):
    op = chain.comment(parent_author="alice", parent_permlink="missing")
    assert_refused(chain.refused(op), "unknown key:unknown key: ", 13)


@rule("1.2 e4")
@rule("0.1")
def test_replies_are_nested_255_deep_when_a_node_admits_them(steem):
    parent = steem.new_post("dave")
    for _ in range(255):
        op = steem.reply(parent, "dave")
        steem.send(op, signers=["dave"])
        steem.blocks()
        parent = op[1]

    error = steem.refused(steem.reply(parent, "erin"), signers=["erin"])

    assert_refused(error, "Comment is nested 255 posts deep, maximum depth is 255.")


@rule("1.2 e7")
@rule("0.2")
def test_five_minutes_of_head_time_lie_between_posts(chain):
    chain.new_post("frank")
    chain.blocks(98)  # now 300 s after it was created
    error = chain.refused(chain.comment("frank"), signers=["frank"])
    assert error["message"] == (
        "Assert Exception:( now - auth.last_root_post ) > STEEM_MIN_ROOT_COMMENT_INTERVAL: "
        "You may only post once every 5 minutes."
    )
    chain.blocks(1)
    chain.send(chain.comment("frank"), signers=["frank"])


@rule("1.2 e8")
def test_three_seconds_lie_between_replies_and_a_post_counts_too(chain):
    post = chain.new_post("grace")
    chain.send(chain.reply(post, "bob"), signers=["bob"])
    error = chain.refused(chain.reply(post, "bob"), signers=["bob"])
    assert error["message"] == (
        "Assert Exception:(now - auth.last_post) >= STEEM_MIN_REPLY_INTERVAL_HF20: "
        "You may only comment once every 3 seconds."
    )
    chain.pass_time(303)
    chain.send(chain.comment("grace"), signers=["grace"])
    assert_refused(chain.refused(chain.reply(post, "grace"), signers=["grace"]), "3 seconds")
    chain.blocks()
    chain.send(chain.reply(post, "grace"), signers=["grace"])
    chain.blocks()


@rule("1.2 e9")
@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"permlink": ""}, "Permlink is not a valid size."),
        ({"parent_permlink": ""}, "Permlink is not a valid size."),
        ({"permlink": "a_b"}, "Assert Exception:false: Invalid permlink character: _"),
        ({"parent_permlink": "Taliban"}, "Invalid permlink character: T"),
        ({"permlink": "ü"}, "Invalid permlink character: ü"),
    ],
)
def test_permlinks_are_lower_case_letters_digits_and_dashes(steem, changes, text):
    steem.pass_time(303)
    assert_refused(steem.refused(steem.comment("heidi", **changes), signers=["heidi"]), text)


@rule("1.2 e9")
def test_hive_names_a_permlink_of_the_wrong_size(hive):
    hive.pass_time(303)
    error = hive.refused(hive.comment("heidi", permlink=""), signers=["heidi"])
    assert_refused(error, "Permlink is not of valid size ().")


@rule("1.2 e10")
def test_one_edit_in_three_seconds_and_creation_counts(chain):
    chain.pass_time(303)
    post = chain.comment("ivan")
    error = chain.refused(post, ["comment", post[1] | {"body": "2"}], signers=["ivan"])
    assert_refused(error, "now - auth.last_post_edit >= STEEM_MIN_COMMENT_EDIT_INTERVAL: "
                   "Can only perform one comment edit per block.")  # fmt: skip
    chain.send(post, signers=["ivan"])
    chain.blocks()
    chain.send(["comment", post[1] | {"body": "2"}], signers=["ivan"])
    chain.blocks()


@rule("1.2 e11")
def test_an_edit_keeps_its_parent(chain):
    post, other = chain.new_post("judy"), chain.new_post("alice")
    moved = post | {"parent_author": "alice", "parent_permlink": other["permlink"]}
    assert_refused(chain.refused(["comment", moved], signers=["judy"]),
                   "The parent of a comment cannot change.")  # fmt: skip


@rule("1.2 e12")
def test_an_edit_keeps_its_category_on_steem_and_is_not_heard_on_hive(steem, hive):
    post = steem.new_post("judy")
    error = steem.refused(["comment", post | {"parent_permlink": "other"}], signers=["judy"])
    assert_refused(error, "The permlink of a comment cannot change.")
    post = hive.new_post("judy")
    hive.send(["comment", post | {"parent_permlink": "other", "body": "New"}], signers=["judy"])
    hive.blocks()
    assert hive.content("judy", post["permlink"])["category"] == "taliban"
    assert hive.content("judy", post["permlink"])["body"] == "New"


@rule("1.2 edit")
def test_an_edit_with_empty_title_and_metadata_keeps_the_old(chain):
    post = chain.new_post("bob", title="Old", json_metadata='{"a":1}')
    chain.send(["comment", post | {"title": "", "json_metadata": "", "body": "New"}],
               signers=["bob"])  # fmt: skip
    chain.blocks()
    content = chain.content("bob", post["permlink"])
    assert (content["title"], content["json_metadata"], content["body"]) == (
        "Old",
        '{"a":1}',
        "New",
    )
    assert content["last_update"] > content["created"]


@rule("1.2 edit")
def test_the_same_text_again_is_taken(chain):
    post = chain.new_post("bob")
    chain.send(["comment", post], signers=["bob"])
    chain.blocks()


@rule("1.2 patch")
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("@@ -1,5 +1,9 @@\n+Say \n Hello\n", "Say Hello world"),
        ("@@ -1,5 +1,3 @@\n-Hello\n+Bye\n", "Bye world"),
        ("@@ nonsense", "@@ nonsense"),
        ("Whole new", "Whole new"),
    ],
)
def test_an_edit_that_reads_as_a_patch_is_applied(steem, body, expected):
    post = steem.new_post("carol", body="Hello world")
    steem.send(["comment", post | {"body": body}], signers=["carol"])
    steem.blocks()
    assert steem.content("carol", post["permlink"])["body"] == expected


@rule("1.2 patch")
def test_a_patch_at_creation_is_text(steem):
    post = steem.new_post("carol", body="@@ -1,3 +1,3 @@\n-abc\n+abd\n")
    assert steem.content("carol", post["permlink"])["body"] == post["body"]


@rule("1.2 created")
@rule("0.2")
def test_what_a_new_post_is(chain):
    chain.pass_time(303)
    now = chain.head()["time"]
    op = chain.comment("dave", parent_permlink="hive-123456")
    chain.send(op, signers=["dave"])
    chain.blocks()
    content = chain.content("dave", op[1]["permlink"])
    assert content["created"] == now
    assert content["category"] == "hive-123456"
    assert content["url"] == f"/hive-123456/@dave/{op[1]['permlink']}"


@rule("1.2 created")
def test_all_ancestors_count_a_reply(chain):
    post = chain.new_post("dave")
    first = chain.reply(post, "bob")
    chain.send(first, signers=["bob"])
    chain.blocks()
    chain.send(chain.reply(first[1], "carol"), signers=["carol"])
    chain.blocks()
    assert chain.content("dave", post["permlink"])["children"] == 2
    assert chain.content("bob", first[1]["permlink"])["children"] == 1


# -- §1.3: options ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "steem_text", "hive_text"),
    [
        pytest.param({"PERCENT": 10001}, "Percent cannot exceed 100%",
                     "Number exceeds 100 percent. Value: 10001, Max: 10000",
                     marks=rule("1.3 percent")),
        pytest.param({"max_accepted_payout": "CORE"}, "Max accepted payout must be in SBD",
                     "Asset symbol does not match expected symbol. Expected: HBD, Actual: HIVE",
                     marks=rule("1.3 symbol")),
        pytest.param({"max_accepted_payout": "-0.001 DEBT"}, "Cannot accept less than 0 payout",
                     "Asset amount cannot be negative. Actual: -0.001", marks=rule("1.3 negative")),
        pytest.param({"beneficiaries": []}, "Must specify at least one beneficiary",
                     "Must specify at least one beneficiary", marks=rule("1.3 b1")),
        pytest.param({"beneficiaries": [(f"user-{n:03}", 1) for n in range(128)]},
                     "Cannot specify more than 127 beneficiaries.",
                     "Cannot specify more than 127 beneficiaries.", marks=rule("1.3 b2")),
        pytest.param({"beneficiaries": [("bob", 10001)]},
                     "Cannot allocate more than 100% of rewards to one account",
                     "Number exceeds 100 percent", marks=rule("1.3 b3")),
        pytest.param({"beneficiaries": [("Ab", 1)]}, "Account name Ab is invalid", "too short",
                     marks=rule("1.3 b3")),
        pytest.param({"beneficiaries": [("bob", 6000), ("carol", 5000)]},
                     "sum <= STEEM_100_PERCENT: Cannot allocate more than 100% of rewards to a "
                     "comment", "Number exceeds 100 percent", marks=rule("1.3 b4")),
        pytest.param({"beneficiaries": [("carol", 1), ("bob", 1)]},
                     "Benficiaries must be specified in sorted order (account ascending)",
                     "Beneficiaries must be specified in sorted order", marks=rule("1.3 b5")),
        pytest.param({"beneficiaries": [("bob", 1), ("bob", 1)]},
                     "Benficiaries must be specified in sorted order",
                     "Beneficiaries must be specified in sorted order", marks=rule("1.3 b5")),
    ],
)  # fmt: skip
def test_options_that_are_wrong_in_themselves(steem, hive, changes, steem_text, hive_text):
    for chain, text in ((steem, steem_text), (hive, hive_text)):
        named = {
            chain.percent if key == "PERCENT" else key: value for key, value in changes.items()
        }
        payout = named.get("max_accepted_payout", "")
        if payout:
            replaced = payout.replace("CORE", f"1.000 {chain.core}").replace("DEBT", chain.debt)
            named["max_accepted_payout"] = replaced
        op = chain.options({"author": "alice", "permlink": "none"}, **named)
        assert_refused(chain.refused(op), text)


@rule("1.3 exists")
def test_options_of_nothing(chain):
    op = chain.options({"author": "alice", "permlink": "none"})
    assert_refused(chain.refused(op), "unknown key:unknown key: ", 13)


@rule("1.3 tighten")
def test_options_only_tighten(chain):
    post = chain.new_post("erin")

    def set_options(**changes):
        chain.send(chain.options(post, **changes), signers=["erin"], form="network")
        chain.blocks()

    def refused(**changes):
        return chain.refused(chain.options(post, **changes), signers=["erin"], form="network")

    low = {"max_accepted_payout": f"5.000 {chain.debt}", chain.percent: 5000}
    set_options(**low)
    assert_refused(refused(**low | {"max_accepted_payout": f"6.000 {chain.debt}"}),
                   "A comment cannot accept a greater payout.")  # fmt: skip
    assert_refused(refused(**low | {chain.percent: 5001}),
                   f"A comment cannot accept a greater percent {chain.debt}.")  # fmt: skip
    set_options(**low, allow_curation_rewards=False)
    assert_refused(refused(**low), "Curation rewards cannot be re-enabled.")
    set_options(**low, allow_curation_rewards=False, allow_votes=False)
    assert_refused(refused(**low, allow_curation_rewards=False), "Voting cannot be re-enabled.")
    content = chain.content("erin", post["permlink"])
    assert (content["allow_votes"], content[chain.percent]) == (False, 5000)


@rule("1.3 voted")
def test_what_votes_forbid(chain):
    post = chain.new_post("frank")
    chain.send(chain.vote(post), signers=["bob"])
    chain.blocks()
    for changes, text in (
        ({"allow_votes": False}, "requires the comment to have no rshares allocated to it."),
        ({"allow_curation_rewards": False}, "requires the comment to have no rshares"),
        ({"max_accepted_payout": f"0.000 {chain.debt}"}, "requires the comment to have no rshares"),
        ({"beneficiaries": [("bob", 1)]}, "must not have been voted on before specifying"),
    ):
        op = chain.options(post, **changes)
        assert_refused(chain.refused(op, signers=["frank"], form="network"), text)
    chain.send(chain.options(post, **{chain.percent: 0}), signers=["frank"])  # may always be less
    chain.blocks()


@rule("1.3 beneficiaries")
def test_beneficiaries_are_set_once_and_must_exist(chain):
    chain.pass_time(303)
    op = chain.comment("grace")
    unknown = chain.options(op[1], beneficiaries=[("nobody-here", 100)])
    assert_refused(chain.refused(op, unknown, signers=["grace"]),
                   'Beneficiary "nobody-here" must exist.')  # fmt: skip
    chain.send(op, chain.options(op[1], beneficiaries=[("alice", 500), ("bob", 0)]),
               signers=["grace"])  # fmt: skip
    chain.blocks()
    again = chain.options(op[1], beneficiaries=[("carol", 1)])
    assert_refused(chain.refused(again, signers=["grace"]),
                   "Comment already has beneficiaries specified.")  # fmt: skip
    shares = chain.content("grace", op[1]["permlink"])["beneficiaries"]
    assert shares == [{"account": "alice", "weight": 500}, {"account": "bob", "weight": 0}]


@rule("1.3 eight")
@rule("0.1")
def test_a_node_admits_eight_beneficiaries(steem, hive):
    for chain, code, text in (
        (steem, 4100000, "plugin exception:Cannot specify more than 8 beneficiaries."),
        (hive, 10, "Cannot specify more than 8 beneficiaries."),
    ):
        names = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan"]
        chain.pass_time(303)
        op = chain.comment("judy")
        nine = chain.options(op[1], beneficiaries=[(name, 100) for name in names])
        assert_refused(chain.refused(op, nine, signers=["judy"]), text, code)
        eight = chain.options(op[1], beneficiaries=[(name, 100) for name in names[:8]])
        chain.send(op, eight, signers=["judy"])
        chain.blocks()


@rule("1.3 legacy")
def test_steemds_legacy_form_forgets_that_votes_are_off(steem, hive):
    post = steem.new_post("heidi")
    op = steem.options(post, allow_votes=False)
    assert_refused(steem.refused(op, signers=["heidi"]), "missing required posting", 3030000)
    steem.send(op, signers=["heidi"], form="network")
    post = hive.new_post("heidi")
    hive.send(hive.options(post, allow_votes=False), signers=["heidi"])


@rule("1.3 paid")
def test_hive_fixes_options_at_the_payout(steem, hive):
    for chain in (steem, hive):
        post = chain.new_post("ivan")
        chain.pass_time(7 * 86400)
        op = chain.options(post, **{chain.percent: 0})
        if chain is hive:
            text = "Updating parameters for comment that is paid out is forbidden."
            assert_refused(chain.refused(op, signers=["ivan"]), text)
        else:
            chain.send(op, signers=["ivan"])
            chain.blocks()


# -- §1.4: deletion --------------------------------------------------------------------------------


def delete(post):
    return ["delete_comment", {"author": post["author"], "permlink": post["permlink"]}]


@rule("1.4 replies")
@rule("1.4 votes")
def test_what_has_replies_or_upvotes_stays(chain):
    post = chain.new_post("alice")
    reply = chain.reply(post, "bob")
    chain.send(reply, signers=["bob"])
    chain.blocks()
    assert_refused(chain.refused(delete(post)), "Cannot delete a comment with replies.")
    chain.send(delete(reply[1]), signers=["bob"])
    chain.blocks()
    assert chain.content("alice", post["permlink"])["children"] == 0
    chain.send(chain.vote(post, "carol"), signers=["carol"])
    chain.blocks()
    assert_refused(chain.refused(delete(post)), "Cannot delete a comment with net positive votes.")


@rule("1.4 paid")
def test_what_is_paid_out_stays(steem, hive):
    for chain, text in (
        (steem, "Assert Exception:comment.cashout_time != fc::time_point_sec::maximum(): "),
        (hive, "Cannot delete comment after payout."),
    ):
        post = chain.new_post("bob")
        chain.pass_time(7 * 86400)
        assert_refused(chain.refused(delete(post), signers=["bob"]), text)


@rule("1.4 free")
def test_a_deleted_address_is_free_but_the_five_minutes_are_not_reset(chain):
    post = chain.new_post("carol")
    chain.send(delete(post), signers=["carol"])
    chain.blocks()
    assert chain.content("carol", post["permlink"])["author"] == ""
    assert_refused(chain.refused(["comment", post], signers=["carol"]), "5 minutes")
    chain.pass_time(303)
    chain.send(["comment", post], signers=["carol"])
    chain.blocks()


@rule("1.4 exists")
def test_deleting_nothing(chain):
    nothing = {"author": "alice", "permlink": "none"}
    assert_refused(chain.refused(delete(nothing)), "unknown key:unknown key: ", 13)


# -- §1.5: votes -----------------------------------------------------------------------------------


@rule("1.5 weight")
@pytest.mark.parametrize("weight", [10001, -10001])
def test_a_weight_is_a_percentage(steem, hive, weight):
    nothing = {"author": "alice", "permlink": "none"}
    assert_refused(steem.refused(steem.vote(nothing, weight=weight)),
                   "abs(weight) <= STEEM_100_PERCENT: Weight is not a STEEMIT percentage")  # fmt: skip
    assert_refused(hive.refused(hive.vote(nothing, weight=weight)), "Number exceeds 100 percent")


@rule("1.5 exists")
def test_a_vote_for_nothing(chain):
    op = chain.vote({"author": "alice", "permlink": "none"})
    assert_refused(chain.refused(op, signers=["bob"]), "unknown key:unknown key: ", 13)


@rule("1.5 off")
def test_a_vote_where_votes_are_off(chain):
    post = chain.new_post("dave")
    off = chain.options(post, allow_votes=False)
    chain.send(off, signers=["dave"], form="network")
    chain.blocks()
    assert_refused(chain.refused(chain.vote(post), signers=["bob"]),
                   "comment.allow_votes: Votes are not allowed on the comment.")  # fmt: skip
    chain.send(chain.vote(post, weight=-10000), signers=["bob"])  # downvotes always are
    chain.blocks()


@rule("1.5 interval")
def test_three_seconds_lie_between_votes_on_steem(steem, hive):
    for chain in (steem, hive):
        first, second = chain.new_post("erin"), chain.new_post("frank")
        chain.send(chain.vote(first), signers=["bob"])
        op = chain.vote(second)
        if chain is steem:
            text = "Can only vote once every 3 seconds."
            assert_refused(chain.refused(op, signers=["bob"]), text)
            chain.blocks()
        chain.send(op, signers=["bob"])
        chain.blocks()


@rule("1.5 zero")
@rule("1.5 same")
def test_a_new_vote_is_not_zero_and_a_changed_one_is_another(chain):
    post = chain.new_post("grace")
    assert_refused(chain.refused(chain.vote(post, weight=0), signers=["bob"]),
                   "o.weight != 0: Vote weight cannot be 0.")  # fmt: skip
    chain.send(chain.vote(post), signers=["bob"])
    chain.blocks()
    assert_refused(chain.refused(chain.vote(post), signers=["bob"]), "itr->vote_percent != "
                   "o.weight: Your current vote on this comment is identical to this vote.")  # fmt: skip
    chain.send(chain.vote(post, weight=0), signers=["bob"])
    chain.blocks()
    content = chain.content("grace", post["permlink"])
    assert (content["net_votes"], content["net_rshares"]) == (0, 0)


@rule("1.5 changes")
def test_five_changes_of_a_vote_on_steem_any_number_on_hive(steem, hive):
    for chain in (steem, hive):
        post = chain.new_post("heidi")
        for weight in range(1000, 7000, 1000):
            chain.send(chain.vote(post, weight=weight), signers=["bob"])
            chain.blocks()
        op = chain.vote(post, weight=7000)
        if chain is steem:
            text = "Voter has used the maximum number of vote changes on this comment."
            assert_refused(chain.refused(op, signers=["bob"]), text)
        else:
            chain.send(op, signers=["bob"])
            chain.blocks()


@rule("1.5 mana")
@rule("1.5 rshares")
def test_a_vote_takes_a_fiftieth_of_the_mana_and_grows_back(steem):
    steem.pass_time(5 * 86400)
    post = steem.new_post("judy")
    before = steem.account("mallory")
    mana = int(before["vesting_shares"].replace(".", "").split()[0])
    steem.send(steem.vote(post, "mallory", 5000), signers=["mallory"])
    steem.blocks()

    used = -(-(mana * 5000 * 86400 // 10000) // (10 * 432000))
    [vote] = steem.rpc("condenser_api.get_active_votes", ["judy", post["permlink"]])
    after = steem.account("mallory")
    assert int(vote["rshares"]) == used - 50_000_000
    assert int(after["voting_manabar"]["current_mana"]) == mana - used
    steem.pass_time(432000)
    other = steem.new_post("judy")
    steem.send(steem.vote(other, "mallory", 10000), signers=["mallory"])
    steem.blocks()
    [vote] = steem.rpc("condenser_api.get_active_votes", ["judy", other["permlink"]])
    assert int(vote["rshares"]) == -(-mana // 50) - 50_000_000


@rule("1.5 mana")
def test_a_downvote_takes_from_its_own_mana_first(steem):
    steem.pass_time(5 * 86400)
    post = steem.new_post("judy")
    steem.send(steem.vote(post, "newsroom", -10000), signers=["newsroom"])
    steem.blocks()
    after = steem.account("newsroom")
    mana = int(after["vesting_shares"].replace(".", "").split()[0])
    assert int(after["voting_manabar"]["current_mana"]) == mana
    assert int(after["downvote_manabar"]["current_mana"]) == mana // 4 - -(-mana // 50)
    assert int(steem.content("judy", post["permlink"])["net_rshares"]) < 0
    assert steem.content("judy", post["permlink"])["net_votes"] == -1


@rule("1.5 mana")
def test_a_vote_without_power(steem):
    post = steem.new_post("judy")
    steem.new_account("powerless")
    error = steem.refused(steem.vote(post, "powerless"), signers=["alice"])
    # of no mana a vote takes none; it is the credits for it that are missing
    assert_refused(error, "plugin exception:Account: powerless has 0 RC, needs", 4100000)


@rule("1.5 lockout")
def test_in_the_last_twelve_hours_a_vote_counts_less_and_less(steem):
    steem.pass_time(5 * 86400)
    post = steem.new_post("alice")
    created = steem.content("alice", post["permlink"])["created"]
    steem.pass_time(7 * 86400 - 21600 - 12)
    mana = int(steem.account("carol")["vesting_shares"].replace(".", "").split()[0])
    left = seconds(created) + 7 * 86400 - steem.now()
    steem.send(steem.vote(post, "carol"), signers=["carol"])
    steem.blocks()
    [vote] = steem.rpc("condenser_api.get_active_votes", ["alice", post["permlink"]])
    assert int(vote["rshares"]) == (-(-mana // 50) - 50_000_000) * left // 43200


@rule("1.5 paid")
def test_after_the_payout_a_vote_is_only_noted(chain):
    post = chain.new_post("bob")
    chain.pass_time(7 * 86400)
    chain.send(chain.vote(post, "carol"), signers=["carol"])
    chain.blocks()
    content = chain.content("bob", post["permlink"])
    assert content["cashout_time"] == EPOCH_END
    assert content["net_rshares"] == 0
    [vote] = content["active_votes"]
    assert (vote["voter"], vote["percent"], vote["rshares"]) == ("carol", 10000, 0)


# -- §1.6: custom_json -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "signer", "text", "code"),
    [
        pytest.param("x", "{}", None, "(required_auths.size() + required_posting_auths.size()) > 0:"
                     " at least one account must be specified", 10, marks=rule("1.6 signer")),
        # the digest is taken over the 32 bytes that a node keeps, and those were not signed
        pytest.param("x" * 33, "{}", "bob", "missing required posting authority:Missing Posting "
                     "Authority bob", 3030000, marks=rule("1.6 id")),
        pytest.param("x", "{", "bob", "Parse Error:Unexpected EOF", 4, marks=rule("1.6 json")),
        pytest.param("x", "{} ", "bob", "JSON Metadata not valid JSON", 10, marks=rule("1.6 json")),
        pytest.param("x", f'"{"x" * 8191}"', "bob", "o.json.length() <= "
                     "STEEM_CUSTOM_OP_DATA_MAX_LENGTH: Operation JSON must be less than 8192 bytes.",
                     10, marks=rule("1.6 size")),
    ],
)  # fmt: skip
def test_a_custom_json_that_is_wrong(steem, name, value, signer, text, code):
    assert_refused(steem.refused(steem.custom(name, value, signer), signers=["bob"]), text, code)


@rule("1.6 signers")
def test_forty_signers_at_most(steem):
    op = ["custom_json", {"required_auths": [], "id": "x", "json": "{}",
                          "required_posting_auths": [f"user-{n:03}" for n in range(41)]}]  # fmt: skip
    # nobody of them exists, and authority comes before the evaluator
    assert_refused(steem.refused(op), "unknown key", 13)


@rule("1.6 five")
@rule("0.1")
def test_five_custom_operations_of_an_account_in_a_block(steem):
    for number in range(5):
        steem.send(steem.custom("x", str(number), "erin"), signers=["erin"])
    error = steem.refused(steem.custom("x", "5", "erin"), signers=["erin"])
    text = "plugin exception:Account erin already submitted 5 custom json operation(s) this block."
    assert_refused(error, text, 4100000)
    steem.blocks()
    steem.send(steem.custom("x", "6", "erin"), signers=["erin"])
    steem.blocks()


def follow(chain, follower, following, what):
    value = ["follow", {"follower": follower, "following": following, "what": what}]
    chain.send(chain.custom("follow", json.dumps(value), follower), signers=[follower])
    chain.blocks()


@rule("1.6 follow")
def test_follows_and_mutes(chain):
    def related():
        return chain.rpc("bridge.get_relationship_between_accounts", {
            "account1": "heidi", "account2": "ivan"})  # fmt: skip

    for what, expected in (
        (["blog"], (True, False)),
        (["", "ignore"], (False, True)),
        (["blog", "ignore"], (True, True)),
        (["ignore"], (False, False)),
        ([], (False, False)),
    ):
        follow(chain, "heidi", "ivan", what)
        assert (related()["follows"], related()["ignores"]) == expected
    follow(chain, "heidi", "ivan", ["blog"])
    counts = chain.rpc("condenser_api.get_follow_count", ["ivan"])
    assert counts == {"account": "ivan", "follower_count": 1, "following_count": 0}
    [entry] = chain.rpc("condenser_api.get_followers", ["ivan", "", "blog", 10])
    assert entry == {"follower": "heidi", "following": "ivan", "what": ["blog"]}
    assert chain.rpc("condenser_api.get_following", ["heidi", "", "blog", 10]) == [entry]


@rule("1.6 reblog")
def test_reblogs_of_posts_by_their_signer(chain):
    post = chain.new_post("ivan")
    reply = chain.reply(post, "carol")
    chain.send(reply, signers=["carol"])
    chain.blocks()

    def reblog(of, account, signer, **more):
        value = {"account": account, "author": of["author"], "permlink": of["permlink"]}
        op = chain.custom("follow", json.dumps(["reblog", value | more]), signer)
        chain.send(op, signers=[signer])
        chain.blocks()
        return chain.rpc("condenser_api.get_reblogged_by", [of["author"], of["permlink"]])

    assert reblog(post, "judy", "judy") == ["ivan", "judy"]
    assert reblog(post, "bob", "judy") == ["ivan", "judy"], "somebody else's name"
    assert reblog(reply[1], "judy", "judy") == [], "replies aren't"
    blog = chain.rpc("condenser_api.get_discussions_by_blog", [{"tag": "judy", "limit": 5}])
    assert post["permlink"] in [entry["permlink"] for entry in blog]
    assert reblog(post, "judy", "judy", delete="delete") == ["ivan"]


@rule("1.6 community")
def test_communities_have_roles_and_hide_what_their_roles_forbid(chain):
    name = "hive-200001"  # a journal: members post
    chain.new_account(name, f"100.000 {chain.core}")

    def act(action, signer, **values):
        value = json.dumps([action, {"community": name} | values])
        key = "alice" if signer == name else signer  # who made the account has its keys
        chain.send(chain.custom("community", value, signer), signers=[key])
        chain.blocks()

    def context(account):
        given = {"name": name, "account": account}
        return chain.rpc("bridge.get_community_context", given)

    act("subscribe", "bob")
    assert context("bob") == {"role": "guest", "subscribed": True, "title": ""}
    act("setRole", signer=name, account="bob", role="member")
    assert context("bob")["role"] == "member"
    by_member = chain.new_post("bob", parent_permlink=name)
    by_guest = chain.new_post("carol", parent_permlink=name)

    def shown(sort):
        posts = chain.rpc("bridge.get_ranked_posts", {"sort": sort, "tag": name, "limit": 10})
        return [post["permlink"] for post in posts]

    assert shown("created") == [by_member["permlink"]]
    assert shown("muted") == [by_guest["permlink"]]
    post = chain.rpc("bridge.get_post", {"author": "bob", "permlink": by_member["permlink"]})
    assert (post["community"], post["author_role"]) == (name, "member")


@rule("1.6 ignored")
@pytest.mark.parametrize("value", ['["follow"]', "5", '["reblog",{}]', '["follow",{"what":1}]'])
def test_what_the_second_layer_does_not_understand_it_passes_over(chain, value):
    chain.send(chain.custom("follow", value, "frank"), signers=["frank"])
    chain.blocks()


# -- §1.7: claims ----------------------------------------------------------------------------------


def claim(chain, core="0.000", debt="0.000", vests="0.000000", symbol=None):
    core_name, debt_name = ("hive", "hbd") if chain.core == "HIVE" else ("steem", "sbd")
    return ["claim_reward_balance", {
        "account": "alice",
        f"reward_{core_name}": f"{core} {symbol or chain.core}",
        f"reward_{debt_name}": f"{debt} {chain.debt}",
        "reward_vests": f"{vests} VESTS",
    }]  # fmt: skip


@rule("1.7 symbol")
def test_each_reward_has_its_symbol(steem, hive):
    assert_refused(steem.refused(claim(steem, core="1.000", symbol="SBD")),
                   "Reward Steem must be STEEM")  # fmt: skip
    assert_refused(hive.refused(claim(hive, core="1.000", symbol="HBD")),
                   "Reward HIVE must be expressed in HIVE")  # fmt: skip


@rule("1.7 negative")
@rule("1.7 nothing")
def test_a_claim_is_of_something(chain):
    assert_refused(chain.refused(claim(chain, core="-1.000")), "Cannot claim a negative amount")
    assert_refused(chain.refused(claim(chain)), "Must claim something.")


@rule("1.7 much")
def test_no_more_than_there_is(steem, hive):
    for chain, symbol in ((steem, "STEEM"), (hive, "HIVE")):
        error = chain.refused(claim(chain, core="1000000.000"))
        assert_refused(error, f"Cannot claim that much {symbol}. Claim: ")
        assert '"amount":"1000000000"' in error["message"]


# -- transfers and accounts ------------------------------------------------------------------------


@rule("accounts")
def test_transfers_and_power(chain):
    before = chain.account("bob")
    give = ["transfer", {"from": "alice", "to": "bob", "amount": f"1.000 {chain.core}", "memo": ""}]
    chain.send(give, signers=["alice/active"])
    up = ["transfer_to_vesting", {"from": "bob", "to": "", "amount": f"1.000 {chain.core}"}]
    chain.send(up, signers=["bob/active"])
    chain.blocks()
    after = chain.account("bob")
    assert after["balance"] == before["balance"]
    assert float(after["vesting_shares"].split()[0]) > float(before["vesting_shares"].split()[0])
    much = ["transfer", give[1] | {"amount": f"9999999.000 {chain.core}"}]
    assert_refused(chain.refused(much, signers=["alice/active"]),
                   "Account does not have sufficient funds for transfer.")  # fmt: skip


@rule("accounts")
def test_an_account_is_made_once_and_changes_its_keys(chain):
    chain.new_account("fresh-one", f"10.000 {chain.core}")
    other = chain.account("bob")["posting"]
    update = ["account_update", {"account": "fresh-one", "posting": other, "json_metadata": "",
                                 "memo_key": chain.account("alice")["memo_key"]}]  # fmt: skip
    assert_refused(chain.refused(update, signers=["alice"]), "missing required active", 3010000)
    chain.send(update, signers=["alice/active"])
    chain.blocks()
    chain.pass_time(303)
    chain.send(chain.comment("fresh-one"), signers=["bob"])
    chain.blocks()
    error = chain.refused(["account_create", {
        "fee": f"0.000 {chain.core}", "creator": "alice", "new_account_name": "fresh-one",
        "owner": other, "active": other, "posting": other, "json_metadata": "",
        "memo_key": chain.account("alice")["memo_key"]}], signers=["alice/active"])  # fmt: skip
    assert "uniqueness constraint" in error["message"]
