"""The one decision of intake: what it promises for all that can be wanted and recorded."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest

from bot.intake.reconcile import TABLE, Action, Stage, Wanted, Wish, decide, stage_of, wish_of
from bot.records import Kind, NewPublication, Publication, Status

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
FIRST = (Kind.POST, Kind.REPLY)
PLANNED = "what it asked for"
MARKS = (PLANNED, "", None)
"""Of a row: planned from a brief, from none that can be sent, by schema 0003."""

PLAN = NewPublication(
    chain="devnet",
    brief="pass",
    path="pass.md",
    fingerprint="file",
    author="alice",
    permlink="the-pass",
    kind=Kind.POST,
    title="The pass",
    category="taliban",
    tags=("taliban",),
    url="",
    operations="[]",
    wanted=PLANNED,
)
EDIT = replace(PLAN, kind=Kind.EDIT)
OTHER = replace(PLAN, fingerprint="changed", wanted="something else")
OTHER_EDIT = replace(EDIT, fingerprint="changed", wanted="something else")


def row(kind=Kind.POST, status=Status.QUEUED, wanted=PLANNED, fingerprint="file"):
    """A publication as the records hold it."""
    return Publication(
        **{name: getattr(PLAN, name) for name in PLAN.__dataclass_fields__}
        | {"kind": kind, "wanted": wanted, "fingerprint": fingerprint},
        id=1,
        digest=None,
        status=status,
        retry_at=None,
        error=None,
        trx_id=None,
        block_num=None,
        broadcast_at=None,
        included_at=None,
        final_at=None,
        created_at=NOW,
        updated_at=NOW,
    )


ROWS = [
    row(kind, status, wanted, fingerprint)
    for kind, status, wanted, fingerprint in product(
        set(Kind) - {Kind.REBLOG}, Status, MARKS, ("file", "")
    )
]
"""All that can be recorded of a brief."""

THERE = Wanted(PLAN, None, "", "file")
RECONFIGURED = Wanted(replace(OTHER, fingerprint="file"), OTHER_EDIT, "", "file")
REWRITTEN = Wanted(OTHER, OTHER_EDIT, "", "changed")
UNDONE = Wanted(PLAN, None, "", "before")
BROKEN = Wanted(refusal="no title", fingerprint="broken")
GONE = Wanted()
WANTED = (THERE, RECONFIGURED, REWRITTEN, UNDONE, BROKEN, GONE)


def everywhere(condition):
    """(row, wanted, action) of all cases where a condition holds for the row."""
    found = [(each, wanted, decide(wanted, each)) for each in ROWS if condition(each)
             for wanted in WANTED]  # fmt: skip
    assert found
    return found


# -- the table -------------------------------------------------------------------------------------


def test_the_table_has_an_answer_for_everything():
    assert set(TABLE) == set(Stage)
    assert all(set(actions) == set(Wish) for actions in TABLE.values())


def test_nothing_is_done_about_what_nobody_wants_and_nobody_recorded():
    assert TABLE[Stage.UNKNOWN][Wish.NOTHING] is Action.NONE
    assert TABLE[Stage.UNKNOWN][Wish.REFUSED] is Action.NONE


def test_a_brief_that_is_new_is_queued():
    assert decide(THERE, None) is Action.QUEUE


@pytest.mark.parametrize("stage", set(Stage) - {Stage.UNKNOWN, Stage.REFUSED, Stage.WITHDRAWN})
def test_where_nothing_differs_nothing_is_done(stage):
    assert TABLE[stage][Wish.SAME] is Action.NONE


def test_what_is_on_its_way_is_never_touched():
    on_its_way = {Status.PUBLISHING, Status.INCLUDED}
    for each, wanted, action in everywhere(lambda row: row.status in on_its_way):
        assert action in {Action.NONE, Action.LATER}, (each, wanted)


def test_what_a_person_cancelled_is_queued_only_when_its_file_changes():
    def by_a_person(each):
        return each.status is Status.CANCELLED and each.fingerprint and each.wanted != ""

    for each, wanted, action in everywhere(by_a_person):
        changed = wanted.plan is not None and wanted.fingerprint != each.fingerprint
        assert action is Action.NONE or changed, (each, wanted)
    assert decide(REWRITTEN, row(status=Status.CANCELLED)) is Action.QUEUE
    assert decide(REWRITTEN, row(Kind.EDIT, Status.CANCELLED)) is Action.EDIT


def test_what_stands_on_the_chain_is_never_queued_as_new():
    def stands(each):
        return each.status is Status.FINAL or each.kind not in FIRST

    for each, wanted, action in everywhere(stands):
        assert action is not Action.QUEUE, (each, wanted)


def test_what_stands_on_the_chain_is_edited_only_because_its_file_changed():
    for each, wanted, action in everywhere(lambda row: row.status is Status.FINAL):
        if action is Action.EDIT:
            assert wanted.fingerprint != each.fingerprint, (each, wanted)
            assert wanted.edit is not None, (each, wanted)
    assert decide(REWRITTEN, row(status=Status.FINAL)) is Action.EDIT


def test_only_a_file_that_can_be_sent_puts_something_on_its_way():
    for each, wanted, action in everywhere(lambda _: True):
        if action in {Action.QUEUE, Action.REPLAN, Action.EDIT}:
            assert wanted.plan is not None, (each, wanted)


def test_what_a_person_deletes_is_left_alone():
    def deleted(each):
        return each.kind is Kind.DELETE and each.status is not Status.CANCELLED

    assert {action for *_, action in everywhere(deleted)} <= {Action.NONE}


@pytest.mark.parametrize("kind", FIRST)
@pytest.mark.parametrize("wanted", [THERE, REWRITTEN, RECONFIGURED, UNDONE])
def test_what_intake_refused_or_withdrew_comes_back_as_soon_as_its_reason_is_gone(kind, wanted):
    assert decide(wanted, row(kind, Status.REJECTED, "")) is Action.REPLAN
    assert decide(wanted, row(kind, Status.CANCELLED, "")) is Action.QUEUE


@pytest.mark.parametrize("fingerprint", ["file", "changed"])
def test_so_does_an_edit(fingerprint):
    wanted = Wanted(OTHER, OTHER_EDIT, "", fingerprint)
    assert decide(wanted, row(Kind.EDIT, Status.REJECTED, "")) is Action.REPLAN
    assert decide(wanted, row(Kind.EDIT, Status.CANCELLED, "")) is Action.EDIT


def test_what_the_chain_refused_is_tried_again_only_when_something_else_is_wanted():
    refused = row(status=Status.REJECTED)
    assert decide(THERE, refused) is Action.NONE
    assert decide(REWRITTEN, refused) is Action.REPLAN
    assert decide(RECONFIGURED, refused) is Action.REPLAN


@pytest.mark.parametrize("status", [Status.QUEUED, Status.WAITING, Status.HELD, Status.MISSED])
@pytest.mark.parametrize("kind", [*FIRST, Kind.EDIT])
def test_what_waits_follows_file_and_configuration(kind, status):
    waits = row(kind, status)
    same = THERE if kind in FIRST else replace(THERE, edit=EDIT)
    assert decide(same, waits) is Action.NONE
    assert decide(REWRITTEN, waits) is Action.REPLAN
    assert decide(RECONFIGURED, waits) is Action.REPLAN
    assert decide(BROKEN, waits) is Action.REJECT
    assert decide(GONE, waits) is Action.WITHDRAW


def test_an_edit_is_dropped_when_the_file_says_again_what_is_published():
    assert decide(UNDONE, row(Kind.EDIT)) is Action.WITHDRAW


@pytest.mark.parametrize("status", Status)
def test_rows_of_schema_0003_are_judged_by_their_file_alone(status):
    """An upgrade by itself does nothing, whatever the configuration became meanwhile."""
    for kind in (*FIRST, Kind.EDIT):
        assert decide(RECONFIGURED, row(kind, status, wanted=None)) is Action.NONE


# -- the two sides ---------------------------------------------------------------------------------


def test_every_stage_and_every_wish_is_met():
    stages = {stage_of(each) for each in [None, *ROWS]}
    assert stages == set(Stage)
    wishes = {wish_of(wanted, each) for each in [None, *ROWS] for wanted in WANTED}
    assert wishes == set(Wish)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("status", Status)
def test_the_stage_of_what_moves_or_has_arrived_is_told_by_its_status(kind, status):
    for wanted in MARKS:
        stage = stage_of(row(kind, status, wanted))
        if kind is Kind.DELETE and status is not Status.CANCELLED:
            assert stage is Stage.DELETED
        elif status is Status.FINAL:
            assert stage is Stage.STANDS
        else:
            moves = status in {Status.PUBLISHING, Status.INCLUDED}
            assert (stage is Stage.ON_ITS_WAY) == moves


@pytest.mark.parametrize("latest", [None, *ROWS[:40]])
def test_a_wish_is_told_by_the_file_before_anything_else(latest):
    assert wish_of(BROKEN, latest) is Wish.REFUSED
    assert wish_of(GONE, latest) is Wish.NOTHING
