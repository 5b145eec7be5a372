"""One brief beside those that stand in the diary: when it goes out, and the reason in words."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.calendar.diary import Diary, Room, slot_key
from bot.calendar.rules import Late, Rules
from bot.calendar.values import Appointment, Kept, Queued, State
from bot.calendar.words import exactly, moment, roughly
from bot.local_time import local_of, start_of

NOTICED = timedelta(minutes=1)
"""What is overdue for less than this is just about to go out."""
RUNNING = "is the service running?"
EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
"""Since when a brief may go out that waits for nothing."""


class Placing:
    """Finds each brief its place.

    Attributes:
        passed: the series, or None for the author's own slots, in which a brief of this priority
            was too late for its slot: those after it don't go out before it.
    """

    def __init__(self, rules: Rules, diary: Diary, kept: Mapping[str, Kept], now: datetime) -> None:
        self._rules = rules
        self._diary = diary
        self._kept = kept
        self._now = now
        self.passed: set[str | None] = set()

    def place(
        self, one: Queued, since: datetime | None, waits: str, *, may_defer: bool
    ) -> Appointment | None:
        """The appointment of one brief.

        Args:
            since: when what it waits for is there; None when nobody knows.
            waits: what that is, in words.
            may_defer: None is the answer when the brief needs another slot than its own.
        """
        if one.expires is not None and one.expires < self._now:
            return self._missed(one, "its `expires` has passed")
        if since is None:
            return self._without(one, State.WAITING, waits)
        if one.date is not None:
            return self._dated(one, since, waits, may_defer=may_defer)
        if (one.reply and one.series is None) or not self._diary.has_slots(one.series):
            if one.series is not None:
                known = any(series.name == one.series for series in self._rules.series)
                what = "has no slots" if known else "is no series of this author"
                return self._without(one, State.WAITING, f"`{one.series}` {what}")
            return self._soon(one, since, waits)
        return self._slotted(one, since, waits, may_defer=may_defer)

    def _dated(
        self, one: Queued, since: datetime, waits: str, *, may_defer: bool
    ) -> Appointment | None:
        """What has a date goes out at it, or as soon after it as the rules allow."""
        assert one.date is not None
        late, grace = self._policy(one, Late.PUBLISH)
        begin = max(one.date, since)
        if one.held and begin < self._now:
            return self._unreleased(one, one.date, late, grace)
        kept = self._kept.get(one.brief)
        promised = self._room(one, max(begin, kept.due) if kept and kept.due < self._now else begin)
        room = promised
        if promised and promised.at < self._now:
            room = self._room(one, self._now)
        if promised is None or room is None:
            return self._without(one, State.DOOMED, "the rules leave no room for it")
        if room.at > one.date + grace:
            if late is Late.MISS:
                return self._too_late(one, room, one.date, grace)
            if late is Late.NEXT_SLOT and self._takes_slots(one):
                return None if may_defer else self._slotted(one, begin, waits, may_defer=False)
        turn = self._diary.turn_at(one.series, room.at) if self._takes_slots(one) else None
        key = slot_key(one.series, turn) if turn else None
        local = moment(local_of(one.date, self._rules.zone))
        if promised.at < self._now:
            reason = room.why
        elif room.why:
            reason = f"{room.why} (its date: {local})"
        else:
            reason = waits if since > one.date else "its date"
        return self._set(one, replace(room, slot=key), min(promised.at, room.at), reason)

    def _soon(self, one: Queued, since: datetime, waits: str) -> Appointment:
        """What has no date and no slots goes out as soon as it may, in its order."""
        if one.held:
            why = "goes out as soon as it may"
            return self._without(one, State.HELD, f"held until `briefbot release`; then it {why}")
        late, grace = self._policy(one, Late.PUBLISH)
        kept = self._kept.get(one.brief)
        begin = max(self._now, since)
        due = None
        if kept and kept.due < self._now:
            promised = self._room(one, max(kept.due, since))
            due = promised.at if promised and promised.at < self._now else None
        room = self._room(one, begin)
        if room is None:
            return self._without(one, State.DOOMED, "the rules leave no room for it")
        if due is not None and late is Late.MISS and room.at > due + grace:
            return self._too_late(one, room, due, grace)
        reason = room.why or (waits if since > self._now else "")
        if due is None and not reason:
            reason = "as soon as the account may post"
        found = self._set(one, room, due or room.at, reason)
        if kept and kept.due < self._now and found.due is not None:
            return replace(found, due=kept.due)  # its place in the order
        return found

    def _slotted(
        self, one: Queued, since: datetime, waits: str, *, may_defer: bool
    ) -> Appointment | None:
        """What takes slots keeps the one that it has, or takes the next free one."""
        late, grace = self._policy(one, Late.NEXT_SLOT)
        kept = self._kept.get(one.brief)
        if kept is None and one.date is not None:
            kept = Kept(brief=one.brief, due=one.date, slot=None, asks=one.asks)
        begin = max(self._now, since)
        if one.held and kept and kept.due < self._now:
            if late is Late.MISS:
                return self._unreleased(one, kept.due, late, grace)
            kept = None
        if kept and kept.due < self._now:
            return self._overdue(one, kept, begin, waits, may_defer=may_defer)
        room = self._still(one, kept, since) if kept else None
        if room is None:
            begin = max(begin, self._not_before(one, kept)) if kept else begin
            room = self._diary.slot(one.series, begin, reply=one.reply)
        return self._in_slot(one, room, waits if since > self._now else "")

    def _overdue(
        self, one: Queued, kept: Kept, begin: datetime, waits: str, *, may_defer: bool
    ) -> Appointment | None:
        """What should have gone out in its slot; an outage turns no order round."""
        late, grace = self._policy(one, Late.NEXT_SLOT)
        soon = self._room(one, begin)
        in_time = soon is not None and soon.at <= kept.due + grace
        if late is Late.NEXT_SLOT and may_defer and (not in_time or one.series in self.passed):
            self.passed.add(one.series)
            return None
        if soon and (late is Late.PUBLISH or (in_time and (may_defer or late is Late.MISS))):
            free = self._diary.turn_at(one.series, kept.due)
            key = kept.slot if free and slot_key(one.series, free) == kept.slot else None
            return self._set(one, replace(soon, slot=key), kept.due, soon.why)
        if late is Late.MISS:
            return self._too_late(one, soon, kept.due, grace)
        room = self._diary.slot(one.series, begin, reply=one.reply)
        return self._in_slot(one, room, waits, kept.due)

    def _in_slot(
        self, one: Queued, room: Room | None, waits: str, instead: datetime | None = None
    ) -> Appointment:
        """An appointment in a slot, or none when there is none in time."""
        if room is None or (one.expires is not None and room.at > one.expires):
            why = "no slot before its expires: will be missed"
            if one.expires is None:
                why = "no free slot is left; give it a `date`, or its author more `slots`"
            return self._without(one, State.DOOMED, why)
        why = room.why or waits
        reason = f"slot {room.turn}" + (f" ({why})" if why else "")
        if instead is None:
            return self._set(one, room, room.at, reason)
        overdue = self._now - instead
        was = moment(local_of(instead, self._rules.zone))
        reason = f"{reason}, instead of {was}, {roughly(overdue)} ago: {RUNNING}"
        return replace(self._set(one, room, room.at, reason), overdue=overdue)

    def _still(self, one: Queued, kept: Kept, since: datetime) -> Room | None:
        """The slot that is kept, when nothing speaks against it."""
        turn = self._diary.turn_at(one.series, kept.due)
        if turn is None or kept.due < since or slot_key(one.series, turn) != kept.slot:
            return None
        if not self._diary.is_free(one.series, turn, reply=one.reply):
            return None
        return Room(kept.due, slot=kept.slot, turn=turn)

    def _not_before(self, one: Queued, kept: Kept) -> datetime:
        """Where to look for another slot: not before the one that was kept.

        When that one isn't in the configuration any more, on its day.
        """
        turn = self._diary.turn(one.series, kept.due)
        if turn is not None and turn.at == kept.due:
            return kept.due
        zone = self._rules.zone
        return start_of(local_of(kept.due, zone).date(), zone)

    # -- what comes of it -------------------------------------------------------------------------

    def _policy(self, one: Queued, default: Late) -> tuple[Late, timedelta]:
        grace = self._rules.grace if one.grace is None else one.grace
        return one.late or self._rules.late or default, grace

    def _takes_slots(self, one: Queued) -> bool:
        own = one.series is not None or not one.reply
        return own and self._diary.has_slots(one.series)

    def _room(self, one: Queued, since: datetime) -> Room | None:
        return self._diary.room(since, reply=one.reply)

    def _set(self, one: Queued, room: Room, due: datetime, reason: str) -> Appointment:
        """It goes out, or would if it were released in time."""
        overdue = max(self._now - due, timedelta(0))
        if one.expires is not None and room.at > one.expires:
            why = reason or "as soon as the account may post"
            return self._without(one, State.DOOMED, f"{why} is after its expires: will be missed")
        if overdue >= NOTICED:
            reason = "; ".join(filter(None, (f"overdue by {roughly(overdue)}: {RUNNING}", reason)))
        state = State.HELD if one.held else State.PLANNED
        if one.held:
            reason = f"held until `briefbot release`; {reason}"
        return Appointment(
            brief=one.brief, state=state, at=room.at, due=due, slot=room.slot, asks=one.asks,
            reason=reason or "now", overdue=overdue,
        )  # fmt: skip

    def _unreleased(self, one: Queued, due: datetime, late: Late, grace: timedelta) -> Appointment:
        if late is Late.MISS and self._now > due + grace:
            return self._missed(one, "nobody released it in time, and `late` is miss", due)
        why = f"held; its time was {roughly(self._now - due)} ago; `briefbot release` lets it go"
        return replace(self._without(one, State.HELD, why), due=due)

    def _too_late(
        self, one: Queued, room: Room | None, due: datetime, grace: timedelta
    ) -> Appointment:
        """What `late = "miss"` says of what can't go out within its grace."""
        if due + grace < self._now:
            ago = f"its time was {roughly(self._now - due)} ago, more than its grace of"
            return self._missed(one, f"{ago} {exactly(grace)}, and `late` is miss", due)
        why = room.why if room else "no room"
        why = f"{why} is later than its grace of {exactly(grace)}: will be missed"
        return replace(self._without(one, State.DOOMED, why), due=due)

    def _missed(self, one: Queued, reason: str, due: datetime | None = None) -> Appointment:
        due = due or one.date
        overdue = max(self._now - due, timedelta(0)) if due else timedelta(0)
        return replace(self._without(one, State.MISSED, reason), due=due, overdue=overdue)

    def _without(self, one: Queued, state: State, reason: str) -> Appointment:
        return Appointment(
            brief=one.brief, state=state, at=None, due=None, slot=None, asks=one.asks, reason=reason
        )
