"""A chain as the service watches it: its head, its pace, its blocks, and how long it is silent."""

import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.chain.blocks import Blocks
from bot.chain.constants import SLOT
from bot.chain.errors import NodesUnreachable
from bot.chain.protocol import Chain, Head
from bot.clock import Clock

QUICKEST = 0.1  # seconds of real time between looks at a devnet, however fast it runs
FIRST_LOOKS = 0.5  # seconds between looks until two blocks have told how fast the chain goes
LONGEST_SILENCE = 60.0  # seconds of back-off at most while no node answers
_DOUBLINGS = 6  # after which the longest silence is reached
JITTER = 0.25
LONGEST_GUESS = 10.0  # seconds of trust in the pace of a rehearsal, which nothing keeps even


class Watch:
    """What all publications of one chain share.

    Args:
        now: the clock (UTC).
        steady: seconds of a clock that nobody sets, by which the chain's pace is measured.
        chance: 0 to 1 at random, which spreads workers that wait for the same node.
    """

    def __init__(
        self,
        chain: Chain,
        now: Clock,
        steady: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.chain = chain
        self.blocks = Blocks(chain)
        self.pace = SLOT
        """Real seconds between looks: a block's 3 on a public chain, less on a rehearsal."""
        self.looked: tuple[float, float] | None = None
        """By the steady clock, when the chain was last seen, and the seconds by which its head was
        behind the clock then; None before the first time."""
        self._measured = SLOT
        self._now = now
        self._steady = steady
        self._chance = chance
        self._head: Head | None = None
        self._last_look: tuple[int, float] | None = None
        self._pace_is_known = False
        self._failures = 0
        self._silent_until = 0.0
        self._silence = ""
        self._ahead = timedelta(0)

    @property
    def next_look(self) -> float:
        """Real seconds until another look at the chain can show something new."""
        if (rest := self._rest()) > 0:
            return max(rest, QUICKEST)
        return FIRST_LOOKS if self.is_measuring else self.pace

    @property
    def is_measuring(self) -> bool:
        """Whether one more look will tell how fast the chain goes."""
        return self._last_look is not None and not self._pace_is_known

    @property
    def calendar(self) -> datetime:
        """The instant by which dates are judged: the chain's clock when it is ahead of ours.

        A slow clock makes nothing late, and a rehearsal's calendar goes as fast as its chain.
        A fast clock makes nothing early: the publisher looks at the head once more.
        """
        return self._now() + self._ahead

    def look(self) -> Head:
        """Where the chain stands now; takes note of how fast it goes.

        Raises:
            NodesUnreachable: no node answers, or none did a moment ago: while the back-off lasts
                (doubled each time, up to a minute) none is asked.
        """
        if (rest := self._rest()) > 0:
            raise NodesUnreachable(self._silence, rest)
        try:
            head = self.chain.head()
        except NodesUnreachable as error:
            seconds = min(2.0 ** min(self._failures, _DOUBLINGS), LONGEST_SILENCE)
            seconds *= 1 + JITTER * (2 * self._chance() - 1)
            self._failures += 1
            self._silence = str(error)
            self._silent_until = self._steady() + seconds
            raise NodesUnreachable(str(error), seconds) from error
        self._failures = 0
        self._take_note(head)
        return head

    def latest(self) -> Head:
        """As `look`, without a question while the next block can't have come."""
        if self._head is not None and self._pace_is_known and self.looked is not None:
            age = self._steady() - self.looked[0]
            if 0 <= age < self._measured and self._rest() == 0:
                return self._head
        return self.look()

    def real_seconds(self, chain_seconds: float) -> float:
        """Real time in which so much of the chain's time passes."""
        if self._pace_is_known:
            seconds = chain_seconds * self._measured / SLOT
            return seconds if self._measured >= SLOT else min(seconds, LONGEST_GUESS)
        return min(chain_seconds, SLOT)  # how much faster it goes, a second look tells

    def _rest(self) -> float:
        """Seconds of back-off that are left."""
        return max(self._silent_until - self._steady(), 0.0)

    def _take_note(self, head: Head) -> None:
        self._head = head
        ahead = head.time - self._now()
        self._ahead = max(ahead, timedelta(0))
        steady = self._steady()
        self.looked = steady, -ahead.total_seconds()
        if self._last_look is None:
            self._last_look = (head.block_num, steady)
        elif head.block_num != self._last_look[0]:
            blocks, seconds = head.block_num - self._last_look[0], steady - self._last_look[1]
            if blocks > 0:
                self._measured = min(seconds / blocks, SLOT)
                self.pace = max(self._measured, QUICKEST)
                self._pace_is_known = True
            self._last_look = (head.block_num, steady)
