"""Work on many items at once, on all cores that this process may use."""

import multiprocessing
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

FEW = 400  # items for which processes cost more than they save
PART = 100  # items that a process takes at a time

_shared: tuple[Callable[[Any], Any], Sequence[Any]] = (lambda item: item, ())


def spread(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """`work` on each item, results in their order.

    The processes are forked, so that they have the items without a copy; where that isn't safe
    (outside of Linux), or isn't worth it, everything is done here.
    """
    global _shared  # noqa: PLW0603  # what a fork inherits
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1
    if cores == 1 or len(items) < FEW:
        return [work(item) for item in items]
    _shared = work, items
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(cores, mp_context=context) as pool:
        parts = pool.map(_part, range(0, len(items), PART))
        return [result for part in parts for result in part]


def _part(start: int) -> list[Any]:
    work, items = _shared
    return [work(item) for item in items[start : start + PART]]
