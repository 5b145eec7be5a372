"""`briefbot db`: backup, restore, check, prune and move, as somebody types them, and when it fails."""

import importlib
import json
import os
import re
import resource
import shutil
import signal
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from bot.cli import COMMANDS
from bot.records import Records
from bot.records.engine import connect
from bot.records.tables import attempts, events, from_now, leases, publications, result_course
from bot.records.target import Standing, look_at
from bot.records.workers import WorkerRecords
from bot.reports.audit import histories, violations
from tests.bench_database import Room as Workspace
from tests.bench_database import fill
from tests.cli.test_new_user import ARGUMENTS
from tests.publishing.forked import Forked
from tests.records.test_workers import PULSE

COUNT = 60


class Room(Workspace):
    """A workspace whose database has some publications; no node answers."""

    def run(self, *arguments, expect=0, prepare=None, **environment):
        """What a command prints, to its end."""
        output = self.root / "output"
        output.unlink(missing_ok=True)
        command = Forked(
            *map(str, arguments), folder=self.root, output=output, environment=environment,
            prepare=prepare,
        )  # fmt: skip
        status, told = command.wait(60), output.read_text()
        assert status in (expect if isinstance(expect, set) else {expect}), (
            arguments,
            status,
            told,
        )
        assert "Traceback" not in told
        return told

    def refused(self, *arguments, expect=1, **options):
        """The one sentence with which a command refuses."""
        told = self.run(*arguments, expect=expect, **options).splitlines()
        assert len(told) == 1, told
        return told[0].removeprefix("briefbot: ")


@pytest.fixture
def room(tmp_path, database_url):
    fill(database_url, COUNT)
    return Room(tmp_path / "room", database_url)


@pytest.fixture
def sqlite_room(tmp_path, sqlite):
    """For what no engine does differently."""
    shutil.copy(sqlite, tmp_path / "briefbot.db")
    fill(f"sqlite:///{tmp_path}/briefbot.db", COUNT)
    return Room(tmp_path / "room", f"sqlite:///{tmp_path}/briefbot.db")


def elsewhere(room, request, tmp_path):
    """The address of an empty database of the other kind."""
    if room.url.startswith("sqlite"):
        return request.getfixturevalue("postgresql")(empty=True)
    return f"sqlite:///{tmp_path}/elsewhere.db"


def execute(url, statement):
    engine = connect(url)
    with engine.begin() as connection:
        connection.execute(sa.text(statement) if isinstance(statement, str) else statement)
    engine.dispose()


# -- what is no backup -----------------------------------------------------------------------------


def spoiled(backup, name):
    """A file that isn't what `backup` is any more."""
    file = backup.with_name(name)
    data = bytearray(backup.read_bytes())
    match name:
        case "truncated":
            del data[len(data) // 2 :]
        case "garbage":
            data[:] = os.urandom(len(data))
        case "empty":
            data.clear()
        case "changed":
            data[data.find(b"Title 42")] ^= 1
    file.write_bytes(data)
    if name == "another program's":
        file.unlink()
        change(file, "CREATE TABLE publications (x)")
    elif name == "newer":
        change(file, "UPDATE alembic_version SET version_num = '9999'")
    elif name == "shorter":
        change(file, "DELETE FROM events WHERE id = 1")
    elif name == "trapped":
        change(file, "CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM attempts; END")
    elif name == "in use":
        file.with_name(f"{name}-wal").write_bytes(b"x")
    return file


SPOILED = {
    "truncated": "is damaged",
    "garbage": "is no backup of briefbot",
    "empty": "is no backup of briefbot",
    "changed": "was changed after it was made: the rows of table publications",
    "shorter": "was changed after it was made: table events has",
    "another program's": "is no backup of briefbot",
    "newer": "install that briefbot",
    "trapped": "holds more than tables",
    "in use": "wasn't closed",
    "missing": "No such file",
}


def test_what_is_no_backup_is_refused_in_one_sentence_and_changes_nothing(sqlite_room, tmp_path):
    backup = tmp_path / "b.backup"
    sqlite_room.run("db", "backup", backup)

    for name, why in SPOILED.items():
        file = spoiled(backup, name) if name != "missing" else tmp_path / name
        told = sqlite_room.refused(
            "db", "restore", "--replace", file, expect=4 if name == "newer" else 1
        )
        assert why in told
        assert str(file) in told
    told = sqlite_room.refused("db", "restore", "--replace", tmp_path / "briefbot.db")
    assert "is the database itself" in told

    assert "is whole" in sqlite_room.run("db", "check")
    assert not [file for file in tmp_path.iterdir() if "before" in file.name]


def change(file, statement):
    database = sqlite3.connect(file)
    database.execute(statement)
    database.commit()
    database.close()


def test_a_backup_replaces_an_earlier_one_when_told_so_and_nothing_else(sqlite_room, tmp_path):
    backup, note = tmp_path / "b.backup", tmp_path / "note"
    note.write_text("mine")
    sqlite_room.run("db", "backup", backup)

    assert "--overwrite" in sqlite_room.refused("db", "backup", backup)
    assert re.search(
        r"\d+ rows, \d+\.\d MiB", sqlite_room.run("db", "backup", "--overwrite", backup)
    )
    for file in (note, tmp_path / "briefbot.db"):
        assert "isn't a backup" in sqlite_room.refused("db", "backup", "--overwrite", file)
    assert "No such file" in sqlite_room.refused("db", "backup", tmp_path / "no" / "b")
    assert note.read_text() == "mine"
    assert "is whole" in sqlite_room.run("db", "check")


# -- when it ends in the middle --------------------------------------------------------------------


def die_before(module, name, calls=1):
    """SIGKILL this process when it is about to call a function for so many times."""
    owner = importlib.import_module(f"bot.records.{module}")
    original, left = getattr(owner, name), iter(range(calls, 0, -1))

    def wrapped(*arguments, **options):
        if next(left) == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **options)

    setattr(owner, name, wrapped)


