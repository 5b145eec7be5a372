"""Who is at work: heartbeats, by the database's clock."""

import subprocess
import sys
from dataclasses import replace

import pytest
import sqlalchemy as sa

from bot.records import DatabaseUnavailable
from bot.records.tables import from_now, workers
from bot.records.worker import identity
from bot.records.workers import ChainSeen, NodeSeen, Pulse, WorkerRecords

CHAIN = ChainSeen("devnet", (NodeSeen("a.example.org", True), NodeSeen("b.example.org", None)),
                  lag=1.5, looked=2.0)  # fmt: skip
PULSE = Pulse(
    worker="elsewhere/1:7:9", host="elsewhere", process=7, version="0.1.0", schema="0015",
    queue="elsewhere:/posts", chains=(CHAIN,), begun=60.0, looked=3.0, published=("b1", 20.0),
    job=None, progress=1.0,
)  # fmt: skip


@pytest.fixture
def known(records):
    return WorkerRecords(records)


def put(records, worker=PULSE.worker, **values):
    with records.writing() as connection:
        connection.execute(sa.update(workers).where(workers.c.worker == worker).values(**values))


def seconds(later, earlier):
    return (later - earlier).total_seconds()


def test_a_heartbeat_tells_what_a_worker_is_at(known):
    known.beat(replace(PULSE, job=("follow", 4.0)))

    [one] = known.all()

    assert one.is_running
    assert not one.is_stuck
    assert (one.host, one.process, one.queue, one.published) == (
        "elsewhere", 7, "elsewhere:/posts", "b1",
    )  # fmt: skip
    assert one.chains == (CHAIN,)
    assert seconds(one.seen_at, one.started_at) == pytest.approx(60, abs=0.2)
    assert seconds(one.seen_at, one.looked_at) == pytest.approx(3, abs=0.2)
    assert seconds(one.seen_at, one.published_at) == pytest.approx(20, abs=0.2)
    assert seconds(one.seen_at, one.working_since) == pytest.approx(4, abs=0.2)
    assert (one.job, one.stopped_at) == ("follow", None)


def test_a_heartbeat_writes_the_one_before_over(known):
    known.beat(replace(PULSE, queue=None, looked=None, published=None))
    known.beat(PULSE)

    [one] = known.all()

    assert one.published == "b1"


@pytest.mark.parametrize(("age", "runs"), [(0.0, True), (40.0, True), (50.0, False)])
def test_a_worker_runs_as_long_as_its_heartbeat_is_young(records, known, age, runs):
    known.beat(PULSE)
    put(records, seen_at=from_now(-age))

    assert [one.is_running for one in known.all()] == [runs]
    assert known.is_anybody_running() is runs


def test_a_heartbeat_from_before_the_clock_was_set_back_says_nothing(records, known):
    known.beat(PULSE)
    put(records, seen_at=from_now(3600.0))

    assert not known.is_anybody_running()


def test_a_worker_that_has_stopped_doesnt_run_and_isnt_at_anything(known):
    known.beat(replace(PULSE, job=("scan", 1.0)))
    known.stop(PULSE.worker)

    [one] = known.all()

    assert (one.is_running, one.job, one.working_since) == (False, None, None)
    assert one.stopped_at is not None


def test_a_worker_that_begins_anew_in_its_process_runs_again(known):
    known.beat(PULSE)
    known.stop(PULSE.worker)
    known.beat(replace(PULSE, begun=0.0))

    [one] = known.all()

    assert (one.is_running, one.stopped_at) == (True, None)


def test_what_has_ended_on_this_machine_doesnt_run_however_young_its_heartbeat(known):
    program = "from bot.records.worker import identity; print(identity())"
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.strip()
    known.beat(replace(PULSE, worker=ended))
    known.beat(replace(PULSE, worker=identity()))

    assert [(one.worker, one.is_running) for one in known.all()] == [
        (identity(), True), (ended, False),
    ]  # fmt: skip


def test_a_worker_whose_jobs_dont_get_on_is_stuck_only_while_it_runs(records, known):
    known.beat(replace(PULSE, job=("follow", 400.0), progress=400.0))
    assert [one.is_stuck for one in known.all()] == [True]
    known.stop(PULSE.worker)
    assert [one.is_stuck for one in known.all()] == [False]


def test_those_that_run_come_first_then_those_that_were_seen_last(records, known):
    for name, age in (("gone", 100.0), ("long-gone", 900.0), ("one", 20.0), ("two", 1.0)):
        known.beat(replace(PULSE, worker=name))
        put(records, name, seen_at=from_now(-age))

    assert [one.worker for one in known.all()] == ["two", "one", "gone", "long-gone"]


def test_old_ones_are_forgotten(records, known):
    for name, age in (("yesterday", 90_000.0), ("today", 80_000.0)):
        known.beat(replace(PULSE, worker=name))
        put(records, name, seen_at=from_now(-age))

    known.forget()
    known.forget()

    assert [one.worker for one in known.all()] == ["today"]


@pytest.mark.parametrize("damage", [["x"], [{"chain": 1}], 7, None, [{"nodes": [[1, 2]]}]])
def test_what_nobody_can_have_written_is_damage(records, known, damage):
    known.beat(PULSE)
    put(records, chains=damage if damage is not None else sa.JSON.NULL)

    with pytest.raises(DatabaseUnavailable, match="damaged"):
        known.all()
