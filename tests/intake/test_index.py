"""What stays the same isn't read again, and what a change concerns is: by what is kept of files."""

import shutil

import pytest
import sqlalchemy as sa

from bot.briefs import Queue
from bot.briefs.folder import Folder
from bot.format import Defaults
from bot.intake import composer as composing
from bot.intake.view import QueueView
from bot.intake.workshop import FEW
from bot.records.queues import QueueRecords
from bot.records.tables import files
from bot.reports.plan import steps
from tests.briefs.test_pictures import png
from tests.publishing.test_machine import template
from tests.publishing.world import make_world

LATER = "2099-01-01"


@pytest.fixture
def world(tmp_path):
    world = make_world(tmp_path / "world", template())
    yield world
    world.close()


@pytest.fixture
def composed(monkeypatch):
    """Paths of what has been composed since it was last asked."""
    real, met = composing.compose, []

    def noted(brief, *rest):
        met.append(brief.path)
        return real(brief, *rest)

    monkeypatch.setattr(composing, "compose", noted)

    def told():
        found = sorted(set(met))
        met.clear()
        return found

    return told


def look(world, times=1):
    for _ in range(times):
        world.workers[0].service.scan()


def planned(world):
    with world.records() as records:
        mine = QueueRecords(records, Folder(world.posts).identity())
        queue = Queue(world.posts)
        composer = world.workers[0].service._intake._composer
        return {
            step.brief: step
            for step in steps(QueueView(queue, composer, lambda: mine), world.now())
        }


def bodies(world):
    with world.records() as records:
        return {row.brief: row.operations for row in records.latest()}


def test_a_restart_and_a_plan_make_nothing_anew(world, composed):
    world.brief("one", date=LATER)
    world.brief("two", author="bob", date=LATER)
    world.brief("bad", reward="much")
    world.brief("draft", draft="true")
    look(world)
    assert composed() == ["one.md", "two.md"]
    before = planned(world)
    world.restart(0)
    look(world, 2)
    assert planned(world) == before
    assert {step.state for step in before.values()} == {"queued", "problem", "draft"}
    assert composed() == []


def test_what_changed_meanwhile_is_made_anew_and_nothing_else(world, composed):
    for name in ("one", "two", "three"):
        world.brief(name, date=LATER)
    look(world)
    composed()
    world.brief("two", date=LATER, body="Changed.")
    (world.posts / "three.md").unlink()
    assert planned(world)["three"].why.startswith("left the queue")
    assert composed() == ["two.md"]
    world.restart(0)
    look(world, 3)
    assert composed() == ["two.md"]
    assert "Changed." in bodies(world)["two"]
    with world.records() as records:
        assert [row.status.value for row in records.latest() if row.brief == "three"] == [
            "cancelled"
        ]


def test_another_configuration_makes_all_anew(world, composed):
    world.brief("one", date=LATER)
    look(world)
    composed()
    world.defaults = Defaults(footer="The end.")
    world.restart(0)
    look(world)
    assert composed() == ["one.md"]
    assert "The end." in bodies(world)["one"]


def test_who_names_a_brief_follows_its_address_in_the_same_look(world, composed):
    world.brief("far", date=LATER)
    world.brief("near", author="bob", date=LATER, body="See [[far]].")
    world.brief("other", author="carol", date=LATER)
    look(world)
    composed()
    world.brief("far", date=LATER, slug="elsewhere")
    look(world)
    assert composed() == ["far.md", "near.md"]
    assert "/@alice/elsewhere" in bodies(world)["near"]


def test_a_new_text_of_a_brief_concerns_nobody_else(world, composed):
    world.brief("far", date=LATER)
    world.brief("near", author="bob", date=LATER, body="See [[far]].")
    look(world)
    composed()
    world.brief("far", date=LATER, body="Changed.")
    look(world)
    assert composed() == ["far.md"]


def test_a_whole_thread_follows_its_root(world):
    world.brief("root", date=LATER)
    world.brief("answer", author="bob", date=LATER, reply_to="root.md")
    world.brief("thanks", author="carol", date=LATER, reply_to="answer.md")
    look(world)
    world.brief("root", author="dan", date=LATER)
    look(world)
    told = bodies(world)
    assert '"parent_author":"dan"' in told["answer"].replace(": ", ":")
    answer = next(step for step in planned(world).values() if step.brief == "answer")
    assert f'"parent_permlink":"{answer.permlink}"' in told["thanks"].replace(": ", ":")


