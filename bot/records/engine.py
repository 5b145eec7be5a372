"""Opening a database: SQLite made safe, PostgreSQL as it is, and the schema's version."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from bot.errors import BotError

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

VERSION = "0018"
"""The schema that this code works with: the newest file in `migrations/versions`."""

_DRIVERS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}
_LARGEST_PORT = 65535

BUSY_SECONDS = 5
_LIMITS = "-c lock_timeout=5s -c idle_in_transaction_session_timeout=15s"  # of a lease's 30


class RecordsError(BotError):
    """The records can't be used as asked."""


class BadAddress(RecordsError):  # noqa: N818  # what is wrong
    """The address names no database that there can be; the message never repeats it.

    It may hold a password.
    """

    exit_code = 2


class DatabaseUnavailable(RecordsError):  # noqa: N818  # what happened
    """The database can't be reached, read or written."""

    exit_code = 3


class NoDatabase(DatabaseUnavailable):
    """There is no database yet, because nothing was published yet."""


class SchemaDiffers(DatabaseUnavailable):
    """The database was made, or upgraded meanwhile, by another version of briefbot."""

    exit_code = 4


def connect(url: str, *, create: bool = False) -> sa.Engine:
    """An engine for the database at `url`.

    SQLite: write-ahead log, `synchronous=FULL` (the chain is slower than any disk), and every
    write transaction begins with the lock it needs, so that none fails half way. A file that is
    taken away is not replaced by an empty one, and one that is put back is gone on with.
    PostgreSQL: no wait is without end, and a session that stopped in the middle of a transaction
    is ended, so that what it has locked can be taken over.

    Args:
        create: make an SQLite file that isn't there.

    Raises:
        BadAddress: no such kind of database, or its driver isn't installed.
        DatabaseUnavailable: no file can be made.
    """
    address = address_of(url)
    try:
        if address.get_backend_name() == "sqlite":
            return _sqlite(Path(address.database or ""), create=create)
        limits = {} if "options" in address.query else {"options": _LIMITS}
        return sa.create_engine(
            address, pool_pre_ping=True, connect_args={"connect_timeout": BUSY_SECONDS} | limits
        )
    except (ArgumentError, NoSuchModuleError):
        raise _bad_address("its options can't be understood") from None
    except ModuleNotFoundError as error:
        raise BadAddress(
            f"database: the driver {error.name} isn't installed; pip install 'briefbot[postgres]'"
        ) from None
    except OSError as error:
        raise DatabaseUnavailable(
            f"database: can't make {error.filename}: {error.strerror}; make its folder, or mount it"
        ) from None


def address_of(url: str) -> sa.URL:
    """The address that `url` is.

    Raises:
        BadAddress: it is none of a database that the records can be in.
    """
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise _bad_address("this can't be understood") from None
    backend, _, driver = address.drivername.partition("+")
    if backend not in _DRIVERS or (driver and address.drivername != _DRIVERS[backend]):
        raise _bad_address("there is no such kind")
    if address.port is not None and not 0 < address.port <= _LARGEST_PORT:
        raise _bad_address("there is no such port")
    if backend == "sqlite" and (address.host or address.query or not address.database):
        raise _bad_address("a file's name, and nothing else, follows three slashes")
    return address.set(drivername=_DRIVERS[backend])


def without_password(url: str) -> str:
    """An address as it may be shown, and as it is written; raises `BadAddress`."""
    address = address_of(url)
    hidden = {key: "***" for key in ("password", "sslpassword") if key in address.query}
    shown = address.update_query_dict(hidden).render_as_string(hide_password=True)
    return shown.replace("sqlite+pysqlite:", "sqlite:", 1)


def _bad_address(reason: str) -> BadAddress:
    return BadAddress(
        f"database: {reason}; write sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"
    )


