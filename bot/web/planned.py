"""The plan, calculated once for all pages that show it at the same time."""

import threading
import time
from dataclasses import dataclass, field

from bot import app
from bot.clock import Clock
from bot.config import Settings
from bot.reports.plan import Plan, plan

FRESH = 2.0  # seconds for which a plan is shown again: a file may have changed meanwhile
PATIENCE = 10.0  # times what a plan took, it is shown again


@dataclass(slots=True)
class Planned:
    """Keeps the last plan, and tells whether it still holds.

    A calculation takes seconds where a hundred thousand briefs are queued; as many pages as are
    open share one.
    """

    config: Settings
    now: Clock
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _plan: Plan | None = None
    _made_at: float = 0.0
    _took: float = 0.0

    def plan(self) -> Plan:
        """What the service would do next, as `briefbot plan` tells it."""
        with self._lock:
            began = time.monotonic()
            if self._plan is not None and began < self._made_at + max(FRESH, PATIENCE * self._took):
                return self._plan
            with app.view(self.config, strict=True) as view:
                self._plan = plan(view, self.now(), app.calendars(self.config))
            self._made_at = time.monotonic()
            self._took = self._made_at - began
            return self._plan

    def forget(self) -> None:
        """A person has changed something: the next page shows it."""
        with self._lock:
            self._plan = None
