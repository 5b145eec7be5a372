"""From the first schema to this one, on a database in use, on both engines."""

import os
import sqlite3
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog
from alembic import command
from alembic.config import Config

import bot.records
from bot.briefs import Queue
from bot.briefs.folder import Folder
from bot.chain.profiles import profile
from bot.format import Defaults
from bot.intake.composer import Composer, publication_of
from bot.intake.intake import Intake
from bot.records import AT_ONCE, Outcome, Records, SchemaDiffers, Status
from bot.records.checking import faults
from bot.records.engine import VERSION, connect, schemas, upgrade
from bot.records.restoring import restore
from bot.records.tables import metadata
from bot.records.target import look_at

MIGRATIONS = Path(bot.records.__file__).parent / "migrations"
AT = datetime(2026, 11, 1, 9, 0)  # noqa: DTZ001  # as the first schema stored it


@pytest.fixture
def empty_database(request, tmp_path, engine_name):
    """The address of a database with nothing in it."""
    if engine_name == "postgresql":
        return request.getfixturevalue("postgresql")(empty=True)
    return f"sqlite:///{tmp_path / 'old.db'}"


@pytest.fixture
def old_database(empty_database):
    """The address of a database with the first schema, in use: 200 publications."""
    make(empty_database, "0001", fill)
    return empty_database


@contextmanager
def engine_of(url):
    """The engine of a database that may have any schema, or none."""
    engine = connect(url, create=True)
    try:
        yield engine
    finally:
        engine.dispose()


def make(url, schema, fill):
    """Make a database of an older schema."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine_of(url) as engine, engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, schema)
        fill(connection)


def upgrade_database(url):
    """Bring a database to this version's schema; returns that."""
    with engine_of(url) as engine:
        return upgrade(engine)


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
    assert upgrade_database(old_database) == VERSION
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


INDICES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index'",
    "postgresql": "SELECT indexname FROM pg_indexes",
}


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_the_migrations_lead_to_the_schema_of_the_code(old_database, engine_name):
    upgrade_database(old_database)
    found = sa.MetaData()
    with engine_of(old_database) as engine, engine.connect() as connection:
        found.reflect(connection)
        indices = set(connection.execute(sa.text(INDICES[engine_name])).scalars())
    for name, table in metadata.tables.items():
        assert set(found.tables[name].columns.keys()) == set(table.columns.keys())
        assert {index.name for index in table.indexes} <= indices, name


def test_what_is_queued_is_looked_at_and_gets_an_appointment_when_the_service_starts(old_database):
    upgrade_database(old_database)
    with Records.open(old_database) as records:
        assert records.unplanned() == (("devnet", "alice"),)  # bob has nothing pending
        queued = [row.publication for row in records.log(statuses=(Status.QUEUED,))]
        assert {row.appointment.look_at for row in queued} == {AT_ONCE}
        assert {row.appointment.slot for row in queued} == {None}


# -- from paths to reconciliation (schema 0003 to 0004) --------------------------------------------

DEVNET = {"devnet": profile("devnet", {"nodes": ["http://127.0.0.1:1"]})}
GOOD = "---\ntitle: {name}\ntags: [taliban]\nauthor: alice\n---\n{body}\n"
MISTAKE = "---\ntitel: {name}\n---\n{body}\n"
STAYS = (
    # name, what is recorded (kind, status, whether its file is the recorded one), the file now
    ("queued", [("post", "queued", True)], GOOD),
    ("waiting", [("post", "waiting", True)], GOOD),
    ("held", [("post", "held", True)], GOOD),
    ("missed", [("post", "missed", True)], GOOD),
    ("publishing", [("post", "publishing", True)], GOOD),
    ("included", [("post", "included", True)], GOOD),
    ("refused", [("post", "rejected", True)], GOOD),
    ("mistaken", [("post", "rejected", True)], MISTAKE),
    ("cancelled", [("post", "cancelled", True)], GOOD),
    ("withdrawn", [("post", "cancelled", False)], None),
    ("draft", [("post", "cancelled", False)], GOOD.replace("author:", "draft: true\nauthor:")),
    ("final", [("post", "final", True)], GOOD),
    ("archived", [("post", "final", True)], None),
    ("edited", [("post", "final", True), ("edit", "queued", True)], GOOD),
    ("asked", [("post", "final", True), ("edit", "held", True)], GOOD),
    ("not-edited", [("post", "final", True), ("edit", "cancelled", True)], GOOD),
    ("unedited", [("post", "final", True), ("edit", "cancelled", False)], GOOD),
    ("deleted", [("post", "final", True), ("delete", "final", True)], GOOD),
)


