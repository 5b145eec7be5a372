"""What the chain tells about itself: a real steemd's recorded replies, and hivemind's shapes."""

import contextlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chain import NodesUnreachable, profile, replies
from bot.chain.beem_chain import BeemChain
from bot.chain.protocol import ResourceCredits
from bot.http import Http
from tests.chain.scripted_node import ScriptedNode, answering, http, refused_address, reply

FIXTURES = Path(__file__).parent.parent / "fixtures"
RECORDED = {
    step["name"]: step
    for step in json.loads((FIXTURES / "steemd" / "recorded.json").read_text("utf-8"))
    if "name" in step
}


def recorded(name):
    return RECORDED[name]["reply"]["result"]


def chain_on(*addresses, now=None):
    made = profile("steem", {"nodes": [getattr(one, "url", one) for one in addresses]})
    return BeemChain(made, Http(timeout=1.0), now=now or (lambda: datetime.now(UTC)))


def ask(script, question, **kwargs):
    with ScriptedNode(script) as node, chain_on(node, **kwargs) as chain:
        return question(chain), node.requests


def test_the_head():
    head, requests = ask(
        answering(condenser_api__get_dynamic_global_properties=recorded("dgpo condenser")),
        lambda chain: chain.head(),
    )
    assert head.block_num == 82
    assert head.block_id == "000000523ed506bdd961f5244a731c532b076f4a"
    assert head.time == datetime(2016, 1, 1, 0, 4, 6, tzinfo=UTC)
    assert head.irreversible_block_num == 61
    assert head.maximum_block_size == 131072
    assert requests[0]["params"] == []


def test_an_account():
    both = recorded("accounts known and unknown")
    account, requests = ask(
        answering(condenser_api__get_accounts=both[:1]), lambda chain: chain.account("alice")
    )
    assert requests[0]["params"] == [["alice"]]
    assert account.name == "alice"
    assert account.posting.weight_threshold == 1
    assert account.posting.key_auths == (
        ("TST7tNEATevzuMop3XYfnXpH3xgFDhbW6cHYAxVycNW3eeEe4utjM", 1),
    )
    assert account.posting.account_auths == ()
    assert account.owner != account.active != account.posting
    assert account.last_root_post == datetime(1970, 1, 1, tzinfo=UTC)


def test_no_account():
    account, _ = ask(
        answering(condenser_api__get_accounts=recorded("accounts none")),
        lambda chain: chain.account("nobody"),
    )
    assert account is None


def test_resource_credits():
    script = answering(rc_api__find_rc_accounts=recorded("rc accounts"))
    credits_, requests = ask(script, lambda chain: chain.resource_credits("alice"))
    assert requests[0]["params"] == {"accounts": ["alice"]}
    assert credits_.current_mana == credits_.max_mana == 30990720282361949
    assert credits_.last_update == datetime.fromtimestamp(1451606484, UTC)
    poor, _ = ask(script, lambda chain: chain.resource_credits("poor"))
    assert (poor.current_mana, poor.max_mana) == (0, 0)
    nobody, _ = ask(script, lambda chain: chain.resource_credits("nobody"))
    assert nobody is None


def test_a_chain_without_resource_credits():
    error = RECORDED["unknown api"]["reply"]["error"]
    found, _ = ask(
        lambda request: reply(request, error=error), lambda chain: chain.resource_credits("alice")
    )
    assert found is None


def test_resource_credits_of_nodes_that_are_down_are_not_taken_for_none():
    with chain_on(refused_address()) as chain, pytest.raises(NodesUnreachable):
        chain.resource_credits("alice")


def test_a_post_with_votes():
    content, requests = ask(
        answering(condenser_api__get_content=recorded("content voted")),
        lambda chain: chain.content("alice", "first-post"),
    )
    assert requests[0]["params"] == ["alice", "first-post"]
    assert (content.category, content.parent_author, content.parent_permlink) == (
        "taliban",
        "",
        "taliban",
    )
    assert content.body == "Third new body"
    assert json.loads(content.json_metadata)["tags"] == ["taliban"]
    assert (content.votes, content.replies) == (1, 3)
    assert content.created == datetime(2016, 1, 1, 0, 4, 6, tzinfo=UTC)
    assert (content.pending_payout, content.total_payout, content.curator_payout) == (
        "0.000 TESTS",
        "0.000 TBD",
        "0.000 TBD",
    )


def test_a_text_comes_back_as_it_is():
    content, _ = ask(
        answering(condenser_api__get_content=recorded("content")),
        lambda chain: chain.content("alice", "first-post"),
    )
    assert content.body == "Hello *world* — ünï 日本 🎉\n\n- **a:** b\n  - c\n"


