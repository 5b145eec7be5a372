"""The calendar: what goes out when; moved by form, refused where it must be, taken back."""

import re
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from bot.web.security import LOCAL
from tests.publishing.test_calendar import configure


def clock(*parts):
    """One that stands."""
    return lambda: datetime(*parts, tzinfo=UTC)


NOW = clock(2026, 12, 1, 9)
SLOTS = 'slots = ["mon-fri 09:00"]\ntimezone = "Europe/Berlin"\nquiet = ["22:00-07:00"]'


@pytest.fixture
def room(sqlite_newsroom):
    configure(sqlite_newsroom, SLOTS, '[calendar]\nblackout = ["2026-12-24..2026-12-26"]\n')
    return sqlite_newsroom


def days_of(dashboard, query="view=month&on=2026-12-01", **headers):
    told = dashboard.get(f"/api/v1/calendar?{query}", **headers).json()
    return {day["day"]: day for day in told["days"]}


def entries_of(dashboard, query="view=month&on=2026-12-01"):
    days = days_of(dashboard, query).values()
    return {entry["brief"]: entry for day in days for entry in day["entries"]}


def fingerprint(file):
    return sha256(file.read_bytes()).hexdigest()


def move(dashboard, brief, when, revision, zone="UTC", **more):
    form = {"revision": revision, "at": when, "zone": zone, "back": "view=week"}
    return send(dashboard, f"/calendar/move/devnet/{brief}", form | more)


def send(dashboard, path, form):
    """A form, with the token of the calendar's own."""
    return dashboard.post(path, form, csrf=dashboard.get("/calendar").csrf)


# -- what it shows --------------------------------------------------------------------------------


def test_appointments_stand_on_their_days_with_their_reasons_and_free_slots_beside_them(
    room, open_dashboard
):
    room.brief("tides.md")
    room.brief("moon.md", author="bob", date="2026-12-03 14:15")
    days = days_of(open_dashboard(room, NOW))

    (tides,) = days["2026-12-02"]["entries"]
    assert (tides["brief"], tides["at"], tides["why"]) == (
        "tides", "2026-12-02T08:00:00Z", "slot wed 09:00",
    )  # fmt: skip
    assert tides["local"] == "2026-12-02T09:00:00+01:00"
    assert [slot["at"] for slot in days["2026-12-03"]["free"]] == ["2026-12-03T08:00:00Z"]
    assert days["2026-12-03"]["entries"][0]["why"] == "its date"
    assert days["2026-12-01"]["is_today"]


def test_month_week_and_list_show_the_same(room, open_dashboard):
    room.brief("tides.md")
    room.brief("moon.md", author="bob", date="2026-12-03 14:15")
    dashboard = open_dashboard(room, NOW)
    month, week, listed = (
        entries_of(dashboard, f"view={view}&on=2026-12-01") for view in ("month", "week", "list")
    )

    assert month == week == listed
    assert set(month) == {"tides", "moon"}
    for view in ("month", "week", "list"):
        page = dashboard.get(f"/calendar?view={view}&on=2026-12-01").text
        assert "slot wed 09:00" in page
        assert "09:00 in Europe/Berlin" in page
        assert page.count('<th scope="col"') in {7, 8, 2, 10}
        assert "<caption" in page


def test_it_can_be_narrowed_to_an_author_a_series_or_a_chain(sqlite_newsroom, open_dashboard):
    configure(sqlite_newsroom, SLOTS, '[series.market]\nauthor = "bob"\nslots = ["fri 18:00"]\n')
    sqlite_newsroom.brief("tides.md")
    sqlite_newsroom.brief("market.md", author="bob", series="market")
    dashboard = open_dashboard(sqlite_newsroom, NOW)

    def shown(query):
        return set(entries_of(dashboard, f"on=2026-12-01&{query}"))

    assert shown("author=bob") == {"market"}
    assert shown("series=market") == {"market"}
    assert shown("chain=devnet&series=&author=") == {"tides", "market"}
    assert shown("chain=hive") == set()


