"""A body as the platform shows it: Markdown, then the tree, then what the sanitiser lets stand."""

import re
from dataclasses import dataclass

from bot.format import denser, players
from bot.format.flavour import Flavour
from bot.format.markdown import is_html, to_html
from bot.format.nesting import VOID
from bot.format.ready import Collected, Ready, ready
from bot.format.sanitise import as_shown, sanitise, written
from bot.format.summary import Summary, summary

_TAG = re.compile(r"<(/?)([a-z0-9]+)[^<>]*>")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A body as it is shown.

    Attributes:
        html: safe markup, in the `div` with the site's classes.
        collected: what the editor collects from it.
        summary: the same in plain words.
    """

    html: str
    collected: Collected
    summary: Summary


def collect(body: str, flavour: Flavour = Flavour.CONDENSER) -> Collected:
    """What the editor collects from a body, without rendering it to the end."""
    return _ready(body, flavour).collected


def render(body: str, flavour: Flavour = Flavour.CONDENSER) -> Rendered:
    """The body of a post or reply as front ends of this flavour show it."""
    made = _ready(body, flavour)
    nodes = sanitise(made.nodes, flavour)
    markup = written(nodes)
    if flavour is Flavour.CONDENSER:
        parts = _beside_players(markup)
    else:
        whole = players.with_players(markup, flavour)
        if flavour is Flavour.DENSER:
            whole = denser.finished(whole)
        parts = [f"<div>{as_shown(whole, flavour)}</div>"]
    kind = " html" if is_html(body) else ""
    return Rendered(
        f'<div class="MarkdownViewer Markdown{kind}">{"".join(parts)}</div>',
        made.collected,
        summary(nodes),
    )


def _ready(body: str, flavour: Flavour) -> Ready:
    if flavour is not Flavour.DENSER:
        return ready(to_html(body, flavour), flavour)
    return ready(denser.rearranged(to_html(denser.marked(body), flavour)), flavour)


def _beside_players(markup: str) -> list[str]:
    """The parts of a post on condenser, which a browser reads one by one, players between them."""
    (_, first), *rest = players.split(markup)
    parts = [f"<div>{as_shown(first, Flavour.CONDENSER)}</div>"]
    for player, after in rest:
        parts.append(player)
        if after:
            parts.append(f"<div>{as_shown(_without_ends(after), Flavour.CONDENSER)}</div>")
    return parts


def _without_ends(markup: str) -> str:
    """A part of a post without the end tags of what was opened before it."""
    made, pos, depth = [], 0, 0
    for tag in _TAG.finditer(markup):
        if not tag[1]:
            depth += tag[2] not in VOID
            continue
        if depth:
            depth -= 1
            continue
        made.append(markup[pos : tag.start()])
        pos = tag.end()
    return "".join([*made, markup[pos:]])
