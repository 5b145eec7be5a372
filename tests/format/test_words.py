"""Moments and lengths in the platform's words."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.format.relative import relative
from bot.format.render import render

NOW = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        ({"seconds": 0}, "now"),
        ({"seconds": 45}, "45 seconds ago"),
        ({"seconds": 60}, "1 minute ago"),
        ({"minutes": 59}, "59 minutes ago"),
        ({"hours": 1}, "1 hour ago"),
        ({"hours": 18}, "18 hours ago"),
        ({"hours": 23, "minutes": 40}, "yesterday"),
        ({"days": 1}, "yesterday"),
        ({"days": 3}, "3 days ago"),
        ({"days": 31}, "last month"),
        ({"days": 62}, "2 months ago"),
        ({"days": 365}, "last year"),
        ({"days": 800}, "2 years ago"),
        ({"days": -1}, "tomorrow"),
        ({"days": -7}, "in 7 days"),
        ({"hours": -2}, "in 2 hours"),
        ({"days": -40}, "next month"),
    ],
)
def test_a_moment_is_worded_as_the_platform_words_it(ago, words):
    assert relative(NOW - timedelta(**ago), NOW) == words


def test_late_in_the_day_it_can_be_today():
    night = datetime(2026, 11, 24, 23, 50, tzinfo=UTC)
    assert relative(night - timedelta(hours=23, minutes=45), night) == "today"


def test_a_post_is_summed_up_in_plain_words():
    made = render(
        "# One\n\n**Two** words, [three](https://x.org) ![four](https://x.org/p.svg)."
    ).summary

    assert made.excerpt == "One Two words, three four."
    assert (made.words, made.minutes, made.image) == (5, 1, "https://x.org/p.svg")


def test_scripts_without_spaces_are_counted_by_character():
    assert render("日本語の文章 and words").summary.words == 8


def test_an_excerpt_ends_at_a_word():
    excerpt = render("word " * 100).summary.excerpt

    assert len(excerpt) <= 200
    assert excerpt.endswith("word…")
