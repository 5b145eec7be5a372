"""What is open is judged and read, whatever happens to the path meanwhile."""

import ctypes
import os
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.briefs import BriefError, Queue, read
from bot.briefs.opening import opened, replace
from bot.briefs.pictures import LARGEST, PictureRefused, read_picture
from bot.briefs.queue import MAX_BYTES
from tests.briefs.test_pictures import png

BRIEF = b"---\ntitle: T\nauthor: alice\ntags: [a]\n---\nOurs.\n"
SECRET = b"---\ntitle: Theirs\nauthor: alice\ntags: [a]\n---\nSecret.\n"
EXCHANGE = 2  # RENAME_EXCHANGE of renameat2(2)


@pytest.fixture
def queue(tmp_path):
    (tmp_path / "queue").mkdir()
    return tmp_path / "queue"


@contextmanager
def swapping(one: Path, other: Path):
    """Two names change places, as fast as the system can, as long as this goes on."""
    libc = ctypes.CDLL(None, use_errno=True)
    ended = threading.Event()
    count = 0

    def swap():
        nonlocal count
        while not ended.is_set():
            here = -100  # AT_FDCWD
            assert libc.renameat2(here, bytes(one), here, bytes(other), EXCHANGE) == 0
            count += 1

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    assert count > 10, "it was swapped while we read"


def pictures_meanwhile(queue, path, times=4000):
    """What is read of a picture so many times, and why it is refused."""
    data, codes = set(), set()
    for _ in range(times):
        try:
            data.add(read_picture(queue, path).data)
        except PictureRefused as refused:
            codes.add(refused.code)
    return data, codes


def test_a_link_that_is_swapped_in_never_gets_another_files_bytes_read(queue, tmp_path):
    secret = png() + b"secret"
    (tmp_path / "secret.png").write_bytes(secret)
    (queue / "a.png").write_bytes(png())
    (queue / "b.png").symlink_to(tmp_path / "secret.png")
    with swapping(queue / "a.png", queue / "b.png"):
        data, codes = pictures_meanwhile(queue, "a.png")
    assert data == {png()}
    assert codes <= {"picture.outside", "picture.missing", "picture.changing"}


