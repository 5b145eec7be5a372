"""The figures at the moment when somebody asks for them."""

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot import __version__
from bot.chain.protocol import NodeHealth, ResourceCredits
from bot.clock import Clock
from bot.metrics import names
from bot.records import DatabaseUnavailable, Outcome, Records
from bot.records.figures import Figures, Went

KEPT = 5.0  # seconds for which the same answer is given, however often somebody asks
LONGEST_KEPT = 60.0
SHARE = 20.0  # times what an answer took, it is kept: a large database isn't counted all the time
BATCH = 5000
SETTLED = timedelta(minutes=1)  # for which what became final is looked at again
_SETTLED = frozenset({Outcome.FINAL, Outcome.EXPIRED})
_DUE = (1, 3, 10, 30, 60, 300, 900, 3600, 6 * 3600, 24 * 3600)
_ACCEPTED = (1, 3, 6, 9, 15, 30, 60, 300)
_INCLUDED = (3, 6, 15, 30, 45, 60, 90, 120, 300, 900)


@dataclass(frozen=True, slots=True)
class Mana:
    """An account's mana of some kind, as it was told last."""

    chain: str
    account: str
    figures: ResourceCredits


@dataclass(frozen=True, slots=True)
class Seen:
    """What this worker knows besides the records.

    Attributes:
        nodes: how each node fares, with its chain's name.
        credits, mana: of accounts that were asked for.
        scanned_at: when the folder was looked at last.
        chain_now: the chains' clock.
    """

    nodes: Iterable[tuple[str, NodeHealth]]
    credits: Iterable[Mana]
    mana: Iterable[Mana]
    scanned_at: datetime | None
    chain_now: datetime


