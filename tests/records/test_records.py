"""The records keep one truth, on both engines."""

import itertools
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.records import (
    Conflict,
    DatabaseUnavailable,
    IllegalTransition,
    Kind,
    NewAttempt,
    NewPublication,
    Outcome,
    PermlinkTaken,
    Records,
    SchemaDiffers,
    Status,
    Transition,
)
from bot.records.engine import connect
from bot.records.transitions import TRANSITIONS

NUMBERS = itertools.count()
NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
PLAN = NewPublication(
    chain="devnet",
    brief="first",
    path="first.md",
    fingerprint="f1",
    author="alice",
    permlink="first",
    kind=Kind.POST,
    title="First",
    category="taliban",
    tags=("taliban", "russia"),
    url="http://127.0.0.1/taliban/@alice/first",
    operations="[]",
)
SIGNED = NewAttempt(
    trx_id="ab" * 20,
    signed_at=NOW,
    expiration=NOW + timedelta(seconds=180),
    ref_block_num=7,
    payload="{}",
    size=200,
)
WAY = {  # how to get to each status from queued
    Status.QUEUED: [],
    Status.PUBLISHING: [Status.PUBLISHING],
    Status.INCLUDED: [Status.PUBLISHING, Status.INCLUDED],
    Status.FINAL: [Status.PUBLISHING, Status.INCLUDED, Status.FINAL],
    Status.WAITING: [Status.PUBLISHING, Status.WAITING],
    Status.HELD: [Status.HELD],
    Status.REJECTED: [Status.REJECTED],
    Status.MISSED: [Status.MISSED],
    Status.CANCELLED: [Status.CANCELLED],
}


def bring(records, status, plan=PLAN):
    """A publication that has come to `status` along the arrows."""
    row = records.add(plan, NOW)
    for target in WAY[status]:
        row = records.move(row, Transition(target, "test"), NOW)
    return row


def test_a_new_plan_is_queued_and_its_first_event_says_so(records):
    row = records.add(PLAN, NOW)

    assert records.get(row.id) == row
    assert (row.status, row.tags, row.created_at) == (Status.QUEUED, PLAN.tags, NOW)
    [event] = records.events(row.id)
    assert (event.source, event.target, event.at) == (None, Status.QUEUED, NOW)


@pytest.mark.parametrize("target", Status)
@pytest.mark.parametrize("source", Status)
def test_statuses_move_along_the_arrows_and_no_other_way(records, source, target):
    row = bring(records, source)
    events = records.events(row.id)

    if target in TRANSITIONS[source]:
        moved = records.move(row, Transition(target, "why"), NOW)
        assert moved.status is target
        assert records.events(row.id)[-1].reason == "why"
        assert len(records.events(row.id)) == len(events) + 1
    else:
        with pytest.raises(IllegalTransition):
            records.move(row, Transition(target, "why"), NOW)
        assert records.get(row.id) == row
        assert records.events(row.id) == events


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(steps=st.lists(st.sampled_from(list(Status)), max_size=8))
def test_the_events_replay_to_the_present_status(records, steps):
    name = f"brief-{next(NUMBERS)}"
    row = records.add(replace(PLAN, brief=name, permlink=name), NOW)
    for target in steps:
        if target in TRANSITIONS[row.status]:
            row = records.move(row, Transition(target, "step"), NOW)
    events = records.events(row.id)

    assert events[-1].target is row.status
    assert all(a.target is b.source for a, b in itertools.pairwise(events))
    for event in events[1:]:
        assert event.target in TRANSITIONS[event.source]


def test_a_move_from_a_status_it_has_left_is_a_conflict(records):
    row = records.add(PLAN, NOW)
    records.move(row, Transition(Status.PUBLISHING, "mine"), NOW)

    with pytest.raises(Conflict, match="publishing by now"):
        records.move(row, Transition(Status.PUBLISHING, "mine too"), NOW)


