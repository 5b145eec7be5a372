"""The findings that come from rendering: what a reader won't see as it was meant.

Each names the line of the brief; a place that can't be told from its text is the body's first line.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from markdown_it.token import Token

from bot.briefs import Brief, Finding, Fix, found
from bot.format.flavour import Flavour
from bot.format.markdown import is_html
from bot.format.ready import Collected
from bot.format.remarkable import parsed
from bot.format.sanitise import allowed_elements

_NO_SPACE = re.compile(r" {0,3}(?:#{2,6}[^#\s]|#[^-#a-zA-Z0-9\s])")
_DELIMITERS = re.compile(r"\s*\|?(?:\s*:?-{2,}:?\s*\|)+(?:\s*:?-{2,}:?\s*)?")
_UNKNOWN_PICTURE = re.compile(r"\.(?:webp|avif|heic|bmp|jfif)(?:\?|\Z)", re.IGNORECASE)
_WITHOUT_WORDS = re.compile(r"!\[\s*\]\(\s*[^\s)]")
_PLACES = re.compile(r"(?:^|[\s>])(?=https?://)")
_RELATIVE = re.compile(r"(?!(?:[a-z][a-z\d+.-]*:|//|/|#|www\.))", re.IGNORECASE)
_DOMAIN = re.compile(
    r"[a-z\d-]+(?:\.[a-z\d-]+)*\.(?!md\b|html?\b|markdown\b)[a-z]{2,}(?:[/?#]|\Z)", re.IGNORECASE
)


_LEFTOVERS = (
    (
        re.compile(r"\{\{[<%].*?[%>]\}\}"),
        "leftover.shortcode",
        "a Hugo shortcode, shown as text: write what it stands for",
    ),
    (
        re.compile(r"\{%.*?%\}|\{\{.*?\}\}"),
        "leftover.liquid",
        "Jekyll's Liquid, shown as text: write what it stands for",
    ),
    (
        re.compile(r"\{:[^{}\n]*\}|\{[#.][\w-]+\}\s*\Z"),
        "leftover.attribute",
        "an attribute, shown as text: remove it",
    ),
    (
        re.compile(r"!\[\[[^\[\]\n]+\]\]"),
        "leftover.embed",
        "Obsidian's embedding, shown as text: write what it stands for, or a link",
    ),
    (
        re.compile(r"<!--\s*more\s*-->", re.IGNORECASE),
        "leftover.more",
        "isn't shown, and no front end cuts there; `description:` gives lists their words",
    ),
)


def rendering_findings(
    brief: Brief, collected: Collected, lost: tuple[str, ...], flavour: Flavour
) -> Iterator[Finding]:
    """What front ends of this flavour show otherwise than it was written.

    Args:
        lost: what `markup: extended` can't express, in words.
    """
    for what in lost:
        message = f"{what} can't be said in the platform's HTML and is left out"
        value = what.partition("'")[2].partition("'")[0]
        yield _at(brief, value, "markup.extended", message)
    yield from _element_findings(brief, collected, flavour)
    yield from _picture_findings(brief, collected)
    yield from _link_findings(brief, collected, flavour)
    if not is_html(brief.body):
        yield from _leftover_findings(brief)
    if brief.markup == "platform" and not is_html(brief.body):
        yield from _markdown_findings(brief)


def _element_findings(brief: Brief, collected: Collected, flavour: Flavour) -> Iterator[Finding]:
    allowed = allowed_elements(flavour)
    noted = "[^" in brief.body  # whoever writes a footnote hasn't written its <section>
    for name in collected.elements:
        if name not in allowed and not (name == "section" and noted):
            message = f"the platform drops <{name}>; remove it, or write &lt;{name}&gt; to show it"
            yield _at(brief, f"<{name}", "html.element", message)
    for address in collected.refused:
        message = f"no player is shown for {address!r}; write a link instead"
        yield _at(brief, address or "<iframe", "html.iframe", message)


def _picture_findings(brief: Brief, collected: Collected) -> Iterator[Finding]:
    for address in collected.unsaved:
        message = (
            f"the picture {address!r} has no http(s) address; upload it"
            if address
            else "a picture without an address; write it between the parentheses"
        )
        yield _at(brief, address or "](", "html.image", message)
    for match in _WITHOUT_WORDS.finditer(brief.body):
        message = "a picture without words for who can't see it; write them between the brackets"
        yield _on(brief, brief.body.count("\n", 0, match.start()), "picture.alt", message)
    for text in collected.blanked:
        message = (
            "two naked picture addresses in one text: the platform shows nothing of the post; "
            "put each on a line of its own, with blank lines around, or write ![words](address)"
        )
        yield _at(brief, text.partition("\n")[0], "html.image.blank", message)
    for text in collected.lost:
        message = (
            "the platform shows the picture and drops the text beside it; "
            "put its address on a line of its own, with blank lines around"
        )
        yield _at(brief, text, "html.image.beside", message)
    for address in collected.links:
        if _UNKNOWN_PICTURE.search(address) and _stands_naked(brief.body, address):
            message = f"{address} is shown as a link: write it as ![words about it]({address})"
            yield _at(brief, address, "html.image.format", message)


def _stands_naked(body: str, address: str) -> bool:
    return any(body.startswith(address, place.end()) for place in _PLACES.finditer(body))


def _link_findings(brief: Brief, collected: Collected, flavour: Flavour) -> Iterator[Finding]:
    for address in collected.links:
        if re.fullmatch(r"#fn(?:ref)?\d+(?::\d+)?", address):
            continue
        if address.startswith("#"):
            kept = flavour is not Flavour.CONDENSER and (
                brief.markup == "extended" or f'id="{address[1:]}"' in brief.body
            )
            if kept:
                continue
            message = f"{address} leads nowhere: the platform drops the names of places in a text"
        elif address.startswith("mailto:"):
            message = f"the platform makes https://{address} of it; write the address as text"
        elif _RELATIVE.match(address) and not _DOMAIN.match(address):
            message = f"{address!r} has no https://; the platform makes https://{address} of it"
        else:
            continue
        yield _at(brief, address, "link.nowhere", message)
    if flavour is Flavour.CONDENSER and "#fn1" in collected.links:
        message = "the numbers of footnotes don't lead there: the platform drops the places"
        yield _at(brief, "[^", "link.footnote", message)


def _markdown_findings(brief: Brief) -> Iterator[Finding]:
    """What isn't the Markdown that it looks like."""
    lines = brief.body.split("\n")
    for token in parsed(brief.body)[0]:
        first, end = token.map or (0, 0)
        if token.type == "fence" and not _is_closed(token, lines[first:end]):
            message = f"the code isn't closed; write {token.markup} after it"
            yield _on(brief, first, "markdown.fence", message)
        if token.type != "inline":
            continue
        for number in range(first, min(end, len(lines))):
            if _NO_SPACE.match(lines[number]):
                message = "shown as text, not as a heading: write a space after the #"
                indent = len(lines[number]) - len(lines[number].lstrip(" "))
                hashes = lines[number][indent:].partition(lines[number].strip(" #")[0])[0]
                fix = Fix(brief.body_line + number, indent, hashes, f"{hashes} ")
                yield replace(_on(brief, number, "markdown.heading", message), fixes=(fix,))
            elif _DELIMITERS.fullmatch(lines[number]):
                message = (
                    "shown as text, not as a table: the line above needs as many columns as this"
                )
                yield _on(brief, number, "markdown.table", message)


