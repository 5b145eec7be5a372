"""Is it alive? As somebody finds out who isn't in front of it: by `status` and by HTTP."""

import json
import shutil
import socket
import threading
import time
import urllib.error
import urllib.request
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from bot.cli.logging import quiet_log
from bot.clock import utc_now
from bot.records import Records
from bot.records.tables import from_now, publications
from bot.records.tables import workers as workers_table
from bot.records.workers import WorkerRecords
from bot.service.health import Health, serve
from bot.service.heartbeat import Heartbeat
from bot.service.service import Activity
from tests.news.conftest import free_port, wait_until


def quick():
    """A heart that beats, and jobs that look around, sooner than every ten seconds."""
    from bot.service import health, heartbeat, service

    heartbeat.EVERY, heartbeat.LOOK = 0.3, 0.1
    service.LOOKED = service.SWEEP_EVERY = 0.5
    service.IDLE = 0.5
    health.KEPT = 0.1


def hanging():
    """A job that begins and doesn't end."""
    from bot.service import health
    from bot.service.service import Service

    quick()
    health.STUCK = 1.0
    Service.sweep = lambda self: time.sleep(3600)


ANY = {0, 1, 3}
"""How `status` may end while something is waited for."""


def status(room, expect):
    return json.loads(room.run("status", "--json", expect=expect))


def workers(room, expect=0):
    return [one for one in status(room, expect)["workers"] if one["is_running"]]


def make_due(room, ago):
    """As if what is queued had been due for a while, and nobody had been there."""
    with Records.open(room.database) as records, records.writing() as connection:
        then = utc_now() - ago
        connection.execute(
            sa.update(publications)
            .where(publications.c.status == "queued")
            .values(due_at=then, look_at=then, appointed_at=then, created_at=then)
        )


def test_a_service_is_seen_while_it_runs_and_its_end_is_told(newsroom):
    newsroom.brief("one.md")
    newsroom.brief("later.md", date="2036-12-01 09:00")
    service = newsroom.start(quick)
    newsroom.wait_for("final")
    wait_until(lambda: [one["published"] for one in workers(newsroom, ANY)] == ["one"])

    found = status(newsroom, 0)
    said = newsroom.run("status")

    assert (found["verdict"], found["reasons"]) == ("well", [])
    [worker] = found["workers"]
    assert (worker["host"], worker["process"]) == (socket.gethostname(), service.pid)
    assert worker["queue"].endswith(f":{newsroom.root}/posts")
    assert worker["looked_at"]
    assert found["publications"] == {"final": 1, "queued": 1}
    assert found["next"]["brief"] == "later"
    [chain] = found["chains"]
    assert (chain["chain"], [node["answers"] for node in chain["nodes"]]) == ("devnet", [True])
    assert chain["lag"] is not None
    assert said.startswith("WELL  a worker is at work; next is later at 2036-12-01 09:00 UTC\n")

    assert newsroom.stop(service) == 0
    found = status(newsroom, 3)
    assert found["verdict"] == "not running"
    assert found["workers"][0]["stopped_at"]
    assert newsroom.run("status", expect=3).startswith("NOT RUNNING  no service is at work: ")


def test_a_killed_service_is_told_as_not_running(newsroom):
    service = newsroom.start(quick)
    newsroom.wait_until(lambda: newsroom.told("started"))
    wait_until(lambda: workers(newsroom, ANY))
    service.kill()
    service.wait()

    found = status(newsroom, 3)

    assert not found["workers"][0]["is_running"]
    assert found["workers"][0]["stopped_at"] is None
    assert "didn't stop properly" in newsroom.run("status", expect=3).splitlines()[0]


def test_of_two_workers_each_is_seen(newsroom):
    first = newsroom.start(quick)
    newsroom.wait_until(lambda: newsroom.told("started"))
    second = newsroom.start(quick, "--no-queue")
    wait_until(lambda: len(workers(newsroom, ANY)) == 2)
    queues = {one["process"]: one["queue"] for one in workers(newsroom)}
    assert queues[second.pid] is None
    assert queues[first.pid]
    first.kill()
    first.wait()

    found = status(newsroom, 0)

    assert [one["process"] for one in found["workers"] if one["is_running"]] == [second.pid]
    assert newsroom.stop(second) == 0


