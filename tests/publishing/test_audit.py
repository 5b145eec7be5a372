"""`audit` where the chain's clock isn't ours, and where a node doesn't tell all."""

import json
import threading
import urllib.request
from contextlib import contextmanager

import pytest

from bot.devnet.chain import DevnetChain
from bot.devnet.network import network
from bot.devnet.testing import Devnet
from tests.chain.scripted_node import ScriptedNode, http
from tests.publishing.newsroom import Newsroom

LONG_AGO = 1_500_000_000 // 3 * 3  # July 2017
HISTORY, BLOCK = "condenser_api.get_account_history", "condenser_api.get_block"


@contextmanager
def made_of_blocks(devnet):
    """Blocks come one after the other, each three seconds of the chain after the last."""
    ended = threading.Event()

    def produce():
        while not ended.wait(0.03):
            devnet.generate_blocks()

    thread = threading.Thread(target=produce)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@pytest.fixture
def slow(tmp_path):
    """A chain whose clock is years behind ours."""
    DevnetChain(network("steem"), tmp_path / "chain", LONG_AGO).close()
    clock = ("--clock", "manual")
    with Devnet(data=tmp_path / "chain", admin=True, arguments=clock) as devnet:
        devnet.generate_blocks(25)
        yield devnet


def newsroom_on(devnet, tmp_path):
    return Newsroom(tmp_path / "newsroom", devnet, f"sqlite:///{tmp_path}/briefbot.db")


def publish_two(room):
    room.brief("one.md", title="One", slug="one")
    room.brief("two.md", title="Two", author="bob", slug="two")
    room.run("publish", "posts/one.md", "posts/two.md", "--wait", "final")


def test_a_chain_whose_clock_is_years_behind_misses_nothing(slow, tmp_path):
    room = newsroom_on(slow, tmp_path)
    with made_of_blocks(slow):
        publish_two(room)
    assert "2017" in room.log()[0]["included_at"]
    assert room.run("audit") == "2 publications compared with the chain, 0 differences\n"


def test_an_adopted_post_of_a_chain_with_another_clock_is_found(slow, tmp_path):
    room = newsroom_on(slow, tmp_path)
    with made_of_blocks(slow):
        publish_two(room)
        for file in tmp_path.glob("briefbot.db*"):
            file.unlink()
        room.run("publish", "posts/one.md", "--wait", "final")
    assert room.run("audit") == "1 publications compared with the chain, 0 differences\n"


def test_a_chain_whose_clock_is_years_ahead_misses_nothing(newsroom_ahead):
    assert newsroom_ahead.run("audit").startswith("2 publications compared")


@pytest.fixture
def newsroom_ahead(devnet, tmp_path):
    devnet.rpc("devnet_api.advance_time", {"seconds": 10 * 365 * 86400})
    devnet.generate_blocks(25)
    room = newsroom_on(devnet, tmp_path)
    publish_two(room)
    return room


def told(devnet, change):
    """A node in front of the devnet that tells what `change(method, params, result)` makes of it."""

    def script(request):
        data = json.dumps(request).encode()
        with urllib.request.urlopen(devnet.url, data=data, timeout=10) as answer:
            reply = json.load(answer)
        if "result" in reply:
            reply["result"] = change(request["method"], request["params"], reply["result"])
        return http(json.dumps(reply))

    return ScriptedNode(script)


def audit(room, change, expect):
    config = room.root / "config/briefbot.toml"
    text = config.read_text()
    with told(room.devnet, change) as node:
        config.write_text(text.replace(room.devnet.url, node.url))
        said = room.run("audit", "--json", expect=expect)
    config.write_text(text)
    return [(line["brief"], line["code"]) for line in map(json.loads, said.splitlines())]


def without_history(method, params, result):
    """What a node tells that has dropped its accounts' past."""
    return [] if method == HISTORY else result


def without_blocks(method, params, result):
    return None if method == BLOCK else without_history(method, params, result)


def otherwise(method, params, result):
    """Another chain, or a tampered one: its blocks hold nothing."""
    if method == BLOCK and result:
        result |= {"transactions": [], "transaction_ids": []}
    return without_history(method, params, result)


@pytest.fixture
def published(devnet, tmp_path):
    room = newsroom_on(devnet, tmp_path)
    publish_two(room)
    return room


def test_what_a_pruned_history_doesnt_show_is_found_in_its_block(published):
    assert audit(published, without_history, 0) == []


def test_what_cant_be_told_isnt_missing(published):
    assert audit(published, without_blocks, 3) == [("one", "untold"), ("two", "untold")]


def test_what_stands_neither_in_the_history_nor_in_its_block_is_missing(published):
    assert audit(published, otherwise, 1) == [("one", "missing"), ("two", "missing")]


def test_a_text_that_differs_is_found_in_a_block_as_well(published):
    def changed(method, params, result):
        if method == BLOCK:
            for transaction in result["transactions"]:
                for name, fields in transaction["operations"]:
                    if name == "comment" and fields["author"] == "alice":
                        fields["body"] = "Another text."
        return without_history(method, params, result)

    assert audit(published, changed, 1) == [("one", "altered")]


def test_the_counts_say_what_couldnt_be_compared(published):
    config = published.root / "config/briefbot.toml"
    with told(published.devnet, without_blocks) as node:
        config.write_text(config.read_text().replace(published.devnet.url, node.url))
        said = published.run("audit", expect=3)
    assert "0 publications compared with the chain, 0 differences, 2 that can't be compared" in said