@pytest.fixture
def queue(tmp_path):
    """A folder as the older version left it."""
    folder = tmp_path / "posts"
    folder.mkdir()
    return folder


def put(queue, name, text, body="Body."):
    file = queue / f"{name}.md"
    file.write_text(text.format(name=name, body=body))
    os.utime(file, (1, 1))


def fill_0003(connection, queue):
    """What schema 0003 has recorded of all these briefs, before the footer was changed."""
    tables = sa.MetaData()
    tables.reflect(connection)
    table = tables.tables["publications"]
    for name, _, _ in STAYS:
        put(queue, name, GOOD)
    composer = Composer(Defaults(), DEVNET, "devnet")
    recorded = {name: rows for name, rows, _ in STAYS}
    for entry in Queue(queue).look():
        [made] = composer.compose(entry.brief, queue)
        plan = publication_of(made, entry.fingerprint)
        for kind, status, known in recorded[entry.brief.id]:
            values = asdict(plan) | {
                "kind": kind,
                "status": status,
                "digest": plan.sealed(),
                "fingerprint": plan.fingerprint if known else "",
                "created_at": AT,
                "updated_at": AT,
            }
            told = {key: value for key, value in values.items() if key in table.c}
            connection.execute(table.insert().values(told))
    for name, _, text in STAYS:
        (queue / f"{name}.md").unlink()
        if text is not None:
            put(queue, name, text)


@pytest.fixture
def upgraded(empty_database, queue):
    """The records of a filled database of schema 0003, after its upgrade."""
    make(empty_database, "0003", lambda connection: fill_0003(connection, queue))
    upgrade_database(empty_database)
    with Records.open(empty_database) as records:
        yield records


def look_twice(records, queue):
    """What a service of this version does when it begins, under a footer that is new."""
    composer = Composer(Defaults(footer="A new footer."), DEVNET, "devnet")
    now = datetime.now(UTC)
    log = structlog.get_logger()
    intake = Intake(Folder(queue, grace=timedelta(0)), composer, records, lambda: now, log)
    intake.scan()
    intake.scan()


def told(records):
    return [
        (row.id, row.brief, row.kind.value, row.status.value, row.operations, row.digest)
        for row in (each.publication for each in records.log())
    ]


def test_the_first_looks_after_an_upgrade_queue_edit_and_publish_nothing(upgraded, queue):
    before = told(upgraded)
    assert len(before) == sum(len(rows) for _, rows, _ in STAYS)
    look_twice(upgraded, queue)
    assert told(upgraded) == before


def test_after_an_upgrade_changes_are_followed_as_before(upgraded, queue):
    before = len(told(upgraded))
    put(queue, "new", GOOD)
    put(queue, "final", GOOD, "Edited.")
    put(queue, "queued", GOOD, "Changed.")
    put(queue, "cancelled", GOOD, "Changed.")
    put(queue, "withdrawn", GOOD)
    put(queue, "mistaken", GOOD, "Mended.")
    (queue / "waiting.md").unlink()
    look_twice(upgraded, queue)
    after = [(brief, kind, status) for _, brief, kind, status, *_ in told(upgraded)]
    assert sorted(after[before:]) == [
        ("cancelled", "post", "queued"),
        ("final", "edit", "queued"),
        ("new", "post", "queued"),
        ("withdrawn", "post", "queued"),
    ]
    assert ("mistaken", "post", "queued") in after[:before]
    assert ("waiting", "post", "cancelled") in after[:before]
    [changed] = [row.publication for row in upgraded.log(brief="queued")]
    assert "Changed." in changed.operations


