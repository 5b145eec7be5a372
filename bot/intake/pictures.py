"""Pictures beside the briefs, as they would be sent: read once, known again by their files."""

from collections.abc import Iterable
from pathlib import Path

from bot.briefs.pictures import (
    CHANGING,
    PictureRefused,
    read_picture,
    stamp_of,
    without_metadata,
)
from bot.briefs.walk import Stamp, stamp_text
from bot.records import PictureFile


class PictureReader:
    """Reads pictures, and remembers the digests of those that haven't changed since.

    Args:
        keep_metadata: whether it is sent as it is, with what says where it was taken.
    """

    def __init__(self, *, keep_metadata: bool = False) -> None:
        self.keep_metadata = keep_metadata
        self._known: dict[tuple[Path, str], tuple[Stamp | None, str]] = {}

    def digest(self, folder: Path, path: str) -> str:
        """sha256 of what would be sent of a picture.

        Raises:
            PictureRefused: it can't be uploaded; the reason is the finding's.
        """
        stamp = stamp_of(folder, path)
        known, digest = self._known.get((folder, path), (None, ""))
        if digest and stamp == known:
            return digest
        self._known[folder, path] = stamp, ""
        digest = self.file(folder, path).sha256
        self._known[folder, path] = stamp, digest
        return digest

    def file(self, folder: Path, path: str) -> PictureFile:
        """What would be sent of a picture; raises as `digest`."""
        picture = read_picture(folder, path)
        data = picture.data if self.keep_metadata else without_metadata(picture)
        return PictureFile.of(picture.kind, data)

    def files(self, folder: Path, shows: Iterable[tuple[str, str]]) -> tuple[PictureFile, ...]:
        """The pictures that a plan shows.

        Args:
            shows: their paths and digests.

        Raises:
            PictureRefused: one isn't any more what it was when the plan was made.
        """
        found = []
        for path, digest in shows:
            file = self.file(folder, path)
            if file.sha256 != digest:
                raise PictureRefused(CHANGING, f"the picture {path} is still being written")
            found.append(file)
        return tuple(found)

    def stamp(self, folder: Path, path: str) -> str:
        """What differs once a picture has changed since its digest was asked for."""
        known, _ = self._known.get((folder, path), (None, ""))
        return stamp_text(known)