def test_two_processes_cannot_both_claim(database_url):
    with Records.open(database_url, create=True) as one, Records.open(database_url) as other:
        row = one.add(PLAN, NOW)
        one.move(row, Transition(Status.PUBLISHING, "one"), NOW)
        with pytest.raises(Conflict):
            other.move(row, Transition(Status.PUBLISHING, "other"), NOW)
        assert other.get(row.id).status is Status.PUBLISHING


def test_an_address_belongs_to_one_brief(records):
    first = records.add(PLAN, NOW)

    with pytest.raises(PermlinkTaken) as taken:
        records.add(replace(PLAN, brief="other", path="other.md"), NOW)
    assert taken.value.existing == first
    assert len(records.log()) == 1


def test_a_brief_has_one_publication_a_chain(records):
    records.add(PLAN, NOW)

    with pytest.raises(Conflict):
        records.add(replace(PLAN, permlink="another"), NOW)
    records.add(replace(PLAN, chain="hive"), NOW)


def test_a_cancelled_publication_gives_its_address_free(records):
    row = records.add(PLAN, NOW)
    records.cancel(row.id, "withdrawn", NOW)

    again = records.add(PLAN, NOW)

    assert records.latest() == (again,)


def test_what_is_withdrawn_or_rejected_for_its_brief_wants_nothing(records):
    row = records.add(PLAN, NOW)

    rejected = records.reject(row, "no title", "f2", NOW)
    assert (rejected.status, rejected.error, rejected.wanted) == (Status.REJECTED, "no title", "")
    withdrawn = records.withdraw(rejected, "left the queue", NOW)
    assert (withdrawn.status, withdrawn.wanted) == (Status.CANCELLED, "")


def test_a_newer_plan_is_neither_rejected_nor_withdrawn_by_an_older_look(records):
    seen = records.add(replace(PLAN, wanted="a"), NOW)
    records.replan(seen, replace(PLAN, wanted="b"), NOW)

    for action in (
        lambda: records.reject(seen, "no title", "f", NOW),
        lambda: records.withdraw(seen, "left the queue", NOW),
        lambda: records.replan(seen, PLAN, NOW),
    ):
        with pytest.raises(Conflict):
            action()


@pytest.mark.parametrize("status", [Status.HELD, Status.WAITING, Status.REJECTED])
def test_nothing_is_let_go_on_the_way_to_its_end(records, status):
    row = bring(records, status)
    records.cancel(row.id, "withdrawn", NOW)

    targets = [event.target for event in records.events(row.id)]
    assert targets[-2:] == [status, Status.CANCELLED]


def test_a_renamed_brief_keeps_its_publications(records):
    row = records.add(PLAN, NOW)
    records.rename(row, "new-name", "new-name.md", NOW)

    [renamed] = records.latest()
    assert (renamed.id, renamed.brief, renamed.path) == (row.id, "new-name", "new-name.md")
    assert records.events(row.id)[-1].reason == f"renamed from {PLAN.path}"
    with pytest.raises(Conflict):
        records.rename(row, "other", "other.md", NOW)


@pytest.mark.parametrize("status", [Status.PUBLISHING, Status.INCLUDED, Status.FINAL])
def test_what_is_on_its_way_is_neither_withdrawn_nor_replanned(records, status):
    row = bring(records, status)

    with pytest.raises(Conflict):
        records.cancel(row.id, "withdrawn", NOW)
    with pytest.raises(Conflict):
        records.replan(row, replace(PLAN, title="New"), NOW)


def test_a_changed_brief_replaces_the_plan_until_it_goes_out(records):
    row = records.add(PLAN, NOW)
    changed = records.replan(row, replace(PLAN, title="Second", permlink="second"), NOW)

    assert (changed.title, changed.permlink, changed.status) == ("Second", "second", Status.QUEUED)


def test_a_replan_cannot_take_another_briefs_address(records):
    records.add(PLAN, NOW)
    row = records.add(replace(PLAN, brief="b", permlink="b"), NOW)

    with pytest.raises(PermlinkTaken):
        records.replan(row, replace(PLAN, brief="b"), NOW)


