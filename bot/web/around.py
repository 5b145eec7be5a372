"""The queue that a text is checked among, looked at once for many checks."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from bot import app
from bot.briefs import BriefError
from bot.config import Settings
from bot.intake.view import QueueView
from bot.records import RecordsError

FRESH = 2.0  # seconds for which what lies in the queue is taken to be as it was
PATIENCE = 10.0  # times what a look took, it is taken so


@dataclass(slots=True)
class Around:
    """Keeps the last look at the queue, for one check after the other.

    What a brief links to, and whose address it may have taken, is found by a look at all files,
    which takes seconds where a hundred thousand are queued; a text is checked as it is typed.
    """

    config: Settings
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _opened: ExitStack = field(default_factory=ExitStack)
    _view: QueueView | None = None
    _made_at: float = 0.0
    _took: float = 0.0

    @contextmanager
    def view(self) -> Iterator[QueueView]:
        """The queue as it was a moment ago, for this thread alone."""
        with self._lock:
            began = time.monotonic()
            if self._view is None or began > self._made_at + max(FRESH, PATIENCE * self._took):
                self._forget()
                self._view = self._opened.enter_context(app.view(self.config, strict=True))
                self._made_at, self._took = began, 0.0
            try:
                yield self._view
            except (BriefError, RecordsError):  # of the folder or the database, which may be back
                self._forget()
                raise
            finally:
                self._took = max(self._took, time.monotonic() - began)

    def forget(self) -> None:
        """A person has changed something: the next check looks anew."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        self._view = None
        self._opened.close()
