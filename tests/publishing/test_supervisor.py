"""What systemd hears of the service: the words of sd_notify(3), on a real socket."""

import os
import re
import signal
import socket
import struct
import time
from functools import partial

import pytest

from bot.records import Records
from bot.records.tables import leases
from tests.news.conftest import free_port
from tests.publishing.test_status import hanging, quick


class Ear:
    """The socket that a supervisor listens on; it hears who says what."""

    def __init__(self, address):
        self.address = address
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._line.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        self._line.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._line.settimeout(0.1)
        self.heard = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._line.close()

    def hear(self):
        """Take in what has been said; (process, words) each."""
        try:
            data, extra, *_ = self._line.recvmsg(4096, socket.CMSG_SPACE(12))
        except TimeoutError:
            return
        process = struct.unpack("3i", extra[0][2])[0]
        self.heard.append((process, data.decode().split("\n")))

    def wait_for(self, word, after=0, patience=30):
        """Wait until a word that begins so is said, after so many others; its number."""
        end = time.monotonic() + patience
        while True:
            for number, (_, words) in enumerate(self.heard[after:], after):
                if any(each.startswith(word) for each in words):
                    return number
            assert time.monotonic() < end, (word, self.heard)
            self.hear()

    def status(self, number):
        [status] = [word for word in self.heard[number][1] if word.startswith("STATUS=")]
        return status.removeprefix("STATUS=")


@pytest.fixture
def ear(request, tmp_path):
    with Ear(getattr(request, "param", "") + str(tmp_path / "notify")) as ear:
        yield ear


def heard_by(ear, watchdog="", prepare=quick):
    return partial(listened_to, ear.address, watchdog, prepare)


def listened_to(address, watchdog, prepare):
    os.environ |= {
        "NOTIFY_SOCKET": address, "WATCHDOG_USEC": watchdog, "WATCHDOG_PID": str(os.getpid()),
    }  # fmt: skip
    prepare()


@pytest.mark.parametrize("ear", ["", "@"], ids=["path", "abstract"], indirect=True)
def test_it_is_ready_after_the_first_look_and_says_when_it_ends(sqlite_newsroom, ear):
    room = sqlite_newsroom
    room.brief("one.md", date="2036-12-01 09:00")
    service = room.start(heard_by(ear, "900000"))

    ready = ear.wait_for("READY=1")
    assert room.records_with("queued"), "it has looked"
    assert ear.status(ready) == "at work"
    first = ear.wait_for("WATCHDOG=1")
    ear.wait_for("WATCHDOG=1", first + 1, patience=2)
    room.stop(service)
    ear.wait_for("STOPPING=1")
    assert {process for process, _ in ear.heard} == {service.pid}


def test_it_begins_anew_at_sighup_and_keeps_process_and_leases(sqlite_newsroom, ear):
    """What is in hand stays in hand: no other worker may take it meanwhile."""
    newsroom = sqlite_newsroom
    newsroom.brief("one.md")
    service = newsroom.start(heard_by(ear))
    newsroom.wait_for("included")
    newsroom.devnet.set_block_interval(3600)  # from here on, nothing gets final
    ready = ear.wait_for("READY=1")
    before = lease(newsroom)
    assert before.worker

    service.send_signal(signal.SIGHUP)
    reloading = ear.wait_for("RELOADING=1", ready)
    again = ear.wait_for("READY=1", reloading + 1)
    [told] = [word for word in ear.heard[reloading][1] if word.startswith("MONOTONIC_USEC=")]
    assert 0 <= time.monotonic() - int(told.partition("=")[2]) / 1e6 < 30
    assert lease(newsroom)[:4] == before[:4], "the same worker's, and never given away"
    assert "not running" not in newsroom.run("status", expect={0, 1, 3}).lower()

    (newsroom.root / "config/briefbot.toml").write_text("chain = 7\n")
    kept = ear.wait_for("READY=1", ear.wait_for("RELOADING=1", again + 1) + 1)
    assert re.fullmatch(
        r"goes on by the configuration before: .*briefbot.toml:1: chain: expected text in quotes",
        ear.status(kept),
    )
    newsroom.devnet.set_block_interval(0.06)
    [row] = newsroom.wait_for("final")
    assert row["attempts"] == 1
    assert newsroom.stop(service) == 0
    assert {process for process, _ in ear.heard} == {service.pid}
    assert len(newsroom.told('"started"')) == 2


def test_a_dashboard_that_would_be_open_to_all_is_a_wrong_configuration(sqlite_newsroom, ear):
    room = sqlite_newsroom
    service = room.start(heard_by(ear), "--web", str(free_port()))
    ear.wait_for("READY=1")
    room.settings = '[web]\nhosts = ["desk.example.org"]\n'
    room.ask(*room.devnet.urls)
    kept = ear.wait_for("READY=1", ear.wait_for("RELOADING=1") + 1)

    assert "add a user first" in ear.status(kept)
    assert room.stop(service) == 0


def test_signals_that_come_while_it_begins_anew_are_heeded_then(sqlite_newsroom, ear):
    """At its start, before it can heed any, SIGHUP would end it."""
    service = sqlite_newsroom.start(heard_by(ear))
    ready = ear.wait_for("READY=1")
    service.send_signal(signal.SIGHUP)
    reloading = ear.wait_for("RELOADING=1", ready)
    while not any("READY=1" in words for _, words in ear.heard[reloading:]):
        service.send_signal(signal.SIGHUP)
        ear.hear()
    ear.wait_for("RELOADING=1", reloading + 1)
    time.sleep(0.5)  # it is about to be another program
    service.send_signal(signal.SIGTERM)
    assert service.wait(20) == 0
    ear.wait_for("STOPPING=1")


def lease(room):
    with Records.open(room.database) as records, records.reading() as connection:
        return connection.execute(
            leases.select().with_only_columns(
                leases.c.id, leases.c.author, leases.c.worker, leases.c.fence
            )
        ).one()


def test_who_is_stuck_is_silent_and_says_why(sqlite_newsroom, ear):
    room = sqlite_newsroom
    service = room.start(heard_by(ear, "900000", hanging))
    stuck = ear.wait_for("STATUS=the job sweep doesn't get on for ")
    heard = len(ear.heard)
    ear.wait_for("STATUS=", ear.wait_for("STATUS=", heard) + 1)

    assert "WATCHDOG=1" in ear.heard[stuck - 1][1]
    assert not [words for _, words in ear.heard[stuck:] if "WATCHDOG=1" in words]
    service.kill()


def test_nobody_is_told_where_nobody_listens(sqlite_newsroom, ear, tmp_path):
    (tmp_path / "notify").unlink()
    service = sqlite_newsroom.start(heard_by(ear))
    sqlite_newsroom.wait_until(lambda: sqlite_newsroom.told("started"))
    assert sqlite_newsroom.stop(service) == 0
    assert not sqlite_newsroom.told("error")
