"""How often what is asked, how replies are sorted and sums are made: rules over values."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.chain.outcomes import Asset, Happening, read_asset
from bot.records.earnings import Earning, Whole
from bot.records.outcomes import PostRecord, ReplyRecord
from bot.reports.results import grouped, of_post, sparkline, threaded
from bot.results.budget import Budget
from bot.results.histories import first_number, news_since
from bot.results.rhythm import history_rest, post_rest, stretch_of

NOW = datetime(2026, 12, 1, 23, 30, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
POST = PostRecord(
    id=1, chain="devnet", author="alice", permlink="one", symbol="SBD", precision=3, pending=0,
    author_payout=1234, curator_payout=1000, cap=10**9, net_rshares=0, replies=0, created_at=NOW,
    active_at=NOW, cashout_at=None, paid_at=NOW, paid_block=7, gone_at=None, replies_changed=False,
    read_at=NOW, whole_at=NOW, next_at=None,
)  # fmt: skip
REPLY = ReplyRecord(
    author="bob", permlink="re", parent_author="alice", parent_permlink="one", depth=1, body="B",
    created_at=NOW, updated_at=NOW, payout=0, net_rshares=0, votes=0, gray=False, settled=True,
)  # fmt: skip


def whole(*replies, **changes):
    nothing = {"votes": (), "reblogs": (), "course": (), "shares": (), "edits": (), "texts": {}}
    return Whole(post=replace(POST, **changes), replies=replies, **nothing)


@pytest.mark.parametrize(
    ("age", "rest"),
    [(MINUTE, 5 * MINUTE), (HOUR, 30 * MINUTE), (8 * HOUR, 4 * HOUR), (5 * DAY, DAY)],
)
def test_a_post_is_read_less_often_the_older_it_is(age, rest):
    assert post_rest(age) == rest


@pytest.mark.parametrize(
    ("age", "unpaid", "rest"),
    [(None, True, 5 * MINUTE), (HOUR, True, 5 * MINUTE), (2 * DAY, True, 15 * MINUTE),
     (9 * DAY, False, DAY)],
)  # fmt: skip
def test_a_history_is_read_as_long_as_something_is_expected(age, unpaid, rest):
    assert history_rest(age and NOW - age, NOW, unpaid=unpaid) == rest


def test_a_course_keeps_the_last_of_each_stretch():
    moment = datetime(2026, 12, 1, 10, 7, 42, tzinfo=UTC)
    assert stretch_of(moment, HOUR) == datetime(2026, 12, 1, 10, 5, tzinfo=UTC)
    assert stretch_of(moment, 2 * DAY) == datetime(2026, 12, 1, 10, tzinfo=UTC)


def test_an_allowance_is_used_up_and_comes_back():
    budget = Budget(9600, NOW)  # a hundred in a quarter of an hour
    assert budget.allows(100, NOW)
    budget.spend(100)
    assert not budget.allows(1, NOW)
    assert budget.allows(50, NOW + 8 * MINUTE)
    assert not budget.allows(101, NOW + DAY)  # no more than that is saved up


def test_after_each_refusal_the_wait_is_twice_as_long():
    budget = Budget(100_000, NOW)
    for seconds in (15, 30, 60):
        budget.refused(NOW)
        assert not budget.allows(1, NOW + timedelta(seconds=seconds - 1))
        assert budget.allows(1, NOW + timedelta(seconds=seconds))
    for _ in range(20):
        budget.refused(NOW)
    assert budget.allows(1, NOW + 15 * MINUTE)
    budget.answered()
    assert budget.allows(1, NOW)


def test_replies_are_nested_and_sorted_as_the_platform_does():
    rich = replace(REPLY, author="rich", payout=500, created_at=NOW - HOUR)
    liked = replace(REPLY, author="liked", votes=9, created_at=NOW - 2 * HOUR)
    hidden = replace(REPLY, author="hidden", payout=900, gray=True)
    below = replace(
        REPLY, author="zoe", parent_author="liked", parent_permlink="re", depth=2, payout=999
    )
    told = whole(rich, liked, hidden, below)

    def order(sort):
        return [reply.author for reply in threaded(told, sort)]

    assert order("trending") == ["rich", "liked", "zoe", "hidden"]
    assert order("votes")[:2] == ["liked", "zoe"]
    assert order("age") == ["rich", "liked", "zoe", "hidden"]


def test_sums_are_whole_numbers_and_months_are_the_readers():
    rows = [
        Earning(post=POST, brief="one", title="T", tags=("a", "b"), published_at=moment, votes=2)
        for moment in (NOW, NOW - DAY)
    ]
    told = {group.name: group.line() for group in grouped(rows, "month", "Europe/Berlin")}
    assert {name: line["votes"] for name, line in told.items()} == {"2026-12": 4}
    assert told["2026-12"]["earned"] == {"SBD": "2.468"}
    assert [g.name for g in grouped(rows, "month", "UTC")] == ["2026-11", "2026-12"]
    [both] = {group.name for group in grouped(rows, "author", "UTC")}
    assert both == "alice"
    assert [group.name for group in grouped(rows, "tag", "UTC")] == ["a", "b"]
    [tuesday] = [group.name for group in grouped(rows[:1], "weekday", "UTC")]
    assert tuesday == "Tuesday"
    assert [group.name for group in grouped(rows[:1], "weekday", "Europe/Berlin")] == ["Wednesday"]
    assert [group.name for group in grouped(rows[:1], "hour", "Asia/Kolkata")] == ["05:00"]


def test_a_payout_is_valued_at_its_day_or_not_at_all():
    asked = []

    def price(asset, day):
        asked.append((str(asset), day))
        return Decimal("2.50") if day == NOW.date() else None

    rows = [
        Earning(post=post, brief="b", title="T", tags=(), published_at=NOW)
        for post in (POST, replace(POST, paid_at=NOW - DAY))
    ]
    [group] = grouped(rows, "author", "UTC", price)
    assert (group.line()["usd"], group.line()["unpriced"]) == ("2.50", 1)
    assert asked == [("1.234 SBD", NOW.date()), ("1.234 SBD", (NOW - DAY).date())]
    [unpriced] = grouped(rows, "author", "UTC")
    assert (unpriced.line()["usd"], unpriced.line()["unpriced"]) == (None, 2)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "paid"),
        ({"cap": 2234}, "paid, capped"),
        ({"cap": 0}, "declined"),
        ({"paid_at": None, "cashout_at": NOW, "pending": 5}, "pending"),
        ({"paid_at": None, "cashout_at": NOW, "pending": 5, "cap": 5}, "pending, capped"),
        ({"gone_at": NOW}, "deleted"),
    ],
)
def test_how_it_stands_with_a_payout(changes, state):
    assert of_post(whole(**changes))["payout"] == state


def test_a_course_is_drawn_with_time_from_left_to_right():
    course = [(NOW + n * HOUR, n) for n in range(8)]
    assert sparkline(course) == "▁▂▃▄▅▆▇█"
    assert sparkline([(NOW, 0)]) == "▁"
    assert sparkline([]) == ""
    assert len(sparkline([(NOW + n * MINUTE, n) for n in range(500)], 48)) == 48


@pytest.mark.parametrize(
    ("text", "units"), [("1.234 SBD", 1234), ("0.000001 VESTS", 1), ("5 X", 5)]
)
def test_an_amount_is_a_whole_number_and_reads_as_it_was(text, units):
    assert read_asset(text).units == units
    assert str(read_asset(text)) == text
    assert str(Asset(-1, 3, "SBD")) == "-0.001 SBD"


class Node:
    """An account's history, one entry a minute, as servers tell it that look back from a number."""

    def __init__(self, count):
        self.entries = [
            Happening(n, n, "0" * 40, NOW + n * MINUTE, None) for n in range(1, count + 1)
        ]
        self.asked = 0

    def happened(self, account, start, limit):
        self.asked += 1
        end = len(self.entries) if start < 0 else min(start, len(self.entries))
        return tuple(self.entries[max(0, end - limit) : end])


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 1010, 3000])
@pytest.mark.parametrize("known", [0, 5, 1000])
def test_a_history_is_read_on_without_gap_or_double(count, known):
    node = Node(count)
    pages = list(news_since(node, "alice", known, 10**6))
    assert [entry.number for _, page in pages for entry in page] == list(
        range(known + 1, count + 1)
    )
    assert node.asked <= max(0, count - known) // 1000 + 3


def test_of_a_history_only_what_is_irreversible_is_taken():
    [(last, page)] = news_since(Node(9), "alice", 2, 7)
    assert (last, [entry.number for entry in page]) == (7, [3, 4, 5, 6, 7])


@pytest.mark.parametrize("since", [1, 2, 50, 1500, 2999])
def test_a_new_authors_history_begins_at_the_first_post(since):
    found, asked = first_number(Node(3000), "alice", NOW + since * MINUTE)
    assert found == since - 1
    assert asked <= 5
