"""`check` keeps what it found, and what it finds is the same as if it kept nothing."""

import json
import os
import shutil
import time
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner
from hypothesis import given, note, settings
from hypothesis import strategies as st

from bot import app
from bot.cli import briefbot, check
from bot.clock import utc_now
from tests.briefs.test_pictures import png

NAMES = ("one", "two", "three")
AGES = timedelta(hours=1)  # by which the clock is ahead: what was just written is long settled


class Room:
    """A workspace, in which `check` is run as it would be a while later."""

    def __init__(self, folder):
        self.folder = folder
        self.posts = folder / "posts"
        self.config = folder / "config/briefbot.toml"
        self.kept = folder / ".briefbot"
        self.later = timedelta(0)
        self.posts.mkdir()
        self.config.parent.mkdir()
        self.config.write_text('[defaults]\nauthor = "alice"\n[author.alice]\n')
        for name in NAMES:
            self.write(name)

    def write(self, name, front="", body="Text."):
        (self.posts / f"{name}.md").write_text(
            f"---\ntitle: {name}\ntags: [news]\n{front}\n---\n{body}\n"
        )

    def check(self):
        now = utc_now
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(check, "MANY", 1)
            patch.setattr(check, "utc_now", lambda: now() + AGES + self.later)
            done = CliRunner().invoke(
                briefbot, ["--config", str(self.config), "check", "--json"], catch_exceptions=False
            )
        return json.loads(done.stdout)

    def check_anew(self):
        """As if nothing were kept; what is kept stays as it is."""
        away = self.folder / "away"
        if self.kept.is_dir():
            self.kept.rename(away)
        found = self.check()
        if away.is_dir():
            shutil.rmtree(self.kept, ignore_errors=True)
            away.rename(self.kept)
        return found


@pytest.fixture
def room(tmp_path):
    return Room(tmp_path)


@pytest.fixture
def judged(monkeypatch):
    """The files that are composed."""
    met = []
    original = app.checked

    def checked(config, view, entry, *others):
        met.append(entry.path)
        return original(config, view, entry, *others)

    monkeypatch.setattr(app, "checked", checked)
    return met


EDITS = {
    "nothing": lambda room, name: None,
    "text": lambda room, name: room.write(name, body="Other text. ![x](picture.png)"),
    "same size": lambda room, name: room.write(name, body="Taxt."),
    "unclosed": lambda room, name: room.write(name, body="<center>never closed"),
    "key": lambda room, name: room.write(name, front="tittle: x"),
    "no brief": lambda room, name: (room.posts / f"{name}.md").write_text("---\n: [\n---\n"),
    "link": lambda room, name: room.write(name, body="[[two]] and [x](three.md)"),
    "reply": lambda room, name: room.write(name, front="reply_to: one"),
    "draft": lambda room, name: room.write(name, front="draft: true"),
    "slug": lambda room, name: room.write(name, front="slug: the-same"),
    "id": lambda room, name: room.write(name, front="id: the-same"),
    "soon": lambda room, name: room.write(name, front=f"date: {_day(2)}"),
    "far": lambda room, name: room.write(name, front=f"date: {_day(732)}"),
    "ignored": lambda room, name: room.write(name, front="tittle: x\nignore: [key.unknown]"),
    "gone": lambda room, name: (room.posts / f"{name}.md").unlink(missing_ok=True),
    "moved": lambda room, name: _move(room.posts / f"{name}.md", room.posts / "moved.md"),
    "picture": lambda room, name: (room.posts / "picture.png").write_bytes(png()),
    "root": lambda room, name: _put(room.folder / "static/picture.png", png()),
    "no picture": lambda room, name: (room.posts / "picture.png").unlink(missing_ok=True),
    "days": lambda room, name: _pass(room, 3),
    "back": lambda room, name: _pass(room, -3),
    "settings": lambda room, name: _append(room.config, '[checks]\nignore = ["key.unknown"]\n'),
    "footer": lambda room, name: _append(room.config, '[chains.devnet]\nimages = "http://x:1"\n'),
    "garbage": lambda room, name: _put(room.kept / "check.json", b"{}"),
    "half": lambda room, name: _halve(room.kept / "check.json"),
}  # fmt: skip


def _day(days):
    return f"{utc_now() + AGES + timedelta(days=days):%Y-%m-%d}"


