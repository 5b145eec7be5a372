"""Losing the database loses no post and doubles none."""

import pytest


@pytest.fixture
def database_url(tmp_path):
    """A file that can be deleted."""
    (tmp_path / "records").mkdir()
    return f"sqlite:///{tmp_path / 'records' / 'briefbot.db'}"


def test_a_lost_database_is_rebuilt_from_the_chain(newsroom, tmp_path):
    newsroom.brief("first.md", author="alice")
    newsroom.brief("second.md", author="bob")
    before = newsroom.publish_all(2)
    for file in (tmp_path / "records").iterdir():
        file.unlink()

    after = newsroom.publish_all(2)

    told = ("brief", "permlink", "trx_id", "block_num", "status")
    assert [[row[k] for k in told] for row in after] == [[row[k] for k in told] for row in before]
    assert len(newsroom.comments()) == 2