def _sqlite(file: Path, *, create: bool) -> sa.Engine:
    if create:
        _make(file)

    def opened() -> sqlite3.Connection:
        uri = f"{file.absolute().as_uri()}?mode=rw"
        return sqlite3.connect(uri, uri=True, check_same_thread=False)

    engine = sa.create_engine("sqlite://", creator=opened, poolclass=sa.QueuePool)
    _watch_file(engine, file)
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", begin_as_told)
    return engine


def _make(file: Path) -> None:
    """Make an empty database file, unless it looks as if one had been there a moment ago."""
    log = file.with_name(f"{file.name}-wal")
    if not file.exists() and log.exists():
        raise DatabaseUnavailable(
            f"database: {file} is gone, and {log.name} is still there: put the file back, or, to "
            "begin anew from the chain, remove that one too"
        )
    file.touch(mode=0o600)


def _watch_file(engine: sa.Engine, file: Path) -> None:
    """Leave connections to a file that was deleted or replaced: what they write would be lost."""

    def identity() -> tuple[int, int] | None:
        try:
            look = file.stat()
        except OSError:
            return None
        return look.st_dev, look.st_ino

    def connected(_: object, record: Any) -> None:
        record.info["file"] = identity()

    def checked_out(_: object, record: Any, __: object) -> None:
        if record.info["file"] != identity():
            raise sa.exc.DisconnectionError("the file was taken away or replaced")

    sa.event.listen(engine, "connect", connected)
    sa.event.listen(engine, "checkout", checked_out)


