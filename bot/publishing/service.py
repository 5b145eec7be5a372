"""The service: APScheduler as the alarm clock over a queue that lives in the records.

Four small jobs on one thread, so that no two of them ever meet: `scan` (folder to records),
`dispatch` (what is due), `follow` (what is on its way), `sweep` (results, windows that closed).
"""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from bot.errors import BotError
from bot.publishing.intake import Intake
from bot.publishing.publisher import Clock, Publisher
from bot.publishing.results import Results
from bot.records import Conflict, Publication, Records

BATCH = 50  # publications taken up in one go; the next go follows at once
IDLE = timedelta(seconds=5)  # the longest sleep of dispatch: new rows may come from elsewhere
SCAN_EVERY = 2.0
SWEEP_EVERY = 15.0
STOP_WITHIN = 10.0  # seconds a clean stop may take


class Service:
    """Scans, publishes, follows and records until it is stopped.

    Args:
        publishers: one for each configured chain, by its name.
        pace: seconds between looks at the chain; a block's time.
    """

    def __init__(
        self,
        intake: Intake,
        publishers: Mapping[str, Publisher],
        results: Results,
        records: Records,
        now: Clock,
        log: structlog.stdlib.BoundLogger,
        *,
        pace: float = 3.0,
    ) -> None:
        self._intake = intake
        self._publishers = publishers
        self._results = results
        self._records = records
        self._now = now
        self._log = log
        self._pace = pace
        self._stopping = threading.Event()
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )

    # -- one round, for `run --once`, `publish` and the tests ------------------------------------

    def scan(self) -> None:
        """Bring the folder's state into the records."""
        self._intake.scan()

    def dispatch(self) -> None:
        """Take up what is due."""
        due = self._records.due(self._now(), BATCH)
        for publication in due:
            if self._stopping.is_set():
                return
            self._step(publication, dispatch=True)

    def follow(self) -> None:
        """Carry what is on its way."""
        for publication in self._records.in_flight():
            if self._stopping.is_set():
                return
            self._step(publication, dispatch=False)

    def sweep(self) -> None:
        """Refresh what came of published posts, and clear up what a fork or a person left."""
        for publisher in self._publishers.values():
            publisher.bury_refused()
        self._results.refresh()

    def round(self) -> None:
        """All four, once."""
        self.scan()
        self.dispatch()
        self.follow()
        self.sweep()

    def _step(self, publication: Publication, *, dispatch: bool) -> None:
        publisher = self._publishers.get(publication.chain)
        if publisher is None:
            self._log.warning("chain_not_configured", brief=publication.brief, chain=publication.chain)
            return
        try:
            (publisher.dispatch if dispatch else publisher.carry)(publication)
        except Conflict as error:  # another process or a person was faster; the records are right
            self._log.info("already_moved", brief=publication.brief, reason=str(error))

    # -- the alarm clock -------------------------------------------------------------------------

    def start(self) -> None:
        """Start the jobs; returns at once."""
        every = {"scan": SCAN_EVERY, "follow": self._pace, "sweep": SWEEP_EVERY}
        for job, seconds in every.items():
            self._scheduler.add_job(
                self._run,
                "interval",
                args=[job],
                seconds=seconds,
                id=job,
                next_run_time=datetime.now(UTC),
            )
        self._arm(timedelta(0))
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
        """Run one job; a trouble that a person can mend is logged and the service goes on."""
        try:
            getattr(self, job)()
        except BotError as error:
            self._log.error("job_failed", job=job, reason=str(error))

    def _alarm(self) -> None:
        """Dispatch, then set the alarm to the next due instant."""
        self._run("dispatch")
        wait = IDLE
        try:
            now = self._now()
            if (due := self._records.next_instant(now)) is not None:
                wait = max(min(due - now, IDLE), timedelta(0))
        except BotError as error:
            self._log.error("job_failed", job="dispatch", reason=str(error))
        self._arm(wait)

    def _arm(self, wait: timedelta) -> None:
        if not self._stopping.is_set():
            self._scheduler.add_job(
                self._alarm, "date", run_date=datetime.now(UTC) + wait, id="dispatch",
                replace_existing=True,
            )
