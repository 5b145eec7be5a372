"""The devnet's file: a block and all objects it changed, in one SQLite transaction.

SIGKILL at any moment leaves whole blocks. What reversible blocks replaced is kept too, so that a
fork can take blocks back after a restart.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bot.devnet.state import Key

Replaced = dict[Key, dict[str, Any] | None]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (kind TEXT, name TEXT, value TEXT, PRIMARY KEY (kind, name));
CREATE TABLE IF NOT EXISTS blocks (num INTEGER PRIMARY KEY, value TEXT, replaced TEXT);
"""


class Store:
    """One folder's file, or memory when there is no folder."""

    def __init__(self, folder: Path | None) -> None:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(folder / "devnet.db" if folder else ":memory:")
        self._connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
        self._connection.executescript(_SCHEMA)

    def genesis(self, objects: Iterable[tuple[Key, dict[str, Any] | None]]) -> None:
        """Put the objects with which the chain begins."""
        with self._connection as connection:
            self._put(connection, objects)

    def write(
        self,
        num: int,
        block: dict[str, Any],
        changed: Iterable[tuple[Key, dict[str, Any] | None]],
        replaced: Replaced,
        irreversible: int,
    ) -> None:
        """Add a block, with the objects that it changed and what they were before."""
        before = json.dumps([[*key, value] for key, value in replaced.items()])
        with self._connection as connection:
            connection.execute(
                "INSERT INTO blocks VALUES (?, ?, ?)", (num, json.dumps(block), before)
            )
            connection.execute(
                "UPDATE blocks SET replaced = NULL WHERE num <= ? AND replaced IS NOT NULL",
                (irreversible,),
            )
            self._put(connection, changed)

    def pop(self, num: int, replaced: Replaced) -> None:
        """Take the last block away."""
        with self._connection as connection:
            connection.execute("DELETE FROM blocks WHERE num = ?", (num,))
            self._put(connection, replaced.items())

    @staticmethod
    def _put(
        connection: sqlite3.Connection, objects: Iterable[tuple[Key, dict[str, Any] | None]]
    ) -> None:
        for (kind, name), value in objects:
            if value is None:
                connection.execute("DELETE FROM objects WHERE kind = ? AND name = ?", (kind, name))
            else:
                connection.execute(
                    "INSERT OR REPLACE INTO objects VALUES (?, ?, ?)",
                    (kind, name, json.dumps(value)),
                )

    def objects(self) -> Iterator[tuple[Key, dict[str, Any]]]:
        """Everything in the state."""
        for kind, name, value in self._connection.execute("SELECT * FROM objects ORDER BY rowid"):
            yield (kind, name), json.loads(value)

    def blocks(self) -> Iterator[tuple[dict[str, Any], Replaced]]:
        """Every block, and what it replaced while that is kept."""
        query = "SELECT value, replaced FROM blocks ORDER BY num"
        for value, replaced in self._connection.execute(query):
            entries = json.loads(replaced) if replaced else []
            yield json.loads(value), {(kind, name): before for kind, name, before in entries}

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
