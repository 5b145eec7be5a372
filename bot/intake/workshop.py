"""Files read and composed on all cores, while there are many: a queue's first intake.

A brief that names others, or shows pictures, is composed once more where these are known.
"""

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from multiprocessing import get_context, parent_process
from pathlib import Path

from bot.briefs import Entry, Queue
from bot.briefs.walk import Stamp
from bot.intake.composer import Composer, Composition

FEW = 200
"""Files for which processes cost more than they save."""
MOST_CORES = 4
"""Processes at most: each takes some 50 MB."""
PART = 25
"""Files that a process takes at a time."""

Work = tuple[Entry, Stamp | None, tuple[Composition, ...]]


class Workshop:
    """Reads a queue's files, and composes what can be composed by itself.

    Args:
        root: the queue's folder.
    """

    def __init__(self, root: Path, timezone: str, composer: Composer) -> None:
        self._queue = Queue(root, timezone=timezone)
        self._task = (root, timezone, replace(composer, neighbours=None, wary=False))
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
        self._cores = min(cores, MOST_CORES)
        self._is_broken = False
        self._pool: ProcessPoolExecutor | None = None
        self._begun: dict[str, Future[list[Work]]] = {}
        self._made: dict[str, tuple[str, tuple[Composition, ...]]] = {}

    def read(
        self, paths: Sequence[str], now: datetime | None, ahead: Sequence[str]
    ) -> Iterator[tuple[Entry, Stamp | None]]:
        """Files as `Queue.entry` gives them.

        Args:
            ahead: files that will be asked for next; they are begun with.
        """
        if len(paths) + len(ahead) < FEW or self._cores == 1 or self._is_broken:
            yield from (self._queue.entry(path, now) for path in paths)
            return
        try:
            self._begin(paths, now)
            parts = [self._begun[path] for path in paths]
            self._begin(ahead, now)
            found = {work[0].path: work for part in dict.fromkeys(parts) for work in part.result()}
        except Exception:  # noqa: BLE001  # ended from outside, no memory, …: it is done here then
            self.close()
            self._is_broken = True
            found = {}
        for path in paths:
            self._begun.pop(path, None)
            entry, stamp, compositions = found.get(path) or (*self._queue.entry(path, now), ())
            if compositions:
                self._made[path] = (entry.fingerprint, compositions)
            yield entry, stamp

    def composed(self, entry: Entry) -> tuple[Composition, ...]:
        """What was composed of a file by itself when it was read; nothing where that wasn't."""
        fingerprint, compositions = self._made.get(entry.path, ("", ()))
        return compositions if fingerprint == entry.fingerprint else ()

    def forget(self) -> None:
        """Drop what was composed and not asked for."""
        self._made = {}

    def close(self) -> None:
        """End the processes; what they have begun is dropped."""
        self._begun = {}
        self._is_broken = False
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    def _begin(self, paths: Sequence[str], now: datetime | None) -> None:
        if self._pool is None:
            # not forked: this process has threads, and what they hold locked would stay so
            self._pool = ProcessPoolExecutor(
                self._cores, get_context("spawn"), initializer=_prepare, initargs=self._task
            )
        fresh = [path for path in paths if path not in self._begun]
        for start in range(0, len(fresh), PART):
            part = fresh[start : start + PART]
            self._begun |= dict.fromkeys(part, self._pool.submit(_work, part, now))


# -- in the processes ------------------------------------------------------------------------------

_queue: Queue
_composer: Composer


def _prepare(root: Path, timezone: str, composer: Composer) -> None:
    global _queue, _composer  # what each process has once
    _queue, _composer = Queue(root, timezone=timezone), composer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the service's to end this
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
    os._exit(1)


def _work(paths: Sequence[str], now: datetime | None) -> list[Work]:
    return [_one(path, now) for path in paths]


def _one(path: str, now: datetime | None) -> Work:
    entry, stamp = _queue.entry(path, now)
    compositions: tuple[Composition, ...] = ()
    if entry.brief is not None and not entry.brief.draft:
        with suppress(Exception):  # the service meets it too, and says so
            compositions = _composer.compose(entry.brief, entry.folder)
    return entry, stamp, compositions
