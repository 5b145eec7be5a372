"""What nodes tell of posts, in the shapes of either family; and batches that go from node to node."""

import pytest

from bot.chain.classification import NodeError
from bot.chain.errors import NodesUnreachable, NotServed
from bot.chain.nodes import Nodes, Question
from bot.chain.outcomes import Funds, Payment, read_happenings, read_reblogs, read_standing
from bot.chain.wire import ErrorReply
from bot.http import Unanswered

TRX = "0" * 40
OF = {"author": "alice", "permlink": "one"}


def entry(name, fields):
    at = "2026-12-01T09:00:00"
    return [7, {"trx_id": TRX, "block": 9, "timestamp": at, "op": [name, fields]}]


@pytest.mark.parametrize(
    ("name", "fields", "kind", "account", "amounts"),
    [
        ("author_reward", OF | {"sbd_payout": "1.000 SBD", "steem_payout": "0.000 STEEM",
                                "vesting_payout": "2.000000 VESTS"},
         "author", "alice", ["1.000 SBD", "2.000000 VESTS"]),
        ("author_reward", OF | {"hbd_payout": "1.000 HBD", "hive_payout": "0.000 HIVE",
                                "vesting_payout": "2.000000 VESTS", "payout_must_be_claimed": True,
                                "curators_vesting_payout": "9.000000 VESTS"},
         "author", "alice", ["1.000 HBD", "2.000000 VESTS"]),
        ("comment_benefactor_reward", OF | {"benefactor": "dave", "sbd_payout": "0.100 SBD"},
         "beneficiary", "dave", ["0.100 SBD"]),
        ("curation_reward", {"curator": "frank", "reward": "5.000000 VESTS",
                             "comment_author": "alice", "comment_permlink": "one"},
         "curator", "frank", ["5.000000 VESTS"]),
        ("curation_reward", OF | {"curator": "frank", "reward": "5.000000 VESTS"},
         "curator", "frank", ["5.000000 VESTS"]),
        ("comment_payout_update", OF, "post", "alice", []),
    ],
)  # fmt: skip
def test_a_payouts_operations_are_read_on_each_chain(name, fields, kind, account, amounts):
    [told] = read_happenings([entry(name, fields)])
    assert isinstance(told.what, Payment)
    assert (told.what.kind, told.what.account) == (kind, account)
    assert list(map(str, told.what.amounts)) == amounts


def test_what_says_nothing_of_posts_is_passed_over():
    [told] = read_happenings([entry("transfer", {"from": "a", "to": "b", "amount": "1.000 STEEM"})])
    assert (told.number, told.what) == (7, None)
    assert read_happenings(None) == ()


def test_hivemind_tells_votes_as_texts_and_neither_weight_nor_time():
    told = OF | {
        "category": "a", "parent_author": "", "parent_permlink": "a", "title": "T", "body": "B",
        "json_metadata": "{}", "created": "2026-12-01T09:00:00", "children": 1,
        "last_update": "2026-12-01T09:00:00", "net_rshares": 5, "cashout_time":
        "1969-12-31T23:59:59", "pending_payout_value": "0.000 SBD",
        "total_payout_value": "1.000 SBD", "curator_payout_value": "1.000 SBD",
        "active_votes": [{"voter": "bob", "rshares": "5", "percent": "10000", "reputation": "1"}],
    }  # fmt: skip
    standing = read_standing(told, "alice", "one")
    [vote] = standing.votes
    assert (vote.percent, vote.rshares, vote.weight, vote.time) == (10000, 5, None, None)
    assert (standing.cashout_at, standing.cap, standing.active_at) == (None, None, None)


def test_an_author_doesnt_reblog_the_own_post():
    assert read_reblogs(["alice", "carol"], "alice") == ("carol",)


def test_nothing_is_reckoned_where_nothing_was_ever_claimed():
    assert Funds(1, 0, 1, 1).pending(10**12) is None
    assert Funds(10**9, 10**17, 250, 1000).pending(-5) == 0


class Wire:
    """Nodes that answer batches with what is scripted for each."""

    def __init__(self, **nodes):
        self.nodes = nodes
        self.asked = []

    def call_many(self, node, calls):
        self.asked.append((node, len(calls)))
        told = self.nodes[node.removeprefix("http://")]
        if isinstance(told, Exception):
            raise told
        return [told[method] for method, _ in calls]


def refusal(message):
    return ErrorReply(NodeError(message))


def ask(wire, *methods):
    nodes = Nodes([f"http://{name}" for name in wire.nodes], wire)
    return nodes.ask_many([Question(method, [], int, "no such") for method in methods])


def test_a_batch_is_answered_by_the_first_node_that_can():
    wire = Wire(a={"one": 1, "two": 2}, b={})
    assert ask(wire, "one", "two") == [1, 2]
    assert wire.asked == [("http://a", 2)]


def test_what_one_node_cant_tell_the_next_is_asked_for_alone():
    wire = Wire(a={"one": 1, "two": "x"}, b={"two": 2})
    assert ask(wire, "one", "two") == [1, 2]
    assert wire.asked == [("http://a", 2), ("http://b", 1)]


def test_one_questions_trouble_is_its_own():
    wire = Wire(a={"one": 1, "two": "x", "three": refusal("Could not find method three")})
    one, two, three = ask(wire, "one", "two", "three")
    assert one == 1
    assert type(two) is NodesUnreachable
    assert isinstance(three, NotServed)


@pytest.mark.parametrize("failure", [Unanswered("HTTP status 429"), refusal("no batches")])
def test_a_node_that_takes_no_batch_is_passed_over(failure):
    assert ask(Wire(a=failure, b={"one": 1}), "one") == [1]
    with pytest.raises(NodesUnreachable):
        ask(Wire(a=failure), "one")
