"""A node that fails, hangs, loses and lies; a chain that forks: still once, still all."""

import pytest

from tests.publishing.conftest import BLOCK_INTERVAL

BROADCAST = "network_broadcast_api.broadcast_transaction"


def published_once(newsroom):
    [row] = newsroom.publish_all(1)
    assert len(newsroom.comments()) == 1
    assert newsroom.content("alice", "one")["body"] == "Body."
    return row


@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "truncate", "status"])
def test_a_reply_that_is_lost_leads_to_one_post(newsroom, kind):
    newsroom.brief("one.md")
    newsroom.devnet.set_faults({"kind": kind, "method": BROADCAST, "count": 1})

    assert published_once(newsroom)["attempts"] == 1


def test_a_transaction_that_a_node_swallows_is_signed_anew_when_it_is_dead(newsroom):
    newsroom.brief("one.md")
    newsroom.devnet.set_faults({"kind": "swallow", "method": BROADCAST, "count": -1})
    service = newsroom.start()
    newsroom.wait_for_attempts(2)
    newsroom.devnet.clear_faults()
    [row] = newsroom.wait_for("final")
    newsroom.stop(service)

    assert row["attempts"] >= 2
    assert len(newsroom.comments()) == 1


def test_a_node_that_is_down_is_waited_for(newsroom):
    newsroom.brief("one.md")
    newsroom.devnet.kill()
    service = newsroom.start()
    [row] = newsroom.wait_for("waiting")
    newsroom.devnet.start()
    newsroom.wait_for("final")
    newsroom.stop(service)

    assert "127.0.0.1" in row["error"]
    assert len(newsroom.comments()) == 1


@pytest.mark.parametrize("lose", [False, True])
def test_a_post_that_a_fork_takes_away_comes_back(newsroom, lose):
    newsroom.brief("one.md")
    newsroom.devnet.generate_blocks(20)
    newsroom.devnet.set_block_interval(0.4)
    service = newsroom.start()
    newsroom.wait_for("included")
    newsroom.devnet.pop_blocks(15, lose=lose)
    newsroom.devnet.set_block_interval(BLOCK_INTERVAL)
    [row] = newsroom.wait_for("final")
    newsroom.stop(service)

    assert row["attempts"] >= 1
    comments = newsroom.comments()
    assert [comment[2] for comment in comments] == ["one"]
    assert comments[0][0] == row["trx_id"]
