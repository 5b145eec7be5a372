"""`make bench-workers`: 1, 2, 4 and 8 workers on PostgreSQL, 500 authors due at the same second.

Real services, real PostgreSQL, a devnet in another process at a real chain's pace; each side plays on
a chain and a database of its own. The baseline is one worker, in the same run. Counted is from the due
second to the last post's first broadcast; and what a publication cost the server, until all were final:
rows, commits and bytes of its log (WAL).

With `--population 100000` the database knows so many other authors, each with a post that is queued for
another day.
"""

import argparse
import json
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import sqlalchemy as sa

from bot.devnet.chain import DevnetChain
from bot.devnet.network import network
from bot.devnet.testing import Devnet
from bot.records import Records
from bot.records.engine import connect
from bot.records.tables import publications
from tests.chaos.arena import Arena
from tests.publishing.newsroom import Newsroom
from tests.records.test_records import PLAN

OURS = publications.c.queue != "elsewhere"
PATIENCE = 600.0
LEAD = 45.0  # seconds from the first file to the due second: until all are queued


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.bench_workers", description=__doc__)
    parser.add_argument("--authors", type=int, default=500)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--population", type=int, default=0)
    options = parser.parse_args()
    first = None
    for workers in options.workers:
        rate, cost = measured(workers, options.authors, options.population)
        first = first or rate
        told = {
            "workers": workers,
            "authors": options.authors,
            "population": options.population,
            "publications_a_second": round(rate, 1),
            "ratio": round(rate / first, 2),
            "of_each_publication": cost,
        }
        print(json.dumps(told), flush=True)


def measured(workers, count, population):
    """(publications a second, what each cost the server) with so many workers."""
    names = tuple(f"author{number:03}" for number in range(count))
    with tempfile.TemporaryDirectory(prefix="bench") as name:
        folder = Path(name)
        people_a_chain(folder / "chain", names)
        with (
            Devnet(data=folder / "chain") as devnet,
            Arena(folder, "postgresql", chain=False) as arena,
        ):
            room = Newsroom(folder / "room", devnet, arena.database(folder), names)
            populate(room.database, population)
            try:
                return play(room, workers)
            finally:
                room.close()


def populate(database, population):
    """Other authors, of a queue that nobody looks at here: a post each, a month away."""
    if not population:
        return
    now = datetime.now(UTC)
    far = now + timedelta(days=30)
    with Records.open(database) as records:
        for begin in range(0, population, 1000):
            plans = [
                replace(
                    PLAN,
                    queue="elsewhere",
                    author=f"other{number:06}",
                    brief=f"later-{number}",
                    path=f"later-{number}.md",
                    permlink=f"later-{number}",
                    scheduled_at=far,
                )
                for number in range(begin, begin + 1000)
            ]
            assert not any(records.add_all(plans, now))
        with records.writing() as connection:
            connection.execute(
                sa.update(publications)
                .where(sa.not_(OURS))
                .values(
                    look_at=far, appointed_at=far, due_at=far, outlook="planned", why="its date"
                )
            )
    engine = connect(database).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:  # as its autovacuum does by and by
        connection.execute(sa.text("VACUUM ANALYZE"))
    engine.dispose()


def people_a_chain(folder, names):
    """The state of a new chain on which these are the people, each as rich as alice."""
    with mock.patch("bot.devnet.genesis.ACCOUNTS", names):
        begun = int(time.time()) // 3 * 3 - 9  # a chain's head is never ahead of the clock
        chain = DevnetChain(network("steem"), folder, begun)
    chain.produce()
    chain.close()


def play(room, workers):
    """Queue a brief of each author for one second, and see how fast they go out."""
    count = len(room.authors)
    engine = connect(room.database)
    before = spent(engine)
    due = datetime.now(UTC) + timedelta(seconds=LEAD)
    for name in room.authors:
        room.brief(f"of-{name}.md", author=name, date=f'"{due:%Y-%m-%dT%H:%M:%SZ}"')
    for _ in range(workers):
        room.start()

    def reached(column):
        with engine.connect() as connection:
            return connection.scalar(sa.select(sa.func.count(column)).where(OURS))

    time.sleep((due - datetime.now(UTC)).total_seconds())
    assert reached(publications.c.id) == count, "all are queued when they are due"
    begun = time.monotonic()
    while reached(publications.c.broadcast_at) < count:
        assert time.monotonic() - begun < PATIENCE, "not all were sent"
        time.sleep(0.1)
    seconds = time.monotonic() - begun
    while reached(publications.c.final_at) < count:
        assert time.monotonic() - begun < PATIENCE, "not all are final"
        time.sleep(1)
    for service in room.services:
        room.stop(service)
    after = spent(engine)
    engine.dispose()
    return count / seconds, {
        what: round((after[what] - before[what]) / count, 1) for what in before
    }


def spent(engine):
    """What the server has done for this database until now, by its own count."""
    time.sleep(1)  # until it has counted
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text(
                "SELECT sum(n_tup_ins) AS rows_inserted, sum(n_tup_upd) AS rows_updated "
                "FROM pg_stat_user_tables"
            )
        ).one()
        others = connection.execute(
            sa.text(
                "SELECT xact_commit AS commits, "
                "pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') / 1024 AS wal_kib "
                "FROM pg_stat_database WHERE datname = current_database()"
            )
        ).one()
    told = rows._asdict() | others._asdict()
    return {what: float(value) for what, value in told.items()}


if __name__ == "__main__":
    main()
