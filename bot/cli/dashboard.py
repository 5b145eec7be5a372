"""How commands begin the dashboard, where what it is made of is installed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog
from prometheus_client import CollectorRegistry

from bot.clock import utc_now
from bot.config import Settings
from bot.errors import BotError
from bot.records import Records
from bot.records.people import People

if TYPE_CHECKING:
    from bot.web.server import Served


class NoDashboard(BotError):  # noqa: N818  # what is wrong
    """What the dashboard is made of isn't installed."""

    exit_code = 2


def dashboard(
    config: Settings,
    records: Records,
    log: structlog.stdlib.BoundLogger,
    address: tuple[str, int],
    figures: CollectorRegistry | None = None,
) -> "Served":
    """Serve the dashboard there, on a thread of its own.

    Args:
        figures: of the service beside which it is served.

    Raises:
        NoDashboard: the extra isn't installed.
        NobodyMaySignIn: it would be open to everybody.
        NotServed: nobody can listen there.
    """
    refuse_dashboard(config, records, address)
    with _installed():
        from bot.web.application import application  # noqa: PLC0415  # an extra
        from bot.web.server import serve  # noqa: PLC0415
        from bot.web.workplace import Workplace  # noqa: PLC0415
    return serve(application(Workplace.of(config, records, utc_now, log, figures)), *address)


def refuse_dashboard(config: Settings, records: Records, address: tuple[str, int]) -> None:
    """Make sure that it may be served there.

    Raises:
        NoDashboard: the extra isn't installed.
        NobodyMaySignIn: it would be open to everybody.
    """
    with _installed():
        from bot.web.security import refuse_open_dashboard  # noqa: PLC0415
    refuse_open_dashboard(People(records), address[0], config.web)


@contextmanager
def _installed() -> Iterator[None]:
    """What isn't there is told with what brings it."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise NoDashboard(
            f"web: {error.name} isn't installed: pip install 'briefbot[web]'"
        ) from None
