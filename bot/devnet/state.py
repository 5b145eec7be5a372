"""The state: tables of plain objects, with an undo log, so that blocks can be popped."""

from typing import Any

Key = tuple[str, str]
"""A table's name and an object's key in it."""


class State:
    """Objects by (table, key). They are replaced, never changed in place.

    Changes go into the innermost open frame: pending transactions have one, each block has one.
    """

    def __init__(self) -> None:
        self._objects: dict[Key, dict[str, Any]] = {}
        self._frames: list[dict[Key, dict[str, Any] | None]] = []

    def get(self, table: str, key: str) -> dict[str, Any] | None:
        """The object, or None."""
        return self._objects.get((table, key))

    def put(self, table: str, key: str, value: dict[str, Any]) -> None:
        """Put an object in place of what was there."""
        self._remember((table, key))
        self._objects[table, key] = value

    def change(self, table: str, key: str, **changes: Any) -> dict[str, Any]:
        """Replace an object by a copy with some fields changed."""
        value = self._objects[table, key] | changes
        self.put(table, key, value)
        return value

    def remove(self, table: str, key: str) -> None:
        """Remove an object."""
        self._remember((table, key))
        del self._objects[table, key]

    def table(self, name: str) -> list[dict[str, Any]]:
        """All objects of a table, in the order of their making."""
        return [value for (table, _), value in self._objects.items() if table == name]

    def _remember(self, key: Key) -> None:
        if self._frames and key not in self._frames[-1]:
            self._frames[-1][key] = self._objects.get(key)

    def open(self) -> None:
        """Open a frame."""
        self._frames.append({})

    def close(self) -> dict[Key, dict[str, Any] | None]:
        """Close the innermost frame and keep its changes; returns what they replaced."""
        frame = self._frames.pop()
        if self._frames:
            self._frames[-1] = frame | self._frames[-1]
        return frame

    def undo(self) -> None:
        """Take back the innermost frame."""
        self.restore(self._frames.pop())

    def restore(self, frame: dict[Key, dict[str, Any] | None]) -> None:
        """Put back what a closed frame replaced."""
        for key, before in frame.items():
            if before is None:
                self._objects.pop(key, None)
            else:
                self._objects[key] = before

    def load(self, key: Key, value: dict[str, Any]) -> None:
        """Put an object read from the disk, outside of any frame."""
        self._objects[key] = value
