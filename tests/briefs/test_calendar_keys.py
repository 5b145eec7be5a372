"""The keys by which a brief says what the calendar is to do with it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from bot.briefs import parse


def read(*lines):
    text = "\n".join(("---", "title: T", "tags: [a]", *lines, "---", "Body.", ""))
    return parse(text.encode(), path="a.md")


def test_a_brief_names_its_series_its_priority_and_its_policy():
    brief = read(
        "series: market", "priority: 2.5", "late: next-slot", "grace: 2h", "approve: yes"
    ).brief

    assert (brief.series, brief.priority, brief.late) == ("market", Decimal("2.5"), "next-slot")
    assert (brief.grace, brief.approve) == (timedelta(hours=2), True)


def test_what_it_doesnt_say_is_the_configurations():
    brief = read().brief

    assert (brief.series, brief.priority, brief.late) == (None, Decimal(0), None)
    assert (brief.grace, brief.approve) == (None, None)
    assert read("approve: false").brief.approve is False


@pytest.mark.parametrize("written", ["Priority: 3", "PRIORITY: 3", "priority: 3"])
def test_keys_are_read_in_any_case(written):
    assert read(written).brief.priority == 3


@pytest.mark.parametrize("written", ["series: market", "series: [market]", 'series: ["market"]'])
def test_a_series_may_be_written_as_hugo_does(written):
    assert read(written).brief.series == "market"


@pytest.mark.parametrize("written", ["late: NEXT_SLOT", "late: next slot", "late: Next-Slot"])
def test_a_policy_is_read_in_any_spelling(written):
    assert read(written).brief.late == "next-slot"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("series: [a, b]", "key.series"),
        ("series: {a: b}", "key.series"),
        ("priority: high", "key.priority"),
        ("priority: .inf", "key.priority"),
        ("priority: 1000001", "key.priority"),
        ("priority: [1]", "key.priority"),
        ("late: never", "key.late"),
        ("late: [miss]", "key.late"),
        ("grace: soon", "key.grace"),
        ("grace: 2", "key.grace"),
        ("grace: 100000d", "key.grace"),
        ("approve: maybe", "key.approve"),
    ],
)
def test_what_a_key_cant_be_is_told_with_its_line(written, code):
    parsed = read(written)

    assert parsed.brief is None
    assert [(one.code, one.line) for one in parsed.findings] == [(code, 4)]
