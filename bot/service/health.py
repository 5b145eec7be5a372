"""Whether the service is alive, and whether it can work, for who asks by HTTP.

Whoever asks, and however: a request is small and done within two seconds, or it is cut; when too
many are open, the oldest makes room. What costs something is found out by one thread, once for all.
"""

import io
import json
import math
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import Any

from bot.errors import BotError
from bot.metrics.outlets import NoOutlet
from bot.records.workers import STUCK
from bot.service.service import Service

MOST = 32
"""Requests that are answered at the same time."""
WITHIN = 2.0
"""Seconds that a request may take to come, and its answer to go."""
LONGEST = 8192
"""Bytes of a request that are read."""
KEPT = 2.0
"""Seconds for which the points aren't found out anew."""
LATELY = 300.0
"""Seconds since a chain was seen last from which on it is as good as away."""
PATIENCE = 3.0
"""Seconds that finding them out may take."""


@dataclass(frozen=True, slots=True)
class Point:
    """Something that the service needs.

    Attributes:
        is_well: whether it is there.
        message: one sentence.
    """

    subject: str
    is_well: bool
    message: str


class Health:
    """The two answers.

    Args:
        database: raises `BotError` where it doesn't answer.
        queue: raises `BotError` where the folder can't be read; None without one.
        used: the chains that something is published on.
    """

    def __init__(
        self,
        service: Service,
        database: Callable[[], object],
        queue: Callable[[], object] | None,
        used: Sequence[str],
    ) -> None:
        self._service = service
        self._used = tuple(sorted(used))
        self._asked = {"database": database} | ({"queue": queue} if queue else {})
        self._found: dict[str, Point] = {}
        self._found_at = float("-inf")
        self._lock = threading.Lock()
        self._asking: dict[str, threading.Thread] = {}

    def standstill(self) -> str:
        """Why the service isn't alive, in one sentence; empty while it is."""
        return standstill(self._service)

    def points(self) -> tuple[Point, ...]:
        """What the service needs; no node is asked."""
        with self._lock:
            if time.monotonic() - self._found_at > KEPT:
                self._look()
            asked = [self._found[subject] for subject in self._asked]
        return (*asked, *(self._chain(name) for name in self._used))

    def _look(self) -> None:
        """Ask each, which may never answer, on a thread that nobody waits for without end."""
        for subject in self._asked:
            if subject not in self._asking or not self._asking[subject].is_alive():
                thread = threading.Thread(target=self._ask, args=[subject], daemon=True)
                self._asking[subject] = thread
                thread.start()
        end = time.monotonic() + PATIENCE
        for subject, thread in self._asking.items():
            thread.join(max(end - time.monotonic(), 0.0))
            if thread.is_alive():
                late = f"it doesn't answer within {PATIENCE:.0f} s"
                self._found[subject] = Point(subject, False, late)
        self._found_at = time.monotonic()

    def _ask(self, subject: str) -> None:
        self._found[subject] = _point(subject, self._asked[subject])

    def _chain(self, name: str) -> Point:
        nodes = [one for chain, one in self._service.health() if chain == name]
        subject = f"chain {name}"
        asked = [one for one in nodes if one.answers or one.failures]
        answering = sum(one.silent_for is None for one in asked)
        since, _ = self._service.lags().get(name, (math.inf, 0.0))
        if not asked:
            return Point(subject, False, "no node was asked yet")
        if not answering or since == math.inf:
            return Point(subject, False, f"none of its {len(nodes)} nodes answers")
        if since > LATELY:
            return Point(subject, False, f"none of its nodes has answered for {since:.0f} s")
        return Point(subject, True, f"{answering} of its {len(nodes)} nodes answer")


def standstill(service: Service) -> str:
    """Why a service isn't alive, in one sentence; empty while its jobs get on."""
    still = service.standstill
    if still <= STUCK:
        return ""
    in_hand = service.activity.job
    what = f"the job {in_hand[0]} doesn't get on" if in_hand else "no job has begun"
    return f"{what} for {still:.0f} s: restart the service; what is in hand is gone on with"


def _point(subject: str, ask: Callable[[], object]) -> Point:
    try:
        ask()
    except BotError as error:
        return Point(subject, False, str(error))
    except Exception as error:  # noqa: BLE001  # who asks is told, whatever it is
        return Point(subject, False, f"it can't be asked ({type(error).__name__})")
    return Point(subject, True, "it answers")


def serve(health: Health, host: str, port: int) -> Callable[[], None]:
    """Answer at `/health/live` and `/health/ready`, on threads of its own.

    Returns:
        What ends it.

    Raises:
        NoOutlet: nobody can listen there.
    """
    try:
        server = _Server(health, host, port)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or "there is no such port"
        raise NoOutlet(
            f"health: can't listen on {host}:{port}: {reason}; choose another address"
        ) from None
    threading.Thread(
        target=server.serve_forever, args=[0.1], name="health-port", daemon=True
    ).start()

    def end() -> None:
        server.shutdown()
        server.server_close()

    return end


class _Server(ThreadingMixIn, TCPServer):
    """Answers so many at a time; the oldest makes room for the newest."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = MOST

    def __init__(self, health: Health, host: str, port: int) -> None:
        self.health = health
        self._open: dict[socket.socket, None] = {}
        self._lock = threading.Lock()
        self._room = threading.Semaphore(MOST)
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer on another thread, when there is one."""
        if not self._room.acquire(blocking=False):
            with self._lock:
                oldest = next(iter(self._open), None)
            if oldest is not None:
                with suppress(OSError):
                    oldest.shutdown(socket.SHUT_RDWR)
            if not self._room.acquire(timeout=0.2):
                self.shutdown_request(request)
                return
        with self._lock:
            self._open[request] = None
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no thread can be started
            self._leave(request)
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and make room."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._leave(request)

    def _leave(self, request: socket.socket) -> None:
        with self._lock:
            self._open.pop(request, None)
        self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that goes away is nobody's trouble."""


class _Limited(io.RawIOBase):
    """What a client sends, up to so many bytes and so many seconds."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._ends_at = time.monotonic() + WITHIN
        self._left = LONGEST

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """What has come; nothing once it is too much, or too late."""
        rest = self._ends_at - time.monotonic()
        if rest <= 0 or self._left <= 0:
            return 0
        self._connection.settimeout(rest)
        count = self._connection.recv_into(memoryview(buffer)[: self._left])
        self._left -= count
        return count


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = WITHIN

    def setup(self) -> None:
        """Read no more than what is wanted, and no longer."""
        super().setup()
        self.rfile.close()
        self.rfile = io.BufferedReader(_Limited(self.connection), 1024)

    def do_GET(self) -> None:
        """Answer."""
        health = self.server.health
        path = self.path.partition("?")[0]
        if path == "/health/live":
            still = health.standstill()
            self._answer(503 if still else 200, f"{still or 'alive'}\n", "text/plain")
        elif path == "/health/ready":
            points = health.points()
            ready = all(point.is_well for point in points)
            told = {"ready": ready, "points": [asdict(point) for point in points]}
            self._answer(200 if ready else 503, f"{json.dumps(told)}\n", "application/json")
        else:
            self._answer(404, "there are /health/live and /health/ready\n", "text/plain")

    do_HEAD = do_GET  # noqa: N815  # http.server's name

    def _answer(self, code: int, text: str, kind: str) -> None:
        body = text.encode()
        self.send_response(code)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if self.command != "HEAD":
            self.connection.settimeout(WITHIN)
            self.wfile.write(body)

    def version_string(self) -> str:
        """What answers, and no version."""
        return "briefbot"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: who asks is no news."""
