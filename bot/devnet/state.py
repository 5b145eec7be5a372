"""The state: tables of plain objects, with an undo log, so that blocks can be popped."""

import heapq
from collections.abc import Callable, Iterable
from typing import Any

Value = dict[str, Any]
Key = tuple[str, str]
"""A table's name and an object's key in it."""
Replaced = dict[Key, Value | None]
"""What a frame's changes replaced; None where nothing was."""
Indexed = Callable[[Value], Iterable[str]]


class Index:
    """The keys of one table's objects by something about them, in the order of their coming."""

    def __init__(self, table: str, of: Indexed) -> None:
        self.table = table
        self._of = of
        self._keys: dict[str, dict[str, None]] = {}
        self._order: list[str] = []

    def change(self, key: str, before: Value | None, after: Value | None) -> None:
        """Follow an object's change."""
        old = set() if before is None else set(self._of(before))
        new = set() if after is None else set(self._of(after))
        for entry in old - new:
            del self._keys[entry][key]
            if not self._keys[entry]:
                del self._keys[entry]
        for entry in new - old:
            if entry not in self._keys:
                self._keys[entry] = {}
                heapq.heappush(self._order, entry)
            self._keys[entry][key] = None

    def keys(self, entry: str) -> list[str]:
        """The keys under one entry."""
        return list(self._keys.get(entry, ()))

    def entries(self) -> list[str]:
        """All entries, in the order of their coming."""
        return list(self._keys)

    def until(self, last: str) -> list[str]:
        """The keys under all entries up to and with `last`, which the caller takes out there."""
        entries: dict[str, None] = {}  # one that was undone and made again stands there twice
        while self._order and self._order[0] <= last:
            entries[heapq.heappop(self._order)] = None
        return [key for entry in entries for key in self._keys.get(entry, ())]


class State:
    """Objects by (table, key). They are replaced, never changed in place.

    Changes go into the innermost open frame: pending transactions have one, each block has one.
    """

    def __init__(self, *indexes: Index) -> None:
        self._tables: dict[str, dict[str, Value]] = {}
        self._frames: list[Replaced] = []
        self._indexes: dict[str, list[Index]] = {}
        for index in indexes:
            self._indexes.setdefault(index.table, []).append(index)

    def get(self, table: str, key: str) -> Value | None:
        """The object, or None."""
        return self._tables.get(table, {}).get(key)

    def need(self, table: str, key: str) -> Value:
        """An object that must be there."""
        return self._tables[table][key]

    def put(self, table: str, key: str, value: Value) -> None:
        """Put an object in place of what was there."""
        self._remember((table, key))
        self._set((table, key), value)

    def change(self, table: str, key: str, **changes: Any) -> Value:
        """Replace an object by a copy with some fields changed."""
        value = self._tables[table][key] | changes
        self.put(table, key, value)
        return value

    def remove(self, table: str, key: str) -> None:
        """Remove an object."""
        self._remember((table, key))
        self._set((table, key), None)

    def table(self, name: str) -> Iterable[Value]:
        """All objects of a table, in the order of their making."""
        return self._tables.get(name, {}).values()

    def count(self, name: str) -> int:
        """How many objects a table has."""
        return len(self._tables.get(name, {}))

    def _remember(self, key: Key) -> None:
        if self._frames and key not in self._frames[-1]:
            self._frames[-1][key] = self.get(*key)

    def _set(self, key: Key, value: Value | None) -> None:
        name, identity = key
        table = self._tables.setdefault(name, {})
        for index in self._indexes.get(name, ()):
            index.change(identity, table.get(identity), value)
        if value is None:
            table.pop(identity, None)
        else:
            table[identity] = value

    def open(self) -> None:
        """Open a frame."""
        self._frames.append({})

    def close(self) -> Replaced:
        """Close the innermost frame and keep its changes; returns what they replaced."""
        frame = self._frames.pop()
        if self._frames:
            for key, before in frame.items():
                self._frames[-1].setdefault(key, before)
        return frame

    def undo(self) -> None:
        """Take back the innermost frame."""
        self.restore(self._frames.pop())

    def restore(self, frame: Replaced) -> None:
        """Put back what a closed frame replaced."""
        for key, before in frame.items():
            self._set(key, before)

    def load(self, key: Key, value: Value) -> None:
        """Put an object read from the disk, outside of any frame."""
        self._set(key, value)
