"""From the first schema to this one, on a database in use, on both engines."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

import bot.records
from bot.records import Outcome, Records, SchemaDiffers, Status
from bot.records.engine import VERSION, connect, upgrade
from bot.records.tables import metadata

MIGRATIONS = Path(bot.records.__file__).parent / "migrations"
AT = datetime(2026, 11, 1, 9, 0)  # noqa: DTZ001  # as the first schema stored it


@pytest.fixture
def old_database(request, tmp_path, engine_name):
    """The address of a database with the first schema, in use: 200 publications."""
    if engine_name == "postgresql":
        url = request.getfixturevalue("postgresql")(empty=True)
    else:
        url = f"sqlite:///{tmp_path / 'old.db'}"
    engine = connect(url, create=True)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        fill(connection)
    engine.dispose()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_name(request):
    return request.param


def fill(connection):
    tables = sa.MetaData()
    tables.reflect(connection)
    publications, attempts, events = (
        tables.tables[name] for name in ("publications", "attempts", "events")
    )
    for number in range(200):
        status = ("queued", "publishing", "included", "final", "waiting", "rejected")[number % 6]
        connection.execute(
            publications.insert().values(
                id=number + 1,
                chain="devnet",
                brief=f"b{number}",
                path=f"b{number}.md",
                fingerprint="f",
                author=("alice", "bob")[number % 2],
                permlink=f"p{number}",
                kind="post",
                title="Title — “quoted”",
                category="taliban",
                tags=["taliban"],
                url="http://127.0.0.1/",
                operations="[]",
                status=status,
                created_at=AT,
                updated_at=AT,
            )
        )
        connection.execute(
            attempts.insert().values(
                publication_id=number + 1,
                number=1,
                trx_id="ab" * 20,
                signed_at=AT,
                expiration=AT,
                ref_block_num=1,
                payload="{}",
                size=100,
                outcome="sent",
            )
        )
        connection.execute(
            events.insert().values(
                publication_id=number + 1, at=AT, target="queued", reason="a new brief"
            )
        )


def test_an_older_schema_is_refused_until_it_is_upgraded(old_database):
    with pytest.raises(SchemaDiffers, match="briefbot db upgrade"):
        Records.open(old_database)


def test_an_upgrade_keeps_everything_and_makes_what_this_version_needs(old_database):
    engine = connect(old_database)
    assert upgrade(engine) == VERSION
    with Records.open(old_database) as records:
        rows = records.log()
        assert len(rows) == 200
        row = rows[6].publication
        assert (row.brief, row.title, row.tags) == ("b6", "Title — “quoted”", ("taliban",))
        assert (row.status, row.digest) == (Status.QUEUED, None)
        [attempt] = records.attempts(row.id)
        assert (attempt.outcome, attempt.worker, attempt.digest) == (Outcome.SENT, None, None)
        assert [event.reason for event in records.events(row.id)] == ["a new brief"]
        now = AT.replace(tzinfo=UTC)
        claimed = records.leases("me").claim(now, now, 10)
        assert sorted(lease.author for lease in claimed) == ["alice", "bob"]
    engine.dispose()


def test_the_migrations_lead_to_the_schema_of_the_code(old_database):
    engine = connect(old_database)
    upgrade(engine)
    found = sa.MetaData()
    found.reflect(engine)
    for name, table in metadata.tables.items():
        assert set(found.tables[name].columns.keys()) == set(table.columns.keys())
        indices = {index.name for index in table.indexes}
        assert indices <= {index.name for index in found.tables[name].indexes}, name
    engine.dispose()


def test_a_newer_schema_is_refused(old_database):
    engine = connect(old_database)
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()

    with pytest.raises(SchemaDiffers, match="install that briefbot"):
        Records.open(old_database)
