"""Nothing that can't be undone is done on one node's word; who can't be believed is set aside."""

import contextlib
from datetime import timedelta

import pytest

from bot.chain import NodesUnreachable, profile
from bot.chain.beem_chain import BeemChain
from bot.chain.errors import NodesDisagree, PermanentChainError
from bot.chain.protocol import SignedTransaction
from bot.http import Http
from tests.chain.scripted_node import ScriptedNode, answering, refused_address, reply
from tests.chain.test_reads import NOW, recorded

HEAD = "condenser_api.get_dynamic_global_properties"


def node(*, chain_id="0" * 64, head=100, irreversible=90, block_id="5a", seconds=0, body=None):
    """A node's answers, as far as trust goes."""
    time = (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    properties = recorded("dgpo condenser") | {
        "time": time,
        "head_block_number": head,
        "last_irreversible_block_num": irreversible,
    }
    block = {
        "previous": "0000004f" + "0" * 32,
        "block_id": "00000050" + block_id * 16,
        "timestamp": time,
        "transaction_ids": ["ab" * 20],
        "transactions": [{"operations": []}],
    }
    return answering(
        condenser_api__get_dynamic_global_properties=properties,
        condenser_api__get_config={"STEEM_CHAIN_ID": chain_id},
        condenser_api__get_block=block,
        condenser_api__get_content=recorded("content") | {"body": body} if body else {"author": ""},
    )


@contextlib.contextmanager
def chain_of(*scripts, confirmations=2, clock=None):
    """(chain, addresses, reports) of a chain with these nodes."""
    with contextlib.ExitStack() as stack:
        addresses = [
            script if isinstance(script, str) else stack.enter_context(ScriptedNode(script)).url
            for script in scripts
        ]
        reports = []
        made = profile("steem", {"nodes": addresses, "confirmations": confirmations})
        chain = BeemChain(
            made,
            Http(timeout=1.0),
            now=lambda: NOW,
            clock=clock or (lambda: 0.0),
            report=lambda node, reason: reports.append((addresses.index(node), reason)),
        )
        yield stack.enter_context(chain), reports


def test_a_block_is_agreed_when_two_nodes_tell_it_irreversible():
    with chain_of(node(), node()) as (chain, reports):
        assert chain.agreed_block(80).transaction_ids == ("ab" * 20,)
    assert reports == []


def test_a_block_that_one_node_can_still_undo_is_not_agreed_yet():
    with chain_of(node(), node(irreversible=79)) as (chain, _):
        assert chain.agreed_block(80) is None


def test_one_node_answering_is_not_two():
    with chain_of(node(), refused_address()) as (chain, _):
        assert chain.agreed_block(80) is None
        with pytest.raises(NodesDisagree, match="2 nodes must tell the same"):
            chain.agreed_content("alice", "one")


def test_with_one_confirmation_one_node_is_enough():
    with chain_of(node(), refused_address(), confirmations=1) as (chain, _):
        assert chain.agreed_block(80) is not None


def test_two_that_contradict_each_other_decide_nothing():
    with (
        chain_of(node(), node(block_id="66")) as (chain, reports),
        pytest.raises(NodesDisagree, match="contradict each other"),
    ):
        chain.agreed_block(80)
    assert reports == []


@pytest.mark.parametrize("liar", [0, 1, 2])
def test_who_denies_what_two_others_confirm_is_set_aside(liar):
    scripts = [node(), node(), node()]
    scripts[liar] = node(block_id="66")
    with chain_of(*scripts) as (chain, reports):
        block = chain.agreed_block(80)
        for _ in range(3):
            chain.agreed_block(80)

    assert block.id.endswith("5a" * 16)
    if liar < 2:  # the third isn't asked when the first two agree
        [(index, reason)] = reports
        assert index == liar
        assert "contradicts" in reason


def test_a_post_that_one_node_hides_is_seen():
    with chain_of(node(), node(body="Hello."), node(body="Hello.")) as (chain, reports):
        told = recorded("content")
        assert chain.agreed_content(told["author"], told["permlink"]).body == "Hello."
    assert [index for index, _ in reports] == [0]


def test_a_node_of_another_chain_is_not_asked():
    with chain_of(node(chain_id="f" * 64, head=7), node(), confirmations=1) as (chain, reports):
        assert chain.head().block_num == 100
        assert chain.agreed_block(80) is not None
    [(index, reason)] = reports
    assert (index, "another chain" in reason) == (0, True)


def test_what_a_node_says_of_its_chain_is_not_held_against_it_by_itself():
    """`get_config` tells constants of the build (tests/fixtures/steemd/README.md, 5)."""
    with chain_of(node(chain_id="f" * 64), node(chain_id="f" * 64)) as (chain, reports):
        assert chain.head().block_num == 100
    assert reports == []


def test_a_node_that_lags_is_set_aside_and_said_once():
    with chain_of(node(head=80, irreversible=70, seconds=60), node()) as (chain, reports):
        for _ in range(3):
            assert chain.head().block_num == 100
    [(index, reason)] = reports
    assert (index, "60 s behind" in reason) == (0, True)


def test_a_node_whose_head_stands_still_is_set_aside():
    seconds = [0.0]
    with chain_of(node(head=99, seconds=3), node(), clock=lambda: seconds[0]) as (chain, reports):
        assert chain.head().block_num == 99
        seconds[0] = 31.0
        assert chain.head().block_num == 100
    assert [index for index, _ in reports] == [0]


def test_no_node_at_all_is_an_outage():
    with (
        chain_of(refused_address(), refused_address()) as (chain, _),
        pytest.raises(NodesUnreachable),
    ):
        chain.agreed_content("alice", "one")


def refusing(words):
    """A node that refuses every broadcast for good."""

    def script(request):
        if not request["method"].startswith("network_broadcast_api"):
            return node()(request)
        error = {"code": -32000, "message": words, "data": {"name": words, "stack": []}}
        return reply(request, error=error)

    return script


def taking(request):
    """A node that takes every broadcast."""
    if request["method"].startswith("network_broadcast_api"):
        return reply(request, result={})
    return node()(request)


TRANSACTION = SignedTransaction("ab" * 20, NOW, 1, "{}", 100)


def test_one_node_refusing_for_good_is_not_believed_when_another_takes_it():
    with chain_of(refusing("tx_missing_posting_auth"), taking) as (chain, reports):
        chain.broadcast(TRANSACTION)
    [(index, reason)] = reports
    assert (index, "refuses what" in reason) == (0, True)


def test_what_two_nodes_refuse_for_good_is_refused():
    refusals = (refusing("tx_missing_posting_auth"), refusing("tx_missing_posting_auth"), taking)
    with chain_of(*refusals) as (chain, _), pytest.raises(PermanentChainError):
        chain.broadcast(TRANSACTION)


def test_one_node_refusing_is_waited_out_when_no_other_can_be_asked():
    nodes = (refusing("tx_missing_posting_auth"), refused_address())
    with chain_of(*nodes) as (chain, _), pytest.raises(NodesDisagree):
        chain.broadcast(TRANSACTION)
