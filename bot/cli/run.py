"""`briefbot run`: the service."""

import signal
import threading
from types import FrameType

import click
import structlog

from bot.chain.errors import NodesUnreachable
from bot.cli import workspace
from bot.cli.logging import service_log
from bot.config import Settings
from bot.publishing.authority import check_key
from bot.records.leases import boottime


@click.command()
@click.option("--once", is_flag=True, help="One round of everything, then exit.")
@click.pass_context
def run(ctx: click.Context, *, once: bool) -> None:
    """Run the service: scan the queue, publish what is due, follow it, record what came of it.

    SIGTERM and Ctrl-C end it within 10 seconds; what was in hand is finished or goes on at the
    next start.
    """
    config = workspace.settings(ctx)
    log = service_log()
    with workspace.records(config, create=True) as records:
        records.examine()
        service = workspace.service(config, records, workspace.utc_now, log)
        refuse_bad_keys(config, log)
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
        # not without end: after SIGCONT another thread may get the signal, and this one sleep on
        while not ended.wait(1.0):
            service.notice_clock(boottime())
        log.info("stopping")
        finished = service.stop()
        log.info("stopped", finished=finished)


def refuse_bad_keys(config: Settings, log: structlog.stdlib.BoundLogger) -> None:
    """Stop before the start when an author's key can't post, or can do more than post.

    Raises:
        KeyRefused: and says which key it is. When no node answers, the check comes before each
            signature anyway, so the service starts and waits.
    """
    with workspace.chain(workspace.profiles(config)[config.chain]) as chain:
        try:
            for author in workspace.authors(config):
                account = chain.account(author)
                if account is not None:
                    check_key(chain, account, config.posting_key(author))
        except NodesUnreachable as error:
            log.warning("keys_not_checked_yet", reason=str(error))
