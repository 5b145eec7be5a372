"""Whether nobody is at work though something is due: what several commands say first."""

from datetime import datetime, timedelta

from bot.records import Records
from bot.records.figures import Figures
from bot.records.workers import WorkerRecords

NOTICED = timedelta(minutes=1)
"""How long after its time something is due, where nobody is at work who would publish it."""


def idle(records: Records, now: datetime) -> str:
    """That nobody is at work though something is due, in one sentence; empty otherwise."""
    if WorkerRecords(records).is_anybody_running():
        return ""
    figures = Figures(records)
    since = figures.overdue_since(now - NOTICED)
    if since is None:
        return ""
    due = counted(figures.overdue(now - NOTICED), "brief is", "briefs are")
    return (
        f"No service is running, and {due} due, the first since {since:%Y-%m-%d %H:%M} UTC: start "
        "it with `briefbot run`; `briefbot status` tells more"
    )


def counted(count: int, one: str, many: str) -> str:
    """So many of them, in words."""
    return f"{count} {one if count == 1 else many}"