def _leftover_findings(brief: Brief) -> Iterator[Finding]:
    """What other tools compute, outside code."""
    if not any(sign in brief.body for sign in ("{", "<!--", "![[")):
        return
    lines = brief.body.split("\n")
    for token in parsed(brief.body)[0]:
        if token.type not in {"inline", "html_block"}:
            continue
        first, end = token.map or (0, 0)
        children = token.children or [token]
        text = "".join(
            "\n" if child.type in {"softbreak", "hardbreak"} else child.content
            for child in children
            if child.type != "code_inline"
        )
        for row in text.split("\n"):
            rest = row
            for pattern, code, message in _LEFTOVERS:
                if code == "leftover.attribute" and brief.markup == "extended":
                    continue  # there it is one
                for match in pattern.finditer(rest):
                    number = next((n for n in range(first, end) if match[0] in lines[n]), first)
                    yield _on(brief, number, code, f"{match[0].strip()}: {message}")
                rest = pattern.sub("", rest)


def _is_closed(fence: Token, lines: list[str]) -> bool:
    return len(lines) > 1 and lines[-1].strip(" \t>").startswith(fence.markup)


def _at(brief: Brief, text: str, code: str, message: str) -> Finding:
    """A warning on the line where some text stands first."""
    offset = brief.body.lower().find(text.lower()) if text else -1
    return _on(brief, brief.body.count("\n", 0, max(offset, 0)), code, message)


def _on(brief: Brief, lines: int, code: str, message: str) -> Finding:
    """A warning so many lines below the body's first."""
    return found(brief.path, brief.body_line + lines, code, message)
