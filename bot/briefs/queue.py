"""The folder that is the queue: which files in it are briefs, and what they say now."""

import os
from collections.abc import Iterator
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
from bot.errors import BotError

SUFFIXES = {".md", ".markdown"}
MAX_BYTES = 1024 * 1024  # a chain takes 64 KiB; more than this is a mistake, and isn't read
SETTLE = 1.0
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


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a file looked like when it was read, to know that it has not changed since."""

    identity: tuple[int, int, int, int]
    entry: Entry


class Queue:
    """A folder of briefs. A file that has not changed since the last look is not read again.

    Args:
        root: the folder.
        timezone: zone of dates in briefs that name none.
    """

    def __init__(self, root: Path, *, timezone: str = "UTC") -> None:
        self._root = root
        self._timezone = timezone
        self._seen: dict[str, _Seen] = {}

    def look(self) -> tuple[Entry, ...]:
        """Every brief as it is this moment, in the order of their paths."""
        return self._entries(None)

    def scan(self, now: datetime) -> tuple[Entry, ...]:
        """As `look`, but a file changed less than a second before `now` has a finding instead.

        An editor may still be writing it; the next scan takes it.

        Raises:
            BriefError: the folder isn't there or can't be read.
        """
        return self._entries(now.timestamp())

    def _entries(self, now: float | None) -> tuple[Entry, ...]:
        entries = [self._entry(path, now) for path in sorted(self._files())]
        self._seen = {e.path: self._seen[e.path] for e in entries if e.path in self._seen}
        return tuple(_distinct(entries))

    def _files(self) -> Iterator[str]:
        """Paths of what looks like a brief, and of folders that can't be looked into.

        Links to folders aren't followed.
        """
        folders = [""]
        while folders:
            folder = folders.pop()
            try:
                with os.scandir(self._root / folder) as found:
                    children = list(found)
            except OSError as error:
                if folder:  # its briefs' trouble, and nobody else's
                    yield folder.rstrip("/")
                    continue
                message = f"can't read the queue {self._root}: {error.strerror}"
                raise BriefError(message) from None
            for child in children:
                if child.name.startswith((".", "#", "~")) or child.name.endswith("~"):
                    continue
                path = f"{folder}{child.name}"
                if PurePosixPath(child.name).suffix.lower() in SUFFIXES:
                    if child.name.lower() != "readme.md":
                        yield path
                elif child.is_dir(follow_symlinks=False):
                    folders.append(f"{path}/")

    def _entry(self, path: str, now: float | None) -> Entry:
        file = self._root / path
        try:
            path.encode()
        except UnicodeEncodeError:
            name = path.encode(errors="surrogateescape").decode(errors="replace")
            return _refused(file, name, "file.name", "the file's name is not UTF-8; rename it")
        try:
            seen = self._seen.get(path)
            look = file.stat() if seen else None
            if look and seen and identity(look) == seen.identity:
                return seen.entry
            return self._read(path, file, now)
        except Outside:
            message = "is a link that leaves the queue; copy the file"
            return _refused(file, path, "file.outside", message)
        except NotRegular:
            message = "is not a regular file; remove or rename it"
            return _refused(file, path, "file.kind", message)
        except OSError as error:
            return _refused(file, path, "file.unreadable", f"can't be read: {error.strerror}")

    def _read(self, path: str, file: Path, now: float | None) -> Entry:
        with opened(self._root, path) as content:
            before = os.fstat(content.fileno())
            if before.st_size > MAX_BYTES:
                size = f"has {before.st_size} bytes; a brief has at most {MAX_BYTES}"
                return _refused(file, path, "file.size", f"{size}, a chain takes 64 KiB")
            data = content.read(MAX_BYTES + 1)
            after = os.fstat(content.fileno())
        unsettled = now is not None and abs(now - after.st_mtime) < SETTLE
        if unsettled or identity(before) != identity(after) or len(data) != after.st_size:
            return _refused(
                file,
                path,
                "file.changing",
                "is still being written; it is read when it is left alone",
            )
        fingerprint = sha256(data).hexdigest()
        try:
            parsed = parse(data, path=path, timezone=self._timezone)
        except Exception as error:  # noqa: BLE001  # whatever it is, the other briefs are read
            parsed = Parsed(None, (internal(path, error),))
        entry = Entry(path, file, fingerprint, parsed.brief, parsed.findings)
        self._seen[path] = _Seen(identity(after), entry)
        return entry


def read(file: Path, *, root: Path, timezone: str = "UTC") -> Entry:
    """One brief by its path; inside the queue `root` its identity is the same as in a scan."""
    absolute = real_path(file)
    queue = real_path(root)
    inside = absolute.is_relative_to(queue)
    home = queue if inside else absolute.parent
    return Queue(home, timezone=timezone)._entry(  # noqa: SLF001  # the same reading, one file
        str(PurePosixPath(absolute.relative_to(home))), None
    )


def _refused(file: Path, path: str, code: str, message: str) -> Entry:
    return Entry(path, file, "", None, (found(path, 1, code, message),))


def _distinct(entries: list[Entry]) -> Iterator[Entry]:
    """Of briefs with the same id only the first by path is a brief."""
    owners: dict[str, str] = {}
    for entry in entries:
        brief = entry.brief
        owner = owners.setdefault(brief.id, entry.path) if brief else entry.path
        if brief is None or owner == entry.path:
            yield entry
            continue
        message = f"{owner} has the same id {brief.id!r}; give this brief another `id`"
        finding = found(entry.path, brief.line("id"), "id.twice", message)
        yield replace(entry, brief=None, findings=(*entry.findings, finding))
