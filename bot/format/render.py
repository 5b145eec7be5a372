"""A body as the platform shows it: Markdown, then the tree, then what the sanitiser lets stand."""

from dataclasses import dataclass

from bot.format import players, tree
from bot.format.markdown import is_html, to_html
from bot.format.ready import Collected, ready
from bot.format.sanitise import as_shown, sanitise


@dataclass(frozen=True, slots=True)
class Rendered:
    """A body as it is shown.

    Attributes:
        html: safe markup, in the `div` with the site's classes.
        collected: what the editor collects from it.
    """

    html: str
    collected: Collected


def render(body: str) -> Rendered:
    """The body of a post or reply as condenser shows it."""
    made = ready(to_html(body))
    (_, first), *rest = players.split(tree.write(sanitise(made.nodes)))
    parts = [f"<div>{as_shown(first)}</div>"]
    for player, markup in rest:
        parts.append(player)
        # what was opened before a player is closed there; an end tag after it counts for nothing
        if markup:
            parts.append(f"<div>{as_shown(tree.write(tree.read(markup).children))}</div>")
    kind = " html" if is_html(body) else ""
    return Rendered(
        f'<div class="MarkdownViewer Markdown{kind}">{"".join(parts)}</div>', made.collected
    )
