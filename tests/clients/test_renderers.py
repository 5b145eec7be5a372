"""The platform's own renderers, unmodified: they make the same trees of thousands of bodies."""

import os
import random
from pathlib import Path

import pytest

from bot.format.markdown import is_html, to_html
from bot.format.render import collect
from tests.clients import kinds
from tests.clients.documents import document
from tests.clients.renderers import rendered
from tests.format.canonical import canonical
from tests.format.front_ends import FRONT_ENDS, ours, theirs

SAMPLES = Path(__file__).parents[1] / "fixtures/rendering"
BODIES = 4000
AGREED = 0.99
"""Of real posts the rest is what a browser makes of elements that are closed in the wrong order."""

fetched = pytest.mark.skipif(
    "FRONT_ENDS_FOLDER" not in os.environ, reason="see front_ends/README.md"
)


def bodies():
    chance = random.Random(2026)
    made = (document(chance) for _ in range(BODIES))
    return [body for body in made if body.strip() and not is_html(body)]


def bodies_of_kinds():
    chance = random.Random(2026)
    made = (kinds.body(chance) for _ in range(BODIES // 2))
    return [body for body in made if body.strip()]


def test_the_markdown_is_remarkables():
    made = bodies()
    for body, markup in zip(made, rendered("remarkable", made), strict=True):
        assert canonical(to_html(body)) == canonical(markup), body


@pytest.mark.parametrize(
    "front_end",
    ["content-renderer", *(pytest.param(n, marks=fetched) for n in ("condenser", "denser"))],
)
def test_a_page_is_the_front_ends(front_end):
    samples = [path.read_text() for path in sorted(SAMPLES.glob("*.md"))]
    made = [*bodies_of_kinds(), *bodies()[: BODIES // 4], *samples]
    shown = rendered(front_end, made)
    different = [
        body
        for body, markup in zip(made, shown, strict=True)
        if ours(body, FRONT_ENDS[front_end]) != theirs(markup)
    ]
    agreed = 1 - len(different) / len(made)
    assert agreed >= AGREED, f"{agreed:.2%} of {len(made)} agree; not\n" + "\n---\n".join(different)


@fetched
def test_what_is_collected_is_what_condensers_editor_collects():
    # the editor doesn't replace comments, and takes other bodies for HTML than the page does
    made = [
        body
        for body in bodies_of_kinds()
        if not ("<!--" in body or "<html>" in body or body.startswith("<p>"))
    ]
    for body, theirs_ in zip(made, rendered("condenser-editor", made), strict=True):
        found = collect(body)
        assert {name: list(getattr(found, name)) for name in theirs_} == theirs_, body
