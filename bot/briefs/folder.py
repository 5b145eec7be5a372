"""The queue as it changes: an index of its files in memory, so that a look reads what is new."""

import secrets
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from bot.briefs.brief import Brief
from bot.briefs.opening import opened
from bot.briefs.opening import replace as put
from bot.briefs.place import identity_of
from bot.briefs.queue import SETTLE, BriefError, Entry, Queue, refused_twin, walked
from bot.briefs.walk import Stamp, Walk, stamp_text
from bot.briefs.watcher import Watcher

IDENTITY = ".briefbot-queue"
"""The file in a queue that holds its identity, whatever path it has on whichever machine."""
GRACE = timedelta(seconds=10)
"""How long a file must be gone before its brief is withdrawn: editors and sync tools move it away
and back."""
MOST = 500
"""So many changed files are read at one look; what else is there to do isn't kept waiting."""
Read = Callable[
    [Sequence[str], datetime | None, Sequence[str]], Iterable[tuple[Entry, Stamp | None]]
]
"""Reads files, each as `Queue.entry` does; the last ones are those that come next."""
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
        self.timezone = timezone
        self._queue = Queue(root, timezone=timezone)
        self._read_many: Read = self._one_by_one
        self.told: frozenset[str] = frozenset()
        """Paths that the system has told of before the last look; not only briefs."""
        self._grace = grace
        self._touched: set[str] = set()
        self._watcher: Watcher | None = None
        self.forget()

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

    def look(self, now: datetime, *, only: Iterable[str] | None = None) -> Look:
        """What has changed since the last look, or some of it; the first one finds everything new.

        Args:
            only: just these files, and as they are this moment; without, only files are believed
                that have been left alone for a moment.

        Raises:
            BriefError: the folder itself can't be read.
        """
        self._touched.clear()
        self.find(now)
        unseen = self._walk.unseen
        missing = {path for path in self._missing if not path.startswith(unseen)}
        fresh = islice(self._unread, MOST) if only is None else self._unread.keys() & set(only)
        wanted = sorted(fresh)
        for path in wanted:
            del self._unread[path]
        again = sorted(self._troubled - set(wanted)) if only is None else []
        again += [folder.rstrip("/") for folder in unseen]
        instant = now if only is None else None
        ahead = list(islice(self._unread, MOST)) if only is None else []
        entries = self._read(wanted, instant, ahead) + self._read(again, instant)
        twins = {path for name in self._touched for path in self._owners(name)}
        twins -= {*wanted, *again, *self._unread}
        entries += self._read(sorted(twins), instant)
        return self._settle(missing, entries, now)

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Have the system tell of changes; returns what ends that.

        Args:
            changed: is called when a look would show something.
        """
        self._watcher = Watcher(self.root, changed, IDENTITY)
        self._watcher.start()
        return self._watcher.stop

    def find(self, now: datetime) -> None:
        """Find out which files there are, without reading any.

        Raises:
            BriefError: the folder itself can't be read.
        """
        self.told = self._watcher.take() if self._watcher else frozenset()
        self._walk.hint(self.told)
        changed, gone = walked(self._walk, self.root)
        self._unread |= dict.fromkeys(changed)
        for path in gone:
            self._unread.pop(path, None)
            self._troubled.discard(path)
            self._missing.setdefault(path, (now, 0))
            self._forget(path)
        for path in list(self._missing):
            if path in self._walk:
                del self._missing[path]

    def expect(self, paths: Iterable[str], now: datetime) -> None:
        """Take files that were there in an earlier life as missing from now on."""
        for path in paths:
            if path not in self._walk:
                self._missing.setdefault(path, (now, 0))

    def forgo(self, paths: Iterable[str]) -> None:
        """Don't wait for these files any more."""
        for path in paths:
            self._missing.pop(path, None)

    def again(self, paths: Iterable[str], now: datetime | None) -> tuple[Entry, ...]:
        """These files as they are now, whether they have changed or not.

        Args:
            now: as for `Queue.entry`.
        """
        there = [path for path in sorted(set(paths)) if path in self._walk]
        return tuple(self._distinct(self._read(there, now)))

    def peek(self, path: str) -> Brief | None:
        """The brief at this path as it is this moment; None where there is none that can be read.

        It isn't looked at by that: the next look tells of it if it has changed.
        """
        return self._queue.entry(path, None)[0].brief

    def read_with(self, read: Read) -> None:
        """Read files by this from now on."""
        self._read_many = read

    def trust(self, known: Iterable[tuple[str, str, str]]) -> None:
        """Don't read what is known from an earlier life and hasn't changed since.

        Args:
            known: (path, stamp as text, id) of files; the id is empty where it holds no brief.
        """
        changed: dict[str, None] = {}
        for path, stamp, brief in known:
            now = self._queue.stamp(path) if path in self._unread else None
            if now is None:
                continue
            if stamp_text(now) == stamp:
                self._walk.read(path, now)
                del self._unread[path]
                self._note_id(path, brief)
            else:
                changed[path] = None
        unread = {**changed, **self._unread}  # what its author has changed comes first
        self._unread.clear()
        self._unread.update(unread)

    def stamp(self, path: str) -> str:
        """What a file was when it was read, as text; empty when it must be read again."""
        return stamp_text(self._walk.stamp(path))

    def forget(self) -> None:
        """Take everything as new at the next look."""
        self._walk = Walk(self.root)
        self._unread: dict[str, None] = {}
        self._troubled: set[str] = set()
        self._ids: dict[str, set[str]] = {}
        self._id_of: dict[str, str] = {}
        self._missing: dict[str, tuple[datetime, int]] = {}

    @property
    def unread(self) -> int:
        """Changed files that the last look has left to the next."""
        return len(self._unread)

    @property
    def is_troubled(self) -> bool:
        """Whether there are files that couldn't be read, and are tried again at each look."""
        return bool(self._troubled)

    @property
    def is_waiting(self) -> bool:
        """Whether there are files that are gone since less than the grace time."""
        return bool(self._missing)

    @property
    def hears(self) -> bool:
        """Whether the system tells of changes here."""
        return self._watcher is not None and self._watcher.hears

    def has(self, brief: str) -> bool:
        """Whether a file has this identity."""
        return bool(self._owners(brief))

    def id_at(self, path: str) -> str:
        """The id of the file at this path; empty where it holds no brief."""
        return self._id_of.get(path, identity_of(path))

    def knows(self, path: str) -> bool:
        """Whether there was such a file at the last look."""
        return path in self._walk

    def is_current(self, entry: Entry) -> bool:
        """Whether a file still is what was read of it."""
        stamp = self._queue.stamp(entry.path)
        return stamp is not None and stamp == self._walk.stamp(entry.path)

    def settles_in(self, path: str, now: datetime) -> float:
        """Seconds until a file that was changed just now may be believed to be whole."""
        stamp = self._queue.stamp(path)
        age = now.timestamp() - stamp[2] / 1e9 if stamp else SETTLE
        return min(max(SETTLE - age, 0.05), SETTLE)

    def is_inhabited(self) -> bool:
        """Whether any file that was seen before is there just now."""
        return not all(map(self.is_missing, self._walk))

    def is_missing(self, path: str) -> bool:
        """Whether there is no such file just now."""
        return self._queue.stamp(path) is None

    def _settle(self, missing: set[str], entries: list[Entry], now: datetime) -> Look:
        known = len(self._walk) + len(missing)
        trouble = ""
        if len(missing) * 2 > known >= MANY and len(missing) > 1:
            trouble = (
                f"{len(missing)} of {known} briefs are gone at once from {self.root}: is the "
                "volume mounted, is a sync under way? Nothing is withdrawn; what is really to go, "
                "`briefbot cancel` withdraws"
            )
        gone = set()
        for path in missing:
            since, looks = self._missing.get(path, (now, 0))
            self._missing[path] = (min(since, now), looks + 1)
            # as long as not all is read, it may be one of those that aren't
            if looks >= 1 and now - since >= self._grace and not trouble and not self._unread:
                gone.add(path)
        for path in gone:
            del self._missing[path]
        return Look(
            tuple(self._distinct(entries)), frozenset(gone), frozenset(missing - gone), trouble
        )

    def _read(
        self, paths: Sequence[str], now: datetime | None, ahead: Sequence[str] = ()
    ) -> list[Entry]:
        """Files as they are; what was not read whole is read again at the next look."""
        entries = []
        for path, (entry, stamp) in zip(paths, self._read_many(paths, now, ahead), strict=True):
            self._walk.read(path, stamp)
            if stamp is None and path in self._walk:
                self._troubled.add(path)
            else:
                self._troubled.discard(path)
            self._forget(path)
            brief = entry.brief.id if entry.brief else ""
            if brief:
                self._touched.add(brief)
            self._note_id(path, brief)
            entries.append(entry)
        return entries

    def _one_by_one(
        self,
        paths: Sequence[str],
        now: datetime | None,
        ahead: Sequence[str],  # noqa: ARG002
    ) -> Iterator[tuple[Entry, Stamp | None]]:
        for path in paths:
            yield self._queue.entry(path, now)

    def _note_id(self, path: str, brief: str) -> None:
        """Remember whose a file is, where its path doesn't say that."""
        if path not in _paths_of(brief):
            self._id_of[path] = brief
            self._ids.setdefault(brief, set()).add(path)

    def _forget(self, path: str) -> None:
        """Forget whose a file was."""
        name = self._id_of.pop(path, None)
        self._touched |= {identity_of(path) if name is None else name} - {""}
        if name is not None:
            self._ids[name].discard(path)
            if not self._ids[name]:
                del self._ids[name]

    def _owners(self, brief: str) -> set[str]:
        """Files that have this identity; kept is only what a file's path doesn't say."""
        found = set(self._ids.get(brief, ()))
        unnoted = (path for path in _paths_of(brief) if path in self._walk)
        return found | {path for path in unnoted if path not in self._id_of}

    def _distinct(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Of an id that several files have, none is a brief; each names the others."""
        for entry in entries:
            brief = entry.brief
            others = sorted(self._owners(brief.id) - {entry.path}) if brief else []
            yield refused_twin(entry, others) if others else entry


def _paths_of(brief: str) -> tuple[str, ...]:
    """The paths that say this identity by themselves."""
    paths = (f"{brief}.md", f"{brief}/index.md")
    return tuple(path for path in paths if identity_of(path) == brief)
