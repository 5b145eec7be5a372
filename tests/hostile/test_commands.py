"""Every command, with a hostile peer as the first of three nodes, and as the only one."""

import itertools
import shutil

import pytest

from bot.cli import COMMANDS
from tests.hostile.conftest import LONG, sample
from tests.hostile.peer import Peer, Spoil
from tests.hostile.spoils import ALL, CONTENT, HISTORY, KINDS

ASKING = {
    "check": ("--online",),
    "publish": ("posts/two.md",),
    "run": ("--once",),
    "show": ("one", "--difference"),
    "keep": ("brief", "one"),
    "reblog": ("@alice/one", "--author", "bob"),
    "pull": ("@alice", "--replies"),
    "audit": (),
    "doctor": (),
    "prices": (),
    "delete": ("one", "--yes"),
}
"""Commands that ask a peer, and how they are called here."""
ASKING_NOBODY = {
    "init": ("elsewhere",),
    "new": ("A title",),
    "preview": ("posts/two.md",),
    "plan": (),
    "slots": (),
    "rehearse": ("--days", "1"),
    "reschedule": ("two", "2030-01-01 09:00"),
    "swap": ("two", "three"),
    "log": (),
    "status": (),
    "config": ("check",),
    "service": ("install", "--user", "--dry-run"),
    "results": (),
    "export": (),
    "hold": ("two",),
    "release": ("two",),
    "retry": ("two",),
    "cancel": ("two",),
    "db": ("upgrade",),
    "web": ("--help",),  # it serves until it is stopped: tests/web
    "user": ("list",),
    "notify": ("--help",),  # its receivers are walked in tests/news
}
OF_THEIR_OWN = {"demo", "devnet"}
"""They start a chain of their own, and ask no other."""


def test_every_command_is_walked():
    assert {*ASKING, *ASKING_NOBODY, *OF_THEIR_OWN} == set(COMMANDS)


def mixed():
    """All spoils, the kinds by turns."""
    rounds = itertools.zip_longest(*(sample(kind, 5) for kind in KINDS.values()))
    return [spoil for turn in rounds for spoil in turn if spoil is not None]


@pytest.fixture(scope="module")
def published(tmp_path_factory, hostile_devnet):
    """A newsroom with a post on the chain and an edit of it that is held, to copy."""
    from tests.hostile.newsroom import HostileNewsroom

    folder = tmp_path_factory.mktemp("published")
    room = HostileNewsroom(
        folder / "room", hostile_devnet, f"sqlite:///{folder}/room.db", ("alice", "bob")
    )
    room.brief("one.md")
    room.turn_to(hostile_devnet.urls)
    room.run("publish", "posts/one.md", "--wait", "final")
    config = room.root / "config/briefbot.toml"
    config.write_text('edits = "ask"\n' + config.read_text())
    room.brief("one.md", body="Another body.")
    room.run("run", "--once")
    assert room.records_with("held")
    room.brief("two.md", author="bob", body="See ![it](it.png).")
    return room


@pytest.fixture
def copied(published, newsroom, tmp_path):
    from tests.briefs.test_pictures import png

    def copy(nodes, images=""):
        room = newsroom(nodes, images, authors=("alice", "bob"))
        shutil.copytree(published.root / "posts", room.root / "posts", dirs_exist_ok=True)
        (room.root / "posts/it.png").write_bytes(png())
        shutil.copy(
            published.database.removeprefix("sqlite:///"), room.database.removeprefix("sqlite:///")
        )
        return room

    return copy


@pytest.mark.parametrize("place", ["the only one", "the first of three"])
def test_no_peer_brings_a_command_down(copied, hostile_devnet, place):
    with Peer(hostile_devnet.url) as peer:
        others = hostile_devnet.urls[1:] if place == "the first of three" else ()
        room = copied([peer.url, *others], peer.url)
        names = itertools.cycle(ASKING)
        count = len(ASKING) if LONG else 1
        for spoil in sample(ALL if LONG else mixed(), 12):
            peer.spoil = spoil
            for name in itertools.islice(names, count):
                if name == "delete" and place == "the first of three":
                    continue  # the post is wanted yet
                status, told, seconds = room.command(name, *ASKING[name])
                assert status in {0, 1, 3}, (str(spoil), name, told)
                assert seconds < 20, (str(spoil), name, seconds)


def test_a_pulled_post_stays_in_the_queue(copied, hostile_devnet):
    """Whatever name a node makes up for it."""
    lies = {spoil.name: spoil for spoil in ALL}
    out, there = lies["lie: the way out of the queue"], lies["lie: another's post"]

    def parts(asked):
        return {HISTORY: out, CONTENT: there}[asked.method].parts(asked)

    with Peer(hostile_devnet.url, Spoil("out", parts, methods=(HISTORY, CONTENT))) as peer:
        room = copied([peer.url])
        status, told, _ = room.command("pull", "@alice")
    assert status == 0, told
    assert told.count("written") == 2
    assert len(list((room.root / "posts").glob("post-*.md"))) == 1


def test_what_asks_nobody_asks_nobody(copied, hostile_devnet):
    with Peer(hostile_devnet.url, ALL[0]) as peer:
        room = copied([peer.url], peer.url)
        for name, arguments in ASKING_NOBODY.items():
            status, told, _ = room.command(name, *arguments)
            assert status in ({3} if name == "status" else {0, 1}), told  # no service runs here
        assert not peer.asked
