import os

import pytest

from bot.devnet.testing import Devnet
from tests.hostile.newsroom import HostileNewsroom

LONG = bool(os.environ.get("HOSTILE_LONG"))
"""Whether everything is tried (`make hostile`), or a sample that covers each kind."""


def sample(things, count):
    """All of them in the long form; else so many, evenly spread."""
    things = list(things)
    return things if LONG or len(things) <= count else things[:: -(-len(things) // count)]


@pytest.fixture(scope="session")
def hostile_devnet():
    """One chain behind three nodes, fifty times as fast as a real one."""
    with Devnet(block_interval=0.06, admin=True, nodes=3) as devnet:
        yield devnet


@pytest.fixture
def newsroom(tmp_path, hostile_devnet):
    made = []

    def make(nodes, images="", authors=("alice",)):
        folder = tmp_path / f"newsroom-{len(made)}"
        room = HostileNewsroom(folder, hostile_devnet, f"sqlite:///{folder}.db", authors)
        room.turn_to(nodes, images)
        made.append(room)
        return room

    yield make
    for room in made:
        room.close()
        room.examine()
