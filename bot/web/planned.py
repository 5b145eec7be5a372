"""The plan, calculated once for all pages that show it at the same time."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot import app
from bot.calendar.planner import FreeSlot
from bot.clock import Clock
from bot.config import Settings
from bot.records import Records
from bot.reports.appointments import Calendars
from bot.reports.plan import Plan, plan

FRESH = 2.0  # seconds for which a plan is shown again: a file may have changed meanwhile
PATIENCE = 10.0  # times what a plan took, it is shown again


@dataclass(slots=True)
class Planned:
    """Keeps the last plan, and tells whether it still holds.

    A calculation takes seconds where a hundred thousand briefs are queued; as many pages as are
    open share one.

    Attributes:
        began: when the last one was begun, as files have it (Unix time): what changed later may
            not be in it.
    """

    config: Settings
    now: Clock
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _plan: Plan | None = None
    _made_at: float = 0.0
    _took: float = 0.0
    began: float = 0.0
    _free_lock: threading.Lock = field(default_factory=threading.Lock)
    _free: dict[tuple[str, str, datetime], Sequence[FreeSlot]] = field(default_factory=dict)
    _free_of: Plan | None = None

    def plan(self) -> Plan:
        """What the service would do next, as `briefbot plan` tells it."""
        with self._lock:
            began = time.monotonic()
            if self._plan is not None and began < self._made_at + max(FRESH, PATIENCE * self._took):
                return self._plan
            self.began = time.time()
            with app.view(self.config, strict=True) as view:
                self._plan = plan(view, self.now(), app.calendars(self.config))
            self._made_at = time.monotonic()
            self._took = self._made_at - began
            return self._plan

    def free(
        self, found: Plan, records: Records, chain: str, author: str, until: datetime
    ) -> Sequence[FreeSlot]:
        """The slots that this plan leaves an author, from its instant on; asked once a plan."""
        with self._free_lock:
            if self._free_of is not found:
                self._free_of, self._free = found, {}
            key = (chain, author, until)
            if key not in self._free:
                calendars = over(found.calendars, records)
                self._free[key] = calendars.free(chain, author, calendars.now, until)
            return self._free[key]

    def holds_for(self) -> float:
        """Seconds for which a plan is shown that may know nothing of what changes now."""
        with self._lock:
            if self._plan is None:
                return 0.0
            ends = self._made_at + max(FRESH, PATIENCE * self._took)
            return max(0.0, ends - time.monotonic())

    def forget(self) -> None:
        """A person has changed something: the next page shows it."""
        with self._lock:
            self._plan = None


def over(calendars: Calendars, records: Records) -> Calendars:
    """A plan's calendars over records that are open; those that it was made of are closed."""
    return calendars if calendars.records is None else replace(calendars, records=records)
