"""What was made of each file of a queue when it was read: what stays the same isn't read again.

Nothing here decides what is published. A row that is lost, or too old, costs a look at its file.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from bot.records.engine import insert_into
from bot.records.reading import portions, storable
from bot.records.records import Records
from bot.records.tables import NOTED, UNSETTLED, WITH_FINDINGS, file_names, files

LONGEST = 200
"""Characters of a name that are kept to find a file by; whoever finds it compares the whole."""
MOST_FINDINGS = 20
PROBLEM = "problem"
DRAFT = "draft"


class NameKind(StrEnum):
    """What a name in `file_names` is to its file."""

    ID = "id"
    STEM = "stem"
    """The file's name without suffix."""
    BARE = "bare"
    """The same without the day before it."""
    TITLE = "title"
    PERMLINK = "permlink"
    """Under which it stands, or will stand."""
    LINK = "link"
    """By which it names another brief; with a leading `/` that one's path without suffix."""
    PICTURE = "picture"
    """The path of a picture that it shows."""


Name = tuple[NameKind, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileNote:
    """Why nothing of a file goes out on a chain; in `plan` it stands for what is recorded.

    Attributes:
        chain: empty for what is said of the file as a whole.
        state: `DRAFT` or `PROBLEM`.
    """

    chain: str
    state: str
    author: str
    permlink: str
    title: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFinding:
    """What is to be said of a file that goes out all the same.

    Attributes:
        line: of the file, from 1.
        level: `warning` or `info`.
        code: name of the check.
    """

    line: int
    level: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """What was made of one file.

    Attributes:
        stamp: what differs once it has changed; empty when it must be looked at in any case.
        settings: digest of the configuration under which it was composed.
        brief: its id; empty where it holds no brief.
        names: its own, and those by which it names others.
        places: (chain, author, permlink) of where it stands or will stand.
        pictures: (path, stamp) of those that it shows.
        findings: the first `MOST_FINDINGS`.
    """

    path: str
    stamp: str = ""
    settings: str = ""
    brief: str = ""
    names: tuple[Name, ...] = ()
    places: tuple[tuple[str, str, str], ...] = ()
    notes: tuple[FileNote, ...] = ()
    pictures: tuple[tuple[str, str], ...] = ()
    findings: tuple[FileFinding, ...] = ()

    @property
    def own_names(self) -> frozenset[str]:
        """Those by which other files may name this one."""
        others = {NameKind.LINK, NameKind.PICTURE, NameKind.PERMLINK}
        return frozenset(name for kind, name in self.names if kind not in others)


# made once: that takes longer than their answers
_UNSETTLED_AFTER = (
    sa.select(files.c.path)
    .where(files.c.queue == sa.bindparam("queue"), UNSETTLED)
    .where(files.c.path > sa.bindparam("after"))
    .order_by(files.c.path)
    .limit(sa.bindparam("most"))
)
_AT = sa.select(files).where(
    files.c.queue == sa.bindparam("queue"),
    files.c.path.in_(sa.bindparam("paths", expanding=True)),
)
_NAMED = sa.select(file_names.c.path).where(
    file_names.c.queue == sa.bindparam("queue"),
    file_names.c.kind.in_(sa.bindparam("kinds", expanding=True)),
    file_names.c.name.in_(sa.bindparam("names", expanding=True)),
)


class FileRecords:
    """The files of one queue.

    Args:
        queue: its identity.
    """

    def __init__(self, records: Records, queue: str) -> None:
        self._reading: Callable[[], AbstractContextManager[sa.Connection]] = records.reading
        self._writing = records.writing
        self._queue = queue

    def settled(self, settings: str) -> Iterator[tuple[str, str, str, bool]]:
        """(path, stamp, id, noted) of all that needn't be read as long as the stamp is the same.

        `noted` tells whether there is a note on why something of it doesn't go out.

        Args:
            settings: the configuration now.
        """
        noted = files.c.notes.is_not(None)
        query = sa.select(files.c.path, files.c.stamp, files.c.brief, noted).where(
            files.c.queue == self._queue, files.c.settings == settings, files.c.stamp != ""
        )
        with self._reading() as connection:
            for row in connection.execution_options(yield_per=5000).execute(query):
                yield row[0], row[1], row[2], bool(row[3])

    def paths(self) -> Iterator[str]:
        """Paths of all files that were read."""
        query = sa.select(files.c.path).where(files.c.queue == self._queue)
        with self._reading() as connection:
            yield from connection.execution_options(yield_per=5000).execute(query).scalars()

    def showing(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """Of all files that show pictures: path to (path, stamp) of these."""
        query = sa.select(files.c.path, files.c.pictures).where(
            files.c.queue == self._queue, files.c.pictures.is_not(None)
        )
        with self._reading() as connection:
            return {row[0]: _pairs(row[1]) for row in connection.execute(query)}

    def notes(self) -> dict[str, tuple[str, tuple[FileNote, ...]]]:
        """Of all files of which something doesn't go out: path to (id, why)."""
        query = sa.select(files.c.path, files.c.brief, files.c.notes).where(
            files.c.queue == self._queue, NOTED
        )
        with self._reading() as connection:
            rows = connection.execute(query).all()
        return {
            path: (brief, tuple(FileNote(**note) for note in told)) for path, brief, told in rows
        }

    def findings(self) -> dict[str, tuple[FileFinding, ...]]:
        """What there is to say of files that go out all the same, by their paths."""
        query = sa.select(files.c.path, files.c.findings).where(
            files.c.queue == self._queue, WITH_FINDINGS
        )
        with self._reading() as connection:
            return {row.path: _findings(row.findings) for row in connection.execute(query)}

    def at(self, paths: Iterable[str]) -> dict[str, FileRecord]:
        """What was made of these files."""
        found: dict[str, FileRecord] = {}
        with self._reading() as connection:
            for some in portions(sorted(set(map(storable, paths)))):
                rows = connection.execute(_AT, {"queue": self._queue, "paths": some})
                found |= {row.path: _record_of(row) for row in rows}
        return found

    def named(self, kind: NameKind, names: Iterable[str], *others: NameKind) -> tuple[str, ...]:
        """Paths of the files that have one of these names, of one of these kinds; in order."""
        found: set[str] = set()
        with self._reading() as connection:
            for some in portions(sorted({kept(name) for name in names})):
                given = {
                    "queue": self._queue,
                    "names": some,
                    "kinds": [each.value for each in (kind, *others)],
                }
                found |= set(connection.execute(_NAMED, given).scalars())
        return tuple(sorted(found))

    def unsettled(self, after: str, limit: int) -> tuple[str, ...]:
        """Paths of files that must be looked at again in any case.

        Args:
            after: the paths that follow this one, so that by and by all have their turn.
        """
        given = {"queue": self._queue, "after": after, "most": limit}
        with self._reading() as connection:
            return tuple(connection.execute(_UNSETTLED_AFTER, given).scalars())

    def put(
        self, made: Sequence[FileRecord], before: Mapping[str, FileRecord], moved: Iterable[str]
    ) -> tuple[str, ...]:
        """Keep what was made of files, and unsettle others that this concerns.

        These are files that name what has moved, or have, or had, an id in common with it.

        Args:
            before: what was kept of these files until now.
            moved: names that lead somewhere else now.

        Returns:
            Paths of the others.
        """
        there = {record.path for record in made}
        made = [record for record in made if before.get(record.path) != record]
        moved = set(moved)
        concerned = set(self.named(NameKind.LINK, moved, NameKind.ID))
        others = tuple(sorted(concerned - there))
        if not made and not others:
            return ()
        with self._writing(whole=True) as connection:
            for some in portions(others):
                connection.execute(
                    sa.update(files)
                    .where(files.c.queue == self._queue, files.c.path.in_(some))
                    .values(stamp="")
                )
            if not made:
                return others
            insert = insert_into(connection, files)
            same = {
                name: insert.excluded[name]
                for name in (
                    "stamp", "settings", "brief", "names", "places", "notes", "pictures", "findings"
                )
            }  # fmt: skip
            connection.execute(
                insert.on_conflict_do_update(index_elements=["queue", "path"], set_=same),
                [self._row(record) for record in sorted(made, key=lambda record: record.path)],
            )
            old = _indexed(before[record.path] for record in made if record.path in before)
            new = _indexed(made)
            self._forget(connection, old - new)
            if fresh := sorted(new - old):
                connection.execute(
                    insert_into(connection, file_names).on_conflict_do_nothing(),
                    [
                        {"queue": self._queue, "kind": kind, "name": name, "path": path}
                        for kind, name, path in fresh
                    ],
                )
        return others

    def unsettle(self, paths: Iterable[str]) -> None:
        """Have these files looked at again, whatever becomes of this look."""
        with self._writing() as connection:
            for some in portions(sorted(set(map(storable, paths)))):
                connection.execute(
                    sa.update(files)
                    .where(files.c.queue == self._queue, files.c.path.in_(some))
                    .values(stamp="")
                )

    def remove(self, paths: Iterable[str]) -> None:
        """Forget files that aren't there any more."""
        before = self.at(paths)
        if not before:
            return
        with self._writing() as connection:
            self._forget(connection, _indexed(before.values()))
            for some in portions(sorted(before)):
                connection.execute(
                    sa.delete(files).where(files.c.queue == self._queue, files.c.path.in_(some))
                )

    def _forget(self, connection: sa.Connection, names: Iterable[tuple[str, str, str]]) -> None:
        for kind, name, path in sorted(names):
            connection.execute(
                sa.delete(file_names)
                .where(file_names.c.queue == self._queue, file_names.c.kind == kind)
                .where(file_names.c.name == name, file_names.c.path == path)
            )

    def _row(self, record: FileRecord) -> dict[str, object]:
        return {
            "queue": self._queue,
            "path": record.path,
            "stamp": record.stamp,
            "settings": record.settings,
            "brief": record.brief,
            "names": [list(name) for name in record.names],
            "places": [list(place) for place in record.places],
            "notes": [asdict(note) for note in record.notes] or None,
            "pictures": [list(picture) for picture in record.pictures] or None,
            "findings": [asdict(finding) for finding in record.findings] or None,
        }


def kept(name: str) -> str:
    """As much of a name as is kept."""
    return storable(name[:LONGEST])


def _indexed(records: Iterable[FileRecord]) -> set[tuple[str, str, str]]:
    """(kind, name, path) of what these are found by."""
    return {
        (kind.value, kept(name), record.path) for record in records for kind, name in record.names
    }


def _pairs(told: Iterable[Sequence[str]] | None) -> tuple[tuple[str, str], ...]:
    return tuple((first, second) for first, second in told or ())


def _findings(told: Iterable[Mapping[str, Any]] | None) -> tuple[FileFinding, ...]:
    return tuple(FileFinding(**each) for each in told or ())


def _record_of(row: sa.Row[tuple[object, ...]]) -> FileRecord:
    return FileRecord(
        path=row.path,
        stamp=row.stamp,
        settings=row.settings,
        brief=row.brief,
        names=tuple((NameKind(kind), name) for kind, name in row.names),
        places=tuple((chain, author, permlink) for chain, author, permlink in row.places),
        notes=tuple(FileNote(**note) for note in row.notes or ()),
        pictures=_pairs(row.pictures),
        findings=_findings(row.findings),
    )
