"""Nothing that can't be undone is done on one node's word; who can't be believed is set aside."""

import contextlib
from datetime import timedelta

import pytest

from bot.chain import NodesUnreachable, profile
from bot.chain.beem_chain import BeemChain
from bot.chain.errors import NodesDisagree, PermanentChainError, TransientChainError
from bot.chain.protocol import SignedTransaction
from bot.http import Http
from tests.chain.scripted_node import ScriptedNode, answering, refused_address, reply
from tests.chain.test_reads import NOW, recorded

HEAD = "condenser_api.get_dynamic_global_properties"


def node(
    *,
    chain_id="0" * 64,
    head=100,
    irreversible=90,
    block_id="5a",
    seconds=0,
    body=None,
    block_size=65536,
    account=None,
    post=None,
    block=None,
    rebloggers=(),
    previous="0000004f" + "0" * 32,
):
    """A node's answers, as far as trust goes; `account`, `post` and `block` change theirs."""
    time = (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    properties = recorded("dgpo condenser") | {
        "time": time,
        "head_block_number": head,
        "last_irreversible_block_num": irreversible,
        "maximum_block_size": block_size,
    }
    told = {
        "previous": "0000004f" + "0" * 32,
        "block_id": "00000050" + block_id * 16,
        "timestamp": time,
        "transaction_ids": ["ab" * 20],
        "transactions": [{"operations": [["vote", {"voter": "alice"}]]}],
    }
    content = recorded("content") | ({"body": body} if body else {}) | (post or {})
    somebody = recorded("accounts known and unknown")[0]
    return answering(
        condenser_api__get_dynamic_global_properties=properties,
        condenser_api__get_config={"STEEM_CHAIN_ID": chain_id},
        condenser_api__get_block=told | (block or {}),
        condenser_api__get_block_header={"previous": previous} if previous else None,
        condenser_api__get_content=content if body or post else {"author": ""},
        condenser_api__get_accounts=[] if account is None else [somebody | account],
        condenser_api__get_reblogged_by=list(rebloggers),
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
    """Where all of them say the same other id, the profile is wrong."""
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


# -- what a decision reads, each by three nodes of which one lies ------------------------------------

SOMEBODY = recorded("accounts known and unknown")[0]
NAME = SOMEBODY["name"]
POST = {"author": "alice", "permlink": "one", "body": "Hello."}


def told(question, honest, lie, liar):
    """What the chain tells when the node of this number lies; and whom it has set aside."""
    scripts = [node(**honest) for _ in range(3)]
    scripts[liar] = node(**lie)
    with chain_of(*scripts) as (chain, reports):
        return question(chain), {index for index, _ in reports}


def assert_the_lie_decides_nothing(question, honest, lie):
    truth, nobody = told(question, honest, honest, 0)
    assert nobody == set()
    for liar in range(3):
        answer, aside = told(question, honest, lie, liar)
        assert answer == truth
        assert aside == ({liar} if liar < 2 else set())  # the third isn't asked


@pytest.mark.parametrize(
    "lie",
    [
        {"account": None},
        {"account": {"active": SOMEBODY["posting"]}},
        {"account": {"owner": SOMEBODY["posting"]}},
        {"account": {"posting": SOMEBODY["memo_key"] and SOMEBODY["owner"]}},
    ],
)
def test_whose_key_it_is_needs_two_nodes(lie):
    assert_the_lie_decides_nothing(lambda chain: chain.agreed_account(NAME), {"account": {}}, lie)


def test_an_account_that_one_node_makes_up_is_none():
    assert_the_lie_decides_nothing(
        lambda chain: chain.agreed_account(NAME), {"account": None}, {"account": {}}
    )


@pytest.mark.parametrize("liar", [0, 1, 2])
def test_an_account_has_posted_as_late_as_two_nodes_say(liar):
    lie = {"account": {"last_root_post": "2026-11-24T12:00:00"}}
    account, aside = told(lambda chain: chain.agreed_account(NAME), {"account": {}}, lie, liar)
    assert f"{account.last_root_post:%Y-%m-%dT%H:%M:%S}" == SOMEBODY["last_root_post"]
    assert aside == set()  # it may just know it earlier


@pytest.mark.parametrize("lie", [66_000, 10**9])  # less than 65,536 no chain has
def test_how_large_a_block_may_be_needs_two_nodes(lie):
    assert_the_lie_decides_nothing(lambda chain: chain.agreed_block_size(), {}, {"block_size": lie})


@pytest.mark.parametrize("truth", [(), ("bob",)])
def test_whether_it_was_reblogged_needs_two_nodes(truth):
    lie = () if truth else ("bob",)
    assert_the_lie_decides_nothing(
        lambda chain: chain.agreed_reblog("bob", "alice", "one"),
        {"rebloggers": truth},
        {"rebloggers": lie},
    )


@pytest.mark.parametrize(
    "lie",
    [
        {"json_metadata": '{"briefbot":{"brief":"one"}}'},
        {"title": "Another"},
        {"body": "Another."},
        {"parent_permlink": "another"},
        {"parent_author": "bob"},
        {"created": "2026-01-01T00:00:00"},
        {"last_update": "2026-01-01T00:00:00"},
    ],
)
def test_all_that_makes_a_post_ours_needs_two_nodes(lie):
    assert_the_lie_decides_nothing(
        lambda chain: chain.agreed_content("alice", "one"), {"post": POST}, {"post": POST | lie}
    )


def test_metadata_is_the_same_however_a_server_writes_it():
    one = {"post": POST | {"json_metadata": '{"image":["a","b"],"tags":["x"]}'}}
    other = {"post": POST | {"json_metadata": '{"tags": ["x"], "image": ["a"]}'}}
    for liar in range(3):
        content, aside = told(lambda chain: chain.agreed_content("alice", "one"), one, other, liar)
        assert (content.body, aside) == ("Hello.", set())


@pytest.mark.parametrize(
    "lie",
    [
        {"timestamp": "2026-01-01T00:00:00"},
        {"previous": "0000004f" + "1" * 32},
        {"transaction_ids": ["cd" * 20]},
        {"transactions": [{"operations": [["vote", {"voter": "bob"}]]}]},
    ],
)
def test_all_of_a_block_needs_two_nodes(lie):
    assert_the_lie_decides_nothing(lambda chain: chain.agreed_block(80), {}, {"block": lie})


@pytest.mark.parametrize(
    "lie",
    [
        {"seconds": -3600},
        {"seconds": -31_536_000},
        {"head": 10**6},
        {"head": 10**6, "irreversible": 10**6},
        {"head": 50, "irreversible": 40},
        {"irreversible": 0},
        {"irreversible": 100, "head": 300},
    ],
)
def test_a_head_that_one_node_makes_up_is_nobodys(lie):
    for liar in range(3):
        head, aside = told(lambda chain: chain.head(), {}, lie, liar)
        assert (head.block_num, head.irreversible_block_num, head.time) == (100, 90, NOW)
        assert aside <= {liar}


def test_one_node_alone_tells_no_head_in_the_future():
    with (
        chain_of(node(seconds=-60), refused_address()) as (chain, _),
        pytest.raises(NodesDisagree, match="in the future"),
    ):
        chain.head()


def test_a_rehearsal_that_runs_fast_has_a_head_in_the_future():
    with chain_of(node(seconds=-600), node(seconds=-603)) as (chain, reports):
        assert chain.head().time == NOW + timedelta(seconds=600)
    assert reports == []


def test_what_a_transaction_refers_to_needs_two_nodes():
    honest, forged = "0000005a" + "1" * 32, "0000005a" + "2" * 32
    for liar in range(3):
        reference, aside = told(
            lambda chain: chain._reference(chain.head()),
            {"previous": honest},
            {"previous": forged},
            liar,
        )
        assert reference == (90, honest)
        assert aside == ({liar} if liar < 2 else set())


def test_a_host_that_is_configured_twice_has_one_voice():
    with (
        ScriptedNode(node(block_size=1000)) as liar,
        chain_of(liar.url, f"{liar.url}/", node(), node()) as (chain, _),
    ):
        assert chain.agreed_block_size() == 65536


SOON = "You may only post once every 5 minutes."


def test_what_one_node_refuses_for_now_another_may_take():
    with chain_of(refusing(SOON), taking) as (chain, reports):
        chain.broadcast(TRANSACTION)
    assert [index for index, _ in reports] == [0]


def test_what_one_node_refuses_for_now_and_no_other_answers_is_waited_for():
    with (
        chain_of(refusing(SOON), refused_address()) as (chain, _),
        pytest.raises(TransientChainError, match="every 5 minutes"),
    ):
        chain.broadcast(TRANSACTION)


@pytest.mark.parametrize("first", [SOON, "tx_missing_posting_auth"])
def test_when_nodes_refuse_for_different_reasons_the_wait_is_believed(first):
    second = "tx_missing_posting_auth" if first == SOON else SOON
    with (
        chain_of(refusing(first), refusing(second)) as (chain, _),
        pytest.raises(TransientChainError, match="every 5 minutes"),
    ):
        chain.broadcast(TRANSACTION)


def test_each_turn_begins_with_another_node():
    nodes = [taking, taking, taking]
    with chain_of(*nodes) as (chain, _):
        assert len({chain.broadcast(TRANSACTION, turn) for turn in range(3)}) == 3
