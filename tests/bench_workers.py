"""`make bench-workers`: 8 workers against 1 on PostgreSQL, 500 authors due at the same second.

Real services, real PostgreSQL, a devnet in another process at a real chain's pace; each side plays on
a chain and a database of its own. The baseline is one worker, in the same run. Counted is from the due
second to the last post's first broadcast, and the rows that the server wrote for a publication until
all were final.
"""

import argparse
import json
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import sqlalchemy as sa

from bot.devnet.chain import DevnetChain
from bot.devnet.network import network
from bot.devnet.testing import Devnet
from bot.records.engine import connect
from bot.records.tables import publications
from tests.chaos.arena import Arena
from tests.publishing.newsroom import Newsroom

PATIENCE = 600.0
LEAD = 45.0  # seconds from the first file to the due second: until all are queued


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.bench_workers", description=__doc__)
    parser.add_argument("--authors", type=int, default=500)
    parser.add_argument("--workers", type=int, default=8)
    options = parser.parse_args()
    alone, _ = measured(1, options.authors)
    many, rows = measured(options.workers, options.authors)
    told = {
        "authors": options.authors,
        "publications_a_second_with_1_worker": round(alone, 1),
        f"publications_a_second_with_{options.workers}_workers": round(many, 1),
        "ratio": round(many / alone, 2),
        "rows_a_publication": rows,
    }
    print(json.dumps(told))


def measured(workers, count):
    """(publications a second, rows written for each) with so many workers."""
    names = tuple(f"author{number:03}" for number in range(count))
    with tempfile.TemporaryDirectory(prefix="bench") as name:
        folder = Path(name)
        people_a_chain(folder / "chain", names)
        with (
            Devnet(data=folder / "chain") as devnet,
            Arena(folder, "postgresql", chain=False) as arena,
        ):
            room = Newsroom(folder / "room", devnet, arena.database(folder), names)
            try:
                return play(room, workers)
            finally:
                room.close()


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
    due = datetime.now(UTC) + timedelta(seconds=LEAD)
    for name in room.authors:
        room.brief(f"of-{name}.md", author=name, date=f'"{due:%Y-%m-%dT%H:%M:%SZ}"')
    for _ in range(workers):
        room.start()
    engine = connect(room.database)

    def reached(column):
        with engine.connect() as connection:
            return connection.scalar(sa.select(sa.func.count(column)).select_from(publications))

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
    rows = written(engine, count)
    engine.dispose()
    return count / seconds, rows


def written(engine, count):
    """Rows inserted and updated for each publication, by the server's own count."""
    time.sleep(1)  # until the server has counted
    with engine.connect() as connection:
        inserted, updated = connection.execute(
            sa.text("SELECT sum(n_tup_ins), sum(n_tup_upd) FROM pg_stat_user_tables")
        ).one()
    return {
        kind: round(float(total) / count, 1)
        for kind, total in (("inserted", inserted), ("updated", updated))
    }


if __name__ == "__main__":
    main()
