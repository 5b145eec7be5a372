"""From a file's bytes to its text, with what is wrong with the text itself."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.briefs.catalogue import found
from bot.briefs.finding import WITHOUT_MARK, Finding, Fix
from bot.briefs.front_matter import FrontMatterError
from bot.briefs.secrets import private_key_offset

# steemd's JSON reader decodes no other escapes than those of tab, newline and carriage return,
# so no other control character arrives unchanged (tests/fixtures/steemd/README.md, 1).
# Half a surrogate pair is no character: PyYAML without libyaml makes one of its escape.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_AT_END = "\r" + "".join(map(chr, (*range(9), 11, 12, *range(14, 32))))
"""What may stand at the end of a row when control characters are taken out, too."""
_CONTROLS = re.compile(f"{_CONTROL.pattern}+")
_RETURNS = re.compile("\r+")
MOST = 1000
"""So many control characters are a slip; with more of them it is another kind of file."""
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


def decoded(path: str, data: bytes) -> tuple[str, list[Finding]]:
    """The text of a file without a byte order mark, and what is wrong with it.

    Raises:
        FrontMatterError: it is no text, empty, or two versions of one.
    """
    findings = []
    if data.startswith(b"\xef\xbb\xbf"):
        message = "begins with a byte order mark; save it without one"
        findings.append(found(path, 1, "file.bom", message, (WITHOUT_MARK,)))
        data = data[3:]
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FrontMatterError(
            line, "utf8", f"byte {data[error.start]:#04x} is not UTF-8; save it as UTF-8"
        ) from None
    if not text.strip():
        raise FrontMatterError(1, "file.empty", "the file is empty; write a brief in it")
    rows = text.split("\n")
    if (number := _conflict(rows)) is not None:
        raise FrontMatterError(
            number,
            "file.conflict",
            "a merge left its marks here (<<<<<<<, =======, >>>>>>>); decide which version is "
            "right, and remove the other one with the marks",
        )
    return text, [*findings, *_text_findings(path, text, rows)]


def control_in(value: Any) -> re.Match[str] | None:
    """The first control character that can't be sent, in a value of the front matter."""
    return next(filter(None, map(_CONTROL.search, _texts(value))), None)


def holds(control: re.Match[str]) -> str:
    """What is said of a text with such a character."""
    number = f"U+{ord(control[0]):04X}"
    return f"holds the control character {number}, which can't be sent; remove it"


def _text_findings(path: str, text: str, rows: list[str]) -> Iterator[Finding]:
    if "\r" in text:
        line = text.count("\n", 0, text.index("\r")) + 1
        fixes = tuple(
            Fix(number, run.start(), run[0], "")
            for number, row in enumerate(rows, 1)
            for run in _RETURNS.finditer(row, len(row.rstrip(_AT_END)))
        )
        yield found(path, line, "file.crlf", "lines end with CR LF; they are sent so", fixes)
    if first := _CONTROL.search(text):
        fixes = tuple(
            Fix(number, run.start(), run[0], "")
            for number, row in enumerate(rows, 1)
            for run in _CONTROLS.finditer(row)
        )
        fixes = fixes if len(fixes) <= MOST else ()
        line = text.count("\n", 0, first.start()) + 1
        yield found(path, line, "control", holds(first), fixes)
    if (offset := private_key_offset(text)) is not None:
        line = text.count("\n", 0, offset) + 1
        message = (
            "holds a private key or master password; remove it, and change that key if this "
            "file was shared"
        )
        yield found(path, line, "secrets", message)


def _conflict(rows: list[str]) -> int | None:
    """The line of the first mark that a merge has left; an example in a code block is none."""
    if not any(row.startswith("<<<<<<<") for row in rows):
        return None
    begun, parted, fence = 0, False, ""
    for number, row in enumerate(rows, 1):
        opening = _FENCE.match(row)
        if opening and not begun and (not fence or opening[1].startswith(fence)):
            fence = "" if fence else opening[1]
        elif fence:
            continue
        elif re.match(r"<{7}(?:\s|$)", row):
            begun, parted = number, False
        elif begun and re.match(r"={7}\s*$", row):
            parted = True
        elif begun and parted and re.match(r">{7}(?:\s|$)", row):
            return begun
    return None


def _texts(value: Any) -> Iterator[str]:
    """All texts in a key's value; escapes in them are characters by now."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts([*value, *value.values()])
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
