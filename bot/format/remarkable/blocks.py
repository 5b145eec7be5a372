"""Blocks: lists, quotes, headings, HTML and tables where Remarkable differs from CommonMark.

Every rule has markdown-it's signature: (state, first line, line after the last, silent), and says
whether it matched; silent ones only look. Tabs are spaces by now: an indent counts characters.
"""

import re
from typing import NamedTuple

from markdown_it.parser_block import ParserBlock
from markdown_it.rules_block import StateBlock, code, fence, heading, hr, paragraph, reference

_MARKER = re.compile(r"(?:(\d+)[.)]|[-+*])(?= |$)")
_HTML = re.compile(r"<[!?]|<([a-z]{1,15})[\s/>]|</([a-z]{1,15})[\s>]", re.IGNORECASE)
_HTML_BLOCKS = frozenset(
    [
        "article", "aside", "button", "blockquote", "body", "canvas", "caption", "col", "colgroup",
        "dd", "div", "dl", "dt", "embed", "fieldset", "figcaption", "figure", "footer", "form",
        "header", "hgroup", "hr", "iframe", "li", "map", "object", "ol", "output", "p", "pre",
        "progress", "script", "section", "style", "table", "tbody", "td", "textarea", "tfoot",
        "th", "tr", "thead", "ul", "video",
    ]
)  # fmt: skip
"""Without h1 to h6: the pattern takes letters only, so that Remarkable never finds those."""
_UNDERLINE = re.compile(r"(=+|-+) *")
_DELIMITERS = re.compile(r"[-:| ]+")
_COLUMN = re.compile(r":?-+:?")
_NESTED = 4  # an indent of so many makes code


class Blocks(ParserBlock):
    """The block parser, with Remarkable's rules in Remarkable's order."""

    def __init__(self) -> None:
        super().__init__()
        everywhere = ["paragraph", "reference", "blockquote", "list"]
        self.ruler.__rules__.clear()
        for name, rule, interrupts in (
            ("code", code, []),
            ("fence", fence, everywhere),
            ("blockquote", blockquote, everywhere),
            ("hr", hr, everywhere),
            ("list", list_block, everywhere[:3]),
            ("reference", reference, []),
            ("heading", heading, everywhere[:3]),
            ("lheading", underlined_heading, []),
            ("html_block", html_block, everywhere[:3]),
            ("table", table, everywhere[:2]),
            ("paragraph", paragraph, []),
        ):
            self.ruler.push(name, rule, {"alt": interrupts})

    def tokenize(self, state: StateBlock, startLine: int, endLine: int) -> None:  # noqa: N803
        """Blocks between two lines; two empty lines end a list."""
        rules = self.ruler.getRules("")
        line = startLine
        spread = False
        while line < endLine:
            state.line = line = state.skipEmptyLines(line)
            if line >= endLine or state.sCount[line] < state.blkIndent:
                break
            if state.level >= state.md.options.maxNesting:
                state.line = endLine
                break
            for rule in rules:
                if rule(state, line, endLine, False):
                    break
            state.tight = not spread
            line = state.line
            spread = spread or state.isEmpty(line - 1)
            if line < endLine and state.isEmpty(line):
                spread = True
                line += 1
                if line < endLine and state.parentType == "list" and state.isEmpty(line):
                    break
                state.line = line


class _Item(NamedTuple):
    """A list item's first line: the number, the sign after it, and where the sign ends."""

    number: str | None
    sign: str
    end: int


def _item(state: StateBlock, line: int) -> _Item | None:
    start, end = state.bMarks[line] + state.tShift[line], state.eMarks[line]
    found = _MARKER.match(state.src[start:end])
    # a digit alone at the end of a line is taken for no marker
    if found is None or (found[1] and start + 1 >= end):
        return None
    return _Item(found[1], found[0][-1], start + found.end())


