"""The HTTP client against peers of every manner: bounded in time and bytes, honest about what left."""

import contextlib
import gzip
import itertools
import json
import resource
import socket
import threading
import time

import pytest

from bot.http import Http, Unanswered, Unsent, json_value

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Peer:
    """A server of sockets: `behave(connection, number)` has each connection, numbered from 0."""

    def __init__(self, behave):
        self._behave = behave
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ended = threading.Event()
        self._threads = []
        self.connections = 0
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

    def _start(self, target, *arguments):
        thread = threading.Thread(target=target, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _listen(self):
        while True:
            connection, _ = self._listener.accept()
            if self._ended.is_set():
                connection.close()
                return
            number, self.connections = self.connections, self.connections + 1
            self._start(self._serve, connection, number)

    def _serve(self, connection, number):
        with connection:
            connection.settimeout(5)
            with contextlib.suppress(OSError):  # the client has had enough, as it should
                self._behave(connection, number, self._ended)


def request(connection):
    """Read one request; False when the client has closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return False
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
    while len(body) < length:
        body += connection.recv(65536)
    return True


@pytest.fixture
def http():
    made = Http(timeout=1.0)
    yield made
    made.close()


def post(http, peer, **options):
    return http.post(peer.url, b"{}", {"Content-Type": "application/json"}, **options)


def answering_and_closing(pause):
    """As steemd: a length, no `Connection: close`, and the connection is closed all the same."""

    def behave(connection, number, ended):
        request(connection)
        connection.sendall(OK)
        time.sleep(pause)  # so that the client doesn't see it yet when it sends the next one

    return behave


@pytest.mark.parametrize("pause", [0.0, 0.03])
def test_a_server_that_closes_each_connection_is_no_trouble(http, pause):
    with Peer(answering_and_closing(pause)) as peer:
        for _ in range(20):
            assert post(http, peer).status == 200


def test_a_connection_that_dies_as_it_is_used_again_is_replaced_once(http):
    def behave(connection, number, ended):
        while request(connection):
            connection.sendall(OK)
            if number == 0:
                request(connection)  # the next one comes here, and gets no answer
                return

    with Peer(behave) as peer:
        assert [post(http, peer).status for _ in range(5)] == [200] * 5
        assert peer.connections == 3  # the one that replaces it is for that question alone


def test_a_server_that_always_does_so_is_remembered(http):
    def behave(connection, number, ended):
        request(connection)
        connection.sendall(OK)
        request(connection)

    with Peer(behave) as peer:
        for _ in range(10):
            post(http, peer)
        # two were found out, and each later question has a connection of its own
        assert peer.connections == 10


def test_a_first_connection_that_dies_is_no_stale_one(http):
    def behave(connection, number, ended):
        request(connection)

    with Peer(behave) as peer:
        with pytest.raises(Unanswered):
            post(http, peer)
        assert peer.connections == 1


def test_bytes_that_may_have_arrived_are_never_called_unsent(http):
    """The second connection fails where the first had taken the request."""
    first = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        with connection:
            request(connection)
            connection.sendall(OK)
            listener.close()
            first.set()
            request(connection)

    serving = threading.Thread(target=serve)
    serving.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    http.post(url, b"{}", {})
    first.wait()
    with pytest.raises(Unanswered):
        http.post(url, b"{}", {})
    serving.join()


def test_an_answer_that_breaks_off_is_not_asked_for_again(http):
    def behave(connection, number, ended):
        request(connection)
        connection.sendall(OK)
        request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Le")

    with Peer(behave) as peer:
        post(http, peer)
        with pytest.raises(Unanswered):
            post(http, peer)
        assert peer.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
        b"HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}",
    ],
)  # fmt: skip
def test_every_form_of_answer_is_understood(http, answer):
    def behave(connection, number, ended):
        request(connection)
        connection.sendall(answer)

    with Peer(behave) as peer:
        assert post(http, peer).body == b"{}"


def dripping(parts):
    def behave(connection, number, ended):
        request(connection)
        for part in parts():
            connection.sendall(part)
            if ended.wait(0.05):
                return

    return behave


def flooding(parts):
    def behave(connection, number, ended):
        request(connection)
        for part in parts():
            if ended.is_set():
                return
            connection.sendall(part)

    return behave


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
ENDLESS = {
    "a byte of the status line at a time": dripping(lambda: (b"H",) + (b"T",) * 999),
    "a byte of a header at a time": dripping(lambda: itertools.chain([HEAD + b"X: "], itertools.repeat(b"x"))),
    "continue": dripping(lambda: itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n")),
    "continue, fast": flooding(lambda: itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 500)),
    "chunk extensions": dripping(lambda: itertools.chain([CHUNKED + b"1;"], itertools.repeat(b"x"))),
    "chunk extensions, fast": flooding(lambda: itertools.chain([CHUNKED + b"1;"], itertools.repeat(b"x" * 9999))),
    "small chunks": dripping(lambda: itertools.chain([CHUNKED], itertools.repeat(b"1\r\n \r\n"))),
    "small chunks, fast": flooding(lambda: itertools.chain([CHUNKED], itertools.repeat(b"1\r\n \r\n" * 500))),
    "a body at a time": dripping(lambda: itertools.chain([HEAD + b"Content-Length: 99\r\n\r\n"], itertools.repeat(b" "))),
    "headers, fast": flooding(lambda: itertools.chain([HEAD], itertools.repeat(b"X: " + b"y" * 9999 + b"\r\n"))),
    "a body, fast": flooding(lambda: itertools.chain([HEAD + b"\r\n"], itertools.repeat(b" " * 65536))),
    "nothing": lambda connection, number, ended: ended.wait(5),
    "not even reading": lambda connection, number, ended: (connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024), ended.wait(5)),
}  # fmt: skip


@pytest.mark.parametrize("manner", sorted(ENDLESS))
def test_no_peer_holds_an_exchange_longer_than_its_deadline(http, manner):
    body = b"x" * 10_000_000 if manner == "not even reading" else b"{}"
    with Peer(ENDLESS[manner]) as peer:
        began = time.monotonic()
        with pytest.raises(Unanswered):
            http.post(peer.url, body, {})
        assert time.monotonic() - began < 2.5


@pytest.mark.parametrize("manner", ["nothing", "a body at a time", "chunk extensions, fast"])
def test_a_question_by_get_has_the_same_limits(http, manner):
    with Peer(ENDLESS[manner]) as peer:
        began = time.monotonic()
        with pytest.raises(Unanswered):
            http.get(peer.url, {})
        assert time.monotonic() - began < 2.5


def test_get_sends_its_headers_and_no_body(http):
    asked = []

    def behave(connection, number, ended):
        asked.append(connection.recv(65536))
        connection.sendall(OK)

    with Peer(behave) as peer:
        answer = http.get(f"{peer.url}/simple/price?ids=a,b", {"Accept": "application/json"})
    assert (answer.status, answer.body) == (200, b"{}")
    first, *lines = asked[0].decode().lower().split("\r\n")
    assert first == "get /simple/price?ids=a,b http/1.1"
    assert "accept: application/json" in lines
    assert not [line for line in lines if line.startswith(("content-", "transfer-"))]
    assert asked[0].endswith(b"\r\n\r\n")


def test_a_redirect_is_an_answer_and_nobody_else_is_asked(http):
    with Peer(answering(OK)) as elsewhere:
        moved = f"HTTP/1.1 302 Found\r\nLocation: {elsewhere.url}/\r\nContent-Length: 0\r\n\r\n"
        with Peer(answering(moved.encode())) as peer:
            assert http.get(peer.url, {"x-key": "secret"}).status == 302
        assert elsewhere.connections == 0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("Retry-After: 30", 30), ("Retry-After: Fri, 31 Dec 1999 23:59:59 GMT", None),
     ("Retry-After: -5", None), ("Retry-After: 99999999", None), ("X: y", None)],
)  # fmt: skip
def test_how_long_a_peer_wants_to_be_left_alone(http, header, seconds):
    raw = f"HTTP/1.1 429 Too Many Requests\r\n{header}\r\nContent-Length: 0\r\n\r\n"
    with Peer(answering(raw.encode())) as peer:
        answer = http.get(peer.url, {})
    assert (answer.status, answer.retry_after) == (429, seconds)


def test_stopping_ends_what_waits_and_lets_nothing_begin(http):
    slow = Http(timeout=60)
    with Peer(ENDLESS["nothing"]) as peer:
        threading.Timer(0.3, slow.stop).start()
        began = time.monotonic()
        with pytest.raises(Unanswered, match="stopping"):
            post(slow, peer)
        assert time.monotonic() - began < 1.5
        with pytest.raises(Unsent, match="stopping"):
            post(slow, peer)
    slow.close()


def zipped(body, times=1):
    for _ in range(times):
        body = gzip.compress(body, 1)
    encoding = ", ".join(["gzip"] * times)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def answering(raw):
    def behave(connection, number, ended):
        request(connection)
        connection.sendall(raw)

    return behave


def test_a_compressed_answer_is_read(http):
    with Peer(answering(zipped(b'{"a": 1}'))) as peer:
        assert json_value(post(http, peer).body) == {"a": 1}


@pytest.mark.parametrize("times", [1, 2])
def test_a_bomb_takes_no_memory(http, times):
    bomb = zipped(bytes(400_000_000), times)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with Peer(answering(bomb)) as peer, pytest.raises(Unanswered):
        post(http, peer)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 100_000  # kilobytes


def test_a_broken_compressed_answer_proves_nothing(http):
    for raw in (zipped(b"{}")[:-4], zipped(b"{}").replace(b"gzip", b"br__")):
        whole = raw.replace(b"Content-Length: 22", b"Content-Length: 18")
        with Peer(answering(whole)) as peer, pytest.raises(Unanswered):
            post(http, peer)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 50_000, '"\\ud800"', '{"\\udfff": 1}', "9" * 5000, "", "{"]
)
def test_json_that_would_do_harm_is_none(text):
    with pytest.raises(Unanswered):
        json_value(text.encode())


def test_fractions_are_what_the_caller_makes_of_them():
    assert json_value(b'[0.10, 1, 1e3, "\xf0\x9f\x8c\x8d"]', str) == ["0.10", 1, "1e3", "🌍"]


def test_pairs_of_surrogates_are_text():
    assert json_value(json.dumps("🌍").encode()) == "🌍"


def test_a_name_that_nobody_knows_is_unsent(http):
    with pytest.raises(Unsent):
        http.post("http://no-such-host.invalid/", b"{}", {})