def test_a_vote_taken_back_does_not_count():
    votes = [{"percent": 0}, {"percent": "10000"}, {"percent": -5000}]
    content, _ = ask(
        answering(condenser_api__get_content=recorded("content") | {"active_votes": votes}),
        lambda chain: chain.content("alice", "first-post"),
    )
    assert content.votes == 2


HIVEMIND = {
    "post_id": 1,
    "author": "alice",
    "permlink": "hello",
    "category": "taliban",
    "title": "T",
    "body": "B",
    "json_metadata": "{}",
    "created": "2026-01-01T00:00:00",
    "last_update": "2026-01-01T00:00:00",
    "children": 2,
    "cashout_time": "1969-12-31T23:59:59",
    "total_payout_value": "1.000 SBD",
    "curator_payout_value": "0.500 SBD",
    "pending_payout_value": "0.000 SBD",
    "active_votes": [{"voter": "b", "rshares": "1", "percent": "100", "reputation": "0"}],
    "parent_author": "",
    "parent_permlink": "taliban",
}


def test_hiveminds_shape_is_understood_too():
    content, _ = ask(
        answering(condenser_api__get_content=HIVEMIND),
        lambda chain: chain.content("alice", "hello"),
    )
    assert (content.votes, content.replies, content.total_payout) == (1, 2, "1.000 SBD")
    assert content.cashout_time == datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)


ABSENT = {
    "steemd": lambda request: reply(request, result=recorded("content missing author")),
    "Steemit's hivemind": lambda request: reply(
        request, result={"id": 0, "author": "", "permlink": ""}
    ),
    "null": lambda request: reply(request, result=None),
    "Hive's hivemind": lambda request: reply(
        request,
        error={
            "code": -32602,
            "message": "Invalid parameters",
            "data": "Post alice/hello does not exist",
        },
    ),
    "Hive's hivemind, deleted": lambda request: reply(
        request,
        error={
            "code": -32602,
            "message": "Invalid parameters",
            "data": "Post alice/hello was deleted 1 time(s)",
        },
    ),
}


@pytest.mark.parametrize("who", sorted(ABSENT))
def test_each_server_has_its_way_to_say_that_there_is_no_post(who):
    content, _ = ask(ABSENT[who], lambda chain: chain.content("alice", "hello"))
    assert content is None


def test_an_answer_about_another_post_is_no_answer():
    with (
        ScriptedNode(answering(condenser_api__get_content=HIVEMIND)) as node,
        chain_on(node) as chain,
        pytest.raises(NodesUnreachable, match="unknown shape"),
    ):
        chain.content("bob", "hello")


def test_an_error_is_never_taken_for_a_free_place():
    error = {"code": -32602, "message": "Invalid parameters", "data": "invalid account char"}
    with (
        ScriptedNode(lambda request: reply(request, error=error)) as node,
        chain_on(node) as chain,
        pytest.raises(NodesUnreachable),
    ):
        chain.content("bob", "hello")


BLOCK = {
    "previous": "00000164" + "0" * 32,
    "timestamp": "2016-01-01T00:17:51",
    "block_id": "00000165" + "1" * 32,
    "transactions": [recorded("transaction in block")],
    "transaction_ids": ["0a7d84975ffd0dbf4e02267b5548659034217a93"],
}


def test_a_block_with_its_transactions():
    block, requests = ask(answering(condenser_api__get_block=BLOCK), lambda chain: chain.block(357))
    assert requests[0]["params"] == [357]
    assert (block.num, block.id, block.previous) == (357, BLOCK["block_id"], BLOCK["previous"])
    assert block.time == datetime(2016, 1, 1, 0, 17, 51, tzinfo=UTC)
    ((trx_id, author, _),) = block.comments
    assert block.transaction_ids == (trx_id,) == ("0a7d84975ffd0dbf4e02267b5548659034217a93",)
    assert author == "grace"


def test_a_block_that_is_not_there_yet():
    with pytest.raises(NodesUnreachable):
        ask(answering(condenser_api__get_block=None), lambda chain: chain.block(9))


def test_a_block_is_asked_for_until_a_node_has_it():
    with (
        ScriptedNode(answering(condenser_api__get_block=None)) as without,
        ScriptedNode(answering(condenser_api__get_block=BLOCK)) as having,
        chain_on(without, having) as chain,
    ):
        assert chain.block(357).num == 357
        assert chain.block(357, BLOCK["block_id"]).num == 357
        with pytest.raises(NodesUnreachable):
            chain.block(357, "00000165" + "0" * 32)


def test_another_block_than_the_one_asked_for_is_no_answer():
    with (
        ScriptedNode(answering(condenser_api__get_block=BLOCK)) as node,
        chain_on(node) as chain,
        pytest.raises(NodesUnreachable),
    ):
        chain.block(358)