def list_block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:  # noqa: FBT001
    """A list, which interrupts a paragraph whatever its number; its items have one sign."""
    item = _item(state, start_line)
    if item is None:
        return False
    if silent:
        return True
    kind = ("bullet_list", "ul") if item.number is None else ("ordered_list", "ol")
    opened = state.push(f"{kind[0]}_open", kind[1], 1)
    if item.number is not None and int(item.number) > 1:
        opened.attrSet("start", str(int(item.number)))
    opened.map = lines = [start_line, 0]
    first = len(state.tokens)
    tight, ended_empty = True, False
    line = start_line
    last = item
    while True:
        inside = _write_item(state, line, end_line, last)
        tight = tight and inside and not ended_empty
        ended_empty = state.line - line > 1 and state.isEmpty(state.line - 1)
        line = state.line
        if line >= end_line or state.isEmpty(line) or state.sCount[line] < state.blkIndent:
            break
        if any(rule(state, line, end_line, True) for rule in state.md.block.ruler.getRules("list")):
            break
        following = _item(state, line)
        if following is None or following.sign != item.sign:
            break
        last = following
    state.push(f"{kind[0]}_close", kind[1], -1)
    lines[1] = state.line = line
    if tight:
        _hide_paragraphs(state, first, opened.level + 2)
    return True


def _write_item(state: StateBlock, line: int, end_line: int, item: _Item) -> bool:
    """One item with all that is in it; returns whether it is tight."""
    content = state.skipSpaces(item.end)
    space = content - item.end if content < state.eMarks[line] else 1
    if not 1 <= space <= _NESTED:
        space = 1
    opened = state.push("list_item_open", "li", 1)
    opened.map = lines = [line, 0]
    before = (state.blkIndent, state.tight, state.parentType)
    shift = state.tShift[line]
    state.tShift[line] = state.sCount[line] = content - state.bMarks[line]
    state.blkIndent = item.end - state.bMarks[line] + space
    state.tight, state.parentType = True, "list"
    state.md.block.tokenize(state, line, end_line)
    tight = state.tight
    state.blkIndent, state.tight, state.parentType = before
    state.tShift[line] = state.sCount[line] = shift
    lines[1] = state.line
    state.push("list_item_close", "li", -1)
    return tight


def _hide_paragraphs(state: StateBlock, first: int, level: int) -> None:
    for token in state.tokens[first:]:
        if token.level == level and token.type in {"paragraph_open", "paragraph_close"}:
            token.hidden = True


