"""A new SQLite file: it is written beside its place, and takes that when it is whole, or never."""

import fcntl
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from bot.records.engine import RecordsError, begin_as_told

UNFINISHED = ".unfinished"
"""How the name of a file ends that is being written, or whose writer was killed."""
PATIENCE = 10.0
"""Seconds for which another program may keep a file locked."""
_BESIDE = ("-journal", "-wal", "-shm")


class NotWritten(RecordsError):  # noqa: N818  # what happened
    """A file can't be written."""


@contextmanager
def unfinished(file: Path) -> Iterator[Path]:
    """An empty file beside `file`, this process's alone; gone in the end, unless it is placed.

    Raises:
        NotWritten: it can't be, or another process writes it; also for what is written meanwhile.
    """
    part = file.with_name(file.name + UNFINISHED)
    with saying(file):
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise NotWritten(f"another briefbot is about to write {file}") from None
            try:
                _forget_beside(part)
                os.fchmod(descriptor, 0o600)
                os.ftruncate(descriptor, 0)
                yield part
            finally:
                part.unlink(missing_ok=True)
                _forget_beside(part)
        finally:
            os.close(descriptor)


@contextmanager
def saying(file: Path) -> Iterator[None]:
    """Turn what goes wrong with a file that is written into `NotWritten`."""
    try:
        yield
    except DBAPIError as error:
        raise NotWritten(_cannot(file, str(error.orig))) from None
    except (OSError, sqlite3.Error) as error:
        cause = error.strerror if isinstance(error, OSError) else str(error)
        raise NotWritten(_cannot(file, cause or type(error).__name__)) from None


def _cannot(file: Path, cause: str) -> str:
    return (
        f"can't write {file}: {cause}; see that there is room on its disk and that this user may "
        "write there; nothing was changed"
    )


@contextmanager
def scratch(part: Path) -> Iterator[sa.Engine]:
    """An engine for a file that nobody else uses: fast, and worth nothing after a crash.

    What is deleted is written over.
    """

    def opened() -> sqlite3.Connection:
        return sqlite3.connect(f"{part.absolute().as_uri()}?mode=rw", uri=True)

    def prepare(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=MEMORY", "synchronous=OFF", "secure_delete=ON", "trusted_schema=OFF",
            "foreign_keys=ON",
        ):  # fmt: skip
            connection.execute(f"PRAGMA {pragma}").fetchall()

    engine = sa.create_engine("sqlite://", creator=opened, poolclass=sa.StaticPool)
    sa.event.listen(engine, "connect", prepare)
    sa.event.listen(engine, "begin", begin_as_told)
    try:
        yield engine
    finally:
        engine.dispose()


def place(part: Path, file: Path, *, overwrite: bool = False) -> None:
    """Let a file that is whole take its place, on the disk as well, with all that is in it.

    Raises:
        FileExistsError: there is one, and it isn't to be overwritten.
    """
    descriptor = os.open(part, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if overwrite:
        part.replace(file)
    else:
        try:
            os.link(part, file)
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            if file.exists():
                raise FileExistsError(file) from None
            part.rename(file)
    _sync_folder(file)


def put_in(part: Path, target: Path) -> None:
    """Let a database that is there hold what `part` holds: all of it, in one transaction.

    In the same file: who has it open goes on with what is in it then.

    Raises:
        sqlite3.Error: it can't be; it holds what it held.
    """
    with (
        closing(sqlite3.connect(f"{part.absolute().as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(f"{target.absolute().as_uri()}?mode=rw", uri=True)) as connection,
    ):
        connection.execute("PRAGMA synchronous=FULL")
        source.backup(connection, progress=_patience())


def _patience() -> Callable[[int, int, int], None]:
    """Wait for others who have a database locked, and not without end."""
    end = time.monotonic() + PATIENCE

    def look(status: int, _: int, __: int) -> None:
        if status in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED} and time.monotonic() > end:
            raise sqlite3.OperationalError("another program has it in use")

    return look


def keep_copy(file: Path, aside: Path) -> None:
    """Copy a database as it is at one moment, to where nothing is; raises as `put_in`."""
    with unfinished(aside) as part:
        with (
            closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True)) as source,
            closing(sqlite3.connect(part)) as copy,
        ):
            source.backup(copy, progress=_patience())
            copy.execute("PRAGMA journal_mode=DELETE").fetchall()
        place(part, aside)


def move_away(file: Path, aside: Path) -> None:
    """Take a file that is no database any more out of the way, with what lies beside it."""
    for end in _BESIDE:
        with suppress(FileNotFoundError):
            os.rename(f"{file}{end}", f"{aside}{end}")  # noqa: PTH104  # the name goes on
    file.rename(aside)
    _sync_folder(file)


def copy_file(source: Path, part: Path) -> None:
    """Copy a file's bytes into one that is there."""
    with source.open("rb") as read, part.open("r+b") as written:
        shutil.copyfileobj(read, written, 1 << 20)


def _forget_beside(part: Path) -> None:
    for end in _BESIDE:
        Path(f"{part}{end}").unlink(missing_ok=True)


def _sync_folder(file: Path) -> None:
    descriptor = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
