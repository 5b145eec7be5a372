"""What the calendar is asked about, and what it answers."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from bot.calendar.rules import Late


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """What a brief waits for.

    Attributes:
        what: its name, for people: `part-1`, `@bob/reply`, `the node`.
        brief: the brief of the same author that it is, when it is in the same queue: its
            appointment is this one's beginning.
        until: else, when it is expected to be there; None when nobody knows.
    """

    what: str
    brief: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A brief of one author that is to go out on one chain.

    Attributes:
        brief: its id.
        name: its file, for the order of the queue.
        reply: replies need no gap, count for no cap, and take slots of a series only.
        date: not before; None takes a slot, or goes out as soon as it may.
        expires: not after.
        series: whose slots it takes; None takes the author's own.
        late, grace: where the brief says something else than its author's rules.
        held: a person must release it.
        waits: what must be there before it.
    """

    brief: str
    name: str
    reply: bool = False
    date: datetime | None = None
    expires: datetime | None = None
    series: str | None = None
    priority: Decimal = Decimal(0)
    late: Late | None = None
    grace: timedelta | None = None
    held: bool = False
    waits: tuple[Wait, ...] = ()

    @property
    def asks(self) -> str:
        """What it asks of the calendar: an appointment is kept as long as this stays the same."""
        parts = [f"priority {self.priority.normalize():f}"]
        if self.date:
            parts.append(f"date {self.date.isoformat()}")
        if self.series:
            parts.append(f"series {self.series}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What went out lately, or is on its way.

    Attributes:
        at: when.
        due: its appointment: what went out a little after it counts as having been on time, so
            that a post three seconds late doesn't take the next day's slot from the next one.
        slot: key of the slot that it filled.
    """

    at: datetime
    reply: bool = False
    due: datetime | None = None
    slot: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An appointment as it is recorded.

    Attributes:
        due: when the brief was to go out.
        slot: key of the slot that it fills.
        asks: what the brief asked for then, `Queued.asks`.
    """

    brief: str
    due: datetime
    slot: str | None
    asks: str


class State(StrEnum):
    """What an appointment comes to."""

    PLANNED = "planned"
    """It goes out at `at`."""
    HELD = "held"
    """A person must release it; its slot is kept until its time."""
    WAITING = "waiting"
    """It waits for something of which nobody knows when it is there."""
    DOOMED = "doomed"
    """As things stand, it can't go out in time: it will be missed."""
    MISSED = "missed"
    """Its time is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """When a brief goes out, and why then.

    Attributes:
        at: when it goes out, as things stand now; None when it doesn't, or nobody knows when.
        due: what is recorded: `at`, or the time in the past at which it should have gone out.
        slot: key of the slot that it fills, unique for an author on a chain: its series, where it
            has one, and the local date and time.
        overdue: how long it should have been out by now.
        reason: why then, or why not, in words.
    """

    brief: str
    state: State
    at: datetime | None
    due: datetime | None
    slot: str | None
    asks: str
    reason: str
    overdue: timedelta = timedelta(0)

    @property
    def kept(self) -> Kept | None:
        """What is to be recorded of it."""
        if self.due is None:
            return None
        return Kept(brief=self.brief, due=self.due, slot=self.slot, asks=self.asks)
