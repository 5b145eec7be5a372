"""HTTP/1.1 for one process: requests are read by h11, answers written as steemd writes them."""

import asyncio
import http.client
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import h11

_CHUNK = 64  # bytes of a chunk; small, so that every answer has several


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request; `stays` when the client would keep the connection."""

    method: str
    target: str
    content_type: str
    body: bytes
    stays: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back.

    Attributes:
        sent: whole, with its length; as HTTP/1.0, which ends with the connection; in chunks; or
            only the first half, and then the connection closes.
        idle: keeps the connection, until nobody has used it for so many seconds.
    """

    status: int
    content_type: str
    body: bytes
    sent: Literal["whole", "http_1_0", "chunked", "half"] = "whole"
    idle: float | None = None


Answer = Callable[[Exchange], Awaitable[Reply | None]]


class Server:
    """Listens on 127.0.0.1 and asks `answer` for every reply.

    Args:
        keep_alive: keep connections open, as a proxy before a node does. steemd's own server
            (webserver_plugin.cpp) closes each after one answer, without saying so in it.
    """

    def __init__(self, answer: Answer, *, keep_alive: bool) -> None:
        self._answer = answer
        self._keep_alive = keep_alive
        self._listening: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._port = 0

    async def open(self, port: int) -> int:
        """Start listening; returns the port."""
        self._listening = await asyncio.start_server(self._connection, "127.0.0.1", port)
        self._port = int(self._listening.sockets[0].getsockname()[1])
        return self._port

    def close(self) -> None:
        """Stop listening and close every connection."""
        if self._listening is not None:
            self._listening.close()
        for writer in self._writers:
            writer.close()

    async def away(self, seconds: float) -> None:
        """Refuse connections for a while."""
        await asyncio.sleep(0.05)  # so that who asked for it gets its reply
        if self._listening is None or not self._listening.is_serving():
            return  # it is away already
        self.close()
        await asyncio.sleep(seconds)
        await self.open(self._port)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            await self._converse(reader, writer)
        except (h11.ProtocolError, ConnectionError, TimeoutError):
            pass  # the client is gone, silent, or speaks no HTTP: nobody is left to tell
        finally:
            self._writers.discard(writer)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Requests and their replies, until the connection is to be closed."""
        rest, idle = b"", None
        while True:
            async with asyncio.timeout(idle):
                exchange, rest = await _read(rest, reader)
            reply = await self._answer(exchange) if exchange else None
            if exchange is None or reply is None:
                return
            closes = self._keep_alive and not exchange.stays  # which a proxy says
            with_body = exchange.method != "HEAD"
            writer.write(_written(reply, with_body=with_body, closes=closes))
            await writer.drain()
            idle = reply.idle
            keeps = self._keep_alive or idle is not None
            if not (keeps and exchange.stays and reply.sent in {"whole", "chunked"}):
                return


async def _read(begun: bytes, reader: asyncio.StreamReader) -> tuple[Exchange | None, bytes]:
    """A request, or None when the client has closed; and what came after it."""
    connection = h11.Connection(h11.SERVER)
    if begun:
        connection.receive_data(begun)
    body = bytearray()
    request: h11.Request | None = None
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Request):
            request = event
        elif event is h11.NEED_DATA:
            connection.receive_data(await reader.read(65536))
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.ConnectionClosed):
            return None, b""
        elif isinstance(event, h11.EndOfMessage):
            assert request is not None, "h11 tells of the request first"
            exchange = Exchange(
                request.method.decode(),
                request.target.decode(errors="replace"),
                dict(request.headers).get(b"content-type", b"").decode(errors="replace"),
                bytes(body),
                stays=connection.their_state is h11.DONE,
            )
            return exchange, connection.trailing_data[0]


def _written(reply: Reply, *, with_body: bool, closes: bool) -> bytes:
    """The bytes of a reply; steemd itself sends no `Connection` header."""
    version = "1.0" if reply.sent == "http_1_0" else "1.1"
    phrase = http.client.responses.get(reply.status, "")
    lines = [f"HTTP/{version} {reply.status} {phrase}", f"Content-Type: {reply.content_type}"]
    lines += ["Connection: close"] if closes else []
    body = reply.body if with_body else b""
    if reply.sent == "chunked":
        lines.append("Transfer-Encoding: chunked")
        body = _chunks(body) if with_body else b""
    elif reply.sent != "http_1_0":
        lines.append(f"Content-Length: {len(reply.body)}")
    if reply.sent == "half":
        body = body[: len(body) // 2]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _chunks(body: bytes) -> bytes:
    pieces = [body[begin : begin + _CHUNK] for begin in range(0, len(body), _CHUNK)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in [*pieces, b""])
