"""The line with which commands begin when nobody is at work though something is due."""

from bot.cli import terminal
from bot.clock import utc_now
from bot.records import Records
from bot.reports.idle import idle


def warn_if_idle(records: Records | None, *, data: bool) -> None:
    """Say in one line that no service is running though something is due.

    Args:
        data: what is printed is for programs, so this goes to standard error.
    """
    if records is not None and (said := idle(records, utc_now())):
        terminal.tell(said, error=data)
