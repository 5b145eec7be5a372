"""`make bench-queue`: what a queue of 1,000, 10,000 and 100,000 briefs of 1,000 authors costs.

A real service (`briefbot run`, SQLite) beside a devnet in a process of its own, at a real chain's
pace. Each figure has its baseline in the same run: python-frontmatter over the same files on one
core; a loop that looks for due rows each second; and the same service, or command, with an empty
queue. `--sizes 1000 --due 20 --idle 10` is a short run.
"""

import argparse
import json
import os
import re
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import frontmatter

from bot.devnet.testing import Devnet
from tests.bench_workers import people_a_chain
from tests.queue_plot import plot

ROOT = Path(__file__).parents[1]
AUTHORS = 1_000
PATIENCE = 1_800.0
SAVES = 5
LEAD = 15.0  # seconds from the file to its due second: until it is queued
BASELINES = {
    "first intake, s": "python-frontmatter, one core",
    "first intake, peak MB": "the service with an empty queue",
    "idle, % of a core": "the service with an empty queue",
    "idle, MB": "the service with an empty queue",
    "saved file to its row, s": "the service with an empty queue",
    "saved file, CPU ms": "the service with an empty queue",
    "due to first byte, p50 ms": "a loop that polls each second",
    "due to first byte, p99 ms": "a loop that polls each second",
    "plan, s": "plan of an empty queue",
}
PARAGRAPH = (
    "The pass was closed on Monday, and **opened again** on Tuesday; see [the report]"
    "(https://example.org/reports/{number}) by @bob. Drivers wait for a convoy that leaves at nine.\n\n"
)


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.bench_queue", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--due", type=int, default=100, help="briefs that come due, one a second")
    parser.add_argument(
        "--idle", type=float, default=60.0, help="seconds of rest that are measured"
    )
    parser.add_argument("--plot", type=Path, help="where the plot is written, as SVG")
    options = parser.parse_args()
    names = tuple(f"author{number:03}" for number in range(AUTHORS))
    with tempfile.TemporaryDirectory(prefix="bench") as name:
        folder = Path(name)
        people_a_chain(folder / "chain", names)
        with Devnet(data=folder / "chain") as devnet, Relay(devnet.url) as relay:
            empty = measured(folder / "empty", 0, options, devnet, relay)
            figures = {}
            for size in options.sizes:
                room = folder / str(size)
                figures[size] = measured(room, size, options, devnet, relay, empty)
                print(f"{size} briefs: {figures[size]}", file=sys.stderr, flush=True)
    print(table(figures))
    print(json.dumps(figures))
    if options.plot:
        options.plot.write_text(plot(figures))


def measured(folder, size, options, devnet, relay, empty=None):
    """All figures of one queue: {name: [ours, baseline]}."""
    room = Room(folder, size, devnet, relay)
    found, baseline = {}, {}
    if size:
        files = sorted(room.posts.rglob("*.md"))
        baseline["first intake, s"] = seconds(lambda: [frontmatter.load(file) for file in files])
    with room.service() as service:
        found["first intake, s"], found["first intake, peak MB"] = service.intake(size)
        found["idle, % of a core"], found["idle, MB"] = service.rest(options.idle)
        found["saved file to its row, s"], found["saved file, CPU ms"] = service.saves()
        ours, theirs = service.dues(options.due)
        for name, part in (("p50", 50), ("p99", 99)):
            found[f"due to first byte, {name} ms"] = percentile(ours, part) * 1000
            baseline[f"due to first byte, {name} ms"] = percentile(theirs, part) * 1000
    found["plan, s"] = seconds(lambda: room.command("plan", "--json"))
    others = {name: row[0] for name, row in (empty or {}).items()}
    return {
        name: [round(value, 3), round((others | baseline).get(name, value), 3)]
        for name, value in found.items()
    }


class Relay:
    """Stands between the service and the node; notes when a post's first byte comes by.

    Attributes:
        seen: permlink → instant.
    """

    def __init__(self, url):
        self._port = int(url.rpartition(":")[2].strip("/"))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.seen = {}

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client = self._listener.accept()[0]
                node = socket.create_connection(("127.0.0.1", self._port))
            except OSError:
                return
            for ends in ((client, node, True), (node, client, False)):
                threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source, target, is_request):
        with suppress(OSError):  # the other way has ended
            while data := source.recv(1 << 16):
                if is_request and b"broadcast_transaction" in data:
                    for found in re.findall(rb'"permlink\W+(due-[0-9-]+)"', data):
                        self.seen.setdefault(found.decode(), time.time())
                target.sendall(data)
        for end in (source, target):  # a mere close would not wake the thread that carries back
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Room:
    """A workspace with a queue of so many briefs, dated far ahead."""

    def __init__(self, folder, size, devnet, relay):
        self.folder, self.size, self.relay = folder, size, relay
        self.posts = folder / "posts"
        for author in range(AUTHORS):
            (self.posts / f"author{author:03}").mkdir(parents=True)
        names = [f"author{number:03}" for number in range(AUTHORS)]
        (folder / "config").mkdir()
        (folder / "config/briefbot.toml").write_text(
            'chain = "devnet"\n' + f"[chains.devnet]\nnodes = [{json.dumps(relay.url)}]\n"
        )
        keys = "".join(f"BRIEFBOT_POSTING_KEY_{n.upper()}={devnet.key(n)}\n" for n in names)
        (folder / ".env").write_text(keys)
        (folder / ".env").chmod(0o600)
        for number in range(size):
            past = self.brief(f"{number:06}", number, "2090-01-01 09:00")
            os.utime(past, (1, 1))

    def brief(self, name, number, date):
        file = self.posts / f"author{number % AUTHORS:03}" / f"{name}.md"
        file.write_text(
            f'---\ntitle: "The pass, day {number}"\ntags: [taliban, kabul, weather]\nslug: {name}\n'
            f"author: author{number % AUTHORS:03}\ndate: {date}\n"
            f"description: What happened on day {number}.\n---\n# Day {number}\n\n"
            + PARAGRAPH.format(number=number)
            * (1 + number % 9)
        )
        return file

    def command(self, *arguments):
        subprocess.run([sys.executable, "-m", "bot", *arguments], check=True, **self._where())

    @contextmanager
    def service(self):
        with (self.folder / "service.log").open("w") as log:
            command = [sys.executable, "-m", "bot", "run"]
            where = self._where() | {"stdout": log, "stderr": log}
            process = subprocess.Popen(command, **where)
            try:
                yield Running(self, process.pid)
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(30)

    def _where(self):
        environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
        return {"cwd": self.folder, "env": environment, "stdout": subprocess.DEVNULL}


