"""A corpus of briefs, good, odd and hostile, in many scripts: to the chain and back, unchanged."""

import json
import shutil
from pathlib import Path

import pytest

from bot.briefs import Level, Queue
from bot.devnet.network import ACCOUNTS
from bot.devnet.testing import Devnet
from bot.format import Defaults, compose
from tests.publishing.newsroom import Newsroom

CORPUS = Path(__file__).parents[1] / "corpus"
ADDED = "\n\nEdited: ünïcödé 🏔."


@pytest.fixture
def devnet(tmp_path):
    with Devnet(data=tmp_path / "devnet", block_interval=0.03, admin=True) as devnet:
        yield devnet


@pytest.fixture
def room(tmp_path, devnet):
    made = Newsroom(tmp_path / "newsroom", devnet, f"sqlite:///{tmp_path}/briefbot.db", ACCOUNTS)
    for file in CORPUS.iterdir():
        shutil.copy2(file, made.root / "posts")
    yield made
    made.close()


def briefs(folder):
    entries = Queue(folder).look()
    assert [f for entry in entries for f in entry.findings if f.level is Level.ERROR] == []
    return [entry.brief for entry in entries]


def sent(brief):
    """All of a brief's post; a description of the whole operation, in other words."""
    post = compose(brief, Defaults()).post
    return post.title, post.body, json.loads(post.json_metadata), post.options, post.permlink


def on_chain(room, brief):
    post = compose(brief, Defaults()).post
    found = room.content(post.author, post.permlink)
    return found["title"], found["body"], json.loads(found["json_metadata"])


@pytest.mark.timeout(600)
def test_the_corpus_goes_to_the_chain_is_edited_and_comes_back_the_same(room, tmp_path):
    originals = briefs(CORPUS)
    assert len(originals) >= 60
    service = room.start()
    room.wait_for("final", len(originals), patience=240)
    for brief in originals:
        assert on_chain(room, brief) == sent(brief)[:3], brief.path

    for file in (room.root / "posts").iterdir():
        file.write_bytes(file.read_bytes().rstrip() + ADDED.encode() + b"\n")
    room.wait_for("final", 2 * len(originals), patience=240)
    room.stop(service)
    edited = briefs(room.root / "posts")
    for brief in edited:
        assert brief.body.endswith(ADDED)
        assert on_chain(room, brief) == sent(brief)[:3], brief.path

    other = Newsroom(tmp_path / "other", room.devnet, f"sqlite:///{tmp_path}/other.db", ACCOUNTS)
    for name in ACCOUNTS:
        other.run("pull", f"@{name}")
    pulled = briefs(other.root / "posts")
    assert [brief.path for brief in pulled] == [brief.path for brief in edited]
    for brief, origin in zip(pulled, edited, strict=True):
        assert sent(brief) == sent(origin), brief.path

    comments = len(room.comments())
    other.run("publish", *(f"posts/{brief.path}" for brief in pulled), "--now", "--wait", "final")
    assert len(room.comments()) == comments, "publishing them again sends nothing"
    assert {row["status"] for row in other.log()} == {"final"}
    for name in ACCOUNTS:
        again = other.run("pull", f"@{name}")
        assert "differs" not in again
        assert " 0 briefs written" in f" {again.splitlines()[-1]}"