def test_what_is_killed_half_way_leaves_everything_as_it_was(room, request, tmp_path):
    backup, url = tmp_path / "b.backup", elsewhere(room, request, tmp_path)

    def killed(*command, before, calls=1):
        prepare = partial(die_before, *before.split("."), calls)
        room.run("db", *command, expect=-signal.SIGKILL, prepare=prepare)

    killed("backup", backup, before="copying._copy", calls=5)
    killed("backup", backup, before="backup.place")
    assert not backup.exists()
    room.run("db", "backup", backup)
    killed("move", url, before="copying._copy", calls=5)
    killed("move", url, before="restoring._refuse_changed")
    assert look_at(url).standing in {Standing.NOTHING, Standing.EMPTY}
    killed("restore", "--replace", backup, before="restoring._begin_anew")
    if room.url.startswith("sqlite"):
        killed("restore", "--replace", backup, before="target.put_in")
    else:
        killed("restore", "--replace", backup, before="target.set_sequences")
    assert "is whole" in room.run("db", "check")
    assert look_at(room.url).fence == 0  # nothing was restored

    room.run("db", "move", url)
    assert "are records at that address" in room.refused("db", "move", url)
    room.run("db", "restore", "--replace", backup)
    room.run("db", "check")
    room.run("db", "check", BRIEFBOT_DATABASE=url)


