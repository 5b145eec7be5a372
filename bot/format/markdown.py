"""Markdown as the platform reads it: condenser's Remarkable, by markdown-it-py.

Remarkable there: HTML allowed, a newline is a line break, no automatic links, no typographer;
footnotes, tables and strikethrough on (tests/fixtures/rendering/README.md).
"""

import re

from bot.format.remarkable import rendered

_HTML_BODY = re.compile(r"\s*<html>.*</html>\s*", re.DOTALL)
_PARAGRAPH_BODY = re.compile(r"\s*<p>.*</p>", re.DOTALL)  # whatever stands after it


def is_html(body: str) -> bool:
    """Whether the platform takes the whole body as HTML instead of Markdown."""
    return bool(_HTML_BODY.fullmatch(body) or _PARAGRAPH_BODY.match(body))


def to_html(body: str) -> str:
    """The body as HTML, before links, images and mentions are made of its text."""
    if is_html(body):
        return re.sub(r"^\s*<html>|</html>\s*$", "", body)
    # comments are shown as a remark there, so they must not become one of ours
    visible = re.sub(r"<!--(.*?)(?:-->|$)", r"(html comment removed: \1)", body, flags=re.DOTALL)
    return rendered(visible)
