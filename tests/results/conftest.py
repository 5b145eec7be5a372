import shutil

import pytest

from tests.results.ledger import Scene


@pytest.fixture
def scene(tmp_path, database_url):
    with Scene(tmp_path, database_url) as scene:
        yield scene


@pytest.fixture
def sqlite_scene(tmp_path, sqlite):
    """For what no engine does differently."""
    file = tmp_path / "briefbot.db"
    shutil.copy(sqlite, file)
    with Scene(tmp_path, f"sqlite:///{file}") as scene:
        yield scene
