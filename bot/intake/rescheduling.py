"""Another date for a brief, written into its file: for the command and the dashboard alike."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from bot.briefs import BriefError, Entry, parse
from bot.briefs.opening import opened, real_path, replace
from bot.briefs.rewrite import redated
from bot.errors import BotError
from bot.records import UNPUBLISHED, Publication, Status


class NotRescheduled(BotError):  # noqa: N818  # what happened
    """A brief can't get this date; nothing was written."""


class ChangedMeanwhile(NotRescheduled):
    """Its file isn't what was looked at any more; nothing was written."""


@dataclass(frozen=True, slots=True)
class Redated:
    """A brief's file with another date.

    Attributes:
        before: the file as it is.
        after: as it would be.
        data, text: what stands in it now, and then.
    """

    before: Entry
    after: Entry
    data: bytes
    text: bytes


def refuse_published(entry: Entry, rows: Iterable[Publication]) -> None:
    """Let only what hasn't gone out get another date.

    Args:
        rows: what is recorded of the brief.

    Raises:
        NotRescheduled: it is on its way, or published.
    """
    for row in rows:
        if row.status not in {*UNPUBLISHED, Status.CANCELLED}:
            raise NotRescheduled(
                f"{entry.path} is {row.status.value} on {row.chain}; only what hasn't gone out can "
                "get another date"
            )


def redate(entry: Entry, when: datetime, timezone: str) -> Redated:
    """A brief's file with this date in it; nothing is written.

    Args:
        timezone: zone of dates where the brief names none.

    Raises:
        ChangedMeanwhile: the file isn't what `entry` was read from.
        NotRescheduled: it can't be read, or the date can't be put into it.
    """
    assert entry.brief is not None, "what is no brief has no date"
    data = content(entry)
    if sha256(data).hexdigest() != entry.fingerprint:
        raise ChangedMeanwhile(f"{entry.path} is being changed just now; try again")
    try:
        text = redated(data, entry.brief, when, timezone)
    except BriefError as error:
        raise NotRescheduled(str(error)) from None
    parsed = parse(text, path=entry.path, timezone=timezone)
    fingerprint = sha256(text).hexdigest()
    after = Entry(entry.path, entry.file, fingerprint, parsed.brief, parsed.findings)
    return Redated(entry, after, data, text)


def write(moves: Sequence[Redated]) -> None:
    """Write the dates into the files; none is written when one of them has changed.

    Raises:
        ChangedMeanwhile: one has; nothing was written.
        NotRescheduled: one can't be written.
    """
    for one in moves:
        if content(one.before) != one.data:
            raise ChangedMeanwhile(f"{one.before.path} is being changed just now; try again")
    for one in moves:
        _put(one.before, one.text)


def undo(move: Redated) -> None:
    """Put back what stood in the file before, to the byte.

    Raises:
        ChangedMeanwhile: the file was changed since; nothing was written.
        NotRescheduled: it can't be written.
    """
    if content(move.before) != move.text:
        raise ChangedMeanwhile(
            f"{move.before.path} was changed since it was moved; move it again instead"
        )
    _put(move.before, move.data)


def content(entry: Entry) -> bytes:
    """What stands in a brief's file now; raises `NotRescheduled` where that can't be read."""
    try:
        with opened(entry.folder, entry.path) as file:
            return file.read()
    except OSError as error:
        raise NotRescheduled(f"{entry.path} can't be read: {error.strerror}") from None


def _put(entry: Entry, data: bytes) -> None:
    file = real_path(entry.file)
    try:
        replace(file, data, like=file)
    except OSError as error:
        raise NotRescheduled(f"{entry.path} can't be written: {error.strerror}") from None
