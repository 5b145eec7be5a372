"""The one calculation: from what is queued, the rules and what is recorded, to appointments."""

from collections.abc import Iterable
from datetime import datetime

from bot.calendar.planner import FreeSlot, Planner
from bot.calendar.rules import Pace, Rules
from bot.calendar.values import Appointment, Kept, Queued, Sent


def appointments(
    queue: Iterable[Queued],
    rules: Rules,
    pace: Pace,
    sent: Iterable[Sent] = (),
    kept: Iterable[Kept] = (),
    *,
    now: datetime,
) -> tuple[Appointment, ...]:
    """When each brief of one author goes out on one chain, and why then; the next one first.

    The same question has the same answer, in whatever order its parts are given. What is kept
    stays, unless the brief asks for something else, the rules don't allow it any more, or a date
    or a higher priority takes its slot; docs/calendar.md says what moves then.

    Args:
        queue: what is to go out; each brief once.
        sent: what went out as lately as the rules look back (a week and the largest gap), and
            what is on its way.
        kept: what is recorded of the appointments of this queue.
    """
    return Planner(queue, rules, pace, sent, kept, now).planned()


def free_slots(
    queue: Iterable[Queued],
    rules: Rules,
    pace: Pace,
    sent: Iterable[Sent] = (),
    kept: Iterable[Kept] = (),
    *,
    now: datetime,
    until: datetime,
) -> tuple[FreeSlot, ...]:
    """The slots from `now` to `until` that `appointments` leaves free, in order."""
    planner = Planner(queue, rules, pace, sent, kept, now)
    planner.planned()
    return tuple(sorted(planner.free(until), key=lambda slot: (slot.at, slot.series or "")))
