"""Inlines: emphasis, strikethrough, links and code where Remarkable differs from CommonMark.

Every rule has markdown-it's signature: (state, silent), and says whether it matched. Emphasis is
found by scanning ahead from its opening sign, as in Remarkable; CommonMark pairs signs afterwards.
"""

import re
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.parser_inline import ParserInline
from markdown_it.token import Token
from markdown_it.utils import EnvType

from bot.format.remarkable.links import State, destination, label_end, name_of, skip, title
from bot.format.remarkable.tags import automatic_link, html_tag

_SPACES = (" ", "\n", "")
_CODE_SPACE = re.compile(r"[ \n]+")
_LONGEST_RUN = 3  # a longer run of signs is text
SCANS = 200_000
"""Steps that may be spent on looking ahead in one piece of text; more are only in an attack."""


class Inlines(ParserInline):
    """The inline parser, with Remarkable's rules."""

    def __init__(self) -> None:
        super().__init__()
        for name, rule in (
            ("backticks", code),
            ("strikethrough", strikethrough),
            ("emphasis", emphasis),
            ("link", link),
            ("autolink", automatic_link),
            ("html_inline", html_tag),
        ):
            self.ruler.at(name, rule)  # type: ignore[arg-type]  # every state here is ours
        self.ruler.disable(["image", "linkify"])  # the rule for links does pictures, too
        self.ruler2.disable(["balance_pairs", "strikethrough", "emphasis"])

    def parse(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> list[Token]:
        """The tokens of one piece of text."""
        state = State(src, md, env, tokens)
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


class _Run(NamedTuple):
    opens: bool
    closes: bool
    length: int


def _run(state: State, start: int) -> _Run:
    """The signs that begin at `start`: whether they can open or close, and how many they are."""
    text, end, sign = state.src, start, state.src[start]
    while end < state.posMax and text[end] == sign:
        end += 1
    length = end - start
    before = text[start - 1] if start else "."
    after = text[end] if end < state.posMax else ""
    if length > _LONGEST_RUN:
        return _Run(opens=False, closes=False, length=length)
    opens = after not in _SPACES
    closes = before not in {" ", "\n"}
    if sign == "_":
        opens = opens and not _is_word(before)
        closes = closes and not _is_word(after)
    return _Run(opens, closes, length)


def _is_word(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _spend(state: State) -> bool:
    """Whether another step may be spent on looking ahead."""
    state.scans += 1
    return state.scans <= SCANS


def emphasis(state: State, silent: bool) -> bool:  # noqa: FBT001
    """`*` and `_`, where `***a***` is strong around em."""
    start, end, sign = state.pos, state.posMax, state.src[state.pos]
    if sign not in "*_" or silent:
        return False
    run = _run(state, start)
    if not run.opens:
        state.pos += run.length
        state.pending += sign * run.length
        return True
    if state.level >= state.md.options.maxNesting:
        return False
    state.pos = start + run.length
    length = _closing(state, sign, run.length)
    if length is None:
        state.pos = start
        return False
    close = state.posMax = state.pos
    state.pos = start + length
    names = [name for name, lengths in (("strong", (2, 3)), ("em", (1, 3))) if length in lengths]
    for name in names:
        state.push(f"{name}_open", name, 1)
    state.md.inline.tokenize(state)
    for name in reversed(names):
        state.push(f"{name}_close", name, -1)
    state.pos, state.posMax = close + length, end
    return True


def _closing(state: State, sign: str, length: int) -> int | None:
    """Move to the signs that close; how many of the opening ones they close, None for no end."""
    opened = [length]
    while state.pos < state.posMax and _spend(state):
        if state.src[state.pos] != sign:
            state.md.inline.skipToken(state)
            continue
        run = _run(state, state.pos)
        if run.closes:
            last, left = opened.pop(), run.length
            while last != left:
                if left < last:
                    opened.append(last - left)
                    break
                left -= last
                if not opened:
                    break
                state.pos += last
                last = opened.pop()
            if not opened:
                return last
        elif run.opens:
            opened.append(run.length)
        state.pos += run.length
    return None


def strikethrough(state: State, silent: bool) -> bool:  # noqa: FBT001
    """`~~` around what is deleted."""
    text, start, end = state.src, state.pos, state.posMax
    if silent or start + 4 >= end or not text.startswith("~~", start):
        return False
    after = start + 2
    while after < end and text[after] == "~":
        after += 1
    if (
        (start and text[start - 1] == "~")
        or after == start + 3
        or text[after : after + 1] in {" ", "\n"}
    ):
        return False
    if after > start + 3:
        state.pos = after
        state.pending += text[start:after]
        return True
    if state.level >= state.md.options.maxNesting:
        return False
    state.pos = start + 2
    if not _find_deleted_end(state):
        state.pos = start
        return False
    close = state.posMax = state.pos
    state.pos = start + 2
    state.push("s_open", "del", 1)
    state.md.inline.tokenize(state)
    state.push("s_close", "del", -1)
    state.pos, state.posMax = close + 2, end
    return True


def _find_deleted_end(state: State) -> bool:
    text, depth = state.src, 1
    while state.pos + 1 < state.posMax and _spend(state):
        pos = state.pos
        if text.startswith("~~", pos):
            before = text[pos - 1]
            after = text[pos + 2] if pos + 2 < state.posMax else ""
            if "~" not in (before, after):
                if before not in {" ", "\n"}:
                    depth -= 1
                elif after not in {" ", "\n"}:
                    depth += 1
                if depth <= 0:
                    return True
        state.md.inline.skipToken(state)
    return False


def code(state: State, silent: bool) -> bool:  # noqa: FBT001
    """Code between equal runs of backticks, its white space folded."""
    text, start = state.src, state.pos
    if text[start] != "`":
        return False
    after = start
    while after < state.posMax and text[after] == "`":
        after += 1
    length = after - start
    end = _closing_backticks(state, after, length)
    if end < 0:
        if not silent:
            state.pending += "`" * length
        state.pos = after
        return True
    if not silent:
        token = state.push("code_inline", "code", 0)
        token.content = _CODE_SPACE.sub(" ", text[after:end]).strip()
    state.pos = end + length
    return True


def _closing_backticks(state: State, pos: int, length: int) -> int:
    """Where the next run of so many backticks begins, or -1."""
    if not state.backticksScanned:
        for found in re.finditer("`+", state.src):
            state.backticks[len(found[0])] = found.start()
        state.backticksScanned = True
    if state.backticks.get(length, -1) < pos:
        return -1
    for found in re.compile("`+").finditer(state.src, pos):
        if len(found[0]) == length:
            return found.start()
    return -1


def link(state: State, silent: bool) -> bool:  # noqa: FBT001
    """Links and images; white space may stand between the two brackets of a reference."""
    text, start, end = state.src, state.pos, state.posMax
    image = text[start] == "!"
    bracket = start + image
    if text[bracket : bracket + 1] != "[" or state.level >= state.md.options.maxNesting:
        return False
    label = label_end(state, bracket)
    if label < 0:
        return False
    found = _inline_target(state, label + 1) or _referenced(state, bracket + 1, label)
    if found is None:
        state.pos = start
        return False
    href, name, after = found
    if not silent:
        content = text[bracket + 1 : label]
        if image:
            token = state.push("image", "img", 0)
            token.attrs = {"src": href, "alt": "", **({"title": name} if name else {})}
            token.content, token.children = content, []
        else:
            state.pos, state.posMax = bracket + 1, label
            opened = state.push("link_open", "a", 1)
            opened.attrs = {"href": href, **({"title": name} if name else {})}
            state.linkLevel += 1
            state.md.inline.tokenize(state)
            state.linkLevel -= 1
            state.push("link_close", "a", -1)
    state.pos, state.posMax = after, end
    return True


class _Target(NamedTuple):
    href: str
    title: str
    after: int


def _inline_target(state: State, pos: int) -> _Target | None:
    """`(address "title")`."""
    text, end = state.src, state.posMax
    if pos >= end or text[pos] != "(":
        return None
    pos = skip(text, pos + 1, end)
    href = destination(state.md, text, pos, end)
    after = href.after if href else pos
    space = skip(text, after, end)
    named = title(text, space, end) if after < space < end else None
    if named:
        space = skip(text, named.after, end)
    if space >= end or text[space] != ")":
        return None
    return _Target(href.text if href else "", named.text if named else "", space + 1)


def _referenced(state: State, start: int, label: int) -> _Target | None:
    """`[text][name]`, `[name][]` or `[name]`."""
    text = state.src
    if state.linkLevel or text[label + 1 : label + 2] == "(":
        return None
    after = label + 1
    name = ""
    space = skip(text, after, state.posMax)
    if space < state.posMax and text[space] == "[":
        end = label_end(state, space)
        if end >= 0:
            name, after = text[space + 1 : end], end + 1
    name = name or text[start:label]
    known = state.env.get("references", {}).get(name_of(name))
    return _Target(known["href"], known["title"], after) if known else None