def test_held_and_overdue_ones_are_told_from_the_others_without_colour(room, open_dashboard):
    room.brief("source.md", author="bob", date="2026-12-03 14:15", approve="true")
    room.brief("late.md", author="bob", date="2026-12-02 10:00")
    room.run("run", "--once")
    dashboard = open_dashboard(room, clock(2026, 12, 2, 12))
    entries = entries_of(dashboard)
    page = dashboard.get("/calendar?on=2026-12-01").text

    assert entries["source"]["state"] == "held"
    assert entries["late"]["overdue"] == 2 * 3600
    assert re.search(r'class="mark held"[^>]*>\?<', page)
    assert re.search(r'class="mark overdue"[^>]*>!<', page)
    assert re.search(r'class="state overdue">overdue', page)


def test_blackouts_and_quiet_times_are_shown_as_the_rules_have_them(room, open_dashboard):
    dashboard = open_dashboard(room, NOW)
    days = days_of(dashboard, "view=month&on=2026-12-01&author=alice")
    week = dashboard.get("/calendar?view=week&on=2026-12-10&author=alice").text

    closed = [day for day, told in days.items() if told["is_shut"]]
    assert closed == ["2026-12-24", "2026-12-25", "2026-12-26"]
    assert days["2026-12-24"]["shut"] == {"alice": "blackout 2026-12-24..2026-12-26"}
    assert "quiet 22:00-07:00" in week
    assert re.search(r'class="day shut[^"]*" data-at="2026-12-10T00:00"', week)
    assert not re.search(r'class="day shut[^"]*" data-at="2026-12-10T08:00"', week)


def test_what_was_published_stays_on_its_day_with_its_result(room, open_dashboard):
    room.brief("moon.md", author="bob")
    room.publish_all(1)
    today = datetime.now(UTC)
    dashboard = open_dashboard(room)
    entry = entries_of(dashboard, f"on={today:%Y-%m-%d}")["moon"]
    page = dashboard.get("/calendar").text

    assert entry["state"] == "final"
    assert entry["revision"] == ""
    assert entry["result"] is None or entry["result"]["votes"] == 0
    assert f"/posts/devnet/@bob/{entry['permlink']}" in page
    assert "draggable" not in page


def test_of_a_busy_day_some_are_shown_and_the_rest_is_a_link_away(room, open_dashboard):
    for number in range(130):
        room.brief(f"b{number:03}.md", author="bob", date=f"2026-12-10 {number // 10:02}:00")
    dashboard = open_dashboard(room, NOW)
    page = dashboard.get("/calendar?on=2026-12-01").text

    assert page.count('class="appointment') == 3
    assert "127 more" in page
    met, query = [], "view=list&on=2026-12-10"
    while query:
        page = dashboard.get(f"/calendar?{query}").text
        met += re.findall(r'data-brief="(b\d+)" data-title="[^"]*" data-revision', page)
        more = re.search(r'href="\?(view=list&amp;on=2026-12-10&amp;skip=\d+)"', page)
        query = more[1].replace("&amp;", "&") if more else ""
    assert len(met) == len(set(met)) == 130


def test_days_are_those_of_the_readers_zone(room, open_dashboard):
    room.brief("moon.md", author="bob", date="2026-12-03 23:30")
    dashboard = open_dashboard(room, NOW)
    kabul = days_of(dashboard, Cookie="zone=Asia/Kabul")

    assert kabul["2026-12-04"]["entries"][0]["at"] == "2026-12-03T23:30:00Z"
    assert ">04:00<" in dashboard.get("/calendar", Cookie="zone=Asia/Kabul").text


@pytest.mark.parametrize(
    "query", ["view=year", "on=tomorrow", "on=0001-01-01", "on=9999-12-31", "skip=-1"]
)
def test_what_cant_be_asked_for_is_refused(room, open_dashboard, query):
    assert open_dashboard(room, NOW).get(f"/api/v1/calendar?{query}").status == 422


def test_hostile_titles_stay_text(room, open_dashboard):
    room.brief("x.md", title="<script>alert(1)</script>", author="bob", date="2026-12-03 14:15")
    page = open_dashboard(room, NOW).get("/calendar").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


# -- trying ---------------------------------------------------------------------------------------


def trial(dashboard, brief, when, zone="UTC"):
    return dashboard.get(f"/api/v1/calendar/trial?brief={brief}&at={when}&zone={zone}")


