"""Troubles on demand: what each does to a call, how often, and that nothing does it unasked."""

import http.client
import json
import time
import urllib.error
import urllib.request

import pytest

from bot.devnet.testing import Devnet, DevnetError
from tests.devnet.client import Client, RpcError

BROADCAST = "condenser_api.broadcast_transaction"
PROPERTIES = "condenser_api.get_dynamic_global_properties"


@pytest.fixture
def client():
    with Client() as client:
        yield client


def trouble(client, kind, method=PROPERTIES, **more):
    client.rpc("devnet_api.set_faults", {"faults": [{"kind": kind, "method": method, **more}]})


def published(client):
    """Send a custom operation; returns whether the chain has it after the next block."""
    mark = str(time.monotonic_ns())
    try:
        client.send(client.custom("mark", f'"{mark}"', "bob"), signers=["bob"])
        told = "accepted"
    except (OSError, http.client.HTTPException, ValueError) as error:
        told = type(error).__name__
    client.rpc("devnet_api.clear_faults", {})
    client.blocks()
    history = client.rpc("condenser_api.get_account_history", ["bob", -1, 100])
    return told, any(mark in json.dumps(entry) for _, entry in history)


@pytest.mark.parametrize(
    ("kind", "told", "included"),
    [
        ("drop_before", "RemoteDisconnected", False),
        ("drop_after", "RemoteDisconnected", True),
        ("truncate", "IncompleteRead", True),
        ("status", "HTTPError", False),
        ("swallow", "accepted", False),
        ("delay", "accepted", True),
    ],
)
def test_what_a_trouble_does_to_a_broadcast(client, kind, told, included):
    trouble(client, kind, BROADCAST, seconds=0.2)

    assert published(client) == (told, included)


@pytest.mark.parametrize("code", [429, 502, 503])
def test_a_status_comes_with_a_page(client, code):
    trouble(client, "status", code=code)

    with pytest.raises(urllib.error.HTTPError) as error:
        client.head()
    assert error.value.code == code
    assert error.value.headers["content-type"] == "text/html"
    assert b"<html>" in error.value.read()


def test_a_stale_head_stands_still_while_the_chain_goes_on(client):
    trouble(client, "stale_head", count=-1)
    first = client.head()["head_block_number"]
    client.blocks(5)
    assert client.head()["head_block_number"] == first
    client.rpc("devnet_api.clear_faults", {})
    assert client.head()["head_block_number"] == first + 5


def test_a_node_of_another_chain_says_so_and_refuses_our_signatures(client):
    trouble(client, "wrong_chain_id", "*", count=-1)
    assert client.rpc("condenser_api.get_config", [])["STEEM_CHAIN_ID"] == "f" * 64
    error = client.refused(client.comment())
    assert "missing required posting authority" in error["message"]


def test_a_skewed_clock(client):
    before = client.now()
    trouble(client, "clock_skew", seconds=-120)
    assert client.now() == before - 120
    assert client.now() == before


def test_refused_connections_come_back(client):
    client.rpc("devnet_api.refuse_connections", {"seconds": 0.5})
    time.sleep(0.2)
    with pytest.raises(urllib.error.URLError, match="refused"):
        client.head()
    time.sleep(0.6)
    assert client.head()["head_block_number"]


def test_a_trouble_hits_its_method_as_often_as_asked(client):
    trouble(client, "status", count=2)
    client.rpc("condenser_api.get_version", [])
    for _ in range(2):
        with pytest.raises(urllib.error.HTTPError):
            client.head()
    client.head()


def test_a_probability_is_drawn_from_its_seed(client):
    def pattern(seed):
        trouble(client, "status", count=-1, probability=0.5, seed=seed)
        hits = []
        for _ in range(20):
            try:
                client.head()
                hits.append(False)
            except urllib.error.HTTPError:
                hits.append(True)
        client.rpc("devnet_api.clear_faults", {})
        return hits

    assert pattern(7) == pattern(7)
    assert pattern(7) != pattern(8)
    assert 3 < sum(pattern(9)) < 17


@pytest.mark.parametrize("fault", [{"kind": "nope"}, {"kind": "delay", "nope": 1}])
def test_an_unknown_trouble_is_refused(client, fault):
    with pytest.raises(RpcError, match="known"):
        client.rpc("devnet_api.set_faults", {"faults": [fault]})


def test_nothing_of_this_answers_unless_asked_for():
    with Devnet(block_interval=3600) as devnet:
        for method in ("devnet_api.pop_blocks", "debug_node_api.debug_generate_blocks"):
            with pytest.raises(DevnetError, match="Could not find API"):
                devnet.rpc(method, {"count": 1})


def test_a_trouble_meets_a_batch_by_its_first_method(client):
    trouble(client, "status", code=429)
    calls = [
        {"jsonrpc": "2.0", "id": number, "method": method, "params": []}
        for number, method in enumerate((PROPERTIES, "condenser_api.get_version"))
    ]
    with pytest.raises(urllib.error.HTTPError, match="429"):
        client.post(json.dumps(calls).encode())
    assert len(client.post(json.dumps(calls[::-1]).encode())) == 2
