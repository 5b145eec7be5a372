"""A week or a month of the calendar as text, in 80 columns."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import zip_longest
from unicodedata import combining, east_asian_width
from zoneinfo import ZoneInfo

COLUMNS = 80
_DAY = timedelta(days=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CELL = 10  # 7 of them and 8 rules are 78 columns
_MOST = 4
"""Entries of a day that a month shows; of more it says how many."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands on a day.

    Attributes:
        text: a title, or what else is to be said; one printable line.
        mark: one character in front of it, such as `!` for overdue and `?` for held.
    """

    at: datetime
    text: str
    mark: str = " "


def week(entries: Iterable[Entry], first: date, zone: ZoneInfo) -> tuple[str, ...]:
    """Seven days from `first` on, each entry in a line of its own.

    Args:
        zone: of the days and times that are shown.
    """
    days = _by_day(entries, zone)
    lines: list[str] = []
    for day in (first + number * _DAY for number in range(7)):
        lines.append(f"{WEEKDAYS[day.weekday()]} {day} ".ljust(COLUMNS, "-"))
        lines += [cut(f"  {_said(entry, zone)}", COLUMNS) for entry in days.get(day, ())]
    return tuple(lines)


def month(entries: Iterable[Entry], first: date, zone: ZoneInfo) -> tuple[str, ...]:
    """The weeks, Monday to Sunday, of the month in which `first` lies."""
    days = _by_day(entries, zone)
    start = first.replace(day=1)
    rule = "+".join(["", *("-" * _CELL for _ in WEEKDAYS), ""])
    lines = [f"{start:%Y-%m}", rule, _row(WEEKDAYS), rule]
    monday = start - start.weekday() * _DAY
    while monday < start or (monday.year, monday.month) == (start.year, start.month):
        cells = [
            _cell(day, days.get(day, ()), zone) if day.month == start.month else []
            for day in (monday + number * _DAY for number in range(7))
        ]
        lines += [_row(line) for line in zip_longest(*cells, fillvalue="")]
        lines.append(rule)
        monday += 7 * _DAY
    return tuple(lines)


def cut(text: str, columns: int) -> str:
    """As much of a text as so many columns of a terminal hold; `…` where something is left out."""
    if sum(map(_width, text)) <= columns:
        return text
    kept, room = "", columns - 1
    for character in text:
        room -= _width(character)
        if room < 0:
            break
        kept += character
    return f"{kept}…"


def _by_day(entries: Iterable[Entry], zone: ZoneInfo) -> Mapping[date, Sequence[Entry]]:
    days = defaultdict(list)
    for entry in sorted(entries, key=lambda entry: entry.at):
        days[entry.at.astimezone(zone).date()].append(entry)
    return days


def _said(entry: Entry, zone: ZoneInfo) -> str:
    return f"{entry.at.astimezone(zone):%H:%M}{entry.mark}{entry.text}"


def _cell(day: date, entries: Sequence[Entry], zone: ZoneInfo) -> list[str]:
    shown = entries if len(entries) <= _MOST else entries[: _MOST - 1]
    more = [f"{len(entries) - len(shown)} more"] if len(shown) < len(entries) else []
    return [f"{day.day:2}", *(_said(entry, zone) for entry in shown), *more]


def _row(cells: Sequence[str]) -> str:
    filled = (cut(cell, _CELL) for cell in cells)
    return "|".join(["", *(text + " " * (_CELL - sum(map(_width, text))) for text in filled), ""])


def _width(character: str) -> int:
    """Columns of a terminal that a character takes."""
    if combining(character):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1
