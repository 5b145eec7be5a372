"""The folder that is the queue: which files in it are briefs, and what they say now."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath

from bot.briefs.brief import Brief
from bot.briefs.catalogue import found
from bot.briefs.finding import Finding
from bot.briefs.opening import NotRegular, Outside, identity, opened, real_path
from bot.briefs.parse import Parsed, parse
from bot.briefs.trouble import internal
from bot.briefs.walk import Stamp, Walk
from bot.errors import BotError

MAX_BYTES = 1024 * 1024  # a chain takes 64 KiB; more than this is a mistake, and isn't read
SETTLE = 0.8
"""Seconds that a file must have been left alone before it is believed to be whole."""


class BriefError(BotError):
    """The queue's folder can't be read."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the queue.

    Attributes:
        path: relative to the queue, with `/`.
        file: where it is.
        fingerprint: sha256 of the content; empty when it was not read.
        brief: None when a finding of level error stands in the way.
    """

    path: str
    file: Path
    fingerprint: str
    brief: Brief | None
    findings: tuple[Finding, ...]

    @property
    def folder(self) -> Path:
        """What `path` is relative to: the queue, or the folder of a brief outside of it."""
        return self.file.parents[self.path.count("/")]


class Queue:
    """A folder of briefs.

    Args:
        root: the folder.
        timezone: zone of dates in briefs that name none.
    """

    def __init__(self, root: Path, *, timezone: str = "UTC") -> None:
        self.root = root
        self._timezone = timezone

    def look(self) -> tuple[Entry, ...]:
        """Every brief as it is this moment, in the order of their paths.

        Raises:
            BriefError: the folder isn't there or can't be read.
        """
        return self.read(self.paths())

    def paths(self) -> list[str]:
        """Paths of all briefs, and of folders that can't be looked into; raises as `look`."""
        walk = Walk(self.root)
        walked(walk, self.root)
        return sorted((*walk, *(folder.rstrip("/") for folder in walk.unseen)))

    def read(
        self,
        paths: Iterable[str],
        each: Callable[[Callable[[str], Entry], list[str]], Iterable[Entry]] = map,
    ) -> tuple[Entry, ...]:
        """Some briefs as they are this moment; of an id that several of them have none is one.

        Args:
            each: does something for each of many, in their order.
        """
        return tuple(distinct(list(each(self._entry, list(paths)))))

    def _entry(self, path: str) -> Entry:
        return self.entry(path, None)[0]

    def stamp(self, path: str) -> Stamp | None:
        """What differs once a file has changed; None where there is none that can be looked at."""
        try:
            return identity(os.stat(f"{self.root}/{path}"))  # noqa: PTH116  # of each file, by `plan`
        except (OSError, ValueError):
            return None

    def entry(self, path: str, now: datetime | None) -> tuple[Entry, Stamp | None]:
        """One file, and its stamp when it was read whole.

        Args:
            now: a file changed less than `SETTLE` before has a finding instead: an editor may
                still be writing it.
        """
        file = self.root / path
        try:
            path.encode()
        except UnicodeEncodeError:
            name = path.encode(errors="surrogateescape").decode(errors="replace")
            told = "the file's name is not UTF-8; rename it"
            return _refused(file, name, "file.name", told), None
        try:
            return self._read(path, file, now)
        except Outside:
            message = "is a link that leaves the queue; copy the file"
            return _refused(file, path, "file.outside", message), None
        except NotRegular:
            message = "is not a regular file; remove or rename it"
            return _refused(file, path, "file.kind", message), None
        except OSError as error:
            told = f"can't be read: {error.strerror}"
            return _refused(file, path, "file.unreadable", told), None

    def _read(self, path: str, file: Path, now: datetime | None) -> tuple[Entry, Stamp | None]:
        with opened(self.root, path) as content:
            before = os.fstat(content.fileno())
            if before.st_size > MAX_BYTES:
                size = f"has {before.st_size} bytes; a brief has at most {MAX_BYTES}"
                return _refused(file, path, "file.size", f"{size}, a chain takes 64 KiB"), None
            data = content.read(MAX_BYTES + 1)
            after = os.fstat(content.fileno())
        unsettled = now is not None and abs(now.timestamp() - after.st_mtime) < SETTLE
        if unsettled or identity(before) != identity(after) or len(data) != after.st_size:
            told = "is still being written; it is read when it is left alone"
            return _refused(file, path, "file.changing", told), None
        fingerprint = sha256(data).hexdigest()
        try:
            parsed = parse(data, path=path, timezone=self._timezone)
        except Exception as error:  # noqa: BLE001  # whatever it is, the other briefs are read
            parsed = Parsed(None, (internal(path, error),))
        entry = Entry(path, file, fingerprint, parsed.brief, parsed.findings)
        return entry, identity(after)


def walked(walk: Walk, root: Path) -> tuple[list[str], list[str]]:
    """What is new or changed, and what is gone, since this walk's last look.

    Raises:
        BriefError: the folder isn't there or can't be read.
    """
    try:
        return walk.look()
    except OSError as error:
        raise BriefError(f"can't read the queue {root}: {error.strerror}") from None


def read(file: Path, *, root: Path, timezone: str = "UTC") -> Entry:
    """One brief by its path; inside the queue `root` its identity is the same as in a scan."""
    absolute = real_path(file)
    queue = real_path(root)
    inside = absolute.is_relative_to(queue)
    home = queue if inside else absolute.parent
    path = str(PurePosixPath(absolute.relative_to(home)))
    return Queue(home, timezone=timezone).entry(path, None)[0]


def _refused(file: Path, path: str, code: str, message: str) -> Entry:
    return Entry(path, file, "", None, (found(path, 1, code, message),))


def distinct(entries: list[Entry]) -> Iterator[Entry]:
    """Of an id that several files have, none is a brief; each names the others."""
    owners: dict[str, list[str]] = {}
    for entry in entries:
        if entry.brief:
            owners.setdefault(entry.brief.id, []).append(entry.path)
    for entry in entries:
        paths = owners[entry.brief.id] if entry.brief else []
        yield (
            refused_twin(entry, [p for p in paths if p != entry.path]) if len(paths) > 1 else entry
        )


def refused_twin(entry: Entry, others: Iterable[str]) -> Entry:
    """A file whose id other files have too: which of them is meant, only its author can say."""
    brief = entry.brief
    assert brief is not None, "only a brief has an id"
    message = f"{', '.join(others)} has the same id {brief.id!r}; give one of them another `id`"
    finding = found(entry.path, brief.line("id"), "id.twice", message)
    return replace(entry, brief=None, findings=(*entry.findings, finding))
