"""The calendar beside the queue: appointments as recorded, and as files that changed make them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count

from bot.calendar.planner import FreeSlot
from bot.intake.reconcile import Action, decide
from bot.intake.view import Asked
from bot.publishing.schedule import Schedule
from bot.records import (
    FIRST,
    NewPublication,
    Outlook,
    Publication,
    Records,
    Status,
)
from bot.records.appointments import Agenda, Answer, Pending, pending_of
from bot.records.queues import Unfinished

Author = tuple[str, str]
"""(chain, author)"""
_LONGEST_CHAIN = 10  # briefs of as many authors, each of which waits for the one before
_ANEW = {Status.REJECTED, Status.MISSED}


@dataclass(frozen=True, slots=True)
class Calendars:
    """What the calendars say when the folder's changes are taken up, which is not done here.

    Args:
        records: what is recorded; None when nothing is.
    """

    schedule: Schedule
    records: Records | None
    queue: str
    now: datetime
    _left: set[int] = field(default_factory=set)
    _leaving: set[tuple[str, str, str]] = field(default_factory=set)
    _come: dict[int, Publication] = field(default_factory=dict)
    _changed: set[Author] = field(default_factory=set)
    _made: dict[int, Answer] = field(default_factory=dict)
    _named: dict[Author, frozenset[tuple[str, str]]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: count(-1, -1))

    def take(self, asked: Asked) -> None:
        """Take note of what the service would do about one brief."""
        row, plan = asked.row, asked.wanted.plan
        action = decide(asked.wanted, row)
        if row is not None and row.kind in FIRST and action in _MOVES:
            self.leave(row)
        if plan is None or plan.kind not in FIRST:
            return
        if action is Action.QUEUE or row is None:
            if action is Action.QUEUE:
                self._arrive(plan, next(self._numbers), None)
        elif action is Action.REPLAN and row.kind in FIRST:
            self._arrive(plan, row.id, row)

    def leave(self, row: Publication | Unfinished) -> None:
        """Take note that a publication is about to be withdrawn or kept back."""
        self._left.add(row.id)
        self._leaving.add((row.chain, row.author, row.permlink))
        self._changed.add((row.chain, row.author))

    def _arrive(self, plan: NewPublication, number: int, row: Publication | None) -> None:
        status = Status.QUEUED if row is None or row.status in _ANEW else row.status
        if plan.approve and (row is None or not row.approve):
            status = Status.HELD
        made = Publication.of(replace(plan, queue=self.queue), number, status, self.now)
        if row is not None and row.author == plan.author and row.status not in _ANEW:
            made = replace(
                made, appointment=row.appointment, retry_at=row.retry_at, error=row.error
            )
        self._come[number] = made
        self._changed.add((plan.chain, plan.author))

    def stale(self) -> set[Author]:
        """Those whose recorded appointments don't hold any more."""
        changed = set(self._changed)
        for chain, author, permlink in self._leaving:
            changed |= self._waiting_for(chain, author, [permlink])
        if self.records is not None:
            changed |= set(self.records.unplanned())
            used = self.records.rules_used()
            digests = {author: self.schedule.digest(author) for _, author in used}
            changed |= {key for key, rules in used.items() if rules != digests[key[1]]}
        return changed

    def answers(self, authors: Iterable[Author]) -> Iterator[tuple[Pending, Answer]]:
        """What the calendar says of all that these authors have pending in this queue.

        As in the service, authors who wait for what has got another time are asked again after
        that, and what they were told before is kept where it can be.
        """
        found: dict[int, tuple[Pending, Answer]] = {}
        left = set(authors)
        for _ in range(_LONGEST_CHAIN):
            again: set[Author] = set()
            for author in sorted(left):
                asked = list(self._answers(*author))
                again |= self._who_waits(author, asked)
                for one, answer in asked:
                    if one.id not in found or _when(found[one.id][1]) != _when(answer):
                        found[one.id] = one, answer  # else in its first words: why it moved
            if not again:
                break
            left = again
        return (
            (one, answer)
            for one, answer in found.values()
            if one.queue == self.queue or not one.queue
        )

    def _who_waits(self, author: Author, asked: Iterable[tuple[Pending, Answer]]) -> set[Author]:
        """Take note of an author's new appointments; others whose calendars depend on them."""
        chain, name = author
        news = [one.permlink for one, told in asked if told.is_news(one.appointment, self.now)]
        self._made.update({one.id: told for one, told in asked})
        self._named.pop(author, None)
        if named := frozenset(each for _, told in asked for each in told.named):
            self._named[author] = named
        return self._waiting_for(chain, name, news)

    def _waiting_for(self, chain: str, author: str, permlinks: Sequence[str]) -> set[Author]:
        """Whose calendars depend on these posts: as recorded, and as was just asked."""
        if not permlinks:
            return set()
        found = self.records.waiting_for(chain, author, permlinks) if self.records else set()
        posts = {(author, permlink) for permlink in permlinks}
        return found | {
            other
            for other, named in self._named.items()
            if other[0] == chain and not named.isdisjoint(posts)
        }

    def _answers(self, chain: str, author: str) -> Iterator[tuple[Pending, Answer]]:
        agenda = self._agenda(chain, author)
        pending = {one.id: one for one in agenda.pending}
        for answer in self.schedule.answers(agenda, author, self, now=self.now, chain_now=self.now):
            yield pending[answer.id], answer

    def changed_operations(self, chain: str, author: str) -> dict[str, str]:
        """What of an author's is new or has changed will be signed as, by permlink."""
        return {
            row.permlink: row.operations
            for row in self._come.values()
            if (row.chain, row.author) == (chain, author)
        }

    def free(self, chain: str, author: str, since: datetime, until: datetime) -> list[FreeSlot]:
        """The slots that an author has left."""
        agenda = self._agenda(chain, author)
        found = self.schedule.free(agenda, author, self, now=self.now, until=until)
        return [slot for slot in found if slot.at >= since]

    def at(self, chain: str, author: str, permlink: str) -> Publication | None:
        """The post or reply that has this address, or is to have it."""
        address = (chain, author, permlink)
        for row in self._come.values():
            if (row.chain, row.author, row.permlink) == address:
                return self._as_made(row)
        found = self.records.at(*address) if self.records else None
        return None if found is None or found.id in self._left else self._as_made(found)

    def _as_made(self, row: Publication) -> Publication:
        """With the appointment that was just made for it."""
        made = self._made.get(row.id)
        if made is None:
            return row
        status = Status.MISSED if made.missed else row.status
        return replace(row, appointment=made.appointment, status=status)

    def _agenda(self, chain: str, author: str) -> Agenda:
        """An author's, with the folder's changes."""
        since = self.schedule.since(author, self.now)
        recorded = self.records.agenda(chain, author, since) if self.records else Agenda((), ())
        alive = {one.id for one in recorded.pending if one.is_alive}
        here: defaultdict[bool, list[Pending]] = defaultdict(list)
        for one in recorded.pending:
            here[one.id in self._left].append(one)
        come = [
            pending_of(row, is_alive=row.id in alive)
            for row in self._come.values()
            if (row.chain, row.author) == (chain, author)
        ]
        pending = (self._as_told(one) for one in (*here[False], *come))
        return Agenda(tuple(filter(None, pending)), recorded.gone)

    def _as_told(self, one: Pending) -> Pending | None:
        """With the appointment that was just made for it; None where it was missed by that."""
        made = self._made.get(one.id)
        if made is None:
            return one
        return None if made.missed else one._replace(appointment=made.appointment)


def _when(answer: Answer) -> tuple[datetime | None, Outlook | None, bool]:
    return answer.appointment.appointed_at, answer.appointment.outlook, answer.missed


_MOVES = {Action.REPLAN, Action.REJECT, Action.WITHDRAW}
