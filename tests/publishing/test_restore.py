"""The database as it was yesterday: nothing is published again, and the records come back."""

import itertools
import os
import random
import shutil
import signal
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.records import Records
from bot.reports.audit import histories, violations
from tests.chaos.round import ledger_between

ROUNDS = int(os.environ.get("ROUNDS", "0")) or 1
NUMBERS = itertools.count()


@pytest.fixture
def backups(database_url, tmp_path, request):
    """(take, restore) for the database of the test."""
    if database_url.startswith("sqlite"):
        file = Path(database_url.removeprefix("sqlite:///"))

        def take():
            with Records.open(database_url) as records, records._engine.connect() as connection:
                (tmp_path / "backup.db").unlink(missing_ok=True)
                connection.exec_driver_sql("ROLLBACK")
                connection.exec_driver_sql(f"VACUUM INTO '{tmp_path / 'backup.db'}'")

        def restore():
            for suffix in ("", "-wal", "-shm"):
                file.with_name(file.name + suffix).unlink(missing_ok=True)
            shutil.copy(tmp_path / "backup.db", file)

        return take, restore
    base, _, name = database_url.partition("?")[0].rpartition("/")
    query = database_url.partition("?")[2]

    def order(*statements):
        engine = sa.create_engine(f"{base}/postgres?{query}", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))
        engine.dispose()

    def copy(source, target):
        order(
            f"DROP DATABASE IF EXISTS {target} WITH (FORCE)",
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{source}'",
            f"CREATE DATABASE {target} TEMPLATE {source}",
        )

    return lambda: copy(name, f"{name}_backup"), lambda: copy(f"{name}_backup", name)


@pytest.mark.timeout(600)
def test_yesterdays_backup_doubles_nothing_and_is_brought_up_to_date(newsroom, backups):
    """Craft B5, 18: the round is played `ROUNDS` times on one chain."""
    take, restore = backups
    newsroom.run("run", "--once")
    chance = random.Random(18)
    names = []
    for number in range(ROUNDS):
        newsroom.devnet.rpc("devnet_api.advance_time", {"seconds": 303})
        authors = ("alice", "bob")
        names += [f"r{number}-{author}" for author in authors]
        take()
        for author in authors:
            newsroom.brief(f"r{number}-{author}.md", author=author)
        service = newsroom.start()
        newsroom.wait_for(chance.choice(("included", "final")))
        service.send_signal(chance.choice((signal.SIGTERM, signal.SIGKILL)))
        service.wait(15)
        newsroom.devnet.rpc("devnet_api.advance_time", {"seconds": 303})
        newsroom.devnet.generate_blocks(25)  # a day has passed: what was sent is in a block or dead
        restore()
        newsroom.publish_all(len(names))

    head = newsroom.devnet.rpc("condenser_api.get_dynamic_global_properties", [])
    irreversible = head["last_irreversible_block_num"]
    with Records.open(newsroom.database) as records:
        told = histories(records, chain="devnet")
    ledger = ledger_between(newsroom.devnet, 1, irreversible)
    assert sorted(operation.permlink for operation in ledger) == sorted(names)
    assert violations(told, ledger, irreversible_block_num=irreversible, finished=True) == []
