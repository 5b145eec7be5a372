"""Nodes that lie, hide and pretend: one of three never decides anything."""

import json
from datetime import UTC, datetime

import pytest

from bot.devnet.testing import Devnet
from bot.records import Records, Status
from bot.service import service
from tests.publishing.conftest import BLOCK_INTERVAL
from tests.publishing.newsroom import Newsroom


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


LIES = ["deny_account", "swap_keys", "posted_just_now", "poor", "refuse", "far_head", "no_history"]
SEEN_THROUGH = {"deny_account", "swap_keys", "refuse", "far_head"}
"""Those by which a node contradicts what the others tell; the rest is passed over."""


def moves(newsroom):
    """Every status that any publication has had."""
    with Records.open(newsroom.database) as records:
        return {event.target for row in records.latest() for event in records.events(row.id)}


def node_events(newsroom):
    with Records.open(newsroom.database) as records:
        return records.node_events(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("liar", [0, 1])
@pytest.mark.parametrize("kind", LIES)
def test_one_lying_node_rejects_nothing_and_holds_up_nobody(sqlite_newsroom, kind, liar):
    newsroom = sqlite_newsroom
    newsroom.brief("one.md")
    newsroom.devnet.set_faults({"kind": kind, "count": -1}, node=liar)

    [row] = newsroom.publish_all(1)

    assert Status.REJECTED not in moves(newsroom)
    assert [comment[0] for comment in newsroom.comments(node=2)] == [row["trx_id"]]
    if kind in SEEN_THROUGH and (kind, liar) != ("refuse", 1):  # which isn't asked
        assert {event.node for event in node_events(newsroom)} == {newsroom.devnet.urls[liar]}
    assert newsroom.told("job_failed") == []


def soon():
    service.SWEEP_EVERY = 0.3


@pytest.mark.parametrize(
    ("kind", "reason"), [("deny_account", "there is no account"), ("swap_keys", "the active key")]
)
def test_what_all_nodes_told_falsely_is_mended_when_they_tell_the_truth(
    sqlite_newsroom, kind, reason
):
    newsroom = sqlite_newsroom
    for node in range(3):
        newsroom.devnet.set_faults({"kind": kind, "count": -1}, node=node)
    newsroom.brief("one.md")
    running = newsroom.start(soon)
    [row] = newsroom.wait_for("waiting")
    assert reason in row["error"]
    newsroom.devnet.clear_faults()
    newsroom.wait_for("final")
    newsroom.stop(running)

    assert Status.REJECTED not in moves(newsroom)
    assert len(newsroom.comments(node=2)) == 1


@pytest.mark.parametrize("liar", [0, 1, 2])
def test_an_older_post_that_one_node_gives_our_name_is_not_adopted(sqlite_newsroom, tmp_path, liar):
    sqlite_newsroom.brief("first.md", title="The same title", body="The older text.")
    sqlite_newsroom.publish_all(1)
    forged = json.dumps({"briefbot": {"brief": "second"}})
    sqlite_newsroom.devnet.set_faults(
        {"kind": "forge_metadata", "count": -1, "text": forged}, node=liar
    )
    other = Newsroom(tmp_path / "other", sqlite_newsroom.devnet, f"sqlite:///{tmp_path}/other.db")
    other.brief("second.md", title="The same title", body="A newer text.")

    told = other.run("publish", "posts/second.md", "--wait", "final", expect=1)

    assert "permlink taken" in told
    assert moves(other) == {Status.QUEUED, Status.PUBLISHING, Status.REJECTED}
    assert len(sqlite_newsroom.comments(node=2)) == 1


def test_a_reply_to_what_one_node_pretends_is_not_rejected(sqlite_newsroom):
    newsroom = sqlite_newsroom
    newsroom.brief("one.md")
    newsroom.brief("two.md", author="bob", reply_to="one.md")
    newsroom.devnet.set_faults(
        {"kind": "pretend", "method": "network_broadcast_api.broadcast_transaction", "count": 1}
    )

    newsroom.publish_all(2)

    assert Status.REJECTED not in moves(newsroom)
    assert [comment[2] for comment in newsroom.comments(node=2)][:1] == ["one"]
