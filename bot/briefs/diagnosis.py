"""Why a front matter isn't YAML or TOML, in words of the person who wrote it.

A parser names the place where it gave up, in its own terms. What is to be mended is often another
line, and one of a few slips: a colon, a quote, a tab, a sign in front.
"""

import json
import re
from collections.abc import Sequence

from bot.briefs.secrets import private_key_offset

# Of a row without the white space around it; a key is short, so that no hostile row takes long.
_YAML_PAIR = re.compile(r"(?:- {1,8})?(?P<key>\w[\w .-]{0,60}?) {0,8}:(?:\s(?P<value>.*))?")
_TOML_PAIR = re.compile(r"(?P<key>[\w.-]{1,60})\s{0,8}(?P<sign>[=:])(?P<value>.*)")
_LONGEST = 100
"""Letters of a value that is repeated in the remedy."""
_DOUBLE = re.compile(r'"(?:[^"\\]|\\.)*+"')
_SINGLE = re.compile(r"'(?:[^']|'')*+'")
_COMMENT = re.compile(r"\s*(?:#.*)?")
_CLOSING = {"[": "]", "{": "}"}
_INSIDE = 'write \\" for a quote inside of double quotes'
_ESCAPE = re.compile(r"\\(?![0abtnvfre \"/\\N_LPxuU\t])")


def yaml_trouble(source: str, row: int) -> tuple[int, str] | None:
    """The row (from 0) to mend, and what to do there; None when it is none of the usual slips.

    Args:
        row: where the parser gave up; behind the last one for what isn't closed.
    """
    rows = source.split("\n")
    end = row
    row = min(row, len(rows) - 1)
    if re.match(r" *\t", rows[row]):
        return row, "a tab stands in front; indent it by spaces"
    for number in range(row + 1):
        if told := _lost_quote(rows, number):
            return number, told
    for number in (row, row - 1):
        if number >= 0 and (told := _slip(rows[number].strip())):
            return (end if end > row and _is_open(rows[number]) else number), told
    if re.match(r" +[\w-]+:\s", rows[row]) and row > 0:
        return row, "it is indented; let it begin where the keys above begin"
    return None


def _lost_quote(rows: Sequence[str], number: int) -> str:
    """A quote that is opened and not closed before the next key; such a row swallows others."""
    pair = _YAML_PAIR.fullmatch(rows[number].strip())
    value = ((pair and pair["value"]) or "").strip()
    quote = value[:1]
    if pair is None or quote not in {'"', "'"}:
        return ""
    closed = _DOUBLE if quote == '"' else _SINGLE
    if closed.match(value):
        return ""
    for later in rows[number + 1 :]:
        if _YAML_PAIR.fullmatch(later.strip()):
            break
        if quote in later:
            return ""
    return f"the quote that opens the value of `{pair['key']}` isn't closed; write a {quote} after"


def _slip(row: str) -> str:  # noqa: PLR0911  # a table of cases
    """What is wrong with a row by itself; empty when nothing is seen."""
    pair = _YAML_PAIR.fullmatch(row)
    if pair is None:
        if match := re.match(r"(?P<key>[\w-]+):(?P<value>\S.*)", row):
            return f"a space is missing after `{match['key']}:`"
        if re.match(r"[\w-]+\s+\S", row):
            return "there is no `key:`; write one in front, or indent what goes on from above"
        return ""
    key, value = pair["key"], pair["value"] or ""
    value = value.strip()
    quoted = f"put it in quotes{_shown(key, ': ', json.dumps(value, ensure_ascii=False))}"
    if match := (_DOUBLE.match(value) or _SINGLE.match(value)):
        if not _COMMENT.fullmatch(value[match.end() :]):
            inner = value[1:-1] if value[-1] == value[0] else value[1:]
            shown = _shown(key, ": ", json.dumps(inner, ensure_ascii=False))
            return f"a quote ends inside of the value of `{key}`; {_INSIDE}{shown}"
        if value[0] == '"' and _ESCAPE.search(match[0]):
            shown = _shown(key, ": ", f"'{match[0][1:-1]}'")
            return f"`\\` means something in double quotes; use single ones{shown}"
        return ""
    if value[:1] in {"[", "{"} and not value.endswith(_CLOSING[value[0]]):
        what = "is a list or a table; close it, or if it is text,"
        return f"a value that begins with {value[0]} {what} {quoted}"
    if re.search(r":(?:\s|$)", value):
        return f"there is a colon in the value of `{key}`; {quoted}"
    if value[:1] in set("@`%&*!|>-?,]}#"):
        return f"a value can't begin with {value[0]}; {quoted}"
    return ""


def _is_open(row: str) -> bool:
    """Whether a list or a table begins in the row, which may end anywhere below."""
    pair = _YAML_PAIR.fullmatch(row.strip())
    return pair is not None and (pair["value"] or "").strip()[:1] in _CLOSING


def toml_trouble(source: str, row: int) -> str:  # noqa: PLR0911  # likewise
    """What to do in the row where the parser gave up; empty when it is none of the usual slips."""
    rows = source.split("\n")
    pair = _TOML_PAIR.fullmatch(rows[row].strip()) if row < len(rows) else None
    if pair is None:
        return ""
    key, value = pair["key"], pair["value"].strip()
    shown = _shown(key, " = ", _toml(value))
    if pair["sign"] == ":":
        return f"TOML has = where YAML has a colon{shown}"
    if value[:1] in {'"', "'"}:
        closed = re.match(r'"(?:[^"\\]|\\.)*+"' if value[0] == '"' else r"'[^']*'", value)
        if closed is None:
            return f"the quote that opens `{key}` isn't closed; write a {value[0]} after"
        if not _COMMENT.fullmatch(value[closed.end() :]):
            return f"a quote ends inside of the value of `{key}`; {_INSIDE}{shown}"
        if _ESCAPE.search(closed[0]):
            shown = _shown(key, " = ", f"'{closed[0][1:-1]}'")
            return f"`\\` means something in double quotes; use single ones{shown}"
        return ""
    if re.match(r"[^\W\d]", value):
        return f"text stands in quotes{shown}"
    if re.match(r"\[\s*[^\W\d]", value):
        return f'texts in a list stand in quotes, like {key} = ["one", "two"]'
    return ""


def _shown(key: str, sign: str, value: str) -> str:
    """How the row is written rightly, where it may be repeated: a key in it isn't shown."""
    row = f"{key}{sign}{value}"
    if len(value) > _LONGEST or private_key_offset(row) is not None:
        return ""
    return f": `{row}`"


def _toml(value: str) -> str:
    if value in {"True", "False"}:
        return value.lower()
    plain = value[1:-1] if len(value) > 1 and value[0] == value[-1] in {'"', "'"} else value
    return json.dumps(plain, ensure_ascii=False)
