"""How long a silent chain is left alone."""

from datetime import UTC, datetime

import pytest

from bot.chain import NodesUnreachable, profile
from bot.chain.beem_chain import BeemChain
from bot.chain.watch import JITTER, LONGEST_SILENCE, Watch
from bot.http import Http
from tests.chain.scripted_node import refused_address


def test_the_back_off_stays_at_its_longest_however_long_nobody_answers():
    seconds = [0.0]
    with BeemChain(profile("steem", {"nodes": [refused_address()]}), Http()) as chain:
        watch = Watch(chain, lambda: datetime.now(UTC), lambda: seconds[0])
        for failure in range(2000):  # of a minute each: a day and a half
            with pytest.raises(NodesUnreachable) as caught:
                watch.look()
            rest = caught.value.retry_after
            assert rest <= LONGEST_SILENCE * (1 + JITTER)
            assert failure < 6 or rest >= LONGEST_SILENCE * (1 - JITTER)
            seconds[0] += rest
