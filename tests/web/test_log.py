"""The log and all events: page by page, filtered, and as the commands tell them."""

import csv
import io
import json
from datetime import timedelta

import pytest

from bot.records import Status
from bot.records.tables import events, publications
from bot.reports.log import log_line
from tests.web.conftest import at
from tests.web.filling import NOW, event, fill_log, insert, publication

NOON = at(2026, 12, 1, 12)


@pytest.fixture
def dashboard(quiet_room, open_dashboard):
    return open_dashboard(quiet_room, NOON)


def pages(dashboard, path, between=lambda: None):
    """All rows, page by page; something happens between two pages."""
    rows, before = [], ""
    while before is not None:
        told = dashboard.get(f"{path}&limit=7&before={before}").json()
        rows += told["rows"]
        before = told["older"]
        between()
    return rows


def test_pages_have_neither_gaps_nor_repeats_while_rows_are_added(dashboard):
    fill_log(dashboard.records, 50, each=1)
    new = iter(range(51, 100))

    def more():
        number = next(new)
        insert(dashboard.records, publications, [publication(number)])
        insert(dashboard.records, events, [event(number, number)])

    told = pages(dashboard, "/api/v1/log?x=", more)
    assert [row["id"] for row in told] == list(range(50, 0, -1))
    there = dashboard.records.log()[-1].publication.id
    told = pages(dashboard, "/api/v1/log/events?x=", more)
    assert [row["id"] for row in told] == list(range(there, 0, -1))


def test_what_happened_at_the_same_moment_is_told_once(dashboard):
    same = {"included_at": NOW, "updated_at": NOW}
    insert(dashboard.records, publications, [publication(n, **same) for n in range(1, 30)])
    told = pages(dashboard, "/api/v1/log?x=")
    assert [row["id"] for row in told] == list(range(29, 0, -1))


STATUSES = ("queued", "final", "held", "waiting")
QUESTIONS = (
    ("status=final", {"statuses": [Status.FINAL]}),
    ("status=held&status=waiting", {"statuses": [Status.HELD, Status.WAITING]}),
    ("status=&kind=&author=", {}),
    ("author=author003", {"author": "author003"}),
    ("author=@author003&chain=devnet", {"author": "author003"}),
    ("since=2026-08-23T12:10Z", {"since": NOW - timedelta(days=100, minutes=-10)}),
    ("until=2026-08-23T12:10Z", {"until": NOW - timedelta(days=100, minutes=-10)}),
)


@pytest.mark.parametrize(("question", "asked"), QUESTIONS)
def test_filters_find_what_the_command_finds_in_its_order(dashboard, question, asked):
    rows = [publication(n, status=STATUSES[n % 4]) for n in range(1, 41)]
    insert(dashboard.records, publications, rows)
    expected = [log_line(row) for row in dashboard.records.log(**asked)]

    assert expected
    assert pages(dashboard, f"/api/v1/log?{question}") == expected[::-1]
    lines = dashboard.get(f"/api/v1/log/export?{question}").text.splitlines()
    assert [json.loads(line) for line in lines] == expected


def test_the_search_finds_parts_of_names_and_the_beginning_of_a_transaction(dashboard):
    insert(
        dashboard.records,
        publications,
        [
            publication(1, title="100% Kabul"),
            publication(2, title="1000 words", trx_id="abcdef12" + "0" * 32),
            publication(3, brief="under_score"),
            publication(4, brief="underXscore"),
        ],
    )

    def found(text):
        rows = dashboard.get(f"/api/v1/log?q={text}").json()["rows"]
        return sorted(row["id"] for row in rows)

    assert found("0%25") == [1]
    assert found("kabul") == [1]
    assert found("r_s") == [3]
    assert found("ABCDEF12") == [2]
    assert found("bcdef12") == []
    assert found("nothing%00like%20that") == []


def test_the_export_is_streamed_whole_and_like_the_commands(dashboard, monkeypatch):
    monkeypatch.setattr("bot.records.logbook.STREAMED", 8)
    fill_log(dashboard.records, 40, each=1)
    lines = dashboard.get("/api/v1/log/export").text.splitlines()
    assert [json.loads(line) for line in lines] == [log_line(r) for r in dashboard.records.log()]


def test_a_spreadsheet_takes_nothing_in_the_table_for_a_formula(dashboard):
    titles = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", 'a "quoted", title\nof two lines']
    rows = [publication(n, title=title) for n, title in enumerate(titles, 1)]
    insert(dashboard.records, publications, rows)
    answer = dashboard.get("/api/v1/log/export?format=csv")

    assert answer.header("content-type").startswith("text/csv")
    table = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [row["title"] for row in table] == [f"'{t}" for t in titles[:5]] + titles[5:]


@pytest.mark.parametrize(
    "question", ["since=x", "before=1", "before=9-99999999999999999999", "status=x", "kind=x",
                 "limit=0", "before=999999999999999999-1"]
)  # fmt: skip
def test_what_is_no_question_is_told_so(dashboard, question):
    answer = dashboard.get(f"/api/v1/log?{question}")
    assert answer.status == 422
    assert answer.json()["detail"].startswith(question.partition("=")[0])


def test_the_page_shows_links_and_names_as_text(dashboard):
    hostile = "<script>alert(1)</script>\"'&\N{RIGHT-TO-LEFT OVERRIDE}" + "w" * 300
    row = publication(1, title=hostile, error=hostile, author="<b>", brief=hostile)
    insert(dashboard.records, publications, [row])
    insert(dashboard.records, events, [event(1, 1) | {"reason": hostile, "worker": hostile}])
    for path in ("/log", "/log/events", "/log?q=%3Cscript%3E", "/log?author=%22%3E%3Cscript%3E"):
        page = dashboard.get(path)
        assert page.status == 200
        assert "<script>alert" not in page.text
        assert '"><script' not in page.text
    assert "&lt;script&gt;" in dashboard.get("/log").text


def test_older_rows_are_a_link_away_and_only_the_newest_page_is_live(dashboard):
    fill_log(dashboard.records, 60, each=1)
    first = dashboard.get("/log?status=final").text
    assert 'id="log" data-live' in first
    link = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = dashboard.get(link).text
    assert "status=final" in link
    assert 'id="log" data-live' not in second
    assert first.count("<tr>") + second.count("<tr>") == 60 + 2
    assert "Title 10<" in second


def test_events_are_filtered_by_what_was_changed_to_and_by_time(dashboard):
    fill_log(dashboard.records, 10, each=3)
    told = pages(dashboard, "/api/v1/log/events?to=included")
    assert {row["to"] for row in told} == {"included"}
    assert len(told) == 10
    told = pages(
        dashboard, "/api/v1/log/events?since=2026-08-23T12:00:20Z&until=2026-08-23T12:00:25Z"
    )
    assert [row["id"] for row in told] == [24, 23, 22, 21, 20]
    assert told[0]["worker"] == "w"


def test_the_command_tells_the_same(sqlite_newsroom, open_dashboard):
    sqlite_newsroom.brief("one.md")
    sqlite_newsroom.brief("two.md", author="bob")
    sqlite_newsroom.publish_all(2)
    dashboard = open_dashboard(sqlite_newsroom)
    lines = dashboard.get("/api/v1/log/export").text.splitlines()
    assert [json.loads(line) for line in lines] == sqlite_newsroom.log()
