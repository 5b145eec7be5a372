"""Tables for people: readable in a terminal of 80 columns, plain lines when piped."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.cli import terminal
from bot.cli.terminal import Cell, Table
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
    return Table(
        ("#", "when", "status", "post", "block", "trx"),
        [_cells(row.publication, timezone) for row in rows],
        wide="post",
        right={"#", "block"},
    )


def _cells(publication: Publication, timezone: str) -> list[Cell]:
    return [
        Cell(str(publication.id)),
        Cell(local(_when(publication), timezone)),
        Cell(publication.status.value, style=COLOURS[publication.status]),
        Cell(_what(publication), note=_why(publication)),
        Cell(str(publication.block_num or "")),
        Cell((publication.trx_id or "")[:8]),
    ]


def print_log(rows: Sequence[LogRow], timezone: str) -> None:
    """Print the log: a table in a terminal, one plain line a publication otherwise."""
    if terminal.is_read_by_a_person():
        terminal.tell_table(log_table(rows, timezone))
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
            _why(publication),
        ]
        terminal.tell("  ".join(part for part in parts if part))


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


def _why(publication: Publication) -> str:
    """The reason of a publication that isn't on its way."""
    return publication.error or "" if publication.status is not Status.FINAL else ""
