"""What lies in the queue's folder, kept up to date at a cost that follows the change.

A folder's time tells of files that were made, renamed or removed in it, and it is looked at each
time. A file written in place tells by itself only: those that changed lately are looked at each
time too, all others by and by, a portion at each look.
"""

import os
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import time_ns

from bot.briefs.opening import identity

SUFFIXES = (".md", ".markdown")
# `_index.md` is the page of a section in Hugo and Zola: a list of posts, and none itself
_NO_BRIEF = re.compile(r"readme\.md|_index(?:\.[\w-]+)?\.(?:md|markdown)", re.IGNORECASE)
PORTION = 250
"""Files that are looked at anyway, at each look."""
ROUND = 120
"""So many looks are at all files of a larger queue; some minutes."""
LATELY = 200
"""The files that were last changed, which are likely to change again."""
TICK = 2_000_000_000
"""Nanoseconds within which a folder's time may stay what it is though something changed."""

Stamp = tuple[int, int, int, int]
"""Of a file: what differs once it has changed (inode, size, times)."""
Listed = tuple[int, int]
"""Of a folder: what differs once something was made, renamed or removed in it."""


def stamp_text(stamp: Stamp | None) -> str:
    """A stamp as it is kept; empty for none."""
    return "" if stamp is None else " ".join(map(str, stamp))


@dataclass(slots=True)
class _Folder:
    """What was found in one folder; `listed` is None when it must be listed again."""

    listed: Listed | None = None
    files: dict[str, Stamp | None] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)


class Walk:
    """Files that look like briefs, below a folder; links to folders aren't followed.

    A file's stamp is what it was when its content was read, None as long as it wasn't.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._folders: dict[str, _Folder] = {"": _Folder()}
        self._round: Iterator[str] = iter(())
        self._lately: dict[str, None] = {}
        self._hinted: dict[str, None] = {}
        self._count = 0
        self.unseen: tuple[str, ...] = ()
        """Folders that can't be looked into just now, each with its `/`."""

    def __len__(self) -> int:
        return self._count

    def __contains__(self, path: str) -> bool:
        folder, _, name = path.rpartition("/")
        return folder in self._folders and name in self._folders[folder].files

    def __iter__(self) -> Iterator[str]:
        for path, folder in list(self._folders.items()):
            for name in list(folder.files):
                yield f"{path}/{name}" if path else name

    def stamp(self, path: str) -> Stamp | None:
        """What a file was when it was read."""
        folder, _, name = path.rpartition("/")
        return self._folders[folder].files.get(name) if folder in self._folders else None

    def read(self, path: str, stamp: Stamp | None) -> None:
        """Note what a file was when it was read; None to have it read again."""
        folder, _, name = path.rpartition("/")
        if path in self:
            self._folders[folder].files[name] = stamp

    def hint(self, paths: Iterable[str]) -> None:
        """Look at these files and folders anyway, the next time."""
        for path in paths:
            if path in self._folders:
                self._folders[path].listed = None
            elif path in self:
                self._hinted[path] = None
            elif (folder := path.rpartition("/")[0]) in self._folders:
                self._folders[folder].listed = None

    def look(self) -> tuple[list[str], list[str]]:
        """Paths that are new or changed, and paths that are gone, since the last look.

        Raises:
            OSError: the folder itself can't be read.
        """
        changed: dict[str, None] = {}
        gone: list[str] = []
        unseen: list[str] = []
        ahead = deque(self._folders)  # what holds others first: they may have gone with it
        while ahead:
            path = ahead.popleft()
            if path in self._folders:
                ahead += self._list(path, changed, gone, unseen)
        self.unseen = tuple(f"{path}/" for path in unseen if path)
        hinted, self._hinted = self._hinted, {}
        for path in [*hinted, *self._lately, *self._some()]:
            if path in self and self._is_changed(path):
                changed[path] = None
        for path in changed:
            self._lately.pop(path, None)
            self._lately[path] = None
        for path in list(self._lately)[:-LATELY]:
            del self._lately[path]
        return list(changed), gone

    def _some(self) -> Iterator[str]:
        """The next portion of all files."""
        for _ in range(max(PORTION, self._count // ROUND)):
            path = next(self._round, None)
            if path is None:
                self._round = iter(list(self))
                return
            yield path

    def _is_changed(self, path: str) -> bool:
        try:
            return identity(os.stat(f"{self._root}/{path}")) != self.stamp(path)  # noqa: PTH116
        except (OSError, ValueError):
            return self.stamp(path) is not None

    def _list(
        self, path: str, changed: dict[str, None], gone: list[str], unseen: list[str]
    ) -> list[str]:
        """List a folder if its time says that something has changed; returns new ones below it."""
        known = self._folders[path]
        place = f"{self._root}/{path}"
        try:
            look = os.stat(place)  # noqa: PTH116  # this is done for each folder at each look
            now: Listed = (look.st_ino, look.st_mtime_ns)
            if known.listed == now:
                return []
            with os.scandir(place) as found:
                children = list(found)
        except OSError:
            if not path:
                raise
            known.listed = None
            unseen.append(path)
            return []
        known.listed = now if time_ns() - look.st_mtime_ns > TICK else None
        files, folders = _sorted(children)
        below = f"{path}/" if path else ""
        for name in known.files.keys() - files.keys():
            del known.files[name]
            self._count -= 1
            gone.append(f"{below}{name}")
        for name, inode in files.items():
            stamp = known.files.get(name)
            if name not in known.files:
                self._count += 1
                known.files[name] = None
            replaced = stamp is None or stamp[0] != (inode or stamp[0])
            if replaced or (len(files) <= PORTION and self._is_changed(f"{below}{name}")):
                changed[f"{below}{name}"] = None
        for name in known.folders - folders:
            self._drop(f"{below}{name}", gone)
        fresh = [f"{below}{name}" for name in sorted(folders - known.folders)]
        known.folders = folders
        self._folders |= {folder: _Folder() for folder in fresh}
        return fresh

    def _drop(self, path: str, gone: list[str]) -> None:
        """Forget a folder that isn't there any more, with all below it."""
        ahead = [path]
        while ahead:
            folder = ahead.pop()
            dropped = self._folders.pop(folder)
            gone += [f"{folder}/{name}" for name in dropped.files]
            self._count -= len(dropped.files)
            ahead += [f"{folder}/{name}" for name in dropped.folders]


def _sorted(children: list[os.DirEntry[str]]) -> tuple[dict[str, int], set[str]]:
    """Of what lies in a folder: the briefs, with their inodes if they are no links; folders."""
    files: dict[str, int] = {}
    folders: set[str] = set()
    for child in children:
        if child.name.startswith((".", "#", "~")) or child.name.endswith("~"):
            continue
        if child.name.lower().endswith(SUFFIXES):
            if not _NO_BRIEF.fullmatch(child.name):
                files[child.name] = 0 if child.is_symlink() else child.inode()
        elif child.is_dir(follow_symlinks=False):
            folders.add(child.name)
    return files, folders
