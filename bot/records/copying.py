"""Everything that one database holds, put into another one; and sums that show that it is the same.

A row is summed up as SQLite stores it, its columns in the order of their names: that way it doesn't
matter which of the two engines it stands in, or in which order rows and columns are read.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from bot.records.engine import RecordsError, said_plainly
from bot.records.records import Records
from bot.records.tables import access_tokens, leases, metadata, sessions, users

_AT_ONCE = 1000  # rows
_PEOPLE = {users, sessions, access_tokens}
_MODULUS = 2**256
_SQLITE = sqlite.dialect()
_encoder = json.JSONEncoder(default=bytes.hex)


class NotCopied(RecordsError):  # noqa: N818  # what happened
    """A row can't stand in the other database, or doesn't stand there as it was."""


@dataclass(frozen=True, slots=True)
class Sum:
    """What a table holds.

    Attributes:
        checksum: sha256 of each row's JSON, added up modulo 2**256, as 64 digits: so in any order.
    """

    rows: int = 0
    checksum: str = f"{0:064x}"

    def plus(self, rows: Sequence[Sequence[Any]]) -> "Sum":
        """With further rows."""
        total = int(self.checksum, 16)
        for row in rows:
            total += int.from_bytes(sha256(_encoder.encode(row).encode()).digest())
        return Sum(self.rows + len(rows), f"{total % _MODULUS:064x}")


Sums = Mapping[str, Sum]
"""Of each table, by its name."""


def copy_records(source: Records, target: Records) -> None:
    """Copy all rows, as they are at one moment, into a database that has none.

    There nobody has an author in hand, and nobody can sign in.

    Raises:
        DatabaseUnavailable: one of the two can't be used; the target is as it was then.
    """
    with source.snapshot() as there, target.writing() as here:
        copy_rows(there, here, [table for table in metadata.sorted_tables if table not in _PEOPLE])
        here.execute(sa.update(leases).values(worker=None, until=None))


def copy_rows(source: sa.Connection, target: sa.Connection, tables: Iterable[sa.Table]) -> Sums:
    """Copy all rows of these tables, parents before children; returns what was read.

    Raises:
        NotCopied: the other engine can't hold a row.
    """
    return {table.name: _copy(source, target, table) for table in tables}


def sums(connection: sa.Connection, tables: Iterable[sa.Table]) -> Sums:
    """What these tables hold, in either engine."""
    found = {}
    for table in tables:
        found[table.name] = Sum()
        for rows in _stored_rows(connection, table):
            found[table.name] = found[table.name].plus(rows)
    return found


def set_sequences(connection: sa.Connection) -> None:
    """Let PostgreSQL number on behind the rows that were put in with their numbers."""
    if connection.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None:
            last = sa.func.max(column)
            sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
            is_used = last.is_not(None)
            connection.execute(
                sa.select(sa.func.setval(sequence, sa.func.coalesce(last, 1), is_used))
            )


def difference(wanted: Sums, found: Sums) -> str | None:
    """In one clause, the first table that doesn't hold what it should; None: all do."""
    for name, one in wanted.items():
        other = found.get(name, Sum())
        if one.rows != other.rows:
            return f"table {name} has {other.rows} rows in place of {one.rows}"
        if one != other:
            return f"the rows of table {name} are others than they were"
    return None


def stored(table: sa.Table, rows: Iterable[Sequence[Any]]) -> list[Sequence[Any]]:
    """Rows, given in the order of `by_name`, as SQLite stores them."""
    return _processed(table, _SQLITE, rows)


def _processed(
    table: sa.Table, dialect: sa.Dialect, rows: Iterable[Sequence[Any]]
) -> list[Sequence[Any]]:
    """Rows as an engine's driver takes them."""
    processors = _processors(table, dialect)
    return [
        [value if process is None else process(value) for process, value in pairs]
        for pairs in (zip(processors, row, strict=True) for row in rows)
    ]


def by_name(table: sa.Table) -> list[sa.Column[Any]]:
    """A table's columns in the order of their names."""
    return sorted(table.columns, key=lambda column: column.name)


@cache
def _processors(table: sa.Table, dialect: sa.Dialect) -> list[Any]:
    return [column.type.dialect_impl(dialect).bind_processor(dialect) for column in by_name(table)]


def _copy(source: sa.Connection, target: sa.Connection, table: sa.Table) -> Sum:
    put = _put_in_file if target.dialect.name == "sqlite" else _put_on_server
    try:
        return put(source, target, table)
    except (sa.exc.DataError, sa.exc.IntegrityError) as error:
        [cause, *_] = str(error.orig).strip().splitlines()
        raise NotCopied(
            f"a row of table {table.name} can't stand in the other database: {cause}; `briefbot db "
            "check` tells what is wrong with it"
        ) from None


def _put_in_file(source: sa.Connection, target: sa.Connection, table: sa.Table) -> Sum:
    columns = [_quoted(column) for column in by_name(table)]
    places = ", ".join("?" * len(columns))
    statement = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608
    found = Sum()
    for rows in _stored_rows(source, table):
        found = found.plus(rows)
        target.exec_driver_sql(statement, [tuple(row) for row in rows])
    return found


def _put_on_server(source: sa.Connection, target: sa.Connection, table: sa.Table) -> Sum:
    """By COPY, as a server takes many rows."""
    import psycopg  # noqa: PLC0415  # it is there where there is such a server

    columns = ", ".join(_quoted(column) for column in by_name(table))
    statement = f"COPY {table.name} ({columns}) FROM STDIN"
    connection: Any = target.connection.driver_connection
    found = Sum()
    try:
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for rows in _rows(source, table):
                found = found.plus(stored(table, rows))
                for row in _processed(table, target.dialect, rows):
                    copy.write_row(row)
    except psycopg.Error as error:
        wrapped = sa.exc.DBAPIError.instance(statement, None, error, psycopg.Error)
        raise wrapped from None
    return found


def _stored_rows(connection: sa.Connection, table: sa.Table) -> Iterator[Sequence[Sequence[Any]]]:
    """A table's rows as SQLite stores them; from SQLite just so, whatever they are."""
    if connection.dialect.name != "sqlite":
        for some in _rows(connection, table):
            yield stored(table, some)
        return
    columns = ", ".join(_quoted(column) for column in by_name(table))
    with said_plainly():
        found = connection.exec_driver_sql(f"SELECT {columns} FROM {table.name}")  # noqa: S608
        for rows in found.partitions(_AT_ONCE):
            yield [list(row) for row in rows]


def _rows(connection: sa.Connection, table: sa.Table) -> Iterator[Sequence[sa.Row[Any]]]:
    query = sa.select(*by_name(table)).execution_options(yield_per=_AT_ONCE)
    with said_plainly():  # what goes wrong where they are put is told by who puts them there
        yield from connection.execute(query).partitions()


def _quoted(column: sa.Column[Any]) -> str:
    return f'"{column.name}"'
