"""The service: APScheduler as the alarm clock over a queue that lives in the records.

Four small jobs on one thread, so that no two of them ever meet: `scan` (folder to records),
`dispatch` (what is due), `follow` (what is on its way), `sweep` (results, windows that closed).
"""

import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

from bot.briefs import Entry, Finding
from bot.publishing.intake import Intake
from bot.publishing.publisher import Clock, Publisher
from bot.publishing.results import Results
from bot.records import Conflict, Publication, Records, Status

BATCH = 50  # publications taken up in one go; the next go follows at once
IDLE = 5.0  # seconds that dispatch sleeps at most: new rows may come from elsewhere
SCAN_EVERY = 2.0
SWEEP_EVERY = 15.0
STOP_WITHIN = 10.0  # seconds a clean stop may take


class Service:
    """Scans, publishes, follows and records until it is stopped.

    Args:
        publishers: one for each configured chain, by its name.
    """

    def __init__(
        self,
        intake: Intake,
        publishers: Mapping[str, Publisher],
        results: Results,
        records: Records,
        now: Clock,
        log: structlog.stdlib.BoundLogger,
    ) -> None:
        self._intake = intake
        self._publishers = publishers
        self._results = results
        self._records = records
        self._now = now
        self._log = log
        self._stopping = threading.Event()
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )

    # -- the four jobs ---------------------------------------------------------------------------

    def scan(self) -> tuple[Finding, ...]:
        """Bring the folder's state into the records; returns what stands in a brief's way."""
        return self._intake.scan()

    def take(self, entries: Iterable[Entry]) -> tuple[Finding, ...]:
        """Bring just these briefs into the records."""
        return self._intake.take(entries)

    def dispatch(self) -> None:
        """Take up what is due."""
        for publication in self._records.due(self._now(), BATCH):
            if self._stopping.is_set():
                return
            self.advance(publication)

    def follow(self) -> None:
        """Carry what is on its way."""
        for publication in self._records.in_flight():
            if self._stopping.is_set():
                return
            self.advance(publication)

    def sweep(self) -> None:
        """Settle refused transactions that have expired, and refresh what came of posts."""
        for publisher in self._publishers.values():
            publisher.bury_refused()
        self._results.refresh()

    def round(self) -> None:
        """All four, once."""
        self.scan()
        self.dispatch()
        self.follow()
        self.sweep()

    def advance(self, publication: Publication) -> Publication:
        """Do one publication's next step."""
        publisher = self._publishers.get(publication.chain)
        if publisher is None:
            self._log.warning(
                "chain_not_configured", brief=publication.brief, chain=publication.chain
            )
            return publication
        try:
            if publication.status in {Status.PUBLISHING, Status.INCLUDED}:
                return publisher.carry(publication)
            return publisher.dispatch(publication)
        except Conflict as error:  # another process or a person was faster; the records are right
            self._log.info("already_moved", brief=publication.brief, reason=str(error))
            return self._records.get(publication.id)

    def pace(self) -> float:
        """Real seconds until the next look at the chains makes sense."""
        return min((publisher.next_look for publisher in self._publishers.values()), default=IDLE)

    # -- the alarm clock -------------------------------------------------------------------------

    def start(self) -> None:
        """Start the jobs; returns at once."""
        for job in ("scan", "dispatch", "follow", "sweep"):
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
        self._scheduler.start()

    def stop(self) -> bool:
        """Take nothing new and let the step in hand end; True when it did within 10 seconds.

        What is left in the middle is safe: the next start goes on from the records.
        """
        self._stopping.set()
        ending = threading.Thread(target=self._scheduler.shutdown, daemon=True)
        ending.start()
        ending.join(STOP_WITHIN)
        return not ending.is_alive()

    def _run(self, job: str) -> None:
        """Run one job and set its alarm anew.

        A trouble that a person can mend is logged, and the service goes on.
        """
        try:
            getattr(self, job)()
            wait = self._rest(job)
        except Exception as error:  # noqa: BLE001  # whatever it is, the alarm must be set again
            self._log.error("job_failed", job=job, reason=str(error) or type(error).__name__)
            wait = IDLE
        self._arm(job, wait)

    def _rest(self, job: str) -> float:
        """Seconds until this job is wanted again."""
        if job == "scan":
            return SCAN_EVERY
        if job == "sweep":
            return SWEEP_EVERY
        if job == "follow":
            return self.pace()
        now = self._now()
        due = self._records.next_instant(now)
        return IDLE if due is None else min((due - now).total_seconds(), IDLE)

    def _arm(self, job: str, wait: float) -> None:
        """Set a job's next alarm."""
        moment = datetime.now(UTC) + timedelta(seconds=max(wait, 0))
        if not self._stopping.is_set():
            with suppress(JobLookupError):  # it was stopped just now: nobody needs the alarm
                self._scheduler.modify_job(job, next_run_time=moment)
