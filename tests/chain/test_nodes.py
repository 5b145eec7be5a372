"""Which node is asked, and what becomes of a broadcast when nodes fail."""

import json

import pytest

from bot.chain import (
    DuplicateTransaction,
    NodesUnreachable,
    PermanentChainError,
    TransientChainError,
    UnknownOutcome,
)
from bot.chain.nodes import Nodes, NotServed
from bot.chain.wire import Wire
from bot.http import Http
from tests.chain.scripted_node import ScriptedNode, http, refused_address, reply
from tests.chain.test_classification import REFUSED

ASK = "condenser_api.get_config"
SEND = "network_broadcast_api.broadcast_transaction"


class Clock:
    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def wire():
    http = Http(timeout=1.0)
    yield Wire(http)
    http.close()


def works(request):
    return reply(request, result="fine")


def bad_gateway(_):
    return http("<html>502</html>", "502 Bad Gateway", "text/html")


def refusing(name):
    return lambda request: reply(request, error=REFUSED[name])


def erring(message, **data):
    return lambda request: reply(request, error={"code": -32000, "message": message, **data})


def never(_):
    return None


def text(result):
    if not isinstance(result, str):
        raise TypeError
    return result


TROUBLES = {
    "no reply": never,
    "502": bad_gateway,
    "another shape": lambda request: reply(request, result=7),
    "database lock": erring("Unable to acquire database lock"),
    "jussi": erring("Bad or missing upstream response", data={"error_id": "x"}),
    "hivemind": erring("Server error", data="boom"),
    "some assertion": refusing("unknown author"),
}


@pytest.mark.parametrize("trouble", sorted(TROUBLES))
def test_a_question_goes_to_the_next_node(wire, clock, trouble):
    with ScriptedNode(TROUBLES[trouble]) as bad, ScriptedNode(works) as good:
        nodes = Nodes([bad.url, good.url], wire, clock)
        assert nodes.ask(ASK, [], text) == "fine"
    assert (len(bad.requests), len(good.requests)) == (1, 1)


@pytest.mark.parametrize("trouble", sorted(TROUBLES))
def test_a_node_that_failed_is_left_alone_for_a_minute(wire, clock, trouble):
    with ScriptedNode(TROUBLES[trouble]) as bad, ScriptedNode(works) as good:
        nodes = Nodes([bad.url, good.url], wire, clock)
        for seconds in (0, 30, 29):
            clock.seconds += seconds
            nodes.ask(ASK, [], text)
        assert len(bad.requests) == 1
        clock.seconds += 2
        nodes.ask(ASK, [], text)
        assert len(bad.requests) == 2


def test_nodes_left_alone_are_asked_when_no_other_answers(wire, clock):
    with ScriptedNode(works) as node:
        nodes = Nodes([node.url], wire, clock)
        nodes.leave_alone(node.url)
        assert nodes.ask(ASK, [], text) == "fine"


def test_without_any_answer_people_learn_what_each_node_did(wire, clock):
    with ScriptedNode(bad_gateway) as bad:
        refused = refused_address()
        nodes = Nodes([bad.url, refused], wire, clock)
        with pytest.raises(NodesUnreachable) as caught:
            nodes.ask(ASK, [], text)
    assert "HTTP status 502" in str(caught.value)
    assert refused.removeprefix("http://") in str(caught.value)
    assert isinstance(caught.value, TransientChainError)


def test_an_api_that_no_node_serves_is_told_apart_from_nodes_that_are_down(wire, clock):
    script = erring("Assert Exception:api_itr != end(): Could not find API rc_api")
    with ScriptedNode(script) as one:
        with pytest.raises(NotServed):
            Nodes([one.url, refused_address()], wire, clock).ask(ASK, [], text)
        with pytest.raises(NodesUnreachable) as caught:
            Nodes([refused_address()], wire, clock).ask(ASK, [], text)
    assert not isinstance(caught.value, NotServed)


def test_a_node_that_lacks_one_api_is_still_asked_other_things_first(wire, clock):
    def script(request):
        if request["method"] == ASK:
            return erring("Assert Exception:x: Could not find method get_config")(request)
        return works(request)

    with ScriptedNode(script) as lacking, ScriptedNode(works) as complete:
        nodes = Nodes([lacking.url, complete.url], wire, clock)
        nodes.ask(ASK, [], text)
        nodes.ask("condenser_api.get_version", [], text)
        assert lacking.methods() == [ASK, "condenser_api.get_version"]
        assert complete.methods() == [ASK]


def test_a_broadcast_that_is_taken_names_its_node(wire, clock):
    with ScriptedNode(lambda request: reply(request, result={})) as node:
        params = '{"trx":{"body":"ünï"},"max_block_age":-1}'
        assert Nodes([node.url], wire, clock).send(SEND, params) == node.url
    assert node.requests[0]["params"] == json.loads(params)
    assert params.encode() in node.bodies[0]


def test_while_no_connection_can_be_made_a_broadcast_tries_the_next_node(wire, clock):
    with ScriptedNode(lambda request: reply(request, result={})) as node:
        nodes = Nodes([refused_address(), node.url], wire, clock)
        assert nodes.send(SEND, "{}") == node.url


def test_a_broadcast_that_reached_nobody_was_not_sent(wire, clock):
    with pytest.raises(NodesUnreachable, match="nothing was sent"):
        Nodes([refused_address(), refused_address()], wire, clock).send(SEND, "{}")


PROVES_NOTHING = {
    "no reply": never,
    "502": bad_gateway,
    "429": lambda _: http("", "429 Too Many Requests"),
    "truncated JSON": lambda _: http('{"jsonrpc":"2.0","id":'),
    "wrong id": lambda request: reply(request | {"id": 0}, result={}),
    "error as text": lambda request: reply(request, error="no"),
    "database lock": erring("Unable to acquire database lock"),
    "internal error": erring("Internal Error", data={"error_id": "x"}),
}


@pytest.mark.parametrize("name", sorted(PROVES_NOTHING))
def test_a_broadcast_without_a_clear_answer_is_not_sent_again_by_the_wire(wire, clock, name):
    with ScriptedNode(PROVES_NOTHING[name]) as node, ScriptedNode(works) as other:
        nodes = Nodes([node.url, other.url], wire, clock)
        with pytest.raises(UnknownOutcome, match="The chain will tell"):
            nodes.send(SEND, "{}")
        assert (len(node.requests), len(other.requests)) == (1, 0)
        # whoever decides to send the same bytes again reaches the healthy node
        assert nodes.send(SEND, "{}") == other.url


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("duplicate in pool", DuplicateTransaction),
        ("wrong key", PermanentChainError),
        ("post without rc", TransientChainError),
        ("tapos wrong prefix", TransientChainError),
    ],
)
def test_a_refused_broadcast_goes_to_no_other_node(wire, clock, name, kind):
    with ScriptedNode(refusing(name)) as node, ScriptedNode(works) as other:
        with pytest.raises(kind):
            Nodes([node.url, other.url], wire, clock).send(SEND, "{}")
        assert other.requests == []


def test_a_node_on_another_fork_is_passed_over_next_time(wire, clock):
    with ScriptedNode(refusing("tapos wrong num")) as forked, ScriptedNode(works) as other:
        nodes = Nodes([forked.url, other.url], wire, clock)
        with pytest.raises(TransientChainError):
            nodes.send(SEND, "{}")
        assert nodes.send(SEND, "{}") == other.url
