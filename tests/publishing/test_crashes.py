"""Killed between any two steps of the journey: one transaction per brief, none lost."""

import signal
from functools import partial

import pytest

from tests.publishing.killed_service import STEPS, arm


@pytest.mark.parametrize("step", STEPS)
def test_a_service_killed_before_and_after_any_step_goes_on_and_publishes_once(newsroom, step):
    newsroom.brief("first-brief.md", author="alice", body="The first.")
    newsroom.brief("second-brief.md", author="bob", body="The second.")

    for side in ("before", "after"):
        killed = newsroom.start(partial(arm, side, step))
        assert killed.wait(30) == -signal.SIGKILL
    rows = newsroom.publish_all(2)

    assert sorted(row["brief"] for row in rows) == ["first-brief", "second-brief"]
    comments = newsroom.comments()
    assert sorted(permlink for _, _, permlink, _ in comments) == ["first-brief", "second-brief"]
    on_chain = {permlink: trx_id for trx_id, _, permlink, _ in comments}
    assert {row["permlink"]: row["trx_id"] for row in rows} == on_chain
