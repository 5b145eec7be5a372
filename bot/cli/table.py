"""Tables for people: readable in a terminal of 80 columns, plain lines when piped."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.records import Kind, LogRow, Publication, Status

COLOURS = {
    Status.QUEUED: "cyan",
    Status.PUBLISHING: "yellow",
    Status.INCLUDED: "blue",
    Status.FINAL: "green",
    Status.WAITING: "yellow",
    Status.HELD: "magenta",
    Status.REJECTED: "red",
    Status.MISSED: "red",
    Status.CANCELLED: "dim",
}


def local(moment: datetime | None, timezone: str) -> str:
    """An instant in the reader's zone, to the minute, or nothing."""
    return f"{moment.astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M}" if moment else ""


def log_table(rows: Sequence[LogRow], timezone: str) -> Table:
    """The publication log as a table."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("#", justify="right")
    table.add_column("when")
    table.add_column("status")
    table.add_column("post", overflow="fold", ratio=1)
    table.add_column("block", justify="right")
    table.add_column("trx")
    for row in rows:
        publication = row.publication
        table.add_row(
            str(publication.id),
            local(_when(publication), timezone),
            Text(publication.status.value, COLOURS[publication.status]),
            Text(_what(publication)) + _why(publication),
            str(publication.block_num or ""),
            (publication.trx_id or "")[:8],
        )
    return table


def print_log(rows: Sequence[LogRow], timezone: str) -> None:
    """Print the log: a table in a terminal, one plain line a publication otherwise."""
    console = Console(highlight=False)
    if console.is_terminal:
        console.print(log_table(rows, timezone))
        return
    for row in rows:
        publication = row.publication
        parts = [
            str(publication.id),
            local(_when(publication), timezone),
            publication.status.value,
            _what(publication),
            f"block {publication.block_num}" if publication.block_num else "",
            publication.trx_id or "",
            _why(publication).plain.strip(),
        ]
        console.print("  ".join(part for part in parts if part), soft_wrap=True, markup=False)


def _when(publication: Publication) -> datetime | None:
    """The instant that says most about where it is."""
    return publication.included_at or publication.scheduled_at or publication.created_at


def _what(publication: Publication) -> str:
    """What it does, where it isn't simply a post."""
    where = f"@{publication.author}/{publication.permlink}"
    if publication.kind in {Kind.POST, Kind.REPLY}:
        return where
    if publication.kind is Kind.REBLOG:
        return f"reblog of {publication.title} by {publication.author}"
    return f"{publication.kind.value} of {where}"


def _why(publication: Publication) -> Text:
    """The reason under a publication that isn't on its way."""
    if publication.error and publication.status is not Status.FINAL:
        return Text(f"\n{publication.error}", "dim")
    return Text("")
