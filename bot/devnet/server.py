"""HTTP/1.1 for one process: h11 on asyncio streams."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import h11


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request."""

    method: str
    target: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back; `half` stops in the middle of the body and closes."""

    status: int
    content_type: str
    body: bytes
    half: bool = False

    def cut(self) -> "Reply":
        """The same, cut in half."""
        return replace(self, half=True)


Answer = Callable[[Exchange], Awaitable[Reply | None]]


class Server:
    """Listens on 127.0.0.1 and asks `answer` for every reply."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
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
        connection = h11.Connection(h11.SERVER)
        self._writers.add(writer)
        try:
            while await self._serve(connection, reader, writer):
                connection.start_next_cycle()
        except (h11.ProtocolError, ConnectionError, asyncio.IncompleteReadError):
            pass  # the client is gone or speaks no HTTP: nobody is left to tell
        finally:
            self._writers.discard(writer)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _serve(
        self,
        connection: h11.Connection,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        """One request and its reply; True when the connection stays open."""
        exchange = await _read(connection, reader)
        reply = await self._answer(exchange) if exchange else None
        if reply is None:
            return False
        _send(connection, writer, reply)
        await writer.drain()
        return not reply.half and connection.our_state is h11.DONE


async def _read(connection: h11.Connection, reader: asyncio.StreamReader) -> Exchange | None:
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
            return None
        elif isinstance(event, h11.EndOfMessage):
            assert request is not None, "h11 tells of the request first"
            headers = dict(request.headers)
            return Exchange(
                request.method.decode(),
                request.target.decode(errors="replace"),
                headers.get(b"content-type", b"").decode(errors="replace"),
                bytes(body),
            )


def _send(connection: h11.Connection, writer: asyncio.StreamWriter, reply: Reply) -> None:
    headers = [
        (b"content-type", reply.content_type.encode()),
        (b"content-length", str(len(reply.body)).encode()),
    ]
    sent = connection.send(h11.Response(status_code=reply.status, headers=headers)) or b""
    if reply.half:
        writer.write(sent + reply.body[: len(reply.body) // 2])
        return
    parts = (sent, connection.send(h11.Data(reply.body)), connection.send(h11.EndOfMessage()))
    writer.write(b"".join(part for part in parts if part))
