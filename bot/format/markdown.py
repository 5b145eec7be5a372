"""Markdown as the platform reads it: Remarkable, by markdown-it-py.

Remarkable there: HTML allowed, no automatic links, no typographer; footnotes, tables and
strikethrough on (tests/fixtures/rendering/README.md). Whether a newline is a line break differs.
"""

import re

from bot.format.flavour import Flavour
from bot.format.remarkable import rendered

_HTML_BODY = re.compile(r"<html>(.*)</html>", re.DOTALL)
_PARAGRAPH_BODY = re.compile(r"<p>.*</p>", re.DOTALL)  # whatever stands after it
_COMMENT = re.compile(r"<!--(.+?)(?:-->|\Z)", re.DOTALL)


def is_html(body: str) -> bool:
    """Whether the platform takes the whole body as HTML instead of Markdown.

    White space before or after it makes it Markdown.
    """
    return bool(_HTML_BODY.fullmatch(body) or _PARAGRAPH_BODY.match(body))


def to_html(body: str, flavour: Flavour = Flavour.CONDENSER) -> str:
    """The body as HTML, before links, images and mentions are made of its text."""
    if flavour is Flavour.CONDENSER:
        whole = _HTML_BODY.fullmatch(body)
        visible = _remarked(whole[1] if whole else body)
        return visible if is_html(body) else rendered(visible, flavour)
    visible = _remarked(body)
    return visible if is_html(visible) else rendered(visible, flavour)


def _remarked(body: str) -> str:
    """Comments are shown as a remark there, so they must not become one of ours."""
    return _COMMENT.sub(r"(html comment removed: \1)", body)