def test_the_transaction_is_recorded_before_it_is_sent(records):
    row = bring(records, Status.PUBLISHING)
    attempt = records.write_ahead(row.id, SIGNED, NOW)

    assert (attempt.number, attempt.sends, attempt.outcome) == (1, 0, Outcome.SIGNED)
    assert records.attempts(row.id) == (attempt,)
    assert records.get(row.id).trx_id == SIGNED.trx_id
    assert records.get(row.id).broadcast_at is None


def test_no_second_transaction_is_signed_while_the_first_may_be_included(records):
    row = bring(records, Status.PUBLISHING)
    attempt = records.write_ahead(row.id, SIGNED, NOW)

    for outcome in (Outcome.SENT, Outcome.UNKNOWN, Outcome.REFUSED):
        records.record_outcome(attempt.id, outcome, now=NOW)
        with pytest.raises(Conflict, match="can still be included"):
            records.write_ahead(row.id, replace(SIGNED, trx_id="cd" * 20), NOW)
    records.record_outcome(attempt.id, Outcome.EXPIRED, now=NOW)

    assert records.write_ahead(row.id, replace(SIGNED, trx_id="cd" * 20), NOW).number == 2


def test_only_what_is_publishing_is_signed(records):
    row = records.add(PLAN, NOW)

    with pytest.raises(Conflict):
        records.write_ahead(row.id, SIGNED, NOW)
    assert records.attempts(row.id) == ()


def test_sends_are_counted_and_the_first_one_is_dated(records):
    row = bring(records, Status.PUBLISHING)
    attempt = records.write_ahead(row.id, SIGNED, NOW)
    later = NOW + timedelta(seconds=9)
    records.record_outcome(attempt.id, Outcome.UNKNOWN, error="no answer", now=NOW)
    attempt = records.record_outcome(attempt.id, Outcome.SENT, node="http://127.0.0.1", now=later)
    attempt = records.record_outcome(attempt.id, Outcome.INCLUDED, now=later)

    assert (attempt.sends, attempt.sent_at, attempt.node) == (2, later, "http://127.0.0.1")
    assert records.get(row.id).broadcast_at == NOW


def test_an_old_text_whose_transaction_lives_is_not_replanned(records):
    row = bring(records, Status.PUBLISHING)
    attempt = records.write_ahead(row.id, SIGNED, NOW)
    records.record_outcome(attempt.id, Outcome.REFUSED, now=NOW)
    records.move(row, Transition(Status.REJECTED, "refused", error="refused"), NOW)

    with pytest.raises(Conflict):
        records.replan(row, replace(PLAN, title="New"), NOW)
    assert [found.id for _, found in records.refused_alive("devnet")] == [attempt.id]
    records.record_outcome(attempt.id, Outcome.EXPIRED, now=NOW)
    assert records.refused_alive("devnet") == ()
    assert records.replan(row, replace(PLAN, title="New"), NOW).title == "New"


def test_due_is_what_may_go_now_oldest_first(records):
    def add(name, **changes):
        return records.add(replace(PLAN, brief=name, permlink=name, **changes), NOW)

    late = add("late", scheduled_at=NOW - timedelta(minutes=1))
    later = add("later", scheduled_at=NOW + timedelta(hours=1))
    later_still = add("later-still", scheduled_at=NOW + timedelta(hours=2))
    early = add("early", scheduled_at=NOW - timedelta(hours=1))
    undated = add("undated")
    held = add("held")
    records.move(held, Transition(Status.HELD, "wait"), NOW)

    leases = records.leases("me")
    assert records.due(NOW, NOW, 10, "me") == ()
    leases.claim(NOW, NOW, 10)
    due = records.due(NOW, NOW, 10, "me")
    assert [row.id for row in due] == [early.id, late.id, undated.id]
    assert [row.id for row in records.due(NOW, NOW, 1, "me")] == [early.id]
    assert records.rest(NOW, NOW, "me") == timedelta(0)
    for row in (early, late, undated):
        records.move(row, Transition(Status.HELD, "wait"), NOW)
    assert records.due(NOW, NOW, 10, "me") == ()
    assert records.rest(NOW, NOW, "me") == timedelta(hours=1)
    assert records.due(NOW, later.scheduled_at, 10, "me") == (later,)
    assert later_still.scheduled_at > later.scheduled_at