def test_a_folder_that_is_swapped_for_a_link_leads_nowhere(queue, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/a.png").write_bytes(png() + b"secret")
    (queue / "img").mkdir()
    (queue / "img/a.png").write_bytes(png())
    (queue / "link").symlink_to(tmp_path / "outside")
    with swapping(queue / "img", queue / "link"):
        data, codes = pictures_meanwhile(queue, "img/a.png")
    assert data == {png()}
    assert codes <= {"picture.outside", "picture.missing", "picture.changing"}


def test_a_brief_that_is_swapped_for_a_link_is_never_read_from_outside(queue, tmp_path):
    (tmp_path / "secret").write_bytes(SECRET)
    (queue / "a.md").write_bytes(BRIEF)
    (queue / "other").symlink_to(tmp_path / "secret")
    titles, codes = set(), set()
    with swapping(queue / "a.md", queue / "other"):
        for _ in range(2000):
            [entry] = Queue(queue).look()
            titles |= {entry.brief.title} if entry.brief else set()
            codes |= {finding.code for finding in entry.findings}
    assert titles == {"T"}
    assert codes <= {"file.outside", "file.unreadable", "file.changing"}


def test_links_within_the_queue_are_followed(queue):
    (queue / "img").mkdir()
    (queue / "img/a.png").write_bytes(png())
    (queue / "b.png").symlink_to("img/a.png")
    (queue / "c.png").symlink_to(queue / "img/a.png")
    (queue / "folder").symlink_to("img")
    assert {read_picture(queue, p).kind for p in ("b.png", "c.png", "folder/a.png")} == {
        "image/png"
    }


def test_the_queue_itself_may_be_a_link(queue, tmp_path):
    (queue / "a.png").write_bytes(png())
    (queue / "a.md").write_bytes(BRIEF)
    (tmp_path / "link").symlink_to(queue)
    assert read_picture(tmp_path / "link", "a.png").data == png()
    assert Queue(tmp_path / "link").look()[0].brief.title == "T"
    assert read(tmp_path / "link/a.md", root=queue).brief.id == "a"


def fifo(file):
    os.mkfifo(file)


def loop(file):
    file.symlink_to(file.name)


def huge(file):
    with file.open("wb") as opened_:
        opened_.truncate(50_000_000_000)  # sparse


def of_proc(file):
    file.symlink_to("/proc/self/environ")


@pytest.mark.parametrize(
    ("make", "picture", "brief"),
    [
        (fifo, "picture.missing", "file.kind"),
        (os.mkdir, "picture.missing", "file.kind"),
        (loop, "picture.missing", "file.unreadable"),
        (huge, "picture.size", "file.size"),
        (of_proc, "picture.outside", "file.outside"),
        (lambda file: file.symlink_to("/dev/zero"), "picture.outside", "file.outside"),
        (lambda file: file.symlink_to("nowhere"), "picture.missing", "file.unreadable"),
        (lambda file: file.symlink_to("x" * 300), "picture.missing", "file.unreadable"),
    ],
)
def test_what_is_no_file_of_the_queue_is_refused_unread(queue, make, picture, brief):
    make(queue / "a.png")
    make(queue / "a.md")
    with pytest.raises(PictureRefused) as refused:
        read_picture(queue, "a.png")
    assert refused.value.code == picture
    assert [finding.code for finding in Queue(queue).look()[0].findings] == [brief]


@pytest.mark.parametrize(
    "path", ["a\0.png", "\ud800.png", "x" * 300, "x/" * 3000, "", ".", "/", "a.png/b", "\n.png"]
)
def test_a_name_that_no_file_has_is_a_missing_picture(queue, path):
    (queue / "a.png").write_bytes(png())
    with pytest.raises(PictureRefused) as refused:
        read_picture(queue, path)
    assert refused.value.code in {"picture.missing", "picture.outside"}


@pytest.mark.parametrize("path", ["/etc/hostname", "//etc/hostname", "a/../../b", "..", "../a.png"])
def test_no_path_leads_out(queue, path):
    with pytest.raises(PictureRefused) as refused:
        read_picture(queue, path)
    assert refused.value.code == "picture.outside"


@pytest.mark.parametrize(
    "name", ["a\nb.png", "..png", "...png", "a b.png", "\x1b[31m.png", "ü.png"]
)
def test_an_odd_name_is_a_name(queue, name):
    (queue / name).write_bytes(png())
    assert read_picture(queue, name).data == png()


def test_a_picture_that_is_still_being_written_isnt_sent(queue):
    """It grows with every look at it: what is read would be a part of it."""
    file = queue / "a.png"
    file.write_bytes(png())
    with growing(file):
        codes = pictures_meanwhile(queue, "a.png", 300)[1]
    assert "picture.changing" in codes
    assert codes <= {"picture.changing", "picture.size"}
    assert read_picture(queue, "a.png").data.startswith(png())


@contextmanager
def growing(file):
    ended = threading.Event()

    def grow():
        with file.open("ab", buffering=0) as opened_:
            while not ended.is_set() and opened_.tell() < LARGEST // 2:
                opened_.write(b"x" * 100)

    thread = threading.Thread(target=grow)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def test_a_brief_of_the_largest_size_is_read_whole(queue):
    head = b"---\ntitle: T\nauthor: alice\ntags: [a]\n---\n"
    (queue / "a.md").write_bytes(head + b"x" * (MAX_BYTES - len(head)))
    assert len(Queue(queue).look()[0].brief.body) == MAX_BYTES - len(head)


def test_nothing_stays_open(queue, tmp_path):
    (queue / "img").mkdir()
    (queue / "img/a.png").write_bytes(png())
    fifo(queue / "img/b.png")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for path in ("img/a.png", "img/b.png", "img", "img/none.png", "a\0", "../x") * 3:
        try:
            with opened(queue, path) as file:
                file.read()
        except OSError:
            pass
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_file_is_replaced_whole_and_no_link_is_followed(queue, tmp_path):
    (tmp_path / "outside").write_text("theirs")
    (queue / "a.md").write_bytes(BRIEF)
    (queue / "a.md").chmod(0o640)
    (queue / "a.md~").symlink_to(tmp_path / "outside")
    replace(queue / "a.md~", b"old", like=queue / "a.md")
    assert (tmp_path / "outside").read_text() == "theirs"
    assert (queue / "a.md~").read_bytes() == b"old"
    assert (queue / "a.md~").stat().st_mode & 0o777 == 0o640
    assert sorted(file.name for file in queue.iterdir()) == ["a.md", "a.md~"]


def test_a_folder_that_cant_be_looked_into_is_told_and_the_others_are_read(queue):
    (queue / "a.md").write_bytes(BRIEF)
    folder = queue / "deep"
    for _ in range(30):  # deeper than a path may be long
        folder.mkdir()
        folder /= "x" * 200
        if len(bytes(folder)) > 3800:
            break
    inner = os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY)
    for _ in range(3):
        os.mkdir("y" * 200, dir_fd=inner)
        below = os.open("y" * 200, os.O_RDONLY | os.O_DIRECTORY, dir_fd=inner)
        os.close(inner)
        inner = below
    os.close(inner)
    entries = {entry.path: entry for entry in Queue(queue).look()}
    assert entries.pop("a.md").brief
    assert [f.code for entry in entries.values() for f in entry.findings] == ["file.unreadable"]


@pytest.fixture
def deep(queue):
    """A folder in folders, deeper than Python's calls may be; pytest couldn't remove it."""
    inner = os.open(queue, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=inner)
        below = os.open("d", os.O_RDONLY, dir_fd=inner)
        os.close(inner)
        inner = below
    os.close(inner)
    yield queue.joinpath(*["d"] * 1200)
    subprocess.run(["rm", "-r", queue / "d"], check=True)


def test_folders_in_folders_are_no_trouble(queue, deep):
    (deep / "a.md").write_bytes(BRIEF)
    [entry] = Queue(queue).look()
    assert [finding.code for finding in entry.findings] == ["key.id"]


def test_a_queue_that_isnt_there_is_said(tmp_path):
    with pytest.raises(BriefError, match="No such file"):
        Queue(tmp_path / "none").look()
