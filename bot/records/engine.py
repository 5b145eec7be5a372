"""Opening a database: SQLite made safe, PostgreSQL as it is, and the schema's version."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from bot.errors import BotError

VERSION = "0002"
"""The schema that this code works with: the newest file in `migrations/versions`."""

BUSY_SECONDS = 5


class RecordsError(BotError):
    """The records can't be used as asked."""


class DatabaseUnavailable(RecordsError):  # noqa: N818  # what happened
    """The database can't be reached, read or written."""

    exit_code = 3


class NoDatabase(DatabaseUnavailable):
    """There is no database yet, because nothing was published yet."""


class SchemaDiffers(RecordsError):  # noqa: N818  # what happened
    """The database was made by another version of briefbot."""


def connect(url: str) -> sa.Engine:
    """An engine for the database at `url`.

    SQLite: write-ahead log, `synchronous=FULL` (the chain is slower than any disk), and every
    write transaction begins with the lock it needs, so that none fails half way.

    Raises:
        RecordsError: no such kind of database, or its driver isn't installed.
    """
    try:
        engine = sa.create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    except (ArgumentError, NoSuchModuleError) as error:
        raise RecordsError(f"database: can't make sense of the address: {error}") from None
    except ModuleNotFoundError as error:
        raise RecordsError(
            f"database: the driver {error.name} isn't installed; pip install 'briefbot[postgres]'"
        ) from None
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # pysqlite's own idea of transactions is off; ours is BEGIN
    for pragma in (
        f"busy_timeout={BUSY_SECONDS * 1000}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def said_plainly() -> Iterator[None]:
    """Turn a database's own errors into `DatabaseUnavailable`; what they hold stays out of it."""
    try:
        yield
    except DBAPIError as error:
        if isinstance(error, sa.exc.IntegrityError):
            raise
        cause = str(error.orig).strip().splitlines()
        raise DatabaseUnavailable(
            f"the database can't be used: {cause[0] if cause else type(error.orig).__name__}; "
            "nothing was lost, it goes on when the database is back"
        ) from None


def schema_version(engine: sa.Engine) -> str | None:
    """The schema's version in the database, None when there is no schema yet."""
    with said_plainly(), engine.connect().execution_options(reading=True) as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        version: str | None = connection.execute(
            sa.text("SELECT version_num FROM alembic_version")
        ).scalar()
        return version


def upgrade(engine: sa.Engine) -> str:
    """Make the schema, or bring it to this version; returns the version."""
    from alembic import command  # noqa: PLC0415  # slow to import, and rarely wanted
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with said_plainly(), engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return VERSION
