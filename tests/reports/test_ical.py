"""The calendar as other programs read it."""

from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st
from icalendar import Calendar

from bot.reports.ical import Item, ical

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def item(**given):
    told = {"chain": "steem", "brief": "a", "author": "alice", "title": "T", "reason": "its date"}
    return Item(**{"at": NOW + timedelta(hours=9), **told, **given})


def events(*items):
    return list(Calendar.from_ical(ical(items, NOW)).walk("VEVENT"))


def test_an_appointment_is_an_event_at_its_instant():
    (event,) = events(item(title="Kabul, revisited; part 1"))

    assert event.decoded("dtstart") == datetime(2026, 12, 1, 9, tzinfo=UTC)
    assert event["summary"] == "@alice: Kabul, revisited; part 1"
    assert "its date" in event["description"]
    assert event["status"] == "CONFIRMED"
    assert events(item(tentative=True))[0]["status"] == "TENTATIVE"


def test_its_uid_stays_when_it_moves_and_differs_from_chain_to_chain():
    moved = events(item(), item(at=NOW, title="Another"))
    assert moved[0]["uid"] == moved[1]["uid"]
    assert events(item(chain="hive"))[0]["uid"] != moved[0]["uid"]


def test_a_calendar_without_events_is_one():
    assert ical([], NOW).startswith(b"BEGIN:VCALENDAR\r\n")


@given(st.text(), st.text(min_size=1))
@example(r"C:\Notes", "a")
def test_whatever_a_title_holds_can_be_read_back_in_lines_of_75_bytes(title, brief):
    data = ical([item(title=title, brief=brief.encode(errors="replace").decode())], NOW)

    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    (event,) = Calendar.from_ical(data).walk("VEVENT")
    plain = "".join(c for c in title if c.isprintable()).replace("\\N", "\\n")
    assert str(event["summary"]).rstrip() == f"@alice: {plain}".rstrip()