def _move(file, there):
    if file.exists():
        file.rename(there)


def _put(file, data):
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(data)


def _pass(room, days):
    room.later += timedelta(days=days)


def _append(file, text):
    if text not in file.read_text():
        with file.open("a") as config:
            config.write(text)


def _halve(file):
    if file.exists():
        data = file.read_bytes()
        file.write_bytes(data[: len(data) // 2])


@settings(max_examples=int(os.environ.get("ROUNDS", "12")))
@given(st.lists(st.tuples(st.sampled_from(sorted(EDITS)), st.sampled_from(NAMES)), max_size=5))
def test_whatever_changes_what_is_found_is_what_is_there(edits):
    with TemporaryDirectory() as folder:
        room = Room(Path(folder))
        room.check()
        for edit, name in edits:
            EDITS[edit](room, name)
            kept, anew = room.check(), room.check_anew()
            note(f"{edit} {name}: {anew}")
            assert kept == anew
            assert room.check() == anew
            time.sleep(0.005)  # longer than a tick of the file system's clock


def test_each_of_these_edits_changes_what_is_found_or_is_none(room):
    """So that the property above holds something."""
    quiet = {"nothing", "same size", "moved", "picture", "root", "no picture", "gone", "back",
             "soon", "draft", "unclosed", "settings", "footer", "garbage", "half", "ignored", "days"}  # fmt: skip
    for edit in EDITS.keys() - quiet:
        for name in NAMES:
            room.write(name)
        before = room.check_anew()
        EDITS[edit](room, "one")
        EDITS[edit](room, "two")
        assert room.check_anew() != before, edit


def test_what_has_not_changed_is_not_judged_again(room, judged):
    room.write("one", front="tittle: x")
    first = room.check()
    assert sorted(judged) == ["one.md", "three.md", "two.md"]
    judged.clear()
    assert room.check() == first
    assert judged == []


def test_a_workspace_that_is_its_own_queue_keeps_nothing_of_itself(room, judged):
    text = room.config.read_text()
    room.config.write_text(f'posts = "."\n{text}')
    room.check()
    judged.clear()
    room.check()
    assert judged == []


def test_one_file_that_changes_is_judged_alone(room, judged):
    room.check()
    judged.clear()
    room.write("two", front="tittle: x")
    assert [found["path"] for found in room.check()] == ["two.md"]
    assert judged == ["two.md"]


def test_a_date_passes_though_nothing_changes(room):
    room.write("one", front=f"date: {_day(1)}")
    assert room.check() == []
    room.later = timedelta(days=2)
    assert [found["code"] for found in room.check()] == ["date.past"]


def test_what_was_just_written_may_be_written_again_in_the_same_tick(room, judged, monkeypatch):
    monkeypatch.setattr(f"{__name__}.AGES", timedelta(0))
    room.check()
    judged.clear()
    room.write("one", body="Taxt.")
    room.check()
    assert judged == ["one.md"]


def test_where_nothing_can_be_kept_it_is_found_all_the_same(room):
    room.kept.write_text("in the way")
    room.write("one", front="tittle: x")
    assert room.check() == room.check() != []
    assert room.kept.read_text() == "in the way"


def test_what_came_along_with_a_folder_is_not_believed(room, tmp_path_factory):
    room.write("one", front="tittle: x")
    told = room.check()
    file = room.kept / "check.json"
    forged = json.loads(file.read_text())
    forged["files"] = [[path, sha, [], []] for path, sha, *_ in forged["files"]]
    file.write_text(json.dumps(forged))
    assert room.check() == [], "here it is believed, where whoever may write it may do anything"
    shutil.move(room.kept, room.folder / "sent")
    shutil.copytree(room.folder / "sent", room.kept)
    assert room.check() == told


def test_a_small_queue_leaves_nothing_behind(room):
    CliRunner().invoke(briefbot, ["--config", str(room.config), "check"])
    assert not room.kept.exists()


def test_no_secret_is_kept(room, monkeypatch):
    monkeypatch.setenv("BRIEFBOT_POSTING_KEY_ALICE", "5JnotAKeyButLongEnoughToBeFoundInAFile")
    room.check()
    assert "notAKey" not in (room.kept / "check.json").read_text()
    assert datetime.fromisoformat(json.loads((room.kept / "check.json").read_text())["at"])
