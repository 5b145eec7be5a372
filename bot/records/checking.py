"""Whether a database is whole: its file, its schema, and what must be true of its rows.

All of it is asked as of one moment, and nothing is changed. What only the chain can tell is
`briefbot audit`'s.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from bot.records.history import broken_attempts, broken_path
from bot.records.reading import attempt_of, event_of, publication_of
from bot.records.records import Records
from bot.records.tables import (
    PENDING,
    SHOWING,
    attempts,
    events,
    leases,
    metadata,
    picture_files,
    publications,
)
from bot.records.values import Attempt, Kind, Outcome, PictureFile, Publication, Status

RESTORE = (
    "restore a backup (`briefbot db restore`), or move the database away: a new one is rebuilt "
    "from the chain"
)
_MOST = 20  # of a kind that a database's own check tells
_STATUSES, _KINDS, _OUTCOMES = frozenset(Status), frozenset(Kind), frozenset(Outcome)
_IN_BLOCK = {Status.INCLUDED, Status.FINAL}
_AT_ONCE = 1000  # rows


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that must not be.

    Attributes:
        code: `file`, `schema`, `orphan`, `sequence`, `value`, `sealed`, `path`, `attempts`,
            `block`, `lease`, `picture` (docs/operations.md).
        subject: of what.
        message: what is wrong, and what to do.
    """

    code: str
    subject: str
    message: str


def faults(records: Records) -> Iterator[Fault]:
    """What is wrong with a database, the coarsest first; where its file is damaged, no more.

    Raises:
        DatabaseUnavailable: it can't be read.
    """
    with records.snapshot() as connection:
        is_damaged = False
        for fault in _file(connection):
            is_damaged = True
            yield fault
        if is_damaged:
            return
        yield from structure(connection)
        yield from _orphans(connection)
        yield from _sequences(connection)
        try:
            yield from _histories(connection)
            yield from _leases(connection)
            yield from _pictures(connection)
        except (ValueError, TypeError, LookupError) as error:
            what = f"a value can't be read ({type(error).__name__})"
            yield Fault("value", "publications", f"{what}: {RESTORE}")


def _file(connection: sa.Connection) -> Iterator[Fault]:
    if connection.dialect.name != "sqlite":
        return
    told = connection.exec_driver_sql(f"PRAGMA integrity_check({_MOST})").scalars().all()
    if told != ["ok"]:
        for what in told:
            yield Fault("file", "database", f"{what}: {RESTORE}")


def structure(connection: sa.Connection) -> Iterator[Fault]:
    """Tables, columns and indices that this version's schema has, and the database hasn't."""
    remedy = RESTORE
    inspector = sa.inspect(connection)
    there = set(inspector.get_table_names())
    for name, table in metadata.tables.items():
        if name not in there:
            yield Fault("schema", name, f"there is no table {name}; {remedy}")
            continue
        columns = {column["name"] for column in inspector.get_columns(name)}
        for column in table.columns:
            if column.name not in columns:
                yield Fault("schema", name, f"table {name} has no column {column.name}; {remedy}")
    indices = _index_names(connection)
    for table in metadata.sorted_tables:
        for index in sorted(str(index.name) for index in table.indexes):
            if index not in indices:
                yield Fault("schema", table.name, f"there is no index {index}; {remedy}")


def _index_names(connection: sa.Connection) -> set[str]:
    """Of all indices, those on expressions as well, which the inspector leaves out."""
    asked = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index'",
        "postgresql": "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()",
    }
    return set(connection.execute(sa.text(asked[connection.dialect.name])).scalars())


def _orphans(connection: sa.Connection) -> Iterator[Fault]:
    """Rows whose parent isn't there."""
    for table in metadata.sorted_tables:
        for key in table.foreign_keys:
            parent = key.column
            there = sa.exists().where(parent == key.parent)
            orphans = sa.select(sa.func.count()).where(key.parent.is_not(None), sa.not_(there))
            if count := connection.execute(orphans.select_from(table)).scalar_one():
                what = f"{count} rows of {table.name} belong to no row of {parent.table.name}"
                yield Fault("orphan", table.name, f"{what}: {RESTORE}")


