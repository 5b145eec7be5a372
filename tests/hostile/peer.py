"""A hostile peer: a real server on loopback that stands in front of an honest one and spoils its answers.

What it doesn't spoil it forwards, so that each answer is otherwise true.
"""

import contextlib
import functools
import http.client
import itertools
import json
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

UPLOAD = "upload"
"""How an upload to the image host is called where methods have names."""


@dataclass(frozen=True)
class Asked:
    """One request, and what the honest server answers to it."""

    method: str
    params: object
    number: object
    forward: Callable[[], tuple[int, bytes]]

    def reply(self):
        """The honest reply as a value."""
        return json.loads(self.forward()[1])

    def honest(self):
        """The honest reply as bytes."""
        return answered(self.forward()[1], self.forward()[0])

    def saying(self, result):
        """A reply with this result; an image host's is the result itself."""
        whole = {"jsonrpc": "2.0", "id": self.number, "result": result}
        return answered(json.dumps(result if self.method == UPLOAD else whole).encode())


@dataclass(frozen=True)
class Spoil:
    """One way to be hostile.

    Attributes:
        parts: what is written for a request, part by part, perhaps without end.
        pause: seconds between the parts.
        methods: those that are spoilt; all by default.
    """

    name: str
    parts: Callable[[Asked], Iterable[bytes]]
    pause: float = 0.0
    methods: tuple[str, ...] = ()

    def __str__(self):
        return self.name


class Peer:
    """Serves on `url` what `upstream` answers, spoilt by `spoil` (None: honest).

    Args:
        frozen: whether the same question always has the same honest answer.
    """

    def __init__(self, upstream, spoil=None, *, frozen=False):
        self.spoil = spoil
        self.asked = Counter()
        self._upstream = upstream
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._threads = []
        self._known = {} if frozen else None
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self):
        self._start(self._listen)
        return self

    def __exit__(self, *_):
        self._ended.set()
        socket.create_connection(self._listener.getsockname()).close()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def results(self):
        """Of a frozen one: what was honestly answered, by method."""
        for question, (_, raw) in self._known.items():
            reply = json.loads(raw)
            if "result" in reply:
                yield {json.loads(question)["method"]: reply["result"]}

    def _start(self, target, *arguments):
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=target, args=arguments)
        thread.start()
        self._threads.append(thread)

    def _listen(self):
        while True:
            connection, _ = self._listener.accept()
            if self._ended.is_set():
                connection.close()
                return
            self._start(self._serve, connection)

    def _serve(self, connection):
        with connection:
            connection.settimeout(5)
            with contextlib.suppress(OSError):  # who is asked for too much hangs up, as it should
                path, headers, body = _request(connection)
                if body is not None:
                    self._answer(connection, path, headers, body)

    def _answer(self, connection, path, headers, body):
        if headers.get("content-type", "").startswith("application/json"):
            told = json.loads(body)
            if isinstance(told, list):
                self._answer_batch(connection, path, headers, told)
                return
            method, params, number = told["method"], told["params"], told["id"]
        else:
            method, params, number = UPLOAD, path, None
        asked = self._asked(path, headers, body, method, params, number)
        if not self._is_spoilt(method):
            connection.sendall(asked.honest())
            return
        self._send(connection, self.spoil.parts(asked))

    def _asked(self, path, headers, body, method, params, number):
        self.asked[method] += 1
        forward = functools.cache(functools.partial(self._forward, path, headers, body, number))
        return Asked(method, params, number, forward)

    def _is_spoilt(self, method):
        return self.spoil is not None and (not self.spoil.methods or method in self.spoil.methods)

    def _send(self, connection, parts):
        spoil = self.spoil
        for part in parts:
            connection.sendall(part)
            if spoil is None or self._ended.wait(spoil.pause) or self._ended.is_set():
                return

    def _answer_batch(self, connection, path, headers, calls):
        """Each call's reply in a list; a spoil that is no whole answer stands for all of it."""
        replies = []
        for call in calls:
            body = json.dumps(call, ensure_ascii=False, separators=(",", ":")).encode()
            asked = self._asked(path, headers, body, call["method"], call["params"], call["id"])
            if not self._is_spoilt(call["method"]):
                replies.append(asked.forward()[1])
                continue
            parts = iter(self.spoil.parts(asked))
            first = next(parts, b"")
            head, _, inner = first.partition(b"\r\n\r\n")
            whole = head.endswith(b"Content-Length: %d" % len(inner)) and b"-Encoding" not in head
            if not (head.startswith(b"HTTP/1.1 200") and whole):
                self._send(connection, itertools.chain([first], parts))
                return
            replies.append(inner)
        connection.sendall(answered(b"[" + b",".join(replies) + b"]"))

    def _forward(self, path, headers, body, number):
        question = body.replace(b'"id":%d,' % number, b"") if isinstance(number, int) else body
        if self._known is not None and question in self._known:
            status, raw = self._known[question]
            reply = json.loads(raw)
            return status, json.dumps(reply | {"id": number}).encode()
        upstream = http.client.HTTPConnection(urlsplit(self._upstream).netloc, timeout=10)
        with contextlib.closing(upstream):
            upstream.request("POST", path, body, {"Content-Type": headers["content-type"]})
            answer = upstream.getresponse()
            found = answer.status, answer.read()
        if self._known is not None:
            self._known[question] = found
        return found


def answered(body, status=200, kind="application/json", more=""):
    """A whole HTTP answer, after which the connection is closed without saying so, as steemd does."""
    head = (
        f"HTTP/1.1 {status} So\r\nContent-Type: {kind}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("latin-1") + body


def _request(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return "", {}, None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    rest = bytearray(body)
    while len(rest) < int(headers.get("content-length", 0)):
        more = connection.recv(65536)
        if not more:
            return "", {}, None
        rest += more
    return first.split()[1], headers, bytes(rest)
