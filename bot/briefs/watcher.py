"""Told by the system which files of the queue change, as they do.

Only a hint: a network file system tells nothing, and a full one loses some; looks find the rest.
Whether anything is told at all is tried with a file of ours.
"""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import watchfiles

_TOGETHER = 200  # milliseconds in which changes are told together: editors write in several steps
_AGAIN = 5.0  # seconds until a folder that can't be watched is tried again


class Watcher:
    """Watches a folder in a thread of its own.

    Args:
        root: the folder.
        changed: is called when there is something to take.
        own: a file of ours in the folder, which is touched to see whether that is told.

    Attributes:
        hears: whether changes are told of here.
    """

    def __init__(self, root: Path, changed: Callable[[], None], own: str) -> None:
        self._root = root
        self._own = root / own
        self.hears = False
        self._changed = changed
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._paths: set[str] = set()
        self._thread = threading.Thread(target=self._watch, name="watcher", daemon=True)

    def start(self) -> None:
        """Begin to watch; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._stopped.set()

    def take(self) -> frozenset[str]:
        """Paths, relative to the folder, that have changed since the last time."""
        with self._lock:
            paths, self._paths = frozenset(self._paths), set()
        return paths

    def _watch(self) -> None:
        while not self._stopped.is_set():
            with suppress(OSError, RuntimeError):  # not there, or too many folders to watch
                for changes in watchfiles.watch(
                    os.path.realpath(self._root),
                    watch_filter=None,
                    debounce=_TOGETHER,
                    stop_event=self._stopped,
                    rust_timeout=1000,
                    yield_on_timeout=True,
                    raise_interrupt=False,
                    ignore_permission_denied=True,
                ):
                    if not self.hears:
                        with suppress(OSError):  # then this user can't write here
                            os.utime(self._own)
                    self._note(changes)
            self.hears = False
            self._stopped.wait(_AGAIN)

    def _note(self, changes: set[tuple[watchfiles.Change, str]]) -> None:
        below = f"{os.path.realpath(self._root)}/"
        paths = {path.removeprefix(below) for _, path in changes if path.startswith(below)}
        self.hears = self.hears or self._own.name in paths
        paths = {path for path in paths if not path.startswith(".") and "/." not in path}
        if paths:
            with self._lock:
                self._paths |= paths
            self._changed()
