"""Backups: what a database holds at one moment, in one file that either engine is restored from.

A backup is an SQLite database of its schema, whichever engine it was made of, so that what migrates
a database migrates a backup, too. Two tables more seal it: `backup` says what it is, and
`backup_tables` how many rows each table has, and their checksum (see `copying.Sum`). Left out is
what is true of one moment only, and what would let somebody in again: `workers`, `sessions`,
`access_tokens`.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot import __version__
from bot.records.copying import Sum, Sums, copy_rows, difference
from bot.records.engine import VERSION, RecordsError, SchemaDiffers, migrate, schemas
from bot.records.placing import NotWritten, place, saying, scratch, unfinished
from bot.records.records import Records
from bot.records.tables import access_tokens, metadata, sessions, workers

FORMAT = 1
LEFT_OUT = {workers, sessions, access_tokens}
KEPT = [table for table in metadata.sorted_tables if table not in LEFT_OUT]
_SEAL = sa.MetaData()
_BACKUP = sa.Table(
    "backup",
    _SEAL,
    sa.Column("format", sa.Integer, nullable=False),
    sa.Column("schema", sa.Text, nullable=False),
    sa.Column("program", sa.Text, nullable=False),
    sa.Column("engine", sa.Text, nullable=False),
    sa.Column("made_at", sa.Text, nullable=False),
)
_TABLES = sa.Table(
    "backup_tables",
    _SEAL,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("checksum", sa.Text, nullable=False),
)
_SCHEMA_TABLE = "alembic_version"
_AT_ONCE = 1000  # rows


class NoBackup(RecordsError):  # noqa: N818  # what it is
    """This file isn't a backup, or is a damaged one."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What is in a backup.

    Attributes:
        program: the version that made it; this and the two that follow are None for a plain copy of
            an SQLite database, which nothing seals.
        engine: what kind of database it was made of.
        size: bytes.
    """

    schema: str
    program: str | None
    engine: str | None
    made_at: datetime | None
    rows: int
    size: int


def back_up(records: Records, file: Path, now: datetime, *, overwrite: bool = False) -> Backup:
    """Write all that is kept into a file, whatever is written meanwhile; nobody waits for it.

    It is read again and compared with what was read, before it takes its place.

    Args:
        overwrite: an earlier backup is replaced, when this one is whole; nothing else ever is.

    Raises:
        NotWritten: it can't be written, or there is something; what was there is there still.
        DatabaseUnavailable: the database can't be read.
    """
    _refuse_existing(file, overwrite=overwrite)
    with unfinished(file) as part:
        with (
            records.snapshot() as source,
            saying(file),
            scratch(part) as engine,
            engine.begin() as target,
        ):
            migrate(target)
            wanted = copy_rows(source, target, KEPT)
            _seal(target, wanted, source.dialect.name, now)
        told = look_into(part)
        try:
            place(part, file, overwrite=overwrite)
        except FileExistsError:
            raise _exists(file) from None
    return told


def _refuse_existing(file: Path, *, overwrite: bool) -> None:
    if not file.exists() and not file.is_symlink():
        return
    if not overwrite:
        raise _exists(file)
    with saying(file):
        is_ours = file.is_file() and (not file.stat().st_size or _is_sealed(file))
    if not is_ours:
        raise NotWritten(f"{file} isn't a backup: nothing was written; name another file")


def _exists(file: Path) -> NotWritten:
    return NotWritten(
        f"{file} is there already: nothing was written; name another file, or replace an earlier "
        "backup with --overwrite"
    )


def _is_sealed(file: Path) -> bool:
    try:
        with opened(file) as connection:
            return connection.execute("SELECT format FROM backup").fetchone() is not None
    except sqlite3.Error:
        return False


def _seal(target: sa.Connection, wanted: Sums, engine: str, now: datetime) -> None:
    _SEAL.create_all(target)
    target.execute(
        sa.insert(_BACKUP).values(
            format=FORMAT, schema=VERSION, program=__version__, engine=engine,
            made_at=now.astimezone(UTC).isoformat(timespec="seconds"),
        )
    )  # fmt: skip
    sealed = {**wanted, _SCHEMA_TABLE: Sum().plus([[VERSION]])}
    rows = [
        {"name": name, "rows": one.rows, "checksum": one.checksum} for name, one in sealed.items()
    ]
    target.execute(sa.insert(_TABLES), rows)


@contextmanager
def opened(file: Path) -> Iterator[sqlite3.Connection]:
    """A file of SQLite's, to be read; nothing in it is trusted, and nothing is written beside it.

    Raises:
        sqlite3.Error: it is none.
    """
    uri = f"{file.absolute().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.text_factory = lambda told: told.decode(errors="surrogateescape")
        yield connection


def look_into(file: Path, called: Path | None = None) -> Backup:
    """What is in a backup; it is read from end to end.

    Args:
        called: of which file it is told what is wrong, where this is a copy.

    Raises:
        NoBackup: it is none, or isn't what it was when it was made.
        SchemaDiffers: it was made by a newer version.
    """
    name = called or file
    try:
        with opened(file) as connection:
            [whole] = connection.execute("PRAGMA integrity_check(1)").fetchone()
            if whole != "ok":
                raise NoBackup(f"{name} is damaged ({whole}): take another backup")
            return replace(_look(connection, name), size=file.stat().st_size)
    except sqlite3.Error as error:
        cause = str(error)
        if cause == "file is not a database":
            raise NoBackup(f"{name} is no backup of briefbot: {cause}") from None
        raise NoBackup(f"{name} is damaged ({cause}): take another backup") from None


def _look(connection: sqlite3.Connection, file: Path) -> Backup:
    kinds = dict(connection.execute("SELECT name, type FROM sqlite_master").fetchall())
    if not {_SCHEMA_TABLE, "publications"} <= kinds.keys():
        raise NoBackup(f"{file} is no backup of briefbot: no records are in it")
    if not set(kinds.values()) <= {"table", "index"}:
        raise NoBackup(f"{file} holds more than tables: briefbot hasn't made it so")
    schema = _only(connection, f"SELECT version_num FROM {_SCHEMA_TABLE}")  # noqa: S608  # ours
    if not isinstance(schema, str) or (schema < VERSION and schema not in schemas()):
        raise NoBackup(f"{file} is damaged: it doesn't say which schema it has")
    if schema > VERSION:
        raise SchemaDiffers(
            f"{file} has schema {schema}, this briefbot works with {VERSION}: install that briefbot"
        )
    found = _stored_sums(connection)
    plain = Backup(
        schema=schema, program=None, engine=None, made_at=None,
        rows=sum(one.rows for one in found.values()), size=0,
    )  # fmt: skip
    if _BACKUP.name not in kinds:
        return plain
    if _only(connection, "SELECT format FROM backup") != FORMAT:
        raise NoBackup(f"{file} was made by a newer briefbot, or is damaged: install that one")
    wanted = {
        name: Sum(rows, checksum)
        for name, rows, checksum in connection.execute(
            "SELECT name, rows, checksum FROM backup_tables"
        )
    }
    if differs := difference(wanted, found) or difference(found, wanted):
        raise NoBackup(
            f"{file} is damaged, or was changed after it was made: {differs}; take another backup"
        )
    told = connection.execute("SELECT program, engine, made_at FROM backup").fetchone()
    return replace(
        plain, program=told[0], engine=told[1], made_at=datetime.fromisoformat(told[2])
    )  # fmt: skip


def _only(connection: sqlite3.Connection, question: str) -> Any:
    row = connection.execute(question).fetchone()
    return row[0] if row else None


def _stored_sums(connection: sqlite3.Connection) -> Mapping[str, Sum]:
    """What each table of a file holds, whatever schema it has; not what seals it."""
    names = [
        name
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' "
            "ESCAPE '!' ORDER BY name"
        ).fetchall()
        if name not in _SEAL.tables
    ]
    return {name: _stored_sum(connection, name) for name in names}


def _stored_sum(connection: sqlite3.Connection, name: str) -> Sum:
    table = _quoted(name)
    told = connection.execute(f"PRAGMA table_info({table})").fetchall()
    columns = ", ".join(_quoted(column) for column in sorted(row[1] for row in told))
    rows = connection.execute(f"SELECT {columns} FROM {table}")  # noqa: S608  # names of its own
    found = Sum()
    while some := rows.fetchmany(_AT_ONCE):
        found = found.plus(some)
    return found


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def unseal(connection: sa.Connection) -> None:
    """Make a backup a database like any other."""
    _SEAL.drop_all(connection)
