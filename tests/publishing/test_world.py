"""Every place at which a process can end, in pairs; a disk that fills up; records that are damaged."""

import itertools
import os
import random
from contextlib import suppress
from datetime import timedelta

import pytest

from bot.briefs import BriefError
from bot.publishing.publisher import Publisher
from bot.records import RecordsError, Status
from bot.results.figures import Results
from tests.publishing.world import make_world


@pytest.fixture
def world(memory_folder, sqlite):
    made = make_world(memory_folder, sqlite)
    yield made
    made.close()


def play(world):
    """Go on, whoever ends, until all is settled."""
    for _ in range(6):
        world.step()
        world.tick(1)
    return world.settle()


def assert_published_once(world, *briefs):
    assert sorted(world.published()) == sorted(briefs)
    assert sorted(op.permlink for op in world.ledger()) == sorted(briefs)
    assert world.violations(finished=True) == []


ROUNDS = int(os.environ.get("ROUNDS", "0"))  # `make chaos` sets it: the long form
PLACES = range(1, 27)  # where the process of one brief can end; the last ones are never reached


@pytest.mark.parametrize("place", PLACES)
def test_a_process_may_end_at_any_place(world, place):
    world.brief("one")
    world.cut_at = place
    play(world)

    assert_published_once(world, "one")


ALL_PAIRS = list(itertools.product(PLACES, PLACES))
PAIRS = ALL_PAIRS if ROUNDS else random.Random(4).sample(ALL_PAIRS, 8)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_and_end_again_at_any_place(world, first, second):
    world.brief("one")
    for place in (first, second):
        world.calls, world.cut_at = 0, place
        world.step()
        world.tick()
        world.step()
    play(world)

    assert_published_once(world, "one")


@pytest.mark.parametrize("write", range(1, 11))
def test_a_disk_that_is_full_at_any_write_stops_the_work_and_loses_nothing(world, write):
    world.brief("one")
    world.full_at = write
    for _ in range(6):
        world.step()
        world.tick()
    before = world.broadcasts
    for _ in range(3):
        world.step()
    if before == 0:
        assert world.broadcasts == 0, "nothing is sent that can't be recorded"
    world.full_at = None
    play(world)

    assert_published_once(world, "one")


@pytest.mark.parametrize("fault", ["lost before", "lost after", "swallow", "unsent"])
def test_a_broadcast_without_a_certain_answer_leads_to_one_post(world, fault):
    world.brief("one")
    world.fault = fault
    world.step()
    play(world)

    assert_published_once(world, "one")


def test_a_swallowed_transaction_is_signed_anew_only_when_it_is_dead(world):
    world.brief("one")
    for _ in range(130):
        world.fault = "swallow"
        world.step()
        world.tick()
        with world.records() as records:
            [row] = records.latest()
            attempts = records.attempts(row.id)
        if len(attempts) == 2:
            break
    assert world.chain.time_of(world.chain.irreversible_num) > attempts[0].expiration.timestamp()
    play(world)

    assert_published_once(world, "one")


def test_two_workers_share_authors_and_never_one(memory_folder, sqlite):
    world = make_world(memory_folder, sqlite, workers=2)
    names = [f"{author}-{n}" for author in ("alice", "bob", "carol") for n in range(2)]
    for name in names:
        world.brief(name, author=name.partition("-")[0])
    world.settle()

    assert_published_once(world, *names)
    world.close()


def test_bytes_that_arrive_late_from_a_process_that_has_ended(world):
    world.brief("one")
    world.fault = "late"  # the process ends with them on the way
    world.step()
    world.tick(2)
    world.step()
    world.tick(2)
    world.exchange(world.late)
    play(world)

    assert_published_once(world, "one")


def test_an_author_in_hand_is_nobody_elses(memory_folder, sqlite):
    world = make_world(memory_folder, sqlite, workers=2)
    world.brief("one")
    world.brief("two")
    busy = world.workers[0]
    broadcast = busy.service._publishers["devnet"]._chain.broadcast

    def interrupted(transaction, turn):
        """Meanwhile the other looks for work."""
        for _ in range(3):
            world.step(1)
            world.tick(1)
        return broadcast(transaction)

    busy.service._publishers["devnet"]._chain.broadcast = interrupted
    world.step(0)
    with world.records() as records:
        rows = records.latest()
        workers = {event.worker for row in rows for event in records.events(row.id)[1:]}
    world.settle()

    assert workers == {busy.name}
    assert_published_once(world, "one", "two")
    world.close()


@pytest.fixture
def interrupted(memory_folder, sqlite):
    """A world of two workers; the first looks at the folder, and `meanwhile` happens."""
    made = make_world(memory_folder, sqlite, workers=2)
    folder = made.workers[0].service._intake._folder
    look = folder.look

    def stopped_in_the_middle(now):
        found = look(now)
        made.meanwhile()
        return found

    folder.look = stopped_in_the_middle
    yield made
    made.close()