def limit_files(size):
    """Let no file of this process become larger: as a full disk does."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_a_full_disk_is_told_and_leaves_nothing_behind(room, tmp_path):
    backup = tmp_path / "full" / "b.backup"
    backup.parent.mkdir()

    for size in (50_000, 500_000):
        told = room.refused("db", "backup", backup, prepare=partial(limit_files, size))
        assert f"can't write {backup}: " in told
        assert "room on its disk" in told
    assert list(backup.parent.iterdir()) == []


# -- while somebody is at work ---------------------------------------------------------------------


def test_nothing_is_restored_or_moved_while_a_service_is_at_work(room, request, tmp_path):
    backup, url = tmp_path / "b.backup", elsewhere(room, request, tmp_path)
    room.run("db", "backup", backup)
    with Records.open(room.url) as records:
        WorkerRecords(records).beat(PULSE)
    for command in (("restore", "--replace", backup), ("move", url)):
        assert f"at work with this database ({PULSE.worker})" in room.refused("db", *command)
    with Records.open(room.url) as records:
        WorkerRecords(records).stop(PULSE.worker)
    execute(room.url, sa.update(leases).values(worker="gone/1:2:3", until=from_now(20.0)))
    for command in (("restore", "--replace", backup), ("move", url)):
        assert "gone/1:2:3" in room.refused("db", *command)
    execute(room.url, sa.update(leases).values(until=from_now(-1.0)))
    in_flight = sa.update(attempts).where(attempts.c.id == 7)
    soon = datetime.now(UTC) + timedelta(seconds=30)
    execute(room.url, in_flight.values(outcome="sent", expiration=soon))
    told = room.refused("db", "restore", "--replace", backup)
    assert "1 transactions that were sent to devnet may still be included" in told
    execute(room.url, in_flight.values(expiration=soon - timedelta(minutes=10)))
    room.run("db", "restore", "--replace", backup)


# -- what is wrong ---------------------------------------------------------------------------------

WRONG = {
    "sealed": sa.update(publications).where(publications.c.id == 3).values(title="Another"),
    "value": sa.update(publications).where(publications.c.id == 4).values(status="done"),
    "block": sa.update(publications).where(publications.c.id == 5).values(block_num=None),
    "path": sa.delete(events).where(events.c.publication_id == 6),
    "attempts": sa.update(attempts).where(attempts.c.publication_id == 7).values(outcome="sent"),
    "schema": "DROP INDEX ix_publications_trx_id",
}


def test_each_thing_that_is_wrong_is_told_with_what_to_do(room):
    for code, statement in WRONG.items():
        execute(room.url, statement)
        [*found] = map(json.loads, room.run("db", "check", "--json", expect=1).splitlines())
        assert code in {fault["code"] for fault in found}, code
        assert all("restore a backup" in fault["message"] for fault in found)
    assert "schema" in room.run("db", "check", expect=1)


def test_rows_without_their_parent_and_a_damaged_file_are_told(sqlite_room, tmp_path):
    file = tmp_path / "briefbot.db"
    change(file, "DELETE FROM result_posts WHERE id = 5")
    assert "5 rows of result_votes belong to no row of result_posts" in sqlite_room.run(
        "db", "check", expect=1
    )
    data = bytearray(file.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 8192] = os.urandom(8192)
    file.write_bytes(data)
    assert "restore a backup" in sqlite_room.run("db", "check", expect={1, 3})


# -- what is old -----------------------------------------------------------------------------------


def test_pruning_takes_rounds_and_keeps_the_way(room):
    def told():
        with Records.open(room.url) as records:
            logged = [replace(row, came=None) for row in records.log()]
            with records.reading() as connection:
                course = connection.execute(
                    sa.select(sa.func.count()).select_from(result_course)
                ).scalar()
            return logged, histories(records, chain="devnet"), course

    before, _, course = told()
    planned = room.run("db", "prune", "--older-than", "365d", "--dry-run")
    assert told()[2] == course

    done = room.run("db", "prune", "--older-than", "365d")

    assert re.findall(r"\d+ \w+", done.splitlines()[0]) == re.findall(r"\d+ \w+", planned)
    after, ways, left = told()
    assert after == before
    assert left < course
    lengths = [len(way.events) for way in ways if way.publication.id % 4 == 0]
    assert sorted(set(lengths)) == [4, 6]  # of those that are younger all are there
    paths = [
        one for one in violations(ways, [], irreversible_block_num=10**9) if one.code == "path"
    ]
    assert paths == []
    assert "is whole" in room.run("db", "check")
    assert "nothing to remove" in room.run("db", "prune", "--older-than", "365d")
    assert "younger than 30d" in room.run("db", "prune", "--older-than", "29d", expect=2)


# -- a newer database ------------------------------------------------------------------------------

WITHOUT_RECORDS = {"init", "new", "demo", "devnet", "notify", "config", "prices", "pull", "service"}
"""Commands that ask no database, or the chain before it."""


def test_a_database_of_a_newer_version_is_refused_by_every_command(sqlite_room, tmp_path):
    (sqlite_room.root / "posts/a.md").write_text(
        "---\ntitle: A\ntags: [x]\nauthor: alice\n---\nB\n"
    )
    execute(sqlite_room.url, "UPDATE alembic_version SET version_num = '9999'")
    more = {
        "run": ["--once"], "publish": ["posts/a.md"], "web": ["--listen", "1"], "results": [],
        "db": ["upgrade"],
    }  # fmt: skip
    for name in COMMANDS:
        if name in WITHOUT_RECORDS:
            continue
        arguments = more.get(name) or ARGUMENTS.get(name, [])
        told = sqlite_room.run(name, *arguments, expect=4)
        assert "has schema 9999, this briefbot works with" in told, name
        assert "install that briefbot" in told, name
