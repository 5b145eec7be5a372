"""The database that another one's rows are put into: whether they may, and how they get there.

Nothing is put where somebody is at work, nor over anything that isn't kept. All of it is there in
the end, or nothing.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from pathlib import Path

import sqlalchemy as sa

from bot.records.copying import NotCopied, Sums, copy_rows, difference, set_sequences, sums
from bot.records.engine import (
    VERSION,
    DatabaseUnavailable,
    RecordsError,
    SchemaDiffers,
    address_of,
    connect,
    lasting,
    migrate,
    reading,
    schema_of,
    writing,
)
from bot.records.placing import keep_copy, move_away, place, put_in, saying
from bot.records.tables import attempts, from_now, leases, metadata, publications, workers
from bot.records.values import Outcome
from bot.records.worker import is_gone
from bot.records.workers import ALIVE

RESTORED = "a restored backup"
"""Who has all authors in hand, for a while, when nobody knows what was sent last."""
SETTLED = timedelta(minutes=1)
"""After a transaction has expired: then it stands in a block that all nodes know, or in none."""
_MEANWHILE = "somebody has worked with the database meanwhile; nothing was changed: do it again"
_OPEN = [one.value for one in Outcome if one not in {Outcome.EXPIRED, Outcome.FINAL}]


class InUse(RecordsError):  # noqa: N818  # what stands in the way
    """Somebody is at work with a database."""


class Occupied(RecordsError):  # noqa: N818  # what stands in the way
    """There are records in a database."""


class Standing(Enum):
    """What is at a database's address."""

    NOTHING = auto()
    EMPTY = auto()
    """A database without a row."""
    FILLED = auto()
    DAMAGED = auto()
    """A file that can't be read as a database."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What may still be included of a chain's transactions, by the records that know them.

    Attributes:
        until: when the last of them expires, by the chain's clock.
    """

    count: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Present:
    """What is at a database's address now.

    Attributes:
        sent: by chain, the transactions that nobody has proved dead, nor irreversible.
        is_certain: whether `sent` is all that there can be.
        fence: the highest of any author.
    """

    standing: Standing
    schema: str | None = None
    sent: Mapping[str, Sent] | None = None
    is_certain: bool = False
    fence: int = 0


def look_at(url: str) -> Present:
    """What is at an address; nothing is made there.

    Raises:
        InUse: a worker is at work with it.
        DatabaseUnavailable: that can't be told.
    """
    file = file_at(url)
    if file is not None and not file.exists():
        return Present(Standing.NOTHING)
    engine = connect(url)
    try:
        with reading(engine) as connection:
            return _look(connection)
    except DatabaseUnavailable:
        if file is not None and _is_damaged(file):
            return Present(Standing.DAMAGED)
        raise
    finally:
        engine.dispose()


def _look(connection: sa.Connection) -> Present:
    refuse_workers(connection)
    if is_empty(connection):
        return Present(Standing.EMPTY, schema_of(connection))
    return Present(
        Standing.FILLED,
        schema_of(connection),
        _sent(connection),
        is_certain=not _is_held(connection),
        fence=_highest_fence(connection),
    )


def refuse_newcomers(url: str, present: Present) -> None:
    """Raise where somebody is at work with what is at an address, or has been meanwhile."""
    if look_at(url) != present:
        raise InUse(_MEANWHILE)


def file_at(url: str) -> Path | None:
    """The file that an SQLite database is in, or would be; None for another kind."""
    address = address_of(url)
    is_file = address.get_backend_name() == "sqlite"
    return Path(address.database or "") if is_file else None


def _is_damaged(file: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True)) as found:
            found.execute("SELECT count(*) FROM sqlite_master").fetchone()
            [told] = found.execute("PRAGMA quick_check(1)").fetchone()
            return bool(told != "ok")
    except sqlite3.OperationalError:  # it is in use, or this user may not
        return False
    except sqlite3.DatabaseError:
        return True


def is_empty(connection: sa.Connection) -> bool:
    """Whether there is no row in any table of ours, but for heartbeats."""
    there = _ours(connection)
    return not any(
        connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first()
        for table in there
        if table is not workers
    )


def _ours(connection: sa.Connection) -> list[sa.Table]:
    names = set(sa.inspect(connection).get_table_names())
    return [table for table in metadata.sorted_tables if table.name in names]


