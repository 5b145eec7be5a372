"""Settings that one can look at: what each is, where it stands, and what is wrong with them."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from bot.calendar import settings as calendar
from bot.devnet.testing import Devnet
from bot.news import settings as news
from tests.cli.test_new_user import briefbot

KEY = Devnet.key("alice")
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def room(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "posts").mkdir()
    return tmp_path


def configure(room, text, env=""):
    (room / "config/briefbot.toml").write_text(text)
    (room / ".env").write_text(env)


def shown(room, **environment):
    told = briefbot(room, "config", "show", "--json", **environment)
    return {one["setting"]: one for one in map(json.loads, told.splitlines())}


def leaves(table, path=""):
    for name, value in table.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def test_each_value_says_where_it_comes_from(room):
    configure(
        room,
        'timezone = "Europe/Berlin"\n\n[calendar]\nmin_gap = "6h"\n[author.alice]\n'
        'slots = ["mon 09:00"]\n',
        "BRIEFBOT_EDITS=ask\nBRIEFBOT_QUEUE__GRACE=30s\n",
    )

    found = shown(room, BRIEFBOT_QUEUE__GRACE="1m", BRIEFBOT_DEFAULTS__TAGS='["a"]')

    def told(name):
        one = found[name]
        return one["value"], one["origin"], one["where"]

    file = "config/briefbot.toml"
    assert told("chain") == ("devnet", "default", "")
    assert told("timezone") == ("Europe/Berlin", "file", f"{file}:1")
    assert told("calendar.min_gap") == ("6h", "file", f"{file}:4")
    assert told("author.alice.slots") == (["mon 09:00"], "file", f"{file}:6")
    assert told("edits") == ("ask", ".env", "BRIEFBOT_EDITS")
    assert told("queue.grace") == ("1m", "environment", "BRIEFBOT_QUEUE__GRACE")
    assert told("defaults.tags") == (["a"], "environment", "BRIEFBOT_DEFAULTS__TAGS")
    assert told("BRIEFBOT_POSTING_KEY_ALICE") == (None, "nowhere", "")
    lines = briefbot(room, "config", "show", "--origin").splitlines()
    assert f'timezone = "Europe/Berlin"  # file: {file}:1' in lines
    assert "BRIEFBOT_POSTING_KEY_ALICE = (missing)  # nowhere" in lines
    assert not [line for line in briefbot(room, "config", "show").splitlines() if "#" in line]


def test_every_setting_that_there_is_is_shown(room):
    text = (DOCS / "configuration.md").read_text()
    example = "\n".join(re.findall(r"```toml\n(.*?)```", text, re.DOTALL))
    example = example.replace('chain_id = "…"', f'chain_id = "{"ab" * 32}"')
    example = example.replace('"https://…"', '"https://images.example.org"')
    configure(room, example)

    found = shown(room)

    given = dict(leaves(tomllib.loads(example)))
    assert len(given) > 35
    for name in given:
        assert found[name]["origin"] == "file", name
    configure(room, "")
    always = set(shown(room))
    assert {name for name in given if name.partition(".")[0] not in {"author", "series", "chains"}
            and not name.startswith("prices.ids")} <= always  # fmt: skip
    assert {f"calendar.{key}" for key in calendar.FOR_ALL} <= always
    assert {f"news.{key}" for key in news.FOR_ALL - {"ways"}} <= always


@pytest.mark.parametrize("command", [["config", "show", "--origin"], ["config", "show", "--json"]])
def test_no_secret_is_shown_wherever_it_stands(room, command):
    configure(
        room,
        'database = "postgresql+psycopg://me:hush-hush@host/name?password=hush-hush"\n'
        f'[defaults]\nfooter = "mine is {KEY}"\nheader = "https://me:hush-hush@example.org"\n'
        "[author.alice]\n",
        f"BRIEFBOT_POSTING_KEY_ALICE={KEY}\nBRIEFBOT_NEWS_DESK=mailto://me:hush-hush@example.org\n"
        "BRIEFBOT_NEWS_DESK_SECRET=hush-hush\nBRIEFBOT_PRICES_KEY=hush-hush\n"
        "BRIEFBOT_WEB_FEED_TOKEN=hush-hush-hush-hush-hush-hush\n",
    )

    told = briefbot(room, *command, BRIEFBOT_POSTING_KEY_ALICE_FILE=KEY)

    assert KEY not in told
    assert "hush" not in told
    assert "postgresql+psycopg://me:***@host/name" in told
    for name in (
        "POSTING_KEY_ALICE",
        "NEWS_DESK",
        "NEWS_DESK_SECRET",
        "PRICES_KEY",
        "WEB_FEED_TOKEN",
    ):
        assert f"BRIEFBOT_{name}" in told
    assert told.count("***") >= 6


def test_what_can_be_used_is_said_to_be(room):
    configure(room, "[author.alice]\n", f"BRIEFBOT_POSTING_KEY_ALICE={KEY}\n")

    assert briefbot(room, "config", "check") == "the configuration can be used\n"
    assert not list(room.rglob("*.db"))


def test_every_fault_is_one_sentence_with_its_place(room):
    configure(
        room,
        'chain = "nope"\nedits = "x"\ntimezone = "Mars"\n[author.alice]\nslots = ["foo"]\n'
        '[author."a.b"]\nzlots = 1\n[chains.mine]\nnodes = []\n[nowhere]\nx = 1\n'
        "[network]\ntimeout = 7\n",
        "BRIEFBOT_QUEUE__GRACE=soon\nBRIEFBOT_NEWS_DESK=nonsense\n",
    )
    (room / "posts").rmdir()

    told = briefbot(
        room, "config", "check", expect=2, BRIEFBOT_DATABASE="sqlite:////no/such/place.db"
    ).splitlines()

    file = "config/briefbot.toml"
    for beginning in (
        f"{file}:1: chain: no chain has this name; known are ",
        f"{file}:2: edits: expected one of ",
        f"{file}:3: timezone: this is no IANA zone",
        f"{file}:5: author.alice.slots: expected days and a time",
        f"{file}:7: author.a.b.zlots: unknown setting; did you mean slots?",
        f"{file}:8: chains.mine.",
        f"{file}:10: nowhere: unknown setting",
        f"{file}:13: network.timeout: ",
        "BRIEFBOT_QUEUE__GRACE: queue.grace: expected a duration",
        "BRIEFBOT_DATABASE: database: there is no folder /no/such",
        f"can't read {room}/posts: No such file or directory; make it a folder",
        "no posting key for alice: put BRIEFBOT_POSTING_KEY_ALICE",
        "no posting key for a.b: put BRIEFBOT_POSTING_KEY_A_B",
    ):
        assert sum(line.startswith(beginning) for line in told) == 1, (beginning, told)
    assert len(told) == 14, told
    assert told[-1].startswith("news on desk can't be told: ")


@pytest.mark.parametrize("text", ["chain = ", "[a\n", "chain = 1\nchain = 2\n"])
def test_what_is_no_toml_is_told_alone(room, text):
    configure(room, text)

    [line] = briefbot(room, "config", "check", expect=2).splitlines()

    assert "not valid TOML" in line