def _prepare_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # pysqlite's own idea of transactions is off; ours is BEGIN
    for pragma in (
        f"busy_timeout={BUSY_SECONDS * 1000}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def begin_as_told(connection: sa.Connection) -> None:
    """Begin an SQLite transaction: with the lock that writing needs, unless it only reads."""
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def insert_into(connection: sa.Connection, table: sa.Table) -> "postgresql.Insert | sqlite.Insert":
    """An INSERT that may say what is done about rows that are there already (`ON CONFLICT`)."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415  # slow to import

        return postgresql.insert(table)
    return sqlite.insert(table)


@contextmanager
def said_plainly() -> Iterator[None]:
    """Turn a database's own errors into `DatabaseUnavailable`; what they hold stays out of it.

    Not those about a row or a value, which say nothing about the database; but what it gives back
    and nobody can have written, a status that there isn't or half an instant, is damage.
    """
    try:
        yield
    except DBAPIError as error:
        if isinstance(error, sa.exc.IntegrityError | sa.exc.DataError):
            raise
        cause = str(error.orig).strip().splitlines()
        if type(error.orig) is sqlite3.DatabaseError:  # SQLite's word for what is no database
            raise _damaged(str(error.orig)) from None
        raise DatabaseUnavailable(
            f"the database can't be used: {cause[0] if cause else type(error.orig).__name__}; see "
            "that it runs, that there is room on its disk and that this user may write to it; "
            "nothing was lost, it goes on when the database is back"
        ) from None
    except ValueError:
        raise _damaged("a value in it can't be read") from None


def _damaged(how: str) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        f"the database is damaged ({how}): restore a backup (`briefbot db restore`), or move it "
        "away; a new one is rebuilt from the chain (docs/records.md)"
    )


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection for questions; raises as `said_plainly`."""
    with said_plainly(), engine.connect().execution_options(reading=True) as connection:
        yield connection


@contextmanager
def snapshot(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection for questions that are all answered as of one moment, however long they take.

    Raises as `said_plainly`.
    """
    with said_plainly(), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            yield lasting(
                connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            )
        else:
            yield connection.execution_options(reading=True)


def lasting(connection: sa.Connection) -> sa.Connection:
    """Let this transaction rest as long as it takes: another database's is waited for."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    return connection


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection for changes, which are made together or not at all; raises likewise."""
    with said_plainly(), engine.begin() as connection:
        yield connection


def examine(engine: sa.Engine) -> None:
    """Make sure that an SQLite file is whole, as far as its own structure tells.

    Raises:
        DatabaseUnavailable: it is damaged.
    """
    if engine.dialect.name != "sqlite":
        return
    with reading(engine) as connection:
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if found != "ok":
        raise _damaged(str(found))


def file_of(engine: sa.Engine) -> Path | None:
    """The file that an SQLite database is in; None for another kind."""
    if engine.dialect.name != "sqlite":
        return None
    with reading(engine) as connection:
        [(_, _, name), *_] = connection.exec_driver_sql("PRAGMA database_list").all()
    return Path(name)


def size_of(engine: sa.Engine) -> int:
    """Bytes that the database takes on its disk."""
    file = file_of(engine)
    if file is None:
        with reading(engine) as connection:
            size = connection.execute(sa.text("SELECT pg_database_size(current_database())"))
            return int(size.scalar_one())
    files = (file.with_name(f"{file.name}{end}") for end in ("", "-wal", "-shm"))
    return sum(each.stat().st_size for each in files if each.exists())


def compact(engine: sa.Engine, tables: Iterable[str]) -> None:
    """Let the room of deleted rows be used again; SQLite's goes back to the disk."""
    with said_plainly(), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            alone = connection.execution_options(isolation_level="AUTOCOMMIT")
            for table in tables:
                alone.execute(sa.text(f"VACUUM (ANALYZE) {table}"))
            return
        connection.exec_driver_sql("ROLLBACK")  # it can't be a part of a transaction
        connection.exec_driver_sql("VACUUM")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all()


_MIGRATIONS = Path(__file__).parent / "migrations"
_SCHEMA = sa.table("alembic_version", sa.column("version_num", sa.Text))
SCHEMA = sa.select(_SCHEMA.c.version_num)
"""The question for the schema's version, of a database that has one."""


def schema_version(engine: sa.Engine) -> str | None:
    """The schema's version in the database, None when there is no schema yet."""
    with reading(engine) as connection:
        return schema_of(connection)


def schema_of(connection: sa.Connection) -> str | None:
    """As `schema_version`, of an open connection."""
    if not sa.inspect(connection).has_table(_SCHEMA.name):
        return None
    version: str | None = connection.execute(SCHEMA).scalar()
    return version


def refuse_other_schema(version: str | None) -> None:
    """Raise `SchemaDiffers`, with what to do, unless a schema is the one of this code."""
    if version == VERSION:
        return
    is_newer = version is not None and version > VERSION
    remedy = "install that briefbot" if is_newer else "run `briefbot db upgrade`"
    raise SchemaDiffers(
        f"the database has schema {version}, this briefbot works with {VERSION}: {remedy}"
    )


def schemas() -> list[str]:
    """The schemas that this code can upgrade from, the oldest first, and its own."""
    files = (_MIGRATIONS / "versions").glob("[0-9]*_*.py")
    return sorted(file.name.partition("_")[0] for file in files)


def upgrade(engine: sa.Engine) -> str:
    """Make the schema, or bring it to this version; returns the version.

    Raises:
        SchemaDiffers: it is a newer version's.
    """
    with writing(engine) as connection:
        migrate(connection)
    return VERSION


def migrate(connection: sa.Connection) -> None:
    """As `upgrade`, as a part of a transaction.

    Who writes meanwhile has looked at the version before, and ends first.
    """
    from alembic import command  # noqa: PLC0415  # slow to import, and rarely wanted
    from alembic.config import Config  # noqa: PLC0415

    if sa.inspect(connection).has_table(_SCHEMA.name):
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE"))
        version = connection.execute(SCHEMA).scalar()
        if version is not None and version > VERSION:
            refuse_other_schema(version)
        if version is not None and version not in schemas():
            raise SchemaDiffers(
                f"the database has schema {version}, which this briefbot doesn't know: install the "
                "one that it belongs to"
            )
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
