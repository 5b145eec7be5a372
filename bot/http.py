"""The one HTTP client: for nodes, image hosts and whatever else is fetched or sent.

A peer may be broken or hostile, so the limits are here and nowhere else: one deadline over a whole
exchange, bytes on the wire and after decompression, depth of JSON. Redirects are not followed:
what a transaction or a signature is sent to is said in the configuration or nowhere; for the same
reason proxies and `.netrc` of the environment are ignored.
"""

import json
import re
import select
import socket
import ssl
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpcore2

from bot.errors import quoted

TIMEOUT = 15.0
"""Seconds that one exchange may take in all, from the look-up of the name to the last byte."""
LARGEST = 16 * 1024 * 1024
"""Bytes of an answer; the largest block is two megabytes of JSON."""
_CONNECT_WITHIN = 4.0  # seconds: who doesn't take a connection in that time is away
_KEPT_FOR = 5.0  # seconds that an idle connection is kept
_SLICE = 0.25  # seconds after which a wait looks whether it is still wanted
_HEADERS = 64 * 1024  # bytes that come before an answer's body, and between its chunks
_ALWAYS_CLOSES = 2  # stale connections in a row after which a peer is asked on new ones only
_LONE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_SECONDS = re.compile(rb"[0-9]{1,5}")  # a day at most: who asks for more is asked once a day


class Unsent(Exception):  # noqa: N818  # says what is certain: no byte of the request left
    """No connection was made, so the peer can't have seen the request."""


class Unanswered(Exception):  # noqa: N818  # the request left; what came back proves nothing
    """The peer may have seen the request; no answer to it came that can be relied upon."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a peer answered: HTTP's status, and the body as it is after decompression.

    Attributes:
        retry_after: seconds that the peer asks to be left alone for (RFC 9110 §10.2.3), where it
            says so in seconds.
    """

    status: int
    body: bytes
    retry_after: int | None = None


