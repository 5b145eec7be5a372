"""One author, one worker: leases that are shared out, renewed, run out, and are fenced."""

import os
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa

from bot.records import LeaseLost, Leases, Records, Status, Transition
from bot.records.tables import from_now
from bot.records.tables import leases as leases_table
from bot.records.worker import identity, is_gone
from tests.records.test_records import NOW, PLAN, SIGNED


def plan(records, author, name=None):
    name = name or f"of-{author}"
    return records.add(replace(PLAN, author=author, brief=name, permlink=name), NOW)


def authors(leases):
    return sorted(lease.author for lease in leases)


def test_what_is_due_is_shared_out_and_nobody_gets_what_another_has(records):
    for author in ("alice", "bob", "carol"):
        plan(records, author)
    one, other = records.leases("one"), records.leases("other")

    first = one.claim(NOW, NOW, 2)
    second = other.claim(NOW, NOW, 2)

    assert len(first) == 2
    assert authors((*first, *second)) == ["alice", "bob", "carol"]
    assert one.claim(NOW, NOW, 2) == ()


def test_all_of_an_authors_publications_are_in_one_hand(records):
    for name in ("first", "second"):
        plan(records, "alice", name)
    one, other = records.leases("one"), records.leases("other")
    one.claim(NOW, NOW, 10)

    assert other.claim(NOW, NOW, 10) == ()
    assert other.acquire("devnet", "alice") is None
    assert [row.brief for row in records.due(NOW, NOW, 10, "one")] == ["first", "second"]
    assert records.due(NOW, NOW, 10, "other") == ()
    assert other.holder("devnet", "alice") == "one"


def run_out(records, worker):
    """The database's clock has come past the end of this worker's leases."""
    with records._engine.begin() as connection:
        connection.execute(
            sa.update(leases_table)
            .where(leases_table.c.worker == worker)
            .values(until=from_now(-1.0))
        )


def test_a_lease_that_ran_out_is_taken_over_with_a_higher_fence(records):
    plan(records, "alice")
    [old] = records.leases("one").claim(NOW, NOW, 10)
    other = records.leases("other")
    assert other.claim(NOW, NOW, 10) == ()
    run_out(records, "one")
    [new] = other.claim(NOW, NOW, 10)

    assert (new.author, new.worker, new.fence) == ("alice", "other", old.fence + 1)


def test_a_renewed_lease_lasts_and_one_that_was_taken_is_not_trusted_any_more(records):
    plan(records, "alice")
    clock = [0.0]
    one = Leases(records._engine, "one", 30.0, lambda: clock[0])
    other = records.leases("other")
    [lease] = one.claim(NOW, NOW, 10)
    run_out(records, "one")
    one.renew()
    assert other.claim(NOW, NOW, 10) == ()
    assert one.trusts(lease)
    run_out(records, "one")
    other.claim(NOW, NOW, 10)
    one.renew()

    assert not one.trusts(lease)
    assert one.acquire("devnet", "alice") is None


def test_who_comes_late_can_neither_write_nor_send(records):
    row = plan(records, "alice")
    one, other = records.leases("one"), records.leases("other")
    [lease] = one.claim(NOW, NOW, 10)
    late = records.under(lease, one)
    row = late.move(row, Transition(Status.PUBLISHING, "mine"), NOW)
    attempt = late.write_ahead(row.id, SIGNED, NOW)
    late.confirm_lease()
    run_out(records, "one")
    other.claim(NOW, NOW, 10)

    for act in (
        late.confirm_lease,
        lambda: late.move(row, Transition(Status.INCLUDED, "late"), NOW),
        lambda: late.record_outcome(attempt.id, attempt.outcome.SENT, now=NOW),
        lambda: late.write_ahead(row.id, SIGNED, NOW),
    ):
        with pytest.raises(LeaseLost):
            act()
    assert records.get(row.id) == replace(row, trx_id=SIGNED.trx_id)
    assert records.attempts(row.id) == (attempt,)


def test_a_lease_that_may_have_run_out_is_no_leave_to_send_although_nobody_took_it(records):
    plan(records, "alice")
    clock = [0.0]
    leases = Leases(records._engine, "one", 30.0, lambda: clock[0])
    [lease] = leases.claim(NOW, NOW, 10)
    bound = records.under(lease, leases)
    clock[0] = 24.0
    bound.confirm_lease()
    clock[0] = 26.0  # the last sixth isn't trusted

    with pytest.raises(LeaseLost):
        bound.confirm_lease()


def test_what_is_written_tells_who_wrote_it(records):
    row = plan(records, "alice")
    leases = records.leases("one")
    [lease] = leases.claim(NOW, NOW, 10)
    bound = records.under(lease, leases)
    row = bound.move(row, Transition(Status.PUBLISHING, "mine"), NOW)
    attempt = bound.write_ahead(row.id, SIGNED, NOW)

    told = [(event.worker, event.fence) for event in records.events(row.id)]
    assert told == [(None, None), ("one", lease.fence)]
    assert (attempt.worker, attempt.fence) == ("one", lease.fence)


def test_who_has_nothing_to_do_gives_the_author_back(records):
    row = plan(records, "alice")
    leases = records.leases("one")
    leases.claim(NOW, NOW, 10)
    leases.release_idle(NOW, NOW)
    assert leases.holder("devnet", "alice") == "one"
    records.move(row, Transition(Status.HELD, "wait"), NOW)
    leases.release_idle(NOW, NOW)

    assert leases.holder("devnet", "alice") is None


def test_a_process_that_ended_on_this_machine_is_not_waited_for(records):
    plan(records, "alice")
    command = "from bot.records.worker import identity; print(identity())"
    dead = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True
    ).stdout.strip()
    records.leases(dead).claim(NOW, NOW, 10)

    [lease] = records.leases().claim(NOW, NOW, 10)

    assert lease.worker == identity()


def test_only_a_process_of_this_machine_is_known_to_be_gone():
    me = identity()

    assert not is_gone(me)
    assert is_gone(f"{me}0")  # the same pid, started at another time
    assert is_gone(me.replace(f":{os.getpid()}:", ":999999999:"))
    assert not is_gone("elsewhere/4026531836:1:100")
    assert not is_gone("a name")


def test_many_workers_at_once_never_share_an_author(database_url):
    """8 workers race for 120 authors; each lease is given exactly once."""
    names = [f"author-{n}" for n in range(120)]
    taken = []
    with Records.open(database_url, create=True) as records:
        for name in names:
            plan(records, name)

        def work(number):
            with Records.open(database_url) as mine:
                leases = mine.leases(f"worker-{number}")
                while claimed := leases.claim(NOW, NOW, 5):
                    taken.extend(claimed)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert authors(taken) == sorted(names)
    assert {lease.fence for lease in taken} == {1}