def test_one_round_leaves_nobody_at_work(sqlite_newsroom):
    sqlite_newsroom.run("run", "--once")

    [worker] = status(sqlite_newsroom, 3)["workers"]

    assert worker["stopped_at"]


def test_where_nothing_has_run_yet_nothing_runs_and_nothing_is_made(tmp_path, devnet):
    from tests.publishing.newsroom import Newsroom

    room = Newsroom(tmp_path / "newsroom", devnet, f"sqlite:///{tmp_path}/none.db")
    assert room.run("status", expect=3).startswith("NOT RUNNING  no service has run here yet")
    assert not (tmp_path / "none.db").exists()


def test_that_nobody_is_at_work_though_something_is_due_is_said_first_everywhere(sqlite_newsroom):
    room = sqlite_newsroom
    room.brief("late.md", date="2036-12-01 09:00")
    room.run("run", "--once")
    for command in ("plan", "log"):
        assert "No service is running" not in room.run(command)
    make_due(room, timedelta(days=5))

    found = status(room, 3)
    assert found["overdue"]["count"] == 1
    assert found["overdue"]["oldest"]["brief"] == "late"
    for command in (["plan"], ["log"], ["plan", "--json"], ["log", "--json"]):
        first, *rest = room.run(*command).splitlines()
        assert first.startswith("No service is running, and 1 brief is due, the first since ")
        assert rest
    first = room.run("doctor").splitlines()[0]
    assert first.startswith("warn  service: No service is running, and 1 brief is due")
    service = room.start(quick)
    wait_until(lambda: workers(room, ANY))
    assert "No service" not in room.run("log")
    room.stop(service)


def test_what_needs_a_person_is_the_first_line(sqlite_newsroom):
    room = sqlite_newsroom
    room.brief("asks.md", approve="true")
    service = room.start(quick)
    wait_until(lambda: status(room, ANY)["needs"])

    assert room.run("status", expect=1).startswith("NEEDS A PERSON  1 brief is held: ")
    room.stop(service)


# -- by HTTP ---------------------------------------------------------------------------------------


class Probe:
    """Who looks after a service, by HTTP."""

    def __init__(self, room, prepare=quick):
        self.port = free_port()
        self.room = room
        self.service = room.start(prepare, "--health", str(self.port))
        room.wait_until(lambda: room.told("started"))

    def ask(self, which):
        address = f"http://127.0.0.1:{self.port}/health/{which}"
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    @property
    def live(self):
        return self.ask("live")[0]

    def ready(self):
        """Whether it is, and the points that aren't well."""
        code, text = self.ask("ready")
        told = json.loads(text)
        bad = {one["subject"]: one["message"] for one in told["points"] if not one["is_well"]}
        assert (code == 200) is told["ready"] is (not bad)
        return bad


def test_a_service_that_is_well_is_alive_and_ready(newsroom):
    probe = Probe(newsroom)
    wait_until(lambda: not probe.ready())

    points = json.loads(probe.ask("ready")[1])["points"]

    assert [one["subject"] for one in points] == ["database", "queue", "chain devnet"]
    assert probe.ask("live") == (200, "alive\n")
    assert probe.ask("elsewhere")[0] == 404
    assert newsroom.stop(probe.service) == 0
    with pytest.raises(urllib.error.URLError):
        probe.ask("live")


def test_a_dead_node_makes_it_unready_until_one_answers_again(sqlite_newsroom):
    probe = Probe(sqlite_newsroom)
    wait_until(lambda: not probe.ready())
    sqlite_newsroom.devnet.kill()

    wait_until(lambda: "chain devnet" in probe.ready(), 40)
    assert probe.ready() == {"chain devnet": "none of its 1 nodes answers"}
    assert probe.live == 200
    wait_until(lambda: "no node of devnet answers" in sqlite_newsroom.run("status", expect=ANY))
    sqlite_newsroom.devnet.start()
    wait_until(lambda: not probe.ready(), 90)
    sqlite_newsroom.stop(probe.service)


