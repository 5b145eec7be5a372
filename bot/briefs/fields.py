"""The keys of a front matter as a form shows them, and one of them written anew in the text.

The text is the truth: a form only ever changes the rows of one key, and every other character stays
as it is. What can't be changed safely is left to who edits the text.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from bot.briefs import given, keys, names
from bot.briefs.front_matter import FrontMatterError, Parts, begins, node_of, split
from bot.briefs.given import Value
from bot.briefs.queue import BriefError
from bot.briefs.write import quoted

LISTS = frozenset({"tags", "beneficiaries", "ignore"})
"""Keys that a form shows as words with commas between them."""
SWITCHES = frozenset({"draft", "approve"})
"""Keys that are true or false."""
SHOWN = (
    "title", "tags", "author", "date", "draft", "series", "slug", "reply_to", "community",
    "description", "image", "chain", "expires", "timezone", "priority", "reward", "beneficiaries",
    "canonical_url", "approve", "id",
)  # fmt: skip
"""The keys that a form has, in its order."""

Said = str | list[str] | bool
"""What a form can put into a front matter."""

_HEADING = re.compile(r"(?P<before># +)(?P<title>.+?)(?P<after>(?: +#+)?[ \t]*\r?)")
_KEY = re.compile(r"\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"':=]+)\s*[:=][ \t]*")
_PLAIN = re.compile(r"[\w/][\w@/.,+%()&-]*(?:(?: |:(?=[\w/]))[\w@/.,+%()&-]+)*")
_ROW = re.compile(r"(?P<value>\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^#\r]*?)(?P<after>\s*(?:#.*)?\r?)")
_WORD = re.compile(r"[\w/][\w@/.:+%-]*")
_NO_TEXT = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}


@dataclass(frozen=True, slots=True)
class Field:
    """One key in the form.

    Attributes:
        value: what stands there, as a form writes it: lists with commas, switches as `true`.
        line: of the file; 0 where the key doesn't stand there.
        is_open: whether the form can change it; else it is changed in the text.
    """

    key: str
    value: str
    line: int
    is_open: bool


def fields(text: str) -> tuple[Field, ...] | None:
    """The form of a text; None as long as its front matter can't be read."""
    try:
        parts = split(text)
    except FrontMatterError:
        return None
    values, lines, _ = given.read(parts.values, parts.lines)
    return tuple(_field(key, values.get(key, []), lines.get(key, 0), parts) for key in SHOWN)


def with_field(text: str, key: str, said: str) -> str:
    """The text with this value of a key; an empty one takes the key away.

    Args:
        key: one of `SHOWN`.
        said: as a form writes it.

    Raises:
        BriefError: the key stands there in a way that can't be replaced safely, or no key can
            have that value.
    """
    trouble = BriefError(f"`{key}` can't be changed here as it is written: change it in the text")
    said = said.strip()
    try:
        before = split(text)
        values, _, _ = given.read(before.values, before.lines)
        standing = values.get(key, [])
        field = _field(key, standing, before.lines.get(key, 0), before)
        if not field.is_open or key not in SHOWN or "\n" in said or "\r" in said:
            raise trouble
        if field.value == said:
            return text
        own = next((value for value in standing if value.own), None)
        name = own.written if own else _unset(before, key)
        if key == "title" and own is None and (made := _headed(text, before, said)) is not None:
            return made
        value = _value(key, name or key, said)
        wanted = {**before.values, name or key: _read_back(value)}
        if value is None:
            wanted.pop(name or key, None)
        for at_top in (False, True):
            made = _written(text, name, key, value, at_top=at_top)
            after = split(made)
            if (after.values, after.body) == (wanted, before.body):
                return made
    except FrontMatterError as error:
        raise BriefError(f"line {error.line}: {error}; mend the text first") from None
    except (yaml.YAMLError, tomllib.TOMLDecodeError, ValueError):
        raise trouble from None
    raise trouble


def _field(key: str, values: Sequence[Value], line: int, parts: Parts) -> Field:
    own = [value for value in values if value.own]
    first = next(iter(own or values), None)
    if first is None:
        heading = _heading(parts) if key == "title" else None
        return Field(key, heading["title"] if heading else "", 0, is_open=True)
    shown = _shown(key, first.value)
    is_one = len(own) <= 1 and (not own or first.written in parts.values)
    return Field(key, shown or "", line or first.line, is_open=is_one and shown is not None)


def _shown(key: str, value: Any) -> str | None:
    """A value as the form has it; None for what it has no form for."""
    if isinstance(value, list) and key in LISTS and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    if not isinstance(value, str) or "\n" in value.strip():
        return None
    if key in SWITCHES:
        try:
            return "true" if keys.boolean(value) else "false"
        except keys.BadValue:
            return None
    return value.strip()


def _unset(parts: Parts, key: str) -> str | None:
    """The name under which a key stands there without a value."""
    return next(
        (name for name in parts.values if names.CANONICAL.get(names.folded(name)) == key), None
    )


def _value(key: str, name: str, said: str) -> Said | None:
    """What is to stand there."""
    if key == "title":
        return said
    if key in SWITCHES:
        truth = said.lower() in {"true", "on", "yes", "1"}
        if names.folded(name) == "published":  # says it the other way round
            return not truth
        return truth or None if key == "draft" else (truth if said else None)
    if key in LISTS and said:
        parts = re.split(r"[\s,]+" if key != "beneficiaries" else r"\s*,\s*", said)
        return [part for part in parts if part]
    return said or None


