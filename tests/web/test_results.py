"""The results: sums as the command tells them, and charts that say the same as their tables."""

import itertools
import json
import re
from datetime import timedelta

import pytest

from bot.records.tables import publications, result_posts
from tests.publishing.newsroom import Newsroom
from tests.web.conftest import at
from tests.web.filling import NOW, fill_post, insert, publication

NOON = at(2026, 12, 1, 12)
NUMBERS = itertools.count()


@pytest.fixture
def filled(quiet_room, open_dashboard):
    dashboard = open_dashboard(quiet_room, NOON)
    rows = [
        publication(n, author=("alice", "bob")[n % 2], tags=[f"t{n % 30}", "all"],
                    included_at=NOW - timedelta(days=13 * n, hours=n % 5))
        for n in range(1, 41)
    ]  # fmt: skip
    insert(dashboard.records, publications, rows)
    insert(
        dashboard.records,
        result_posts,
        [
            {"id": n, "chain": "devnet", "author": row["author"], "permlink": row["permlink"],
             "symbol": "SBD", "pending": 100 * n, "author_payout": 1000 * n, "replies": n,
             "curator_payout": 900 * n, "created_at": row["included_at"], "read_at": NOW,
             "cashout_at": NOW if n < 3 else None}
            for n, row in enumerate(rows, 1)
        ],
    )  # fmt: skip
    return dashboard


def lines(quiet_room, *arguments):
    room = Newsroom.__new__(Newsroom)
    room.root, room.numbers = quiet_room.root, NUMBERS
    return [json.loads(line) for line in room.run("results", "--json", *arguments).splitlines()]


def test_the_api_tells_what_the_command_tells(filled, quiet_room):
    for by in ("post", "author", "tag", "weekday", "hour", "month"):
        assert filled.get(f"/api/v1/results?by={by}").json() == lines(quiet_room, "--by", by)
    asked = lines(quiet_room, "--by", "month", "--author", "alice", "--tag", "t4")
    assert asked
    assert filled.get("/api/v1/results?by=month&author=alice&tag=%23T4").json() == asked
    assert filled.get("/api/v1/results?by=year").status == 422
    assert filled.get("/api/v1/results?since=never").status == 422


def test_every_chart_has_a_table_that_has_all_its_figures(filled):
    page = filled.get("/results?since=all&measure=payout").text
    cards = page.split('<section class="card"')[1:]
    assert len(cards) == 4
    for card in cards:
        assert card.count('class="chart"') == card.count("<table>") == 1
        drawing, _ = card.split("</svg>", 1)
        assert "<title id=" in drawing
        assert "<desc id=" in drawing
    names = re.findall(r'<text x="0" y="\d+">([^<]+)</text>', cards[2])
    assert len(names) == 20  # of 31 tags, those that earned most
    assert "11 more are in the table" in cards[2]
    assert all(f"<bdi>{name}</bdi>" in cards[2] for name in names)
    assert names[0] == "all"
    assert ' style="' not in page


@pytest.mark.parametrize("measure", ["payout", "votes", "replies", "posts"])
def test_each_measure_is_drawn(filled, measure):
    page = filled.get(f"/results?measure={measure}&author=alice")
    assert page.status == 200
    assert f'value="{measure}" selected' in page.text


def test_a_year_is_shown_unless_another_span_is_asked_for(filled):
    assert "28 posts" in filled.get("/results").text
    assert "40 posts" in filled.get("/results?since=all").text
    assert "2 posts" in filled.get("/results?since=30d").text
    assert filled.get("/results?since=never").status == 422
    assert "Nothing that was published then" in filled.get("/results?author=%3Cb%3E").text


def test_the_heat_map_is_in_the_readers_zone(quiet_room, open_dashboard):
    dashboard = open_dashboard(quiet_room, NOON)
    fill_post(dashboard.records, 3, 0, included_at=NOW.replace(month=11, day=29, hour=23))
    here = dashboard.get("/results?measure=votes").text
    there = dashboard.get("/results?measure=votes", Cookie="zone=Europe/Berlin").text
    assert "Sun 23:00: 3 (1)" in here
    assert "Mon 00:00: 3 (1)" in there
