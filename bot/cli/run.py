"""`briefbot run`: the service."""

import signal
import threading
from types import FrameType

import click

from bot.cli import workspace
from bot.cli.logging import service_log


@click.command()
@click.option("--once", is_flag=True, help="One round of everything, then exit.")
@click.pass_context
def run(ctx: click.Context, *, once: bool) -> None:  # noqa: D417
    """Run the service: scan the queue, publish what is due, follow it, record what came of it.

    SIGTERM and Ctrl-C end it within 10 seconds; what was in hand is finished or goes on at the
    next start.
    """
    config = workspace.settings(ctx)
    log = service_log()
    with workspace.records(config, create=True) as records:
        service = workspace.service(config, records, workspace.utc_now, log)
        workspace.refuse_bad_keys(config, log)
        if once:
            service.round()
            return
        ended = threading.Event()

        def end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
            ended.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)
        service.start()
        log.info("started", queue=str(config.posts), chain=config.chain)
        ended.wait()
        log.info("stopping")
        finished = service.stop()
        log.info("stopped", finished=finished)
