"""One node: the chain, its methods, its clock, and the HTTP server in front (h11 on asyncio).

One event loop owns everything, so that nothing needs a lock.
"""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import h11

from bot.devnet.api import Api
from bot.devnet.chain import DevnetChain
from bot.devnet.faults import Fault, failed
from bot.devnet.network import Network
from bot.devnet.rpc import read_json, respond
from bot.devnet.trouble import Troubles

_HTML = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


class Node:
    """A devnet's process.

    Args:
        folder: where its state lives; None for memory only.
        block_interval: real seconds between blocks, or None when only asking makes them.
        admin: whether `devnet_api` answers.
    """

    def __init__(
        self,
        network: Network,
        folder: Path | None,
        *,
        block_interval: float | None,
        admin: bool,
    ) -> None:
        self.chain = DevnetChain(network, folder, datetime.now(UTC))
        self._api = Api(self.chain)
        self._block_interval = block_interval
        self._troubles = Troubles()
        self._admin = admin
        self._swallowing = False

    async def serve(self, port: int, ready: Callable[[int], None]) -> None:
        """Answer on 127.0.0.1 until SIGTERM or SIGINT; `ready` is told the port."""
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        server = await asyncio.start_server(self._connection, "127.0.0.1", port)
        ready(server.sockets[0].getsockname()[1])
        clock = asyncio.create_task(self._make_blocks())
        await stopped.wait()
        clock.cancel()
        server.close()
        self.chain.close()

    async def _make_blocks(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while self._block_interval is not None:
            self.chain.produce(datetime.now(UTC))
            due = max(due + self._block_interval, loop.time())
            await asyncio.sleep(due - loop.time())

    # -- HTTP --------------------------------------------------------------------------------------

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER)
        try:
            while await self._exchange(connection, reader, writer):
                connection.start_next_cycle()
        except (h11.ProtocolError, ConnectionError, asyncio.IncompleteReadError):
            pass  # the client is gone or speaks no HTTP: nobody is left to tell
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _exchange(
        self,
        connection: h11.Connection,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        """One request and its reply; True when the connection stays open."""
        body = bytearray()
        target = b""
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Request):
                target = event.target if event.method == b"GET" else b""
            elif event is h11.NEED_DATA:
                connection.receive_data(await reader.read(65536))
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                break
            elif isinstance(event, h11.ConnectionClosed):
                return False
        if b"/@" in target:
            _send(connection, writer, *self._page(target.decode(errors="replace")))
            return connection.our_state is h11.DONE
        return await self._reply(connection, writer, bytes(body))

    def _page(self, target: str) -> tuple[int, bytes, bytes]:
        """A post as a person may read it in a browser: its text, nothing rendered."""
        author, _, permlink = target.rpartition("/@")[2].partition("/")
        post = self.chain.state.get("posts", f"{author}/{permlink}")
        if post is None:
            return 404, b"text/plain", b"no such post on this devnet"
        text = f"{post['title']}\n\n@{author} in #{post['category']}\n\n{post['body']}\n"
        return 200, b"text/plain; charset=utf-8", text.encode(errors="replace")

    async def _reply(
        self, connection: h11.Connection, writer: asyncio.StreamWriter, body: bytes
    ) -> bool:
        trouble = self._troubles.hit(_method(body)) if self._admin else None
        kind = trouble.kind if trouble else ""
        if kind == "drop_before":
            return False
        if kind == "delay" and trouble:
            await asyncio.sleep(trouble.seconds)
        if kind == "status" and trouble:
            _send(connection, writer, trouble.code, b"text/html", _HTML)
            return connection.our_state is h11.DONE
        self._swallowing = kind == "swallow"
        reply = respond(body, self._call)
        self._swallowing = False
        if kind == "drop_after":
            return False
        _send(connection, writer, 200, b"application/json", reply, half=kind == "truncate")
        await writer.drain()
        return kind != "truncate" and connection.our_state is h11.DONE

    # -- calls -------------------------------------------------------------------------------------

    def _call(self, api: str, method: str, params: Any) -> Any:
        if api == "devnet_api" and self._admin:
            return self._administer(method, params if isinstance(params, dict) else {})
        if (api, method) == ("debug_node_api", "debug_generate_blocks"):
            return self._generate(params)
        if self._swallowing:
            return {}
        return self._api.call(api, method, params)

    def _administer(self, method: str, params: dict[str, Any]) -> Any:
        if method == "generate_blocks":
            for _ in range(int(params.get("count", 1))):
                self.chain.produce()
        elif method == "pop_blocks":
            self.chain.pop(int(params["count"]), lose=bool(params.get("lose", False)))
        elif method == "set_block_interval":
            self._block_interval = float(params["seconds"])
        elif method == "set_faults":
            self._troubles.set(params["faults"])
        elif method == "clear_faults":
            self._troubles.clear()
        else:
            raise failed("known method", f"Could not find method {method}", -32002)
        return {"head_block_number": self.chain.head_num}

    def _generate(self, params: Any) -> dict[str, int]:
        """debug_node_api.debug_generate_blocks, only where the clock is manual."""
        if self._block_interval is not None:
            raise Fault(-32000, "", "the clock of this devnet is real", "start it with --clock")
        asked = params if isinstance(params, dict) else {}
        count = int(asked.get("count", 1))
        skip = timedelta(seconds=3 * int(asked.get("miss_blocks", 0)))
        for number in range(count):
            later = self.chain.head_time + skip + timedelta(seconds=3)
            self.chain.produce(later if number == 0 else None)
        return {"blocks": count}


def _method(body: bytes) -> str:
    """The method that a request asks for, as troubles name it."""
    try:
        request = read_json(body)
        if request["method"] == "call":
            return f"{request['params'][0]}.{request['params'][1]}"
        return str(request["method"])
    except (ValueError, KeyError, TypeError, IndexError):
        return ""


def _send(
    connection: h11.Connection,
    writer: asyncio.StreamWriter,
    status: int,
    content: bytes,
    body: bytes,
    *,
    half: bool = False,
) -> None:
    """Write a reply; `half` stops in the middle of the body."""
    headers = [(b"content-type", content), (b"content-length", str(len(body)).encode())]
    sent = connection.send(h11.Response(status_code=status, headers=headers)) or b""
    if half:
        writer.write(sent + body[: len(body) // 2])
        return
    parts = (sent, connection.send(h11.Data(body)), connection.send(h11.EndOfMessage()))
    writer.write(b"".join(part for part in parts if part))
