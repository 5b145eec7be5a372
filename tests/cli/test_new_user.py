"""What somebody meets who uses briefbot for the first time: drafts, dates, databases, zones."""

import itertools
import json
import os
import re
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.cli import COMMANDS
from bot.cli.times import instant_of, told
from bot.devnet.testing import Devnet
from bot.records import Records
from tests.cli.test_terminal import reopen, terminal
from tests.publishing.forked import Forked
from tests.publishing.newsroom import Newsroom
from tests.records.test_records import PLAN

CONFIG = 'timezone = "Europe/Berlin"\n[author.alice]\n[author.bob]\n'


def briefbot(folder, *arguments, expect=0, **environment):
    """What a command says, to whomever; `expect` is its exit code, or all that it may be."""
    output = folder / "said"
    output.unlink(missing_ok=True)
    command = Forked(*arguments, folder=folder, output=output, environment=environment)
    status = command.wait(60)
    said = output.read_text()
    output.unlink()
    assert status in (expect if isinstance(expect, set) else {expect}), (arguments, status, said)
    assert "Traceback" not in said
    return said


@pytest.fixture
def blog(tmp_path):
    briefbot(tmp_path, "init")
    (tmp_path / "config/briefbot.toml").write_text(CONFIG)
    return tmp_path


def brief(folder, name, **fields):
    lines = {"title": "T", "tags": "[a]", "author": "alice"} | fields
    text = "".join(f"{key}: {value}\n" for key, value in lines.items())
    (folder / "posts" / name).write_text(f"---\n{text}---\nBody.\n")


# -- new -------------------------------------------------------------------------------------------


def test_new_takes_what_a_brief_says(blog):
    path = briefbot(
        blog, "new", "Über: alles", "--author", "@bob", "--date", "2036-12-01 09:00",
        "--tags", "#Kabul, trade", "--tags", "two words",
    ).strip()  # fmt: skip
    head = yaml.safe_load(Path(path).read_text().split("---")[1])

    assert head == {
        "title": "Über: alles",
        "tags": ["kabul", "trade", "two", "words"],
        "author": "bob",
        "date": head["date"],
        "draft": True,
    }
    assert "date: 2036-12-01 09:00\n" in Path(path).read_text()
    brief = Path(path).read_text().replace("draft: true", "draft: false") + "Body.\n"
    Path(path).write_text(brief)
    found = json.loads(briefbot(blog, "check", "--json", path).splitlines()[0])
    assert [finding["code"] for finding in found] == ["date.far"]


@pytest.mark.parametrize(
    ("option", "value"),
    [("--author", "Jane Doe"), ("--author", ""), ("--date", "someday"), ("--date", "2036-13-01")],
)
def test_new_refuses_what_no_brief_may_say_and_writes_nothing(blog, option, value):
    said = briefbot(blog, "new", "A title", option, value, expect=2)

    assert option in said
    assert not (blog / "posts/a-title.md").exists()


@pytest.mark.parametrize("title", ["a\nb", "", " ", "\x1b[2J", "\udcff"])
def test_new_refuses_what_is_no_title(blog, title):
    before = sorted(blog.rglob("*"))

    assert "a title is one line of text" in briefbot(blog, "new", title, expect=2)
    assert sorted(blog.rglob("*")) == before


def test_new_takes_any_tag_that_a_brief_does(blog):
    path = briefbot(blog, "new", "T", "--tags", "2024 no -x null hive-123456").strip()

    assert yaml.safe_load(Path(path).read_text().split("---")[1])["tags"] == [
        "2024", "no", "x", "null", "hive-123456",
    ]  # fmt: skip


# -- publish ---------------------------------------------------------------------------------------


