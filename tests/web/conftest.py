"""A desk with a user of each role."""

import shutil

import pytest

from bot.records import Records
from bot.records.people import Role
from tests.web.desk import open_desk


@pytest.fixture
def kept(sqlite, tmp_path):
    """Records in SQLite: what depends on the engine is tested in tests/records/test_people.py."""
    shutil.copy(sqlite, tmp_path / "web.db")
    with Records.open(f"sqlite:///{tmp_path / 'web.db'}") as records:
        yield records


@pytest.fixture
def desk(kept):
    with open_desk(kept) as desk:
        desk.add("ruth", Role.READER)
        desk.add("erik", Role.EDITOR)
        desk.add("anna", Role.ADMIN)
        yield desk
