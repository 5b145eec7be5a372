"""A backup becomes the database again, and a database moves to another address.

The records may be older then than what was sent: nobody goes on in the middle of something, what a
worker of before still believes to have in hand is void, and what may have been sent last is waited
for (see `docs/operations.md`).
"""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.records.backup import KEPT, LEFT_OUT, Backup, NoBackup, look_into, unseal
from bot.records.checking import structure
from bot.records.copying import Sums
from bot.records.engine import RecordsError, migrate, reading
from bot.records.placing import copy_file, saying, scratch, unfinished
from bot.records.records import Records
from bot.records.tables import from_now, leases, metadata, news_ways, users
from bot.records.target import (
    RESTORED,
    InUse,
    Occupied,
    Present,
    Standing,
    file_at,
    fill,
    look_at,
    put_file,
    putting,
    refuse_newcomers,
    refuse_workers,
)

HOLD = 300.0
"""Seconds for which nothing is sent, where it isn't known what was: longer than a transaction lasts
and than its block takes to be seen."""
_FURTHER = 1_000_000  # takeovers of an author: more than there have been that nothing tells of


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored.

    Attributes:
        kept: where the database is that was there before; None when there was none.
        held: whether nothing is sent for `HOLD` seconds.
        users: who can sign in to the dashboard.
    """

    backup: Backup
    kept: str | None
    held: bool
    users: tuple[str, ...]


def restore(
    file: Path,
    url: str,
    present: Present,
    now: datetime,
    authors: Iterable[tuple[str, str]],
) -> Restored:
    """Make a backup the database at `url`; one that is there is kept aside.

    Args:
        present: what is there, as `look_at` tells.
        authors: (chain, author) of whom nothing may be sent for a while, besides those that the
            backup knows.

    Raises:
        NoBackup, SchemaDiffers: it can't be one.
        InUse, NotWritten, DatabaseUnavailable: it can't be put there; what was there is there.
    """
    is_there = present.standing in {Standing.FILLED, Standing.DAMAGED}
    held = not (present.standing is Standing.FILLED and present.is_certain)
    stamp = f"{now.astimezone(UTC):%Y%m%dT%H%M%S}"
    target = file_at(url)
    if target is not None and target.exists() and file.exists() and target.samefile(file):
        raise NoBackup(f"{file} is the database itself: name a backup of it")
    if target is None:
        kept = f"before_restore_{stamp.lower()}" if is_there else None
        with (
            tempfile.TemporaryDirectory(prefix="briefbot-") as folder,
            unfinished(Path(folder) / "restored.db") as part,
        ):
            told = _prepare(file, part)
            with (
                scratch(part) as engine,
                reading(engine) as source,
                putting(url, present, kept) as connection,
            ):
                fill(source, connection, KEPT)
                names = _begin_anew(connection, authors, present, hold=held)
        return Restored(told, kept and f"the schema {kept} of the same database", held, names)
    aside = target.with_name(f"{target.name}.before-restore-{stamp}") if is_there else None
    with unfinished(target) as part:
        told = _prepare(file, part)
        with scratch(part) as engine, saying(target), engine.begin() as connection:
            names = _begin_anew(connection, authors, present, hold=held)
        refuse_newcomers(url, present)
        put_file(part, target, present, aside)
    return Restored(told, str(aside) if aside else None, held, names)


def _prepare(file: Path, part: Path) -> Backup:
    """Make of a backup a database of this schema; it is read from end to end before."""
    log = Path(f"{file}-wal")
    try:
        if log.exists() and log.stat().st_size:
            raise NoBackup(
                f"{file} is a database that is in use, or wasn't closed: `briefbot db backup` "
                "makes a backup of one"
            )
        copy_file(file, part)
    except OSError as error:
        raise RecordsError(f"can't copy {file}: {error.strerror}") from None
    told = look_into(part, called=file)
    with scratch(part) as engine:
        try:
            with engine.begin() as connection:
                migrate(connection)
                unseal(connection)
                for table in LEFT_OUT:
                    connection.execute(sa.delete(table))
                missing = next(structure(connection), None)
        except sa.exc.DBAPIError as error:
            raise NoBackup(
                f"{file} can't be brought to this version's schema ({error.orig}): there must be "
                "room on the disk; else take another backup"
            ) from None
    if missing:
        raise NoBackup(f"{file} is no backup of briefbot: {missing.message}")
    return told


def _begin_anew(
    connection: sa.Connection,
    authors: Iterable[tuple[str, str]],
    present: Present,
    *,
    hold: bool,
) -> tuple[str, ...]:
    """Let nobody have anything in hand, and everything wait where it must; returns the users.

    A worker of before, cut off or asleep, finds that its authors were taken over.
    """
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    rows = [{"chain": chain, "author": author} for chain, author in sorted(set(authors))]
    if rows:
        connection.execute(dialect.insert(leases).on_conflict_do_nothing(), rows)
    holder = {"worker": RESTORED, "until": from_now(HOLD)}
    nobody = {"worker": None, "until": None}
    highest = sa.case((leases.c.fence < present.fence, present.fence), else_=leases.c.fence)
    fence = highest + (_FURTHER if hold else 1)
    connection.execute(sa.update(leases).values(fence=fence, **(holder if hold else nobody)))
    connection.execute(sa.update(news_ways).values(nobody))
    return tuple(connection.execute(sa.select(users.c.name).order_by(users.c.name)).scalars())


def move(records: Records, url: str) -> Sums:
    """Copy a database, row for row, to an address where there is none; returns what was copied.

    All of it, who is signed in as well. The source stays as it is.

    Raises:
        InUse: a worker is at work with one of the two.
        Occupied: there are records at the address.
        NotCopied, NotWritten, DatabaseUnavailable: it couldn't be; there is nothing then.
    """
    tables = metadata.sorted_tables
    target = file_at(url)
    present = look_at(url)
    if present.standing not in {Standing.NOTHING, Standing.EMPTY}:
        raise Occupied(
            "there are records at that address already: nothing was moved; name an empty database"
        )
    revision = records.revision()
    with records.snapshot() as source:
        refuse_workers(source)
        if target is None:
            with putting(url, present, None) as connection:
                copied = fill(source, connection, tables)
                _refuse_changed(records, revision)
            return copied
        with unfinished(target) as part:
            with saying(target), scratch(part) as engine, engine.begin() as connection:
                migrate(connection)
                copied = fill(source, connection, tables)
            _refuse_changed(records, revision)
            refuse_newcomers(url, present)
            put_file(part, target, present, None)
    return copied


def _refuse_changed(records: Records, revision: str) -> None:
    """Raise `InUse` where somebody went on with the source: what was copied is old then."""
    with records.reading() as connection:
        refuse_workers(connection)
    if records.revision() != revision:
        raise InUse("somebody has changed the database meanwhile; nothing was moved: do it again")
