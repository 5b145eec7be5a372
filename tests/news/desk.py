"""A newsroom's desk in this process: real records, real receivers, and a clock that a test sets."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import structlog
from structlog.testing import LogCapture

from bot.config import NewsAddress
from bot.http import Http
from bot.news.kinds import ALL
from bot.news.notifier import Notifier
from bot.news.settings import WayKind, WaySettings
from bot.news.teller import Teller
from bot.news.ways import AppriseWay, WebhookWay
from bot.records import Status, Transition
from bot.records.news import NewsRecords
from tests.records.test_records import NOW, PLAN, WAY

SECRET = "a secret that both sides know"
EVERYTHING = WaySettings(kind=WayKind.WEBHOOK, events=ALL, group=timedelta(0))


class Desk:
    """One worker that tells news; `other` is a second one on the same records."""

    def __init__(self, records, worker="host:1:1", timeout=2.0, zone="UTC"):
        self.records = records
        self.news = NewsRecords(records)
        self.worker = worker
        self.zone = ZoneInfo(zone)
        self.http = Http(timeout=timeout)
        self.lines = LogCapture()
        self.now = NOW
        self.tellers = {}
        self.numbers = iter(range(1, 10_000))
        self.options = {"settled": 0.0, "starting": 0.0}
        self.late = timedelta(minutes=15)
        self._notifier = None

    def close(self):
        self.http.close()

    @property
    def log(self):
        return structlog.wrap_logger(structlog.PrintLogger(), processors=[self.lines])

    def clock(self):
        return self.now

    def later(self, **duration):
        self.now += timedelta(**duration)

    def way(self, name, way, settings=EVERYTHING):
        self.tellers[name] = Teller(
            name, settings, way, self.news, self.zone, self.worker, self.clock, self.log
        )

    def webhook(self, name, url, settings=EVERYTHING, secret=SECRET):
        way = WebhookWay(NewsAddress(url), NewsAddress(secret), self.http, self.clock)
        self.way(name, way, settings)

    def mail(self, name, address, settings=EVERYTHING):
        self.way(name, AppriseWay(NewsAddress(address)), settings)

    def start_anew(self):
        """As after a restart: nothing is left but the records."""
        self._notifier = None

    @property
    def notifier(self):
        if self._notifier is None:
            self._notifier = Notifier(
                self.records, list(self.tellers.values()), self.zone, self.late, self.worker,
                self.clock, self.log, **self.options,
            )  # fmt: skip
        return self._notifier

    def look(self):
        return [one.kind for one in self.notifier.look()]

    def tell(self, turns=10):
        """Every way's turns, until there is nothing more to do now."""
        for teller in self.tellers.values():
            for _ in range(turns):
                if teller.turn() > 0:
                    break

    def round(self):
        found = self.look()
        self.tell()
        return found

    def bring(self, status, at=None, **changes):
        """A publication that comes to a status, now."""
        number = next(self.numbers)
        plan = replace(PLAN, brief=f"b{number}", path=f"b{number}.md", permlink=f"p{number}")
        row = self.records.add(replace(plan, **changes), at or self.now)
        for target in WAY[status]:
            included = {"included_at": at or self.now} if target is Status.INCLUDED else {}
            row = self.records.move(row, Transition(target, "test", **included), at or self.now)
        return row

    def events(self):
        return [line["event"] for line in self.lines.entries]


def told(server, path="/hook"):
    """What a webhook's receiver has taken: a list of kinds for each message, checked."""
    return [
        [one["kind"] for one in checked(request)["news"]]
        for request, response in server.log
        if request.path == path and response.status_code < 300
    ]


def all_told(server, after=0):
    """The kinds of all news that a receiver has taken, behind so many messages."""
    return [kind for message in told(server)[after:] for kind in message]


def checked(request):
    """A message, after the check that every receiver makes."""
    signed = b".".join(
        [
            request.headers["webhook-id"].encode(),
            request.headers["webhook-timestamp"].encode(),
            request.get_data(),
        ]
    )
    digest = hmac.digest(SECRET.encode(), signed, hashlib.sha256)
    assert request.headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
    document = json.loads(request.get_data())
    assert document["id"] == request.headers["webhook-id"]
    return document
