"""How it all stands, by the records alone."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.records import Status
from bot.records.files import FileNote, FileRecord, FileRecords
from bot.records.news import NewNews, NewsRecords, Trouble
from bot.records.queues import QueueRecords
from bot.records.tables import from_now, publications, workers
from bot.records.workers import ChainSeen, NodeSeen, WorkerRecords
from bot.reports.idle import idle
from bot.reports.status import NeedKind, Verdict, nothing_yet, overview
from tests.records.test_records import NOW, PLAN, bring
from tests.records.test_workers import PULSE

USED = {"devnet": ("a.example.org", "b.example.org")}
LATE = timedelta(minutes=15)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def stands(records, now=NOW, ways=()):
    return overview(records, USED, ways, LATE, now)


def beat(records, **changes):
    WorkerRecords(records).beat(replace(PULSE, **changes))


def named(name, **changes):
    return replace(PLAN, brief=name, path=f"{name}.md", permlink=name, **changes)


def put(records, row, **values):
    with records.writing() as connection:
        connection.execute(
            sa.update(publications).where(publications.c.id == row.id).values(**values)
        )


def queued(records, name, at):
    row = bring(records, Status.QUEUED, named(name))
    put(records, row, due_at=at, look_at=at, appointed_at=at, created_at=NOW - DAY,
        outlook="planned", why="its slot")  # fmt: skip


def test_all_is_well_where_a_worker_runs_and_nothing_is_in_the_way(records):
    beat(records)
    bring(records, Status.FINAL, named("out"))
    queued(records, "later", NOW + DAY)
    queued(records, "soon", NOW + MINUTE)

    found = stands(records)

    assert (found.verdict, found.reasons) == (Verdict.WELL, ())
    assert found.publications == {"final": 1, "queued": 2}
    assert (found.next.brief, found.next.at, found.next.why) == ("soon", NOW + MINUTE, "its slot")
    assert found.database.kind == records._engine.dialect.name
    assert found.database.size > 10_000
    assert found.needs == ()


def test_what_needs_a_person_is_told_by_kind(records):
    beat(records)
    for number, status in enumerate((Status.HELD, Status.REJECTED, Status.REJECTED)):
        bring(records, status, named(f"b{number}"))
    for name, age in (("lately", DAY), ("long-ago", 8 * DAY)):
        row = bring(records, Status.MISSED, named(name))
        put(records, row, updated_at=NOW - age, error="its time is over")
    row = bring(records, Status.WAITING, named("keyless"))
    put(records, row, retry_at=None, error="no posting key for alice")

    found = stands(records)

    assert found.verdict is Verdict.NEEDS_A_PERSON
    assert [(need.kind, need.count, len(need.items)) for need in found.needs] == [
        (NeedKind.HELD, 1, 1), (NeedKind.REJECTED, 2, 2), (NeedKind.MISSED, 1, 1),
        (NeedKind.ACCOUNT, 1, 1),
    ]  # fmt: skip
    [missed] = found.needs[2].items
    assert (missed.brief, missed.why) == ("lately", "its time is over")
    [account] = found.needs[3].items
    assert (account.author, account.brief, account.why) == (
        PLAN.author, "", "no posting key for alice",
    )  # fmt: skip
    assert len(found.reasons) == 4
    assert {failure.status for failure in found.failures} == {
        Status.REJECTED, Status.MISSED, Status.WAITING,
    }  # fmt: skip


def test_a_file_that_cant_be_sent_needs_a_person(records):
    beat(records)
    notes = [
        FileNote(chain="", state=state, author="", permlink="", title="", why=why)
        for state, why in (("problem", "broken.md:2: error"), ("draft", "it is a draft"))
    ]
    kept = [
        FileRecord(path=path, notes=(note,))
        for path, note in zip(("broken.md", "draft.md"), notes, strict=True)
    ]
    FileRecords(records, "here").put(kept, {}, ())

    found = stands(records)

    assert found.verdict is Verdict.NEEDS_A_PERSON
    [need] = found.needs
    assert (need.kind, need.count) == (NeedKind.FILE, 1)
    assert [(item.brief, item.why) for item in need.items] == [("broken.md", "broken.md:2: error")]
    assert found.reasons == ("1 file can't be sent as written: `briefbot check` tells why",)


def test_of_very_many_some_are_told_and_all_are_counted(records):
    beat(records)
    for number in range(25):
        row = bring(records, Status.REJECTED, named(f"b{number}"))
        put(records, row, updated_at=NOW + number * MINUTE)

    [need] = stands(records).needs

    assert (need.count, len(need.items), need.items[0].brief) == (25, 20, "b24")


@pytest.mark.parametrize(("runs", "after"), [(True, LATE), (False, MINUTE)])
def test_what_should_be_out_is_overdue_sooner_where_nobody_is_at_work(records, runs, after):
    if runs:
        beat(records)
    queued(records, "second", NOW + MINUTE / 2)
    queued(records, "first", NOW)

    before, then = stands(records, NOW + after), stands(records, NOW + after + MINUTE)

    assert (before.overdue.count, before.overdue.oldest) == (0, None)
    assert (then.overdue.count, then.overdue.oldest.brief) == (2, "first")
    assert "2 briefs are overdue, first since" in "; ".join(then.reasons)
    assert then.verdict is (Verdict.NEEDS_A_PERSON if runs else Verdict.NOT_RUNNING)


def test_nobody_at_work_is_said_in_one_sentence_when_something_is_due_and_not_before(records):
    queued(records, "first", NOW)
    assert idle(records, NOW + MINUTE / 2) == ""
    assert idle(records, NOW + 2 * MINUTE).startswith("No service is running, and 1 brief is due")
    beat(records)
    assert idle(records, NOW + 2 * MINUTE) == ""


def test_who_was_at_work_last_and_how_that_ended(records):
    assert "`briefbot run` starts one" in stands(records).reasons[0]
    beat(records)
    with records.writing() as connection:
        connection.execute(sa.update(workers).values(seen_at=from_now(-60.0)))
    assert "on elsewhere, was last seen at" in stands(records).reasons[0]
    WorkerRecords(records).stop(PULSE.worker)
    found = stands(records)
    assert "on elsewhere, stopped at" in found.reasons[0]
    assert found.verdict is Verdict.NOT_RUNNING


def test_a_worker_whose_job_hangs_needs_a_person(records):
    beat(records, job=("follow", 900.0), progress=900.0)

    found = stands(records)

    assert found.verdict is Verdict.NEEDS_A_PERSON
    assert "doesn't get on: it has had `follow` in hand since" in found.reasons[0]


def test_a_chain_is_as_the_worker_sees_it_that_looked_last(records):
    nodes = NodeSeen("a.example.org", True), NodeSeen("b.example.org", False)
    early = ChainSeen("devnet", (nodes[1],), lag=9.0, looked=50.0)
    beat(records, worker="w1", chains=(early,))
    beat(records, worker="w2", chains=(replace(early, nodes=nodes, lag=2.0, looked=1.0),))
    beat(records, worker="w3", chains=(replace(early, nodes=(), lag=None, looked=None),))

    [chain] = stands(records).chains

    assert (chain.lag, chain.nodes) == (2.0, nodes)


def test_a_chain_of_which_no_node_answers_isnt_well(records):
    silent = tuple(NodeSeen(host, False) for host in USED["devnet"])
    beat(records, chains=(ChainSeen("devnet", silent),))

    assert stands(records).reasons == ("no node of devnet answers: `briefbot doctor` tells why",)


def test_of_a_chain_that_no_worker_tells_of_the_nodes_are_known(records):
    [chain] = stands(records).chains

    assert chain.nodes == (NodeSeen("a.example.org", None), NodeSeen("b.example.org", None))
    assert (chain.lag, chain.looked_at) == (None, None)


def test_folders_disks_and_ways_for_news(records):
    beat(records)
    mine = QueueRecords(records, "q")
    mine.enrol("here:/posts", NOW)
    mine.note("all files are gone")
    news = NewsRecords(records)
    trouble = Trouble("database", "disk", "5 MB are left on the disk", NOW, NOW)
    item = NewNews("k", "database", "error", NOW, "5 MB are left")
    news.note_troubles([(trouble, item)], [], [])
    news.take("desk", "w", 60.0, NOW - DAY)
    news.give("desk", ["database"], NOW)
    news.not_told("desk", [1], "no route to host", NOW + MINUTE)

    found = stands(records, ways=("desk", "mail"))

    assert found.reasons == (
        "the folder here:/posts looks wrong: all files are gone", "5 MB are left on the disk",
    )  # fmt: skip
    assert [(way.way, way.undelivered, way.error) for way in found.ways] == [
        ("desk", 1, "no route to host"), ("mail", 0, ""),
    ]  # fmt: skip
    assert found.troubles == (trouble,)


def test_where_nothing_was_ever_published_nothing_runs():
    found = nothing_yet(USED, ("desk",), NOW)

    assert (found.verdict, found.database) == (Verdict.NOT_RUNNING, None)
