"""The order of a queue: what goes first, and what needs what."""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from bot.calendar.values import Queued

Natural = tuple[tuple[tuple[bool, int, str], ...], str]


def rank(one: Queued) -> tuple[Decimal, Natural]:
    """A brief's place in the queue: higher priority first, then its file's name."""
    return -one.priority, natural(one.name)


def natural(name: str) -> Natural:
    """A file name's place in natural order: `part-2.md` before `part-10.md`."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name.rpartition("/")[2].casefold())
    ordered = ((False, int(p), "") if p[0] in "0123456789" else (True, 0, p) for p in parts)
    return tuple(ordered), name


def in_order(queue: Iterable[Queued]) -> dict[str, frozenset[str]]:
    """Brief to those of the queue that must go out before it; what waits in a circle doesn't."""
    briefs = sorted(queue, key=lambda one: one.brief)
    names = {one.brief for one in briefs}
    needs = {one.brief: {wait.brief for wait in one.waits if wait.brief in names} for one in briefs}
    while any(needs.values()):
        try:
            TopologicalSorter({name: sorted(filter(None, needs[name])) for name in needs}).prepare()
        except CycleError as error:
            for before, after in pairwise(error.args[1]):
                needs[after].discard(before)
        else:
            break
    return {name: frozenset(filter(None, needed)) for name, needed in needs.items()}


def dated_in_order(
    queue: Collection[Queued], after: Mapping[str, frozenset[str]]
) -> Iterable[Queued]:
    """What has a date, by date; what must go out after another one has its turn after that one's.

    Args:
        after: what `in_order` says of this queue.
    """
    dated = {one.brief: one for one in queue if one.date is not None}
    turns: dict[str, tuple[datetime, tuple[Decimal, Natural]]] = {}
    for name in TopologicalSorter(after).static_order() if any(after.values()) else dated:
        one = dated.get(name)
        if one is not None and one.date is not None:
            before = [turns[other] for other in after[name] if other in turns]
            turns[name] = max(((one.date, rank(one)), *before))
    return sorted(dated.values(), key=lambda one: (turns[one.brief], rank(one)))
