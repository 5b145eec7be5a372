"""The short form of `make chaos`, and the proof that it notices when a guard is missing."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bot.records import Outcome, Status
from bot.reports.audit import histories, violations
from tests.publishing.world import make_world

HOME = Path(__file__).parents[2]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_rounds_of_chaos_lose_and_double_nothing(engine):
    command = ["-m", "tests.chaos", "--engine", engine, "--rounds", "2", "--jobs", "1"]
    done = subprocess.run(
        [sys.executable, *command], cwd=HOME, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["bad"] == 0


@pytest.mark.parametrize(
    ("guard", "noticed_by"),
    [
        ("write-ahead", "arrive_late"),
        ("look-first", "lost_database"),
        ("dead-attempt", "without_a_certain_answer"),
        ("fencing", "was_replaced_in_the_middle"),
        ("author-lock", "in_hand_is_nobody_elses"),
    ],
)
def test_without_a_guard_it_goes_red(guard, noticed_by):
    """In one process, by named tests; `make chaos-proof` shows it of the rounds themselves."""
    command = ["-m", "pytest", "-n0", "-q", "tests/publishing/test_world.py", "-k", noticed_by]
    done = subprocess.run(
        [sys.executable, *command],
        cwd=HOME,
        env=os.environ | {"WITHOUT": guard},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1, done.stdout
    assert "AssertionError" in done.stdout or "Violation" in done.stdout


# -- the checker itself ------------------------------------------------------------------------


@pytest.fixture
def told(memory_folder, sqlite):
    """(histories, ledger, irreversible block) of two posts that went well."""
    world = make_world(memory_folder / "well", sqlite)
    world.brief("one", author="alice")
    world.brief("two", author="bob")
    world.settle()
    with world.records() as records:
        yield histories(records, chain="devnet"), world.ledger(), world.chain.irreversible_num
    world.close()


def codes(histories, ledger, irreversible):
    found = violations(histories, ledger, irreversible_block_num=irreversible, finished=True)
    return {violation.code for violation in found}


def changed(told, **changes):
    """The first history, with its publication changed."""
    first, second = told
    return [replace(first, publication=replace(first.publication, **changes)), second]


def test_what_went_well_has_nothing_to_be_said_of(told):
    assert codes(*told) == set()


def test_each_broken_promise_has_its_name(told):
    rows, ledger, irreversible = told
    [first, second] = rows
    mine = next(op for op in ledger if op.permlink == "one")
    later = first.publication.created_at.replace(year=2030)
    attempt, event = first.attempts[0], first.events[1]
    cases = {
        "doubled": (rows, [*ledger, replace(mine, block_num=mine.block_num + 1)]),
        "overwritten": (rows, [replace(mine, trx_id="0" * 40), *ledger]),
        "altered": (rows, [replace(op, body="Forged.") for op in ledger]),
        "early": (changed(rows, scheduled_at=later), ledger),
        "missing": (rows, [op for op in ledger if op is not mine]),
        "record": (changed(rows, status=Status.REJECTED), ledger),
        "stuck": (changed(rows, status=Status.WAITING), ledger),
        "path": (changed(rows, status=Status.HELD), ledger),
        "attempts": (
            [replace(first, attempts=[replace(attempt, outcome=Outcome.EXPIRED)]), second],
            ledger,
        ),
        "fence": (
            [replace(first, events=[first.events[0], replace(event, worker="x"), *first.events[2:]]),
             second],
            ledger,
        ),
        "unrecorded": ([second], ledger),
        "crowded": (
            [first, replace(second, publication=replace(second.publication, author="alice"))],
            [replace(op, author="alice") for op in ledger],
        ),
    }  # fmt: skip
    for code, (histories_, operations) in cases.items():
        assert code in codes(histories_, operations, irreversible), code