def _read_back(value: Said | None) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _written(text: str, name: str | None, key: str, value: Said | None, *, at_top: bool) -> str:
    """The text with the key's rows written anew; a new key's at the end, or `at_top`."""
    lines = text.split("\n")
    opening = lines[0].rstrip()
    ending = "\r" if lines[0].endswith("\r") else ""
    is_toml = opening == "+++"
    if name is None:
        if value is None:
            return text
        row = f"{key}{' = ' if is_toml else ': '}{_source(value, is_toml=is_toml)}{ending}"
        if is_toml or (at_top and opening == "---"):  # in front of all tables, or of a block
            lines.insert(1, row)
        elif begins(text.encode(errors="replace")):
            lines.insert(_closing(lines), row)
        else:
            lines[:0] = [f"---{ending}", row, f"---{ending}"]
        return "\n".join(lines)
    first, last = _rows(lines, name, is_toml=is_toml)
    if value is None:
        del lines[first : last + 1]
        return "\n".join(lines)
    match = _KEY.match(lines[first])
    if match is None:
        raise ValueError(name)
    rest = lines[first][match.end() :]
    before = match[0] if match[0][-1].isspace() else f"{match[0]} "
    if last > first:
        block = _block(lines, first, last) if isinstance(value, list) and not rest.strip() else None
        row = f"{before}{_source(value, is_toml=is_toml)}{ending}"
        indent = block.partition("-")[0] if block is not None else ""
        lines[first : last + 1] = (
            [lines[first], *(f"{indent}- {_source(one)}{ending}" for one in value)]
            if block is not None and isinstance(value, list) and value
            else [row]
        )
        return "\n".join(lines)
    after = _after(rest)
    lines[first] = f"{before}{_source(value, is_toml=is_toml)}{after}"
    return "\n".join(lines)


def _after(rest: str) -> str:
    """What follows the value on its row: a comment, and how the row ends."""
    ending = "\r" if rest.endswith("\r") else ""
    if rest[:1] in {"[", "{"}:
        found = re.search(r"(?<=[\]}])\s+#.*$", rest.rstrip("\r"))
        return f"{found[0] if found else ''}{ending}"
    match = _ROW.fullmatch(rest)
    if match is None or (match["after"].strip() and not match["after"][0].isspace()):
        return ending
    after = match["after"]
    return after if after.strip() else ending


def _rows(lines: list[str], name: str, *, is_toml: bool) -> tuple[int, int]:
    """The first and the last row of a key, counted from 0."""
    if is_toml:
        pattern = re.compile(rf"\s*[\"']?{re.escape(name)}[\"']?\s*=")
        row = next(n for n, line in enumerate(lines) if n and pattern.match(line))
        tomllib.loads(lines[row].rstrip("\r"))  # its value ends where its row does
        return row, row
    shift = 1 if lines[0].rstrip() == "---" else 0
    end = _closing(lines)
    source = "\n".join(line.rstrip("\r") for line in lines[shift:end])
    node = node_of(source)
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    for number, (key, value) in enumerate(pairs):
        if key.value != name:
            continue
        first = key.start_mark.line + shift
        following = pairs[number + 1][0].start_mark.line + shift if number + 1 < len(pairs) else end
        last = following - 1
        is_single = value.end_mark.line + shift == first or value.end_mark.line == 0
        if is_single:
            return first, first
        while last > first and (not lines[last].strip() or lines[last].lstrip().startswith("#")):
            last -= 1
        if any(re.search(r"(?:^|\s)#(?:\s|$)", line) for line in lines[first : last + 1]):
            raise ValueError(name)  # a comment in it would be lost
        return first, last
    raise ValueError(name)


def _block(lines: list[str], first: int, last: int) -> str | None:
    """A row of a list that has one row for each item."""
    rows = lines[first + 1 : last + 1]
    return rows[0] if rows and all(row.lstrip().startswith("- ") for row in rows) else None


def _closing(lines: list[str]) -> int:
    """The row that closes a front matter in YAML."""
    return next(n for n, line in enumerate(lines) if n and line.rstrip() in {"---", "..."})


def _source(value: Said, *, is_toml: bool = False) -> str:
    """A value as it is written."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(_word(one, is_toml=is_toml) for one in value)}]"
    is_plain = _PLAIN.fullmatch(value) and value.lower() not in _NO_TEXT and not is_toml
    return value if is_plain else quoted(value)


def _word(value: str, *, is_toml: bool) -> str:
    is_plain = _WORD.fullmatch(value) and value.lower() not in _NO_TEXT and not is_toml
    return value if is_plain and not value.endswith(":") else quoted(value)


def _heading(parts: Parts) -> re.Match[str] | None:
    """The first line of the body, where that is the title."""
    first = next((line for line in parts.body.split("\n") if line.strip()), "")
    return _HEADING.fullmatch(first)


def _headed(text: str, parts: Parts, said: str) -> str | None:
    """The text with another heading as its title; None where its title is no heading."""
    heading = _heading(parts)
    if heading is None or not said or said != said.rstrip("# "):
        return None
    start = len(text) - len(parts.body) + parts.body.index(heading[0])
    row = f"{heading['before']}{said}{heading['after']}"
    return f"{text[:start]}{row}{text[start + len(heading[0]) :]}"