def refuse_workers(connection: sa.Connection) -> None:
    """Raise `InUse` where a worker runs, or has an author in hand; of any schema."""
    there = _ours(connection)
    found: list[str] = []
    if workers in there:
        young = workers.c.seen_at.between(from_now(-ALIVE), from_now(ALIVE))
        query = sa.select(workers.c.worker).where(young, workers.c.stopped_at.is_(None))
        found += connection.execute(query).scalars()
    if leases in there and "worker" in _columns(connection, leases):
        query = sa.select(leases.c.worker).where(leases.c.until >= from_now(0.0)).distinct()
        found += connection.execute(query.where(leases.c.worker.is_not(None))).scalars()
    running = sorted({worker for worker in found if worker != RESTORED and not is_gone(worker)})
    if running:
        raise InUse(
            f"a service is at work with this database ({', '.join(running)}): stop it first; of "
            f"one that is gone it is known after {ALIVE:.0f} seconds"
        )


def _columns(connection: sa.Connection, table: sa.Table) -> set[str]:
    return {column["name"] for column in sa.inspect(connection).get_columns(table.name)}


def _sent(connection: sa.Connection) -> Mapping[str, Sent]:
    if not {publications, attempts} <= set(_ours(connection)):
        return {}
    rows = connection.execute(
        sa.select(publications.c.chain, sa.func.count(), sa.func.max(attempts.c.expiration))
        .join(publications, publications.c.id == attempts.c.publication_id)
        .where(attempts.c.outcome.in_(_OPEN))
        .group_by(publications.c.chain)
    )
    return {chain: Sent(count, until) for chain, count, until in rows}


def _highest_fence(connection: sa.Connection) -> int:
    if leases not in _ours(connection):
        return 0
    return connection.execute(sa.select(sa.func.max(leases.c.fence))).scalar() or 0


def _is_held(connection: sa.Connection) -> bool:
    """Whether another restored backup waits here until it is known what was sent."""
    if leases not in _ours(connection) or "until" not in _columns(connection, leases):
        return False
    held = leases.c.worker == RESTORED, leases.c.until > from_now(0.0)
    return connection.execute(sa.select(leases.c.id).where(*held).limit(1)).first() is not None


# -- how they get there ----------------------------------------------------------------------------


def put_file(part: Path, target: Path, present: Present, aside: Path | None) -> None:
    """Let an SQLite database be the one at a place; what is there is kept at `aside`.

    Raises:
        NotWritten: it can't be; what was there is there.
    """
    with saying(target):
        if present.standing is Standing.NOTHING:
            place(part, target)
        elif present.standing is Standing.DAMAGED and aside:
            move_away(target, aside)
            place(part, target)
        else:
            if aside:
                keep_copy(target, aside)
            put_in(part, target)


@contextmanager
def putting(url: str, present: Present, aside: str | None) -> Iterator[sa.Connection]:
    """A transaction in which a database on a server is made anew; its tables are empty then.

    What was there is kept in the schema `aside`; None: nothing was.

    Raises:
        InUse: somebody is at work with it, or has been meanwhile.
        SchemaDiffers: there are records of a newer version.
    """
    engine = connect(url)
    try:
        with writing(engine) as connection:
            lasting(connection)
            there = _ours(connection)
            for table in there:
                connection.execute(sa.text(f"LOCK TABLE {table.name} IN ACCESS EXCLUSIVE MODE"))
            if _look(connection) != present:
                raise InUse(_MEANWHILE)
            if present.schema is not None and present.schema > VERSION:
                raise SchemaDiffers(
                    f"the database has schema {present.schema}, which this briefbot doesn't know: "
                    "make an empty one, and set `database` to that"
                )
            if there and aside is not None:
                _move_aside(connection, there, aside)
            migrate(connection)
            connection.execute(sa.delete(workers))
            yield connection
    finally:
        engine.dispose()


def fill(source: sa.Connection, target: sa.Connection, tables: Sequence[sa.Table]) -> Sums:
    """Copy tables into empty ones, and read them again; returns what they hold.

    Raises:
        NotCopied: they don't hold what they should.
    """
    wanted = copy_rows(source, target, tables)
    if differs := difference(wanted, sums(target, tables)):
        raise NotCopied(f"what was written isn't what was read: {differs}; nothing was changed")
    set_sequences(target)
    if target.dialect.name == "postgresql":
        for table in tables:
            target.execute(sa.text(f"ANALYZE {table.name}"))
    return wanted


def _move_aside(connection: sa.Connection, there: Sequence[sa.Table], aside: str) -> None:
    connection.execute(sa.text(f'CREATE SCHEMA "{aside}"'))
    for name in (*(table.name for table in there), "alembic_version"):
        connection.execute(sa.text(f'ALTER TABLE {name} SET SCHEMA "{aside}"'))
