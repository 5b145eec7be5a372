"""Posts as front ends show them, as trees that can be compared: what a browser makes of them."""

import re

import nh3

from bot.format.flavour import Flavour
from bot.format.render import render
from tests.format.canonical import canonical

_KNOWN = nh3.ALLOWED_TAGS | {"iframe", "center", "strike", "details", "summary", "video", "source"}
_COUNTED = {
    "iframe": {"src"},
    "a": {"href", "class"},
    "img": {"src", "alt"},
    "td": {"style"},
    "th": {"style"},
    "div": {"class", "style"},
    "source": {"src"},
}
OWN_WORDS = {"postImage", "phishy"}
"""Classes of what a site explains in its own words."""
_SCHEMES = {"http", "https", "steem", "esteem", "hive"}


def tree(markup, *, readings=1):
    """What a browser makes of some markup, as [name, attributes, children].

    Empty paragraphs count for nothing: one parser makes them where another doesn't.

    Args:
        readings: a browser has read ours once before, and the second time changes what is open.
    """
    for _ in range(readings):
        markup = nh3.clean(
            markup, tags=_KNOWN, attributes=_COUNTED, link_rel=None, url_schemes=_SCHEMES
        )
    less = None
    while less != markup:
        less, markup = markup, re.sub(r"<p>[ \n\t]*</p>", "", markup)
    return _joined(canonical(markup))


def _joined(nodes):
    """Nodes whose texts are one where nothing stands between them; styles without white space."""
    made = []
    for node in nodes:
        if not isinstance(node, str):
            name, attributes, children = node
            if OWN_WORDS & set(attributes.get("class", "").split()):
                attributes.pop("title", None)
            style = {k: re.sub(r"[\s;]", "", v) for k, v in attributes.items() if k == "style"}
            known = {k: v for k, v in attributes.items() if v}
            made.append([name, {**known, **style}, _joined(children)])
        elif made and isinstance(made[-1], str):
            made[-1] += f" {node}"
        else:
            made.append(node)
    return made


def ours(body, flavour):
    """A body as `theirs` has it."""
    frame = re.fullmatch(r'<div class="[^"]*">(.*)</div>', render(body, flavour).html, re.DOTALL)
    # a part of the post stands in a `div` of nothing, a player in one of its own
    return [[node] if node[1] else node[2] for node in tree(frame[1])]


def theirs(shown):
    """What a front end made of a body: one piece of markup, or condenser's parts of a post."""
    return [tree(part, readings=2) for part in ([shown] if isinstance(shown, str) else shown)]


FRONT_ENDS = {
    "condenser": Flavour.CONDENSER,
    "content-renderer": Flavour.CONTENT_RENDERER,
    "denser": Flavour.DENSER,
}