def test_a_trial_says_what_would_come_of_it_and_writes_nothing(room, open_dashboard):
    one, two = room.brief("one.md"), room.brief("two.md")
    before = one.read_bytes(), two.read_bytes()
    dashboard = open_dashboard(room, NOW)
    plan = entries_of(dashboard)
    assert plan["two"]["at"] == "2026-12-03T08:00:00Z"
    told = trial(dashboard, "one", "2026-12-03T08:00").json()

    assert told["places"][0]["when"] == "2026-12-03T08:00:00Z"
    assert told["places"][0]["as_asked"]
    (other,) = told["others"]
    assert (other["brief"], other["after"]) == ("two", "2026-12-02T08:00:00Z")
    assert (one.read_bytes(), two.read_bytes()) == before
    assert entries_of(dashboard) == plan


@pytest.mark.parametrize("recorded", [False, True])
def test_what_a_trial_says_is_what_a_move_does(room, open_dashboard, recorded):
    for name in ("one", "two", "three", "four"):
        room.brief(f"{name}.md")
    if recorded:
        room.run("run", "--once")
    dashboard = open_dashboard(room, clock(2099, 12, 1, 8))
    month = "on=2099-12-01"
    before = entries_of(dashboard, month)
    told = trial(dashboard, "one", "2099-12-04T08:00").json()
    move(dashboard, "one", "2099-12-04T08:00", before["one"]["revision"])
    after = entries_of(dashboard, month)

    assert after["one"]["at"] == told["places"][0]["when"]
    moved = {name for name in after if name != "one" and after[name]["at"] != before[name]["at"]}
    assert {other["brief"]: other["after"] for other in told["others"]} == {
        name: after[name]["at"] for name in moved
    }


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ("2026-12-04T23:00", "quiet 22:00-07:00"),
        ("2026-12-24T12:00", "blackout 2026-12-24..2026-12-26"),
    ],
)
def test_a_trial_says_why_the_rules_forbid_a_time(room, open_dashboard, when, why):
    room.brief("one.md")
    (place,) = trial(open_dashboard(room, NOW), "one", when, "Europe/Berlin").json()["places"]

    assert not place["as_asked"]
    assert place["when"] > when
    assert place["closed"] == [why]


def test_a_trial_refuses_the_past_and_what_isnt_there(room, open_dashboard):
    room.brief("one.md")
    dashboard = open_dashboard(room, NOW)

    assert "has passed" in trial(dashboard, "one", "2026-11-30T09:00").json()["refused"]
    assert trial(dashboard, "other", "2026-12-04T09:00").status == 404
    assert trial(dashboard, "one", "soon").status == 422
    assert trial(dashboard, "one", "2026-12-04T09:00", "Europe/Nowhere").status == 422


# -- moving ---------------------------------------------------------------------------------------


def test_a_move_writes_the_date_and_keeps_every_other_byte(room, open_dashboard):
    file = room.brief("one.md", body="Body with  two spaces. \r\n")
    before = file.read_bytes()
    dashboard = open_dashboard(room, NOW)
    answer = move(dashboard, "one", "2026-12-04T10:30", fingerprint(file), "Europe/Berlin")

    assert answer.status == 303
    assert answer.header("location").startswith("/calendar?view=week&moved=")
    assert file.read_bytes() == before.replace(b"---\n", b"---\ndate: 2026-12-04 09:30\n", 1)
    assert entries_of(dashboard)["one"]["at"] == "2026-12-04T09:30:00Z"
    page = dashboard.get(answer.header("location")).text
    assert "its date is now Fri 4 Dec, 09:30" in page
    assert ">Undo<" in page


def test_a_move_is_refused_when_the_file_isnt_the_one_that_the_page_was_made_of(
    room, open_dashboard
):
    file = room.brief("one.md")
    dashboard = open_dashboard(room, NOW)
    seen = entries_of(dashboard)["one"]["revision"]
    room.brief("one.md", date="2026-12-08 12:00")
    theirs = file.read_bytes()
    answer = move(dashboard, "one", "2026-12-04T10:30", seen)

    assert answer.status == 409
    assert file.read_bytes() == theirs
    assert "2026-12-08T12:00:00+00:00" in answer.text
    assert "2026-12-04T10:30:00+00:00" in answer.text
    now = re.search(r'name="revision" value="(\w+)"', answer.text)[1]
    assert move(dashboard, "one", "2026-12-04T10:30", now).status == 303