def test_a_database_that_is_away_makes_it_unready_and_the_service_goes_on(sqlite_newsroom):
    room = sqlite_newsroom
    probe = Probe(room)
    wait_until(lambda: not probe.ready())
    file = Path(room.database.removeprefix("sqlite:///"))
    for one in file.parent.glob(f"{file.name}*"):
        one.rename(one.with_name(f"away-{one.name}"))

    wait_until(lambda: "database" in probe.ready())
    time.sleep(1)
    assert probe.live == 200
    for one in file.parent.glob(f"away-{file.name}*"):
        one.rename(one.with_name(one.name.removeprefix("away-")))
    wait_until(lambda: not probe.ready())
    room.wait_until(lambda: room.told("database_back"))
    assert not room.told("job_failed")  # a heartbeat that can't be written is no news of its own
    assert len(room.told("database_unavailable")) == 1
    wait_until(lambda: workers(room, ANY))
    room.stop(probe.service)


def test_a_folder_that_cant_be_read_makes_it_unready(sqlite_newsroom):
    room = sqlite_newsroom
    probe = Probe(room)
    wait_until(lambda: not probe.ready())
    (room.root / "posts").rename(room.root / "moved")

    wait_until(lambda: "queue" in probe.ready())
    assert "can't read" in probe.ready()["queue"]
    assert probe.live == 200
    (room.root / "moved").rename(room.root / "posts")
    wait_until(lambda: not probe.ready())
    room.stop(probe.service)


def test_a_worker_without_a_queue_needs_none(sqlite_newsroom):
    shutil.rmtree(sqlite_newsroom.root / "posts")
    port = free_port()
    service = sqlite_newsroom.start(quick, "--no-queue", "--health", str(port))
    probe = Probe.__new__(Probe)
    probe.port = port
    sqlite_newsroom.wait_until(lambda: sqlite_newsroom.told("started"))
    wait_until(lambda: not probe.ready())
    sqlite_newsroom.stop(service)


def test_a_job_that_hangs_is_told_in_one_sentence_and_seen_by_status(sqlite_newsroom):
    probe = Probe(sqlite_newsroom, hanging)
    wait_until(lambda: probe.live == 503)

    said = probe.ask("live")[1]
    assert said.startswith("the job sweep doesn't get on for ")
    assert len(said.splitlines()) == 1
    wait_until(lambda: [one["job"] for one in workers(sqlite_newsroom, ANY)] == ["sweep"])
    [worker] = workers(sqlite_newsroom)
    assert worker["is_running"]
    assert worker["working_since"]


def test_hostile_clients_keep_neither_the_service_nor_who_looks_after_it_waiting(sqlite_newsroom):
    room = sqlite_newsroom
    probe = Probe(room)
    wait_until(lambda: not probe.ready())
    opened, ends = [], threading.Event()

    def drip():
        """One byte after the other, as long as it is let."""
        while not ends.is_set():
            for one in list(opened):
                try:
                    one.send(b"G")
                except OSError:
                    opened.remove(one)
                    one.close()
            if len(opened) < 200:
                try:
                    opened.append(socket.create_connection(("127.0.0.1", probe.port), 1))
                except OSError:
                    time.sleep(0.01)

    def flood():
        """Requests without an end."""
        while not ends.is_set():
            try:
                with socket.create_connection(("127.0.0.1", probe.port), 1) as one:
                    one.sendall(b"GET /health/live HTTP/1.1\r\n" + b"X: " + b"x" * 1_000_000)
                    one.recv(100)
            except OSError:
                pass

    threads = [threading.Thread(target=each) for each in (drip, flood)]
    for thread in threads:
        thread.start()
    try:
        room.brief("one.md")
        room.wait_for("final")
        began = time.monotonic()
        answered = sum(probe_once(probe) for _ in range(20))
        seconds = time.monotonic() - began
        most = threads_of(probe.service.pid)
    finally:
        ends.set()
        for thread in threads:
            thread.join()
        for one in opened:
            one.close()
    assert answered >= 15, answered
    assert seconds < 20
    assert most < 32 + 30
    assert probe.live == 200
    wait_until(lambda: threads_of(probe.service.pid) < 30)
    assert room.stop(probe.service) == 0
    assert "Traceback" not in (room.root / "service.log").read_text()


