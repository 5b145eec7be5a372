"""Tables for people: readable in a terminal of 80 columns, plain lines when piped."""

from collections.abc import Sequence
from datetime import datetime

from bot.cli import terminal
from bot.cli.terminal import Cell, Table
from bot.cli.times import told
from bot.records import Kind, LogRow, Publication, Status
from bot.reports.log import amount

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


def log_table(rows: Sequence[LogRow], timezone: str) -> Table:
    """The publication log as a table."""
    return Table(
        ("#", "when", "status", "post", "block", "trx"),
        [_cells(row, timezone) for row in rows],
        wide="post",
        right={"#", "block"},
        spare={"trx"},
    )


def _cells(row: LogRow, timezone: str) -> list[Cell]:
    publication = row.publication
    known = (_planned(publication, timezone), _why(publication), _came(row))
    notes = [note for note in known if note]
    return [
        Cell(str(publication.id)),
        Cell(told(row.happened_at, timezone)),
        Cell(publication.status.value, style=COLOURS[publication.status]),
        Cell(_what(publication), notes=notes),
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
            told(row.happened_at, timezone),
            publication.status.value,
            _what(publication),
            _planned(publication, timezone),
            f"block {publication.block_num}" if publication.block_num else "",
            publication.trx_id or "",
            _why(publication),
        ]
        terminal.tell("  ".join(part for part in parts if part))


def planned_at(publication: Publication) -> datetime | None:
    """When the calendar lets it go out; its date as long as it wasn't asked."""
    return publication.appointment.appointed_at or publication.scheduled_at


def _planned(publication: Publication, timezone: str) -> str:
    """When it goes out or goes on, which has not happened yet."""
    if publication.status is Status.QUEUED and (at := planned_at(publication)):
        return f"planned for {told(at, timezone)}"
    if publication.status is Status.WAITING and publication.retry_at:
        return f"goes on at {told(publication.retry_at, timezone)}"
    return ""


def _came(row: LogRow) -> str:
    """What came of a post, where anything did."""
    came = row.came
    if came is None or row.publication.kind not in {Kind.POST, Kind.REPLY}:
        return ""
    counts = ((came.votes, "vote", "votes"), (came.replies, "reply", "replies"))
    parts = [f"{number} {one if number == 1 else more}" for number, one, more in counts if number]
    if came.earned:
        parts.append(f"earned {amount(came, came.earned)}")
    elif came.pending and not came.paid_at:
        parts.append(f"{amount(came, came.pending)} pending")
    return ", ".join(parts)


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
