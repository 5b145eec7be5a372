"""The queue as it changes: what a look shows, and what is waited for."""

import os
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from bot.briefs import BriefError
from bot.briefs.folder import GRACE, IDENTITY, MOST, Folder
from bot.briefs.walk import PORTION

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
SOON = timedelta(seconds=1)


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def put(folder, name, text="---\ntitle: T\n---\nBody.\n"):
    path = folder.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (1, 1))
    return path


def seen(look):
    return [entry.path for entry in look.entries]


def test_the_first_look_finds_all_and_the_next_what_has_changed(folder):
    put(folder, "a.md")
    put(folder, "sub/b.md")
    assert seen(folder.look(NOW)) == ["a.md", "sub/b.md"]
    assert seen(folder.look(NOW)) == []
    put(folder, "a.md", "---\ntitle: U\n---\nBody.\n")
    put(folder, "c.md")
    assert seen(folder.look(NOW)) == ["a.md", "c.md"]


def test_a_file_just_written_is_read_when_it_is_left_alone(folder):
    path = put(folder, "a.md")
    now = datetime.fromtimestamp(time.time(), UTC)
    os.utime(path)
    [entry] = folder.look(now).entries
    assert (entry.brief, entry.findings[0].code) == (None, "file.changing")
    [entry] = folder.look(now + 5 * SOON).entries
    assert entry.brief is not None


def test_a_file_is_gone_after_the_grace_time_and_two_looks(folder):
    put(folder, "a.md")
    folder.look(NOW)
    (folder.root / "a.md").unlink()
    assert folder.look(NOW + SOON).away == {"a.md"}
    assert folder.look(NOW + SOON + GRACE / 2).away == {"a.md"}
    assert folder.look(NOW + SOON + GRACE).gone == {"a.md"}
    assert folder.look(NOW + SOON + 2 * GRACE).gone == frozenset()


def test_one_late_look_is_not_enough(folder):
    put(folder, "a.md")
    folder.look(NOW)
    (folder.root / "a.md").unlink()
    assert folder.look(NOW + 10 * GRACE).away == {"a.md"}


def test_a_file_that_comes_back_is_new(folder):
    put(folder, "a.md")
    folder.look(NOW)
    (folder.root / "a.md").rename(folder.root / "a.tmp")
    folder.look(NOW + SOON)
    (folder.root / "a.tmp").rename(folder.root / "a.md")
    look = folder.look(NOW + 2 * SOON)
    assert (seen(look), look.away) == (["a.md"], frozenset())
    assert folder.look(NOW + 2 * GRACE).gone == frozenset()


def test_when_more_than_half_of_many_go_at_once_none_is_gone(folder):
    for number in range(10):
        put(folder, f"{number}.md")
    folder.look(NOW)
    for number in range(6):
        (folder.root / f"{number}.md").unlink()
    look = folder.look(NOW + SOON)
    assert "6 of 10 briefs are gone at once" in look.trouble
    assert folder.look(NOW + 2 * GRACE).gone == frozenset()
    for number in range(3):
        put(folder, f"{number}.md")
    look = folder.look(NOW + 3 * GRACE)
    assert (look.trouble, look.gone) == ("", {"3.md", "4.md", "5.md"})


def test_of_a_few_all_may_go(folder):
    put(folder, "a.md")
    folder.look(NOW)
    (folder.root / "a.md").unlink()
    folder.look(NOW + SOON)
    assert folder.look(NOW + SOON + GRACE).gone == {"a.md"}


def test_twins_are_found_and_let_go_with_either_of_them(folder):
    put(folder, "a.md", "---\ntitle: T\nid: x\n---\nB\n")
    assert folder.look(NOW).entries[0].brief is not None
    put(folder, "b.md", "---\ntitle: U\nid: x\n---\nB\n")
    assert [entry.brief for entry in folder.look(NOW).entries] == [None, None]
    (folder.root / "b.md").unlink()
    [entry] = folder.look(NOW).entries
    assert (entry.path, entry.brief is not None) == ("a.md", True)


