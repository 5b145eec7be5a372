"""How commands begin the dashboard, where what it is made of is installed."""

from typing import TYPE_CHECKING

import structlog

from bot.clock import utc_now
from bot.config import Settings
from bot.errors import BotError
from bot.records import Records

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
