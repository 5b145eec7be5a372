"""On which line of a TOML file a setting stands, which the standard library doesn't tell."""

import tomllib
from collections.abc import Iterator
from typing import Any

_LONGEST = 500
"""Lines of one statement; of a longer one it isn't told where it stands."""


def line_of(text: str, setting: str) -> int | None:
    """The line of `setting` (such as `chains.mynet.nodes`), or of the nearest table around it.

    Args:
        text: valid TOML.
    """
    best, found = 0, None
    for name, line in _lines(text):
        whole = name == setting or setting.startswith(f"{name}.")
        if whole and len(name) > best:
            best, found = len(name), line
    return found


def _lines(text: str) -> Iterator[tuple[str, int]]:
    """Each table and key of the text by its dotted name, with the line on which it begins.

    A statement ends at the first line end at which it is valid TOML by itself.
    """
    table = ""
    begun: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        begun.append(line)
        try:
            said = tomllib.loads("\n".join(begun))
        except (ValueError, RecursionError):
            if len(begun) > _LONGEST:
                return
            continue
        start = number + 1 - len(begun)
        if begun[0].lstrip().startswith("["):
            table = "".join(f"{name}." for name in _path(said))
            yield table.removesuffix("."), start
        else:
            yield from ((f"{table}{name}", start) for name in _names(said))
        begun = []


def _path(header: Any) -> Iterator[str]:
    """The names in a table's header: `[a.b]` is read as `{"a": {"b": {}}}`."""
    while header:
        if isinstance(header, list):
            header = header[0]
        else:
            [(name, header)] = header.items()
            yield name


def _names(table: dict[str, Any]) -> Iterator[str]:
    for name, value in table.items():
        yield name
        if isinstance(value, dict):
            yield from (f"{name}.{below}" for below in _names(value))