def test_of_two_people_the_second_is_told(room, open_dashboard):
    file = room.brief("one.md")
    dashboard = open_dashboard(room, NOW)
    seen = fingerprint(file)

    assert move(dashboard, "one", "2026-12-04T10:30", seen).status == 303
    moved = file.read_bytes()
    assert move(dashboard, "one", "2026-12-07T10:30", seen).status == 409
    assert file.read_bytes() == moved


def test_what_has_gone_out_isnt_moved(room, open_dashboard):
    file = room.brief("moon.md", author="bob")
    room.publish_all(1)
    before = file.read_bytes()
    dashboard = open_dashboard(room)

    assert move(dashboard, "moon", "2099-12-04T10:30", fingerprint(file)).status == 404
    file.write_bytes(before + b"Another line.\n")  # its edit stands in the plan
    answer = move(dashboard, "moon", "2099-12-04T10:30", fingerprint(file))
    assert answer.status in {404, 409}
    assert b"2099" not in file.read_bytes()


def test_a_move_onto_a_skipped_hour_says_what_happens_first(room, open_dashboard):
    file = room.brief("one.md")
    before = file.read_bytes()
    dashboard = open_dashboard(room, NOW)
    night = "2027-03-28T02:30"
    told = trial(dashboard, "one", night, "Europe/Berlin").json()
    answer = move(dashboard, "one", night, fingerprint(file), "Europe/Berlin")

    assert told["at"] == "2027-03-28T01:00:00Z"
    assert "is skipped in Europe/Berlin" in told["note"]
    assert answer.status == 422
    assert "taken as 03:00" in answer.text
    assert file.read_bytes() == before
    sure = move(dashboard, "one", night, fingerprint(file), "Europe/Berlin", understood=night)
    assert sure.status == 303
    assert b"date: 2027-03-28 01:00" in file.read_bytes()


def test_an_hour_that_comes_twice_is_said_to_be_the_first(room, open_dashboard):
    room.brief("one.md")
    told = trial(open_dashboard(room, NOW), "one", "2027-10-31T02:30", "Europe/Berlin").json()
    assert told["at"] == "2027-10-31T00:30:00Z"
    assert "the first is taken" in told["note"]


@pytest.mark.parametrize("when", ["", "never", "2026-13-01T09:00", "2026-11-01T09:00"])
def test_what_is_no_time_to_come_is_said_in_the_form(room, open_dashboard, when):
    file = room.brief("one.md")
    before = file.read_bytes()
    answer = move(open_dashboard(room, NOW), "one", when, fingerprint(file))

    assert answer.status in {409, 422}
    assert 'role="alert"' in answer.text
    assert file.read_bytes() == before


def test_the_form_says_what_would_come_of_it_without_writing(room, open_dashboard):
    file = room.brief("one.md")
    before = file.read_bytes()
    dashboard = open_dashboard(room, NOW)
    page = dashboard.get("/calendar/move/devnet/one").text
    assert 'type="datetime-local"' in page
    answer = move(dashboard, "one", "2026-12-24T12:00", fingerprint(file), **{"try": "1"})

    assert answer.status == 200
    assert "blackout 2026-12-24..2026-12-26" in answer.text
    assert file.read_bytes() == before


def test_the_way_back_leads_nowhere_else(room, open_dashboard):
    file = room.brief("one.md")
    answer = move(
        open_dashboard(room, NOW), "one", "2026-12-04T10:30", fingerprint(file),
        back="//evil.example/?view=list&on=2026-12-04&x=1",
    )  # fmt: skip
    assert re.fullmatch(r"/calendar\?on=2026-12-04&moved=[\w-]+", answer.header("location"))


# -- taking back ----------------------------------------------------------------------------------


def undo(dashboard, moved):
    key = re.search(r"moved=([\w-]+)", moved.header("location"))[1]
    return send(dashboard, f"/calendar/undo/{key}", {"back": ""})


