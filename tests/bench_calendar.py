"""`make bench-calendar`: 100,000 briefs of 1,000 authors with slots, none of them with a date.

What `plan --days 7` takes, with the queue at rest, and what one new file costs the service: whose
calendars are made anew, how long that takes, and with how many SQL statements. No node is asked.
`--size 10000` is a short run; `--keep FOLDER` leaves the workspace there, and uses it again.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
import structlog

from bot import app
from bot.clock import utc_now
from bot.config import load
from tests.bench_queue import PARAGRAPH

ROOT = Path(__file__).parents[1]
AUTHORS = [f"author{number:03}" for number in range(1_000)]
SLOTS = ("mon-fri 09:00", "daily 18:00", "sat,sun 11:30", "1st mon 10:00")
ROUNDS = 5


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.bench_calendar", description=__doc__)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--keep", type=Path, help="where the workspace is")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench") as name:
        folder = options.keep or Path(name)
        if not (folder / "config").exists():
            make(folder, options.size)
        figures = dict(measured(folder))
    print("| figure | |\n|---|---|")
    for name, told in figures.items():
        print(f"| {name} | {told} |")


def make(folder, size):
    """A workspace whose authors have slots, and so many briefs without a date."""
    (folder / "config").mkdir(parents=True)
    tables = (
        f'[author.{name}]\nslots = ["{SLOTS[number % len(SLOTS)]}"]\nmin_gap = "2h"\n'
        for number, name in enumerate(AUTHORS)
    )
    file = folder / "config/briefbot.toml"
    file.write_text('chain = "steem"\ntimezone = "Europe/Berlin"\n' + "".join(tables))
    for number in range(size):
        os.utime(brief(folder, f"part-{number}", number), (1, 1))


def brief(folder, name, number):
    author = AUTHORS[number % len(AUTHORS)]
    file = folder / "posts" / author / f"{name}.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        f'---\ntitle: "The pass, day {number}"\ntags: [taliban, kabul]\nslug: {name}\n'
        f"author: {author}\n---\n" + PARAGRAPH.format(number=number) * (1 + number % 9)
    )
    return file


def measured(folder):
    """(name, figure) of each."""
    config = load(folder / "config/briefbot.toml", {})
    with app.records(config, create=True) as records, service_of(config, records) as service:
        yield "first intake, s", f"{seconds(lambda: read(service)):.1f}"
        begun = time.perf_counter()
        while records.unplanned():
            service.perform("dispatch")
        yield "first appointments of all, s", f"{time.perf_counter() - begun:.1f}"
        for name, told in change(folder, records, service).items():
            yield f"one new file: {name}", told
    for options in (["--days", "7"], ["--days", "7", "--json"], []):
        walls, users = zip(*(run(folder, options) for _ in range(ROUNDS)), strict=True)
        told = f"{statistics.median(walls):.2f} s, {statistics.median(users):.2f} s of user CPU"
        yield f"`{' '.join(['plan', *options])}`", told


@contextmanager
def service_of(config, records):
    quiet = structlog.wrap_logger(structlog.ReturnLogger(), processors=[])
    service = app.service(config, records, utc_now, quiet)
    try:
        yield service
    finally:
        service.leave()


def read(service):
    while service.perform("scan") == 0.0:
        pass  # there is more to read


def change(folder, records, service):
    """What the service does about one new file, and what that costs; medians."""
    found = []
    for number in range(ROUNDS):
        path = brief(folder, f"new-{time.time_ns()}", number)
        os.utime(path, (1, 1))
        with counted(records) as statements:
            wall = seconds(lambda: read(service))
            reading = len(statements)
            planning = seconds(lambda: service.perform("dispatch"))
        agendas = [str(given[:2]) for text, given in statements if "AS is_alive" in text]
        assert not records.unplanned(), "it wasn't planned"
        found.append((wall, reading, planning, len(statements) - reading, len(set(agendas))))
    names = ("seconds to read it", "statements of that", "seconds to plan it",
             "statements of that one", "authors calculated")  # fmt: skip
    return {
        name: f"{statistics.median(told):.3g}"
        for name, told in zip(names, zip(*found, strict=True), strict=True)
    }


@contextmanager
def counted(records):
    statements = []

    def note(_, __, statement, parameters, *___):
        statements.append((re.sub(r"\s+", " ", statement), parameters))

    sa.event.listen(records._engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sa.event.remove(records._engine, "before_cursor_execute", note)


def run(folder, options):
    """(wall, user CPU) of one `plan`, in seconds."""
    where = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "plan", *options],
        cwd=folder, env=where, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return time.perf_counter() - begun, used.ru_utime


def seconds(work):
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