def _sequences(connection: sa.Connection) -> Iterator[Fault]:
    """Of PostgreSQL, what numbers the next row: a number that was given out would be refused."""
    if connection.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        named = sa.select(sa.func.pg_get_serial_sequence(table.name, column.name))
        name = connection.execute(named).scalar()
        last = connection.execute(sa.select(sa.func.max(column))).scalar() or 0
        if name is None:
            yield Fault("sequence", table.name, f"nothing numbers its rows: {RESTORE}")
            continue
        given = connection.execute(
            sa.text(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {name}")  # noqa: S608
        ).scalar_one()
        if given < last:
            what = f"the next rows would get numbers that are taken, up to {last}"
            yield Fault("sequence", table.name, f"{what}: SELECT setval('{name}', {last})")


def _histories(connection: sa.Connection) -> Iterator[Fault]:
    """Each publication with its events and attempts, one after the other."""
    read = connection.execution_options(yield_per=_AT_ONCE)
    of_events = _grouped(read, sa.select(events).order_by(events.c.publication_id, events.c.id))
    of_attempts = _grouped(
        read, sa.select(attempts).order_by(attempts.c.publication_id, attempts.c.number)
    )
    rows = read.execute(sa.select(publications).order_by(publications.c.id))
    for row in rows:
        yield from _history(row, of_events.of(row.id), of_attempts.of(row.id))


class _Grouped:
    """Rows by their publication, as those are asked for in order."""

    def __init__(self, rows: Iterable[sa.Row[Any]]) -> None:
        self._groups = groupby(rows, key=attrgetter("publication_id"))
        self._next = next(self._groups, None)

    def of(self, number: int) -> Sequence[sa.Row[Any]]:
        while self._next is not None and self._next[0] < number:
            self._next = next(self._groups, None)
        if self._next is None or self._next[0] != number:
            return ()
        found = list(self._next[1])
        self._next = next(self._groups, None)
        return found


def _grouped(read: sa.Connection, query: sa.Select[Any]) -> _Grouped:
    return _Grouped(read.execute(query))


def _history(
    row: sa.Row[Any], of_events: Sequence[sa.Row[Any]], of_attempts: Sequence[sa.Row[Any]]
) -> Iterator[Fault]:
    subject = f"{row.brief} ({row.chain}, publication {row.id})"

    def fault(code: str, what: str) -> Fault:
        return Fault(code, subject, f"{what}: {RESTORE}")

    words = [
        (row.status, _STATUSES), (row.kind, _KINDS),
        *((event.target, _STATUSES) for event in of_events),
        *((event.source, _STATUSES) for event in of_events if event.source is not None),
        *((attempt.outcome, _OUTCOMES) for attempt in of_attempts),
    ]  # fmt: skip
    unknown = sorted({word for word, known in words if word not in known})
    if unknown:
        yield fault("value", f"there is no such status, kind or outcome: {', '.join(unknown)}")
        return
    publication = publication_of(row)
    yield from (fault(*found) for found in _of_publication(publication))
    path = list(broken_path([event_of(each) for each in of_events], publication.status))
    yield from (fault("path", what) for what in path)
    tries = [attempt_of(each) for each in of_attempts]
    yield from (fault("attempts", what) for what in _of_attempts(tries, publication.status))


def _of_publication(row: Publication) -> Iterator[tuple[str, str]]:
    if row.digest is not None and row.digest != row.sealed():
        yield "sealed", "what is stored isn't what was queued; it is never sent"
    if row.status in _IN_BLOCK and (row.block_num is None or not row.trx_id):
        yield "block", f"it is {row.status.value}, and in no block"


def _of_attempts(tries: Sequence[Attempt], status: Status) -> Iterator[str]:
    numbers = [attempt.number for attempt in tries]
    if numbers != list(range(1, len(tries) + 1)):
        yield f"its attempts have the numbers {', '.join(map(str, numbers))}"
    for attempt in tries:
        if attempt.digest is not None and attempt.digest != attempt.sealed():
            yield f"attempt {attempt.number} isn't what was signed; it is never sent"
    yield from broken_attempts(tries, status)


def _leases(connection: sa.Connection) -> Iterator[Fault]:
    """Authors whom no worker can take in hand, though something is to go out for them."""
    there = sa.exists().where(
        leases.c.chain == publications.c.chain, leases.c.author == publications.c.author
    )
    query = (
        sa.select(publications.c.chain, publications.c.author)
        .where(PENDING, sa.not_(there))
        .distinct()
    )
    for chain_name, author in connection.execute(query):
        what = "no worker can take this author in hand; queue a brief of the author's"
        yield Fault("lease", f"{author} ({chain_name})", what)


def _pictures(connection: sa.Connection) -> Iterator[Fault]:
    known = set()
    for row in connection.execution_options(yield_per=1).execute(sa.select(picture_files)):
        known.add(row.sha256)
        if not PictureFile(row.sha256, row.kind, row.data).is_whole():
            what = "the picture isn't what was stored; change its brief's file to have it read anew"
            yield Fault("picture", row.sha256, what)
    query = sa.select(publications.c.id, publications.c.brief, publications.c.shows).where(SHOWING)
    for row in connection.execute(query):
        missing = sorted(path for path, digest in (row.shows or {}).items() if digest not in known)
        if missing:
            what = (
                f"its pictures are missing: {', '.join(missing)}; change its file to queue it anew"
            )
            yield Fault("picture", f"{row.brief} (publication {row.id})", what)
