"""Links from brief to brief, as wikis, Hugo and Jekyll write them, made addresses on the chain."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.format.code import coded
from bot.format.pictures import located


@dataclass(frozen=True, slots=True)
class Target:
    """Where a brief stands, or will stand, on a chain."""

    author: str
    permlink: str
    url: str


@dataclass(frozen=True, slots=True)
class Name:
    """What a text calls another brief by.

    Attributes:
        path: in the queue, with or without suffix; None when `word` is all there is.
        word: an id, a file's name or a title.
    """

    word: str
    path: str | None = None


Resolve = Callable[[Name], Target | None]
"""Tells where a brief stands, or will stand; None for a name that is no brief's."""


def nowhere(name: Name) -> Target | None:  # noqa: ARG001
    """A queue without other briefs."""
    return None


def cross_posted(text: str, author: str, permlink: str) -> str:
    """The body of a cross-post as PeakD and Ecency write it, and know it by."""
    original = f"@{author}/{permlink}"
    return f"This is a cross post of [{original}](/{original}) by @{author}.<br><br>{text}"


_WIKI = r"(?<!!)\[\[(?P<wiki>[^\[\]|#\n]+)(?:#[^\[\]|\n]*)?(?:\|(?P<shown>[^\[\]\n]+))?\]\]"
_FILE = r"[^\s()<>\"'#:?]+\.(?:md|markdown)"
_MARKDOWN = rf"\]\(\s*<?(?P<markdown>{_FILE})(?P<place>#[^\s)>]*)?>?(?=[\s)])"
_REFERENCE = rf"^ {{0,3}}\[[^\]\n]+\]:[ \t]*<?(?P<reference>{_FILE})(?:#\S*)?>?(?=\s|$)"
_HTML = rf"<a\b[^<>]*?\shref\s*=\s*[\"'](?P<html>{_FILE})(?:#[^\"']*)?[\"']"
_HUGO = r"\{\{[<%]\s*(?:rel)?ref\s+\"(?P<hugo>[^\"#]+)(?:#[^\"]*)?\"\s*[%>]\}\}"
_JEKYLL = r"\{%-?\s*(?:post_url|link)\s+(?P<jekyll>[^\s%]+)\s*-?%\}"
_LINKS = re.compile(
    f"{_WIKI}|{_MARKDOWN}|{_REFERENCE}|{_HTML}|{_HUGO}|{_JEKYLL}", re.IGNORECASE | re.MULTILINE
)
_WHOLE = ("hugo", "jekyll")  # of which all becomes the address
_KINDS = ("wiki", "markdown", "reference", "html", *_WHOLE)


@dataclass(frozen=True, slots=True)
class Link:
    """A link to another brief in a text; `line` lines above it."""

    name: Name
    target: Target | None
    line: int


def with_links(body: str, brief: str, resolve: Resolve) -> tuple[str, tuple[Link, ...]]:
    """The body with addresses where it names other briefs, and those links.

    What names none is left as it is, and so is what stands in code.

    Args:
        brief: the brief's path; other briefs' count from its folder.
    """
    matches = list(_LINKS.finditer(body))
    if not matches:
        return body, ()
    code = coded(body)
    made, links, end = [], [], 0
    for match in matches:
        if any(first <= match.start() < last for first, last in code):
            continue
        group = next(name for name in _KINDS if match[name] is not None)
        written = match[group].strip()
        name = Name(written, None if group == "wiki" else located(written, brief))
        target = resolve(name)
        links.append(Link(name, target, body.count("\n", 0, match.start())))
        if target is None:
            continue
        if group == "wiki":
            text, start, stop = f"[{match['shown'] or written}]({target.url})", *match.span()
        elif group in _WHOLE:
            text, start, stop = target.url, *match.span()
        else:
            text, start, stop = target.url, *match.span(group)
            if match["place"]:  # front ends drop the places in a text
                stop = match.end("place")
        made += [body[end:start], text]
        end = stop
    return "".join([*made, body[end:]]), tuple(links)
