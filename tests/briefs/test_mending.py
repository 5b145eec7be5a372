"""What is wrong with a file as text, said so that one can mend it, and mended where that is safe."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.briefs import Level, fixed, parse
from bot.briefs.place import title_of
from bot.devnet.testing import Devnet


def found(text, path="b.md"):
    return parse(text if isinstance(text, bytes) else text.encode(), path=path).findings


def mended(text, path="b.md"):
    return fixed(text, [fix for finding in found(text, path) for fix in finding.fixes])


# -- a front matter that is no YAML or TOML ---------------------------------------------------------


@pytest.mark.parametrize(
    ("front", "line", "words"),
    [
        ("title: Part 1: the start", 2, 'a colon in the value of `title`; put it in quotes: `title: "Part 1: the start"`'),
        ("tags: [a]\ntitle: Ends with:", 3, "a colon in the value of `title`"),
        ("tags: [a]\nsummary: Re: hello\ntitle: T", 3, "a colon in the value of `summary`"),
        ('description: "two\n  lines"\ntitle: a: b', 4, "a colon in the value of `title`"),
        ('title: "Foo\ntags: [a]', 2, 'the quote that opens the value of `title` isn\'t closed; write a " after'),
        ('title: "Foo\ntags: [a]\ndescription: "Bar"', 2, "isn't closed"),
        ("tags: [a]\ntitle: 'Foo\nauthor: alice", 3, "isn't closed; write a ' after"),
        ("title: 'It's fine'", 2, "a quote ends inside of the value of `title`"),
        ('title: "He said "hi" twice"', 2, 'title: "He said \\"hi\\" twice"'),
        ('title: "C:\\path"', 2, "`title: 'C:\\path'`"),
        ("title: T\n\ttags: [a]", 3, "a tab stands in front; indent it by spaces"),
        ("tags:\n\t- a\n\t- b", 3, "a tab"),
        ("tags:\n  - a\n \t- b", 4, "a tab"),
        ("title:Foo\ntags: [a]", 2, "a space is missing after `title:`"),
        ("title Foo\ntags: [a]", 2, "no `key:`"),
        ("title: @alice writes", 2, 'begin with @; put it in quotes: `title: "@alice writes"`'),
        ("title: `code`", 2, "begin with `"),
        ("title: [Review] A book", 2, 'put it in quotes: `title: "[Review] A book"`'),
        ("title: > quoted", 2, "begin with >"),
        ("tags: [a, b\ntitle: x", 2, "close it"),
        ("title: T\n  tags: [a]", 3, "indented"),
    ],
)  # fmt: skip
def test_a_slip_in_yaml_is_told_with_its_line_and_its_remedy(front, line, words):
    [finding] = found(f"---\n{front}\n---\nBody.\n")
    assert (finding.code, finding.line) == ("front_matter.yaml", line)
    assert words in finding.message


@pytest.mark.parametrize(
    ("front", "line", "words"),
    [
        ("title = Foo", 2, 'text stands in quotes: `title = "Foo"`'),
        ('title = "T"\ndraft = True', 3, "`draft = true`"),
        ('title: "T"', 2, 'TOML has = where YAML has a colon: `title = "T"`'),
        ('title = "T"\ntags: [a]', 3, "TOML has ="),
        ('title = "Foo\ntags = []', 2, "isn't closed"),
        ('title = "He said "hi""', 2, "a quote ends inside"),
        ("title = 'It's'", 2, "a quote ends inside"),
        ('title = "C:\\path"', 2, "`title = 'C:\\path'`"),
        ('title = "T"\ntags = [a]', 3, "texts in a list stand in quotes"),
    ],
)
def test_a_slip_in_toml_is_told_with_its_line_and_its_remedy(front, line, words):
    [finding] = found(f"+++\n{front}\n+++\nBody.\n")
    assert (finding.code, finding.line) == ("front_matter.toml", line)
    assert words in finding.message


@pytest.mark.parametrize("front", ["title: a: {}", 'title: "{}" x', "title: @{}", "title: [{}] x"])
def test_a_remedy_never_repeats_a_key(front):
    key = Devnet.key("alice")
    findings = found(f"---\n{front.format(key)}\n---\nBody.\n")
    assert {finding.code for finding in findings} == {"secrets", "front_matter.yaml"}
    assert key not in str(findings)


ROWS = st.lists(
    st.from_regex(
        r"[ \t-]{0,3}(title|tags|a b)?[:=]? ?[\"'\[{@&*|>a:# \\,\]}]{0,9}", fullmatch=True
    ),
    max_size=6,
)


@settings(deadline=None)
@given(ROWS)
def test_any_rows_are_read_or_told_in_a_sentence_with_a_line_of_the_file(rows):
    text = "\n".join(rows)
    for fence in ("---", "+++"):
        file = f"{fence}\n{text}\n{fence}\nBody.\n"
        for finding in found(file):
            assert 1 <= finding.line <= file.count("\n")


@pytest.mark.parametrize(
    "row", ["a" * 16_000, "a " * 8_000, 'k: "' + "\\" * 15_000, " " * 16_000 + ":", "a: b: " * 2_600,
            "k: '" + "''" * 7_000, 'a: "\n' * 3_200, "\n".join(["k: x", *[" y"] * 5000, "\t"])],
)  # fmt: skip
def test_no_front_matter_takes_long(row):
    begun = time.process_time()
    found(f"---\ntitle: [\n{row}\n---\nBody.\n")
    found(f"+++\ntitle = \n{row}\n+++\nBody.\n")
    assert time.process_time() - begun < 2


# -- marks of a merge ------------------------------------------------------------------------------

CONFLICT = "<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> branch\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"---\ntitle: T\n---\nBody.\n\n{CONFLICT}", 6),
        ("---\n<<<<<<< HEAD\ntitle: T\n=======\ntitle: U\n>>>>>>> other\n---\nBody.\n", 2),
        (CONFLICT, 1),
        (CONFLICT.replace("\n", "\r\n"), 1),
        ("---\ntitle: T\n---\n<<<<<<< HEAD\n```\na\n=======\n```\nb\n>>>>>>> x\n", 4),
        ("---\ntitle: T\n---\n<<<<<<< HEAD\na\n||||||| base\nb\n=======\nc\n>>>>>>> x\n", 4),
    ],
)
def test_what_a_merge_has_left_is_an_error(text, line):
    [finding] = [f for f in found(text) if f.code != "file.crlf"]
    assert (finding.code, finding.level, finding.line) == ("file.conflict", Level.ERROR, line)


@pytest.mark.parametrize(
    "body",
    [
        f"How git shows it:\n\n```\n{CONFLICT}```\n",
        f"~~~~ diff\n{CONFLICT}~~~~\n",
        "A heading\n=======\n\nText.",
        "<<<<<<< only this\n",
        ">>>>>>> and this\n=======\n",
        "Shift left: a <<<<<<< b",
    ],
)
def test_an_example_of_a_merge_is_none(body):
    assert found(f"---\ntitle: T\n---\n{body}") == ()


# -- mended ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\ufeff---\r\ntitle: T\r\ntags: [A b]\r\n---\r\n# x\r\n", "---\ntitle: T\ntags: [a-b]\n---\n# x\n"),
        ("\ufeff# Heading\r\n\r\nText\r\n", "# Heading\n\nText\n"),
        ("---\ntitle: T\n---\na\x00b\x1b[1mc\n\x08d\n", "---\ntitle: T\n---\nab[1mc\nd\n"),
        ("\ufeff---\r\ntitle: T\x07\r\n---\r\nx\x0c\r\n", "---\ntitle: T\n---\nx\n"),
        ("\x01---\ntitle: T\n---\nx\n", "---\ntitle: T\n---\nx\n"),
        ("---\ntitle: T\ntags: [Größe, Élan]\n---\nx\n", "---\ntitle: T\ntags: [groesse, elan]\n---\nx\n"),
        ("---\ntitle: T\ntags: [B]\nlayout: B\ncategories: [C, B]\n---\nx\n", "---\ntitle: T\ntags: [b]\nlayout: B\ncategories: [c, b]\n---\nx\n"),
        ('+++\ntitle = "T"\n[taxonomies]\ntags = ["B"]\n+++\nx\n', '+++\ntitle = "T"\n[taxonomies]\ntags = ["b"]\n+++\nx\n'),
    ],
)  # fmt: skip
def test_one_run_mends_it_all(before, after):
    assert mended(before) == after
    assert [finding for finding in found(after) if finding.fixes] == []


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        ("Just text.\n", "Bees in winter.md", '---\ntitle: "Bees in winter"\n---\nJust text.\n'),
        ("Text.\r\n", "a.md", '---\ntitle: "A"\n---\nText.\n'),
        ("---\ntags: a\n---\nText.\n", "sub/2026-12-01-a-day_out.md", '---\ntitle: "A day out"\ntags: a\n---\nText.\n'),
        ('+++\ntags = ["a"]\n+++\nText.\n', "ideas/index.md", '+++\ntitle = "Ideas"\ntags = ["a"]\n+++\nText.\n'),
        ("---\ntags: a\ntitle:\n---\nText.\n", "x.md", '---\ntags: a\ntitle: "X"\n---\nText.\n'),
        ("---\ntitle: ''\n---\nText.\n", "x.md", '---\ntitle: "X"\n---\nText.\n'),
        ('+++\ntitle = ""\n+++\nText.\n', 'say "hi".md', '+++\ntitle = "say \\"hi\\""\n+++\nText.\n'),
        ("---\n---\nText.\n", "x.md", '---\ntitle: "X"\n---\nText.\n'),
        ("\ufeffText.\n", "x.md", '---\ntitle: "X"\n---\nText.\n'),
    ],
)  # fmt: skip
def test_a_note_without_a_title_gets_its_files_name(before, path, after):
    [finding] = [f for f in found(before, path) if f.code == "title.blank"]
    assert (finding.level, len(finding.fixes)) == (Level.ERROR, 1)
    assert mended(before, path) == after
    assert parse(after.encode(), path=path).brief.title == title_of(path)


@pytest.mark.parametrize(
    "text",
    [
        "\n---\ntitle: T\n---\nBody.\n", " ---\ntitle: T\n---\n", "--- json\n{}\n---\nBody.\n",
        '{"title": "T"}\nBody.\n', "title: T\n\nBody without an end.\n", '---json\n{"title": "T"}\n---\n', "\x01---\ntitle: T\n---\nx\n",
    ],
)  # fmt: skip
def test_a_front_matter_that_isnt_seen_gets_no_second_one_above_it(text):
    [finding] = [f for f in found(text) if f.code == "title.blank"]
    assert finding.fixes == ()
    assert "\x01" in text or "the front matter stands between --- lines" in finding.message


def test_what_isnt_a_text_at_all_is_left_alone():
    begun = time.process_time()
    for noise in ("\0" * 900_000, "a\0" * 400_000, "a" + "\r" * 900_000, "a\0\n" * 300_000):
        text = f"---\ntitle: T\n---\n{noise}"
        mended(text)
    assert mended("---\ntitle: T\n---\n" + "a\0" * 2000) == "---\ntitle: T\n---\n" + "a\0" * 2000
    assert time.process_time() - begun < 20


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=30), st.booleans())
def test_what_is_mended_needs_no_second_run(text, windows):
    end = "\r\n" if windows else "\n"
    before = f"\ufeff---{end}title: T{end}---{end}x{text}{end}{text}"
    after = mended(before)
    assert [f.code for f in found(after) if f.fixes] == []
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f]", after)


# -- drafts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("front", "path"),
    [("draft: true", "a.md"), ("published: false", "a.md"), ("", "_drafts/a.md")],
)
def test_what_a_draft_lacks_is_an_info(front, path):
    parsed = parse(f"---\n{front}\n---\n".encode(), path=path)
    assert parsed.brief.draft
    assert [(f.code, f.level) for f in parsed.findings] == [
        ("title.blank", Level.INFO),
        ("body.empty", Level.INFO),
    ]


def test_what_is_wrong_in_a_draft_is_an_error_all_the_same():
    assert parse(b"---\ndraft: true\nreward: lots\n---\n", path="a.md").brief is None
