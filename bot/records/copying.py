"""Everything that one database holds, put into another one."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from bot.records.records import Records
from bot.records.tables import access_tokens, leases, metadata, sessions, users

_AT_ONCE = 1000  # rows
_PEOPLE = {users, sessions, access_tokens}


def copy_records(source: Records, target: Records) -> None:
    """Copy all rows, as they are at one moment, into a database that has none.

    There nobody has an author in hand, and nobody can sign in.

    Raises:
        DatabaseUnavailable: one of the two can't be used; the target is as it was then.
    """
    with source.reading() as there, target.writing() as here:
        for table in metadata.sorted_tables:
            if table in _PEOPLE:
                continue
            for rows in _rows(there, table):
                here.execute(sa.insert(table), rows)
        here.execute(sa.update(leases).values(worker=None, until=None))


def _rows(connection: sa.Connection, table: sa.Table) -> Iterator[list[dict[str, Any]]]:
    query = sa.select(table).order_by(*table.primary_key.columns)
    found = connection.execution_options(yield_per=_AT_ONCE).execute(query)
    for part in found.mappings().partitions():
        yield [dict(row) for row in part]
