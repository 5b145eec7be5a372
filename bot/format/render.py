"""A body as the platform shows it: Markdown, then the tree, then what the sanitiser lets stand."""

from dataclasses import dataclass

from bot.format import players, tree
from bot.format.flavour import Flavour
from bot.format.markdown import is_html, to_html
from bot.format.ready import Collected, ready
from bot.format.sanitise import as_shown, sanitise, written
from bot.format.summary import Summary, summary


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
    return ready(to_html(body), flavour).collected


def render(body: str, flavour: Flavour = Flavour.CONDENSER) -> Rendered:
    """The body of a post or reply as front ends of this flavour show it."""
    made = ready(to_html(body), flavour)
    nodes = sanitise(made.nodes, flavour)
    (_, first), *rest = players.split(written(nodes), flavour)
    parts = [f"<div>{as_shown(first, flavour)}</div>"]
    for player, markup in rest:
        parts.append(player)
        # what was opened before a player is closed there; an end tag after it counts for nothing
        if markup:
            closed = tree.write(tree.read(markup).children)
            parts.append(f"<div>{as_shown(closed, flavour)}</div>")
    kind = " html" if is_html(body) else ""
    return Rendered(
        f'<div class="MarkdownViewer Markdown{kind}">{"".join(parts)}</div>',
        made.collected,
        summary(nodes),
    )
