"""A body is shown here as the platform shows it, and nothing in it can run."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from bot.format.flavour import Flavour
from bot.format.markdown import to_html
from bot.format.render import render
from bot.format.sanitise import ALLOWED_ELEMENTS
from tests.format.canonical import canonical
from tests.format.pathological import classes

FIXTURES = Path(__file__).parents[1] / "fixtures/rendering"
EXPECTED = json.loads((FIXTURES / "expected.json").read_text())
SAMPLES = sorted(EXPECTED)


def shown(body, flavour=Flavour.CONDENSER):
    """The body's own markup, without the site's frame."""
    markup = render(body, flavour).html
    return markup.partition("<div>")[2].removesuffix("</div></div>").strip()


# -- against the platform's own renderer -------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLES)
def test_the_markdown_is_read_as_the_platform_reads_it(name):
    made = to_html((FIXTURES / name).read_text())

    assert canonical(made) == canonical(EXPECTED[name]["markdown_stage"])


@pytest.mark.parametrize("name", SAMPLES)
def test_the_page_is_the_platforms_page(name):
    made = render((FIXTURES / name).read_text())

    # titles of links are the site's own words
    assert canonical(made.html, without={"title"}) == canonical(
        EXPECTED[name]["html"], without={"title"}
    )
    for kind in ("tags", "users", "images", "links"):
        assert list(getattr(made.collected, kind)) == EXPECTED[name][kind]


# -- rules of which the samples have none --------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # Remarkable isn't CommonMark
        ("one\ntwo\n---", "<p>one<br>\ntwo</p>\n<hr>"),
        ("- a\n\n\n- b", "<ul>\n<li>a</li>\n</ul>\n<ul>\n<li>b</li>\n</ul>"),
        ("text\n7. seven", '<p>text</p>\n<ol start="7">\n<li>seven</li>\n</ol>'),
        ("[a] [b]\n\n[b]: /x", '<p><a href="/x">a</a></p>'),
        ("<h2>*x*</h2>", "<p><h2><em>x</em></h2></p>"),
        ("***a***", "<p><strong><em>a</em></strong></p>"),
        ("![*a*](https://x.org/p.svg)", '<p><img src="https://x.org/p.svg" alt="*a*"></p>'),
        ("a\u00a0 \nb", "<p>a<br>\nb</p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("[x](<a b>)", '<p><a href="a%20b">x</a></p>'),
        ("~~~~~~", "<pre><code></code></pre>"),
        ("| a\\|b |\n|---|\n| c |", "<p>| a|b |<br>|---|<br>| c |</p>"),
        ("a[^1] b[^1]\n\n[^1]: n", None),
    ],
)
def test_markdown_is_remarkables(body, expected):
    made = canonical(to_html(body))

    if expected is None:
        assert "fnref1:1" in to_html(body)
    else:
        assert made == canonical(expected)


@pytest.mark.parametrize(
    ("body", "markup"),
    [
        ("see https://x.org/a.png here", 'src="https://x.org/a.png"'),
        ("https://x.org/a.svg", '<img src="https://x.org/a.svg">'),
        ("https://x.org/setup.exe", "<p>https://x.org/setup.exe</p>"),
        ("https://vimeo.com/76979871", "player.vimeo.com/video/76979871#t=0s"),
        ("https://www.twitch.tv/videos/1234567", "player.twitch.tv/?video=1234567"),
        ("https://d.tube/#!/v/alice/abc", "emb.d.tube/#!/alice/abc"),
        ("https://3speak.online/watch?v=alice/abc", "3speak.online/embed?v=alice/abc"),
        ("https://youtu.be/dQw4w9WgXcQ?t=42", "img.youtube.com/vi/dQw4w9WgXcQ/0.jpg"),
        ('<img src="ipfs.png">', 'src="brokenimg.jpg"'),
        ("[a](https://evil.org) steemit", 'href="https://evil.org"'),
        ("[steemit.com](https://evil.org)", "steemit.com / https://evil.org"),
        ("<a>x</a>", 'href="#"'),
        ('<a href="https://a b/">x</a>', 'href="https://a b/"'),
        ("[x](https://a.b:port/)", 'href="https://a.b:port/"'),
        ("![x](https://a:b/p.svg)", 'src="https://a:b/p.svg"'),
        ("https://a.b/?c=1&d=2", 'href="https://a.b/?c=1&amp;d=2"'),
        ("![a](http://x.org/p.svg)", 'src="//x.org/p.svg"'),
        ("!@alice", '!!<a href="/@alice">'),
        ("<center>\n\n**b**", "<strong>b</strong>"),
        ('<div class="pull-left odd">x</div>', "<div>x</div>"),
        ("~~~ embed:abc unknown ~~~ x", None),
    ],
)
def test_the_tree_is_changed_as_there(body, markup):
    made = shown(body)

    assert markup is None or markup in made


def test_text_beside_a_naked_picture_is_lost_as_on_the_platform():
    assert "here" not in shown("see https://x.org/a.png here")
    assert "here" in shown("see https://x.org/a.png here", Flavour.HIVE)


@pytest.mark.parametrize(
    "body",
    [
        "a https://x.org/a.png b https://x.org/b.jpg c",
        "- https://x.org/a.png https://x.org/a.png\n\nmore",
        "<div>\nhttps://x.org/a.png\nhttps://x.org/b.gif\n</div>",
        "`https://x.org/a.png https://x.org/b.jpg`",
    ],
)
def test_two_naked_pictures_in_one_text_blank_the_whole_post_as_on_the_platform(body):
    assert shown(body) == ""
    assert "a.png" in shown(body, Flavour.HIVE)


def test_hive_shows_players_titles_and_places():
    body = '<a id="x"></a> [t](https://x.org "T")\n\nhttps://youtu.be/dQw4w9WgXcQ'
    made = shown(body, Flavour.HIVE)

    assert 'id="x"' in made
    assert 'title="T"' in made
    assert "https://www.youtube.com/embed/dQw4w9WgXcQ" in made


def test_a_body_in_html_is_left_alone():
    assert render("<html><p>*x*</p></html>").html.count("*x*") == 1
    assert "Markdown html" in render("<p>x</p>").html
    assert "*y*" in render("<p>x</p>\n\n*y*").html


# -- whatever anybody writes -----------------------------------------------------------------------

PIECES = st.sampled_from(
    ["<script>", "</script>", "<svg onload=alert(1)>", "<math>", "<style>", "<p>", "</p>", "<a href=",
     "javascript:", '"', "'", ">", "<", "&lt;", "](", "![", "[", "]", ")", "`", "```\n", "\n", "\n\n",
     "- ", "> ", "    ", "| a |\n|---|\n", "*", "**", "_", "~~", "@alice", "#tag", "https://x.org/a.png",
     "<iframe src=", "<img src=x onerror=", "data:text/html,", "<!--", "-->", "~~~ embed:a youtube ~~~",
     "<table><tr><td>", "<form>", "<noscript>", "]]>", "<![CDATA[", "word", " "]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.lists(PIECES, max_size=30).map("".join)), st.sampled_from(Flavour))
def test_nothing_but_what_is_allowed_comes_out(body, flavour):
    tree = html.fragment_fromstring(render(body, flavour).html, create_parent="div")

    for element in tree.iter():
        assert element.tag in ALLOWED_ELEMENTS
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert name != "srcdoc"
            if name in {"href", "src"}:
                scheme = re.match(r"\s*([a-z]+):", value.lower())
                assert scheme is None or scheme[1] in {"http", "https", "steem", "esteem", "hive"}


@pytest.mark.parametrize("flavour", Flavour)
@pytest.mark.parametrize(("name", "body"), classes(6_000).items())
def test_a_body_made_to_keep_it_busy_is_rendered(name, body, flavour):
    assert render(body, flavour).html.startswith("<div")
