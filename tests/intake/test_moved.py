"""A file that moves keeps its publication, whatever has happened to that before; nothing doubles."""

import os
from collections import Counter

import pytest

from bot.briefs import folder as folders
from bot.records import Kind, Status
from bot.records.files import FileRecords
from bot.service import actions
from tests.intake.test_index import look, planned
from tests.publishing.test_machine import template
from tests.publishing.world import PowerCut, make_world

LATER = "2099-01-01"


@pytest.fixture
def world(tmp_path):
    world = make_world(tmp_path / "world", template(), workers=1)
    yield world
    world.close()


def write(world, name, kind, body, title="The brief"):
    head = f"title: {title}\ntags: [taliban]\nauthor: alice\n"
    if kind is Kind.REPLY:
        head += 'reply_to: "@bob/root"\n'
    file = world.posts / f"{name}.md"
    file.write_text(f"---\n{head}---\n{body}\n")
    os.utime(file, (1, 1))


def published(world, kind):
    world.brief("root", author="bob")
    world.settle()
    write(world, "brief", kind, "First.")
    world.settle()


def steps(world, times=3):
    for _ in range(times):
        world.step()


def edited(world, kind):
    write(world, "brief", kind, "Second.")
    world.settle()


def an_edit_cancelled(world, kind):
    write(world, "brief", kind, "Second.")
    world.workers[0].service.scan()
    with world.records() as records:
        assert actions.cancel(records, "brief", world.now()).done
    write(world, "brief", kind, "First.")
    steps(world)


def an_edit_undone(world, kind):
    write(world, "brief", kind, "Second.")
    world.workers[0].service.scan()
    write(world, "brief", kind, "First.")
    steps(world)


def a_deletion_cancelled(world, kind):
    with world.records() as records:
        there = actions.deletable(records, "brief")
        assert actions.delete(records, there, world.now()).done
        assert actions.cancel(records, "brief", world.now()).done
    steps(world)


def deleted(world, kind):
    with world.records() as records:
        actions.delete(records, actions.deletable(records, "brief"), world.now())
    world.settle()


BEFORE = (edited, an_edit_cancelled, an_edit_undone, a_deletion_cancelled, deleted)


def posts(world):
    """How many new posts there were at how many addresses."""
    return Counter(
        operation.permlink for operation in world.ledger() if operation.author == "alice"
    )


def told(world):
    with world.records() as records:
        return [
            (r.path, r.kind, r.status, r.error) for r in records.latest() if r.author == "alice"
        ]


@pytest.mark.parametrize("stopped", [False, True], ids=["running", "stopped"])
@pytest.mark.parametrize("kind", [Kind.POST, Kind.REPLY])
@pytest.mark.parametrize("before", BEFORE)
def test_a_file_that_moves_is_published_once(world, before, kind, stopped):
    published(world, kind)
    before(world, kind)
    (world.posts / "brief.md").rename(world.posts / "moved.md")
    if stopped:
        world.restart(0)
    assert "new" not in {step.state for step in planned(world).values()}
    steps(world)
    world.settle()
    assert len(posts(world)) == 1, told(world)


@pytest.mark.parametrize("kind", [Kind.POST, Kind.REPLY])
@pytest.mark.parametrize("before", BEFORE[:-1])
def test_a_file_that_moves_and_changes_edits_its_post_or_is_asked_about(world, before, kind):
    published(world, kind)
    before(world, kind)
    (world.posts / "brief.md").unlink()
    write(world, "moved", kind, "Moved and changed.")
    steps(world)
    world.settle()
    assert len(posts(world)) == 1, told(world)
    [(_, _, status, _)] = [row for row in told(world) if row[0] == "moved.md"]
    asked = status is Status.HELD
    assert asked or "Moved and changed." in world.ledger()[-1].body, told(world)


def test_after_a_cancelled_deletion_a_post_can_be_edited(world):
    published(world, Kind.POST)
    a_deletion_cancelled(world, Kind.POST)
    write(world, "brief", Kind.POST, "Something entirely different.")
    steps(world)
    world.settle()
    assert "entirely different" in world.ledger()[-1].body


def test_replies_put_aside_in_a_bunch_are_not_published_again(world):
    world.brief("root", author="bob")
    world.settle()
    for number in range(12):
        world.brief(f"reply-{number}", reply_to='"@bob/root"')
    world.settle()
    before = posts(world)
    (world.posts / "aside").mkdir()
    files = sorted(world.posts.glob("reply-*.md"))
    for file in files:
        file.rename(f"{file}.away")
    look(world)
    for file in files:
        (world.posts / f"{file.name}.away").rename(world.posts / "aside" / file.name)
    steps(world)
    world.settle()
    assert posts(world) == before


def test_a_held_brief_that_moved_stays_held_while_much_is_read(world, monkeypatch):
    monkeypatch.setattr(folders, "MOST", 3)
    for number in range(12):
        world.brief(f"a-{number:02}", author="bob", date=LATER)
    world.brief("held", date=LATER)
    world.workers[0].service.round()
    with world.records() as records:
        assert actions.hold(records, "held", world.now()).done
    (world.posts / "zz").mkdir()
    (world.posts / "held.md").rename(world.posts / "zz" / "held.md")
    world.defaults = type(world.defaults)(footer="Another footer.")
    world.restart(0)
    look(world, 12)
    with world.records() as records:
        [row] = [row for row in records.latest() if row.author == "alice"]
    assert (row.path, row.status) == ("zz/held.md", Status.HELD)


def test_a_link_to_what_is_read_later_waits_on_one_core_too(world, monkeypatch):
    monkeypatch.setattr(folders, "MOST", 3)
    world.workers[0].service._intake._workshop._cores = 1
    for number in range(9):
        world.brief(f"b-{number}", author="bob", date=LATER)
    world.brief("a-link", body="See [[z-last]].", date=LATER)
    world.brief("z-last", author="carol", date=LATER)
    world.workers[0].service.round()
    with world.records() as records:
        [row] = [row for row in records.latest() if row.brief == "a-link"]
    assert "/@carol/z-last" in row.operations


@pytest.mark.parametrize("end", ["deleted", "mended"])
def test_the_survivor_of_two_files_with_one_id_is_queued_after_a_restart(world, end):
    world.brief("one", id="same", date=LATER)
    world.brief("two", id="same", date=LATER)
    look(world)
    if end == "deleted":
        (world.posts / "two.md").unlink()
    else:
        world.brief("two", date=LATER)
    world.restart(0)
    assert planned(world)["same"].state == "new"
    look(world, 4)
    assert planned(world)["same"].state == "queued"


def test_a_look_that_is_cut_between_its_withdrawals_and_their_note_loses_nothing(
    world, monkeypatch
):
    folder = world.posts / "sub"
    folder.mkdir()
    world.brief("sub/x", date=LATER)
    world.brief("other", author="bob", date=LATER)
    look(world)
    folder.rename(world.folder / "away")
    look(world)

    def cut(*_):
        raise PowerCut

    with monkeypatch.context() as patch:
        patch.setattr(FileRecords, "remove", cut)
        world.step()
        world.step()
    (world.folder / "away").rename(folder)
    world.restart(0)
    look(world, 2)
    assert planned(world)["sub/x"].state == "queued"


def test_what_is_due_at_the_start_is_what_the_files_say(world):
    world.brief("changed")
    world.brief("gone", author="bob")
    look(world)
    world.brief("changed", body="New text.")
    world.restart(0)
    jobs = list(world.workers[0].service._jobs)
    assert jobs[0] == "scan"
