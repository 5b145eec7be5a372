"""`make bench-rendering`: how true and how fast the platform's rendering is.

The baseline of the times is Python-Markdown alone, in the same run.
"""

import json
import statistics
import sys
import time
from pathlib import Path

import markdown

from bot.format.flavour import Flavour
from bot.format.markdown import to_html
from bot.format.render import render
from tests.format.canonical import canonical
from tests.format.pathological import classes

FIXTURES = Path(__file__).parent / "fixtures/rendering"
ROUNDS = 15
LARGEST_BODY = 64_000


def main():
    figures = {**truth(), **times(), **worst()}
    if "--json" in sys.argv:
        print(json.dumps(figures, indent=2))
        return
    for name, figure in figures.items():
        print(f"{name:<44}{figure}")


def truth():
    """How many of the platform's own samples come out as the same tree, at each stage."""
    expected = json.loads((FIXTURES / "expected.json").read_text())
    bodies = {name: (FIXTURES / name).read_text() for name in expected}
    same_markdown = sum(
        canonical(to_html(body)) == canonical(expected[name]["markdown_stage"])
        for name, body in bodies.items()
    )
    same_page = sum(
        canonical(render(body).html, without={"title"})
        == canonical(expected[name]["html"], without={"title"})
        for name, body in bodies.items()
    )
    return {
        "same trees after Markdown": f"{same_markdown} of {len(bodies)}",
        "same trees at the end": f"{same_page} of {len(bodies)}",
    }


def times():
    """Milliseconds, and the ratio to Python-Markdown alone."""
    sample = "\n\n".join((FIXTURES / name).read_text() for name in PROSE)
    made = {}
    for size in (7_000, 60_000):
        body = (sample * (size // len(sample) + 1))[:size]
        ours = [milliseconds(lambda body=body: render(body)) for _ in range(ROUNDS)]
        theirs = [milliseconds(lambda body=body: markdown.markdown(body)) for _ in range(ROUNDS)]
        median, baseline = statistics.median(ours), statistics.median(theirs)
        made[f"{size} bytes"] = (
            f"{median:.1f} ms, Python-Markdown alone {baseline:.1f} ms, ratio {median / baseline:.2f}"
        )
    return made


PROSE = (
    "headings.md", "links.md", "emph.md", "nested2.md", "quote.md", "table.md", "code.md", "image.md",
    "mention.md", "hashtag.md", "breaks.md", "rtl.md", "youtube.md", "bare_url.md",
)  # fmt: skip


def milliseconds(action):
    begun = time.perf_counter()
    action()
    return (time.perf_counter() - begun) * 1000


def worst():
    """The slowest of the bodies that are made to keep a renderer busy, as large as a chain takes."""
    seconds = {
        f"{name} ({flavour})": milliseconds(lambda body=body, to=flavour: render(body, to)) / 1000
        for name, body in classes(LARGEST_BODY).items()
        for flavour in Flavour
    }
    slowest = sorted(seconds, key=seconds.get, reverse=True)[:3]
    told = ", ".join(f"{name} {seconds[name]:.2f} s" for name in slowest)
    return {f"slowest of {len(seconds)} classes, {LARGEST_BODY} bytes": told}


if __name__ == "__main__":
    main()
