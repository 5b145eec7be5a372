"""Pictures beside the briefs, as they would be sent: read once, known again by their files."""

import posixpath
from collections.abc import Iterable
from pathlib import Path

from bot.briefs.listing import Listing
from bot.briefs.pictures import (
    CHANGING,
    Picture,
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
        site: the folder that holds the site whose posts the briefs are.
        roots: names of folders, in the site or in the queue, that pictures are looked for in too.
    """

    def __init__(
        self, *, keep_metadata: bool = False, site: Path | None = None, roots: Iterable[str] = ()
    ) -> None:
        self.keep_metadata = keep_metadata
        self._site = site
        self._roots = tuple(roots)
        self._listed: dict[Path, Listing] = {}
        self._known: dict[tuple[Path, str], tuple[Stamp | None, str]] = {}

    def digest(self, folder: Path, path: str) -> str:
        """sha256 of what would be sent of a picture.

        Raises:
            PictureRefused: it can't be uploaded; the reason is the finding's.
        """
        stamp = stamp_of(folder, path, self._roots_of(folder))
        known, digest = self._known.get((folder, path), (None, ""))
        if digest and stamp == known:
            return digest
        self._known[folder, path] = stamp, ""
        digest = self.file(folder, path).sha256
        self._known[folder, path] = stamp, digest
        return digest

    def read(self, folder: Path, path: str) -> Picture:
        """A picture as it is; raises as `digest`."""
        return read_picture(folder, path, self._roots_of(folder))

    def file(self, folder: Path, path: str) -> PictureFile:
        """What would be sent of a picture; raises as `digest`."""
        picture = self.read(folder, path)
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

    def stamp_now(self, folder: Path, path: str) -> str:
        """The same as it is now."""
        return stamp_text(stamp_of(folder, path, self._roots_of(folder)))

    @property
    def settings(self) -> tuple[object, ...]:
        """What of the configuration decides which pictures are sent, and how."""
        return self.keep_metadata, str(self._site or ""), self._roots

    def find(self, folder: Path, brief: str, name: str) -> str:
        """The path of a picture that a brief calls by its name alone, as Obsidian does.

        Beside the brief, then at the vault's top, then wherever one of that name lies first.
        """
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(brief), name))
        places = (beside, posixpath.normpath(name))
        for path in places:
            if not path.startswith(("..", "/")) and (folder / path).is_file():
                return path
        listing = self._listed.setdefault(folder, Listing(folder))
        return listing.first(posixpath.normpath(name)) or beside

    def _roots_of(self, folder: Path) -> tuple[Path, ...]:
        homes = dict.fromkeys((folder, *((self._site,) if self._site else ())))
        return tuple(home / root for root in self._roots for home in homes)
