"""Finds what is worth telling and has it told, on threads of its own: nothing waits for it.

Level-triggered: each look compares the records with what was told. What one look misses, the next
one finds; what was told is known by its key, to this worker and to all others.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from bot.clock import Clock
from bot.local_time import DAY, local_of, start_of
from bot.news.feed import ENTRIES, Feed
from bot.news.kinds import LEVELS, Level, NewsKind
from bot.news.message import Message
from bot.news.sources import Changes, Source
from bot.news.teller import LITTLE, Teller
from bot.news.troubles import Fares, compare, sightings
from bot.news.words import overdue, weekly
from bot.records import DatabaseUnavailable, Records
from bot.records.news import NewNews, News, NewsRecords

PACE = 5.0  # seconds between looks
SETTLED = 60.0  # seconds for which rows are looked at again: ids may be committed out of order
STARTING = 120.0  # seconds after a start in which what is overdue is just about to go out
AWAY = 30.0  # seconds that the database must be away before that is told
BATCH = 1000
STOP_WITHIN = 1.0
ROUND_WITHIN = 20.0
SUMMARY_AT = timedelta(hours=8)  # of a Monday

NO_NODES: Callable[[], Iterable[Fares]] = tuple


class Notifier:
    """Looks for news, and has them told on each way, until it is stopped.

    Args:
        tellers: one for each way.
        zone: in which weeks begin and times are told.
        late: how long after its time a brief is overdue.
        nodes: how this worker's nodes fare.
        sources: where news come from, beside the changes of status.
        feed: what is written when something was published.
        pace, settled, starting, away: seconds, as the module says.
    """

    def __init__(
        self,
        records: Records,
        tellers: Sequence[Teller],
        zone: ZoneInfo,
        late: timedelta,
        worker: str,
        now: Clock,
        log: structlog.stdlib.BoundLogger,
        *,
        nodes: Callable[[], Iterable[Fares]] = NO_NODES,
        sources: Sequence[Source] = (),
        feed: Feed | None = None,
        pace: float = PACE,
        settled: float = SETTLED,
        starting: float = STARTING,
        away: float = AWAY,
    ) -> None:
        self._records = records
        self._news = NewsRecords(records)
        self._tellers = tellers
        self._zone = zone
        self._late = late
        self._worker = worker
        self._now = now
        self._log = log
        self._nodes = nodes
        self._sources = (Changes(self._news), *sources)
        self._feed = feed
        self._feed_is_stale = feed is not None
        self._feed_fails = False
        self._pace = pace
        self._settled = settled
        self._away_after = away
        self._starts_until = time.monotonic() + starting
        self._marks: dict[str, deque[tuple[float, int]]] = {}
        self._told: set[str] = set()
        self._week = ""
        self._away_since: datetime | None = None
        self._away_told = False
        self._failing = ""
        self._stopping = threading.Event()
        self._wanted = {teller.name: threading.Event() for teller in tellers}
        self._threads: list[threading.Thread] = []

    # -- one look --------------------------------------------------------------------------------

    def look(self) -> tuple[News, ...]:
        """Take down what is new; returns that.

        Raises:
            DatabaseUnavailable: the records can't be asked, or written to.
        """
        now = self._now()
        told: list[News] = []
        for source in self._sources:
            told += self._follow(source, now)
        told += self._overdue(now)
        told += self._troubles(now)
        told += self._summary(now)
        for one in told:
            self._say(one)
        self._feed_is_stale |= any(one.kind == NewsKind.PUBLISHED for one in told)
        self._write_feed()
        return tuple(told)

    def _follow(self, source: Source, now: datetime) -> list[News]:
        """What a source tells behind the position that is settled."""
        known = self._news.cursor(source.name)
        if known is None:
            since = now - LITTLE
            self._news.switch_on(source.name, source.start(since), since)
            known = self._news.cursor(source.name)
            assert known is not None, "it was switched on"
        settled, since = known
        told: list[News] = []
        position, more = settled, True
        while more and not self._stopping.is_set():
            seen = source.after(position, since, BATCH)
            told += self._tell(seen.news)
            position, more = seen.position, seen.more
        self._settle(source.name, settled, position)
        return told

    def _settle(self, name: str, settled: int, position: int) -> None:
        """Move on to what was the last row long enough ago."""
        marks = self._marks.setdefault(name, deque())
        if marks and marks[-1][1] > position:
            marks.clear()  # an older database was put back
        now = time.monotonic()
        if position > settled and (not marks or marks[-1][1] < position):
            marks.append((now, position))
        reached = settled
        while marks and now - marks[0][0] >= self._settled:
            reached = marks.popleft()[1]
        if reached > settled:
            self._news.advance(name, reached)

    def _overdue(self, now: datetime) -> list[News]:
        if time.monotonic() < self._starts_until:
            return []
        rows = self._news.overdue(now - self._late, BATCH)
        return self._tell([overdue(row, now, self._zone) for row in rows])

    def _troubles(self, now: datetime) -> Sequence[News]:
        seen = sightings(self._records, self._news, self._nodes(), now)
        known = self._news.troubles()
        if not seen and not known:
            return ()
        began, lasting, ended = compare(known, seen, now)
        if not began and not lasting and not ended:
            return ()
        return self._news.note_troubles(began, lasting, ended)

    def _summary(self, now: datetime) -> list[News]:
        """What last week brought, from Monday morning on; nothing of a week without news."""
        monday = local_of(now, self._zone).date()
        monday -= DAY * monday.weekday()
        begin, end = start_of(monday - 7 * DAY, self._zone), start_of(monday, self._zone)
        year, week, _ = (monday - DAY).isocalendar()
        name = f"{year}-W{week:02}"
        if name == self._week or now < end + SUMMARY_AT:
            return []
        self._week = name
        cursor = self._news.cursor(Changes.name)
        if cursor is None or cursor[1] >= end:
            return []
        return self._tell([weekly(name, now, self._news.counts(begin, end))])

    def _tell(self, items: Sequence[NewNews]) -> list[News]:
        unknown = [item for item in items if item.key not in self._told]
        if not unknown:
            return []
        told = self._news.tell(unknown)
        if len(self._told) > 10 * BATCH:
            self._told.clear()
        self._told |= {item.key for item in unknown}
        return list(told)

    def _say(self, one: News) -> None:
        """A line for what nothing else has logged, by the worker that noticed it first."""
        if one.kind == NewsKind.OVERDUE:
            self._log.warning("overdue", brief=one.brief, author=one.author, reason=one.text)
        elif one.key.endswith(":began"):
            self._log.warning("trouble_began", kind=one.kind, reason=one.text)
        elif one.key.endswith(":ended"):
            self._log.info("trouble_ended", kind=one.kind, reason=one.text)

    def _write_feed(self) -> None:
        if self._feed is None or not self._feed_is_stale:
            return
        try:
            self._feed.write(self._news.published(ENTRIES))
        except OSError as error:
            if not self._feed_fails:
                self._log.warning("feed_not_written", reason=error.strerror or str(error))
            self._feed_fails = True
        else:
            self._feed_is_stale = self._feed_fails = False

    # -- the threads -----------------------------------------------------------------------------

    def round(self) -> bool:
        """One look, and all of each way, on threads of their own, for 20 seconds at most.

        Returns:
            Whether they ended.
        """
        self.look()

        def tell(teller: Teller) -> None:
            with suppress(DatabaseUnavailable):
                while not self._stopping.is_set() and teller.turn(at_once=True) == 0.0:
                    pass

        threads = [threading.Thread(target=tell, args=[one], daemon=True) for one in self._tellers]
        for thread in threads:
            thread.start()
        end = time.monotonic() + ROUND_WITHIN
        for thread in threads:
            thread.join(max(end - time.monotonic(), 0))
        return not any(thread.is_alive() for thread in threads)

    def start(self) -> None:
        """Start looking and telling; returns at once."""
        self._threads = [
            threading.Thread(target=self._keep_looking, name="news", daemon=True),
            *(
                threading.Thread(
                    target=self._keep_telling, args=[one], name=f"news-{one.name}", daemon=True
                )
                for one in self._tellers
            ),
        ]
        for thread in self._threads:
            thread.start()

    def halt(self) -> None:
        """Begin nothing more; returns at once."""
        self._stopping.set()
        for wanted in self._wanted.values():
            wanted.set()

    def stop(self) -> bool:
        """Look and tell nothing more; True when what was in hand ended within a second.

        What a receiver makes wait is told at the next start.
        """
        self.halt()
        end = time.monotonic() + STOP_WITHIN
        for thread in self._threads:
            thread.join(max(end - time.monotonic(), 0))
        return not any(thread.is_alive() for thread in self._threads)

    def _keep_looking(self) -> None:
        while not self._stopping.is_set():
            try:
                told = self.look()
                for teller in self._tellers:
                    teller.renew()
                self._database_is_back()
                self._failing = ""
                if told:
                    self._want()
            except DatabaseUnavailable as error:
                self._database_is_away(str(error))
            except Exception as error:  # noqa: BLE001  # news must not end with one trouble
                reason = type(error).__name__
                if self._failing != reason:
                    self._log.error("job_failed", job="news", reason=reason)
                self._failing = reason
            self._stopping.wait(self._pace)

    def _keep_telling(self, teller: Teller) -> None:
        wanted = self._wanted[teller.name]
        while not self._stopping.is_set():
            try:
                wait = teller.turn()
            except DatabaseUnavailable:  # who looks says so
                wait = self._pace
            except Exception as error:  # noqa: BLE001  # one way's trouble is that way's
                self._log.error("job_failed", job=f"news on {teller.name}",
                                reason=type(error).__name__)  # fmt: skip
                wait = SETTLED
            wanted.wait(wait)
            wanted.clear()

    def _want(self) -> None:
        for wanted in self._wanted.values():
            wanted.set()

    def _database_is_away(self, reason: str) -> None:
        """Tell it without the records, once it has lasted."""
        now = self._now()
        self._away_since = self._away_since or now
        away = (now - self._away_since).total_seconds()
        if self._away_told or away < self._away_after:
            return
        self._away_told = True
        kind, level = NewsKind.DATABASE, LEVELS[NewsKind.DATABASE]
        key = f"{kind}:{self._worker}:{self._away_since:%Y%m%dT%H%M%S}"
        text = f"Nothing is published, since {self._away_since:%H:%M} UTC: {reason}"
        message = Message(key, (News(key, kind.value, level.value, now, text, id=0),))
        for teller in self._tellers:
            if kind in teller.settings.events:
                teller.urge(message)
        self._want()

    def _database_is_back(self) -> None:
        """Take down what couldn't be, and tell that it is over; once for all workers."""
        since, was_told = self._away_since, self._away_told
        self._away_since, self._away_told = None, False
        if since is None or not was_told:
            return
        last = self._news.last(NewsKind.DATABASE.value)
        if last is not None and last >= since:
            return
        now = self._now()
        text = f"The database could not be used from {since:%Y-%m-%d %H:%M} to {now:%H:%M} UTC"
        key = f"{NewsKind.DATABASE}:{since:%Y%m%dT%H%M}"
        kind = NewsKind.DATABASE.value
        self._tell([NewNews(key, kind, Level.INFO.value, now, text)])
        self._want()