def probe_once(probe):
    try:
        return probe.live == 200
    except OSError:
        return False


def threads_of(pid):
    return sum(1 for _ in Path(f"/proc/{pid}/task").iterdir())


@pytest.mark.parametrize(
    "request_",
    [b"", b"\0" * 100, b"GET\r\n\r\n", b"POST /health/live HTTP/1.1\r\n\r\n", b"GET / HTTP/9\r\n\r\n",
     b"GET /health/live HTTP/1.1\r\n" + b"A: b\r\n" * 1000 + b"\r\n", b"G" * 70_000],
)  # fmt: skip
def test_what_is_no_request_is_answered_with_no_more_than_an_error(served, request_):
    with socket.create_connection(("127.0.0.1", served), 5) as client:
        client.sendall(request_)
        client.shutdown(socket.SHUT_WR)
        told = b""
        try:
            while some := client.recv(4096):
                told += some
        except ConnectionResetError:
            pass
    assert b"Traceback" not in told
    assert b" 200 " not in told.split(b"\r\n")[0]


def test_who_never_answers_holds_nothing_else_up(monkeypatch):
    monkeypatch.setattr("bot.service.health.PATIENCE", 0.3)
    monkeypatch.setattr("bot.service.health.KEPT", 0.0)
    answers = threading.Event()
    service = SimpleNamespace(standstill=0.0, health=tuple, lags=dict)
    health = Health(service, answers.wait, lambda: None, ())
    before = threading.active_count()

    for _ in range(3):
        began = time.monotonic()
        database, queue = health.points()
        assert time.monotonic() - began < 2
        assert (database.is_well, queue.is_well) == (False, True)
        assert database.message.startswith("it doesn't answer within")
    assert threading.active_count() <= before + 1, "it is asked once"
    answers.set()
    wait_until(lambda: all(point.is_well for point in health.points()))


def test_a_machine_that_was_suspended_or_whose_clock_was_set_tells_at_once(records, monkeypatch):
    monkeypatch.setattr("bot.service.heartbeat.LOOK", 0.02)
    clock = SimpleNamespace(wall=1_000_000.0, steady=5_000.0)
    activity = Activity(job=None, standstill=0.0, scanned=None, published=None)
    service = SimpleNamespace(activity=activity, lags=dict, health=tuple)
    known = WorkerRecords(records)
    heart = Heartbeat(
        known, service, "w", None, (), quiet_log(),
        wall=lambda: clock.wall, steady=lambda: clock.steady,
    )  # fmt: skip

    def runs():
        return known.is_anybody_running()

    def age():
        with records.writing() as connection:
            connection.execute(sa.update(workers_table).values(seen_at=from_now(-100.0)))

    heart.start()
    wait_until(runs)
    age()
    time.sleep(0.3)
    assert not runs(), "ten seconds haven't passed"
    clock.steady, clock.wall = clock.steady + 10.1, clock.wall + 10.1
    wait_until(runs)
    age()
    clock.wall += 3600
    wait_until(runs)
    age()
    clock.wall -= 7200
    wait_until(runs)
    heart.stop()
    assert [one.stopped_at is not None for one in known.all()] == [True]


@pytest.fixture
def served():
    """A port where the health of a service is told that is as it should be."""
    service = SimpleNamespace(standstill=0.0, health=tuple, lags=dict)
    port = free_port()
    end = serve(Health(service, lambda: None, None, ()), "127.0.0.1", port)
    yield port
    end()


def test_only_this_machine_is_answered_unless_another_address_is_named(sqlite_newsroom):
    room = sqlite_newsroom
    service = room.start(None, "--health", f"0.0.0.0:{free_port()}")
    room.wait_until(lambda: room.told("started"))
    room.stop(service)
    assert len(room.told("health_open")) == 1
    for bad in ("nowhere", "99999"):
        assert "expected a port" in room.run("run", "--health", bad, expect=2)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = room.run("run", "--health", str(port), expect=2)
    assert f"health: can't listen on 127.0.0.1:{port}: Address already in use" in said
