"""What stands in an author's diary, and where there is room beside it."""

from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.calendar.rules import Pace, Rules, closed
from bot.calendar.slots import Occurrence, next_occurrence
from bot.calendar.values import Sent
from bot.calendar.words import exactly
from bot.local_time import DAY, END, SECOND, local_of, start_of

BY_CHAIN = "the chain's interval"
"""How the reason ends of what only the chain's own rule holds up."""
ON_TIME = timedelta(minutes=15)
"""What goes out so little after its time counts for `min_gap` as if it were on time.

A block's time, a node that is tried again: else each day's post would push the next one's away.
"""


@dataclass(frozen=True, slots=True)
class Block:
    """Why nothing can go out at an instant.

    Attributes:
        until: nothing can go out before it.
        rule: what forbids it.
        then: what an appointment at `until` is, in words.
    """

    until: datetime
    rule: str
    then: str


@dataclass(frozen=True, slots=True)
class Room:
    """Where there is room.

    Attributes:
        why: what forbade everything before it, in words; empty when nothing did.
        slot: key of its slot, and its turn, where a slot was asked for.
    """

    at: datetime
    why: str = ""
    slot: str | None = None
    turn: Occurrence | None = None


class Diary:
    """Everything that stands for one author on one chain; room gets less as more is entered.

    What once had no room has none later either: where a search from some instant ended, the next
    one from that instant goes on. So each of many briefs is one step, not one for each before it.
    """

    def __init__(self, rules: Rules, pace: Pace, sent: Iterable[Sent]) -> None:
        self._rules = rules
        self._pace = pace
        self._zone = rules.zone
        self._series = {series.name: series for series in rules.series}
        self._posts: list[datetime] = []
        self._counted: list[datetime] = []
        self._all: list[datetime] = []
        self._replies: list[datetime] = []
        self._days: Counter[date] = Counter()
        self._weeks: Counter[date] = Counter()
        self._taken: set[str] = set()
        self._ended: dict[tuple[bool, datetime], tuple[datetime, str]] = {}
        self._ended_slots: dict[tuple[str | None, bool, datetime], tuple[datetime, str]] = {}
        self._closed: dict[date, list[tuple[datetime, datetime, str]]] = {}
        for one in sent:
            self.enter(one.at, one.due, reply=one.reply, slot=one.slot)

    def enter(
        self, at: datetime, due: datetime | None, *, reply: bool, slot: str | None = None
    ) -> None:
        """Something goes out at `at`, and should have gone out when it was due."""
        insort(self._all, at)
        if reply:
            insort(self._replies, at)
        else:
            on_time = due is not None and due <= at <= due + ON_TIME
            insort(self._counted, due if due is not None and on_time else at)
            insort(self._posts, at)
            day = local_of(at, self._zone).date()
            self._days[day] += 1
            self._weeks[_monday(day)] += 1
        if slot:
            self._taken.add(slot)

    # -- instants ---------------------------------------------------------------------------------

    def room(self, since: datetime, *, reply: bool) -> Room | None:
        """The first instant from `since` on at which something can go out."""
        at, why = self._ended.get((reply, since), (since, ""))
        while block := self._block(at, reply=reply):
            at, why = block.until, block.then
        self._ended[reply, since] = at, why
        return Room(at, why) if at < END else None

    def _block(self, at: datetime, *, reply: bool) -> Block | None:
        local = local_of(at, self._zone)
        for start, end, rule in self._spans(local.date()):
            if start <= at < end:
                return Block(end, rule, f"after {rule}")
        if reply:
            return self._near(self._all, at, self._pace.reply, "the chain's interval for replies")
        return (
            self._cap(at, local.date())
            or self._near(self._counted, at, self._rules.min_gap, "min_gap")
            or self._near(self._posts, at, self._pace.post, BY_CHAIN)
            or self._near(self._replies, at, self._pace.reply, "the chain's interval for replies")
        )

    def _spans(self, day: date) -> list[tuple[datetime, datetime, str]]:
        """The quiet times and blackouts that may hold on a day."""
        if day not in self._closed:
            start, end = start_of(day, self._zone), start_of(day + DAY, self._zone)
            self._closed[day] = [
                (span.start, span.end, span.rule) for span in closed(self._rules, start, end)
            ]
        return self._closed[day]

    def _cap(self, at: datetime, day: date) -> Block | None:
        rules, monday = self._rules, _monday(day)
        if rules.max_per_week is not None and self._weeks[monday] >= rules.max_per_week:
            rule, until = f"max_per_week {rules.max_per_week}", monday + 7 * DAY
        elif rules.max_per_day is not None and self._days[day] >= rules.max_per_day:
            rule, until = f"max_per_day {rules.max_per_day}", day + DAY
        else:
            return None
        after = max(start_of(until, self._zone), at + SECOND)
        return Block(after, rule, f"the next {'week' if 'week' in rule else 'day'}: {rule}")

    def _near(
        self, others: list[datetime], at: datetime, gap: timedelta, rule: str
    ) -> Block | None:
        if not gap or not others:
            return None
        index = bisect_right(others, at - gap)
        if index == len(others) or others[index] >= at + gap:
            return None
        size = exactly(gap)
        return Block(others[index] + gap, f"{rule} {size}", f"{size} after the last one: {rule}")

    # -- slots ------------------------------------------------------------------------------------

    def has_slots(self, series: str | None) -> bool:
        """Whether a series, or the author when None, has slots."""
        if series is None:
            return bool(self._rules.slots or self._rules.extra)
        return series in self._series and bool(self._series[series].slots)

    def slot(self, series: str | None, since: datetime, *, reply: bool) -> Room | None:
        """The first free slot of a series, or of the author, from `since` on."""
        start, why = self._ended_slots.get((series, reply, since), (since, ""))
        found = None
        while (turn := self.turn(series, start)) is not None:
            key = slot_key(series, turn)
            if key in self._taken:
                start, why = turn.at + SECOND, ""
            elif rule := self._skipped(turn):
                start, why = turn.at + SECOND, f"not {turn}: {rule}"
            elif block := self._block(turn.at, reply=reply):
                start, why = max(block.until, turn.at + SECOND), f"not {turn}: {block.rule}"
            else:
                start, found = turn.at, Room(turn.at, why, key, turn)
                break
        self._ended_slots[series, reply, since] = (start if turn else END), why
        return found

    def is_free(self, series: str | None, turn: Occurrence, *, reply: bool) -> bool:
        """Whether something can take this slot."""
        if slot_key(series, turn) in self._taken or self._skipped(turn):
            return False
        return self._block(turn.at, reply=reply) is None

    def turn(self, series: str | None, since: datetime) -> Occurrence | None:
        """The next slot of a series, or of the author, from `since` on, free or not."""
        if series is None:
            return next_occurrence(self._rules.slots, self._rules.extra, self._zone, since)
        if series not in self._series:
            return None
        its = self._series[series]
        return next_occurrence(its.slots, (), ZoneInfo(its.timezone), since)

    def turn_at(self, series: str | None, at: datetime) -> Occurrence | None:
        """The slot at this very instant, when it isn't taken."""
        turn = self.turn(series, at) if self.has_slots(series) else None
        if turn is None or turn.at != at or slot_key(series, turn) in self._taken:
            return None
        return turn

    def _skipped(self, turn: Occurrence) -> str:
        if turn.local in self._rules.skip_times:
            return "skip"
        for days in self._rules.skip:
            if days.holds(turn.local.date()):
                return f"skip {days}"
        return ""


def slot_key(series: str | None, turn: Occurrence) -> str:
    """What a slot is recorded by: `2026-12-07T09:00`, or `market 2026-12-07T18:00`."""
    local = f"{turn.local:%Y-%m-%dT%H:%M}"
    return f"{series} {local}" if series else local


def _monday(day: date) -> date:
    return day - day.weekday() * DAY
