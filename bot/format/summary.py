"""A post in plain words: for descriptions and notifications, and for people who can't see it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.format.tree import Element

EXCERPT = 200
"""Characters of an excerpt, at most."""
WORDS_A_MINUTE, CHARACTERS_A_MINUTE = 220, 500
"""How fast people read: words, and characters of scripts that put no spaces between words."""

_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f]")
_WORD = re.compile(r"\w+(?:['’.,-]\w+)*")
_MARK = re.compile(r"~~~ embed:\S+ [a-z0-9]+ ?\d* ~~~")
_BLOCKS = frozenset(
    [
        "p", "div", "li", "ul", "ol", "blockquote", "pre", "table", "tr", "td", "th", "br", "hr",
        "center", "h1", "h2", "h3", "h4", "h5", "h6",
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Summary:
    """What a post says, without its form.

    Attributes:
        words: words; of scripts without spaces each character counts.
        minutes: to read it, at least 1.
        image: address of the first picture, or None.
        excerpt: its beginning as plain text, ended at a word.
    """

    words: int
    minutes: int
    image: str | None
    excerpt: str


def summary(nodes: Iterable[Element | str]) -> Summary:
    """Sum up the tree of a post."""
    nodes = list(nodes)
    text = " ".join(_MARK.sub(" ", "".join(_text(nodes))).split())
    characters = len(_UNSPACED.findall(text))
    words = len(_WORD.findall(_UNSPACED.sub(" ", text)))
    minutes = round(words / WORDS_A_MINUTE + characters / CHARACTERS_A_MINUTE)
    return Summary(words + characters, max(1, minutes), _first_image(nodes), _excerpt(text))


def _text(nodes: Iterable[Element | str]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, str):
            yield node
        elif node.name == "img":
            yield node.attributes.get("alt", "")
        else:
            yield from _text(node.children)
            if node.name in _BLOCKS:
                yield " "


def _first_image(nodes: Iterable[Element | str]) -> str | None:
    root = Element("", {}, list(nodes))
    addresses = (e.attributes.get("src") for e in root.elements() if e.name == "img")
    return next((address for address in addresses if address and "//" in address), None)


def _excerpt(text: str) -> str:
    if len(text) <= EXCERPT:
        return text
    cut = text[: EXCERPT - 1]
    whole = cut.rpartition(" ")[0] if len(cut.rpartition(" ")[0]) > EXCERPT // 2 else cut
    return f"{whole.rstrip(' ,;:.')}…"
