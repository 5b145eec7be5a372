"""What a check found in a brief, and where."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is: a brief with an error is never sent, one with the others is."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Fix:
    """One replacement that changes nothing of what a brief means.

    Attributes:
        line: of the file, from 1.
        column: in characters, from 0.
        old: what stands there.
        new: what is to stand there.
    """

    line: int
    column: int
    old: str
    new: str


WITHOUT_MARK = Fix(1, 0, "\ufeff", "")
"""Takes away the byte order mark in front of a text."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about one place in a brief, with its remedy.

    Attributes:
        path: the file, as given by who asked (relative to the queue for the service).
        line: line in the file, from 1; 1 when the whole file is meant.
        level: `Level.ERROR` stops the brief, `Level.WARNING` does not.
        code: stable name of the check, dotted, e.g. `title.bytes` (bot.briefs.catalogue).
        message: what is wrong and what to do about it.
        fixes: what `check --fix` does about it, when that is safe.
    """

    path: str
    line: int
    level: Level
    code: str
    message: str
    fixes: tuple[Fix, ...] = ()

    def told(self) -> dict[str, str | int]:
        """As `check --json` tells it."""
        return {
            "path": self.path,
            "line": self.line,
            "level": self.level.value,
            "code": self.code,
            "message": self.message,
        }

    def __str__(self) -> str:
        """`file:line: level code message`, the form that editors and CI understand."""
        return f"{self.path}:{self.line}: {self.level} {self.code} {self.message}"


def fixed(text: str, fixes: Iterable[Fix]) -> str:
    """The text with these replacements made; one that doesn't fit any more is left out.

    Columns are those of the text without a byte order mark, which is a replacement of its own.
    """
    wanted = set(fixes)
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix(mark)
    if WITHOUT_MARK in wanted:
        wanted.remove(WITHOUT_MARK)
        mark = ""
    lines = text.split("\n")
    for fix in sorted(wanted, key=lambda fix: (fix.line, fix.column), reverse=True):
        line = lines[fix.line - 1]
        if line.startswith(fix.old, fix.column):
            lines[fix.line - 1] = line[: fix.column] + fix.new + line[fix.column + len(fix.old) :]
    return mark + "\n".join(lines)
