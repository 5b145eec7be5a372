"""The richer dialect comes out in elements that every front end lets stand."""

import pytest

from bot.format.extended import extended
from bot.format.flavour import Flavour
from bot.format.markdown import is_html
from bot.format.render import render
from bot.format.sanitise import ALLOWED_ELEMENTS


def body(text, flavour=Flavour.CONDENSER):
    return extended(text, flavour).body


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("Term\n:   Meaning", "<strong>Term</strong></p>\n<blockquote>Meaning</blockquote>"),
        ('!!! note "Mind"\n    Body', "<blockquote>\n<p><strong>Mind</strong></p>"),
        ("A HTML b HTML\n\n*[HTML]: Hyper", "A HTML (Hyper) b HTML"),
        ("A[^1]\n\n[^1]: note", "A<sup>[1]</sup>"),
        ('"quoted" -- so', "“quoted” – so"),
        ("x\n{: .pull-right }", '<div class="pull-right"><p>x</p></div>'),
        ("a | b\n--|--:\n1 | 2", '<td style="text-align:right">2</td>'),
        ("a | b\n--|:-:\n1 | 2", "<td><center>2</center></td>"),
        ("[TOC]\n\n# One", "<li>One</li>"),
        ("3. three", '<ol start="3">'),
    ],
)
@pytest.mark.parametrize("flavour", Flavour)
def test_what_has_no_element_is_said_with_others(text, markup, flavour):
    made = body(text)

    assert markup in made
    assert is_html(made)
    assert set(render(made, flavour).collected.elements) <= ALLOWED_ELEMENTS | {"html"}


def test_links_within_the_post_are_there_only_where_their_places_are_kept():
    text = "[TOC]\n\nA[^1]\n\n# One\n\n[^1]: note"

    assert "#" not in body(text)
    shown = render(body(text, Flavour.HIVE), Flavour.HIVE).html
    for place in ("one", "fn:1", "fnref:1"):
        assert f'id="{place}"' in shown
        assert f'href="#{place}"' in shown


def test_no_empty_line_ends_the_html():
    made = body("```\na\n\n\nb\n```\n\ntext\n\n> q\n\nend")

    assert "\n\n" not in made
    assert "a\n\n\nb" in render(made).html