def test_a_queue_has_an_identity_that_moves_with_it(folder, tmp_path):
    made = folder.identity()
    assert Folder(tmp_path).identity() == made
    moved = tmp_path.parent / "moved"
    tmp_path.rename(moved)
    assert Folder(moved).identity(make=False) == made
    assert (moved / IDENTITY).stat().st_mode & 0o777 == 0o644
    moved.rename(tmp_path)


def test_more_files_than_one_look_reads_are_left_to_the_next(folder):
    for number in range(MOST + 2):
        put(folder, f"{number:04}.md")
    first = seen(folder.look(NOW))
    assert (len(first), folder.unread) == (MOST, 2)
    assert len({*first, *seen(folder.look(NOW))}) == MOST + 2
    assert (seen(folder.look(NOW)), folder.unread) == ([], 0)


def test_in_a_large_queue_a_file_that_was_replaced_is_found_at_once(folder):
    for number in range(2 * PORTION):
        put(folder, f"{number:04}.md")
    folder.look(NOW)
    new = put(folder, "new.txt", "---\ntitle: U\n---\nBody.\n")
    new.replace(folder.root / "0300.md")
    assert seen(folder.look(NOW)) == ["0300.md"]


def test_in_a_large_queue_a_file_that_was_written_in_place_is_found_by_and_by(folder):
    for number in range(4 * PORTION):
        put(folder, f"sub{number % 2}/{number:04}.md")
    while folder.look(NOW).entries:
        pass
    put(folder, "sub0/0300.md", "---\ntitle: U\n---\nBody.\n")
    looks = [path for _ in range(6) for path in seen(folder.look(NOW))]
    assert looks == ["sub0/0300.md"]
    put(folder, "sub0/0300.md", "---\ntitle: V\n---\nBody.\n")
    assert seen(folder.look(NOW)) == ["sub0/0300.md"], "what changed lately is looked at each time"


def test_links_and_folders_come_and_go(folder, tmp_path):
    put(folder, "sub/deep/a.md")
    put(folder, "text.txt")
    (tmp_path / "b.md").symlink_to("text.txt")
    assert seen(folder.look(NOW)) == ["b.md", "sub/deep/a.md"]
    (tmp_path / "sub").rename(tmp_path / "other")
    look = folder.look(NOW)
    assert (seen(look), look.away) == (["other/deep/a.md"], {"sub/deep/a.md"})


def test_a_folder_that_isnt_there_is_said_plainly(tmp_path):
    with pytest.raises(BriefError, match="can't read the queue"):
        Folder(tmp_path / "none").look(NOW)


def test_the_system_tells_which_file_was_written_in_place(folder):
    """In a queue so large that a look doesn't look at each file."""
    for number in range(600):
        put(folder, f"{number}.md")
    while folder.look(NOW).entries:
        pass
    told = threading.Event()
    stop = folder.watch(told.set)
    deadline = time.monotonic() + 10
    while not told.is_set() and time.monotonic() < deadline:
        put(folder, "599.md", "---\ntitle: U\n---\nBody.\n")
        told.wait(0.5)
    assert seen(folder.look(NOW)) == ["599.md"]
    stop()


def test_a_page_bundle_is_known_by_its_folder_before_and_after_it_is_read(folder):
    put(folder, "news/one/index.md")
    put(folder, "two.md")
    folder.find(NOW)
    for _ in range(2):
        assert (folder.has("news/one"), folder.has("two")) == (True, True)
        assert (folder.has("news/one/index"), folder.has("news")) == (False, False)
        folder.look(NOW)


def test_a_file_and_a_bundle_of_one_name_are_twins_as_long_as_both_are_there(folder):
    put(folder, "one.md")
    assert folder.look(NOW).entries[0].brief.id == "one"
    put(folder, "one/index.md")
    assert {entry.path: entry.brief for entry in folder.look(NOW).entries} == {
        "one.md": None,
        "one/index.md": None,
    }
    (folder.root / "one.md").unlink()
    [entry] = folder.look(NOW).entries
    assert (entry.path, entry.brief.id) == ("one/index.md", "one")


def test_the_page_of_a_section_is_no_brief(folder):
    for name in ("_index.md", "a/_index.md", "a/_index.de.md", "a/_INDEX.markdown"):
        put(folder, name)
    put(folder, "a/index_.md")
    assert seen(folder.look(NOW)) == ["a/index_.md"]
