"""The parts of a link: label, address and title, and which addresses Remarkable takes."""

import re
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import quote, unquote

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

from bot.format.tree import decoded

_ESCAPED = re.compile(r"\\([\\!\"#$%&'()*+,./:;<=>?@\[\]^_`{|}~-])")
_UNWANTED = ("vbscript", "javascript", "file", "data")
_CLOSING = {'"': '"', "'": "'", "(": ")"}
_KEPT = ";/?:@&=+$,#-_.!~*'()"  # what encodeURI leaves as it is
_RESERVED = re.compile(r"%(3b|2f|3f|3a|40|26|3d|2b|24|2c|23)", re.IGNORECASE)  # and decodeURI
_LONE_PERCENT = re.compile(r"%(?![0-9a-fA-F]{2})")


class State(StateInline):
    """The state of one piece of text, with what looking for labels and ends needs.

    Attributes:
        in_label: a label's end is being looked for; labels in labels don't count.
        open_labels: brackets that are known to have no end.
        scans: steps spent on looking ahead.
    """

    in_label = False
    open_labels = 0
    scans = 0


class Found(NamedTuple):
    """A piece of a link and the place after it."""

    text: str
    after: int


def is_wanted(address: str) -> bool:
    """Whether an address makes a link at all: not with the schemes that run or leak something."""
    scheme, colon, _ = decoded(address.strip().lower()).partition(":")
    return not (colon and scheme in _UNWANTED)


def encoded(address: str) -> str:
    """Percent-encoded as JavaScript does it: what can be decoded first, then all of it.

    An address with a lone `%` can't be decoded, so that every `%` in it becomes `%25`.
    """
    address = decoded(address)
    if not _LONE_PERCENT.search(address):
        kept = _RESERVED.sub(r"\0\1", address)
        with suppress(UnicodeDecodeError):
            address = unquote(kept, errors="strict").replace("\0", "%")
    return quote(address, safe=_KEPT, errors="replace")


def label_end(state: State, start: int) -> int:
    """Where the label that opens at `start` closes, or -1."""
    if state.in_label:
        return -1
    if state.open_labels:
        state.open_labels -= 1
        return -1
    before = state.pos
    state.pos = start + 1
    state.in_label = True
    level, found = 1, -1
    while state.pos < state.posMax:
        character = state.src[state.pos]
        level += (character == "[") - (character == "]")
        if level == 0:
            found = state.pos
            break
        state.md.inline.skipToken(state)
    state.open_labels = 0 if found >= 0 else level - 1
    state.pos = before
    state.in_label = False
    return found


def destination(parser: MarkdownIt, text: str, pos: int, end: int) -> Found | None:
    """An address: in `<…>`, or up to white space with at most one pair of parentheses."""
    if text[pos : pos + 1] == "<":
        close = _unescaped(text, pos + 1, end, ">\n")
        if close >= end or text[close] != ">":
            return None
        address = encoded(_ESCAPED.sub(r"\1", text[pos + 1 : close]))
        return Found(address, close + 1) if parser.validateLink(address) else None
    start, level = pos, 0
    while pos < end:
        character = text[pos]
        if character in " \t\n\v\f\r":
            break
        if character == "\\" and pos + 1 < end:
            pos += 2
            continue
        level += (character == "(") - (character == ")")
        if level not in {0, 1}:
            break
        pos += 1
    address = _ESCAPED.sub(r"\1", text[start:pos])
    return Found(address, pos) if start < pos and parser.validateLink(address) else None


def title(text: str, pos: int, end: int) -> Found | None:
    """A title in quotes or parentheses."""
    closing = _CLOSING.get(text[pos : pos + 1])
    if closing is None:
        return None
    close = _unescaped(text, pos + 1, end, closing)
    if close >= end:
        return None
    return Found(_ESCAPED.sub(r"\1", text[pos + 1 : close]), close + 1)


def _unescaped(text: str, pos: int, end: int, wanted: str) -> int:
    """The first of these characters that no backslash stands before, or `end`."""
    while pos < end and text[pos] not in wanted:
        pos += 2 if text[pos] == "\\" and pos + 1 < end else 1
    return pos


def name_of(label: str) -> str:
    """Labels are the same whatever their case and white space."""
    return " ".join(label.split()).upper()


def skip(text: str, pos: int, end: int, characters: str = " \n") -> int:
    """The first place from `pos` on where none of these characters stands."""
    while pos < end and text[pos] in characters:
        pos += 1
    return pos


def reference(parser: MarkdownIt, text: str, known: dict[str, dict[str, str]]) -> int:
    """Take a definition, `[name]: address "title"`, from the start of a paragraph.

    Returns:
        Where it ends, or -1 when the paragraph doesn't begin with one.
    """
    state = State(text, parser, {}, [])
    close = label_end(state, 0) if text.startswith("[") else -1
    if close < 0 or text[close + 1 : close + 2] != ":":
        return -1
    end = len(text)
    href = destination(parser, text, skip(text, close + 2, end), end)
    if href is None:
        return -1
    pos = href.after
    space = skip(text, pos + 1, end)
    named = title(text, space, end) if space < end else None
    pos = skip(text, named.after if named else pos, end, " ")
    if pos < end and text[pos] != "\n":
        return -1
    words = {"href": href.text, "title": named.text if named else ""}
    known.setdefault(name_of(text[1:close]), words)
    return pos
