"""What becomes of publications that a command carries on, told as it happens."""

from collections.abc import Sequence

from bot.cli import terminal
from bot.clock import utc_now
from bot.records import Publication, Status
from bot.service.carrying import Goal, News, carry, has_failed
from bot.service.service import Service


def carried(service: Service, rows: Sequence[Publication], wait: str | None) -> bool:
    """Carry these publications on, telling what becomes of them; True when none has failed.

    Args:
        wait: `included`, `final`, or None to return once they are sent.
    """
    last: dict[int, Publication] = {}
    for news in carry(service, rows, Goal(wait or "sent")):
        _tell(news)
        last[news.publication.id] = news.publication
    return not any(has_failed(row) for row in last.values())


def _tell(news: News) -> None:
    row = news.publication
    if news.holder:
        terminal.tell(f"{row.brief}: {news.holder} is at work for {row.author}, and goes on")
        return
    where = f"  block {row.block_num}" if row.block_num else ""
    why = f"  {row.error}" if row.error else ""
    if row.status is Status.QUEUED and row.scheduled_at and row.scheduled_at > utc_now():
        why = "  `briefbot run` publishes it at its date; --now publishes it at once"
    terminal.tell(f"{row.brief}: {row.status.value}{where}{why}")
    if row.status is Status.FINAL:
        terminal.tell(row.url)
