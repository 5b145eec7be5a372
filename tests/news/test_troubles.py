"""What is wrong is told when it begins and when it ends, once each, whoever looks."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.chain.protocol import NodeHealth
from bot.news.feed import Feed
from bot.records import Status
from bot.records.queues import QueueRecords
from bot.records.tables import publications
from tests.news.conftest import wait_until
from tests.news.desk import Desk, told


@pytest.fixture
def hooked(desk, httpserver):
    httpserver.expect_request("/hook", method="POST").respond_with_data("")
    desk.webhook("program", httpserver.url_for("/hook"))
    desk.round()
    return desk


def texts(desk):
    return [one.text for one in desk.notifier.look()]


def test_a_node_that_was_set_aside_is_told_until_it_is_well_for_20_minutes(hooked):
    hooked.records.note_node("devnet", "http://bad", "lies", "w", hooked.now)
    assert texts(hooked) == ["the node http://bad of devnet was set aside: it lies"]
    assert texts(hooked) == []
    hooked.later(minutes=11)
    hooked.records.note_node("devnet", "http://bad", "lies", "w", hooked.now)
    hooked.later(minutes=19)
    assert texts(hooked) == []
    hooked.later(minutes=2)
    [text] = texts(hooked)
    assert text.startswith("It is over, since 2026-12-01 09:00 UTC: the node http://bad")
    assert texts(hooked) == []
    hooked.later(hours=1)
    hooked.records.note_node("devnet", "http://bad", "lags", "w", hooked.now)
    assert texts(hooked) == ["the node http://bad of devnet was set aside: it lags"]


def test_a_node_that_gives_no_answer_for_a_minute_is_told_by_one_worker(hooked):
    health = {"silent_for": 30.0}

    def nodes():
        return [("devnet", NodeHealth("node.example.org", health["silent_for"], 5, 0))]

    other = Desk(hooked.records, worker="elsewhere:2:2")
    for desk in (hooked, other):
        desk.options["nodes"] = nodes
        desk.start_anew()
        assert desk.look() == []
    health["silent_for"] = 60.0
    assert [*hooked.look(), *other.look()] == ["node"]
    health["silent_for"] = None
    assert [*hooked.look(), *other.look()] == []  # it may have been one answer of many
    for desk in (hooked, other):
        desk.later(minutes=4)
    assert [*other.look(), *hooked.look()] == ["node"]
    other.close()


def test_a_folder_that_looks_wrong_is_told_and_when_it_is_well(hooked):
    mine = QueueRecords(hooked.records, "q")
    mine.enrol("host:/posts", hooked.now)
    mine.note("half of it is gone")
    assert texts(hooked) == ["the folder host:/posts looks wrong: half of it is gone"]
    mine.note("")
    [text] = texts(hooked)
    assert text.startswith("It is over")


def test_an_author_who_cant_post_is_told_once_however_many_briefs_wait(hooked):
    for _ in range(5):
        hooked.bring(Status.WAITING)
    assert hooked.look() == ["key"]
    assert hooked.look() == []


def due(desk, row, **values):
    with desk.records.writing() as connection:
        connection.execute(
            sa.update(publications).where(publications.c.id == row.id).values(**values)
        )


def test_what_should_be_out_for_15_minutes_is_overdue_and_logged_once(hooked):
    early = hooked.now - timedelta(hours=1)
    row = hooked.bring(Status.QUEUED, at=early)
    due(hooked, row, due_at=hooked.now, look_at=hooked.now)
    assert hooked.look() == []
    hooked.later(minutes=16)
    assert texts(hooked) == ["b1.md is overdue since 2026-12-01 09:00 (UTC)"]
    assert texts(hooked) == []
    hooked.start_anew()
    assert texts(hooked) == []
    [line] = [line for line in hooked.lines.entries if line["event"] == "overdue"]
    assert (line["log_level"], line["brief"]) == ("warning", "b1")


def test_what_the_calendar_has_put_off_or_was_queued_late_is_not_overdue(hooked):
    early = hooked.now - timedelta(hours=1)
    put_off = hooked.bring(Status.QUEUED, at=early)
    due(hooked, put_off, due_at=early, look_at=hooked.now + timedelta(hours=5))
    just_queued = hooked.bring(Status.QUEUED)
    due(hooked, just_queued, due_at=early, look_at=early)
    on_its_way = hooked.bring(Status.PUBLISHING, at=early)
    due(hooked, on_its_way, due_at=early, look_at=early)
    assert hooked.look() == []


def test_right_after_a_start_nothing_is_overdue_yet(hooked):
    hooked.options["starting"] = 60.0
    hooked.start_anew()
    row = hooked.bring(Status.QUEUED, at=hooked.now - timedelta(days=2))
    due(hooked, row, due_at=hooked.now - timedelta(days=1), look_at=hooked.now - timedelta(days=1))
    assert hooked.look() == []


def test_mondays_summary_counts_the_week_and_comes_once(hooked):
    # 2026-12-01 is a Tuesday
    for status in (Status.FINAL, Status.FINAL, Status.REJECTED):
        hooked.bring(status)
    hooked.look()
    hooked.later(days=5, hours=22)  # Monday, 07:00
    assert hooked.look() == []
    hooked.later(hours=1)
    assert texts(hooked) == ["The week 2026-W49: 2 published, 1 rejected"]
    hooked.start_anew()
    assert hooked.look() == []
    hooked.later(days=7)
    assert texts(hooked) == ["The week 2026-W50: nothing happened"]


def test_weeks_begin_in_the_configured_zone(records):
    desk = Desk(records, zone="Pacific/Auckland")
    desk.look()
    desk.later(days=5, hours=9, minutes=59)  # Monday, 07:59 in Auckland
    assert desk.look() == []
    desk.later(minutes=1)
    assert desk.look() == ["weekly"]
    desk.close()


def test_a_database_that_is_away_is_told_without_it_and_that_it_is_back(
    tmp_path, sqlite, httpserver
):
    from bot.records import Records

    httpserver.expect_request("/hook").respond_with_data("")
    file = tmp_path / "briefbot.db"
    file.write_bytes(sqlite.read_bytes())
    with Records.open(f"sqlite:///{file}") as records:
        desk = Desk(records)
        desk.webhook("program", httpserver.url_for("/hook"))
        desk.options |= {"pace": 0.05, "away": 0.0}
        desk.notifier.start()
        wait_until(lambda: desk.news.cursor("events") is not None)
        file.rename(tmp_path / "elsewhere.db")
        wait_until(lambda: told(httpserver) == [["database"]])
        (tmp_path / "elsewhere.db").rename(file)
        wait_until(lambda: told(httpserver) == [["database"], ["database"]])
        desk.notifier.stop()
        desk.close()
    first, second = (request.get_data().decode() for request, _ in httpserver.log)
    assert "Nothing is published, since 09:00 UTC" in first
    assert "could not be used from 2026-12-01 09:00" in second


def test_the_disk_is_told_when_it_is_nearly_full(hooked, monkeypatch):
    if hooked.records.file is None:
        pytest.skip("a server's disk is the server's")
    monkeypatch.setattr("bot.news.troubles.LITTLE_ROOM", 1 << 60)
    [text] = texts(hooked)
    assert "are left on the disk" in text
    monkeypatch.setattr("bot.news.troubles.LITTLE_ROOM", 0)
    assert texts(hooked)[0].startswith("It is over")


def test_a_feed_that_cant_be_written_is_said_once_and_stops_nothing(hooked, tmp_path):
    (tmp_path / "file").write_text("")
    hooked.options["feed"] = Feed(tmp_path / "file" / "feed.atom", lambda: "q")
    hooked.start_anew()
    operations = '[["comment",{"body":"Body."}]]'
    hooked.bring(Status.FINAL, operations=operations)
    assert hooked.look() == ["published"]
    hooked.look()
    assert hooked.events().count("feed_not_written") == 1
    hooked.notifier._feed = Feed(Path(tmp_path / "feed.atom"), lambda: "q")
    hooked.look()
    assert (tmp_path / "feed.atom").exists()


def test_sources_of_others_are_followed_and_told_once(hooked):
    """The seam for replies, payouts and changes by others, whose tables are elsewhere."""
    from bot.news.sources import Seen
    from bot.news.words import paid_out, replied

    row = hooked.bring(Status.QUEUED)
    rows = [
        replied(row, f"bob/re-{number}", hooked.now, "bob", "Upvoted!") for number in range(3)
    ] + [paid_out(row, "alice/p1", hooked.now, "1.000 SBD")]

    class Replies:
        name = "replies"

        def start(self, since):
            assert since == hooked.now - timedelta(minutes=10)
            return 1

        def after(self, position, since, limit):
            return Seen(rows[position:], len(rows), more=False)

    hooked.options["sources"] = [Replies()]
    hooked.start_anew()
    assert hooked.look() == ["reply", "reply", "payout"]
    assert hooked.look() == []
    rows.append(replace(rows[0], key="reply:x"))
    assert hooked.look() == ["reply"]
