"""Appointments end to end: what `plan` says beforehand is what the service does, by the chain."""

import json
import signal
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from bot.records import Records

EVERY_TEN = 'slots = ["cron: */10 * * * *"]'


@pytest.fixture
def newsroom(sqlite_newsroom):
    return sqlite_newsroom


def configure(newsroom, alice, rest=""):
    """What [author.alice] and the rest of the configuration say."""
    newsroom.authors = ("bob",)
    newsroom.settings = f"[author.alice]\n{alice}\n{rest}"
    newsroom.ask(*newsroom.devnet.urls)


def times(newsroom):
    """When each brief stands on the chain."""
    rows = newsroom.log()
    return {row["brief"]: datetime.fromisoformat(row["included_at"]) for row in rows
            if row["included_at"]}  # fmt: skip


def planned(newsroom, *options):
    lines = newsroom.run("plan", "--json", *options).splitlines()
    return {step["brief"]: step for step in map(json.loads, lines)}


def test_briefs_without_a_date_take_the_slots_in_order_and_to_the_minute(newsroom):
    configure(newsroom, EVERY_TEN)
    newsroom.brief("part-10.md")
    newsroom.brief("part-2.md")
    newsroom.brief("urgent.md", priority=5)
    newsroom.publish_all(3)

    at = times(newsroom)
    assert sorted(at, key=at.get) == ["urgent", "part-2", "part-10"]
    for name in ("part-2", "part-10"):  # how fast the chain goes is known when these are due
        assert (at[name].minute % 10, at[name].second < 50) == (0, True), at
    assert at["part-10"] - at["part-2"] > timedelta(minutes=9)


def test_the_plan_says_before_and_after_the_service_looks_which_slots_they_take(newsroom):
    configure(newsroom, 'slots = ["mon-fri 09:00"]\ntimezone = "Europe/Berlin"')
    newsroom.brief("b.md")
    newsroom.brief("a.md")
    newsroom.brief("dated.md", date="2099-01-01 12:00")
    before = planned(newsroom)
    newsroom.run("run", "--once")
    after = planned(newsroom)

    for told in (before, after):
        assert list(told) == ["a", "b", "dated"]
        assert told["a"]["why"].startswith("slot ")
        assert "09:00" in told["a"]["why"]
        assert told["a"]["when"] < told["b"]["when"]
        assert told["dated"]["why"] == "its date"
    assert [step["when"] for step in before.values()] == [step["when"] for step in after.values()]
    assert {step["state"] for step in after.values()} == {"queued"}
    assert newsroom.comments() == []


def test_a_draft_and_what_cant_be_sent_take_no_slot(newsroom):
    configure(newsroom, 'slots = ["mon-fri 09:00"]')
    newsroom.brief("c.md")
    alone = planned(newsroom)["c"]["when"]
    newsroom.brief("a.md", draft="true")
    newsroom.brief("b.md", reward="much")
    assert planned(newsroom)["c"]["when"] == alone
    newsroom.run("run", "--once")
    assert planned(newsroom)["c"]["when"] == alone
    newsroom.brief("c.md", draft="true")
    assert planned(newsroom)["c"]["when"] is None
    newsroom.brief("d.md")
    assert planned(newsroom)["d"]["when"] == alone


def test_four_briefs_of_one_author_are_not_promised_the_same_minute(newsroom):
    for number in range(4):
        newsroom.brief(f"part-{number}.md")
    whens = [datetime.fromisoformat(step["when"]) for step in planned(newsroom).values()]

    gaps = {later - earlier for earlier, later in pairwise(whens)}
    assert gaps == {timedelta(seconds=303)}


def test_a_brief_that_needs_approval_is_held_in_its_slot_until_it_is_released(newsroom):
    configure(newsroom, f"{EVERY_TEN}\napprove = true")
    newsroom.brief("one.md")
    newsroom.brief("two.md", approve="false")
    newsroom.run("run", "--once")

    told = planned(newsroom)
    assert told["one"]["state"] == "held"
    assert "briefbot release" in told["one"]["why"]
    assert told["one"]["when"] < told["two"]["when"], "its slot is kept"
    service = newsroom.start()
    newsroom.wait_for("final", 1)
    assert list(times(newsroom)) == ["two"]
    newsroom.run("release", "one")
    newsroom.wait_for("final", 2)
    newsroom.stop(service)
    assert times(newsroom)["one"].minute % 10 == 0


