"""Which blocks can't be undone any more (database.cpp update_last_irreversible_block, §4)."""

import random
from functools import cache

from bot.devnet.network import Finality

REVERSIBLE = 21
"""Blocks behind the head on a young chain, before block 864,000."""
WITNESSES = 21
_LATEST = 5
"""(100 % - 75 %) of 21: the sixth lowest counts, so that 16 of 21 witnesses have built on it."""


def irreversible_num(finality: Finality, head_num: int) -> int:
    """The number of the last irreversible block when the head has this number."""
    if finality == "approvals":
        return head_num
    if finality == "young":
        return max(0, head_num - REVERSIBLE)
    first = max(0, head_num - 2 * WITNESSES)
    return max((_confirmed(num) for num in range(first, head_num + 1)), default=0)


def _confirmed(head_num: int) -> int:
    """The sixth lowest of the blocks that each of the 21 witnesses made last."""
    last = dict.fromkeys(range(WITNESSES), 0)
    for num in range(max(1, head_num - 2 * WITNESSES), head_num + 1):
        turn, place = divmod(num - 1, WITNESSES)
        last[_schedule(turn)[place]] = num
    return sorted(last.values())[_LATEST]


@cache
def _schedule(turn: int) -> tuple[int, ...]:
    """The order of the witnesses in one round: shuffled, and the same every time."""
    witnesses = list(range(WITNESSES))
    random.Random(turn).shuffle(witnesses)  # noqa: S311  # a schedule, not a secret
    return tuple(witnesses)
