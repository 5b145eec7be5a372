"""Work on many items at once, on all cores that this process may use."""

import gc
import multiprocessing
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from bot.errors import BotError

Item = TypeVar("Item")
Result = TypeVar("Result")

FEW = 400  # items for which processes cost more than they save
PART = 100  # items that a process takes at a time

_shared: tuple[Callable[[Any], Any], Sequence[Any]] = (lambda item: item, ())


class ProcessEnded(BotError):  # noqa: N818  # what happened
    """A process of this command was ended from outside."""


def spread(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """`work` on each item, results in their order.

    The processes are forked, so that they have the items without a copy; where that isn't safe
    (outside of Linux), or isn't worth it, everything is done here.

    Raises:
        ProcessEnded: the system has ended one of them.
    """
    global _shared  # noqa: PLW0603  # what a fork inherits
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1
    if cores == 1 or len(items) < FEW:
        return [work(item) for item in items]
    _shared = work, items
    gc.freeze()  # what is there stays: nobody looks through it again and again, nor copies it so
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(cores, mp_context=context) as pool:
        parts = pool.map(_part, range(0, len(items), PART))
        try:
            return [result for part in parts for result in part]
        except BrokenProcessPool:
            raise ProcessEnded(
                "a process that was at work here was ended by the system, which does so when "
                "memory is short; name fewer files at a time"
            ) from None
        finally:
            gc.unfreeze()


def _part(start: int) -> list[Any]:
    work, items = _shared
    return [work(item) for item in items[start : start + PART]]
