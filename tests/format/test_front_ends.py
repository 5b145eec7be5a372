"""Each kind of thing that authors write is shown as each front end shows it."""

import json
import re
from pathlib import Path

import pytest

from bot.format.flavour import Flavour
from bot.format.render import collect, render
from tests.clients.kinds import KINDS
from tests.format.front_ends import FRONT_ENDS, ours, theirs, tree

FIXTURES = Path(__file__).parents[1] / "fixtures/rendering-real"
RECORDED = json.loads((FIXTURES / "recorded.json").read_text())
NUMBERS = sorted(path.stem for path in FIXTURES.glob("[0-9]*.md"))
DENSERS = {"23", "24"}  # what stands there under these numbers is Denser's


def fixture(name):
    return (FIXTURES / name).read_text()


@pytest.mark.parametrize("number", [n for n in NUMBERS if n not in DENSERS])
def test_what_differed_from_condenser_is_the_same(number):
    made = render(fixture(f"{number}.md"), Flavour.CONDENSER).html

    assert tree(made) == tree(fixture(f"{number}.html"))


@pytest.mark.parametrize("name", sorted(path.name for path in FIXTURES.glob("*.hive.html")))
def test_what_differed_on_hive_is_the_same(name):
    number = name.partition(".")[0]
    flavour = Flavour.DENSER if number in DENSERS else Flavour.CONTENT_RENDERER

    assert ours(fixture(f"{number}.md"), flavour) == theirs(fixture(name))


@pytest.mark.parametrize("front_end", FRONT_ENDS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_shown_as_the_front_ends_own_code_shows_it(kind, front_end):
    for piece in KINDS[kind]:
        shown = theirs(RECORDED[piece][front_end])

        assert ours(piece, FRONT_ENDS[front_end]) == shown, piece


@pytest.mark.parametrize("kind", KINDS)
def test_the_metadata_is_what_condensers_editor_collects(kind):
    for piece in KINDS[kind]:
        if "<!--" in piece:
            continue  # the editor reads comments as HTML, the page shows them
        made = collect(piece)

        assert {name: list(getattr(made, name)) for name in RECORDED[piece]["collected"]} == (
            RECORDED[piece]["collected"]
        ), piece


def test_a_newline_in_an_address_is_collected_as_a_space():
    assert collect('<a href="https://news.example/long\n">x</a>').links == (
        "https://news.example/long ",
    )


def test_hive_means_the_front_end_that_hive_blog_runs():
    assert Flavour("hive") is Flavour.DENSER


@pytest.mark.parametrize(
    ("body", "condenser", "denser", "published"),
    [
        ("one\ntwo", "one<br>\ntwo", "one\ntwo", "one<br>\ntwo"),
        ("Hi @bob **there**", "Hi @bob <b>there", "Hi @bob <b>there", "<b>thereHi @bob"),
        ("<details>x</details>", "x", "<details>x</details>", "x"),
        (">! shown", "! shown", "<details><summary>Reveal spoiler</summary>", "! shown"),
        ("@steemcleaners", "@steemcleaners", 'href="/@steemcleaners"', 'href="/@steemcleaners"'),
        ("https://x.org/p.webp", ">https://x.org/p.webp<", 'alt="Embedded Image"', "p.webp</a>"),
    ],
)
def test_where_the_three_differ(body, condenser, denser, published):
    for flavour, expected in (
        (Flavour.CONDENSER, condenser),
        (Flavour.DENSER, denser),
        (Flavour.CONTENT_RENDERER, published),
    ):
        made = render(body, flavour).html.replace("strong>", "b>").replace(" </p>", "</p>")
        plain = re.sub(r"</?a[^>]*>", "", made) if "@bob" in body else made
        assert expected in re.sub(r"(</b>|\s+(?=<b>thereHi))", "", plain), flavour
