"""A form over a front matter: one key is written anew, every other character stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.briefs import BriefError
from bot.briefs.fields import fields, with_field
from bot.briefs.front_matter import split

YAML = (
    '---\ntitle: "A: b"   # said so\ntags:\n  - one\n  - two\n# a comment\nauthor: alice\n'
    "layout: post\n---\nBody.\n"
)


def form(text):
    return {field.key: field.value for field in fields(text)}


def test_the_form_shows_what_the_text_says():
    shown = form(YAML)

    assert (shown["title"], shown["tags"], shown["author"]) == ("A: b", "one, two", "alice")
    assert shown["draft"] == ""
    assert form("# A heading\n\nBody.")["title"] == "A heading"
    assert fields("---\ntitle: [\n---\n") is None


@pytest.mark.parametrize(
    ("key", "said", "old", "new"),
    [
        ("title", 'New "words" # 1', '"A: b"   # said', '"New \\"words\\" # 1"   # said'),
        ("tags", "x, #é", "  - one\n  - two\n", '  - x\n  - "#é"\n'),
        ("tags", "", "tags:\n  - one\n  - two\n", ""),
        ("author", "bob", "author: alice", "author: bob"),
        ("date", "2026-12-01 09:00", "layout: post\n", "layout: post\ndate: 2026-12-01 09:00\n"),
        ("draft", "true", "layout: post\n", "layout: post\ndraft: true\n"),
        ("reply_to", "@bob/a-b", "layout: post\n", 'layout: post\nreply_to: "@bob/a-b"\n'),
    ],
)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_key_is_written_and_every_other_character_stays(key, said, old, new, ends):
    before, expected = (text.replace("\n", ends) for text in (YAML, YAML.replace(old, new)))

    assert with_field(before, key, said) == expected


@pytest.mark.parametrize(
    ("text", "key", "said", "made"),
    [
        ("Body", "title", "T", "---\ntitle: T\n---\nBody"),
        ("# Old #\n\nBody", "title", "New", "# New #\n\nBody"),
        ("+++\na = 1\n[extra]\nb = 2\n+++\n", "draft", "true", "+++\ndraft = true\na = 1\n[extra]\nb = 2\n+++\n"),
        ("---\npublished: false\n---\n", "draft", "false", "---\npublished: true\n---\n"),
        ("---\nauthor:\n---\n", "author", "bob", "---\nauthor: bob\n---\n"),
        ("---\ndescription: >\n  a\n  b\n---\n", "author", "bob", "---\nauthor: bob\ndescription: >\n  a\n  b\n---\n"),
        ("title: x\n---\nBody", "author", "bob", "title: x\nauthor: bob\n---\nBody"),
    ],
)  # fmt: skip
def test_every_kind_of_front_matter(text, key, said, made):
    assert with_field(text, key, said) == made


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("---\ncategories: [a]\ntags: [b]\n---\n", "tags"),  # which of them?
        ("---\nbeneficiaries: [{account: bob, weight: 5}]\n---\n", "beneficiaries"),
        ("---\ntags:\n  - one # why\n  - two\n---\n", "tags"),  # the comment would be lost
        ('+++\ntags = [\n  "a",\n]\n+++\n', "tags"),
        ("---\ntitle: [\n---\n", "title"),
    ],
)
def test_what_cant_be_replaced_safely_is_left_to_the_text(text, key):
    with pytest.raises(BriefError):
        with_field(text, key, "other")


@given(st.sampled_from(["title", "description", "author"]), st.text(st.characters(codec="utf-8")))
def test_whatever_is_said_reads_back_or_is_refused(key, said):
    try:
        made = with_field(YAML, key, said)
    except BriefError:
        return
    assert form(made)[key] == said.strip()
    assert split(made).body == "Body.\n"
    assert split(made).values["layout"] == "post"
