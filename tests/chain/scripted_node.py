"""A node that says what a test told it to say: a real HTTP server on loopback, raw answers."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any, Self

Script = Callable[[dict[str, Any]], bytes | None]
"""What to write to the connection for a request; None closes it without a word."""


class ScriptedNode:
    """Serves each connection with `script(request) -> raw HTTP answer`; remembers requests."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[dict[str, Any]] = []
        self.bodies: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        socket.create_connection(self._listener.getsockname()).close()
        self._thread.join()
        self._listener.close()

    def methods(self) -> list[str]:
        return [request["method"] for request in self.requests]

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with connection:
                if self._closing.is_set():
                    return
                connection.settimeout(5)
                with contextlib.suppress(OSError):  # callers may hang up, as they do in life
                    self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as stream:
            if stream.peek(1)[:1] == b"\x16":  # a TLS hello: this node speaks none
                return
            length = 0
            while (line := stream.readline()) not in (b"\r\n", b""):
                name, _, value = line.decode("latin-1").partition(":")
                if name.lower() == "content-length":
                    length = int(value)
            body = stream.read(length)
        if not body:  # the caller went away
            return
        self.bodies.append(body)
        self.requests.append(json.loads(body))
        answer = self.script(self.requests[-1])
        if answer is not None:
            connection.sendall(answer)


def http(
    body: bytes | str, status: str = "200 OK", kind: str = "application/json", length: int = -1
) -> bytes:
    raw = body.encode() if isinstance(body, str) else body
    length = len(raw) if length < 0 else length
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + raw


def reply(request: dict[str, Any], **what: Any) -> bytes:
    return http(json.dumps({"jsonrpc": "2.0", "id": request["id"], **what}))


def answering(**results: Any) -> Script:
    """Answers `method` (dots as __) with the value, or with the value called on the params."""

    def script(request: dict[str, Any]) -> bytes:
        made = results[request["method"].replace(".", "__")]
        return reply(request, result=made(request["params"]) if callable(made) else made)

    return script


def slowly(answer: bytes, seconds: float) -> Script:
    def script(_: dict[str, Any]) -> bytes:
        time.sleep(seconds)
        return answer

    return script


def refused_address() -> str:
    """An address on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