class Running:
    """A service that runs, watched from outside."""

    def __init__(self, room, pid):
        self._room, self._pid = room, pid
        self._started = time.time()

    def intake(self, size):
        """(seconds until all are queued, most memory meanwhile in MB)."""
        memory = 0.0
        while self._count() < size or not self._has_begun():
            assert time.time() - self._started < PATIENCE, "not all were queued"
            memory = max(memory, self._memory())
            time.sleep(0.2)
        return time.time() - self._started, max(memory, self._memory())

    def rest(self, idle):
        """(% of a core, MB) of the idle service."""
        time.sleep(10)  # until it rests
        begun, cpu = time.monotonic(), self._cpu()
        time.sleep(idle)
        return (self._cpu() - cpu) / (time.monotonic() - begun) * 100, self._memory()

    def saves(self):
        """(seconds, CPU in ms) from a saved file to its row."""
        delays, cpu = [], self._cpu()
        for number in range(SAVES):
            name = f"saved-{number}"
            self._room.brief(name, number, "2090-01-01 09:00")
            saved = time.monotonic()
            while not self._rows("permlink = ?", name):
                assert time.monotonic() - saved < PATIENCE, "a saved file wasn't queued"
                time.sleep(0.02)
            delays.append(time.monotonic() - saved)
            time.sleep(1.3)  # out of step with what looks each second
        return statistics.median(delays), (self._cpu() - cpu) / SAVES * 1000

    def dues(self, count):
        """Seconds from each due instant to the first byte at the node: ours, and a polling loop's."""
        first = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=LEAD)
        dates = {}
        for number in range(count):
            name = f"due-{self._room.size}-{number}"
            dates[name] = first + timedelta(seconds=number)
            # authors of their own: nobody posts twice within five minutes
            author = number + self._room.size % 7 * 100
            self._room.brief(name, author, f"{dates[name]:%Y-%m-%dT%H:%M:%SZ}")
        polled = {}
        while len(polled) < count or not dates.keys() <= self._room.relay.seen.keys():
            assert datetime.now(UTC) < first + timedelta(seconds=count + 120), "not all were sent"
            begun = time.monotonic()
            now = time.time()
            told = f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d %H:%M:%S.%f}"
            for name in self._rows("permlink LIKE 'due-%' AND scheduled_at <= ?", told):
                polled.setdefault(name, now)
            time.sleep(max(0, 1 - (time.monotonic() - begun)))
        seen = self._room.relay.seen
        return [
            [moments[name] - dates[name].timestamp() for name in dates]
            for moments in (seen, polled)
        ]

    def _has_begun(self):
        return "started" in self._room.folder.joinpath("service.log").read_text()

    def _count(self):
        return len(self._rows("?", 1))

    def _rows(self, condition, value):
        file = self._room.folder / "briefbot.db"
        try:
            with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
                rows = connection.execute(
                    f"SELECT permlink FROM publications WHERE {condition}", [value]
                )
                return [permlink for (permlink,) in rows]
        except sqlite3.OperationalError:  # not made yet
            return []

    def _cpu(self):
        """Seconds, with those of its processes that have ended."""
        fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")

    def _memory(self):
        """MB of it and its processes, what they share counted once."""
        children = Path(f"/proc/{self._pid}/task/{self._pid}/children")
        pids = [self._pid, *children.read_text().split()] if children.exists() else [self._pid]
        return sum(map(_proportional, pids)) / 1024


def _proportional(pid):
    try:
        told = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:  # it has ended
        return 0
    return int(re.search(r"^Pss:\s+(\d+)", told, re.MULTILINE).group(1))


def percentile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * part // 100)]


def seconds(work):
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def table(figures):
    """As Markdown: one column for each size, ours and in brackets the baseline."""
    sizes = list(figures)
    lines = [
        "| figure | " + " | ".join(f"{size:,}" for size in sizes) + " | baseline (in brackets) |",
        "|---" * (len(sizes) + 2) + "|",
    ]
    for name, told in BASELINES.items():
        cells = [f"{figures[size][name][0]:.3g} ({figures[size][name][1]:.3g})" for size in sizes]
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {told} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