class Figured(Collector):
    """All metrics; whatever goes wrong with the records, what else is known is told.

    Args:
        seen: what this worker knows now.
        authors: whose mana is of interest.
        late: how long after its time a publication is overdue.
    """

    def __init__(
        self,
        records: Records,
        seen: Callable[[], Seen],
        authors: Iterable[str],
        late: timedelta,
        now: Clock,
    ) -> None:
        self._figures = Figures(records)
        self._seen = seen
        self._authors = frozenset(authors)
        self._late = late
        self._now = now
        self._lock = threading.Lock()
        self._made: list[Metric] = []
        self._kept_until = -math.inf
        self._final_since = now()
        self._counted: dict[int, datetime] = {}
        self._histograms = {
            metric.name: Histogram(metric.name, metric.help, buckets=buckets, registry=None)
            for metric, buckets in (
                (names.DUE_TO_ACCEPTED, _DUE),
                (names.ACCEPTED_TO_INCLUDED, _ACCEPTED),
                (names.INCLUDED_TO_FINAL, _INCLUDED),
            )
        }

    def describe(self) -> Iterable[Metric]:
        """Nothing: who registers it asks for no figures."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """The figures now, or as they were a few seconds ago."""
        with self._lock:
            began = time.monotonic()
            if began >= self._kept_until:
                self._made = [*self._here(), *self._recorded()]
                took = time.monotonic() - began
                self._kept_until = began + min(max(KEPT, SHARE * took), LONGEST_KEPT)
            made = self._made
        yield from made

    def _here(self) -> Iterator[Metric]:
        """What this process knows."""
        yield _gauge(names.BUILD, [([__version__], 1)])
        seen = self._seen()
        if seen.scanned_at is not None:
            yield _gauge(names.LAST_SCAN, [((), seen.scanned_at.timestamp())])
        asked = {(chain, one.node): one for chain, one in seen.nodes if one.answers or one.failures}
        yield _gauge(names.NODE_UP, [(key, one.silent_for is None) for key, one in asked.items()])
        yield _counter(names.NODE_ANSWERS, [(key, one.answers) for key, one in asked.items()])
        yield _counter(names.NODE_FAILURES, [(key, one.failures) for key, one in asked.items()])
        for metric, known in ((names.CREDITS, seen.credits), (names.MANA, seen.mana)):
            shares = {
                (one.chain, one.account): one.figures.share(seen.chain_now)
                for one in known
                if one.account in self._authors
            }
            yield _gauge(metric, shares.items())

    def _recorded(self) -> Iterator[Metric]:
        """What the records tell; nothing while they can't be asked."""
        try:
            told = list(self._told())
        except DatabaseUnavailable:
            told = []
        yield _gauge(names.DATABASE_UP, [((), bool(told))])
        yield from told

    def _told(self) -> Iterator[Metric]:
        figures, now = self._figures, self._now()
        yield _gauge(names.DATABASE_SIZE, [((), figures.size())])
        yield _gauge(names.PUBLICATIONS, figures.publications().items())
        yield _gauge(names.OVERDUE, [((), figures.overdue(now - self._late))])
        for metric, since in (
            (names.OLDEST_QUEUED, figures.due_since()),
            (names.OLDEST_WAITING, figures.waiting_since()),
            (names.OLDEST_IN_FLIGHT, figures.in_flight_since()),
        ):
            age = (now - since).total_seconds() if since else 0.0
            yield _gauge(metric, [((), max(age, 0.0))])
        attempts = {each.value: count for each, count in figures.attempts().items()}
        settled = {each.value: attempts.pop(each.value, 0) for each in sorted(_SETTLED)}
        yield _counter(names.ATTEMPTS, _one_label(settled))
        yield _gauge(names.OPEN_ATTEMPTS, _one_label(attempts))
        yield _counter(names.NEWS, _one_label(figures.news()))
        yield _gauge(names.UNDELIVERED, _one_label(figures.undelivered()))
        yield _gauge(names.TROUBLES, _one_label(figures.troubles()))
        self._count_final()
        for histogram in self._histograms.values():
            for family in histogram.collect():
                family.samples = [each for each in family.samples if "_created" not in each.name]
                yield family

    def _count_final(self) -> None:
        """Count what has become irreversible since this process began, each once."""
        full = True
        since = self._final_since
        while full:
            rows = self._figures.final_since(since, BATCH)
            for row in rows:
                if row.id not in self._counted:
                    self._counted[row.id] = row.final_at
                    self._observe(row)
            full = len(rows) == BATCH and rows[-1].final_at > since
            since = rows[-1].final_at if rows else since
        # ours and other workers' clocks differ a little, and what is committed last may be earlier
        self._final_since = max(self._final_since, since - SETTLED)
        self._counted = {
            number: at for number, at in self._counted.items() if at >= self._final_since
        }

    def _observe(self, row: Went) -> None:
        due = max(row.due_at or row.created_at, row.created_at)
        steps = (
            (names.DUE_TO_ACCEPTED, due, row.broadcast_at),
            (names.ACCEPTED_TO_INCLUDED, row.broadcast_at, row.included_at),
            (names.INCLUDED_TO_FINAL, row.included_at, row.final_at),
        )
        if row.broadcast_at is None:  # found on the chain: when it went out, another knows
            return
        for metric, begin, end in steps:
            if begin is not None and end is not None:
                seconds = max((end - begin).total_seconds(), 0.0)
                self._histograms[metric.name].observe(seconds)


def registry(figured: Figured) -> CollectorRegistry:
    """A registry of our own, with what a process is asked for everywhere (memory, files, CPU)."""
    made = CollectorRegistry(auto_describe=False)
    made.register(figured)
    ProcessCollector(registry=made)
    return made


Told = Iterable[tuple[Sequence[str], float]]
"""The labels' values, and the figure."""


def _gauge(metric: names.Metric, told: Told) -> Metric:
    family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, value in told:
        family.add_metric(labels, value)
    return family


def _counter(metric: names.Metric, told: Told) -> Metric:
    family = CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, value in told:
        family.add_metric(labels, value)
    return family


def _one_label(told: Mapping[str, int]) -> Told:
    return [([label], value) for label, value in told.items()]
