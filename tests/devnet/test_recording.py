"""The recording of a real steemd, replayed: the devnet can't be told from it."""

import json

from tests.devnet import replay
from tests.devnet.rules import rule


@rule("5 shapes")
def test_every_recorded_reply_is_given_again():
    steps = json.loads(replay.RECORDING.read_text())

    played = dict(replay.play(steps))

    assert sum("reply" in step for step in steps) == 157
    assert len(played) == 157 + sum("setup" in step for step in steps)
    assert {name: found for name, found in played.items() if found} == {}


def test_the_comparison_sees_what_differs():
    recorded = {"result": {"name": "a", "net_votes": 1, "id": 3}, "id": 1}
    for ours in (
        {"result": {"name": "b", "net_votes": 1, "id": 3}, "id": 1},
        {"result": {"name": "a", "net_votes": "1", "id": 3}, "id": 1},
        {"result": {"net_votes": 1, "name": "a", "id": 3}, "id": 1},
        {"result": {"name": "a", "net_votes": 1, "id": "3"}, "id": 1},
    ):
        assert list(replay.differences(recorded, ours))
    assert not list(replay.differences(recorded, recorded | {"id": 2}))