def test_a_newer_schema_is_refused(old_database):
    upgrade_database(old_database)
    with engine_of(old_database) as engine, engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(SchemaDiffers, match="install that briefbot"):
        Records.open(old_database)


# -- from every schema on --------------------------------------------------------------------------

WORDS = {"status": "held", "kind": "post", "outcome": "expired", "target": "held",
         "source": "queued", "operations": "[]", "payload": "{}", "role": "editor"}  # fmt: skip


REPLACED = {
    "publications": {"votes", "replies", "pending_payout", "results_at"},
    "files": {"stamp"},
}
"""What schema 0010 keeps in tables of its own, and what schema 0018 has read once more."""


def add_rows(connection, number):
    """A row in each table that there is, with as little as it may have; returns their tables."""
    tables = sa.MetaData()
    tables.reflect(connection)
    tables.remove(tables.tables["alembic_version"])
    for table in tables.sorted_tables:
        row = {
            column.name: odd_value(column, number)
            for column in table.columns
            if column.foreign_keys
            or column.primary_key
            or not (column.nullable or column.server_default is not None)
        }
        connection.execute(table.insert().values(row))
    return {table.name: set(table.columns.keys()) for table in tables.sorted_tables}


def odd_value(column, number):
    values = {sa.Boolean: True, sa.JSON: ["ü"], sa.Integer: number, sa.DateTime: AT,
              sa.Date: AT.date(), sa.LargeBinary: b"\0"}  # fmt: skip
    for kind, value in values.items():
        if isinstance(column.type, kind):
            return value
    is_named = column.primary_key or column.foreign_keys
    return f"ü{number}" if is_named else WORDS.get(column.name, f"ü{number}")


def rows_of(connection, columns):
    """The rows of these tables by their names, in those of these columns that there are."""
    tables = sa.MetaData()
    tables.reflect(connection)
    found = {}
    for name, some in columns.items():
        there = sorted(some & set(tables.tables[name].columns.keys()))
        query = sa.select(*(tables.tables[name].c[column] for column in there))
        found[name] = sorted(map(repr, connection.execute(query)))
    return found


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_rows_of_every_schema_come_through_every_upgrade_after_it(empty_database):
    """Each step is taken with rows of all schemas before it in every table."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    known = {}
    for number, schema in enumerate(schemas(), 1):
        with engine_of(empty_database) as engine, engine.begin() as connection:
            kept = {name: some - REPLACED.get(name, set()) for name, some in known.items()}
            before = rows_of(connection, kept)
            config.attributes["connection"] = connection
            command.upgrade(config, schema)
            assert rows_of(connection, kept) == before, schema
            known = add_rows(connection, number)

    with Records.open(empty_database) as records:
        found = {fault.code for fault in faults(records)}
        assert not found & {"file", "schema", "orphan", "value", "lease"}
        assert len(records.log()) == len(schemas())
        now = AT.replace(tzinfo=UTC)
        assert len(records.leases("me").claim(now, now, 10)) == 10


def test_a_backup_of_an_older_schema_is_restored_on_both_engines(
    tmp_path, engine_name, empty_database
):
    old = tmp_path / "copy.db"
    make(f"sqlite:///{old}", "0001", fill)
    with sqlite3.connect(old) as database:  # closed, and in one file
        database.execute("PRAGMA journal_mode=DELETE")
    database.close()

    done = restore(old, empty_database, look_at(empty_database), AT.replace(tzinfo=UTC), [])

    assert (done.backup.schema, done.backup.made_at) == ("0001", None)
    with Records.open(empty_database) as records:
        assert len(records.log()) == 200
        assert {fault.code for fault in faults(records)} <= {"block", "path", "attempts"}
