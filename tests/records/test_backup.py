"""A database's rows in a file, in another database, and back: on both engines, none altered."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa

from bot.records import Records
from bot.records.backup import KEPT, LEFT_OUT, back_up
from bot.records.copying import difference, sums
from bot.records.engine import VERSION, connect
from bot.records.restoring import move, restore
from bot.records.tables import Exact, Instant, from_now, leases, metadata, news_ways, workers
from bot.records.target import RESTORED, Occupied, look_at

NOW = datetime(2026, 12, 1, 9, 0, 0, 123456, tzinfo=UTC)
ODD = "Ünï \U0001f5de “ “ \x7f\u202e '\"; -- %s {}"
VALUES = {
    Instant: NOW, Exact: Decimal("0.00000001"), sa.JSON: {"b": [1, None, ODD], "a": True},
    sa.LargeBinary: bytes(range(256)), sa.Boolean: True, sa.BigInteger: 2**53 + 1,
    sa.SmallInteger: 3, sa.Integer: 7, sa.Date: date(2026, 2, 28), sa.Text: ODD,
}  # fmt: skip
PLAIN = {"status": "held", "kind": "post", "outcome": "expired", "source": "queued",
         "target": "held", "role": "editor"}  # fmt: skip


def put_odd_rows(records):
    """A row in each table, with all that a column can hold, and one with as little as it may."""
    with records.writing() as connection:
        for table in metadata.sorted_tables:
            for number in (7, 8):
                connection.execute(sa.insert(table).values(row_of(table, number)))


def row_of(table, number):
    row = {}
    for column in table.columns:
        if number == 8 and (column.nullable or column.server_default is not None):
            continue
        kind = next(kind for kind in type(column.type).__mro__ if kind in VALUES)
        row[column.name] = VALUES[kind]
        if kind is sa.Text:
            row[column.name] = PLAIN.get(column.name, f"{ODD}{number}")
        if column.foreign_keys or (column.primary_key and kind is sa.Integer):
            row[column.name] = number
    return row


def other(records, request, tmp_path):
    """The address of an empty database of the other kind."""
    if records.file is not None:
        return request.getfixturevalue("postgresql")(empty=True)
    return f"sqlite:///{tmp_path / 'other.db'}"


def held(url, tables):
    engine = connect(url)
    try:
        with engine.connect() as connection:
            return sums(connection, tables)
    finally:
        engine.dispose()


def test_a_moved_database_has_every_row_as_it_was_and_numbers_on(records, request, tmp_path):
    put_odd_rows(records)
    with records.writing() as connection:
        connection.execute(sa.delete(workers))
        connection.execute(sa.update(leases).values(until=from_now(-1.0)))
    url = other(records, request, tmp_path)

    move(records, url)

    with records.snapshot() as connection:
        before = sums(connection, metadata.sorted_tables)
    assert difference(before, held(url, metadata.sorted_tables)) is None
    with Records.open(url) as moved, moved.writing() as connection:
        table = metadata.tables["events"]
        row = row_of(table, 8) | {"publication_id": 7}
        del row["id"]
        assert connection.execute(sa.insert(table).values(row).returning(table.c.id)).scalar() == 9
    with pytest.raises(Occupied, match="name an empty database"):
        move(records, url)


@pytest.mark.parametrize("elsewhere", [False, True], ids=["same", "other"])
def test_a_restored_backup_has_every_row_but_what_is_true_of_a_moment(
    records, request, tmp_path, elsewhere
):
    put_odd_rows(records)
    with records.writing() as connection:
        connection.execute(sa.update(leases).values(until=from_now(-1.0)))
    file = tmp_path / "b.backup"
    made = back_up(records, file, NOW)
    kept = [table for table in KEPT if table not in {leases, news_ways}]
    with records.snapshot() as connection:
        before = sums(connection, kept)
    with records.writing() as connection:
        connection.execute(sa.delete(workers))
    url = records._engine.url.render_as_string(hide_password=False)
    if elsewhere:
        url = other(records, request, tmp_path)
    elif records.file:
        url = f"sqlite:///{records.file}"

    done = restore(file, url, look_at(url), NOW, [("devnet", "new")])

    assert (made.schema, done.backup.rows, done.held) == (VERSION, made.rows, elsewhere)
    assert bool(done.kept) is not elsewhere
    assert difference(before, held(url, kept)) is None
    assert not any(one.rows for one in held(url, LEFT_OUT).values())
    with Records.open(url) as restored, restored.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(leases)).scalar() == 3
        [holder] = connection.execute(sa.select(leases.c.worker).distinct()).scalars()
        assert holder == (RESTORED if elsewhere else None)
        assert connection.execute(sa.select(sa.func.min(leases.c.fence))).scalar() > 7 - elsewhere
