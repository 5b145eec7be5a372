"""What a person does to a publication, while others are at work and processes end."""

import pytest

from bot.chain.constants import TRANSACTION_TTL
from bot.format import Defaults
from bot.intake.composer import Composer
from bot.records import Status
from bot.service import actions
from tests.publishing.world import Hooked, PowerCut, _key, make_world


@pytest.fixture
def world(memory_folder, sqlite):
    made = make_world(memory_folder, sqlite)
    yield made
    made.close()


class Interrupted:
    """Stands in a person's command for the world, and acts at the places where it may be met.

    Args:
        act: called at each place from `first` on, but not within a transaction: nobody else comes
            in there.
    """

    writes = 0
    full_at = None

    def __init__(self, act, first=1):
        self.act = act
        self.first = first
        self.places = 0

    def reach(self):
        self.places += 1
        if self.places >= self.first and self.places % 3 != 2:
            self.act()


def cut(place):
    """An interruption that ends the process at one place, within a transaction or not."""
    made = Interrupted(lambda: None)

    def reach():
        made.places += 1
        if made.places == place:
            raise PowerCut

    made.reach = reach
    return made


def as_person(world, interruption, action):
    """Let a person's command come to its end, or be cut off."""
    with Hooked.open(world.database) as records:
        records.world = interruption
        try:
            return action(records)
        except PowerCut:
            return None


def only(world):
    with world.records() as records:
        return records.latest()[-1]


def busy(world):
    """Everything that the service has to do for a while."""
    for _ in range(3):
        world.step()
        world.tick(2)


@pytest.fixture
def waiting(world):
    """A brief that waits for a node that is back by now."""
    world.brief("one")
    world.fault = "down"
    world.step()
    world.fault = None
    world.tick(100)
    assert only(world).status is Status.WAITING
    return world


@pytest.mark.parametrize("action", [actions.hold, actions.cancel])
def test_nobody_publishes_what_a_person_keeps_back_just_now(waiting, action):
    steps = Interrupted(lambda: busy(waiting), first=3)  # as soon as something is written
    result = as_person(waiting, steps, lambda records: action(records, "one", waiting.now()))
    busy(waiting)

    assert [row.id for row in result.done] == [only(waiting).id]
    assert only(waiting).status in {Status.HELD, Status.CANCELLED}
    assert waiting.ledger() == []


@pytest.mark.parametrize("place", range(1, 7))
@pytest.mark.parametrize("action", [actions.hold, actions.cancel])
def test_a_command_that_is_cut_off_lets_nothing_go(waiting, action, place):
    before = only(waiting)
    as_person(waiting, cut(place), lambda records: action(records, "one", waiting.now()))

    after = only(waiting)
    assert after == before or after.status in {Status.HELD, Status.CANCELLED}


def test_what_its_file_forbids_isnt_retried_but_mended(world):
    world.brief("one", date="2099-01-01")
    world.step()
    world.brief("one", date="2099-01-01", reward="much")
    world.step()
    assert only(world).status is Status.REJECTED
    with world.records() as records:
        result = actions.retry(records, "one", world.now())
    assert result.done == ()
    assert "mend the file" in result.refused[0].reason
    world.brief("one")
    world.settle()
    assert list(world.published()) == ["one"]


@pytest.fixture
def overtaken(world):
    """A post that was changed on the chain by other means, and whose file was changed too."""
    world.brief("one", body="First.")
    world.settle()
    chain = world.workers[0].service._publishers["devnet"]._chain
    content = chain.content("alice", "one")
    comment = {
        "parent_author": "",
        "parent_permlink": "taliban",
        "author": "alice",
        "permlink": "one",
        "title": content.title,
        "body": "In the browser.",
        "json_metadata": "{}",
    }
    chain.broadcast(
        chain.sign([("comment", comment)], _key("alice"), chain.head(), TRANSACTION_TTL)
    )
    world.tick(25)
    world.brief("one", body="In the file.")
    busy(world)
    assert only(world).status is Status.HELD
    return world


def keeping(world, side):
    worker = world.workers[0].service
    chain = worker._publishers["devnet"]._chain
    composer = Composer(Defaults(), {"devnet": chain.profile}, "devnet")
    queue = only(world).queue
    desk = actions.Desk(world.posts, queue, "UTC", composer)

    def keep(records):
        return actions.keep(
            records,
            "one",
            side,
            desk,
            lambda row: chain.content(row.author, row.permlink),
            world.now(),
        )

    return keep


@pytest.mark.parametrize(
    ("side", "text"),
    [(actions.Side.CHAIN, "In the browser."), (actions.Side.BRIEF, "In the file.")],
)
def test_whose_text_is_kept_is_sent_and_no_other(overtaken, side, text):
    keep = keeping(overtaken, side)
    result = as_person(overtaken, Interrupted(lambda: busy(overtaken)), keep)
    overtaken.settle()

    assert result.refused == ()
    sent = [operation.body for operation in overtaken.ledger()][2:]
    assert set(sent) <= {text}
    chain = overtaken.workers[0].service._publishers["devnet"]._chain
    assert chain.content("alice", "one").body.strip() == text


@pytest.mark.parametrize("place", range(1, 7))
def test_a_choice_that_is_cut_off_sends_neither_text(overtaken, place):
    keep = keeping(overtaken, actions.Side.CHAIN)
    as_person(overtaken, cut(place), keep)
    busy(overtaken)
    overtaken.tick(30)

    assert "In the file." not in [operation.body for operation in overtaken.ledger()]