def test_a_brief_that_came_after_the_look_hasnt_left_the_queue(interrupted):
    def meanwhile():
        interrupted.brief("later", date="2099-01-01")
        interrupted.workers[1].service.scan()

    interrupted.brief("earlier", date="2099-01-01")
    interrupted.meanwhile = meanwhile
    interrupted.workers[0].service.scan()
    with interrupted.records() as records:
        assert [row.status for row in records.latest()] == ["queued", "queued"]


def test_an_older_look_puts_no_older_text_back(interrupted):
    interrupted.brief("one", date="2099-01-01", body="First.")
    interrupted.workers[1].service.scan()
    interrupted.brief("one", date="2099-01-01", body="Second.")

    def meanwhile():
        interrupted.brief("one", date="2099-01-01", body="Third.")
        interrupted.workers[1].service.scan()

    interrupted.meanwhile = meanwhile
    interrupted.workers[0].service.scan()
    with interrupted.records() as records:
        assert ["Third." in row.operations for row in records.latest()] == [True]


def test_a_lost_database_doubles_nothing(world, sqlite):
    world.brief("one")
    world.settle()
    world.lose_database(sqlite)
    world.settle()

    assert_published_once(world, "one")


@pytest.mark.parametrize("kind", ["stop", "steal"])
def test_a_worker_that_was_replaced_in_the_middle_changes_nothing(memory_folder, sqlite, kind):
    world = make_world(memory_folder, sqlite, workers=2)
    world.brief("one")
    slow = world.workers[0]
    broadcast = slow.service._publishers["devnet"]._chain.broadcast

    def interrupted(transaction, turn):
        """Meanwhile its lease runs out, and the other does all there is to do."""
        world.forsake(slow)
        for _ in range(8):
            world.step(1)
            world.tick(5)
        return broadcast(transaction)

    slow.service._publishers["devnet"]._chain.broadcast = interrupted
    world.step(0)
    world.settle()

    assert_published_once(world, "one")
    with world.records() as records:
        [row] = records.latest()
        assert {event.fence for event in records.events(row.id)[2:]} == {2}
    world.close()


def test_a_node_that_is_down_for_hours_leaves_no_trail_in_the_history(world):
    """Craft B5, 32: the back-off is capped, and neither attempts nor events are burnt."""
    world.brief("one")
    world.fault = "down"
    for _ in range(30):
        world.step()
        world.tick(100)
    with world.records() as records:
        [row] = records.latest()
        assert (row.status.value, records.attempts(row.id)) == ("waiting", ())
        assert "no connection" in row.error
        assert row.retry_at is not None
        assert len(records.events(row.id)) == 3  # queued, publishing, waiting
    play(world)

    assert_published_once(world, "one")


@pytest.mark.parametrize("seconds", [-86400, -3600, -5, 5, 3600, 86400])
def test_a_wrong_clock_makes_nothing_early_and_nothing_late(world, seconds):
    due = world.now() + timedelta(minutes=10)
    world.brief("one", date=f'"{due:%Y-%m-%dT%H:%M:%SZ}"')
    world.skew = timedelta(seconds=seconds)
    for _ in range(230):
        world.step()
        world.tick()
        if world.published():
            break

    [operation] = world.ledger()
    assert due <= operation.time <= due + timedelta(seconds=75)
    assert world.violations() == []


def test_a_clock_that_is_set_back_holds_nothing_up(world):
    world.brief("one")
    world.brief("two")  # which waits for five minutes
    world.skew = timedelta(days=1)
    for _ in range(3):
        world.step()
        world.tick()
    world.skew = timedelta(0)
    play(world)

    assert_published_once(world, "one", "two")


def test_credits_that_are_short_are_waited_for_as_long_as_it_takes(world):
    """Craft B5, 30."""
    account = world.chain.state.get("accounts", "alice")
    drained = account | {"credits": 0, "credits_at": world.chain.head_time}
    world.chain.state.put("accounts", "alice", drained)
    world.brief("one")
    world.step()
    with world.records() as records:
        [row] = records.latest()
    assert (row.status.value, "they will suffice at" in row.error) == ("waiting", True)
    play(world)

    assert_published_once(world, "one")


