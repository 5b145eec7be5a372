"""Appointments as they are recorded: none is forgotten, none stands twice."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.records import AT_ONCE, Appointment, Outlook, Status, Transition
from bot.records.appointments import Answer
from tests.records.test_records import NOW, PLAN

ALICE = (PLAN.chain, PLAN.author)
LONG_AGO = NOW - timedelta(days=30)


def add(records, name, **asked):
    plan = replace(PLAN, brief=name, path=f"{name}.md", permlink=name, scheduled_at=None, **asked)
    return records.add(plan, NOW)


def appoint(records, made, **more):
    def calculate(agenda):
        known = {one.id for one in agenda.pending}
        return [Answer(key, each, **more) for key, each in made.items() if key in known]

    records.appoint(*ALICE, "rules", LONG_AGO, calculate, NOW, NOW)


def slot(name, **more):
    at = NOW + timedelta(hours=1)
    return Appointment(at, at, at, slot=name, asks="priority 0", outlook=Outlook.PLANNED, **more)


CHANGES = {
    "hold": lambda records, row: records.move(row, Transition(Status.HELD, "wait"), NOW),
    "cancel": lambda records, row: records.cancel(row.id, "a person", NOW),
    "withdraw": lambda records, row: records.withdraw(row, "it is gone", NOW),
    "reject": lambda records, row: records.reject(row, "it is bad", "f", NOW),
    "rename": lambda records, row: records.rename(row, "other", "other.md", NOW),
    "expedite": lambda records, row: records.expedite(row.id, NOW),
    "replan": lambda records, row: records.replan(
        row, replace(PLAN, brief="one", path="one.md", permlink="one", priority="5"), NOW
    ),
    "add": lambda records, row: add(records, "two"),
    "add many": lambda records, row: records.add_all(
        [replace(PLAN, brief="two", path="two.md", permlink="two")], NOW
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_has_the_author_planned_anew_by_the_same_transaction(records, change):
    row = add(records, "one")
    appoint(records, {row.id: slot("a")})
    assert records.unplanned() == ()
    CHANGES[change](records, records.get(row.id))
    assert records.unplanned() == (ALICE,)


def test_what_changes_while_it_is_calculated_is_calculated_once_more(records):
    row = add(records, "one")

    def calculate(agenda):
        add(records, "two")
        return [Answer(one.id, slot("a")) for one in agenda.pending]

    records.appoint(*ALICE, "rules", LONG_AGO, calculate, NOW, NOW)
    assert records.get(row.id).appointment.slot == "a"
    assert records.unplanned() == (ALICE,)


def test_slots_change_hands_in_one_go(records):
    one, two = add(records, "one"), add(records, "two")
    appoint(records, {one.id: slot("a"), two.id: slot("b")})
    appoint(records, {one.id: slot("b"), two.id: slot("a")})
    assert [records.get(row.id).appointment.slot for row in (one, two)] == ["b", "a"]


@pytest.mark.parametrize("change", ["cancel", "reject"])
def test_what_doesnt_go_out_leaves_its_slot_free(records, change):
    one, two = add(records, "one"), add(records, "two")
    appoint(records, {one.id: slot("a")})
    CHANGES[change](records, records.get(one.id))
    appoint(records, {two.id: slot("a")})
    assert records.get(two.id).appointment.slot == "a"


def test_what_was_missed_keeps_when_it_was_due_and_why(records):
    row = add(records, "one")
    records.move(row, Transition(Status.HELD, "wait"), NOW)
    missed = Appointment(due_at=NOW, why="nobody released it in time")
    appoint(records, {row.id: missed}, missed=True)
    found = records.get(row.id)
    assert (found.status, found.error) == (Status.MISSED, missed.why)
    assert found.appointment.due_at == NOW


def test_an_appointment_isnt_sealed_and_a_changed_text_keeps_it(records):
    row = add(records, "one")
    appoint(records, {row.id: slot("a")})
    seen = records.get(row.id)
    assert seen.digest == seen.sealed()
    changed = replace(PLAN, brief="one", path="one.md", permlink="one", title="Other", wanted="w")
    kept = records.replan(seen, replace(changed, scheduled_at=None), NOW)
    assert (kept.appointment.slot, kept.appointment.look_at) == ("a", AT_ONCE)


def test_a_brief_that_asks_for_approval_is_held_when_its_file_says_so(records):
    row = add(records, "one")
    changed = replace(PLAN, brief="one", path="one.md", permlink="one", approve=True, wanted="w")
    assert records.replan(row, changed, NOW).status is Status.HELD
