"""Nodes that lie, hide and pretend: one of three never decides anything."""

from datetime import UTC, datetime

import pytest

from bot.devnet.testing import Devnet
from bot.records import Records
from tests.publishing.conftest import BLOCK_INTERVAL


@pytest.fixture
def devnet(tmp_path):
    """One chain behind three nodes."""
    with Devnet(
        data=tmp_path / "devnet", block_interval=BLOCK_INTERVAL, admin=True, nodes=3
    ) as devnet:
        yield devnet


@pytest.mark.parametrize("liar", [0, 1])
@pytest.mark.parametrize("kind", ["deny", "forge"])
def test_a_lying_node_is_found_out_and_nothing_is_sent_twice(newsroom, kind, liar):
    newsroom.brief("one.md")
    newsroom.devnet.set_faults({"kind": kind, "count": -1}, node=liar)

    [row] = newsroom.publish_all(1)

    assert row["attempts"] == 1
    assert [comment[:1] for comment in newsroom.comments(node=2)] == [(row["trx_id"],)]
    told = (newsroom.root / "service.log").read_text()
    assert "node_set_aside" in told
    assert "contradicts" in told


def test_a_post_hidden_by_the_first_node_is_not_overwritten(newsroom, tmp_path):
    newsroom.brief("first.md", title="The same title", body="The older text.")
    newsroom.publish_all(1)
    newsroom.devnet.set_faults({"kind": "deny", "count": -1})
    other = type(newsroom)(tmp_path / "other", newsroom.devnet, f"sqlite:///{tmp_path}/other.db")
    other.brief("second.md", title="The same title", body="A newer text.")

    told = other.run("publish", "posts/second.md", "--wait", "final", expect=1)

    assert "permlink taken" in told
    newsroom.devnet.clear_faults()
    assert newsroom.content("alice", "the-same-title")["body"] == "The older text."


def test_what_one_node_pretends_is_never_final(newsroom):
    newsroom.brief("one.md")
    newsroom.devnet.set_faults(
        {"kind": "pretend", "method": "network_broadcast_api.broadcast_transaction", "count": 1}
    )
    service = newsroom.start()
    newsroom.wait_for("included")
    [row] = newsroom.wait_for("final")
    newsroom.stop(service)

    assert [comment[0] for comment in newsroom.comments(node=2)] == [row["trx_id"]]


def test_a_node_of_another_chain_is_set_aside(newsroom):
    newsroom.brief("one.md")
    newsroom.devnet.set_faults({"kind": "wrong_chain_id", "count": -1})

    newsroom.publish_all(1)

    assert "is on another chain" in (newsroom.root / "service.log").read_text()
    with Records.open(newsroom.database) as records:
        [event] = records.node_events(datetime(2026, 1, 1, tzinfo=UTC))
    assert (event.chain, event.node) == ("devnet", newsroom.devnet.urls[0])


def test_a_text_that_one_node_makes_up_is_nobodys_edit(newsroom):
    newsroom.brief("one.md")
    newsroom.publish_all(1)
    newsroom.devnet.generate_blocks(30)  # the minute in which nodes may lag
    newsroom.devnet.set_faults(
        {"kind": "forge", "method": "condenser_api.get_content", "count": -1}
    )
    service = newsroom.start()
    newsroom.brief("two.md", author="bob")
    newsroom.wait_for("final", 2)
    newsroom.stop(service)

    assert [row["kind"] for row in newsroom.log()] == ["post", "post"]
