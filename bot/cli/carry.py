"""What becomes of publications that a command carries on, told as it happens."""

from collections.abc import Sequence

from bot.cli import terminal
from bot.cli.table import planned_at
from bot.cli.times import told
from bot.clock import utc_now
from bot.records import Publication, Status
from bot.service.carrying import Goal, News, carry, has_failed
from bot.service.service import Service


def carried(service: Service, rows: Sequence[Publication], wait: str | None, timezone: str) -> bool:
    """Carry these publications on, telling what becomes of them; True when none has failed.

    One whose date is still to come isn't waited for; with `wait` that is a failure.

    Args:
        wait: `included`, `final`, or None to return once they are sent.
        timezone: of the reader.
    """
    last: dict[int, Publication] = {}
    for news in carry(service, rows, Goal(wait or "sent")):
        _tell(news, timezone)
        last[news.publication.id] = news.publication
    return not any(has_failed(row) or (wait and _is_ahead(row)) for row in last.values())


def _is_ahead(row: Publication) -> bool:
    """Whether its time is still to come."""
    return row.status is Status.QUEUED and (at := planned_at(row)) is not None and at > utc_now()


def _tell(news: News, timezone: str) -> None:
    row = news.publication
    if news.holder:
        terminal.tell(f"{row.brief}: {news.holder} is at work for {row.author}, and goes on")
        return
    where = f"  block {row.block_num}" if row.block_num else ""
    why = f"  {row.error}" if row.error else ""
    if row.status is Status.WAITING and row.retry_at:
        why += f"; goes on at {told(row.retry_at, timezone)}"
    if _is_ahead(row):
        why = (
            f"  until {told(planned_at(row), timezone)}, when `briefbot run` publishes it; "
            "--now publishes it at once"
        )
    terminal.tell(f"{row.brief}: {row.status.value}{where}{why}")
    if row.status is Status.FINAL:
        terminal.tell(row.url)
