"""Where files of a folder lie, by their names: how Obsidian finds an attachment."""

import os
from pathlib import Path


class Listing:
    """Files below a folder by name; listed anew when a folder in it has changed.

    Hidden folders are passed over.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folders: dict[str, int] = {}
        self._files: dict[str, list[str]] = {}

    def first(self, name: str) -> str | None:
        """The path of the file that is called so, the one highest up and first in the alphabet.

        Args:
            name: a file's name, perhaps with the folders above it; in any case.
        """
        if not self._folders or any(_changed_at(f) != at for f, at in self._folders.items()):
            self._list()
        end = f"/{name.lower()}"
        found = self._files.get(name.lower().rpartition("/")[2], ())
        fitting = [path for path in found if f"/{path.lower()}".endswith(end)]
        return min(fitting, key=lambda path: (path.count("/"), path), default=None)

    def _list(self) -> None:
        self._folders, self._files = {}, {}
        for folder, below, names in os.walk(self._root):
            below[:] = [name for name in below if not name.startswith(".")]
            self._folders[folder] = _changed_at(folder)
            for name in names:
                path = os.path.relpath(f"{folder}/{name}", self._root)
                self._files.setdefault(name.lower(), []).append(path)


def _changed_at(folder: str) -> int:
    try:
        return os.stat(folder).st_mtime_ns  # noqa: PTH116  # asked of each folder at each look
    except OSError:
        return 0
