"""A file taken apart: front matter as plain texts with their lines, and the body.

YAML is read so that every scalar stays the text that the author wrote: `12:30`, `0123` and `no`
are texts, and each key's reader decides what it makes of them (bot.briefs.keys).
"""

import re
import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

import yaml

from bot.briefs.diagnosis import toml_trouble, yaml_trouble

MAX_BYTES = 16 * 1024
MAX_DEPTH = 20

try:
    from yaml import CBaseLoader as BaseLoader
except ImportError:  # PyYAML built without libyaml: slower, and the same otherwise
    from yaml import BaseLoader  # type: ignore[assignment]


class FrontMatterError(Exception):
    """The front matter can't be read; `line` is the line of the file."""

    def __init__(self, line: int, code: str, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Parts:
    """A file in two parts.

    Attributes:
        values: key as written to its value: text, list, mapping, or a TOML value.
        lines: key as written to its line in the file, from 1.
        body: everything after the front matter.
        body_line: the body's first line in the file, from 1.
    """

    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    body: str = ""
    body_line: int = 1


# Rows of keys, a title among them, up to the closing line; a heading has no such row above it.
_UNOPENED = re.compile(
    r"(?=[\w-]{1,40}:[ \t\r\n])(?:(?!-{3}|[Tt]itle:)[^\n]*+\n)*+[Tt]itle:[ \t][^\n]*+\n"
    r"(?:(?!-{3})[^\n]*+\n)*+---[ \t\r]*(?:\n|$)"
)
_FENCES = {"---": ("---", "..."), "+++": ("+++",)}


def split(text: str) -> Parts:
    """Take a file apart; a file without front matter is all body.

    Hexo's files may have no line that opens it: keys, a title among them, and what closes it.

    Raises:
        FrontMatterError: it isn't closed, too large, or not valid YAML or TOML.
    """
    first, _, _ = text.partition("\n")
    opening = first.rstrip()
    if opening in _FENCES:
        return _split(text, opening)
    if not _UNOPENED.match(text):
        return Parts(body=text)
    try:
        parts = _split(f"---\n{text}", "---")
    except FrontMatterError as error:
        raise FrontMatterError(max(error.line - 1, 1), error.code, error.message) from None
    lines = {key: line - 1 for key, line in parts.lines.items()}
    return Parts(parts.values, lines, parts.body, parts.body_line - 1)


def begins(data: bytes) -> bool:
    """Whether a file begins with a front matter, well-formed or not."""
    text = data.removeprefix(b"\xef\xbb\xbf").decode(errors="replace")
    return text.startswith(("---", "+++")) or _UNOPENED.match(text) is not None


def _split(text: str, opening: str) -> Parts:
    lines = text.split("\n")
    closing = (n for n, line in enumerate(lines) if n and line.rstrip() in _FENCES[opening])
    number = next(closing, None)
    if number is None:
        raise FrontMatterError(
            1, "front_matter.open", f"the front matter has no closing {opening} line; add one"
        )
    source = "\n".join(lines[1:number]).replace("\r\n", "\n")
    if len(source.encode()) > MAX_BYTES:
        raise FrontMatterError(
            1, "front_matter.size", f"more than {MAX_BYTES} bytes of front matter; shorten it"
        )
    read = _read_yaml if opening == "---" else _read_toml
    values, key_lines = read(source)
    return Parts(values, key_lines, "\n".join(lines[number + 1 :]), number + 2)


_TAGS_KEY = re.compile(r"[\"']?(?:tags|categories|keywords)[\"']?\s*:", re.IGNORECASE)
_HASHTAG = re.compile(r"(?<=[\s\[,])#(?=\w)")


def _with_hashtags(source: str) -> str:
    """`tags: #one #two` isn't a comment to who writes it: a `#` before a word becomes a space."""
    lines = source.split("\n")
    inside = False
    for number, line in enumerate(lines):
        if line[:1] not in {" ", "\t", "-", "#", "]", ""}:
            inside = _TAGS_KEY.match(line) is not None
        if inside and "#" in line:
            lines[number] = _HASHTAG.sub(" ", line)
    return "\n".join(lines)


def node_of(source: str) -> yaml.Node | None:
    """Rows of a front matter as nodes that know where they stand; raises `YAMLError`."""
    return yaml.compose(_with_hashtags(source), Loader=BaseLoader)


def _read_yaml(source: str) -> tuple[dict[str, Any], dict[str, int]]:
    source = _with_hashtags(source)
    try:
        _check_events(source)
        node = yaml.compose(source, Loader=BaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        row = mark.line if mark else 0
        slip = yaml_trouble(source, row)
        row, told = slip or (row, f"{error.problem or error.context}; mend it there or just above")
        raise FrontMatterError(row + 2, "front_matter.yaml", f"not valid YAML: {told}") from None
    except yaml.YAMLError as error:  # a character that YAML doesn't allow at all
        raise FrontMatterError(1, "front_matter.yaml", f"not valid YAML: {error}") from None
    if node is None:
        return {}, {}
    if not isinstance(node, yaml.MappingNode):
        raise FrontMatterError(2, "front_matter.yaml", "expected `key: value` lines")
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for key, value in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else ""
        line = key.start_mark.line + 2
        if not name:
            raise FrontMatterError(line, "front_matter.yaml", "a key must be a word")
        if name in values:
            raise FrontMatterError(
                line,
                "front_matter.duplicate",
                f"`{name}` stands here twice (also in line {lines[name]}); keep one",
            )
        values[name], lines[name] = _value(value), line
    return values, lines


def _check_events(source: str) -> None:
    """Refuse aliases and deep nesting before anything is built of them."""
    depth = 0
    for event in yaml.parse(source, Loader=BaseLoader):
        line = (event.start_mark.line if event.start_mark else 0) + 2
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise FrontMatterError(
                line,
                "front_matter.alias",
                "YAML anchors and aliases (& and *) aren't read; write the value out, "
                "or put it in quotes",
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise FrontMatterError(
                    line, "front_matter.depth", f"nested more than {MAX_DEPTH} deep"
                )
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _value(node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        # a plain scalar: libyaml says "", PyYAML's own scanner None
        if not node.style and node.value in {"", "~", "null", "Null", "NULL"}:
            return None
        return node.value
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    mapping: dict[str, Any] = {}
    for key, value in node.value:
        name = str(_value(key))
        if name in mapping:
            raise FrontMatterError(
                key.start_mark.line + 2, "front_matter.duplicate", f"`{name}` stands here twice"
            )
        mapping[name] = _value(value)
    return mapping


def _read_toml(source: str) -> tuple[dict[str, Any], dict[str, int]]:
    try:
        values = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found[1]) + 1 if found else 2
        said = re.sub(r" \(at [^()]*\)$", "", str(error))  # lines of the front matter alone
        told = toml_trouble(source, line - 2) or f"{said}; mend it there or just above"
        raise FrontMatterError(line, "front_matter.toml", f"not valid TOML: {told}") from None
    except RecursionError:
        raise FrontMatterError(
            2, "front_matter.depth", f"nested more than {MAX_DEPTH} deep"
        ) from None
    if _depth(values) > MAX_DEPTH:
        raise FrontMatterError(2, "front_matter.depth", f"nested more than {MAX_DEPTH} deep")
    lines = {}
    for key in values:
        pattern = rf"""^\s*\[*\s*["']?{re.escape(key)}["']?\s*[=.\]]"""
        found = re.search(pattern, source, re.MULTILINE)
        lines[key] = source.count("\n", 0, found.start() + 1) + 2 if found else 2
    return {key: _as_text(value) for key, value in values.items()}, lines


def _depth(value: Any) -> int:
    children = (
        list(value.values())
        if isinstance(value, dict)
        else value
        if isinstance(value, list)
        else []
    )
    return 1 + max((_depth(child) for child in children), default=0)


def _as_text(value: Any) -> Any:
    """TOML's values as the texts that YAML would have given, so that one reader serves both."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    return value if isinstance(value, str) else str(value)