def test_what_waits_is_due_when_its_time_has_come(records):
    row = bring(records, Status.PUBLISHING)
    retry_at = NOW + timedelta(minutes=5)
    row = records.move(row, Transition(Status.WAITING, "RC", retry_at=retry_at, error="RC"), NOW)

    assert (row.retry_at, row.error) == (retry_at, "RC")
    records.leases("me").acquire("devnet", "alice")
    assert records.due(NOW, NOW, 10, "me") == ()
    assert records.rest(NOW, NOW, "me") == timedelta(minutes=5)
    assert records.due(retry_at, NOW, 10, "me") == (row,)
    row = records.move(row, Transition(Status.QUEUED, "again"), NOW)
    assert (row.retry_at, row.error) == (None, None)


def test_the_log_is_filtered_and_ends_with_the_newest(records):
    ids = [
        records.add(
            replace(PLAN, brief=f"b{n}", permlink=f"b{n}", author=author),
            NOW + timedelta(minutes=n),
        ).id
        for n, author in enumerate(("alice", "bob", "alice"))
    ]

    def logged(**conditions):
        return [row.publication.id for row in records.log(**conditions)]

    assert logged() == ids
    assert logged(limit=2) == ids[1:]
    assert logged(author="alice") == [ids[0], ids[2]]
    assert logged(brief="b1") == [ids[1]]
    assert logged(since=NOW + timedelta(minutes=1)) == ids[1:]
    assert logged(until=NOW + timedelta(minutes=1)) == ids[:1]
    assert logged(statuses=(Status.FINAL,)) == []


def test_a_writer_killed_in_the_middle_leaves_nothing_half_done(database_url):
    with Records.open(database_url, create=True) as records:
        row = records.add(PLAN, NOW)
        script = (
            "import os, signal\n"
            "from datetime import datetime, UTC\n"
            "from bot.records import Records, Status, Transition\n"
            f"records = Records.open({database_url!r})\n"
            "Records._event = lambda *a: os.kill(os.getpid(), signal.SIGKILL)\n"
            f"row = records.get({row.id})\n"
            "records.move(row, Transition(Status.PUBLISHING, 'x'), datetime.now(UTC))\n"
        )
        killed = subprocess.run([sys.executable, "-c", script], check=False)

        assert killed.returncode == -signal.SIGKILL
        assert records.get(row.id) == row
        assert len(records.events(row.id)) == 1
        records.move(row, Transition(Status.PUBLISHING, "goes on"), NOW)


@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_the_migrations_make_what_the_tables_say(database_url):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from bot.records.tables import metadata

    def can_be_compared(_object, name, kind, *_):
        """Not what is indexed by a calculation; test_migrations asks for these by their names."""
        return kind != "index" or not name.endswith("happened")

    Records.open(database_url, create=True).close()
    engine = connect(database_url)
    with engine.connect() as connection:
        options = {"include_object": can_be_compared}
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, metadata)
    engine.dispose()

    assert differences == []


def test_a_database_of_another_version_is_refused_with_the_remedy(database_url):
    Records.open(database_url, create=True).close()
    engine = connect(database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()

    with pytest.raises(SchemaDiffers, match="install that briefbot"):
        Records.open(database_url)


def test_a_missing_database_is_not_made_by_reading(tmp_path):
    with pytest.raises(DatabaseUnavailable, match="no database"):
        Records.open(f"sqlite:///{tmp_path / 'none.db'}")
    assert not (tmp_path / "none.db").exists()


def test_an_unreachable_server_is_said_in_one_line(tmp_path):
    with pytest.raises(DatabaseUnavailable) as error:
        Records.open(f"postgresql+psycopg://nobody@/x?host={tmp_path}")
    assert "\n" not in str(error.value)