def test_what_named_nothing_is_looked_at_when_there_is_something_of_that_name(world):
    world.brief("near", author="bob", date=LATER, reply_to="far.md")
    look(world)
    assert planned(world)["near"].state == "problem"
    world.brief("far", date=LATER)
    look(world)
    assert planned(world)["near"].state == "queued"


def test_who_is_named_by_its_title_is_found_until_it_has_another(world):
    world.brief("2026-01-01-far", date=LATER)
    world.brief("near", author="bob", date=LATER, body="[[far]]")
    look(world)
    assert "/@alice/" in bodies(world)["near"]
    (world.posts / "2026-01-01-far.md").rename(world.posts / "gone.md")
    look(world, 3)
    assert "/@alice/" not in bodies(world).get("near", "")


def test_a_picture_that_changes_is_noticed_by_a_restart(world, composed):
    world.workers[0].service._intake._composer.profiles["devnet"]
    (world.posts / "a.png").write_bytes(png())
    world.brief("shows", date=LATER, body="![a](a.png)")
    look(world)
    composed()
    world.restart(0)
    look(world)
    assert composed() == []
    (world.posts / "a.png").write_bytes(png() + b"more")
    world.restart(0)
    look(world)
    assert composed() == ["shows.md"]


def test_one_id_in_two_files_is_told_until_one_of_them_has_another(world):
    world.brief("one", date=LATER, id="same")
    world.brief("two", date=LATER, id="same")
    look(world)
    world.restart(0)
    look(world)
    assert {step.state for step in planned(world).values()} == {"problem"}
    world.brief("two", date=LATER)
    assert {step.brief: step.state for step in planned(world).values()} == {
        "same": "new",
        "two": "new",
    }
    look(world)
    assert {step.brief: step.state for step in planned(world).values()} == {
        "same": "queued",
        "two": "queued",
    }


def test_a_worker_whom_another_one_outruns_has_nothing_to_complain_about(world, monkeypatch):
    for name in ("one", "two"):
        world.brief(name, date=LATER)
    world.workers.append(world.hire())
    add = QueueRecords.add

    def outrun(mine, plans, now):
        monkeypatch.setattr(QueueRecords, "add", add)
        world.workers[1].service.scan()
        yield from mine.add(plans, now)

    monkeypatch.setattr(QueueRecords, "add", outrun)
    assert world.workers[0].service._intake.scan() == ()
    assert {step.brief: step.state for step in planned(world).values()} == {
        "one": "queued",
        "two": "queued",
    }


def test_what_is_kept_of_files_may_be_lost(world):
    world.brief("far", date=LATER)
    world.brief("near", author="bob", date=LATER, body="See [[far]].")
    look(world)
    before = planned(world)
    with world.records() as records, records.writing() as connection:
        connection.execute(sa.delete(files))
    assert planned(world) == before
    world.restart(0)
    look(world)
    assert planned(world) == before


def test_a_long_queue_is_read_by_processes_beside_and_comes_to_the_same(world, tmp_path):
    for number in range(FEW):
        world.brief(f"b{number:03}", author=("alice", "bob")[number % 2], date=LATER)
    world.brief("a-link", author="carol", date=LATER, body="See [[b150]] and [[z-last]].")
    world.brief("z-last", author="carol", date=LATER)
    world.brief("bad", reward="much")
    look(world)
    beside = bodies(world)
    world.workers[0].service._intake.close()

    alone = make_world(tmp_path / "alone", template())
    shutil.copytree(world.posts, alone.posts, dirs_exist_ok=True)
    alone.workers[0].service._intake._workshop._cores = 1
    look(alone)
    assert bodies(alone) == beside
    assert "/@carol/z-last" in beside["a-link"]
    alone.close()


def test_a_picture_that_comes_after_its_note_is_found(world):
    world.brief("note", date=LATER, body="![[photo.png]]")
    look(world)
    assert "picture.missing" in planned(world)["note"].why
    (world.posts / "attachments").mkdir()
    (world.posts / "attachments/photo.png").write_bytes(png())
    look(world)
    assert "picture.missing" not in planned(world)["note"].why


def test_another_version_of_ours_makes_all_anew(world, composed, monkeypatch):
    world.brief("one", date=LATER)
    look(world)
    composed()
    monkeypatch.setattr("bot.intake.index.__version__", "another")
    world.restart(0)
    look(world)
    assert composed() == ["one.md"]