def test_a_brief_that_is_published_now_waits_for_no_slot(newsroom):
    configure(newsroom, 'slots = ["1st mon 10:00"]')
    newsroom.brief("one.md")
    newsroom.brief("two.md")
    told = newsroom.run("publish", "posts/one.md", "--wait", "included", expect=1)
    assert "--now publishes it at once" in told
    newsroom.run("publish", "posts/two.md", "--now", "--wait", "included")
    assert list(times(newsroom)) == ["two"]


def test_a_gap_is_kept_between_posts_but_not_before_a_reply(newsroom):
    configure(newsroom, 'min_gap = "40m"')
    newsroom.brief("a.md")
    newsroom.brief("b.md")
    newsroom.brief("c.md", reply_to='"[[a]]"')
    newsroom.publish_all(3)

    at = times(newsroom)
    # what goes out within 15 minutes of its time counts as on time
    assert at["b"] - at["a"] > timedelta(minutes=25)
    assert at["c"] < at["b"]


def test_an_unknown_series_is_told_and_a_known_one_gives_author_tags_and_slots(newsroom):
    series = '[series.market]\nauthor = "alice"\nslots = ["daily 18:00"]\ntags = ["market"]\n'
    configure(newsroom, "", series)
    newsroom.write("good.md", "---\ntitle: Good\nseries: market\n---\nBody.\n")
    newsroom.write("bad.md", "---\ntitle: Bad\nseries: sport\nauthor: alice\ntags: [a]\n---\nB.\n")
    told = newsroom.run("check", expect=1)
    assert "bad.md:3: error series" in told
    assert "known are market" in told
    newsroom.run("run", "--once")

    plan = planned(newsroom)
    assert plan["good"]["author"] == "alice"
    assert plan["good"]["why"].startswith("slot ")
    assert plan["bad.md" if "bad.md" in plan else "bad"]["state"] == "problem"
    assert newsroom.log()[0]["tags"] == ["market"]


def test_another_tools_series_is_harmless_where_none_is_configured(newsroom):
    newsroom.brief("one.md", series="Learning Rust")
    newsroom.publish_all(1)


def test_after_an_outage_the_backlog_takes_the_next_slots_and_never_comes_in_a_burst(newsroom):
    configure(newsroom, f'{EVERY_TEN}\nmin_gap = "10m"\ngrace = "1m"')
    for number in range(3):
        newsroom.brief(f"part-{number}.md")
    newsroom.run("run", "--once")
    promised = [step["when"] for step in planned(newsroom).values()]
    newsroom.devnet.rpc("devnet_api.advance_time", {"seconds": 2400})  # nobody is at work
    newsroom.publish_all(3)

    at = times(newsroom)
    assert sorted(at, key=at.get) == ["part-0", "part-1", "part-2"]
    assert f"{at['part-0']:%Y-%m-%dT%H:%M:%SZ}" > promised[-1]
    moments = sorted(at.values())
    for earlier, later in pairwise(moments):
        assert later - earlier > timedelta(minutes=9)


def test_what_may_be_missed_is_missed_and_told(newsroom):
    configure(newsroom, "")
    past = datetime.now(UTC) - timedelta(hours=3)
    newsroom.brief("news.md", date=f'"{past:%Y-%m-%dT%H:%M:%SZ}"', late="miss", grace="1h")
    newsroom.brief("late.md", date=f'"{past:%Y-%m-%dT%H:%M:%SZ}"', author="bob")
    newsroom.publish_all(1)

    [row] = [row for row in newsroom.log() if row["status"] == "missed"]
    assert row["brief"] == "news"
    assert "grace of 1 h" in row["error"]
    assert "missed" in planned(newsroom)["news"]["why"]
    assert list(times(newsroom)) == ["late"]


def test_other_rules_make_other_appointments(newsroom):
    configure(newsroom, 'slots = ["mon-fri 09:00"]')
    newsroom.brief("one.md")
    newsroom.run("run", "--once")
    configure(newsroom, 'slots = ["mon-fri 11:30"]')
    assert "11:30" in planned(newsroom)["one"]["why"]
    newsroom.run("run", "--once")
    with Records.open(newsroom.database) as records:
        assert "11:30" in records.latest()[0].appointment.why


# -- from the keyboard ----------------------------------------------------------------------------