def test_a_move_is_taken_back_to_the_byte(room, open_dashboard):
    file = room.brief("one.md", date="2026-12-03")
    before = file.read_bytes()
    dashboard = open_dashboard(room, NOW)
    moved = move(dashboard, "one", "2026-12-04T10:30", fingerprint(file))

    for _ in range(2):  # twice is once
        answer = undo(dashboard, moved)
        assert answer.status == 303
        assert file.read_bytes() == before
    assert "is as it was before" in dashboard.get(answer.header("location")).text


def test_who_moved_a_brief_is_in_its_events(room, open_dashboard):
    file = room.brief("one.md", date="2099-12-03")
    room.run("run", "--once")
    dashboard = open_dashboard(room, NOW)
    undo(dashboard, move(dashboard, "one", "2099-12-04T10:30", fingerprint(file)))

    [row] = dashboard.records.log(brief="one")
    events = dashboard.records.events(row.publication.id)
    assert [(event.reason, event.person) for event in events if event.person] == [
        ("moved to 2099-12-04 10:30 UTC in the dashboard", LOCAL),
        ("its move in the dashboard was taken back", LOCAL),
    ]


def test_a_move_isnt_taken_back_over_what_somebody_has_written_since(room, open_dashboard):
    file = room.brief("one.md")
    dashboard = open_dashboard(room, NOW)
    moved = move(dashboard, "one", "2026-12-04T10:30", fingerprint(file))
    file.write_bytes(file.read_bytes() + b"One more line.\n")
    theirs = file.read_bytes()
    answer = undo(dashboard, moved)

    assert answer.status == 409
    assert "was changed since" in answer.text
    assert file.read_bytes() == theirs
    assert send(dashboard, "/calendar/undo/nonsense", {}).status == 404


# -- feeds ----------------------------------------------------------------------------------------

TOKEN = "a-token-of-many-letters-0123456789"


@pytest.fixture
def fed(room):
    with (room.root / ".env").open("a") as file:
        file.write(f"BRIEFBOT_WEB_FEED_TOKEN={TOKEN}\n")
    return room


def test_the_calendar_can_be_followed_with_the_token_only(fed, open_dashboard):
    fed.brief("tides.md")
    fed.brief("moon.md", author="bob", date="2026-12-03 14:15")
    dashboard = open_dashboard(fed, NOW)
    answer = dashboard.get(f"/calendar.ics?token={TOKEN}")

    assert answer.header("content-type") == "text/calendar; charset=utf-8"
    assert answer.text.count("BEGIN:VEVENT") == 2
    assert "DTSTART:20261202T080000Z" in answer.text
    assert dashboard.get(f"/calendar.ics?token={TOKEN}&author=bob").text.count("BEGIN:VEVENT") == 1
    for wrong in ("", "?token=", f"?token={TOKEN[:-1]}", f"?token={TOKEN}x", "?token=%C3%A4"):
        for path in ("/calendar.ics", "/feed.atom"):
            refused = dashboard.get(path + wrong)
            assert refused.status == 404
            assert "tides" not in refused.text.lower()


def test_without_a_token_there_are_no_feeds(room, open_dashboard):
    dashboard = open_dashboard(room, NOW)
    assert dashboard.get("/calendar.ics?token=").status == 404
    assert dashboard.get("/feed.atom").status == 404


def test_what_was_published_can_be_followed(fed, open_dashboard):
    fed.brief("moon.md", author="bob")
    fed.publish_all(1)
    answer = open_dashboard(fed).get(f"/feed.atom?token={TOKEN}")

    assert answer.header("content-type") == "application/atom+xml; charset=utf-8"
    assert "<title>Moon</title>" in answer.text


@pytest.mark.parametrize("token", ["short", "ä" * 40, "with spaces in it, and many letters"])
def test_a_token_that_can_be_guessed_or_cant_stand_in_an_address_is_refused(
    room, open_dashboard, token
):
    with (room.root / ".env").open("a") as file:
        file.write(f"BRIEFBOT_WEB_FEED_TOKEN='{token}'\n")
    answer = open_dashboard(room, NOW).get("/calendar.ics?token=x")
    assert answer.status >= 400
    assert token not in answer.text
