"""The records of one database: every change of status with its event, in one transaction."""

from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import Self

import sqlalchemy as sa

from bot.records.engine import (
    SCHEMA,
    DatabaseUnavailable,
    NoDatabase,
    RecordsError,
    address_of,
    compact,
    connect,
    examine,
    file_of,
    refuse_other_schema,
    schema_version,
    size_of,
    upgrade,
)
from bot.records.journey import Journey
from bot.records.leases import Leases
from bot.records.planning import Planning
from bot.records.tables import leases, metadata, node_events
from bot.records.values import (
    Lease,
)
from bot.records.writing import LeaseLost


class Records(Planning, Journey):
    """Publications, attempts and events; safe to use from several threads and processes."""

    @classmethod
    def open(cls, url: str, *, create: bool = False) -> Self:
        """Open the database at `url`, and with `create` make it when there is none yet.

        Raises:
            BadAddress: there can be no database of that address.
            DatabaseUnavailable: it isn't there or doesn't answer.
            SchemaDiffers: it was made by another version; the message says what to do.
        """
        address = address_of(url)
        if not create and address.get_backend_name() == "sqlite":
            file = Path(address.database or "")
            try:
                file.lstat()
            except (FileNotFoundError, NotADirectoryError):
                raise NoDatabase(
                    f"there is no database {file.name} yet: `briefbot run`, `briefbot publish` or "
                    "`briefbot db upgrade` makes it"
                ) from None
            except OSError as error:
                raise DatabaseUnavailable(
                    f"database: can't look at {file.name}: {error.strerror}; let this user read "
                    "its folder, or set `database`"
                ) from None
        records = cls(connect(url, create=create))
        try:
            records._check_schema(create=create)
        except RecordsError:
            records.close()
            raise
        return records

    def examine(self) -> None:
        """Make sure that the database is whole; raises `DatabaseUnavailable` when it isn't."""
        examine(self._engine)

    @property
    def file(self) -> Path | None:
        """The file that an SQLite database is in; None for another kind."""
        return file_of(self._engine)

    def size(self) -> int:
        """Bytes that the database takes on its disk."""
        return size_of(self._engine)

    def compact(self) -> None:
        """Let the room of deleted rows be used again; SQLite's goes back to the disk."""
        compact(self._engine, metadata.tables)

    def ping(self) -> None:
        """Make sure that the database answers; raises `DatabaseUnavailable` when it doesn't."""
        with self.reading() as connection:
            connection.execute(sa.select(leases.c.id).limit(1)).first()

    def try_writing(self, now: datetime) -> None:
        """Write something, read it back and take it away again, in one transaction.

        The commit goes to the disk like any other: a disk that is full, or a database that can
        only be read, shows here and not by reading.

        Raises:
            DatabaseUnavailable: it can't be written, or doesn't give back what was written.
        """
        written = token_hex(4096)
        with self.writing() as connection:
            row = sa.insert(node_events).values(at=now, chain="", node="", reason=written)
            here = node_events.c.id == connection.scalar(row.returning(node_events.c.id))
            told = connection.scalar(sa.select(node_events.c.reason).where(here))
            connection.execute(sa.delete(node_events).where(here))
        if told != written:
            raise DatabaseUnavailable(
                "the database gives back other than what was written to it: restore a backup, or "
                "move it away; a new one is rebuilt from the chain (docs/records.md)"
            )

    def confirm_schema(self) -> None:
        """Make sure that nobody has upgraded the database meanwhile.

        Raises:
            SchemaDiffers: somebody has; every change is refused likewise.
        """
        with self.reading() as connection:
            refuse_other_schema(connection.execute(SCHEMA).scalar())

    def _check_schema(self, *, create: bool) -> None:
        version = schema_version(self._engine)
        if version is None and create:
            version = upgrade(self._engine)
        if version is None:
            raise NoDatabase(
                "the database is empty: `briefbot db upgrade`, `run` or `publish` fills it"
            )
        refuse_other_schema(version)

    # -- workers ---------------------------------------------------------------------------------

    def leases(self, worker: str | None = None, seconds: float | None = None) -> Leases:
        """The leases of one worker; by default of this process."""
        return Leases(self._engine, worker, seconds)

    def under(self, lease: Lease, leases: Leases) -> Self:
        """These records for work under a lease.

        Every change carries its worker and fence; once another worker has taken the author over,
        each raises `LeaseLost` and changes nothing.
        """
        return type(self)(self._engine, lease, leases, self._person)

    def acting_as(self, person: str) -> Self:
        """These records in a person's hands: every event that they write carries the name."""
        return type(self)(self._engine, self._lease, self._leases, person)

    def confirm_lease(self) -> None:
        """Make sure, right before something is sent, that nobody has taken the author over.

        Raises:
            LeaseLost: somebody has, or may have by now.
        """
        if self._lease is not None:
            with self.reading() as connection:
                self._refuse_stale(connection, self._lease)
            if self._leases is not None and not self._leases.trusts(self._lease):
                raise LeaseLost(f"the lease for {self._lease.author} has run out here")
