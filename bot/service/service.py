"""The service: APScheduler as the alarm clock over a queue that lives in the records.

Four small jobs on one thread, so that no two of them ever meet: `scan` (folder to records),
`dispatch` (what is due), `follow` (what is on its way), `sweep` (results, windows that closed); and
`renew`, beside them, which keeps this worker's leases while a node makes them wait.
"""

import itertools
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import TypeVar

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from bot.briefs import Entry, Finding
from bot.chain.constants import ROOT_INTERVAL, SLOT
from bot.chain.errors import NodesUnreachable, TransientChainError
from bot.chain.protocol import NodeHealth, ResourceCredits
from bot.chain.watch import Watch
from bot.clock import Clock
from bot.http import Http
from bot.intake.intake import Intake
from bot.publishing.publisher import TROUBLE_WAIT, Publisher
from bot.publishing.schedule import Schedule, may_go, waits_for_nobody
from bot.records import (
    FIRST,
    Conflict,
    DatabaseUnavailable,
    Draft,
    Lease,
    LeaseLost,
    Leases,
    Outlook,
    Publication,
    Records,
    SchemaDiffers,
    Status,
    Transition,
)
from bot.records.appointments import Agenda, Answer
from bot.results.figures import Results
from bot.service.accounts import Accounts
from bot.service.pricing import Pricing

BATCH = 50  # publications taken up in one go; the next go follows at once
CLAIM = 10  # authors claimed in one go: what is due is shared out among the workers
AWAY = 1.0  # seconds until the first new try while the database is away; doubled each time
LONGEST_AWAY = 8.0
REVIVE_EVERY = 60.0  # seconds of a chain's time
PLANNING = 4.0  # times what it took, an author with many briefs isn't calculated again for
AGAIN = 0.05  # seconds until appointments are made that another worker may be about to make
IDLE = 5.0  # seconds that dispatch sleeps at most: new rows may come from elsewhere
SET_BY = 2.0  # seconds by which the wall clock may drift from the steady one between two looks
SWEEP_EVERY = 15.0
LOOKED = 60.0  # seconds for which it is enough that a chain that nothing is to go to was seen
STOP_WITHIN = 10.0  # seconds a clean stop may take

NO_RULES = Schedule()
_IN_BLOCK = frozenset({Status.INCLUDED, Status.FINAL})

Moved = TypeVar("Moved")


@dataclass(frozen=True, slots=True)
class Activity:
    """What a service is at; ages are in seconds, of a clock that nobody sets.

    Attributes:
        job: what its job thread has in hand, and for how long; None while that rests.
        standstill: since that thread began or ended something, or a peer gave an answer.
        scanned: since it looked at the folder; None before the first time.
        published: what it has brought into a block last, and how long ago.
    """

    job: tuple[str, float] | None
    standstill: float
    scanned: float | None
    published: tuple[str, float] | None


