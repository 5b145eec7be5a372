"""Markup as a tree, read as leniently as the platform reads it (xmldom 0.8, in text/html mode).

What differs from a browser: an end tag that doesn't match the innermost open element counts for
nothing, an element with no end tag of its name after it is empty, nothing is closed by implication,
and what isn't quite a tag is text.
"""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.entities import html5

_NEVER_FULL = frozenset(["br", "hr", "img", "input", "link", "meta"])
"""Written without an end tag when nothing is in them."""
_RAW = frozenset(["script", "textarea"])
_DEEPEST = 100
"""Elements in each other; what is nested deeper stands beside, so that the stack suffices."""

# Everything is possessive, so that no input makes it try twice. A value without quotes begins with
# no slash and holds no equals sign; a name is one by the rules of XML.
_NAME = r"[^\W\d][\w.·-]*+(?::[^\W\d][\w.·-]*+)?+"
_QUOTED = r"\"[^\"]*+\"|'[^']*+'"
_BARE = r"[^\s\"'<>=/][^\s\"'<>=]*+"
_GIVEN = rf"{_NAME}(?:\s*+=\s*+(?:{_QUOTED}|{_BARE})|{_QUOTED})?+"
_START = re.compile(rf"<({_NAME})((?:\s++{_GIVEN}(?:(?<=[\"']){_GIVEN})*+)*+)(\s*+/*+\s*+)>")
_ATTRIBUTE = re.compile(
    rf"({_NAME})(?:\s*+=\s*+(?:(?P<quoted>{_QUOTED})|(?P<bare>{_BARE}))|(?P<direct>{_QUOTED}))?+"
)
_DROPPED = re.compile(r"<!DOCTYPE\s[^<>]*+>", re.IGNORECASE)
_LINE_ENDS = re.compile("\r\n|\r\x85|[\r\x85\u2028]")
_ENTITY = re.compile(r"&(#?)([A-Za-z0-9_]{1,32});")


@dataclass(slots=True)
class Element:
    """An element: its name in lower case, its attributes, and what is in it, text as `str`."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Element | str"] = field(default_factory=list)

    def text(self) -> str:
        """All text in it."""
        return "".join(child if isinstance(child, str) else child.text() for child in self.children)

    def elements(self) -> Iterator["Element"]:
        """Every element in it, in the order of the document, without itself."""
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child.elements()


def read(markup: str) -> Element:
    """The tree of some markup, under a root without a name."""
    return _Reader(_LINE_ENDS.sub("\n", markup)).read()


class _Reader:
    """One way through some markup, from one `<` to the next."""

    def __init__(self, markup: str) -> None:
        self._markup = markup
        self._root = Element("")
        self._open = [self._root]
        self._text: list[str] = []
        self._last_end: dict[str, int] = {}

    def read(self) -> Element:
        pos, markup = 0, self._markup
        while (sign := markup.find("<", pos)) >= 0:
            self._add_text(markup[pos:sign])
            pos = self._end_tag(sign) if markup.startswith("</", sign) else self._other(sign)
            if pos < 0:
                self._add_text("<")
                pos = sign + 1
        self._add_text(markup[pos:])
        self._end_text()
        return self._root

    def _end_tag(self, sign: int) -> int:
        """The place behind an end tag, which closes the innermost element or nothing."""
        end = self._markup.find(">", sign + 3)
        if end < 0:
            return len(self._markup)
        name = self._markup[sign + 2 : end]
        if cut := re.search(r"\s+<", name):
            name = name[: cut.start()]
            end = sign + 1 + len(name)
        name = name.rstrip(" \t\n").lower()
        if len(self._open) > 1 and self._open[-1].name == name:
            self._end_text()
            self._open.pop()
        elif len(self._open) == 1 and name == "html":
            return len(self._markup)  # the document ends there
        return end + 1

    def _other(self, sign: int) -> int:
        """The place behind a start tag or what is dropped, -1 for text."""
        if tag := _START.match(self._markup, sign):
            return self._start_tag(tag)
        end = self._after_dropped(sign)
        if end >= 0:
            self._end_text()  # the texts around it don't become one
        return end

    def _after_dropped(self, sign: int) -> int:
        markup = self._markup
        for begins, ends in (("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>")):
            if markup.startswith(begins, sign):
                end = markup.find(ends, sign + len(begins))
                return end + len(ends) if end >= 0 else -1
        found = _DROPPED.match(markup, sign)
        return found.end() if found else -1

    def _start_tag(self, tag: re.Match[str]) -> int:
        name, end = tag[1], tag.end()
        attributes, is_closed = _attributes(tag[2], alone=not tag[3])
        element = Element(name.lower(), attributes)
        self._end_text()
        self._open[-1].children.append(element)
        if is_closed or "/" in tag[3] or self._has_no_end(name, end):
            return end
        if element.name in _RAW:
            close = self._markup.find(f"</{name}>", end)
            content = self._markup[end:close]
            if close >= 0 and ("&" in content or "<" in content):
                element.children.append(content)
                end = close
        if len(self._open) < _DEEPEST:
            self._open.append(element)
        return end

    def _has_no_end(self, name: str, end: int) -> bool:
        if name == "html":
            return False  # the document's own ends it
        if name not in self._last_end:
            last = self._markup.rfind(f"</{name}>")
            self._last_end[name] = last if last >= end - 1 else self._markup.rfind(f"</{name}")
        return self._last_end[name] < end - 1

    def _add_text(self, raw: str) -> None:
        if raw:
            self._text.append(decoded(raw))

    def _end_text(self) -> None:
        if self._text:
            self._open[-1].children.append("".join(self._text))
            self._text.clear()


def _attributes(raw: str, *, alone: bool) -> tuple[dict[str, str], bool]:
    """Attributes, their names as written, and whether the last one's value ends the element.

    Args:
        alone: nothing stands between them and the end of the tag.
    """
    found: dict[str, str] = {}
    is_closed = False
    for given in _ATTRIBUTE.finditer(raw):
        quoted = given["quoted"] or given["direct"]
        if quoted is not None:
            value = quoted[1:-1]
        else:
            value = given[1] if given["bare"] is None else given["bare"]
            if alone and given["bare"] and given.end() == len(raw) and value.endswith("/"):
                value, is_closed = value[:-1], True
        found[given[1]] = decoded(re.sub(r"[\t\n]", " ", value))
    return found, is_closed


def decoded(text: str) -> str:
    """Text with its references to characters replaced, those that end with a semicolon."""
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(found: re.Match[str]) -> str:
    if found[1]:
        return html.unescape(found[0])
    return html5.get(f"{found[2]};", found[0])


def write(nodes: Iterable[Element | str]) -> str:
    """The markup of some nodes."""
    return "".join(_written(node) for node in nodes)


def escaped(text: str) -> str:
    """Text as it stands in markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _written(node: Element | str) -> str:
    if isinstance(node, str):
        return escaped(node)
    attributes = "".join(
        f' {name}="{html.escape(value)}"' for name, value in node.attributes.items()
    )
    if node.name in _NEVER_FULL and not node.children:
        return f"<{node.name}{attributes}>"
    return f"<{node.name}{attributes}>{write(node.children)}</{node.name}>"