def test_a_draft_is_said_to_be_one_and_nothing_is_sent(blog):
    brief(blog, "a.md", draft="true")
    brief(blog, "b.md", slug="b")
    for arguments in (["posts/a.md"], ["posts/b.md", "a"], ["a", "--now", "--wait", "final"]):
        said = briefbot(blog, "publish", *arguments, expect=1)
        assert "a.md: it is a draft; take `draft: true` out of it" in said
    assert not (blog / "briefbot.db").exists()
    operations, said = briefbot(blog, "publish", "--dry-run", "--json", "a").splitlines()
    assert "it is a draft" in said
    assert json.loads(operations)["brief"] == "a"


def test_what_is_no_brief_is_wrong_usage(blog):
    assert "no such file, and no brief" in briefbot(blog, "publish", "nosuch", expect=2)
    assert "is a folder" in briefbot(blog, "publish", "posts", expect=2)


def test_a_brief_for_later_is_told_with_its_time_and_not_waited_for(tmp_path):
    with Devnet() as devnet:
        database = f"sqlite:///{tmp_path}/briefbot.db"
        newsroom = Newsroom(tmp_path / "newsroom", devnet, database)
        newsroom.brief("later.md", date='"2036-12-01 09:00"', timezone="Europe/Berlin")
        until = "until 2036-12-01 08:00 UTC"

        assert until in newsroom.run("publish", "later")
        for goal in ("included", "final"):
            assert until in newsroom.run("publish", "later", "--wait", goal, expect=1)
        assert until.replace("08:00 UTC", "09:00 CET") in newsroom.run(
            "publish", "later", BRIEFBOT_TIMEZONE="Europe/Berlin"
        )


# -- who makes a database --------------------------------------------------------------------------

MAKING = {"init", "run", "web", "publish", "demo", "db"}
ARGUMENTS = {
    "new": ["A title"], "preview": ["posts/a.md"], "show": ["a"], "hold": ["a"], "release": ["a"],
    "retry": ["a"], "cancel": ["a"], "keep": ["brief", "a"], "delete": ["a", "--yes"],
    "reblog": ["@bob/x", "--author", "alice"], "pull": ["@alice"], "audit": [], "doctor": [],
    "reschedule": ["a", "2099-01-01"], "swap": ["a", "b"],
    "check": [], "plan": [], "slots": [], "prices": [], "log": [], "export": [], "devnet": ["--help"],
    "notify": ["--help"], "user": ["list"], "status": [], "config": ["show"],
    "service": ["install", "--user", "--dry-run"],
}  # fmt: skip


LOOKING = [
    *(name for name in COMMANDS if name not in MAKING),
    "user add anna", "check --online", "publish --dry-run posts/a.md", "demo --help", "run --help", "db --help",
    "config check", "db check", "db backup x", "db prune --older-than 365d", "db restore x",
    "db move sqlite:///x.db",
]  # fmt: skip


@pytest.mark.parametrize("command", LOOKING)
def test_looking_makes_no_database(blog, command):
    brief(blog, "a.md")
    nobody = {"BRIEFBOT_CHAINS__DEVNET__NODES": '["http://127.0.0.1:9"]'}
    arguments = [*command.split(), *ARGUMENTS.get(command, [])]
    briefbot(
        blog, *arguments, expect={0, 1, 3} | ({2} if "check" in arguments else set()), **nobody
    )

    assert list(blog.rglob("*.db*")) == []


def test_db_upgrade_makes_one(blog):
    briefbot(blog, "db", "upgrade")

    assert (blog / "briefbot.db").exists()


# -- the log by what happened ----------------------------------------------------------------------

DAY = timedelta(days=1)
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
def history(blog, sqlite):
    """Recorded on day 0: `early`, published on day 3; `late`, held on day 5; `new` on day 4."""
    (blog / "briefbot.db").write_bytes(sqlite.read_bytes())
    with Records.open(f"sqlite:///{blog}/briefbot.db") as records:
        ids = {name: records.add(plan(name), NOON + day * DAY).id
               for name, day in (("early", 0), ("late", 0), ("new", 4))}  # fmt: skip
    with sqlite3.connect(blog / "briefbot.db") as database:
        set_ = "UPDATE publications SET {} WHERE id = {}".format
        database.execute(
            set_(
                "status = 'final', included_at = '2026-12-04 12:00:00.000000', "
                "final_at = '2026-12-04 12:01:00.000000', updated_at = '2026-12-04 12:01:00.000000'",
                ids["early"],
            )
        )
        database.execute(
            set_("status = 'held', updated_at = '2026-12-06 12:00:00.000000'", ids["late"])
        )
    database.close()
    return blog


