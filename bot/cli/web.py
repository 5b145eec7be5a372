"""`briefbot web`: the dashboard."""

import signal
import threading

import click

from bot import app
from bot.cli import terminal
from bot.cli.dashboard import dashboard
from bot.cli.logging import service_log
from bot.cli.run import listening
from bot.config import load

ADDRESS = "127.0.0.1:8080"


@click.command()
@click.option(
    "--listen",
    "address",
    metavar="[HOST:]PORT",
    default=ADDRESS,
    show_default=True,
    callback=listening,
    help="Where to answer; HOST is 127.0.0.1 unless it is named.",
)
@click.pass_context
def web(ctx: click.Context, address: tuple[str, int]) -> None:
    """Serve the dashboard: what goes out when, what needs a person, what came of it.

    It publishes nothing by itself: that is the service's (`briefbot run`, which can serve the
    dashboard too, with --web).
    """
    config = load(ctx.obj["config_file"])
    with app.records(config, create=True) as records:
        served = dashboard(config, records, service_log(), address)
        terminal.tell(f"{served.url}/ (Ctrl-C ends it)")
        ended = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: ended.set())
        while not ended.wait(1.0):  # not without end, see `run`
            pass
        served.end()