@pytest.mark.parametrize("seed", range(ROUNDS or 8))
def test_a_damaged_database_publishes_nothing_wrong(world, seed):
    """Craft B5, 17: a byte is flipped anywhere, at any moment."""
    chance = random.Random(seed)
    world.brief("one", body="The text as it was written.")
    for _ in range(chance.randrange(4)):
        world.step()
        world.tick(chance.choice((0, 1, 5)))
    for worker in world.workers:
        worker.records.close()
    file = world.folder / "briefbot.db"
    raw = bytearray(file.read_bytes())
    used = [place for place, byte in enumerate(raw) if byte] or [0]
    raw[chance.choice(used)] ^= 1 << chance.randrange(8)
    file.write_bytes(raw)
    for _ in range(25):
        with suppress(RecordsError, ValueError):  # it refuses to go on
            world.step()
        world.tick(5)

    assert [op.body for op in world.ledger()] in ([], ["The text as it was written."])


@pytest.mark.parametrize("step", ["_prepare", "_send", "_follow", "_finalise"])
@pytest.mark.parametrize("workers", [1, 2])
def test_what_nobody_foresaw_is_one_briefs_trouble(
    memory_folder, sqlite, monkeypatch, step, workers
):
    world = make_world(memory_folder, sqlite, workers)
    world.brief("one", author="alice")
    world.brief("two", author="bob")
    real = getattr(Publisher, step)

    def broken(self, publication, *more):
        if publication.author == "alice":
            raise ZeroDivisionError("a mistake of ours")
        return real(self, publication, *more)

    monkeypatch.setattr(Publisher, step, broken)
    for _ in range(30):
        for number in range(workers):
            world.step(number)
        world.tick()
    assert sorted(world.published()) == ["two"]
    with world.records() as records:
        [one] = [row for row in records.latest() if row.brief == "one"]
    if one.status is not Status.INCLUDED:  # which can't wait
        assert (one.status, "ZeroDivisionError" in one.error) == (Status.WAITING, True)
    assert 1 <= len(world.troubles) <= workers  # in 90 seconds
    monkeypatch.undo()
    world.tick(100)
    world.settle()

    world.troubles.clear()
    assert_published_once(world, "one", "two")
    world.close()


def test_results_that_cant_be_read_are_one_briefs_trouble(world, monkeypatch):
    world.brief("one", author="alice")
    world.brief("two", author="bob")
    play(world)
    notice = Results._notice

    def broken(self, publication, *more):
        if publication.author == "alice":
            raise ZeroDivisionError("a mistake of ours")
        return notice(self, publication, *more)

    monkeypatch.setattr(Results, "_notice", broken)
    world.tick(101)
    world.step()

    with world.records() as records:
        moments = {row.publication.brief: row.came.read_at for row in records.log()}
    assert moments == dict.fromkeys(("one", "two"), world.now())
    assert len(world.troubles) == 1


def test_of_two_workers_who_see_a_file_move_one_renames_its_brief(memory_folder, sqlite):
    world = make_world(memory_folder, sqlite, workers=2)
    slow, quick = world.workers
    world.brief("one")
    world.settle()
    (world.posts / "one.md").rename(world.posts / "other.md")
    world.brief("two", author="bob")  # what one file alone makes is one transaction
    rename = slow.records.rename

    def overtaken(*arguments):
        quick.service.scan()
        rename(*arguments)

    slow.records.rename = overtaken
    slow.service.scan()
    slow.records.rename = rename
    world.settle()

    with world.records() as records:
        [row, _] = sorted(records.latest(), key=lambda row: row.path)
        reasons = [event.reason for event in records.events(row.id)]
    assert (row.path, row.status) == ("other.md", "final")
    assert reasons.count("renamed from one.md") == 1
    assert world.violations(finished=True) == []
    world.close()


def test_a_worker_that_begins_without_the_folder_says_that_it_isnt_there(world):
    world.brief("one", date="2099-01-01")
    world.step()
    world.posts.rename(world.posts.with_name("away"))
    with pytest.raises(BriefError, match="can't read the queue"):
        world.hire().service.scan()
    world.posts.with_name("away").rename(world.posts)
    with world.records() as records:
        assert [row.status for row in records.latest()] == ["queued"]


def test_what_is_due_doesnt_wait_for_what_is_on_its_way(world):
    service = world.workers[0].service
    world.brief("one")
    service.scan()
    service.dispatch()
    world.brief("two", author="bob")
    service.scan()
    service._until_due()  # as the alarm clock asks when it sets the alarm
    service.follow()
    with world.records() as records:
        assert {row.brief for row in records.latest() if row.broadcast_at} == {"one", "two"}


def test_the_first_of_a_long_queue_goes_out_first_however_it_is_read(world, monkeypatch):
    monkeypatch.setattr("bot.briefs.folder.MOST", 1)
    service = world.workers[0].service
    for number in range(2, 8):
        world.brief(f"part-{number}")
    service.scan()
    world.brief("part-1")  # is read last
    for _ in range(8):
        service.dispatch()
        service.scan()
    service.dispatch()
    with world.records() as records:
        assert [row.brief for row in records.latest() if row.broadcast_at] == ["part-1"]
