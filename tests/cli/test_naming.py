"""A brief is named by id, path, address or how one of these begins, by all commands alike."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from bot.devnet.testing import Devnet
from tests.cli.test_commands import ROOT, briefbot
from tests.publishing.newsroom import Newsroom

FUTURE = "2036-12-01 09:00"


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """Three briefs that are queued for a distant day, and one that is published."""
    root = tmp_path_factory.mktemp("naming")
    with Devnet(block_interval=0.1) as devnet:
        newsroom = Newsroom(root / "newsroom", devnet, f"sqlite:///{root}/briefbot.db")
        newsroom.brief("2036/talks.md", title="Talks in Doha", date=FUTURE)
        newsroom.brief("2036/trade.md", title="Trade over Termez", date=FUTURE, id="trade-id")
        newsroom.brief("visas.md", title="Visas", author="bob", date=FUTURE)
        newsroom.brief("now.md", title="Now", slug="published-now")
        paths = ("2036/talks.md", "2036/trade.md", "visas.md")
        newsroom.run("publish", *(f"posts/{path}" for path in paths))
        newsroom.run("publish", "posts/now.md", "--wait", "final")
        newsroom.write("waits.md", "---\ntitle: Waits\ntags: [a]\nauthor: alice\n---\nBody\n")
        yield newsroom


def status(room, brief):
    [row] = [row for row in room.log() if row["brief"] == brief]
    return row["status"]


TALKS = [
    "2036/talks",
    "2036/talks.md",
    "posts/2036/talks.md",
    "./posts/../posts/2036/talks.md",
    "@alice/talks-in-doha",
    "devnet/@alice/talks-in-doha",
    "{url}",
    "2036/ta",
    "posts/2036/ta",
    "@alice/talks",
]


@pytest.mark.parametrize("name", TALKS)
def test_each_name_is_understood_by_each_command(room, name):
    [row] = [row for row in room.log() if row["brief"] == "2036/talks"]
    name = name.format(url=row["url"])

    assert json.loads(room.run("show", name, "--json"))["id"] == row["id"]
    room.run("hold", name)
    assert status(room, "2036/talks") == "held"
    room.run("release", name)
    assert status(room, "2036/talks") == "queued"
    assert "only what is" in room.run("retry", name, expect=1)
    assert "isn't published" in room.run("delete", name, "--yes", expect=1)
    assert "no edit of" in room.run("keep", "brief", name, expect=1)
    assert "2036/talks: queued" in room.run("publish", name)


def test_a_path_is_what_it_is_from_where_one_stands(room):
    below = room.root / "posts/2036"

    assert "2036/talks" in briefbot(below, "show", "talks.md").stdout
    briefbot(below, "hold", "../visas.md")
    assert status(room, "visas") == "held"
    briefbot(below, "release", str(room.root / "posts/visas.md"))
    assert status(room, "visas") == "queued"


def test_an_id_of_its_own_is_a_name_too(room):
    for name in ("trade-id", "trade-", "posts/2036/trade.md", "2036/trade.md", "@alice/trade"):
        assert json.loads(room.run("show", name, "--json"))["brief"] == "trade-id"


def test_a_transaction_is_named_by_its_id_or_by_what_the_log_shows_of_it(room):
    [row] = [row for row in room.log() if row["brief"] == "now"]

    for name in (row["trx_id"], row["trx_id"][:8]):
        assert json.loads(room.run("show", name, "--json"))["id"] == row["id"]


@pytest.mark.parametrize(
    ("command", "name"),
    [
        *((command, "2036/t") for command in ("hold", "release", "retry", "cancel", "show")),
        *((command, "@alice/t") for command in ("hold", "show")),
        ("delete", "2036/"),
        ("keep brief", "2036/"),
        ("reblog --author bob", "2036/t"),
        ("publish", "2036/t"),
        ("publish", "posts/2036/t"),
    ],
)
def test_what_could_be_several_names_them_and_does_nothing(room, command, name):
    before = room.log()
    told = room.run(*command.split(), name, expect=2)

    assert f"{name.removeprefix('posts/')} could be " in told
    assert "talks" in told
    assert "trade" in told
    assert "write more of it" in told
    assert room.log() == before


def test_a_whole_name_comes_before_one_that_begins_so(room):
    room.brief("visas-2.md", title="Visas again", date=FUTURE)
    room.run("publish", "visas-2")

    assert json.loads(room.run("show", "visas", "--json"))["brief"] == "visas"
    assert json.loads(room.run("show", "visas-", "--json"))["brief"] == "visas-2"
    (room.root / "posts/visas-2.md").unlink()
    room.run("cancel", "visas-2")


@pytest.mark.parametrize(
    "name", ["nothing", "@alice/nothing", "hive/@alice/talks-in-doha", "%", "_"]
)
@pytest.mark.parametrize("command", ["hold", "show"])
def test_what_nothing_is_called_is_told(room, command, name):
    assert f"nothing is recorded for {name}" in room.run(command, name, expect=1)


@pytest.mark.parametrize("name", ["waits", "posts/waits.md", "@alice/waits", "wai"])
@pytest.mark.parametrize("command", ["hold", "show", "cancel"])
def test_what_only_lies_in_the_queue_is_said_to(room, command, name):
    told = room.run(command, name, expect=1)

    assert "waits.md is in the queue, but not recorded yet" in told


def test_a_brief_of_the_newsroom_is_reblogged_by_its_name(room):
    room.run("reblog", "now", "--author", "bob", "--wait", "included")
    told = room.run("reblog", "posts/now.md", "--author", "bob", "--wait", "included", expect=1)

    assert "bob reblogs @alice/published-now" in {row["brief"] for row in room.log()}
    assert "queued already" in told or "reblog" in told
    assert "expected @author/permlink" in room.run("reblog", "visas", "--author", "bob", expect=2)


# -- mistyped --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("lgo", "log"), ("pubish", "publish"), ("plans", "plan"), ("chek", "check")],
)
def test_a_mistyped_command_is_told_what_it_may_have_been(tmp_path, typed, meant):
    told = briefbot(tmp_path, typed, expect=2).stderr

    assert f"No such command '{typed}'." in told
    assert f"Did you mean {meant}?" in told


def test_what_is_like_no_command_is_told_where_they_are_listed(tmp_path):
    told = briefbot(tmp_path, "xyzzy", expect=2).stderr

    assert "Did you mean" not in told
    assert "--help" in told


# -- completion ------------------------------------------------------------------------------------


def completed(folder, *words):
    """What a shell is offered for the last of these words."""
    environment = {
        "_BRIEFBOT_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["briefbot", *words]),
        "COMP_CWORD": str(len(words)),
        "PYTHONPATH": str(ROOT),
    }
    told = subprocess.run(
        [sys.executable, "-m", "bot"],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stderr == ""
    return [line.partition(",")[2] for line in told.stdout.splitlines() if line]


@pytest.mark.parametrize(
    "command", ["hold", "release", "retry", "cancel", "show", "delete", "keep chain"]
)
def test_briefs_are_completed(room, command):
    assert completed(room.root, *command.split(), "2036/") == ["2036/talks"]
    assert completed(room.root, *command.split(), "tr") == ["trade-id"]


def test_briefs_are_completed_where_a_path_may_stand_too(room):
    assert completed(room.root, "publish", "w") == ["waits"]
    assert completed(room.root, "publish", "posts/") == ["posts/"]  # the shell goes on with files
    assert completed(room.root / "posts", "log", "--brief", "wai") == ["waits"]


@pytest.mark.parametrize("command", ["log", "audit", "reblog", "new"])
def test_authors_are_completed(room, command):
    assert completed(room.root, command, "--author", "") == ["alice", "bob"]
    assert completed(room.root, command, "--author", "b") == ["bob"]


def test_completion_of_what_cant_be_read_offers_nothing_and_says_nothing(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config/briefbot.toml").write_text("chian = 1")

    assert completed(tmp_path, "hold", "") == []
    assert completed(tmp_path, "log", "--author", "") == []
    shutil.rmtree(tmp_path / "config")
    assert completed(tmp_path, "hold", "") == []
    assert list(tmp_path.iterdir()) == []