def plan(name):
    return replace(PLAN, brief=name, path=f"{name}.md", permlink=name, scheduled_at=None)


def logged(folder, *arguments):
    told = briefbot(folder, "log", "--json", *arguments)
    return [json.loads(line)["brief"] for line in told.splitlines()]


@pytest.mark.parametrize(
    ("arguments", "briefs"),
    [
        ([], ["early", "new", "late"]),
        (["--since", "2026-12-02"], ["early", "new", "late"]),
        (["--since", "2026-12-05"], ["new", "late"]),
        (["--since", "2026-12-04T12:00+00:00"], ["early", "new", "late"]),
        (["--since", "2026-12-04T12:00:01+00:00"], ["new", "late"]),
        (["--until", "2026-12-04 12:00 UTC"], []),
        (["--until", "2026-12-05"], ["early"]),
        (["--since", "2026-12-05", "--until", "2026-12-06"], ["new"]),
        (["--limit", "1"], ["late"]),
        (["--limit", "2"], ["new", "late"]),
        (["--since", "2026-12-02", "--limit", "2"], ["new", "late"]),
        (["--until", "2026-12-06", "--limit", "1"], ["new"]),
        (["--brief", "ear"], ["early"]),
        (["--brief", "posts/late.md"], ["late"]),
        (["--status", "final"], ["early"]),
    ],
)
def test_the_log_goes_by_what_happened(history, arguments, briefs):
    assert logged(history, *arguments) == briefs


def test_the_log_says_why_it_is_empty(history, tmp_path_factory):
    def said(*arguments, folder=history):
        return briefbot(folder, "log", *arguments)

    assert "Nothing happened in that time" in said("--since", "2030-01-01")
    assert "Nothing happened in that time" in said("--until", "2020-01-01")
    assert "Nothing like that is recorded" in said("--status", "missed")
    assert "Nothing like that is recorded" in said("--author", "nobody")
    assert "Nothing like that is recorded" in said("--brief", "nothing")
    empty = tmp_path_factory.mktemp("empty")
    assert "Nothing is recorded yet" in said("--since", "2020-01-01", folder=empty)
    briefbot(empty, "db", "upgrade")
    assert "Nothing is recorded yet" in said("--since", "2020-01-01", folder=empty)
    assert said("--json", "--since", "2030-01-01") == ""


@pytest.mark.parametrize(
    "time", ["yesterday", "today", "now", "24h", "7d", "30m", "2w", "2026-12-01"]
)
def test_the_log_understands_how_people_say_times(blog, time):
    briefbot(blog, "log", "--since", time)


@pytest.mark.parametrize(
    "time", ["soon", "7", "7 years", "2026-13-01", "-1d", "0001-01-01", "999999w"]
)
def test_what_is_no_time_is_told_how_it_is_written(blog, time):
    said = briefbot(blog, "log", "--since", time, expect=2)

    assert "write 2026-12-01, 2026-12-01T09:00, yesterday, today, 24h or 7d" in said