class Http:
    """Connections to any number of peers; safe to use from several threads.

    Args:
        timeout: seconds that one exchange may take in all.
        clock: monotonic seconds.

    Attributes:
        answered_at: when the last whole answer came, by the clock; a step that waits for peers
            makes progress as long as this moves.
    """

    def __init__(
        self, *, timeout: float = TIMEOUT, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.answered_at = clock()
        self._timeout = timeout
        self._clock = clock
        self._stopped = threading.Event()
        self._here = threading.local()
        self._stale: Counter[str] = Counter()
        network = _Network(self._here)
        context = httpcore2.default_ssl_context()
        self._kept = httpcore2.ConnectionPool(
            ssl_context=context, network_backend=network, keepalive_expiry=_KEPT_FOR,
            max_connections=None, max_keepalive_connections=20,
        )  # fmt: skip
        self._single = httpcore2.ConnectionPool(
            ssl_context=context, network_backend=network,
            max_connections=None, max_keepalive_connections=0,
        )  # fmt: skip

    def post(
        self,
        address: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        largest: int = LARGEST,
        patience: float = 1.0,
    ) -> Answer:
        """Send `body`, and wait for the whole answer.

        On a connection that was used before and turns out to be closed, nothing is learned: the
        same bytes are sent once more on a new one. So only what may be repeated is sent by this.

        Args:
            largest: bytes that the answer may have.
            patience: how many times the usual time it may take.

        Raises:
            Unsent: there was no connection.
            Unanswered: no whole answer within these limits.
        """
        request = _Request("POST", address, body, headers)
        return self._exchange(request, largest, patience)

    def get(
        self,
        address: str,
        headers: Mapping[str, str],
        *,
        largest: int = LARGEST,
        patience: float = 1.0,
    ) -> Answer:
        """Ask for what is at `address`, and wait for the whole answer; all else as for `post`.

        A redirect is an answer like any other: its status, and the body that came with it.
        """
        request = _Request("GET", address, None, headers)
        return self._exchange(request, largest, patience)

    def stop(self) -> None:
        """End every exchange now, and begin none any more."""
        self._stopped.set()

    @property
    def is_stopped(self) -> bool:
        """Whether it was told to stop: what fails then says nothing about a peer."""
        return self._stopped.is_set()

    def close(self) -> None:
        """Close the connections."""
        self._kept.close()
        self._single.close()

    def _exchange(self, request: "_Request", largest: int, patience: float) -> Answer:
        """One request and its answer, within their limits."""
        seconds = self._timeout * patience
        exchange = _Exchange(self._clock, seconds, self._stopped, largest + _HEADERS)
        self._here.exchange = exchange
        try:
            return self._answer(request, exchange, largest)
        finally:
            self._here.exchange = None

    def _answer(self, request: "_Request", exchange: "_Exchange", largest: int) -> Answer:
        again = False
        peer = urlsplit(request.address).netloc  # what follows may be a signature
        while True:
            always_closes = self._stale[peer] >= _ALWAYS_CLOSES
            pool = self._single if again or always_closes else self._kept
            try:
                answer = _whole(pool, request, largest)
            except (_Late, *_NO_CONNECTION) as error:
                if exchange.sent:
                    raise Unanswered(_reason(error)) from error
                raise Unsent(f"no connection ({_reason(error)})") from error
            except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
                if exchange.is_stale and not again:
                    self._stale[peer] += 1
                    again = True
                    exchange.reused = False
                    continue
                raise Unanswered(_reason(error)) from error
            if exchange.reused:
                self._stale.pop(peer, None)
            self.answered_at = self._clock()
            return answer


def json_value(body: bytes, fraction: Callable[[str], Any] = float) -> Any:
    """The value of a JSON text from a peer.

    Args:
        fraction: what is made of a number that isn't whole, of its text.

    Raises:
        Unanswered: it is no JSON, is nested too deeply, or holds what is no text (lone surrogates,
            which neither a database nor a terminal takes).
    """
    try:
        value = json.loads(body, parse_constant=_refuse, parse_float=fraction)
        if _LONE_SURROGATE.search(body):
            json.dumps(value, ensure_ascii=False, default=str).encode()
    except (ValueError, RecursionError):
        raise Unanswered("an answer that is no JSON") from None
    return value


def _refuse(constant: str) -> None:
    """NaN and Infinity, which are no JSON, though Python reads them."""
    raise ValueError(constant)


_NO_CONNECTION = (
    httpcore2.ConnectError, httpcore2.ConnectTimeout, httpcore2.UnsupportedProtocol,
    UnicodeError, ValueError,
)  # fmt: skip
"""What comes before the first byte: `ValueError` is an address that is none."""


class _Late(Exception):  # noqa: N818  # what happened
    """The exchange has had its time, or its bytes."""


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    address: str
    body: bytes | None
    headers: Mapping[str, str]


class _Exchange:
    """One request and its answer, however many connections that takes.

    Attributes:
        sent: whether any byte of the request has left.
        received: bytes that came back.
        reused: whether the connection had carried an earlier exchange.
    """

    def __init__(
        self, clock: Callable[[], float], seconds: float, stopped: threading.Event, largest: int
    ) -> None:
        self._clock = clock
        self._seconds = seconds
        self._deadline = clock() + seconds
        self._stopped = stopped
        self._largest = largest
        self.sent = False
        self.received = 0
        self.reused = False

    @property
    def is_stale(self) -> bool:
        """Whether the connection ended between two exchanges, so that nothing is known."""
        return self.reused and self.received == 0

    def rest(self) -> float:
        """Seconds to wait for the peer before this is asked again; raises `_Late`."""
        if self._stopped.is_set():
            raise _Late("the service is stopping")
        rest = self._deadline - self._clock()
        if rest <= 0:
            raise _Late(f"no whole answer within {self._seconds:g} s")
        return min(rest, _SLICE)

    def take(self, data: bytes) -> bytes:
        """Count what came; raises `_Late` when that is too much."""
        self.received += len(data)
        if self.received > self._largest:
            raise _Late("an answer that doesn't end")
        return data


class _Network(httpcore2.NetworkBackend):
    """Sockets whose every wait ends with the exchange of the thread that waits."""

    def __init__(self, here: threading.local) -> None:
        self._here = here

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002  # the exchange has one
        local_address: str | None = None,  # noqa: ARG002  # no other is ever asked for
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        exchange: _Exchange = self._here.exchange
        until = time.monotonic() + _CONNECT_WITHIN
        last: OSError = TimeoutError("no answer to the connection")
        for family, address in _addresses(host, port, exchange, until):
            try:
                opened = _connected(family, address, exchange, until)
            except OSError as error:
                last = error
            else:
                return _Stream(opened, self._here)
        raise httpcore2.ConnectError(str(last))


class _Stream(httpcore2.NetworkStream):
    def __init__(self, opened: socket.socket, here: threading.local) -> None:
        self._socket = opened
        self._here = here
        self._exchange: _Exchange | None = None

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        exchange: _Exchange = self._here.exchange
        while True:
            self._socket.settimeout(exchange.rest())
            try:
                return exchange.take(self._socket.recv(max_bytes))
            except TimeoutError:
                continue
            except OSError as error:
                raise httpcore2.ReadError(str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        exchange: _Exchange = self._here.exchange
        if self._exchange is not exchange:
            exchange.reused = self._exchange is not None
            self._exchange = exchange
        rest = memoryview(buffer)
        while rest:
            self._socket.settimeout(exchange.rest())
            exchange.sent = True  # from here on nobody can say that nothing has left
            try:
                rest = rest[self._socket.send(rest) :]
            except TimeoutError:
                continue
            except OSError as error:
                raise httpcore2.WriteError(str(error)) from error

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        exchange: _Exchange = self._here.exchange
        exchange.rest()
        self._socket.settimeout(_CONNECT_WITHIN)  # for the handshake as a whole (ssl module)
        try:
            secured = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
        except (OSError, ValueError) as error:
            self.close()
            raise httpcore2.ConnectError(str(error)) from error
        return _Stream(secured, self._here)

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # an idle connection that tells something has been closed
            polling = select.poll()
            polling.register(self._socket, select.POLLIN)
            return bool(polling.poll(0))
        return self._socket if info == "socket" else None


def _addresses(
    host: str, port: int, exchange: _Exchange, until: float
) -> list[tuple[int, tuple[Any, ...]]]:
    """What a name stands for; the look-up, which knows no time limit, is left alone after it."""
    found: list[tuple[int, tuple[Any, ...]]] = []
    failed: list[Exception] = []

    def look_up() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend((info[0], info[4]) for info in infos)
        except (OSError, ValueError, OverflowError) as error:
            failed.append(error)

    if re.fullmatch(r"[\d.]+|\[?[0-9a-fA-F:.]*:[0-9a-fA-F:.]*\]?", host):
        look_up()  # no name server is asked
    else:
        looking = threading.Thread(target=look_up, daemon=True)
        looking.start()
        while looking.is_alive() and time.monotonic() < until:
            looking.join(exchange.rest())
        if looking.is_alive():
            failed.append(TimeoutError("no name server answers"))
    if failed:
        raise httpcore2.ConnectError(str(failed[0])) from failed[0]
    return found


def _connected(
    family: int, address: tuple[Any, ...], exchange: _Exchange, until: float
) -> socket.socket:
    """A connection, made within its time; raises `OSError`."""
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        exchange.rest()
        opened.settimeout(max(until - time.monotonic(), 0.001))
        opened.connect(address)
    except BaseException:
        opened.close()
        raise
    return opened


def _whole(pool: httpcore2.ConnectionPool, request: _Request, largest: int) -> Answer:
    """One request and its whole answer over a connection of this pool."""
    sent = list({**request.headers, "Accept-Encoding": "gzip"}.items())
    with pool.stream(
        request.method, request.address, headers=sent, content=request.body
    ) as response:
        encodings = [
            value.decode("latin-1").strip().lower()
            for name, value in response.headers
            if name.lower() == b"content-encoding"
        ]
        rest = next(
            (int(value) for name, value in response.headers
             if name.lower() == b"retry-after" and _SECONDS.fullmatch(value)), None
        )  # fmt: skip
        parts = response.iter_stream()
        if encodings in ([], ["identity"]):
            # counted as it comes: the exchange ends where too much has come
            return Answer(response.status, _limited(parts, largest), rest)
        if encodings == ["gzip"]:
            return Answer(response.status, _unzipped(parts, largest), rest)
        raise _Late("an answer that is compressed in an unknown way")


def _limited(parts: Iterable[bytes], largest: int) -> bytes:
    body = bytearray()
    for part in parts:
        body += part
        if len(body) > largest:
            raise _Late("an answer that doesn't end")
    return bytes(body)


def _unzipped(parts: Iterable[bytes], largest: int) -> bytes:
    """RFC 1952, never more than `largest` bytes at a time."""
    unpacking = zlib.decompressobj(16 + zlib.MAX_WBITS)
    body = bytearray()
    try:
        for part in parts:
            body += unpacking.decompress(part, largest + 1 - len(body))
            if len(body) > largest:
                raise _Late("an answer that doesn't end")
    except zlib.error:
        raise _Late("an answer that can't be decompressed") from None
    if not unpacking.eof:
        raise _Late("an answer that was cut off")
    return bytes(body)


def _reason(error: Exception) -> str:
    return quoted(str(error)) or type(error).__name__
