"""`briefbot web`: the dashboard."""

import time
from typing import TYPE_CHECKING

import click
import structlog

from bot import app
from bot.cli import terminal
from bot.cli.logging import service_log
from bot.cli.run import listening
from bot.clock import utc_now
from bot.config import Settings, load
from bot.errors import BotError
from bot.records import Records

if TYPE_CHECKING:
    from bot.web.server import Served

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
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            served.end()


class NoDashboard(BotError):  # noqa: N818  # what is wrong
    """What the dashboard is made of isn't installed."""

    exit_code = 2


def dashboard(
    config: Settings,
    records: Records,
    log: structlog.stdlib.BoundLogger,
    address: tuple[str, int],
) -> "Served":
    """Serve the dashboard there, on a thread of its own.

    Raises:
        NoDashboard: the extra isn't installed.
        NotServed: nobody can listen there.
    """
    try:
        from bot.web.application import application  # noqa: PLC0415  # an extra
        from bot.web.server import serve  # noqa: PLC0415
        from bot.web.workplace import Workplace  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise NoDashboard(
            f"web: {error.name} isn't installed: pip install 'briefbot[web]'"
        ) from None
    return serve(application(Workplace.of(config, records, utc_now, log)), *address)
