"""Findings: explained, silenced, mended."""

from pathlib import Path

import pytest

from bot.briefs import Level, fixed, parse
from bot.briefs.catalogue import CHECKS, page

ROOT = Path(__file__).parents[2]


def test_the_page_of_the_checks_is_the_codes_own():
    assert (ROOT / "docs/checks.md").read_text() == page(), "run `make docs`"


def test_every_check_says_what_it_means_and_what_to_do():
    for code, check in CHECKS.items():
        assert check.means.endswith("."), code
        assert check.remedy.endswith("."), code


def brief(front, body="Text."):
    return f"---\ntitle: T\n{front}\n---\n{body}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (brief("tags: [Taliban, '#Kabul', Foo Bar]"), brief("tags: [taliban, '#kabul', foo-bar]")),
        (brief("tags: Taliban #Kabul taliban"), brief("tags: taliban #kabul taliban")),
        (brief("tags:\n  - One  # note\n  - two"), brief("tags:\n  - one  # note\n  - two")),
        (
            brief("beneficiaries: [zoe:5%, bob:3%, alice:1%]"),
            brief("beneficiaries: [alice:1%, bob:3%, zoe:5%]"),
        ),
        (
            brief("beneficiaries:\n- zoe:5%  # z\n- bob:3%"),
            brief("beneficiaries:\n- bob:3%  # z\n- zoe:5%"),
        ),
        ("\ufeff" + brief("tags: a1"), brief("tags: a1")),
        (brief("tags: a1").replace("\n", "\r\n"), brief("tags: a1")),
        ('+++\ntitle = "T"\ntags = ["Kabul"]\n+++\nText.', '+++\ntitle = "T"\ntags = ["kabul"]\n+++\nText.'),
    ],
)  # fmt: skip
def test_what_is_safe_is_mended_and_nothing_else_changes(before, after):
    findings = parse(before.encode(), path="a.md").findings
    mended = fixed(before, [fix for finding in findings for fix in finding.fixes])

    assert mended == after
    assert not any(f.fixes for f in parse(mended.encode(), path="a.md").findings)


def test_a_mended_brief_means_what_it_meant():
    text = brief("tags: [Taliban, Foo Bar]\nbeneficiaries: [zoe:5%, bob:3%]")
    parsed = parse(text.encode(), path="a.md")
    mended = fixed(text, [fix for finding in parsed.findings for fix in finding.fixes])
    again = parse(mended.encode(), path="a.md").brief

    assert again is not None
    assert again.tags == parsed.brief.tags
    assert again.beneficiaries == parsed.brief.beneficiaries


def test_a_warning_may_be_ignored_for_one_brief():
    text = brief("tags: [Foo Bar]\nnonsense: 1\nignore: [key.unknown, tags.changed]")

    assert parse(text.encode(), path="a.md").findings == ()


@pytest.mark.parametrize("code", ["title.bytes", "key.unknwon", "everything"])
def test_errors_and_what_is_no_check_cant_be_ignored(code):
    findings = parse(brief(f"ignore: [{code}]").encode(), path="a.md").findings

    assert [(f.code, f.level, f.line) for f in findings] == [("key.ignore", Level.ERROR, 3)]
