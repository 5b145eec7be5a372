"""What a check found in a brief, and where."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is: a brief with an error is never sent, one with warnings is."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about one place in a brief, with its remedy.

    Attributes:
        path: the file, as given by who asked (relative to the queue for the service).
        line: line in the file, from 1; 1 when the whole file is meant.
        level: `Level.ERROR` stops the brief, `Level.WARNING` does not.
        code: stable name of the check, dotted, e.g. `title.bytes`.
        message: what is wrong and what to do about it.
    """

    path: str
    line: int
    level: Level
    code: str
    message: str

    def __str__(self) -> str:
        """`file:line: level code message`, the form that editors and CI understand."""
        return f"{self.path}:{self.line}: {self.level} {self.code} {self.message}"
