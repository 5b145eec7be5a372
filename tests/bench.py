"""`make bench`: what a publication costs against `beem.Steem.post()`, and how commands start.

Both sides of each ratio are measured in the same run on the same devnet; prints a table, and JSON
with `--json`.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

ROUNDS = 7


def main() -> None:
    """Measure and print."""
    figures = publication() | starts()
    if "--json" in sys.argv:
        print(json.dumps(figures, indent=2))
        return
    print(f"{'figure':<34}{'briefbot':>12}{'baseline':>12}{'ratio':>8}  baseline is")
    for name, row in figures.items():
        ours, theirs = row["briefbot"], row["baseline"]
        ratio = f"{ours / theirs:.2f}"
        print(f"{name:<34}{ours:>12.4g}{theirs:>12.4g}{ratio:>8}  {row['is']}")


def publication() -> dict[str, dict[str, object]]:
    """One post until a node has accepted it: CPU seconds, round trips, wall seconds.

    Both on connections that stay open, as they do at public nodes, and each in turn, so that the
    machine's moods hit both alike.
    """
    from bot.devnet.testing import Devnet

    with (
        tempfile.TemporaryDirectory() as folder,
        Devnet(block_interval=0.02, keep_alive=True) as devnet,
    ):
        os.environ["XDG_DATA_HOME"] = folder  # beem writes its own database there
        sides = (
            (_briefbot(Path(folder), devnet), "bot.chain.wire.Wire._exchange"),
            (_beem(devnet), "beemapi.graphenerpc.GrapheneRPC.request_send"),
        )
        rows: list[list[tuple[float, float, float]]] = [[], []]
        for number in range(ROUNDS + 1):
            time.sleep(2.5)  # the five minutes between posts, a hundred and fifty times as fast
            for (publish, wire), found in zip(sides, rows, strict=True):
                found.append(_measured(publish, number, wire))
    warm = [zip(*found[1:], strict=True) for found in rows]
    ours, theirs = ([statistics.median(column) for column in columns] for columns in warm)
    told = "beem.Steem.post()"
    return {
        f"publication, {name}": {"briefbot": a, "baseline": b, "is": told}
        for name, a, b in zip(("CPU s", "round trips", "wall s"), ours, theirs, strict=True)
    }


def _measured(
    publish: Callable[[int], Callable[[], None]], number: int, wire: str
) -> tuple[float, float, float]:
    module, _, method = wire.rpartition(".")
    owner_module, _, owner = module.rpartition(".")
    original = getattr(getattr(sys.modules[owner_module], owner), method)
    calls = 0

    def counted(*args: object, **kwargs: object) -> object:
        nonlocal calls
        calls += 1
        return original(*args, **kwargs)

    with mock.patch(wire, counted):
        wall, cpu = time.perf_counter(), time.process_time()
        make_sure = publish(number)
        row = time.process_time() - cpu, calls, time.perf_counter() - wall
    make_sure()
    return row


def _briefbot(folder: Path, devnet: object) -> Callable[[int], Callable[[], None]]:
    from bot import app
    from bot.cli.logging import quiet_log
    from bot.clock import utc_now
    from bot.config import Settings, key_variable

    (folder / "posts").mkdir()
    config = Settings(
        root=folder,
        posts=folder / "posts",
        database=f"sqlite:///{folder / 'bench.db'}",
        chains={"devnet": {"nodes": [devnet.url]}},
        environment={key_variable("alice"): devnet.key("alice")},
    )
    records = app.records(config, create=True)
    service = app.service(config, records, utc_now, quiet_log())

    def make_sure() -> None:
        last = records.log()[-1].publication
        assert last.broadcast_at is not None, last.error

    def publish(number: int) -> Callable[[], None]:
        path = folder / "posts" / f"bench-{number}.md"
        body = "A paragraph of the size that a post has. " * 50
        text = f"---\ntitle: Bench {number}\ntags: [bench]\nauthor: alice\n---\n{body}\n"
        path.write_text(text)
        os.utime(path, (time.time() - 60,) * 2)
        service.scan()
        service.dispatch()
        return make_sure

    return publish


def _beem(devnet: object) -> Callable[[int], Callable[[], None]]:
    from beem import Steem

    steem = Steem(node=[devnet.url], keys=[devnet.key("bob")])

    def publish(number: int) -> Callable[[], None]:
        body = "A paragraph of the size that a post has. " * 50
        steem.post(
            f"Bench {number}", body, author="bob", permlink=f"bench-{number}", tags=["bench"]
        )
        return lambda: None  # it raises where it isn't taken

    return publish


def starts() -> dict[str, dict[str, object]]:
    """Cold starts of commands, in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        run = {"cwd": folder, "capture_output": True, "env": environment}
        briefbot = [sys.executable, "-m", "bot"]
        subprocess.run([*briefbot, "db", "upgrade"], check=True, **run)
        pairs = {
            "--help, s": ([*briefbot, "--help"], [sys.executable, "-c", ""], "a bare interpreter"),
            "log, s": (
                [*briefbot, "log"],
                [sys.executable, "-c", "import sqlalchemy"],
                "import sqlalchemy",
            ),
        }
        figures = {}
        for name, (ours, theirs, told) in pairs.items():
            times: dict[str, list[float]] = {"briefbot": [], "baseline": []}
            for _ in range(ROUNDS):  # in turn, so that the machine's moods hit both alike
                for side, command in (("briefbot", ours), ("baseline", theirs)):
                    begun = time.perf_counter()
                    subprocess.run(command, check=True, **run)
                    times[side].append(time.perf_counter() - begun)
            medians = {side: statistics.median(values) for side, values in times.items()}
            figures[name] = {**medians, "is": told}
        return figures


if __name__ == "__main__":
    main()
