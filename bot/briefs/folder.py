"""The queue as it changes: an index of its files in memory, so that a look reads what is new."""

import secrets
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bot.briefs.opening import opened
from bot.briefs.opening import replace as put
from bot.briefs.queue import BriefError, Entry, Queue, Stamp, refused_twin

IDENTITY = ".briefbot-queue"
"""The file in a queue that holds its identity, whatever path it has on whichever machine."""
GRACE = timedelta(seconds=10)
"""How long a file must be gone before its brief is withdrawn: editors and sync tools move it away
and back."""
MANY = 10
"""So many briefs don't go by half at once: a volume isn't mounted, or a sync is half done."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the folder has shown.

    Attributes:
        entries: files that are new or changed since the last look, as they are now.
        gone: paths that have been away for the grace time.
        away: paths that are away since less than that, or of which too many went at once.
        trouble: what is wrong with the folder as a whole; empty when nothing is.
    """

    entries: tuple[Entry, ...]
    gone: frozenset[str] = frozenset()
    away: frozenset[str] = frozenset()
    trouble: str = ""


class Folder:
    """A queue's folder, looked at again and again.

    Args:
        root: the folder.
        timezone: zone of dates in briefs that name none.
        grace: how long a file is waited for.
    """

    def __init__(self, root: Path, *, timezone: str = "UTC", grace: timedelta = GRACE) -> None:
        self.root = root
        self._queue = Queue(root, timezone=timezone)
        self._grace = grace
        self._stamps: dict[str, Stamp] = {}
        self._ids: dict[str, set[str]] = {}
        self._id_of: dict[str, str] = {}
        self._missing: dict[str, tuple[datetime, int]] = {}
        self._touched: set[str] = set()

    @property
    def place(self) -> str:
        """Host and path where it is looked at."""
        return f"{socket.gethostname()}:{self.root}"

    def identity(self, *, make: bool = True) -> str:
        """The queue's identity; with `make`, one is written into the folder where there is none.

        Without, it is empty then.

        Raises:
            BriefError: the folder can't be read, or takes no file.
        """
        try:
            with opened(self.root, IDENTITY) as file:
                text = file.read(200).decode("ascii", "replace").strip()
        except FileNotFoundError:
            text = ""
        except OSError as error:
            raise BriefError(f"can't read {self.root / IDENTITY}: {error.strerror}") from None
        if text.isalnum() or not make:
            return text if text.isalnum() else ""
        made = secrets.token_hex(8)
        self.adopt(made)
        return made

    def adopt(self, made: str) -> None:
        """Write an identity into the folder, unless it is there.

        Raises:
            BriefError: the folder takes no file.
        """
        if self.identity(make=False) == made:
            return
        try:
            put(self.root / IDENTITY, f"{made}\n".encode(), like=None)
        except OSError as error:
            raise BriefError(
                f"can't write {self.root / IDENTITY}, by which the queue is known: "
                f"{error.strerror}; let this user write into the folder once"
            ) from None

    def look(self, now: datetime, *, settled: bool = True) -> Look:
        """What has changed since the last look; the first one finds everything new.

        Args:
            settled: believe only files that have been left alone for a moment.

        Raises:
            BriefError: the folder itself can't be read.
        """
        there = dict(self._queue.stamps())
        unseen = tuple(f"{path}/" for path, stamp in there.items() if stamp is None)
        changed = [path for path, stamp in there.items() if self._stamps.get(path) != stamp]
        missing = {
            path
            for path in (*self._stamps, *self._missing)
            if path not in there and not path.startswith(unseen)
        }
        self._touched = {self._id_of[path] for path in missing if path in self._id_of}
        instant = now if settled else None
        entries = [self._read(path, instant) for path in sorted(changed)]
        twins = {path for name in self._touched for path in self._ids.get(name, ())}
        entries += [self._read(path, instant) for path in sorted(twins - set(changed) - missing)]
        return self._settle(missing, entries, now)

    def expect(self, paths: Iterable[str], now: datetime) -> None:
        """Take files that were there in an earlier life as missing from now on."""
        for path in paths:
            if path not in self._stamps:
                self._missing.setdefault(path, (now, 0))

    def forgo(self, paths: Iterable[str]) -> None:
        """Don't wait for these files any more."""
        for path in paths:
            self._missing.pop(path, None)

    def again(self, paths: Iterable[str], now: datetime) -> tuple[Entry, ...]:
        """These files as they are now, whether they have changed or not."""
        there = [path for path in sorted(set(paths)) if path in self._stamps]
        return tuple(self._distinct([self._read(path, now) for path in there]))

    def entries(self) -> tuple[Entry, ...]:
        """Every brief as it is this moment."""
        return self._queue.look()

    def paths(self) -> frozenset[str]:
        """Paths of all briefs as they are this moment.

        Raises:
            BriefError: the folder can't be read.
        """
        return frozenset(path for path, _ in self._queue.stamps())

    def forget(self) -> None:
        """Take everything as new at the next look."""
        self._stamps.clear()
        self._ids.clear()
        self._id_of.clear()
        self._missing.clear()

    def has(self, brief: str) -> bool:
        """Whether a file has this identity."""
        return bool(self._ids.get(brief))

    def knows(self, path: str) -> bool:
        """Whether the last look has shown this file."""
        return path in self._stamps

    def is_current(self, entry: Entry) -> bool:
        """Whether a file still is what was read of it."""
        stamp = self._queue.stamp(entry.path)
        return stamp is not None and stamp == self._stamps.get(entry.path)

    def is_missing(self, path: str) -> bool:
        """Whether there is no such file just now."""
        return self._queue.stamp(path) is None

    def _settle(self, missing: set[str], entries: list[Entry], now: datetime) -> Look:
        known = len(self._stamps.keys() | self._missing.keys())
        trouble = ""
        if len(missing) * 2 > known >= MANY and len(missing) > 1:
            trouble = (
                f"{len(missing)} of {known} briefs are gone at once from {self.root}: is the "
                "volume mounted, is a sync under way? Nothing is withdrawn; what is really to go, "
                "`briefbot cancel` withdraws"
            )
        for path in list(self._stamps):
            if path in missing:
                del self._stamps[path]
                self._forget(path)
        for path in list(self._missing):
            if path not in missing:
                del self._missing[path]
        gone = set()
        for path in missing:
            since, looks = self._missing.get(path, (now, 0))
            self._missing[path] = (min(since, now), looks + 1)
            if looks >= 1 and now - since >= self._grace and not trouble:
                gone.add(path)
        for path in gone:
            del self._missing[path]
        return Look(
            tuple(self._distinct(entries)), frozenset(gone), frozenset(missing - gone), trouble
        )

    def _read(self, path: str, now: datetime | None) -> Entry:
        """One file; what was not read whole is read again at the next look."""
        entry, stamp = self._queue.entry(path, now)
        if stamp is None:
            self._stamps.pop(path, None)
        else:
            self._stamps[path] = stamp
        self._forget(path)
        if entry.brief is not None:
            self._touched.add(entry.brief.id)
            self._ids.setdefault(entry.brief.id, set()).add(path)
            self._id_of[path] = entry.brief.id
        return entry

    def _forget(self, path: str) -> None:
        if (name := self._id_of.pop(path, None)) is not None:
            self._touched.add(name)
            self._ids[name].discard(path)
            if not self._ids[name]:
                del self._ids[name]

    def _distinct(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Of an id that several files have, none is a brief; each names the others."""
        for entry in entries:
            brief = entry.brief
            others = sorted(self._ids.get(brief.id, set()) - {entry.path}) if brief else []
            yield refused_twin(entry, others) if others else entry