def test_whose_key_it_is():
    names, requests = ask(
        answering(account_by_key_api__get_key_references=recorded("key references")),
        lambda chain: chain.accounts_of_key(
            "TST7tNEATevzuMop3XYfnXpH3xgFDhbW6cHYAxVycNW3eeEe4utjM"
        ),
    )
    assert names == ("alice",)
    assert list(requests[0]["params"]) == ["keys"]


def test_the_chain_id_that_a_node_reports():
    constants = json.loads((FIXTURES / "steem-get-config.json").read_text("utf-8"))
    reported, _ = ask(
        answering(condenser_api__get_config=constants), lambda chain: chain.chain_id()
    )
    assert reported == "0" * 64


def test_a_node_that_does_not_report_its_chain_id():
    error = RECORDED["unknown method"]["reply"]["error"]
    reported, _ = ask(lambda request: reply(request, error=error), lambda chain: chain.chain_id())
    assert reported is None


@pytest.mark.parametrize(
    ("mana", "most", "days", "share"),
    [(0, 100, 0, 0), (50, 100, 0, 0.5), (0, 100, 1, 0.2), (90, 100, 5, 1), (0, 0, 5, 0)],
)
def test_resource_credits_come_back_in_five_days(mana, most, days, share):
    credits_ = ResourceCredits(mana, most, NOW)
    assert credits_.share(NOW + timedelta(days=days)) == pytest.approx(share)


NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


def at(seconds, number=82):
    """A node whose head is that many seconds before the wall clock."""
    time = (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    known = recorded("dgpo condenser") | {"time": time, "head_block_number": number}
    return answering(
        condenser_api__get_dynamic_global_properties=known,
        condenser_api__get_config={"STEEM_CHAIN_ID": "0" * 64},
    )


def looks(node):
    """How often a node was asked for its head."""
    return node.methods().count("condenser_api.get_dynamic_global_properties")


def test_a_node_that_fell_behind_is_passed_over_and_left_alone():
    with (
        ScriptedNode(at(31, 70)) as behind,
        ScriptedNode(at(3, 82)) as following,
        chain_on(behind, following, now=lambda: NOW) as chain,
    ):
        assert chain.head().block_num == 82
        assert chain.head().block_num == 82
    assert (looks(behind), looks(following)) == (1, 2)


def test_a_head_of_the_last_half_minute_is_good_enough():
    with (
        ScriptedNode(at(30, 70)) as first,
        ScriptedNode(at(0, 82)) as second,
        chain_on(first, second, now=lambda: NOW) as chain,
    ):
        assert chain.head().block_num == 70
    assert (looks(first), looks(second)) == (1, 1)  # the chain is as far as both say


def test_when_every_node_is_behind_the_freshest_is_taken_and_stayed_with():
    with (
        ScriptedNode(at(900, 60)) as one,
        ScriptedNode(at(600, 70)) as two,
        ScriptedNode(at(800, 65)) as three,
        chain_on(one, two, three, now=lambda: NOW) as chain,
    ):
        assert [chain.head().block_num for _ in range(3)] == [70, 70, 70]
    assert (looks(one), looks(two), looks(three)) == (1, 3, 1)


def test_a_head_in_the_future_is_fine():
    head, _ = ask(at(-86400), lambda chain: chain.head(), now=lambda: NOW)
    assert head.time == NOW + timedelta(days=1)


def test_no_head_at_all():
    with chain_on(refused_address()) as chain, pytest.raises(NodesUnreachable):
        chain.head()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["author", "permlink", "accounts", "block_id", "time", "name"]), inner
        )
    ),
    max_leaves=8,
)
UNUSABLE = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError)
READERS = {
    "head": replies.read_head,
    "account": lambda result: replies.read_account(result, "alice"),
    "rc": lambda result: replies.read_resource_credits(result, "alice"),
    "content": lambda result: replies.read_content(result, "alice", "hello"),
    "block": lambda result: replies.read_block(result, 1),
    "previous": lambda result: replies.read_previous(result, 1),
    "key": replies.read_accounts_of_key,
    "chain id": replies.read_chain_id,
}


@pytest.mark.parametrize("name", sorted(READERS))
@given(result=JSON)
def test_an_answer_of_any_shape_is_understood_or_refused_cleanly(name, result):
    with contextlib.suppress(*UNUSABLE):
        READERS[name](result)


def test_a_page_of_html_is_no_head():
    with (
        ScriptedNode(lambda _: http("<html>", kind="text/html")) as node,
        chain_on(node) as chain,
        pytest.raises(NodesUnreachable, match="no JSON"),
    ):
        chain.head()
