"""A service whose disk is full, whose terminal is closed, whose peers never finish."""

import itertools
import json
import os
import signal
import subprocess
import time

import pytest
import sqlalchemy as sa

from bot.http import Http
from bot.records import leases
from tests.publishing.conftest import BLOCK_INTERVAL
from tests.publishing.newsroom import Newsroom
from tests.test_http import HEAD, Peer, dripping

FINAL = '"event": "final"'
DRIP = dripping(lambda: itertools.chain([HEAD + b"X: "], itertools.repeat(b"x")))


class FullDisk:
    """A file system of a few megabytes, with nothing left on it when that is wanted."""

    def __init__(self, folder):
        folder.mkdir()
        self.folder = folder
        command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("nothing can be mounted here")

    def fill(self):
        with (self.folder / "ballast").open("wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(b"x" * 4096)
            except OSError:
                return

    def free(self):
        (self.folder / "ballast").unlink()

    def close(self):
        subprocess.run(["umount", "-l", str(self.folder)], check=True)


class ReadOnly:
    """A PostgreSQL server that takes no writes for a while."""

    def __init__(self, url):
        self.database = sa.engine.make_url(url).database
        address = sa.engine.make_url(url).set(database="postgres")
        self.engine = sa.create_engine(address, isolation_level="AUTOCOMMIT")

    def _set(self, value):
        with self.engine.connect() as connection:
            connection.execute(
                sa.text(
                    f"ALTER DATABASE {self.database} SET default_transaction_read_only = {value}"
                )
            )
            connection.execute(
                sa.text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    f"WHERE datname = '{self.database}'"
                )
            )

    def fill(self):
        self._set("on")

    def free(self):
        self._set("off")

    def close(self):
        self.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def unwritable(request, tmp_path, devnet):
    """(newsroom, what keeps its records from being written)."""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql")()
        trouble = ReadOnly(url)
    else:
        trouble = FullDisk(tmp_path / "disk")
        file = trouble.folder / "briefbot.db"
        file.write_bytes(request.getfixturevalue("sqlite").read_bytes())
        url = f"sqlite:///{file}"
    room = Newsroom(tmp_path / "newsroom", devnet, url)
    yield room, trouble
    room.close()
    trouble.close()


def test_what_cant_be_recorded_is_said_once_and_goes_on_when_it_can(unwritable):
    room, trouble = unwritable
    room.devnet.set_block_interval(0.4)  # time until the post is final
    room.brief("one.md")
    running = room.start()
    room.wait_for("included")
    before = len(room.told())  # counted first: a connection that is cut is told at once
    trouble.fill()
    room.devnet.set_block_interval(BLOCK_INTERVAL)
    room.wait_until(lambda: room.told("database_unavailable"))
    time.sleep(8)  # the post is final, and that can't be recorded
    during = room.told()[before:]
    trouble.free()
    room.wait_for("final")
    end = time.monotonic() + 20  # until every job that had failed has had another try
    while not room.told("database_back") and time.monotonic() < end:
        time.sleep(0.2)
    assert room.stop(running) == 0

    assert len(during) <= 3
    assert len([line for line in during if "database_unavailable" in line]) == 1
    assert [line for line in during if FINAL in line] == []
    assert len(room.told(FINAL)) == 1
    assert len(room.told("database_back")) >= 1
    assert len(room.comments()) == 1


def at_a_terminal():
    """A service that was started by hand."""
    _, terminal = os.openpty()
    os.dup2(terminal, 0)


def test_a_closed_terminal_is_a_clean_stop(sqlite_newsroom):
    running = sqlite_newsroom.start(at_a_terminal)
    sqlite_newsroom.wait_until(lambda: sqlite_newsroom.told("started"))
    running.send_signal(signal.SIGHUP)

    assert running.wait(15) == 0
    [line] = sqlite_newsroom.told('"event": "stopped"')
    assert json.loads(line)["finished"] is True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_ends_within_ten_seconds_while_a_node_drips(sqlite_newsroom, number):
    with Peer(DRIP) as node:
        sqlite_newsroom.ask(node.url)
        sqlite_newsroom.brief("one.md")
        running = sqlite_newsroom.start(at_a_terminal)
        sqlite_newsroom.wait_until(lambda: node.connections)
        begun = time.monotonic()
        running.send_signal(number)

        assert running.wait(20) == 0
        assert time.monotonic() - begun < 10


def patient():
    """Settles in a worker's process: it waits long for its node, and leases last a moment."""
    Http.__init__.__kwdefaults__["timeout"] = 120.0
    leases.SECONDS = 1.5


def test_an_author_whom_a_dripping_node_holds_up_is_another_workers(tmp_path, devnet, database_url):
    stuck = Newsroom(tmp_path / "stuck", devnet, database_url)
    other = Newsroom(tmp_path / "other", devnet, database_url)
    (other.root / "posts").rmdir()
    (other.root / "posts").symlink_to(stuck.root / "posts")
    with Peer(DRIP) as node:
        stuck.ask(node.url)
        stuck.brief("one.md")
        held = stuck.start(patient)
        stuck.wait_for("queued")
        working = other.start(patient)
        other.wait_for("final")
        assert other.stop(working) == 0
        assert stuck.stop(held) == 0

    assert [comment[2] for comment in other.comments()] == ["one"]
    assert other.told("job_failed") == stuck.told("job_failed") == []