SHAPES = {
    "yaml": "---\ntitle: One\nauthor: alice  # who\ntags: [a]\ndate: 2098-01-01 # then\n---\nBody.\n",
    "yaml without": "---\ntitle: 'One'\nauthor: alice\ntags: [a]\n---\nBody.\n\n",
    "quoted": '---\ntitle: One\n"date": "2098-01-01 10:00"\nauthor: alice\ntags: [a]\n---\nB.\n',
    "alias": "---\ntitle: One\npublishDate: 2098-01-01\nauthor: alice\ntags: [a]\n---\nB.\n",
    "toml": '+++\ntitle = "One"\nauthor = "alice"\ndate = 2098-01-01T10:00:00Z\ntags = ["a"]\n+++\nB.',
    "toml without": '+++\ntitle = "One"\nauthor = "alice"\ntags = ["a"]\n+++\nB.\n',
    "crlf": "---\r\ntitle: One\r\nauthor: alice\r\ntags: [a]\r\n---\r\nBody.\r\n",
    "mark": "\ufeff---\ntitle: One\nauthor: alice\ntags: [a]\n---\nBody.\n",
    "zone": "---\ntitle: One\ntimezone: Asia/Kabul\nauthor: alice\ntags: [a]\n---\nB.\n",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_brief_is_given_another_date_and_keeps_every_other_byte(newsroom, shape):
    file = newsroom.write("one.md", "")
    before = SHAPES[shape].encode()
    file.write_bytes(before)
    told = newsroom.run("reschedule", "one", "2099-05-06T07:08")

    assert "wed 2099-05-06 07:08 UTC" in told
    assert "its date" in told
    after = file.read_bytes()
    kept = [line for line in before.splitlines() if b"2098" not in line]
    assert [line for line in after.splitlines() if b"2099" not in line] == kept
    assert after.count(b"2099") == 1
    assert (b"# then" in after) == (b"# then" in before)


def test_a_date_that_has_passed_or_a_published_brief_is_refused(newsroom):
    newsroom.brief("one.md")
    assert "has passed" in newsroom.run("reschedule", "one", "2020-01-01", expect=2)
    newsroom.run("publish", "posts/one.md", "--wait", "final")
    assert "is final" in newsroom.run("reschedule", "one", "2099-01-01", expect=1)
    assert "no brief" in newsroom.run("reschedule", "other", "2099-01-01", expect=1)


def test_two_briefs_swap_their_slots(newsroom):
    configure(newsroom, 'slots = ["mon-fri 09:00"]')
    newsroom.brief("a.md")
    newsroom.brief("b.md")
    newsroom.run("run", "--once")
    before = planned(newsroom)
    newsroom.run("swap", "a", "b")
    newsroom.run("run", "--once")
    after = planned(newsroom)

    assert before["a"]["when"] == after["b"]["when"]
    assert before["b"]["when"] == after["a"]["when"]


def test_the_next_free_slots_are_those_that_nobody_has(newsroom):
    configure(newsroom, 'slots = ["daily 09:00"]')
    before = [json.loads(line)["at"] for line in newsroom.run("slots", "--json").splitlines()]
    newsroom.brief("a.md")
    after = [json.loads(line)["at"] for line in newsroom.run("slots", "--json").splitlines()]

    assert planned(newsroom)["a"]["when"] == before[0]
    assert after[:9] == before[1:]
    assert "@alice" in newsroom.run("slots", "--author", "alice", "--limit", "1")
    assert "No slot is free" in newsroom.run("slots", "--author", "bob")


def test_the_plan_is_a_list_a_calendar_or_a_file_for_calendar_programs(newsroom):
    configure(newsroom, 'slots = ["daily 09:00"]')
    newsroom.brief("a.md", title="The first")
    newsroom.brief("far.md", date="2099-01-01")
    newsroom.brief("other.md", author="bob", date="2099-01-02")
    assert list(planned(newsroom, "--days", "3")) == ["a"]
    assert list(planned(newsroom, "--author", "bob")) == ["other"]
    assert list(planned(newsroom, "--at", "2099-01-01", "--days", "1")) == ["far"]
    assert planned(newsroom, "--chain", "hive") == {}
    week = newsroom.run("plan", "--week")
    assert "09:00 The first" in week
    assert "Free slots of alice: " in week
    assert max(map(len, week.splitlines()[:8])) <= 80
    assert "|" in newsroom.run("plan", "--month")
    newsroom.run("plan", "--ical", "plan.ics")
    assert (newsroom.root / "plan.ics").read_bytes().count(b"BEGIN:VEVENT") == 3
    assert "choose one" in newsroom.run("plan", "--week", "--month", expect=2)


def test_what_should_be_out_by_now_comes_first_and_asks_for_the_service(newsroom):
    past = datetime.now(UTC) - timedelta(days=5)
    newsroom.brief("a-soon.md", author="bob")
    newsroom.brief("z-old.md", date=f'"{past:%Y-%m-%dT%H:%M:%SZ}"')
    first, *_ = newsroom.run("plan").splitlines()
    assert "OVERDUE" in first
    assert "z-old" in first
    assert "overdue by 5 days: is the service running?" in first


def test_a_service_goes_by_new_settings_and_keeps_the_last_good_ones(newsroom):
    configure(newsroom, 'slots = ["1st mon 10:05"]')
    newsroom.brief("one.md")
    service = newsroom.start()
    newsroom.wait_until(lambda: "10:05" in planned(newsroom)["one"]["why"])
    configure(newsroom, 'slots = ["someday 09:00"]')
    newsroom.wait_until(lambda: newsroom.told("configuration_kept"))
    [line] = newsroom.told("configuration_kept")
    assert "briefbot.toml:" in json.loads(line)["reason"]
    assert "author.alice.slots: expected days" in json.loads(line)["reason"]

    configure(newsroom, EVERY_TEN)
    newsroom.wait_until(lambda: newsroom.told("configuration_changed"))
    newsroom.brief("two.md")
    newsroom.wait_for("final", 1)
    service.send_signal(signal.SIGHUP)  # as a key file was replaced
    newsroom.wait_until(lambda: len(newsroom.told("started")) == 3)
    newsroom.stop(service)
    assert len(newsroom.told("configuration_changed")) == 2


def test_a_rehearsal_tells_what_will_go_out_and_touches_nothing(newsroom):
    configure(newsroom, 'slots = ["daily 09:00"]\ntimezone = "Europe/Berlin"')
    for number in range(3):
        newsroom.brief(f"part-{number}.md")
    newsroom.brief("answer.md", author="bob", reply_to='"@somebody/their-post"')
    newsroom.brief("late.md", expires="2020-01-01")
    before = sorted(path.name for path in newsroom.root.rglob("*"))
    promised = planned(newsroom)
    told = [json.loads(line) for line in newsroom.run("rehearse", "--json").splitlines()]

    deeds = {deed["brief"]: deed for deed in told}
    for name in ("part-0", "part-1", "part-2"):
        assert deeds[name]["happened"] == deeds[name]["planned"] == promised[name]["when"]
        assert (deeds[name]["status"], deeds[name]["differs"]) == ("final", False)
    assert deeds["answer"]["happened"] is not None
    assert (deeds["late"]["happened"], deeds["late"]["status"]) == (None, "missed")
    ours = ("command-", "briefbot.db")
    after = [path.name for path in newsroom.root.rglob("*") if not path.name.startswith(ours)]
    assert sorted(after) == [name for name in before if not name.startswith(ours)]
    assert newsroom.comments() == []


def test_a_rehearsal_begins_where_the_records_are_and_goes_through_troubles(newsroom):
    configure(newsroom, 'slots = ["daily 09:00"]')
    newsroom.brief("out.md")
    newsroom.run("publish", "posts/out.md", "--now", "--wait", "included")
    for number in range(5):
        newsroom.brief(f"part-{number}.md")
    told = newsroom.run("rehearse", "--days", "14", "--trouble", "outage:60h,nodes:3h")

    assert "no service from" in told
    assert "no nodes from" in told
    assert "out  " not in told
    assert "5 of 5 went out" in told
    assert "all as planned" in told
    refused = newsroom.run("rehearse", "--trouble", "flood", expect=2)
    assert "write outage, nodes, or both" in refused


def test_a_reply_follows_another_authors_brief_when_that_is_moved(newsroom):
    newsroom.brief("part-1.md", slug="part-1", date="2099-03-02 09:00")
    newsroom.brief("reply.md", author="bob", reply_to='"[[part-1]]"')
    newsroom.brief("link.md", author="alice", body="After [[reply]].")
    newsroom.run("run", "--once")
    for day in ("2099-03-04", "2099-03-01"):  # put off, and put forward
        newsroom.brief("part-1.md", slug="part-1", date=f"{day} 09:00")
        before = planned(newsroom)
        newsroom.run("run", "--once")
        after = planned(newsroom)
        for told in (before, after):
            whens = [told[name]["when"] for name in ("part-1", "reply", "link")]
            assert whens == sorted(whens)
            assert {when[:13] for when in whens} == {f"{day}T09"}
        assert [one["when"] for one in before.values()] == [one["when"] for one in after.values()]
    newsroom.run("hold", "part-1")
    newsroom.run("run", "--once")
    assert planned(newsroom)["reply"]["outlook"] == "waiting"
