"""The calendar asked about what is recorded: by the service before it acts, by `plan` before."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256

from bot.calendar import Appointment as Place
from bot.calendar import (
    Kept,
    Late,
    Pace,
    Queued,
    Rules,
    Sent,
    State,
    Wait,
)
from bot.calendar.appointments import appointments, free_slots
from bot.calendar.diary import BY_CHAIN
from bot.calendar.order import natural
from bot.calendar.planner import WAITS, FreeSlot
from bot.chain.constants import FINALITY, REPLY_INTERVAL, ROOT_INTERVAL
from bot.publishing.order import Address, Lookup, named, needed
from bot.records import AT_ONCE, Appointment, Kind, Outlook, Publication, Status
from bot.records.appointments import Agenda, Answer, Pending

PACE = Pace(
    post=timedelta(seconds=ROOT_INTERVAL),
    reply=timedelta(seconds=REPLY_INTERVAL),
    final=timedelta(seconds=FINALITY),
)
_LOOK_BACK = timedelta(days=8)  # a week in any zone
MOST = 2000
"""Briefs of an author that are given an appointment at a time: a week at five minutes each."""
LATER = Appointment(
    outlook=Outlook.WAITING, why=f"after the {MOST} of its author that have an appointment"
)
_SECOND = timedelta(seconds=1)
_OUTLOOK = {
    State.PLANNED: Outlook.PLANNED,
    State.HELD: Outlook.HELD,
    State.WAITING: Outlook.WAITING,
    State.DOOMED: Outlook.DOOMED,
}


def no_rules(author: str) -> Rules:  # noqa: ARG001
    """The rules of an author for whom none are configured."""
    return Rules()


@dataclass(frozen=True, slots=True)
class Schedule:
    """The calendars of all authors.

    Attributes:
        rules: those of an author.
        has_series: whether any are configured; else a brief's `series` is another tool's.
    """

    rules: Callable[[str], Rules] = no_rules
    has_series: bool = False

    def digest(self, author: str) -> str:
        """What an author's appointments depend on in the configuration."""
        told = f"2 {self.rules(author)!r} {PACE!r} {self.has_series}"
        return sha256(told.encode()).hexdigest()

    def since(self, author: str, chain_now: datetime) -> datetime:
        """What went out before is of no interest to an author's calendar."""
        return chain_now - _LOOK_BACK - self.rules(author).min_gap

    def answers(
        self,
        agenda: Agenda,
        author: str,
        others: Lookup,
        *,
        now: datetime,
        chain_now: datetime,
        trying: int | None = None,
    ) -> tuple[Answer, ...]:
        """What the calendar says of all that is pending.

        Args:
            others: where what a brief replies or links to is looked up.
            now: by which waiting times are counted.
            chain_now: by which appointments are judged.
            trying: id of a waiting one that is about to be tried again.
        """
        asked = self._asked(agenda, others, now, chain_now, trying)
        rules = self.rules(author)
        places = appointments(asked.queue, rules, PACE, asked.sent, asked.kept, now=chain_now)
        queued = {one.brief: one for one in asked.queue}
        later = [
            Answer(one.id, LATER)
            for one in agenda.pending
            if str(one.id) not in queued and not _is_on_its_way(one)
        ]
        return tuple(later) + tuple(
            _answer(
                place,
                queued[place.brief],
                rules,
                asked.named.get(place.brief, ()),
                polled=place.brief in asked.polled or _is_the_publishers(place, chain_now),
            )
            for place in places
        )

    def free(
        self,
        agenda: Agenda,
        author: str,
        others: Lookup,
        *,
        now: datetime,
        until: datetime,
    ) -> tuple[FreeSlot, ...]:
        """The slots that are still free."""
        asked = self._asked(agenda, others, now, now)
        rules = self.rules(author)
        return free_slots(asked.queue, rules, PACE, asked.sent, asked.kept, now=now, until=until)

    def _asked(
        self,
        agenda: Agenda,
        others: Lookup,
        now: datetime,
        chain_now: datetime,
        trying: int | None = None,
    ) -> "_Asked":
        on_their_way = [one for one in agenda.pending if _is_on_its_way(one)]
        pending = _nearest([one for one in agenda.pending if not _is_on_its_way(one)])
        waits = _Waits({one.id for one in pending}, others, now, chain_now, trying)
        queue = tuple(self._queued(one, waits) for one in pending)
        sent = [
            Sent(
                at=one.included_at or chain_now,
                reply=one.kind is Kind.REPLY,
                due=one.due_at,
                slot=one.slot,
            )
            for one in agenda.gone
        ]
        sent += [
            Sent(
                at=chain_now,
                reply=one.kind is Kind.REPLY,
                due=one.appointment.due_at,
                slot=one.appointment.slot,
            )
            for one in on_their_way
        ]
        kept = tuple(
            Kept(brief=str(one.id), due=made.due_at, slot=made.slot, asks=made.asks)
            for one in pending
            if (made := one.appointment).due_at is not None and made.asks is not None
        )
        others_posts = {
            str(one.id): tuple(each for each in named(one) if each[0] != one.author)
            for one in pending
            if one.operations
        }
        polled = frozenset(map(str, waits.polled))
        return _Asked(queue, tuple(sent), kept, polled, others_posts)

    def _queued(self, one: Pending, waits: "_Waits") -> Queued:
        return Queued(
            brief=str(one.id),
            name=one.path or one.brief,
            reply=one.kind is Kind.REPLY,
            date=one.scheduled_at,
            expires=one.expires_at,
            series=one.series if self.has_series else None,
            priority=Decimal(one.priority or 0),
            late=Late(one.late) if one.late else None,
            grace=None if one.grace is None else timedelta(seconds=one.grace),
            held=one.status is Status.HELD,
            waits=tuple(waits.of(one)),
        )


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question to the calendar.

    Attributes:
        polled: what waits for something elsewhere of which nobody knows when it is there.
        named: other authors' posts that it replies or links to.
    """

    queue: tuple[Queued, ...]
    sent: tuple[Sent, ...]
    kept: tuple[Kept, ...]
    polled: frozenset[str]
    named: Mapping[str, tuple[Address, ...]]


class _Waits:
    """What briefs wait for.

    Attributes:
        polled: ids of those that wait for something elsewhere of which nobody knows when it comes.
    """

    def __init__(
        self,
        own: set[int],
        others: Lookup,
        now: datetime,
        chain_now: datetime,
        trying: int | None,
    ) -> None:
        self._trying = trying
        self._own = own
        self._others = others
        self._now = now
        self._chain_now = chain_now
        self.polled: set[int] = set()

    def of(self, one: Pending) -> Iterator[Wait]:
        """What this one waits for."""
        if one.status is Status.WAITING and one.id != self._trying:
            yield self._retry(one)
        for other in needed(self._others, one):
            if other.id in self._own:
                yield Wait(what=other.brief, brief=str(other.id))
                continue
            until = self._expected(other)
            if until is None:
                self.polled.add(one.id)
            yield Wait(what=other.brief, until=until)

    def _retry(self, one: Pending) -> Wait:
        if one.retry_at is None:
            return Wait(what=f"its author: {one.error}")
        rest = max(one.retry_at - self._now, timedelta(0))
        return Wait(what="another try", until=self._chain_now + rest)

    def _expected(self, other: Publication) -> datetime | None:
        """When another one will be there, by what is recorded of it."""
        if other.status in {Status.PUBLISHING, Status.INCLUDED}:
            return (other.included_at or self._chain_now) + PACE.final
        at = other.appointment.appointed_at
        if at is None or other.status not in {Status.QUEUED, Status.WAITING}:
            return None
        return max(at, self._chain_now) + PACE.final


def _nearest(pending: list[Pending]) -> list[Pending]:
    """Those that an author's calendar is asked about: of very many, the next ones."""
    if len(pending) <= MOST:
        return pending
    dated = [one for one in pending if one.scheduled_at is not None]
    others = [one for one in pending if one.scheduled_at is None]
    dated.sort(key=lambda one: (one.scheduled_at, one.id))
    others.sort(
        key=lambda one: (
            -Decimal(one.priority or 0),
            one.appointment.due_at is None,
            one.appointment.due_at,
            natural(one.path or one.brief),
        )
    )
    return [*dated[: MOST // 2], *others[: MOST // 2]]


def _is_on_its_way(one: Pending) -> bool:
    """Whether the calendar has no say any more."""
    return one.is_alive or one.appointment.outlook is Outlook.NOW


def _is_the_publishers(place: Place, chain_now: datetime) -> bool:
    """Whether it is about to go out, and only the chain's interval or another brief holds it up.

    Then the publisher waits, who asks the chain and the records again and again: they know what
    other programs have sent, and other authors.
    """
    is_near = place.at is not None and chain_now < place.at <= chain_now + PACE.post
    waits = place.reason.endswith(BY_CHAIN) or place.reason.startswith(WAITS)
    return place.state is State.PLANNED and is_near and waits


def _answer(
    place: Place, one: Queued, rules: Rules, named: tuple[Address, ...], *, polled: bool
) -> Answer:
    missed = place.state is State.MISSED
    made = Appointment(
        look_at=None if missed else _look_at(place, one, rules, polled=polled),
        appointed_at=place.at,
        due_at=place.due,
        slot=place.slot,
        asks=place.asks if place.due is not None else None,
        outlook=_OUTLOOK.get(place.state),
        why=place.reason,
    )
    return Answer(int(place.brief), made, missed, place.overdue, named)


def _look_at(place: Place, one: Queued, rules: Rules, *, polled: bool) -> datetime | None:
    """When time alone changes something: it goes out, or its slot or its window has passed."""
    if place.state in {State.WAITING, State.PLANNED} and polled:
        return AT_ONCE  # the publisher looks for it again and again
    looks = [place.at] if place.at is not None else []
    if one.expires is not None:
        looks.append(one.expires + _SECOND)
    late = one.late or rules.late
    if place.at is None and place.due is not None and late is Late.MISS:
        looks.append(place.due + (rules.grace if one.grace is None else one.grace) + _SECOND)
    return min(looks, default=None)


def may_go(row: Publication, chain_now: datetime) -> bool:
    """Whether what was just calculated says that a publication goes out now."""
    made = row.appointment
    if row.status not in {Status.QUEUED, Status.WAITING}:
        return False
    if made.outlook in {None, Outlook.NOW} or made.look_at == AT_ONCE:
        return True
    return made.outlook is Outlook.PLANNED and _has_come(made.appointed_at, chain_now)


def waits_for_nobody(row: Publication) -> bool:
    """Whether what was just calculated says that no other brief, nor a person, holds it up."""
    made = row.appointment
    return made.outlook is Outlook.PLANNED and not (made.why or "").startswith(WAITS)


def _has_come(moment: datetime | None, chain_now: datetime) -> bool:
    return moment is not None and moment <= chain_now
