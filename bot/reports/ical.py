"""Appointments as a calendar that other programs subscribe to (RFC 5545)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from icalendar import Calendar, Event

from bot.records import Status
from bot.reports.plan import Step

_LASTS = timedelta(minutes=5)  # so that it can be seen in a day's view


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One appointment as it is shown in a calendar.

    Attributes:
        brief: its id: with the chain it makes the UID, which stays when the appointment moves.
        tentative: whether a person must release it.
    """

    chain: str
    brief: str
    at: datetime
    author: str
    title: str
    reason: str
    tentative: bool = False


def items(steps: Iterable[Step]) -> Iterator[Item]:
    """The appointments among these steps of a plan."""
    for step in steps:
        if step.when is not None and step.chain:
            yield Item(
                chain=step.chain,
                brief=step.brief,
                at=step.when,
                author=step.author,
                title=step.title,
                reason=step.why,
                tentative=step.state == Status.HELD.value,
            )


def ical(items: Iterable[Item], now: datetime) -> bytes:
    """A calendar of these appointments, in UTC; every program shows it in its own zone."""
    calendar = Calendar()
    calendar.add("prodid", "-//briefbot//plan//EN")
    calendar.add("version", "2.0")
    for item in sorted(items, key=lambda item: (item.at, item.chain, item.brief)):
        event = Event()
        digest = sha256(f"{item.chain}\0{item.brief}".encode()).hexdigest()[:32]
        event.add("uid", f"{digest}@briefbot")
        event.add("dtstamp", now.astimezone(UTC))
        event.add("dtstart", item.at.astimezone(UTC))
        event.add("dtend", item.at.astimezone(UTC) + _LASTS)
        event.add("summary", _plain(f"@{item.author}: {item.title}"))
        event.add("description", f"{_plain(item.reason)}\n{_plain(item.brief)} on {item.chain}")
        event.add("status", "TENTATIVE" if item.tentative else "CONFIRMED")
        event.add("transp", "TRANSPARENT")  # it takes nobody's time
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _plain(text: str) -> str:
    r"""A text in one line, without the control characters that RFC 5545 (3.1) forbids.

    icalendar takes `\N`, in a path of Windows, for the end of a line; a small letter it leaves.
    """
    return "".join(c for c in text if c.isprintable()).replace(r"\N", r"\n")
