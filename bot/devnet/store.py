"""The devnet's file: a block and all objects it changed, in one SQLite transaction.

SIGKILL at any moment leaves whole blocks. What reversible blocks replaced is kept too, so that a
fork can take blocks back after a restart. Old blocks and the accounts' history stay here and are
read when somebody asks; only the state lives in memory.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.devnet.moments import seconds
from bot.devnet.state import Key, Replaced, Value

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (kind TEXT, name TEXT, value TEXT, PRIMARY KEY (kind, name));
CREATE TABLE IF NOT EXISTS blocks (
    num INTEGER PRIMARY KEY, id TEXT, time INTEGER, value TEXT, replaced TEXT);
CREATE TABLE IF NOT EXISTS transactions (
    id TEXT PRIMARY KEY, num INTEGER, expiration INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS history (number INTEGER PRIMARY KEY, num INTEGER, value TEXT);
CREATE INDEX IF NOT EXISTS history_by_block ON history (num);
CREATE TABLE IF NOT EXISTS impacted (account TEXT, number INTEGER, PRIMARY KEY (account, number))
    WITHOUT ROWID;
"""


_VERSION = 2  # of the tables above
_LARGEST_STEP = 42  # blocks by which irreversibility can advance at once


@dataclass(frozen=True, slots=True)
class Applied:
    """An operation of a block, real or virtual, and the accounts that it is about."""

    entry: Value
    accounts: tuple[str, ...]


class StoreDiffers(Exception):  # noqa: N818  # what happened
    """The folder's file was made by another version of the devnet, or is none."""


class Store:
    """One folder's file, or memory when there is no folder.

    Raises:
        StoreDiffers: the file isn't of this version.
    """

    def __init__(self, folder: Path | None) -> None:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(folder / "devnet.db" if folder else ":memory:")
        try:
            self._open()
        except sqlite3.DatabaseError:
            raise StoreDiffers(f"{folder}/devnet.db is no devnet's file") from None

    def _open(self) -> None:
        tables = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if tables and version != _VERSION:
            raise StoreDiffers(
                f"its chain was made by another version of the devnet ({version}, not {_VERSION})"
            )
        self._connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
        self._connection.executescript(_SCHEMA)
        self._connection.execute(f"PRAGMA user_version = {_VERSION}")

    # -- writing ----------------------------------------------------------------------------------

    def genesis(self, objects: Iterable[tuple[Key, Value | None]]) -> None:
        """Put the objects with which the chain begins."""
        with self._connection as connection:
            self._put(connection, objects)

    def write(
        self,
        block: tuple[int, str, int],
        value: Value,
        applied: Iterable[Applied],
        changed: Iterable[tuple[Key, Value | None]],
        replaced: Replaced,
        irreversible: int,
    ) -> None:
        """Add a block, with the objects that it changed and what they were before.

        Args:
            block: its number, id and time.
            irreversible: what blocks up to this number replaced is forgotten.
        """
        num = block[0]
        before = json.dumps([[*key, old] for key, old in replaced.items()])
        living = [
            (trx_id, num, seconds(transaction["expiration"]))
            for trx_id, transaction in zip(
                value["transaction_ids"], value["transactions"], strict=True
            )
        ]
        with self._connection as connection:
            connection.execute(
                "INSERT INTO blocks VALUES (?, ?, ?, ?, ?)", (*block, json.dumps(value), before)
            )
            connection.executemany("INSERT INTO transactions VALUES (?, ?, ?)", living)
            for operation in applied:
                added = connection.execute(
                    "INSERT INTO history (num, value) VALUES (?, ?)",
                    (num, json.dumps(operation.entry)),
                )
                connection.executemany(
                    "INSERT INTO impacted VALUES (?, ?)",
                    [(account, added.lastrowid) for account in operation.accounts],
                )
            connection.execute(
                "UPDATE blocks SET replaced = NULL WHERE num BETWEEN ? AND ?",
                (irreversible - _LARGEST_STEP, irreversible),
            )
            self._put(connection, changed)

    def pop(self, num: int, replaced: Replaced) -> None:
        """Take the last block away."""
        with self._connection as connection:
            connection.execute("DELETE FROM blocks WHERE num = ?", (num,))
            connection.execute("DELETE FROM transactions WHERE num = ?", (num,))
            connection.execute(
                "DELETE FROM impacted WHERE number IN (SELECT number FROM history WHERE num = ?)",
                (num,),
            )
            connection.execute("DELETE FROM history WHERE num = ?", (num,))
            self._put(connection, replaced.items())

    @staticmethod
    def _put(connection: sqlite3.Connection, objects: Iterable[tuple[Key, Value | None]]) -> None:
        for (kind, name), value in objects:
            if value is None:
                connection.execute("DELETE FROM objects WHERE kind = ? AND name = ?", (kind, name))
            else:
                connection.execute(
                    "INSERT OR REPLACE INTO objects VALUES (?, ?, ?)",
                    (kind, name, json.dumps(value)),
                )

    # -- reading ----------------------------------------------------------------------------------

    def objects(self) -> Iterator[tuple[Key, Value]]:
        """Everything in the state."""
        for kind, name, value in self._connection.execute("SELECT * FROM objects ORDER BY rowid"):
            yield (kind, name), json.loads(value)

    def heads(self) -> list[tuple[str, int]]:
        """Id and time of every block, first to last."""
        return list(self._connection.execute("SELECT id, time FROM blocks ORDER BY num"))

    def reversible(self) -> list[tuple[int, Replaced]]:
        """What the blocks replaced that may still be undone, first to last."""
        query = "SELECT num, replaced FROM blocks WHERE replaced IS NOT NULL ORDER BY num"
        return [
            (num, {(kind, name): before for kind, name, before in json.loads(replaced)})
            for num, replaced in self._connection.execute(query)
        ]

    def block(self, num: int) -> Value:
        """A block as it was written."""
        query = "SELECT value FROM blocks WHERE num = ?"
        value: Value = json.loads(self._connection.execute(query, (num,)).fetchone()[0])
        return value

    def including(self, trx_id: str) -> int | None:
        """The number of the block that holds a transaction, or None."""
        query = "SELECT num FROM transactions WHERE id = ?"
        row = self._connection.execute(query, (trx_id,)).fetchone()
        return None if row is None else int(row[0])

    def living(self, moment: int) -> list[tuple[str, int]]:
        """Transactions that expire at this moment or later, with their expiration."""
        query = "SELECT id, expiration FROM transactions WHERE expiration >= ?"
        return list(self._connection.execute(query, (moment,)))

    def applied(self, num: int) -> list[Value]:
        """A block's operations, real and virtual, in order."""
        query = "SELECT value FROM history WHERE num = ? ORDER BY number"
        return [json.loads(value) for (value,) in self._connection.execute(query, (num,))]

    def account_history(self, account: str, upto: int, limit: int) -> list[tuple[int, Any]]:
        """The last `limit` of the first `upto` operations about an account.

        Returns:
            Pairs of a number, counted from 0 for each account, and the operation; oldest first.
        """
        query = "SELECT count(*) FROM impacted WHERE account = ?"
        count = int(self._connection.execute(query, (account,)).fetchone()[0])
        end = min(upto, count)
        begin = max(0, end - limit)
        query = (
            "SELECT value FROM impacted JOIN history USING (number) WHERE account = ? "
            "ORDER BY number LIMIT ? OFFSET ?"
        )
        rows = self._connection.execute(query, (account, end - begin, begin))
        return [(begin + place, json.loads(value)) for place, (value,) in enumerate(rows)]

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
