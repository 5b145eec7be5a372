"""`make bench-workers`: 8 workers against 1 on PostgreSQL, 500 authors due at the same second.

Real services, real PostgreSQL, a devnet in another process; each side plays on a chain of its own.
The baseline is one worker, in the same run. Counted is from the due second to the last post's
first broadcast, and the rows that are written for a publication.
"""

import argparse
import json
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from bot.records import Records
from bot.records.engine import connect
from tests.chaos.arena import Arena
from tests.devnet.client import Client
from tests.publishing.newsroom import Newsroom

PATIENCE = 600.0
LEAD = 40.0  # seconds from the first file to the due second: until all are queued


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
    names = [f"author-{number}" for number in range(count)]
    with (
        tempfile.TemporaryDirectory(prefix="bench") as folder,
        Client() as client,
        Arena(folder, "postgresql", chain=False) as arena,
    ):
        for name in names:
            client.new_account(name, power="10.000 STEEM")
        client.pass_time(303)
        client.devnet.set_block_interval(1.0)
        room = Newsroom(Path(folder) / "room", client.devnet, arena.database(folder), tuple(names))
        room.write_keys({name.replace("-", "_"): client.devnet.key("alice") for name in names})
        due = datetime.now(UTC) + timedelta(seconds=LEAD)
        for name in names:
            room.brief(f"of-{name}.md", author=name, date=f'"{due:%Y-%m-%dT%H:%M:%SZ}"')
        services = [room.start() for _ in range(workers)]
        with Records.open(room.database) as records:
            while datetime.now(UTC) < due:
                time.sleep(0.01)
            assert len(records.log()) == count, "all are queued when they are due"
            begun = time.monotonic()
            while sum(row.publication.broadcast_at is not None for row in records.log()) < count:
                assert time.monotonic() - begun < PATIENCE, "not all were sent"
                time.sleep(0.2)
            seconds = time.monotonic() - begun
            while sum(row.publication.final_at is not None for row in records.log()) < count:
                assert time.monotonic() - begun < PATIENCE, "not all are final"
                time.sleep(1)
        for service in services:
            room.stop(service)
        rows = written(room.database, count)
    return count / seconds, rows


def written(database, count):
    """Rows inserted and updated for each publication, by the server's own count."""
    engine = connect(database)
    with engine.connect() as connection:
        time.sleep(1)  # until the server has counted
        inserted, updated = connection.execute(
            sa.text("SELECT sum(n_tup_ins), sum(n_tup_upd) FROM pg_stat_user_tables")
        ).one()
    engine.dispose()
    return {"inserted": round(inserted / count, 1), "updated": round(updated / count, 1)}


if __name__ == "__main__":
    main()
