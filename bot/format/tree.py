"""Markup as a tree, read as leniently as the platform reads it (xmldom 0.1, in text/html mode).

What differs from a browser: an end tag that doesn't match the innermost open element counts for
nothing, an element with no end tag after it is empty, and nothing is closed by implication.
"""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

VOID = frozenset(["br", "hr", "img", "input", "link", "meta"])
_RAW = frozenset(["script", "textarea"])
_DEEPEST = 100
"""Elements in each other; what is nested deeper stands beside, so that the stack suffices."""

# What isn't quite a tag is text: a slash that ends nothing, a quote without its `=`. Everything is
# possessive, so that no input makes it try twice.
_VALUE = r"\"[^\"]*+\"|'[^']*+'|[^\s\"'<>]++"
_TAG = re.compile(
    r"<(?:(/)([A-Za-z][^\s/<>]*+)[^<>]*+|([A-Za-z][^\s/<>=]*+)"
    rf"((?:\s*+[^\s=/\"'<>]++(?:\s*+=\s*+(?:{_VALUE}))?+)*+\s*+/*+))>"
)
_ATTRIBUTE = re.compile(
    r"([^\s=/\"'<>]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>]+?)/?(?=[\s\"'<>]|\Z)))?"
)
_ENTITY = re.compile(r"&#?\w{1,31};")
_OTHER = re.compile(r"<!--.*?(?:-->|\Z)|<[!?][^>]*>", re.DOTALL)


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
    markup = _OTHER.sub("", markup)
    root = Element("")
    opened = [root]
    last_end: dict[str, int] = {}
    pos = 0
    for tag in _TAG.finditer(markup):
        if tag.start() < pos:
            continue  # in the text of a script
        _add_text(opened[-1], markup[pos : tag.start()])
        pos = tag.end()
        if tag[1]:
            if opened[-1].name == tag[2].lower() and len(opened) > 1:
                opened.pop()
            continue
        element = Element(tag[3].lower(), _attributes(tag[4]))
        opened[-1].children.append(element)
        if tag[4].endswith("/") or element.name in VOID:
            continue
        if tag[3] not in last_end:
            last_end[tag[3]] = markup.rfind(f"</{tag[3]}")
        if last_end[tag[3]] < pos:
            continue
        if element.name in _RAW:
            end = markup.find(f"</{tag[3]}", pos)
            element.children.append(markup[pos:end])
            pos = end
        if len(opened) < _DEEPEST:
            opened.append(element)
    _add_text(opened[-1], markup[pos:])
    return root


def _add_text(element: Element, raw: str) -> None:
    if raw:
        text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), raw) if "&" in raw else raw
        element.children.append(text)


def _attributes(raw: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, *values in _ATTRIBUTE.findall(raw):
        value = next(filter(None, values), "")
        found.setdefault(name.lower(), html.unescape(value))
    return found


def write(nodes: Iterable[Element | str]) -> str:
    """The markup of some nodes."""
    return "".join(_written(node) for node in nodes)


def escaped(text: str) -> str:
    """Text as it stands in markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _written(node: Element | str) -> str:
    if isinstance(node, str):
        return escaped(node)
    attributes = "".join(
        f' {name}="{html.escape(value)}"' for name, value in node.attributes.items()
    )
    if node.name in VOID:
        return f"<{node.name}{attributes}>"
    return f"<{node.name}{attributes}>{write(node.children)}</{node.name}>"
