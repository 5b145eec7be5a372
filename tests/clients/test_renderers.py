"""The platform's own renderers, unmodified: they make the same trees of thousands of bodies."""

import json
import random
import re
import subprocess
from pathlib import Path

import nh3

from bot.format import tree
from bot.format.flavour import Flavour
from bot.format.markdown import is_html, to_html
from bot.format.ready import ready
from bot.format.sanitise import sanitise
from tests.clients.documents import document
from tests.format.canonical import canonical

FOLDER = Path(__file__).parent
SAMPLES = FOLDER.parent / "fixtures/rendering"
BODIES = 4000


def theirs(renderer, bodies):
    done = subprocess.run(
        ["node", "render.js", renderer],
        cwd=FOLDER,
        input=json.dumps(bodies),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def bodies():
    chance = random.Random(2026)
    made = (document(chance) for _ in range(BODIES))
    return [body for body in made if body.strip() and not is_html(body)]


def test_the_markdown_is_remarkables():
    made = bodies()
    for body, markup in zip(made, theirs("remarkable", made), strict=True):
        assert canonical(to_html(body)) == canonical(markup), body


def as_a_browser(markup):
    """The tree of a browser; empty paragraphs, which one parser makes and another doesn't, count
    for nothing, and the text around them is one."""
    whole = {"iframe": {"src"}, "a": {"href", "title"}, "img": {"src", "alt"}, "td": {"style"}}
    known = nh3.ALLOWED_TAGS | {"iframe", "center", "strike"}
    folded = re.sub(r">\s+<", "><", markup)
    shown = nh3.clean(folded, tags=known, attributes=whole, link_rel=None)
    return canonical(re.sub(r"<p>\s*</p>", "", shown))


def is_moved(body):
    """Whether content-renderer, as published, moves a part of this body behind its neighbours.

    It does so with a text in which it finds a mention, a hashtag, an address or a player, and with
    iframes. hive.blog doesn't show posts so, and neither do we.
    """

    def texts(nodes):
        for node in nodes:
            if isinstance(node, str):
                yield node
            elif node.name == "iframe":
                yield "@"
            elif node.name not in {"a", "code"}:
                yield from texts(node.children)

    found = texts(tree.read(to_html(body)).children)
    return any(sign in text for text in found for sign in "@#/")


def test_hives_page_is_content_renderers():
    samples = [path.read_text() for path in sorted(SAMPLES.glob("*.md"))]
    made = [body for body in [*bodies()[:1500], *samples] if not is_moved(body)]
    assert len(made) > BODIES // 4
    for body, markup in zip(made, theirs("hive", made), strict=True):
        # before our own last step, which reads the page as a browser: that isn't done twice
        ours = tree.write(sanitise(ready(to_html(body), Flavour.HIVE).nodes, Flavour.HIVE))
        assert as_a_browser(ours) == as_a_browser(markup), body