def test_yesterday_begins_at_midnight_of_the_configured_zone():
    now = datetime(2026, 12, 1, 23, 30, tzinfo=UTC)  # in Berlin it is the 2nd

    assert instant_of("yesterday", now, "Europe/Berlin") == datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert instant_of("yesterday", now, "UTC") == datetime(2026, 11, 30, tzinfo=UTC)
    assert instant_of("Today", now, "UTC") == datetime(2026, 12, 1, tzinfo=UTC)
    assert instant_of("24h", now, "UTC") == now - DAY
    assert instant_of("7d", now, "UTC") == now - 7 * DAY
    assert instant_of("2026-12-01 09:00", now, "Europe/Berlin").hour == 8


ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kabul", "Asia/Tokyo"])
MINUTES = st.integers(0, 50_000_000).map(
    lambda minutes: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@given(MINUTES, ZONES)
def test_a_time_that_is_told_is_understood(moment, timezone):
    """Also the hour that comes twice when the clock is put back."""
    assert instant_of(told(moment, timezone), NOON, timezone) == moment


# -- what is past and what is planned --------------------------------------------------------------


def test_times_name_their_zone_alike_and_what_is_planned_is_said_to_be(tmp_path):
    with Devnet() as devnet:
        database = f"sqlite:///{tmp_path}/briefbot.db"
        newsroom = Newsroom(tmp_path / "newsroom", devnet, database)
        newsroom.brief("later.md", date='"2036-07-01 09:00Z"')
        newsroom.run("publish", "later")
        summer = "2036-07-01 11:00 CEST"
        environment = {"BRIEFBOT_TIMEZONE": "Europe/Berlin"}
        [line] = newsroom.run("log", **environment).splitlines()
        show = newsroom.run("show", "later", **environment)
        plan = newsroom.run("plan", **environment)

    assert f"planned for {summer}" in line
    assert re.match(r"1  20\d\d-\d\d-\d\d \d\d:\d\d CES?T  queued  ", line)
    assert f"scheduled at  {summer}" in show
    assert re.search(r"^20\d\d-\d\d-\d\d \d\d:\d\d CES?T  · → queued", show, re.MULTILINE)
    assert plan.startswith(f"{summer}  queued  later")


# -- in a terminal of 80 columns -------------------------------------------------------------------

LONG = "a-rather-long-permlink-of-many-words-as-titles-make-them-and-then-some-more-of-it"


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    """A newsroom whose names, reasons and notes are long."""
    root = tmp_path_factory.mktemp("crowded")
    with Devnet() as devnet:
        newsroom = Newsroom(root / "newsroom", devnet, f"sqlite:///{root}/briefbot.db")
        newsroom.brief("later.md", slug=LONG, date="2036-12-01")
        newsroom.brief(f"{LONG}.md", title="Two", slug="two", author="bob", date="2036-12-02")
        newsroom.brief("held.md", title="Three", date="2036-12-03")
        newsroom.brief("draft.md", title="Four", draft="true")
        newsroom.brief("bad.md", title="Five", author="nobody", reward="lots", body="##Heading")
        newsroom.run("publish", "later", LONG, "held")
        newsroom.run("hold", "held")
        yield newsroom


@pytest.mark.parametrize(
    "command", ["log", "plan", "show later", "show held", "check", "doctor", "hold nothing", "lgo"]
)
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu"])
def test_what_a_person_reads_fits_and_no_word_is_broken(crowded, command, zone):
    environment = {"TERM": "xterm", "NO_COLOR": "1", "BRIEFBOT_TIMEZONE": zone}
    with terminal(columns=80) as (slave, shown):
        process = Forked(
            *command.split(), folder=crowded.root, output=os.ttyname(slave),
            environment=environment, prepare=reopen,
        )  # fmt: skip
        process.wait(60)
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in shown.decode().splitlines()]
    lines = [
        line for line in lines if "http://" not in line and str(crowded.root.parent) not in line
    ]

    assert lines
    # a word that is longer than a line has one of its own, whole
    assert [line for line in lines if len(line.rstrip()) > 80 and " " in line.strip()] == []
    if command in {"log", "plan"}:
        assert "…" not in "".join(lines)
    for start, end in itertools.pairwise(line.strip() for line in lines):
        broken = f"{start.rpartition(' ')[2]}{end.partition(' ')[0]}"
        assert broken not in {"published", "2036-12-01", "Europe/Berlin"}, (start, end)


def test_a_pipe_gets_one_line_each(crowded):
    assert len(crowded.run("log").splitlines()) == 3
    assert len(crowded.run("plan").splitlines()) == 5
