"""What happens is told once on each way: grouped, not too often, not at night, and again after
failures, whoever fails, restarts or looks besides."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from bot.calendar.rules import parse_quiet
from bot.news.kinds import NewsKind
from bot.publishing.preflight import changed_elsewhere
from bot.records import Kind, Status, Transition
from tests.news.desk import EVERYTHING, Desk, all_told, checked, told


@pytest.fixture
def receiver(httpserver: HTTPServer):
    """A web server that takes what comes to /hook."""
    httpserver.expect_request("/hook", method="POST").respond_with_data("")
    return httpserver


@pytest.fixture
def hooked(desk, receiver):
    desk.webhook("program", receiver.url_for("/hook"))
    desk.round()
    return desk


def failing(httpserver, status):
    """A receiver that fails until its `status` is set to 200."""
    state = {"status": status}
    httpserver.expect_request("/hook").respond_with_handler(
        lambda request: Response("", status=state["status"])
    )
    return state


def test_what_happened_is_told_once(hooked, receiver):
    hooked.bring(Status.REJECTED)

    assert hooked.round() == ["rejected"]
    assert hooked.round() == []
    hooked.later(days=1)
    assert hooked.round() == []
    assert told(receiver) == [["rejected"]]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (Status.FINAL, "published"),
        (Status.REJECTED, "rejected"),
        (Status.MISSED, "missed"),
        (Status.CANCELLED, "cancelled"),
        (Status.HELD, "held"),
        (Status.WAITING, "key"),  # without a time: until somebody mends something
    ],
)
def test_each_change_that_somebody_should_know_is_news(hooked, receiver, status, kind):
    row = hooked.bring(status)
    hooked.round()

    [(request, _)] = receiver.log
    [one] = checked(request)["news"]
    assert one["kind"] == kind
    assert one["at"] == "2026-12-01T09:00:00Z"
    assert (one["brief"] == row.brief) == (kind != "key")
    assert (one["url"] == row.url) == (kind == "published")


@pytest.mark.parametrize("status", [Status.QUEUED, Status.PUBLISHING, Status.INCLUDED])
def test_what_is_only_on_its_way_is_no_news(hooked, receiver, status):
    hooked.bring(status)
    assert hooked.round() == []


def held(desk, reason_of, **changes):
    row = desk.bring(Status.QUEUED, **changes)
    desk.records.move(row, Transition(Status.HELD, reason_of(row)), desk.now)


def test_what_a_person_has_held_needs_no_telling_to_people(hooked):
    held(hooked, lambda _: "held by a person")
    assert hooked.round() == []


def test_a_post_that_others_have_changed_is_loud(hooked, receiver):
    held(hooked, changed_elsewhere, kind=Kind.EDIT)
    assert hooked.round() == ["changed"]
    [(request, _)] = receiver.log
    [one] = checked(request)["news"]
    assert one["level"] == "error"
    assert one["text"].startswith("@alice/p1 was changed on the chain by other means")


def test_a_restart_tells_nothing_again(hooked, receiver):
    hooked.bring(Status.REJECTED)
    hooked.round()
    hooked.start_anew()
    hooked.bring(Status.MISSED)

    assert hooked.round() == ["missed"]
    assert told(receiver) == [["rejected"], ["missed"]]


def test_a_restart_between_finding_and_telling_loses_nothing(hooked, receiver):
    hooked.bring(Status.REJECTED)
    hooked.look()
    hooked.start_anew()
    hooked.round()

    assert told(receiver) == [["rejected"]]


def test_two_workers_tell_once(hooked, receiver):
    other = Desk(hooked.records, worker="elsewhere:2:2")
    other.webhook("program", receiver.url_for("/hook"))
    for turn in range(6):
        hooked.bring((Status.REJECTED, Status.FINAL)[turn % 2])
        for desk in (hooked, other) if turn % 3 else (other, hooked):
            desk.look()
        for desk in (hooked, other):
            desk.tell()
    other.close()

    assert sorted(all_told(receiver)) == ["published"] * 3 + ["rejected"] * 3


def test_a_worker_without_ways_leaves_the_telling_to_those_that_have_some(hooked, receiver):
    other = Desk(hooked.records, worker="elsewhere:2:2")
    hooked.bring(Status.REJECTED)
    assert other.round() == ["rejected"]
    other.close()
    hooked.round()

    assert told(receiver) == [["rejected"]]


def test_while_one_worker_has_a_way_in_hand_another_waits(hooked, receiver):
    hooked.bring(Status.REJECTED)
    hooked.look()
    assert hooked.news.take("program", "elsewhere:2:2", 60, hooked.now)
    hooked.tell()
    assert told(receiver) == []
    hooked.news.leave("program", "elsewhere:2:2")
    hooked.tell()
    assert told(receiver) == [["rejected"]]


def test_an_existing_databases_past_is_not_told(desk, receiver):
    for _ in range(3):
        desk.bring(Status.REJECTED, at=desk.now - timedelta(days=400))
        desk.bring(Status.FINAL, at=desk.now - timedelta(hours=1))
    desk.bring(Status.MISSED, at=desk.now - timedelta(minutes=5))
    desk.webhook("program", receiver.url_for("/hook"))

    assert desk.round() == ["missed"]
    assert told(receiver) == [["missed"]]


def test_posts_that_are_found_on_the_chain_again_are_not_told(hooked):
    hooked.bring(Status.FINAL, at=hooked.now - timedelta(days=400))
    assert hooked.round() == []


def test_a_new_way_begins_with_what_has_just_happened(hooked, receiver):
    hooked.bring(Status.REJECTED)
    hooked.round()
    hooked.later(hours=1)
    hooked.bring(Status.MISSED)
    hooked.look()
    receiver.expect_request("/new", method="POST").respond_with_data("")
    hooked.webhook("new", receiver.url_for("/new"))
    hooked.tell()

    assert told(receiver, "/new") == [["missed"]]


def test_a_way_tells_its_own_kinds_only(desk, receiver):
    desk.webhook(
        "program", receiver.url_for("/hook"),
        replace(EVERYTHING, events=frozenset({NewsKind.MISSED})),
    )  # fmt: skip
    desk.round()
    desk.bring(Status.REJECTED)
    desk.bring(Status.MISSED)
    desk.round()

    assert told(receiver) == [["missed"]]


def test_several_at_once_are_one_message(desk, receiver):
    desk.webhook(
        "program", receiver.url_for("/hook"), replace(EVERYTHING, group=timedelta(minutes=1))
    )
    desk.round()
    for _ in range(5):
        desk.bring(Status.REJECTED)
        desk.round()
        desk.later(seconds=11)
    assert told(receiver) == []
    desk.later(seconds=6)
    desk.round()

    assert told(receiver) == [["rejected"] * 5]


def test_nothing_is_told_in_quiet_hours_and_all_of_it_afterwards(desk, receiver):
    quiet = replace(EVERYTHING, quiet=(parse_quiet("22:00-07:00"),))
    desk.webhook("program", receiver.url_for("/hook"), quiet)
    desk.round()
    desk.later(hours=14)  # 23:00
    desk.bring(Status.REJECTED)
    desk.round()
    desk.later(hours=7)  # 06:00
    desk.bring(Status.MISSED)
    desk.round()
    assert told(receiver) == []
    desk.later(hours=1)
    desk.round()

    assert told(receiver) == [["rejected", "missed"]]


def test_there_are_so_many_messages_an_hour_and_then_one_with_the_rest(desk, receiver):
    desk.webhook("program", receiver.url_for("/hook"), replace(EVERYTHING, most_per_hour=3))
    desk.round()
    for _ in range(10):
        desk.bring(Status.REJECTED)
        desk.round()
        desk.later(minutes=1)
    assert [len(message) for message in told(receiver)] == [1, 1, 1]
    desk.start_anew()  # which makes nobody forget
    desk.round()
    desk.later(minutes=51)
    desk.round()

    assert [len(message) for message in told(receiver)] == [1, 1, 1, 7]


def test_what_a_receiver_doesnt_take_is_told_again_and_is_the_same_message(desk, httpserver):
    state = failing(httpserver, 503)
    desk.webhook("program", httpserver.url_for("/hook"))
    desk.round()
    desk.bring(Status.REJECTED)
    desk.round()
    desk.round()
    assert len(httpserver.log) == 1
    desk.later(seconds=31)
    desk.round()
    desk.bring(Status.MISSED)
    state["status"] = 200
    desk.later(seconds=59)
    desk.round()
    assert told(httpserver) == []  # the pause is twice as long
    desk.later(seconds=2)
    desk.round()

    assert told(httpserver) == [["rejected"], ["missed"]]
    ids = [request.headers["webhook-id"] for request, _ in httpserver.log]
    assert ids[0] == ids[1] == ids[2] != ids[3]
    assert desk.events() == ["news_not_told", "way_is_back"]


def test_a_receiver_that_is_away_for_hours_gets_all_when_it_is_back(desk, httpserver):
    state = failing(httpserver, 500)
    desk.webhook("program", httpserver.url_for("/hook"))
    desk.round()
    for _ in range(8):
        desk.bring(Status.REJECTED)
        desk.round()
        desk.later(minutes=30)
    state["status"] = 200
    for _ in range(3):
        desk.later(hours=1)
        desk.round()

    assert sum(map(len, told(httpserver))) == 8


def test_what_is_refused_for_good_is_given_up_and_doesnt_block_the_rest(desk, httpserver):
    state = failing(httpserver, 400)
    desk.webhook("program", httpserver.url_for("/hook"))
    desk.round()
    desk.bring(Status.REJECTED)
    for _ in range(12):
        desk.round()
        desk.later(hours=1)
    state["status"] = 200
    desk.bring(Status.MISSED)
    desk.round()

    assert told(httpserver) == [["missed"]]
    assert "news_given_up" in desk.events()
    assert desk.news.next_due("program") is None


def test_a_receiver_that_hangs_ends_with_the_deadline_and_is_asked_again(
    records, httpserver, silent_port
):
    desk = Desk(records, timeout=0.3)
    desk.webhook("program", f"http://127.0.0.1:{silent_port}/hook")
    desk.round()
    desk.bring(Status.REJECTED)
    desk.round()
    assert desk.events() == ["news_not_told"]
    httpserver.expect_request("/hook").respond_with_data("")
    desk.webhook("program", httpserver.url_for("/hook"))
    desk.start_anew()
    desk.later(seconds=31)
    desk.round()
    desk.close()

    assert told(httpserver) == [["rejected"]]


def test_one_way_that_hangs_keeps_no_other_waiting(hooked, receiver):
    def hang(message):
        raise TimeoutError("it never ends")

    hooked.way("stuck", type("Stuck", (), {"send": staticmethod(hang)})())
    hooked.bring(Status.REJECTED)
    hooked.round()

    assert told(receiver) == [["rejected"]]
    assert hooked.lines.entries[-1]["reason"] == "a fault of what sends it (TimeoutError)"


def test_a_person_reads_the_gravest_first_and_how_many_more_there_are(desk, postbox):
    desk.mail("desk", postbox.address)
    desk.round()
    for _ in range(25):
        desk.bring(Status.FINAL)
    desk.bring(Status.REJECTED, path="bad.md")
    desk.round()

    assert postbox.subjects == ["briefbot: 26 news (25 published, 1 rejected)"]
    [text] = postbox.texts
    assert text.startswith("2026-12-01 09:00 UTC  bad.md was rejected: test")
    assert text.count("published") == 19
    assert "… and 6 more" in text


def test_what_other_people_write_forges_no_line(desk, postbox):
    desk.mail("desk", postbox.address)
    desk.round()
    desk.bring(
        Status.FINAL, title="One\r\nBcc: all@example.org\n\n\x1b[31m2026-12-01 09:00 UTC  lie"
    )
    desk.round()

    [mail] = postbox.mails
    assert mail["Bcc"] is None
    [text] = postbox.texts
    assert len(text.strip().splitlines()) == 2
    assert "\x1b" not in text
