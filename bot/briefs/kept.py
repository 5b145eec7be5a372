"""What a check found in a queue, kept so that what hasn't changed isn't judged again.

As long as nothing at all has changed, all of it holds; else what was found in a file that depends
on nothing else holds as long as its content is the same. A file of ours that is lost, damaged, or
another queue's costs time, and nothing else. It is JSON: nothing in it is ever run.
"""

import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from bot.briefs.finding import Finding, Level
from bot.briefs.opening import identity, opened, replace
from bot.briefs.walk import TICK, stamp_text

LARGEST = 64 * 1024 * 1024
"""Bytes of it that are read, or written."""
FOLDER = ".briefbot"
"""The folder of a workspace in which it lies; nothing in it is anything of a queue's."""
_NAME = "check.json"
_FORM = 1

Findings = tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """What a check found in a file.

    Attributes:
        fingerprint: sha256 of the content; empty when it was not read.
        told: all that was told of it.
        made: what was found when it was composed, where that depends on nothing but the file and
            the configuration; else None.
    """

    path: str
    fingerprint: str
    told: Findings
    made: Findings | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What the last check of a queue found.

    Attributes:
        settings: digest of the configuration, and of the program, by which it was judged.
        standing: as `standing` had it; empty where that couldn't be said.
        at: when that was.
        until: when time alone changes what is found; None: never.
        files: by path.
    """

    settings: str
    standing: str = ""
    at: datetime | None = None
    until: datetime | None = None
    files: Mapping[str, Judged] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path, settings: str) -> Self:
        """What is kept in a folder; nothing where it is by other settings, or damaged."""
        try:
            with opened(folder, _NAME) as file:
                told = json.loads(file.read(LARGEST))
            same = [told["form"], told["settings"], told["place"]] == [
                _FORM,
                settings,
                _place(folder),
            ]
            if not same:
                return cls(settings)
            return cls(
                settings,
                str(told["standing"]),
                datetime.fromisoformat(told["at"]),
                datetime.fromisoformat(told["until"]) if told["until"] else None,
                {row[0]: _judged(*row) for row in told["files"]},
            )
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            return cls(settings)

    def write(self, folder: Path) -> None:
        """Keep it; where nothing may be written, nothing is kept."""
        assert self.at is not None, "what was found was found at some time"
        with suppress(OSError):
            folder.mkdir(exist_ok=True)
        told = {
            "form": _FORM,
            "settings": self.settings,
            "place": _place(folder),
            "standing": self.standing,
            "at": self.at.isoformat(),
            "until": self.until.isoformat() if self.until else None,
            "files": [_row(one) for one in self.files.values()],
        }
        data = json.dumps(told, separators=(",", ":")).encode()
        if len(data) < LARGEST:
            with suppress(OSError):
                replace(folder / _NAME, data, like=None)

    def holds(self, standing: str, now: datetime) -> bool:
        """Whether all of it is what would be found now."""
        if not standing or standing != self.standing or self.at is None:
            return False
        return self.at <= now and (self.until is None or now < self.until)

    def made(self, path: str, fingerprint: str) -> Findings | None:
        """What was found when a file of this content was composed; None where that isn't known."""
        one = self.files.get(path)
        return (
            one.made if one is not None and fingerprint and one.fingerprint == fingerprint else None
        )


def standing(folders: Iterable[Path], files: Iterable[Path], now: datetime) -> str:
    """What differs once anything in these folders, or one of these files, has changed.

    Empty where that can't be said: something has just changed, so that it may change again in the
    same tick of the clock; or is a link, or can't be looked at.
    """
    told = sha256()
    latest = int(now.timestamp() * 1e9) - TICK
    try:
        for folder in folders:
            for path, look in _listed(str(folder)):
                if stat.S_ISLNK(look.st_mode) or max(look.st_mtime_ns, look.st_ctime_ns) > latest:
                    return ""
                told.update(
                    f"{path}\0{stamp_text(identity(look))}\0".encode(errors="surrogateescape")
                )
        for file in files:
            try:
                look = file.stat()
            except FileNotFoundError:
                told.update(f"{file}\0\0".encode(errors="surrogateescape"))
                continue
            told.update(f"{file}\0{stamp_text(identity(look))}\0".encode(errors="surrogateescape"))
    except OSError:
        return ""
    return told.hexdigest()


def _listed(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    """All files and links in a folder, and below; nothing where there is none."""
    ahead = [folder]
    while ahead:
        try:
            with os.scandir(ahead.pop()) as there:
                found = sorted(there, key=lambda each: each.name)
        except FileNotFoundError:
            if ahead:
                raise
            return
        for each in found:
            if each.is_dir(follow_symlinks=False):
                ahead += [each.path] if each.name != FOLDER else []
            else:
                yield each.path, each.stat(follow_symlinks=False)


def _place(folder: Path) -> str:
    """Which folder it is: what came with a copy, or a checkout, is somebody else's."""
    look = folder.stat()
    return f"{look.st_dev} {look.st_ino}"


def _row(one: Judged) -> Sequence[Any]:
    made = None if one.made is None else [_finding(each) for each in one.made]
    return one.path, one.fingerprint, [_finding(each) for each in one.told], made


def _finding(one: Finding) -> Sequence[Any]:
    return one.path, one.line, one.level.value, one.code, one.message


def _judged(path: str, fingerprint: str, told: list[Any], made: list[Any] | None) -> Judged:
    if not (isinstance(path, str) and isinstance(fingerprint, str)):
        raise TypeError(path)
    return Judged(path, fingerprint, _findings(told), None if made is None else _findings(made))


def _findings(told: list[Any]) -> Findings:
    return tuple(_read(*one) for one in told)


def _read(path: Any, line: Any, level: Any, code: Any, message: Any) -> Finding:
    if not (isinstance(line, int) and all(isinstance(one, str) for one in (path, code, message))):
        raise TypeError(path)
    return Finding(path, line, Level(level), code, message)
