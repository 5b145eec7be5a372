"""Telling on one way: grouped, not too often, not in quiet hours, again where it failed.

Before a message is sent it is taken down which news are in it. After a crash in between it is sent
again with the same id: who is told twice can know it, and nobody is told nothing.
"""

import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from secrets import token_hex
from zoneinfo import ZoneInfo

import structlog

from bot.calendar.rules import quiet_until
from bot.clock import Clock
from bot.errors import BotError
from bot.news.message import Message
from bot.news.settings import WaySettings
from bot.news.ways import NotTold, Way
from bot.records.news import Delivery, NewsRecords

IDLE = 30.0  # seconds between looks at a way of which nobody has said that there is something
LEASE = 60.0  # seconds that a way is this worker's, without renewal
LONGEST_SEND = 600.0  # seconds after which a send that hangs isn't vouched for any more
FIRST_PAUSE = timedelta(seconds=30)  # until the first new try; doubled each time
LONGEST_PAUSE = timedelta(hours=1)
MOST_TRIES = 30  # a day
MOST_REFUSALS = 8  # an hour: a receiver that refuses a message for what it is
BLOCKING = 4  # tries for which newer news wait behind a message that fails
LARGEST = 500  # news in one message
LITTLE = timedelta(minutes=10)
"""What has just happened is news to a way that is new, and nothing older."""


class Teller:
    """What tells on one way; another worker's does while this one has it not.

    Args:
        name: of the way.
        worker: this one.
        pause: until the first new try.
    """

    def __init__(
        self,
        name: str,
        settings: WaySettings,
        way: Way,
        news: NewsRecords,
        zone: ZoneInfo,
        worker: str,
        now: Clock,
        log: structlog.stdlib.BoundLogger,
        pause: timedelta = FIRST_PAUSE,
    ) -> None:
        self.name = name
        self.settings = settings
        self._way = way
        self._news = news
        self._zone = zone
        self._worker = worker
        self._now = now
        self._log = log
        self._pause = pause
        self._sending_since: float | None = None
        self._fails = False
        self._urgent: list[Message] = []
        self._lock = threading.Lock()

    def turn(self, *, at_once: bool = False) -> float:
        """Tell what is to be told now; returns the seconds until there may be more.

        Args:
            at_once: without gathering more first.
        """
        if (wait := self._tell_urgent()) is not None:
            return wait
        now = self._now()
        if not self._news.is_behind(self.name):
            due = self._news.next_due(self.name)
            if due is None:
                return IDLE
            if due > now and not at_once:
                return _seconds(due - now)
            if until := quiet_until(now, self.settings.quiet, self._zone):
                return _seconds(until - now)
        if not self._news.take(self.name, self._worker, LEASE, now - LITTLE):
            return IDLE / 3
        try:
            return self._tell(now, at_once=at_once)
        finally:
            self._news.leave(self.name, self._worker)

    def urge(self, message: Message) -> None:
        """Have a message told of which the records can't know now: they are away."""
        with self._lock:
            self._urgent.append(message)

    def renew(self) -> None:
        """Keep the way while a receiver makes a message wait, but not for ever."""
        since = self._sending_since
        if since is not None and time.monotonic() - since < LONGEST_SEND:
            self._news.take(self.name, self._worker, LEASE, self._now())

    def _tell(self, now: datetime, *, at_once: bool) -> float:
        group = timedelta(0) if at_once else self.settings.group
        while self._news.is_behind(self.name):
            self._news.give(self.name, self.settings.events, now + group)
        owed = self._news.owed(self.name, LARGEST)
        if not owed:
            return IDLE
        if (wait := self._rest(now)) is not None:
            return wait
        chosen = _chosen(owed, now, at_once=at_once)
        if not chosen:
            soonest = min(delivery.due_at for delivery in owed)
            return _seconds(soonest - now) if soonest > now else IDLE
        known = chosen[0].message
        message = Message(known or f"msg_{token_hex(12)}", tuple(one.news for one in chosen))
        ids = [delivery.news.id for delivery in chosen]
        self._news.send(self.name, ids, message.id)
        try:
            self._send(message)
        except NotTold as error:
            self._again(ids, chosen[0].tries + 1, error)
        else:
            self._news.told(self.name, ids, self._now())
        return 0.0

    def _rest(self, now: datetime) -> float | None:
        """Seconds for which nothing may be told: it is quiet, or was too much; None for none."""
        if until := quiet_until(now, self.settings.quiet, self._zone):
            return _seconds(until - now)
        hour = timedelta(hours=1)
        sent = self._news.messages_since(self.name, now - hour)
        if len(sent) < self.settings.most_per_hour:
            return None
        return _seconds(sent[-self.settings.most_per_hour] + hour - now)

    def _send(self, message: Message) -> None:
        """Send a message; whatever goes wrong with that is a `NotTold`."""
        self._sending_since = time.monotonic()
        try:
            self._way.send(message)
        except NotTold as error:
            self._say_once(str(error))
            raise
        except BotError as error:
            self._say_once(str(error))
            raise NotTold(str(error), reached=False, refused=True) from None
        except Exception as error:  # noqa: BLE001  # a plugin's own trouble; its words may tell secrets
            told = f"a fault of what sends it ({type(error).__name__})"
            self._say_once(told)
            raise NotTold(told, reached=False) from None
        finally:
            self._sending_since = None
        if self._fails:
            self._fails = False
            self._log.info("way_is_back", way=self.name)

    def _say_once(self, reason: str) -> None:
        if not self._fails:
            self._fails = True
            self._log.warning("news_not_told", way=self.name, reason=reason)

    def _again(self, ids: Sequence[int], tries: int, error: NotTold) -> None:
        if tries >= (MOST_REFUSALS if error.refused else MOST_TRIES):
            self._log.error("news_given_up", way=self.name, count=len(ids), reason=str(error))
            self._news.not_told(self.name, ids, str(error), None)
            return
        pause = min(self._pause * 2.0 ** (tries - 1), LONGEST_PAUSE)
        self._news.not_told(self.name, ids, str(error), self._now() + pause)

    def _tell_urgent(self) -> float | None:
        """Tell what isn't in the records; returns seconds until it is tried again, or None."""
        with self._lock:
            if not self._urgent:
                return None
            message = self._urgent[0]
        if until := quiet_until(self._now(), self.settings.quiet, self._zone):
            return _seconds(until - self._now())
        try:
            self._send(message)
        except NotTold:
            return self._pause.total_seconds()
        with self._lock:
            self._urgent.pop(0)
        return 0.0


def _chosen(owed: Sequence[Delivery], now: datetime, *, at_once: bool) -> Sequence[Delivery]:
    """What goes out in the next message: one that failed, as it was, or all that is new."""
    begun = [one for one in owed if one.message is not None]
    for one in begun:
        if one.due_at <= now:
            return [each for each in begun if each.message == one.message]
    if any(one.tries < BLOCKING for one in begun):
        return ()
    new = [one for one in owed if one.message is None]
    if not any(one.due_at <= now or at_once for one in new):
        return ()
    return new


def _seconds(duration: timedelta) -> float:
    """Seconds to wait; never so long that a clock that is set meanwhile matters much."""
    return min(max(duration.total_seconds(), 0.05), IDLE)
