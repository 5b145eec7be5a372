"""`briefbot run`: the service."""

import os
import signal
import threading
from types import FrameType

import click
import structlog

from bot import app
from bot.cli.logging import service_log
from bot.clock import utc_now
from bot.config import ConfigError, Settings, load
from bot.records.leases import boottime


@click.command()
@click.option("--once", is_flag=True, help="One round of everything, then exit.")
@click.option("--no-queue", is_flag=True, help="Publish what others queue; needs no folder.")
@click.pass_context
def run(ctx: click.Context, *, once: bool, no_queue: bool) -> None:
    """Run the service: scan the queue, publish what is due, follow it, record what came of it.

    With --no-queue it looks at no folder: briefs come into the database from other machines, with
    their pictures.

    SIGTERM, Ctrl-C and a closed terminal end it within 10 seconds; what was in hand is finished or
    goes on at the next start.
    """
    config = load(ctx.obj["config_file"])
    log = service_log()
    with app.records(config, create=True) as records:
        records.examine()
        service = app.service(config, records, utc_now, log, queue=not no_queue)
        _warn_of_missing_keys(config, log)
        notifier = app.notifier(config, records, service, utc_now, log)
        if once:
            service.round()
            notifier.round()
            return
        ended = threading.Event()

        def end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
            ended.set()

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, end)
        service.start()
        notifier.start()
        log.info("started", queue=None if no_queue else str(config.posts), chain=config.chain)
        # not without end: after SIGCONT another thread may get the signal, and this one sleep on
        while not ended.wait(1.0):
            service.notice_clock(boottime())
        log.info("stopping")
        notifier.stop()
        finished = service.stop()
        log.info("stopped", finished=finished)
        if not finished:  # what is still at work would keep the process; the records are right
            os._exit(0)


def _warn_of_missing_keys(config: Settings, log: structlog.stdlib.BoundLogger) -> None:
    """Say which authors' briefs will wait; a key that is there is judged when it is needed."""
    for author in app.authors(config):
        try:
            config.posting_key(author)
        except ConfigError as error:
            log.warning("author_cannot_post", author=author, reason=str(error))