class Service:
    """Scans, publishes, follows and records until it is stopped.

    Args:
        intake: what follows the queue; None where others do.
        publishers: one for each configured chain, by its name.
        watches: the same chains, as they are watched.
        leases: this worker's.
        http: how the chains are reached; it tells whether a step makes progress, and ends it.
        schedule: when what goes out.
        pricing: what keeps prices fresh; None: nobody is asked for any.
        steady: seconds of a clock that nobody sets.
    """

    def __init__(
        self,
        intake: Intake | None,
        publishers: Mapping[str, Publisher],
        watches: Mapping[str, Watch],
        results: Results,
        records: Records,
        leases: Leases,
        http: Http,
        now: Clock,
        log: structlog.stdlib.BoundLogger,
        schedule: Schedule = NO_RULES,
        pricing: Pricing | None = None,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pricing = pricing
        self._http = http
        self._intake = intake
        self._publishers = publishers
        self._watches = watches
        self._leases = leases
        self._results = results
        self._accounts = Accounts(watches, records, now)
        self._records = records
        self._now = now
        self._log = log
        self._schedule = schedule
        self._steady = steady
        self._rest_of: dict[tuple[str, str], float] = {}
        self._drafts: dict[tuple[str, str], Draft] = {}
        self._resting_until = 0.0
        self._rules_are_new = True
        self._stopping = threading.Event()
        self.begun = threading.Event()
        """Set once its first job has ended, well or not: the first look, where there's a folder."""
        self._unwatch: Callable[[], None] = lambda: None
        self._scan_is_wanted = threading.Event()
        self._arming = threading.Lock()
        self._away: Counter[str] = Counter()
        self._failing: dict[str, str] = {}
        self._troubled_until: dict[int, datetime] = {}
        self._revive_at = 0.0
        self._due_at = math.inf
        self._in_hand: tuple[str, float] | None = None
        self._rested_at = time.monotonic()
        self._scanned: float | None = None
        self._published: tuple[str, float] | None = None
        self._offset: float | None = None
        self.outdated: SchemaDiffers | None = None
        """Why nothing is done any more: the database was upgraded, and is a newer program's."""
        self.scanned_at: datetime | None = None
        """When the folder was looked at last; None before the first time, and without one."""
        self.in_touch: frozenset[str] = frozenset()
        """Chains that are looked at once a minute even while nothing is to go out there."""
        # what each does, and the seconds until it is wanted again
        self._jobs: dict[str, tuple[Callable[[], object], Callable[[], float]]] = {}
        if intake is not None:  # first: what a file doesn't say any more isn't sent
            self._jobs["scan"] = (self.scan, lambda: intake.pause)
        self._jobs |= {
            "dispatch": (self.dispatch, self._until_due),
            "follow": (self.follow, self.pace),
            "sweep": (self.sweep, self._until_sweep),
        }
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1), "renewal": ThreadPoolExecutor(1)},
            # A job sets its next alarm before it has quite ended. Were one instance the most, an
            # alarm that rings in that moment would be skipped, and the job asleep for a year; a
            # second one waits for the only thread.
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 2},
        )

    # -- the four jobs ---------------------------------------------------------------------------

    def scan(self) -> tuple[Finding, ...]:
        """Bring the folder's state into the records; returns what stands in a brief's way."""
        self._scan_is_wanted.clear()  # what changes from here on wants another one
        if self._intake is None:
            return ()
        findings = self._intake.scan()
        self.scanned_at = self._now()
        self._scanned = time.monotonic()
        return findings

    def take(self, paths: Iterable[str]) -> tuple[Finding, ...]:
        """Bring just these files of the queue into the records."""
        return self._intake.take(paths) if self._intake else ()

    def take_from(self, queue: str, entries: Iterable[Entry]) -> tuple[Finding, ...]:
        """Bring files from outside of the queue into the records, known by `queue` together."""
        return self._intake.take_from(queue, entries) if self._intake else ()

    def dispatch(self) -> None:
        """Claim authors for whom something is due or left over, and take up what is due.

        And make the appointments of those for whom something has changed.
        """
        self._compare_rules()
        self._keep_pace()
        self._leases.claim(self._now(), self._calendar(), CLAIM)
        due = self._due()
        if self._plan(due):
            due = self._due()
        for publication in due:
            if self._stopping.is_set():
                return
            if not self._rests(publication):
                self.advance(publication)
        self._drafts.clear()
        self._leases.release_idle(self._now(), self._calendar())

    def _due(self) -> tuple[Publication, ...]:
        """What is due of the authors in hand."""
        return self._records.due(self._now(), self._calendar(), BATCH, self._leases.worker)

    @staticmethod
    def _asks_calendar(row: Publication) -> bool:
        """Whether its author's calendar is asked once more when it is taken up."""
        return row.kind in FIRST and row.appointment.outlook is not Outlook.NOW

    def follow(self) -> None:
        """Carry what is on its way."""
        for publication in self._records.in_flight(self._leases.worker):
            if self._stopping.is_set():
                return
            self.advance(publication)
            self._give_way()
        self._leases.release_idle(self._now(), self._calendar())

    def sweep(self) -> None:
        """Settle refused transactions that have expired, and refresh what came of posts.

        And every minute of the chain's time: see whether authors can be posted for again.
        """
        reviving = self._steady() >= self._revive_at
        for name, publisher in self._publishers.items():
            with suppress(TransientChainError):  # the next sweep comes
                if self._records.awaits(name) or self._is_out_of_touch(name):
                    self._watches[name].look()  # whose clock may run ahead of ours
                for publication, attempt in self._records.refused_alive(name):
                    if lease := self._leases.acquire(name, publication.author):
                        bound = publisher.under(lease, self._leases)
                        self._guard(
                            bound, publication, partial(bound.settle_refused, attempt=attempt)
                        )
            with suppress(TransientChainError):
                if reviving and self._records.awaits(name):
                    self._revive(name, publisher)
        if reviving:
            watches = self._watches.values()
            wait = min((watch.real_seconds(REVIVE_EVERY) for watch in watches), default=0.0)
            self._revive_at = self._steady() + wait
        for _ in itertools.chain(self._results.refresh(), self._accounts.refresh()):
            if self._stopping.is_set():
                return
            self._give_way()

    def _is_out_of_touch(self, chain: str) -> bool:
        """Whether it is to be known how a chain's nodes are, and they weren't asked for a while."""
        looked = self._watches[chain].looked
        return chain in self.in_touch and (
            looked is None or self._steady() - looked[0] >= LOOKED - SWEEP_EVERY
        )

    def _give_way(self) -> None:
        """Take up what has come due meanwhile: it doesn't wait for what is on its way."""
        if self._steady() >= self._due_at and not self._stopping.is_set():
            self.dispatch()
            self._until_due()

    def _revive(self, chain: str, publisher: Publisher) -> None:
        """Let what waits for an author's account or key go on, where that is mended."""
        for author, blocked in groupby(self._records.unable(chain), key=attrgetter("author")):
            rows = list(blocked)
            if lease := self._leases.acquire(chain, author):
                bound = publisher.under(lease, self._leases)
                self._guard(bound, rows[0], lambda _: bound.revive(author, rows))  # noqa: B023

    def renew(self) -> None:
        """Keep this worker's leases, as long as it gets on with its work.

        A step that a peer holds up is another worker's, when that has nobody in its way.
        """
        if self._in_hand is not None and self.standstill > self._leases.seconds:
            return
        self._leases.renew()

    @property
    def standstill(self) -> float:
        """Seconds since its jobs got on last: one began or ended, or a peer gave an answer."""
        in_hand = self._in_hand
        moved = self._rested_at if in_hand is None else in_hand[1]
        return max(time.monotonic() - max(moved, self._http.answered_at), 0.0)

    @property
    def activity(self) -> Activity:
        """What it is at, and what it did last."""
        now, in_hand = time.monotonic(), self._in_hand
        return Activity(
            job=(in_hand[0], now - in_hand[1]) if in_hand else None,
            standstill=self.standstill,
            scanned=None if self._scanned is None else now - self._scanned,
            published=(self._published[0], now - self._published[1]) if self._published else None,
        )

    def round(self) -> None:
        """All four, once; what is in the folder is taken up as a whole."""
        self._in_hand = "round", time.monotonic()
        self._round()
        self._rest()

    def _round(self) -> None:
        self.scan()
        while self._intake and self._intake.is_behind:
            self.scan()
        self.dispatch()
        self.follow()
        self.sweep()
        self.leave()
        if self._pricing:
            self._pricing.once()

    def leave(self) -> None:
        """Give back the authors that this worker has in hand; others may go on at once."""
        with suppress(DatabaseUnavailable):  # then they run out by themselves
            self._leases.release()

    def advance(self, publication: Publication) -> Publication:
        """Do one publication's next step, unless another worker has its author in hand."""
        publisher = self._publishers.get(publication.chain)
        if publisher is None:
            self._log.warning(
                "chain_not_configured", brief=publication.brief, chain=publication.chain
            )
            return publication
        lease = self._leases.acquire(publication.chain, publication.author)
        if lease is None:
            return self._records.get(publication.id)
        bound = publisher.under(lease, self._leases)
        on_its_way = publication.status in {Status.PUBLISHING, Status.INCLUDED}
        step = bound.carry if on_its_way else partial(self._take_up, bound, lease)
        moved = self._guard(bound, publication, step) or self._records.get(publication.id)
        if moved.status in _IN_BLOCK and publication.status not in _IN_BLOCK:
            self._published = moved.brief, time.monotonic()
        return moved

    def _take_up(self, bound: Publisher, lease: Lease, seen: Publication) -> Publication:
        """Take up what the calendar lets go at this very instant."""
        if not self._asks_calendar(seen):
            return bound.dispatch(seen)
        at_hand = self._drafts.pop((seen.chain, seen.author), None)
        waits = seen.status is Status.WAITING
        draft = at_hand if at_hand and not waits else self._drafted(lease, trying=seen.id)
        told = draft.of(seen)
        if draft.is_short and told is not None and may_go(told, self._calendar()):
            return bound.dispatch(told, draft)  # where it isn't what was seen, nothing is recorded
        self._record(lease, draft)
        current = self._records.get(seen.id)
        if may_go(current, self._calendar()):
            return bound.dispatch(current)
        if current.status is Status.WAITING:  # what it waited for is over, but not the rest
            why = current.appointment.why or "its appointment is later"
            queued = Transition(Status.QUEUED, why)
            current = self._records.under(lease, self._leases).move(current, queued, self._now())
            self._record(lease, self._drafted(lease))
        return self._records.get(seen.id)

    def _plan(self, due: Sequence[Publication]) -> bool:
        """Make the appointments of the authors in hand for whom something has changed.

        Those by which something of `due` goes out at once are recorded along with that, and kept at
        hand until then.

        Returns:
            Whether any were recorded.
        """
        if self._is_reading():  # the queue's order is that of the whole
            return False
        recorded = False
        for chain, author in self._records.unplanned(self._leases.worker):
            if self._stopping.is_set():
                break
            if self._steady() < self._rest_of.get((chain, author), 0.0):
                continue
            if lease := self._leases.acquire(chain, author):
                draft = self._drafted(lease)
                if any(self._lets_go(draft, row) for row in due):
                    self._drafts[chain, author] = draft
                    continue
                recorded = True
                with suppress(LeaseLost):
                    self._record(lease, draft)
        return recorded

    def _lets_go(self, draft: Draft, row: Publication) -> bool:
        """Whether a publication that is due goes out at once by this draft, waiting for nobody."""
        told = draft.of(row)
        if told is None or not draft.is_short or row.status is not Status.QUEUED:
            return False
        return waits_for_nobody(told) and may_go(told, self._calendar())

    def _is_reading(self) -> bool:
        return self._intake is not None and self._intake.is_reading

    def _rests(self, row: Publication) -> bool:
        """Whether a new brief waits until its author's many may be calculated again.

        Or until all of a queue is read that has just begun to be.
        """
        until = self._rest_of.get((row.chain, row.author), 0.0)
        is_new = row.status is Status.QUEUED and row.appointment.outlook is None
        if not is_new or row.kind not in FIRST or (row.chain, row.author) in self._drafts:
            return False
        if self._is_reading():
            return True
        if self._steady() >= until:
            return False
        self._resting_until = max(self._resting_until, until)
        return True

    def _drafted(self, lease: Lease, trying: int | None = None) -> Draft:
        """An author's appointments, as things stand at this instant.

        Args:
            trying: id of a waiting publication that is about to be tried again.
        """
        began = self._steady()
        now, chain_now = self._now(), self._calendar()
        schedule, author = self._schedule, lease.author

        def calculate(agenda: Agenda) -> Sequence[Answer]:
            return schedule.answers(
                agenda, author, self._records, now=now, chain_now=chain_now, trying=trying
            )

        draft = self._records.draft(
            lease.chain,
            author,
            schedule.digest(author),
            schedule.since(author, chain_now),
            calculate,
            chain_now,
        )
        ended = self._steady()
        self._rest_of[lease.chain, author] = ended + PLANNING * (ended - began)
        return draft

    def _record(self, lease: Lease, draft: Draft) -> None:
        """Make appointments: record what was drafted."""
        self._records.under(lease, self._leases).record(draft, self._now())
        for one in draft.missed:
            brief, why = self._records.get(one.id).brief, one.appointment.why or ""
            self._log.warning("missed", brief=brief, author=lease.author, reason=why)

    def _keep_pace(self) -> None:
        """See how far the time of a chain is that goes faster than clocks do: a rehearsal's."""
        for name, watch in self._watches.items():
            if watch.pace < SLOT and self._records.awaits(name):
                with suppress(TransientChainError):
                    watch.look()

    def _compare_rules(self) -> None:
        """Have the appointments made anew of those for whom other rules are configured now."""
        if self._rules_are_new:
            used = self._records.rules_used()
            self._records.plan_anew(
                key for key, rules in used.items() if rules != self._schedule.digest(key[1])
            )
            self._rules_are_new = False

    def _guard(
        self, bound: Publisher, publication: Publication, step: Callable[[Publication], Moved]
    ) -> Moved | None:
        """What the step gives; None when it went wrong: one brief's trouble is that brief's."""
        until = self._troubled_until.get(publication.id)
        if until is not None and self._now() < until:
            return None
        try:
            return self._unless_moved(publication, step)
        except (DatabaseUnavailable, NodesUnreachable):
            raise
        except TransientChainError:  # it is looked at again
            return None
        except Exception as error:  # noqa: BLE001
            self._unless_moved(publication, partial(bound.note_trouble, error=error))
            if self._records.get(publication.id).retry_at is None:  # it can't be made to wait
                until = self._now() + timedelta(seconds=TROUBLE_WAIT)
                self._troubled_until[publication.id] = until
            return None

    def _unless_moved(
        self, publication: Publication, step: Callable[[Publication], Moved]
    ) -> Moved | None:
        """What the step gives; None when somebody was faster, and the records are right."""
        try:
            return step(publication)
        except (Conflict, LeaseLost) as error:
            self._log.info("already_moved", brief=publication.brief, reason=str(error))
            return None

    def is_due(self, publication: Publication) -> bool:
        """Whether its time has come: its appointment by the chains' clock, another try by ours."""
        if publication.status in {Status.QUEUED, Status.HELD}:
            look_at = publication.appointment.look_at
            return look_at is not None and look_at <= self._calendar()
        return publication.retry_at is None or publication.retry_at <= self._now()

    def is_soon(self, publication: Publication) -> bool:
        """Whether only the chain's interval between posts stands before its appointment."""
        at = publication.appointment.appointed_at
        soon = self._calendar() + timedelta(seconds=ROOT_INTERVAL)
        return publication.status is Status.QUEUED and at is not None and at <= soon

    def lags(self) -> Mapping[str, tuple[float, float]]:
        """Of each chain that was looked at: seconds since then, and those its head was behind."""
        now = self._steady()
        seen = {name: watch.looked for name, watch in self._watches.items()}
        return {name: (now - at[0], at[1]) for name, at in seen.items() if at is not None}

    def health(self) -> tuple[tuple[str, NodeHealth], ...]:
        """How this worker's nodes fare, each with its chain's name; no packet is sent."""
        return tuple(
            (name, one) for name, watch in self._watches.items() for one in watch.chain.health()
        )

    def known_mana(
        self,
    ) -> tuple[tuple[str, Mapping[str, ResourceCredits], Mapping[str, ResourceCredits]], ...]:
        """Each chain's name, with the resource credits and the voting mana that are known there."""
        return tuple(
            (name, watch.chain.known_credits(), watch.chain.known_mana())
            for name, watch in self._watches.items()
        )

    def calendar(self) -> datetime:
        """The instant by which dates are judged: of the chain that is farthest ahead."""
        return self._calendar()

    def now_as(self, publication: Publication) -> Publication:
        """A publication as it is recorded now."""
        return self._records.get(publication.id)

    def holder(self, publication: Publication) -> str | None:
        """The other worker that has this publication's author in hand, or None."""
        holder = self._leases.holder(publication.chain, publication.author)
        return None if holder == self._leases.worker else holder

    def pace(self) -> float:
        """Real seconds until the next look at the chains makes sense."""
        return min((watch.next_look for watch in self._watches.values()), default=IDLE)

    def _calendar(self) -> datetime:
        """The instant by which dates are judged: of the chain that is farthest ahead.

        A publisher looks at its own chain's clock once more before it signs.
        """
        return max((watch.calendar for watch in self._watches.values()), default=self._now())

    # -- the alarm clock -------------------------------------------------------------------------

    def start(self) -> None:
        """Start the jobs; returns at once."""
        for job in self._jobs:
            # a job that runs once is taken out by the scheduler's thread, which fails and prints a
            # traceback when it is shut down meanwhile; these stay, and each sets its next alarm
            self._scheduler.add_job(
                self._run,
                "interval",
                args=[job],
                id=job,
                next_run_time=datetime.now(UTC),
                days=365,
            )
        self._scheduler.add_job(
            self._renew,
            "interval",
            id="renew",
            executor="renewal",
            seconds=self._leases.renew_every,
        )
        self._scheduler.start()
        if self._pricing:
            self._pricing.start()
        if self._intake:
            self._unwatch = self._intake.watch(self._want_scan)

    def notice_clock(self, steady: float) -> None:
        """Set all alarms anew when the wall clock, by which they are kept, has been set.

        Args:
            steady: seconds of a clock that nobody sets.
        """
        offset = self._now().timestamp() - steady
        moved = 0.0 if self._offset is None else offset - self._offset
        self._offset = offset
        if abs(moved) > SET_BY:
            self._log.warning("clock_was_set", seconds=round(moved, 1))
            for job in (*self._jobs, "renew"):
                self._arm(job, 0)

    def stop(self, *, leave: bool = True) -> bool:
        """Take nothing new and let the step in hand end; True when it did within 10 seconds.

        What is left in the middle is safe: the next start goes on from the records.

        Args:
            leave: whether others may go on with its authors at once.
        """
        self._unwatch()
        with self._arming:
            self._stopping.set()
        ending = threading.Thread(target=self._scheduler.shutdown, daemon=True)
        ending.start()
        ending.join(STOP_WITHIN / 2)
        self._http.stop()  # whatever a peer does
        if self._pricing:
            self._pricing.stop()
        ending.join(STOP_WITHIN / 2)
        if self._intake:
            self._intake.close()
        if ending.is_alive():
            return False
        if leave:
            self.leave()
        return True

    @property
    def jobs(self) -> tuple[str, ...]:
        """The names of its jobs, in the order in which they are done first."""
        return tuple(self._jobs)

    def perform(self, job: str) -> float:
        """Run one job; returns the seconds until it is wanted again.

        A trouble that a person can mend is logged, and the service goes on.
        """
        self._in_hand = job, time.monotonic()
        try:
            self._records.confirm_schema()
            do, rest = self._jobs[job]
            do()
            self._failing.pop(job, None)
            wait = rest()
            self._database_is_back(job)
        except SchemaDiffers as error:
            wait = self._database_is_newer(error)
        except DatabaseUnavailable as error:
            wait = self._database_is_gone(job, error)
        except Exception as error:  # noqa: BLE001  # whatever it is, the alarm must be set again
            reason = str(error) or type(error).__name__
            if self._failing.get(job) != reason:  # said once
                self._log.error("job_failed", job=job, reason=reason)
            self._failing[job] = reason
            wait = IDLE
        self._rest()
        self.begun.set()
        return wait

    def _rest(self) -> None:
        """Note that nothing is in hand any more."""
        self._rested_at = time.monotonic()
        self._in_hand = None

    def _run(self, job: str) -> None:
        """Run one job and set its alarm anew."""
        self._arm(job, self.perform(job))

    def _renew(self) -> None:
        with suppress(DatabaseUnavailable):  # the other jobs say so
            self.renew()

    def _database_is_gone(self, job: str, error: DatabaseUnavailable) -> float:
        """Say once that a job can't record what it does; returns the seconds until its next try."""
        if not self._away:
            self._log.error("database_unavailable", reason=str(error))
        self._away[job] += 1
        return min(AWAY * 2.0 ** (min(self._away[job], 10) - 1), LONGEST_AWAY)

    def _database_is_newer(self, error: SchemaDiffers) -> float:
        """Do nothing more: what this program would write isn't what the database is made for."""
        if self.outdated is None:
            self._log.error("schema_changed", reason=str(error))
        self.outdated = error
        return LONGEST_AWAY

    def _database_is_back(self, job: str) -> None:
        """Say so when all jobs that failed have ended well: another one may only have read."""
        if self._away.pop(job, 0) and not self._away:
            self._log.info("database_back")

    def rest(self) -> timedelta | None:
        """How long nothing is to be done, unless something comes; None: for ever."""
        worker = self._leases.worker
        if self._is_reading() or self._records.unplanned() or self._records.in_flight(worker):
            return timedelta(0)
        return self._records.rest(self._now(), self._calendar(), worker)

    def _until_due(self) -> float:
        """Seconds until something may be due."""
        rest = self._records.rest(self._now(), self._calendar(), self._leases.worker)
        if rest == timedelta(0) and (left := self._resting_until - self._steady()) > 0:
            rest = timedelta(seconds=left)
        idle = IDLE * self.pace() / SLOT if self.pace() < SLOT else IDLE
        for key in self._records.unplanned():
            left = self._rest_of.get(key, 0.0) - self._steady()
            idle = min(idle, max(left, AGAIN))
        wait = idle if rest is None else min(rest.total_seconds(), idle)
        self._due_at = self._steady() + wait
        return wait

    def _until_sweep(self) -> float:
        """Seconds until the next sweep: soon, where it is to tell how fast a chain goes."""
        measuring = any(watch.is_measuring for watch in self._watches.values())
        return SLOT if measuring else SWEEP_EVERY

    def _want_scan(self) -> None:
        """Look at the folder at once; a look that is in line already will do."""
        if not self._scan_is_wanted.is_set():
            self._scan_is_wanted.set()
            self._arm("scan", 0.0)

    def _arm(self, job: str, wait: float) -> None:
        """Set a job's next alarm."""
        moment = datetime.now(UTC) + timedelta(seconds=max(wait, 0))
        # the scheduler waits for its jobs while it holds what setting an alarm needs: a job that
        # sets one just then would never end, so none begins to once we are stopping
        with self._arming:
            if not self._stopping.is_set():
                self._scheduler.modify_job(job, next_run_time=moment)
