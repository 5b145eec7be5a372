"""A queue is entered into the diary, brief after brief, each after those that it waits for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from bot.calendar.diary import Diary
from bot.calendar.order import dated_in_order, in_order, rank
from bot.calendar.placing import EARLIEST, Placing
from bot.calendar.rules import Pace, Rules
from bot.calendar.values import Appointment, Kept, Queued, Sent, State
from bot.local_time import END, SECOND

WAITS = "waits for"
"""How the reason begins of what another brief or another try holds up."""
_STANDS = {
    State.HELD: "is held",
    State.WAITING: "waits itself",
    State.DOOMED: "will be missed",
    State.MISSED: "was missed",
}


@dataclass(frozen=True, slots=True)
class FreeSlot:
    """A slot that one more brief could take.

    Attributes:
        series: whose slot it is; None is the author's own.
        local: its local date and time.
    """

    at: datetime
    series: str | None
    local: datetime


class Planner:
    """One calculation: briefs are entered into a diary, one after the other."""

    def __init__(
        self,
        queue: Iterable[Queued],
        rules: Rules,
        pace: Pace,
        sent: Iterable[Sent],
        kept: Iterable[Kept],
        now: datetime,
    ) -> None:
        self._rules = rules
        self._pace = pace
        self._now = now
        self._queue = {one.brief: one for one in queue}
        self._kept = {
            one.brief: one
            for one in kept
            if one.brief in self._queue and self._queue[one.brief].asks == one.asks
        }
        self._after = in_order(self._queue.values())
        self._diary = Diary(rules, pace, sent)
        self._placing = Placing(rules, self._diary, self._kept, now)
        self._done: dict[str, Appointment] = {}
        self._deferred: set[str] = set()

    def planned(self) -> tuple[Appointment, ...]:
        """The appointments of the queue, the next one first."""
        queue = self._queue.values()
        for one in dated_in_order(queue, self._after):
            self._enter(one, may_defer=True)
        by_priority = sorted(queue, key=lambda one: -one.priority)
        for _, group in groupby(by_priority, key=lambda one: one.priority):
            briefs = sorted(group, key=lambda one: (self._due(one), rank(one)))
            self._placing.passed.clear()
            for one in briefs:
                if self._due(one) < self._now:
                    self._enter(one, may_defer=True)
            self._deferred.clear()
            for one in briefs:
                self._enter(one, may_defer=False)
        return tuple(
            sorted(self._done.values(), key=lambda one: (one.at is None, one.at or END, one.brief))
        )

    def free(self, until: datetime) -> Iterable[FreeSlot]:
        """What is left of the slots."""
        for series in (None, *(series.name for series in self._rules.series)):
            since = self._now
            while (turn := self._diary.turn(series, since)) is not None and turn.at < until:
                if self._diary.is_free(series, turn, reply=False):
                    yield FreeSlot(turn.at, series, turn.local)
                since = turn.at + SECOND

    def _due(self, one: Queued) -> datetime:
        """When it is to go out by what is recorded; what passed while it was held is nothing.

        What has an appointment comes in the order of those, then new files.
        """
        kept = self._kept.get(one.brief)
        due = kept.due if kept else one.date
        if due is None or (one.held and due < self._now):
            return END
        return due

    def _enter(self, one: Queued, *, may_defer: bool) -> None:
        """Give a brief its appointment, after those that it waits for.

        Args:
            may_defer: it is the turn of what goes out at its date, or is overdue and goes out at
                once; what takes another slot instead waits for its turn in the queue.
        """
        stack = [one]
        while stack:
            brief = stack[-1]
            if brief.brief in self._done:
                stack.pop()
                continue
            before = self._after.get(brief.brief, frozenset())
            missing = sorted(before - self._done.keys() - self._deferred)
            if missing:
                stack += [self._queue[name] for name in missing]
                continue
            stack.pop()
            waits = may_defer and not before.isdisjoint(self._deferred)
            appointment = None if waits else self._appointment(brief, may_defer=may_defer)
            if appointment is None:
                self._deferred.add(brief.brief)
                continue
            self._done[brief.brief] = appointment
            if appointment.at is not None:
                at, due, slot = appointment.at, appointment.due, appointment.slot
                self._diary.enter(at, due, reply=brief.reply, slot=slot)

    def _appointment(self, one: Queued, *, may_defer: bool) -> Appointment | None:
        """The appointment of a brief beside those in the diary; None when it is deferred."""
        since, waits = self._beginning(one)
        return self._placing.place(one, since, waits, may_defer=may_defer)

    def _beginning(self, one: Queued) -> tuple[datetime | None, str]:
        """Since when a brief may go out for what it waits for, and that in words.

        None when nobody knows.
        """
        since, words = EARLIEST, ""
        for wait in one.waits:
            if wait.brief is not None and wait.brief in self._queue:
                if wait.brief not in self._after[one.brief]:
                    continue  # they wait for each other
                other = self._done[wait.brief]
                if other.at is None:
                    return None, f"{WAITS} {wait.what}, which {_STANDS[other.state]}"
                at = other.at + self._pace.final
            elif wait.until is None:
                return None, f"{WAITS} {wait.what}"
            else:
                at = wait.until
            if at > since:
                since, words = at, f"{WAITS} {wait.what}"
        return since, words
