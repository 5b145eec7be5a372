"""`markup: extended`: Python-Markdown's dialect, in the HTML that every front end lets stand.

What has no element there is said with those that there are: a definition as a quote, a note as a
quote under its title, an abbreviation with its meaning behind it. Tables of contents and footnotes
are links only where the front ends keep the places that they lead to: on Hive.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import markdown

from bot.format import tree
from bot.format.flavour import Flavour
from bot.format.sanitise import CLASSES
from bot.format.tree import Element

_EXTENSIONS = ("extra", "admonition", "sane_lists", "smarty", "toc")
_KEPT = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}, "iframe": {"src"}}
# what Python-Markdown writes by itself, and what nobody misses
_QUIET = frozenset(["id", "class", "style", "rev", "role"])
_OWN_CLASSES = re.compile(r"footnote.*|admonition.*|toc.*|language-.*|abbr|note|warning|\s*")


@dataclass(slots=True)
class Extended:
    """A body made of richer Markdown.

    Attributes:
        body: HTML that the platform takes as such, with no blank line in it.
        lost: what was asked for and can't be expressed, in words.
    """

    body: str
    lost: list[str] = field(default_factory=list)


def extended(text: str, flavour: Flavour) -> Extended:
    """Format a body that is written in the richer dialect."""
    made = markdown.markdown(text, extensions=_EXTENSIONS, output_format="html")
    rewrite = _Rewrite(flavour)
    nodes = list(rewrite.nodes(tree.read(made).children))
    html = tree.write([Element("div", {}, nodes)])
    # an empty line would end the HTML for front ends that read Markdown in it
    html = re.sub(r"<pre>.*?</pre>", _without_empty_lines, html, flags=re.DOTALL)
    html = re.sub(r"\n\s*\n", "\n", html)
    return Extended(f"<html>\n{html}\n</html>", list(dict.fromkeys(rewrite.lost)))


def _without_empty_lines(code: re.Match[str]) -> str:
    return re.sub(r"\n(?=\n)", "&#10;", code[0])


class _Rewrite:
    """One way through what Python-Markdown has made."""

    def __init__(self, flavour: Flavour) -> None:
        self._links = flavour is not Flavour.CONDENSER
        self._explained: set[str] = set()
        self.lost: list[str] = []

    def nodes(self, nodes: list[Element | str]) -> Iterator[Element | str]:
        for node in nodes:
            if isinstance(node, str):
                yield node
            else:
                yield from self._element(node)

    def _children(self, element: Element) -> list[Element | str]:
        return list(self.nodes(element.children))

    def _element(self, element: Element) -> Iterator[Element | str]:
        kinds = set(element.attributes.get("class", "").split())
        rule = getattr(self, f"_{element.name}", None)
        place = self._place(element)
        if rule is not None:
            yield from place
            yield from rule(element, kinds)
            return
        attributes = self._attributes(element)
        made = Element(element.name, attributes, [*place, *self._children(element)])
        floating = kinds & CLASSES
        if floating and element.name != "div":
            yield Element("div", {"class": min(floating)}, [made])
        else:
            yield made

    def _place(self, element: Element) -> list[Element | str]:
        """Where links within the post lead to: an empty link with a name, where that is kept."""
        name = element.attributes.get("id", "")
        return [Element("a", {"id": name})] if self._links and name else []

    def _attributes(self, element: Element) -> dict[str, str]:
        kept = _KEPT.get(element.name, set())
        made = {}
        for name, value in element.attributes.items():
            if name in kept:
                made[name] = value
            elif name not in _QUIET or (name == "class" and self._is_authors(value)):
                self.lost.append(f"{name}={value!r} on <{element.name}>")
        return made

    @staticmethod
    def _is_authors(value: str) -> bool:
        return any(not _OWN_CLASSES.fullmatch(n) and n not in CLASSES for n in value.split())

    # -- elements that say it otherwise ----------------------------------------------------------

    def _div(self, element: Element, kinds: set[str]) -> Iterator[Element | str]:
        children = self._children(element)
        if "admonition" in kinds:
            yield Element("blockquote", {}, children)
        elif "footnote" in kinds:
            yield from children
        else:
            self._attributes(element)
            known = kinds & CLASSES
            yield Element("div", {"class": min(known)} if known else {}, children)

    def _p(self, element: Element, kinds: set[str]) -> Iterator[Element | str]:
        children = self._children(element)
        if "admonition-title" in kinds:
            children = [Element("strong", {}, children)]
        made = Element("p", {}, children)
        self._attributes(element)
        floating = kinds & CLASSES
        yield Element("div", {"class": min(floating)}, [made]) if floating else made

    def _dl(self, element: Element, _kinds: set[str]) -> Iterator[Element | str]:
        yield from self._children(element)

    def _dt(self, element: Element, _kinds: set[str]) -> Iterator[Element | str]:
        yield Element("p", {}, [Element("strong", {}, self._children(element))])

    def _dd(self, element: Element, _kinds: set[str]) -> Iterator[Element | str]:
        yield Element("blockquote", {}, self._children(element))

    def _abbr(self, element: Element, _kinds: set[str]) -> Iterator[Element | str]:
        yield from self._children(element)
        meaning = element.attributes.get("title", "")
        if meaning and element.text() not in self._explained:
            self._explained.add(element.text())
            yield f" ({meaning})"

    def _a(self, element: Element, kinds: set[str]) -> Iterator[Element | str]:
        inside = element.attributes.get("href", "").startswith("#")
        if inside and not self._links:
            text = self._children(element)
            if "footnote-ref" in kinds:
                yield f"[{element.text()}]"
            elif "footnote-backref" not in kinds:
                yield from text
            return
        yield Element("a", self._attributes(element), self._children(element))

    def _table(self, element: Element, _kinds: set[str]) -> Iterator[Element | str]:
        for cell in element.elements():
            align = cell.attributes.pop("style", "").replace(" ", "").rstrip(";")
            if cell.name == "td" and align == "text-align:right":
                cell.attributes["style"] = align
            elif cell.name == "td" and align == "text-align:center":
                cell.children = [Element("center", {}, cell.children)]
        yield Element("table", {}, self._children(element))

    def _td(self, element: Element, _kinds: set[str]) -> Iterator[Element | str]:
        style = {k: v for k, v in element.attributes.items() if k == "style"}
        yield Element("td", style, self._children(element))
