"""A worker of the chaos: the real service with short waits, a clock that jumps, and a patch."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.chain import nodes, watch
from bot.cli import run
from bot.publishing import publisher
from bot.records import engine, leases
from bot.service import service
from tests.chaos.guards import GUARDS
from tests.publishing.killed_service import arm

LEASE = 1.5  # seconds, instead of thirty: a chain of the chaos is as many times faster


def settle_in(clock, crash, without):
    """Called in the worker's process before `briefbot run` begins.

    Args:
        clock: file with the seconds by which this worker's wall clock is wrong.
        crash: (side, step) at which it kills itself, or None.
        without: the guard that is taken out, or None.
    """
    leases.SECONDS = LEASE
    engine._LIMITS = "-c lock_timeout=1s -c idle_in_transaction_session_timeout=800ms"
    engine.BUSY_SECONDS = 2
    nodes._LEFT_ALONE = nodes._BARRED = 1.0
    watch.LONGEST_SILENCE = 1.0
    publisher.CREDITS_WAIT = 60.0
    service.AWAY = 0.2
    service.SWEEP_EVERY = 1.0

    def wrong_clock():
        try:
            offset = float(Path(clock).read_text() or 0)
        except (OSError, ValueError):
            offset = 0.0
        return datetime.now(UTC) + timedelta(seconds=offset)

    run.utc_now = wrong_clock
    if without:
        GUARDS[without]()
    if crash:
        arm(*crash)
