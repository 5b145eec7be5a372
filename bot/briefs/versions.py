"""Two versions of one text: their lines side by side, one made of both, and line ends kept."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

MARK = "\ufeff"
_ROW = re.compile(r"([^\r\n]*)(\r\n|\n|\r|$)")
_MOST = 4_000_000  # pairs of lines that are compared; more are told as one change
AROUND = 3
"""Lines that are shown before and after a change."""


class Take(StrEnum):
    """Which version of a change stays."""

    MINE = "mine"
    THEIRS = "theirs"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Part:
    """Lines that both versions have, or that differ.

    Attributes:
        number: of the change, from 1; 0 where both are the same.
        theirs_line: the first line in their version, from 1; `mine_line` in mine.
    """

    number: int
    theirs: tuple[str, ...]
    mine: tuple[str, ...]
    theirs_line: int
    mine_line: int


def as_shown(text: str) -> str:
    """A text as a browser's text field has it: no byte order mark, lines end with a line feed."""
    return re.sub(r"\r\n?", "\n", text.removeprefix(MARK))


def is_plain(text: str) -> bool:
    """Whether a text field shows all that stands in it."""
    return text == as_shown(text)


def with_endings(before: str, shown: str) -> str:
    """A text from a text field, with the line ends and the mark that the file had before.

    A line that is new gets the ends that most lines have.
    """
    shown = as_shown(shown)
    rows = [(match[1], match[2]) for match in _ROW.finditer(before.removeprefix(MARK))][:-1]
    if rows and rows[-1][1]:
        rows.append(("", ""))
    mark = MARK if before.startswith(MARK) else ""
    kinds = [ending for _, ending in rows if ending]
    if not kinds:
        return mark + shown
    usual = max(("\n", "\r\n", "\r"), key=kinds.count)
    if len(set(kinds)) == 1:
        return mark + shown.replace("\n", usual)
    fresh = shown.split("\n")
    endings = [usual] * len(fresh)
    for tag, a, b, c, _ in _changes([text for text, _ in rows], fresh):
        if tag:
            endings[c : c + b - a] = [ending or usual for _, ending in rows[a:b]]
    endings[-1] = ""
    return mark + "".join(text + ending for text, ending in zip(fresh, endings, strict=True))


def parts(theirs: str, mine: str) -> tuple[Part, ...]:
    """The lines of two texts side by side."""
    one, other = as_shown(theirs).split("\n"), as_shown(mine).split("\n")
    number = 0
    found = []
    for same, a, b, c, d in _changes(one, other):
        number += not same
        found.append(Part(0 if same else number, tuple(one[a:b]), tuple(other[c:d]), a + 1, c + 1))
    return tuple(found)


def merged(theirs: str, mine: str, taken: Mapping[int, Take], others: Take = Take.MINE) -> str:
    """One text of two, by what is taken of each change; `others` of those that aren't named."""
    lines: list[str] = []
    for part in parts(theirs, mine):
        take = taken.get(part.number, others)
        if part.number == 0 or take is not Take.MINE:
            lines += part.theirs
        if part.number and take is not Take.THEIRS:
            lines += part.mine
    return "\n".join(lines)


def _changes(one: list[str], other: list[str]) -> Iterator[tuple[bool, int, int, int, int]]:
    """(the same, from, to, from, to) for all lines of both; equal ends cost nothing."""
    start = 0
    least = min(len(one), len(other))
    while start < least and one[start] == other[start]:
        start += 1
    end = 0
    while end < least - start and one[-1 - end] == other[-1 - end]:
        end += 1
    if start:
        yield True, 0, start, 0, start
    a, b = one[start : len(one) - end], other[start : len(other) - end]
    if len(a) * len(b) > _MOST or not a or not b:
        if a or b:
            yield False, start, start + len(a), start, start + len(b)
    else:
        for tag, i, j, k, m in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
            yield tag == "equal", start + i, start + j, start + k, start + m
    if end:
        yield True, len(one) - end, len(one), len(other) - end, len(other)
