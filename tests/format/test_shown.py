"""What won't be shown as it was written is found, on its line."""

import pytest

from bot.briefs import Level, parse
from bot.format import Defaults, compose
from bot.format.flavour import Flavour


def findings(body, flavour=Flavour.CONDENSER, markup="platform"):
    """(code, line within the body) of every finding."""
    text = f"---\ntitle: T\ntags: [a]\nauthor: alice\nmarkup: {markup}\n---\n{body}\n"
    brief = parse(text.encode(), path="b.md").brief
    made = compose(brief, Defaults(), flavour)
    return [(f.code, f.line - brief.body_line + 1) for f in made.findings]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a\n\n<marquee>x</marquee>", [("html.element", 3)]),
        ('a\n<iframe src="https://evil.example/"></iframe>', [("html.iframe", 2)]),
        ("a\n\n![map]()", [("html.image", 3)]),
        ("a\n\n![](https://x.org/a.png)", [("picture.alt", 3)]),
        ("a\n\nsee https://x.org/a.png there", [("html.image.beside", 3)]),
        ("a\n\nhttps://x.org/a.webp", [("html.image.format", 3)]),
        ("a\n\n![x](https://x.org/a.webp)", []),
        ("a\n\n[up](#top)", [("link.nowhere", 3)]),
        ("a\n\n[mail](mailto:a@b.org)", [("link.nowhere", 3)]),
        ("a\n\n[other](other.md)", [("link.nowhere", 3)]),
        ("a\n\n[site](example.org/x)", []),
        ("a\n\n[site](www.example.org) [x](https://x.org) [y](/@alice)", []),
        ("a[^1]\n\n[^1]: n", [("link.footnote", 1)]),
        ("a\n\n##Heading", [("markdown.heading", 3)]),
        ("a\n\n#taliban", []),
        ("a\n\n| a | b |\n|---|\n| 1 | 2 |", [("markdown.table", 4)]),
        ("a\n\n| a | b |\n|---|---|\n| 1 | 2 |", []),
        ("a\n\n```python\nx = 1", [("markdown.fence", 3)]),
        ("a\n\n```\n##x\n|---|--|\n```", []),
        ("> ```\n> x\n> ```", []),
        ('a\n\nb\n{{< figure src="x.png" >}}', [("leftover.shortcode", 4)]),
        ("a\n\n{{<tweet id>}}", [("html.element", 3), ("leftover.shortcode", 3)]),
        ("a\n\n{% raw %} {{ site.url }}", [("leftover.liquid", 3), ("leftover.liquid", 3)]),
        ("a\n\n![[A note#Part]] and `![[code]]`", [("leftover.embed", 3)]),
        ("a\n\n<!--more-->\n\nb <!-- more -->", [("leftover.more", 3), ("leftover.more", 5)]),
        ("a\n\n# Head {#head}\n\nb {: .wide}", [("leftover.attribute", n) for n in (3, 5)]),
        ("a `{{ x }}`\n\n```\n{% y %}\n```\n\n{a} {#b} c", []),
    ],
)
def test_surprises_are_found_on_their_line(body, expected):
    assert findings(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        "ssh <pad-host> now",
        "write <file_name> and <your-name> there",
        "<K, V> and <user:pass> and <Point:0x1>",
        "a <!x> b",
    ],
)
@pytest.mark.parametrize("flavour", Flavour)
def test_what_is_shown_as_text_is_no_element(body, flavour):
    assert findings(body, flavour) == []


def test_a_tag_that_is_dropped_is_told_how_it_is_shown():
    text = "---\ntitle: T\ntags: [a]\nauthor: alice\n---\na Vec<T>\n"
    (finding,) = compose(parse(text.encode(), path="b.md").brief, Defaults()).findings

    assert finding.code == "html.element"
    assert "&lt;t&gt;" in finding.message


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("a\n\nb https://x.org/a.png https://x.org/b.jpg", 3),
        ("https://x.org/a.png\n\n- c https://x.org/a.png https://x.org/a.png", 3),
        ("a\n\n<div>\nhttps://x.org/a.png\nhttps://x.org/b.gif\n</div>", 4),
    ],
)
def test_two_naked_pictures_in_one_text_are_an_error_where_they_blank_the_post(body, line):
    text = f"---\ntitle: T\ntags: [a]\nauthor: alice\n---\n{body}\n"
    brief = parse(text.encode(), path="b.md").brief
    made = compose(brief, Defaults(), Flavour.CONDENSER)
    (finding,) = [f for f in made.findings if f.code == "html.image.blank"]

    assert made.post is None
    assert finding.level is Level.ERROR
    assert finding.line - brief.body_line + 1 == line
    assert "a line of its own" in finding.message
    assert compose(brief, Defaults(), Flavour.DENSER).post


def test_where_the_post_is_blank_the_other_findings_are_told_too():
    body = "https://x.org/a.png https://x.org/b.jpg\n\n<marquee>x</marquee>"

    assert findings(body) == [("html.element", 3), ("html.image.blank", 1)]


def test_findings_are_the_chains_own_front_ends():
    body = "<details><summary>S</summary>x</details>\n\nhttps://x.org/a.webp"

    assert findings(body, Flavour.CONDENSER) == [
        ("html.element", 1),
        ("html.element", 1),
        ("html.image.format", 3),
    ]
    assert findings(body, Flavour.CONTENT_RENDERER) == findings(body, Flavour.CONDENSER)
    assert findings(body, Flavour.DENSER) == []


def test_hive_keeps_places_and_text_beside_pictures():
    assert findings('<a id="top"></a>\n\n[up](#top)', Flavour.HIVE) == []
    assert findings("[up](#top)", Flavour.HIVE) == [("link.nowhere", 1)]
    assert findings("a[^1]\n\n[^1]: n", Flavour.HIVE) == []
    assert findings("see https://x.org/a.png there", Flavour.HIVE) == []


def test_what_extended_markup_cant_say_is_found():
    assert findings("Odd\n{: data-mood=sad }", markup="extended") == [("markup.extended", 2)]


def test_hashtags_that_find_no_room_are_told():
    tags = ", ".join(f"tag{letter}" for letter in "abcdefg")
    text = f"---\ntitle: T\ntags: [{tags}]\nauthor: alice\n---\nx\n#One and #two\n"
    made = compose(parse(text.encode(), path="b.md").brief, Defaults())
    found = [finding for finding in made.findings if finding.code == "tags.hashtags"]
    assert [(finding.line, "#two in the body" in finding.message) for finding in found] == [
        (7, True)
    ]
