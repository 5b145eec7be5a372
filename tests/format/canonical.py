"""Markup as a tree that can be compared: what tests/fixtures/rendering/README.md says counts."""

import re

from lxml import html

COUNTED = {"href", "src", "alt", "title", "start", "class", "style"}


def canonical(markup, *, without=()):
    """[name, attributes, children] of all that is in some markup; white space is folded."""
    root = html.fragment_fromstring(markup, create_parent="div")
    return _node(root, COUNTED - set(without))[2]


def _node(element, counted):
    children = []

    def add(text):
        folded = re.sub(r"\s+", " ", text or "").strip()
        if folded:
            children.append(folded)

    add(element.text)
    for child in element:
        if isinstance(child.tag, str):
            children.append(_node(child, counted))
        add(child.tail)
    attributes = {k: v for k, v in sorted(element.attrib.items()) if k in counted}
    return [element.tag, attributes, children]
