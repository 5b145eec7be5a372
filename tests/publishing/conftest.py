import pytest

from bot.devnet.testing import Devnet
from tests.publishing.newsroom import Newsroom

BLOCK_INTERVAL = 0.06  # fifty times as fast as a real chain


@pytest.fixture
def devnet(tmp_path):
    with Devnet(data=tmp_path / "devnet", block_interval=BLOCK_INTERVAL, admin=True) as devnet:
        yield devnet


@pytest.fixture
def newsroom(tmp_path, devnet, database_url):
    room = Newsroom(tmp_path / "newsroom", devnet, database_url)
    yield room
    room.close()


@pytest.fixture
def sqlite_newsroom(tmp_path, devnet, any_database):
    """A newsroom for what no engine does differently."""
    room = Newsroom(tmp_path / "newsroom", devnet, any_database)
    yield room
    room.close()
