"""What the front matter gives, by our keys: aliases, other tools' names, and their tables."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.briefs import keys, names


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a key.

    Attributes:
        written: the key as it is written.
        line: of the file.
        own: whether it is one of our names; what another tool's name says gives way to those, and
            says nothing where it can't be read.
    """

    written: str
    line: int
    value: Any
    own: bool = True

    @property
    def name(self) -> str:
        """The key as names are compared."""
        return names.folded(self.written)


Given = dict[str, list[Value]]
"""The values of each key: our names first, then other tools', each in the file's order."""

_BLANK = frozenset({"title", "description"})
"""Keys whose value may be a blank text; for the others that is no value."""


@dataclass(frozen=True, slots=True)
class Stranger:
    """A key that is none of ours; `meant` is the one that was likely meant, or empty."""

    written: str
    line: int
    meant: str


def read(
    values: Mapping[str, Any], lines: Mapping[str, int]
) -> tuple[Given, dict[str, int], list[Stranger]]:
    """The values by our keys, the line of each key, and the keys that are none of ours."""
    own: Given = {}
    borrowed: Given = {}
    strangers: list[Stranger] = []
    first: dict[str, int] = {}
    for written, value in values.items():
        line, word = lines.get(written, 1), names.folded(written)
        if (table := names.TABLES.get(word)) and isinstance(value, Mapping):
            for each in _inside(value, line, table, own=word == "taxonomies"):
                first.setdefault(names.CANONICAL[each.name], line)
                _put(own if each.own else borrowed, names.CANONICAL[each.name], each)
        elif key := names.CANONICAL.get(word):
            first.setdefault(key, line)
            _put(own, key, Value(written, line, value))
        elif key := names.BORROWED.get(word):
            _put(borrowed, key, Value(written, line, value, own=False))
        elif not names.is_foreign(written):
            strangers.append(Stranger(written, line, names.meant(written)))
    for key, found in borrowed.items():
        first.setdefault(key, found[0].line)
        own.setdefault(key, []).extend(found)
    return own, first, strangers


def _inside(
    table: Mapping[str, Any], line: int, known: frozenset[str], *, own: bool
) -> Iterator[Value]:
    for written, value in table.items():
        if names.CANONICAL.get(names.folded(written)) in known:
            yield Value(written, line, value, own)


def _put(given: Given, key: str, value: Value) -> None:
    """Put a value where it is read, unless it says nothing."""
    if value.value is None:
        return
    key, said = names.as_ours(value.written, key, value.value)
    if said is None or (isinstance(said, str) and not said.strip() and key not in _BLANK):
        return
    given.setdefault(key, []).append(Value(value.written, value.line, said, value.own))


def merged_tags(given: Given) -> list[Value]:
    """All that says `tags`, in the order in which it is put together."""
    order = {names.folded(name): number for number, name in enumerate(keys.MERGED)}
    found = given.get("tags", [])
    found = [value for value in found if value.own] or found
    return sorted(found, key=lambda value: order.get(value.name, len(order)))
