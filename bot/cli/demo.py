"""`briefbot demo`: the whole main job on a chain of its own."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import click

from bot import app
from bot.briefs import Queue
from bot.cli import terminal
from bot.cli.audience import Audience
from bot.cli.dashboard import NoDashboard, dashboard
from bot.cli.init import SAMPLE_NAME, ready_sample
from bot.cli.logging import quiet_log
from bot.cli.table import log_table, print_log
from bot.clock import utc_now
from bot.config import DEMO, Settings, key_variable, load
from bot.devnet.testing import Devnet
from bot.records import LogRow, Records, Status

CONFIG = """\
# The workspace of `briefbot demo`, written anew by each. Its devnet, and so its
# node, is there while `briefbot demo --serve` runs.
chain = "devnet"
posts = {posts}
database = "sqlite:///briefbot.db"

[defaults]
author = "{author}"                       # of briefs that name none

{authors}
[chains.devnet]
nodes = [{node}]

[prices]
source = {prices}
every = "1m"
"""
AUTHOR = "alice"
BLOCK_INTERVAL = 0.2  # seconds of real time a block; its chain time is 3 seconds all the same
PATIENCE = 60.0
SETTLED = {Status.FINAL, Status.REJECTED, Status.MISSED, Status.CANCELLED, Status.HELD}


@click.command()
@click.option(
    "--serve",
    is_flag=True,
    help="Keep devnet, service and dashboard running until interrupted; readers vote and reply.",
)
@click.pass_context
def demo(ctx: click.Context, *, serve: bool) -> None:
    """Publish the briefs in posts/ on a devnet through beem, follow them, and show the log.

    The devnet and the database live in .briefbot/demo, so running it again publishes nothing
    twice. Nothing leaves this machine. Where posts/ has nothing that may go out, the brief that
    `init` writes does.
    """
    home = Path.cwd() / DEMO
    home.mkdir(parents=True, exist_ok=True)
    posts = _posts(home)
    with Devnet(data=home / "devnet", block_interval=BLOCK_INTERVAL) as devnet:
        config = _settings(home, posts, devnet)
        terminal.tell(f"devnet on {devnet.url}, a block every {BLOCK_INTERVAL} s")
        with app.records(config, create=True) as records:
            done_before = {row.publication.id for row in records.log()}
            finished = _serve(config, records, devnet) if serve else _publish(config, records)
            rows = records.log()
            _conclude(rows, done_before)
    if not finished or any(row.publication.status is not Status.FINAL for row in rows):
        ctx.exit(1)


def _posts(home: Path) -> Path:
    """The folder to publish: this one's posts/, or a sample where nothing in that may go out."""
    posts = Path.cwd() / "posts"
    entries = Queue(posts).look() if posts.is_dir() else []
    if any(entry.brief is None or not entry.brief.draft for entry in entries):
        return posts
    terminal.tell("Nothing in posts/ may go out yet: this publishes the brief that `init` writes.")
    sample = home / "posts" / SAMPLE_NAME
    sample.parent.mkdir(exist_ok=True)
    sample.write_text(ready_sample(), encoding="utf-8")
    return sample.parent


def _settings(home: Path, posts: Path, devnet: Devnet) -> Settings:
    """The demo's own workspace, written: this folder's briefs, the devnet, its accounts' keys.

    Whoever goes there afterwards has every command.
    """
    authors = {AUTHOR} | {
        entry.brief.author
        for entry in Queue(posts).look()
        if entry.brief is not None and entry.brief.author is not None
    }
    file = home / "config/briefbot.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(
        CONFIG.format(
            posts=json.dumps(str(posts)),
            author=AUTHOR,
            node=json.dumps(devnet.url),
            prices=json.dumps(f"{devnet.url}/api/v3"),
            authors="".join(f'[author."{author}"]\n' for author in sorted(authors)),
        ),
        encoding="utf-8",
    )
    keys = "".join(f"{key_variable(name)}={devnet.key(name)}\n" for name in sorted(authors))
    (home / ".env").write_text(keys, encoding="utf-8")
    return load(file, {})


def _publish(config: Settings, records: Records) -> bool:
    """Run the service until every publication has settled; True when all briefs got so far."""
    with _service(config, records) as found_nothing, _progress() as show:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            rows = records.log()
            show(rows)
            if all(row.publication.status in SETTLED for row in rows):
                return found_nothing
            time.sleep(BLOCK_INTERVAL)
    terminal.tell(f"Not everything is final after {PATIENCE:.0f} s; see the reasons below.")
    return False


def _serve(config: Settings, records: Records, devnet: Devnet) -> bool:
    """Run the service and the dashboard until interrupted; what is published finds readers."""
    with ExitStack() as opened:
        found_nothing = opened.enter_context(_service(config, records))
        try:
            served = dashboard(config, records, quiet_log(), ("127.0.0.1", 0))
        except NoDashboard as error:
            terminal.tell(str(error))
        else:
            opened.callback(served.end)
            terminal.tell(f"dashboard on {served.url}/ (Ctrl-C ends all of it)")
        audience = opened.enter_context(Audience.of(config, devnet))
        show = opened.enter_context(_progress())
        with suppress(KeyboardInterrupt):
            while True:
                rows = records.log()
                show(rows)
                audience.read(rows)
                time.sleep(BLOCK_INTERVAL)
    return found_nothing


@contextmanager
def _service(config: Settings, records: Records) -> Iterator[bool]:
    """The service as it runs; whether every brief is as it should be."""
    service = app.service(config, records, utc_now, quiet_log())
    findings = service.scan()
    for finding in findings:
        terminal.tell(str(finding))
    heartbeat = app.heartbeat(config, records, service, quiet_log())
    service.start()
    heartbeat.start()
    try:
        yield not findings
    finally:
        service.stop()
        heartbeat.stop()


@contextmanager
def _progress() -> Iterator[Callable[[Sequence[LogRow]], None]]:
    """Something to show the log's rows with as they change: a live table, or plain lines."""
    if terminal.is_read_by_a_person():
        with terminal.live_table() as show:
            yield lambda rows: show(log_table(rows, "UTC"))
        return
    told: dict[int, Status] = {}

    def lines(rows: Sequence[LogRow]) -> None:
        for row in rows:
            publication = row.publication
            if told.get(publication.id) is not publication.status:
                told[publication.id] = publication.status
                terminal.tell(f"{publication.brief}: {publication.status.value}")

    yield lines


def _conclude(rows: Sequence[LogRow], done_before: set[int]) -> None:
    """The log, and what to do next."""
    terminal.tell()
    print_log(rows, "UTC")
    new = sum(row.publication.id not in done_before for row in rows)
    terminal.tell()
    if new:
        briefs = "1 brief" if new == 1 else f"{new} briefs"
        terminal.tell(f"{briefs} published, each in one transaction that can't be undone.")
    else:
        terminal.tell("Nothing was published: every brief in posts/ is on the chain already.")
    terminal.tell(
        f"Look at it: `cd {DEMO}`, the demo's own workspace, then `briefbot log`, `show`, …"
    )
    terminal.tell("See it as its readers do: `briefbot demo --serve` has a dashboard and readers.")
    terminal.tell(
        "Next: add a brief to posts/ and run this again, or try a folder of your own on a devnet: "
        "README, “Try it”."
    )