def blockquote(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:  # noqa: FBT001
    """A quote, with lines that go on without a `>` until an empty line or another block."""
    if state.src[state.bMarks[start_line] + state.tShift[start_line] :][:1] != ">":
        return False
    if silent:
        return True
    before = (state.blkIndent, state.parentType)
    state.blkIndent = 0
    shifts: list[tuple[int, int]] = []
    rules = state.md.block.ruler.getRules("blockquote")
    line, empty = start_line, False
    while line < end_line:
        start = state.bMarks[line] + state.tShift[line]
        if start >= state.eMarks[line]:
            break
        marked = state.src[start] == ">"
        if not marked and (empty or any(rule(state, line, end_line, True) for rule in rules)):
            break
        shifts.append((state.bMarks[line], state.tShift[line]))
        if marked:
            inside = start + 1 + (state.src[start + 1 : start + 2] == " ")
            content = min(state.skipSpaces(inside), state.eMarks[line])
            empty = content >= state.eMarks[line]
            state.bMarks[line] = inside
            state.tShift[line] = state.sCount[line] = content - inside
        else:
            state.sCount[line] = -1  # the paragraph goes on, whatever stands there
        line += 1
    opened = state.push("blockquote_open", "blockquote", 1)
    opened.map = lines = [start_line, 0]
    state.parentType = "blockquote"
    state.md.block.tokenize(state, start_line, line)
    state.push("blockquote_close", "blockquote", -1)
    lines[1] = state.line
    state.blkIndent, state.parentType = before
    for number, (mark, shift) in enumerate(shifts, start_line):
        state.bMarks[number] = mark
        state.tShift[number] = state.sCount[number] = shift
    return True


def underlined_heading(
    state: StateBlock,
    start_line: int,
    end_line: int,
    silent: bool,  # noqa: FBT001
) -> bool:
    """One line above `===` or `---`; of a longer paragraph the last line doesn't become one."""
    under = start_line + 1
    if under >= end_line or not 0 <= state.sCount[under] - state.blkIndent < _NESTED:
        return False
    line = _UNDERLINE.fullmatch(state.src[_start(state, under) : state.eMarks[under]])
    if line is None:
        return False
    if silent:
        return True
    tag = "h1" if line[1][0] == "=" else "h2"
    state.push("heading_open", tag, 1).map = [start_line, under + 1]
    text = state.src[_start(state, start_line) : state.eMarks[start_line]].strip()
    _push_inline(state, text, start_line)
    state.push("heading_close", tag, -1)
    state.line = under + 1
    return True


def html_block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:  # noqa: ARG001, FBT001
    """HTML that begins with a block's tag, until an empty line."""
    start, end = _start(state, start_line), state.eMarks[start_line]
    if state.sCount[start_line] >= _NESTED or start + 2 >= end:
        return False
    found = _HTML.match(state.src, start, end)
    if found is None:
        return False
    name = found[1] or found[2]
    if name and name.lower() not in _HTML_BLOCKS:
        return False
    if silent:
        return True
    line = start_line + 1
    while line < state.lineMax and not state.isEmpty(line):
        line += 1
    token = state.push("html_block", "", 0)
    token.map = [start_line, line]
    token.content = state.getLines(start_line, line, 0, True)
    state.line = line
    return True


def table(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:  # noqa: FBT001
    """A table: every row has a `|`; a `|` in code or after a backslash separates, too."""
    if start_line + 2 > end_line or state.sCount[start_line + 1] < state.blkIndent:
        return False
    aligns = _alignments(_line(state, start_line + 1))
    head = _line(state, start_line).strip()
    if aligns is None or "|" not in head or len(_cells(head)) != len(aligns):
        return False
    if silent:
        return True
    last = start_line + 2
    while last < end_line and state.sCount[last] >= state.blkIndent and "|" in _line(state, last):
        last += 1
    state.push("table_open", "table", 1).map = [start_line, last]
    state.push("thead_open", "thead", 1)
    _row(state, start_line, "th", aligns)
    state.push("thead_close", "thead", -1)
    state.push("tbody_open", "tbody", 1)
    for line in range(start_line + 2, last):
        _row(state, line, "td", aligns)
    state.push("tbody_close", "tbody", -1)
    state.push("table_close", "table", -1)
    state.line = last
    return True


def _alignments(line: str) -> list[str] | None:
    """What the line of dashes says of each column, None when it isn't one."""
    if not _DELIMITERS.fullmatch(line) or line.lstrip()[:1] not in {"|", "-", ":"}:
        return None
    columns = [column.strip() for column in line.split("|")]
    inner = columns[1 if not columns[0] else 0 : -1 if not columns[-1] else None]
    if not all(_COLUMN.fullmatch(column) for column in inner):
        return None
    names = {(True, True): "center", (False, True): "right", (True, False): "left"}
    return [names.get((column[0] == ":", column[-1] == ":"), "") for column in inner]


def _cells(line: str) -> list[str]:
    return line.removeprefix("|").removesuffix("|").split("|")


def _row(state: StateBlock, line: int, tag: str, aligns: list[str]) -> None:
    state.push("tr_open", "tr", 1)
    for number, cell in enumerate(_cells(_line(state, line).strip())):
        opened = state.push(f"{tag}_open", tag, 1)
        if align := aligns[number] if number < len(aligns) else "":
            opened.attrSet("style", f"text-align:{align}")
        _push_inline(state, cell.strip(), line)
        state.push(f"{tag}_close", tag, -1)
    state.push("tr_close", "tr", -1)


def _push_inline(state: StateBlock, text: str, line: int) -> None:
    token = state.push("inline", "", 0)
    token.content, token.map, token.children = text, [line, line + 1], []


def _start(state: StateBlock, line: int) -> int:
    return state.bMarks[line] + state.tShift[line]


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.blkIndent : state.eMarks[line]]
