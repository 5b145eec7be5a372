"""A worker's heartbeat: every ten seconds it is taken down that it is there, and what it is at.

On a thread of its own, so that a long step of a job doesn't make the worker look dead; what the job
has in hand, and since when, is part of it.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

import structlog

from bot import __version__
from bot.records import DatabaseUnavailable
from bot.records.engine import VERSION
from bot.records.leases import boottime
from bot.records.workers import ChainSeen, NodeSeen, Pulse, WorkerRecords
from bot.service.service import Service

EVERY = 10.0  # seconds between heartbeats; 45 without one, and a worker is taken to be gone
LOOK = 1.0  # seconds after which a suspended machine, or a clock that was set, shows at most
SET_BY = 2.0  # seconds by which the clock must have been set
FORGET_EVERY = 3600.0
STOP_WITHIN = 2.0


class Heartbeat:
    """Tells that a worker is there, until it ends.

    Args:
        worker: who it is, see `bot.records.worker`.
        queue: host and path of the folder that it looks at; None without one.
        used: the chains that are told of.
    """

    def __init__(
        self,
        workers: WorkerRecords,
        service: Service,
        worker: str,
        queue: str | None,
        used: Iterable[str],
        log: structlog.stdlib.BoundLogger,
        *,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = boottime,
    ) -> None:
        self._workers = workers
        self._service = service
        self._worker = worker
        self._queue = queue
        self._used = frozenset(used)
        self._log = log
        self._wall = wall
        self._steady = steady
        self._begun = steady()
        self._failing = ""
        self._ends = True
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep_beating, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self, *, ends: bool = True) -> None:
        """Take down that the worker ends, if the database takes that within two seconds.

        Args:
            ends: False: the same worker begins anew at once, and is taken to run meanwhile.
        """
        self._ends = ends
        self._stopping.set()
        self._thread.join(STOP_WITHIN)

    def pulse(self) -> Pulse:
        """What is told now."""
        activity = self._service.activity
        lags = self._service.lags()
        nodes: dict[str, list[NodeSeen]] = {name: [] for name in self._used}
        for chain, one in self._service.health():
            asked = bool(one.answers or one.failures)
            if chain in self._used or asked:
                answers = one.silent_for is None if asked else None
                nodes.setdefault(chain, []).append(NodeSeen(one.node, answers))
        chains = []
        for name, its in sorted(nodes.items()):
            looked, lag = lags.get(name, (None, None))
            chains.append(ChainSeen(name, its, _rounded(lag), _rounded(looked)))
        return Pulse(
            worker=self._worker,
            host=socket.gethostname(),
            process=os.getpid(),
            version=__version__,
            schema=VERSION,
            queue=self._queue,
            chains=chains,
            begun=self._steady() - self._begun,
            looked=activity.scanned,
            published=activity.published,
            job=activity.job,
            progress=activity.standstill,
        )

    def _keep_beating(self) -> None:
        forgotten_at = beaten_at = float("-inf")
        offset = 0.0
        while not self._stopping.is_set():
            steady = self._steady()
            was_set = abs(self._wall() - steady - offset) > SET_BY  # the database's clock too, here
            if was_set or steady - beaten_at >= EVERY:
                beaten_at, offset = steady, self._wall() - steady
                self._quietly(lambda: self._workers.beat(self.pulse()))
            if steady - forgotten_at >= FORGET_EVERY:
                forgotten_at = steady
                self._quietly(self._workers.forget)
            self._stopping.wait(LOOK)
        self._quietly(self._end)

    def _end(self) -> None:
        self._workers.beat(self.pulse())
        if self._ends:
            self._workers.stop(self._worker)

    def _quietly(self, do: Callable[[], None]) -> None:
        """Do it; that the database is away the jobs say, and an unforeseen trouble is told once."""
        try:
            with suppress(DatabaseUnavailable):
                do()
        except Exception as error:  # noqa: BLE001  # a heartbeat must not end with one trouble
            reason = str(error) or type(error).__name__
            if self._failing != reason:
                self._log.error("job_failed", job="heartbeat", reason=reason)
            self._failing = reason


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
