"""Publications carried as far as a one-shot command was asked to, by the service's own journey."""

import time
from collections.abc import Sequence

from bot.cli import terminal, workspace
from bot.publishing.service import Service
from bot.records import Publication, Status

PACE = 1.0  # seconds between looks at the chain, at most
FAILED = {Status.REJECTED, Status.MISSED, Status.HELD, Status.CANCELLED}


def carried(service: Service, rows: Sequence[Publication], wait: str | None) -> bool:
    """Carry these publications on, telling what becomes of them; True when none has failed.

    Args:
        wait: `included`, `final`, or None to return once they are sent.
    """
    told: dict[int, Publication] = {}
    first = True
    held: set[int] = set()
    while True:
        for row in rows:
            if told.get(row.id) != row:
                _tell(row)
            told[row.id] = row
        moving = [row for row in rows if _goes_on(row, wait, first=first)]
        if not moving:
            break
        first = False
        rows = [service.advance(row) if row in moving and _is_due(row) else row for row in rows]
        for row in rows:
            if row in moving and row.id not in held and (holder := service.holder(row)):
                held.add(row.id)
                terminal.tell(f"{row.brief}: {holder} is at work for {row.author}, and goes on")
        if not any(told[row.id].status is not row.status for row in rows):
            time.sleep(min(PACE, service.pace()))
    service.leave()
    return not any(row.status in FAILED or _needs_a_person(row) for row in rows)


def _goes_on(row: Publication, wait: str | None, *, first: bool) -> bool:
    """Whether this one is to be carried further before the command returns."""
    now = workspace.utc_now()
    if row.status is Status.QUEUED:
        return row.scheduled_at is None or row.scheduled_at <= now
    if row.status is Status.WAITING:
        if _needs_a_person(row):
            return False
        return wait is not None or (first and _is_due(row))
    if row.status is Status.PUBLISHING:
        return first or wait is not None
    return row.status is Status.INCLUDED and (first or wait == "final")


def _needs_a_person(row: Publication) -> bool:
    """Whether it waits until its author can be posted for."""
    return row.status is Status.WAITING and row.retry_at is None


def _is_due(row: Publication) -> bool:
    """Whether a waiting one's time has come; others go on at once."""
    return row.retry_at is None or row.retry_at <= workspace.utc_now()


def _tell(row: Publication) -> None:
    where = f"  block {row.block_num}" if row.block_num else ""
    why = f"  {row.error}" if row.error else ""
    if row.status is Status.QUEUED and row.scheduled_at and row.scheduled_at > workspace.utc_now():
        why = "  `briefbot run` publishes it at its date; --now publishes it at once"
    terminal.tell(f"{row.brief}: {row.status.value}{where}{why}")
    if row.status is Status.FINAL:
        terminal.tell(row.url)
