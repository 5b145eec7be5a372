"""Questions asked of a node together: the same answers are believed, of the same nodes."""

import pytest

from bot.chain.classification import NodeError
from bot.chain.nodes import Nodes
from bot.chain.wire import ErrorReply
from bot.http import Unanswered, Unsent


def refusal(message):
    return ErrorReply(NodeError(message))


class Batches:
    """A node that knows some answers, and may take no batches."""

    def __init__(self, failure=None, **answers):
        self.failure = failure
        self.answers = {name.replace("__", "."): answer for name, answer in answers.items()}


class Telephone:
    """Stands for the wire: who was asked what, one by one or together."""

    def __init__(self, **nodes):
        self.nodes = {f"http://{name}": node for name, node in nodes.items()}
        self.asked = []

    def call(self, node, method, params):
        self.asked.append((node[7:], method))
        if isinstance(self.nodes[node].failure, Unsent):
            raise self.nodes[node].failure
        return self.nodes[node].answers[method]

    def call_many(self, node, calls):
        self.asked.append((node[7:], "together"))
        if self.nodes[node].failure:
            raise self.nodes[node].failure
        return [self.nodes[node].answers[method] for method, _ in calls]


CALLS = [("one", []), ("two", [])]


def agree(nodes, count=2):
    return [nodes.agreed(count, method, params, int, essence=int)[0] for method, params in CALLS]


def test_what_is_asked_together_of_as_many_nodes_as_must_agree_is_asked_once():
    telephone = Telephone(a=Batches(one=1, two=2), b=Batches(one=1, two=2), c=Batches())
    nodes = Nodes(list(telephone.nodes), telephone)
    with nodes.together(2, CALLS):
        assert agree(nodes) == [1, 2]
    assert telephone.asked == [("a", "together"), ("b", "together")]


def test_an_answer_serves_once_and_only_meanwhile():
    telephone = Telephone(a=Batches(one=1, two=2))
    nodes = Nodes(list(telephone.nodes), telephone)
    with nodes.together(1, CALLS):
        assert agree(nodes, 1) == agree(nodes, 1) == [1, 2]
    nodes.ask("one", [], int)
    assert telephone.asked == [("a", "together"), ("a", "one"), ("a", "two"), ("a", "one")]


def test_a_lie_in_a_batch_is_found_out_as_any_other():
    told = []
    telephone = Telephone(a=Batches(one=9, two=2), b=Batches(one=1, two=2), c=Batches(one=1, two=2))
    nodes = Nodes(list(telephone.nodes), telephone, report=lambda *what: told.append(what))
    with nodes.together(2, CALLS):
        assert agree(nodes) == [1, 2]
    assert [(node, reason.split()[0]) for node, reason in told] == [("http://a", "contradicts")]
    assert telephone.asked[2] == ("c", "one")


@pytest.mark.parametrize(
    "failure", [Unanswered("HTTP status 400"), Unanswered("too late"), refusal("no batches here")]
)
def test_a_node_that_takes_no_batches_is_asked_one_by_one_and_not_held_to_have_failed(failure):
    telephone = Telephone(a=Batches(failure, one=1, two=2))
    nodes = Nodes(list(telephone.nodes), telephone)
    for _ in range(2):
        with nodes.together(1, CALLS):
            assert agree(nodes, 1) == [1, 2]
    assert telephone.asked.count(("a", "together")) == 1
    assert [health.failures for health in nodes.health()] == [0]


def test_a_node_that_is_away_is_asked_last_by_what_follows():
    telephone = Telephone(a=Batches(Unsent("no connection")), b=Batches(one=1, two=2))
    nodes = Nodes(list(telephone.nodes), telephone)
    with nodes.together(1, CALLS):
        assert agree(nodes, 1) == [1, 2]
    assert telephone.asked == [("a", "together"), ("b", "together")]
