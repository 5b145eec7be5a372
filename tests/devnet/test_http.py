"""The server: closes after each answer as steemd's does, keeps connections as a proxy before it.

The client here is a plain socket, so that nothing between hides what is on the wire.
"""

import json
import select
import socket
import time

import pytest

from bot.devnet.testing import Devnet

VERSION = b'{"jsonrpc":"2.0","id":1,"method":"condenser_api.get_version","params":[]}'
METHOD = "condenser_api.get_version"


@pytest.fixture(scope="module")
def closing():
    with Devnet(block_interval=3600, admin=True) as devnet:
        yield devnet


@pytest.fixture(scope="module")
def keeping():
    with Devnet(block_interval=3600, admin=True, keep_alive=True) as devnet:
        yield devnet


@pytest.fixture(params=["closing", "keeping"])
def either(request):
    return request.getfixturevalue(request.param)


class Connection:
    """One TCP connection, and what came over it so far."""

    def __init__(self, devnet):
        self.socket = socket.create_connection(("127.0.0.1", devnet.port), timeout=10)
        self.received = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.received.close()
        self.socket.close()

    def send(self, body=VERSION, *lines, request="POST / HTTP/1.1"):
        head = [request, "Host: devnet", f"Content-Length: {len(body)}", *lines, "", ""]
        self.socket.sendall("\r\n".join(head).encode() + body)

    def head(self):
        """Status line and headers of the next answer, or None when the connection is closed."""
        status = self.received.readline().decode().strip()
        if not status:
            return None
        headers = {}
        while line := self.received.readline().decode().strip():
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        return status, headers

    def answer(self):
        """Status line, headers and body of the next answer."""
        found = self.head()
        assert found is not None, "closed"
        status, headers = found
        return status, headers, self.received.read(int(headers["content-length"]))

    def is_closed(self):
        readable, _, _ = select.select([self.socket], [], [], 0.3)
        return bool(readable) and self.socket.recv(1) == b""


@pytest.mark.parametrize("wish", [(), ("Connection: keep-alive",), ("Connection: close",)])
def test_steemd_closes_after_each_answer_and_does_not_say_so(closing, wish):
    with Connection(closing) as connection:
        connection.send(VERSION, *wish)
        status, headers, body = connection.answer()

        assert status == "HTTP/1.1 200 OK"
        assert headers == {"content-type": "application/json", "content-length": str(len(body))}
        assert json.loads(body)["result"]["blockchain_version"]
        assert connection.is_closed()


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (f"POST /alice/{'0' * 130} HTTP/1.1", "HTTP/1.1 400 Bad Request"),
        (f"GET /{'0' * 64}/cat.png HTTP/1.1", "HTTP/1.1 404 Not Found"),
        ("GET /taliban/@alice/none HTTP/1.1", "HTTP/1.1 404 Not Found"),
    ],
)
def test_image_host_and_page_close_too(closing, request_line, status):
    with Connection(closing) as connection:
        connection.send(b"", request=request_line)
        told, headers, _ = connection.answer()

        assert (told, "connection" in headers) == (status, False)
        assert connection.is_closed()


def test_a_proxy_keeps_the_connection(keeping):
    with Connection(keeping) as connection:
        for _ in range(3):
            connection.send()
            assert connection.answer()[0] == "HTTP/1.1 200 OK"
        connection.send(b"", request=f"GET /{'0' * 64}/cat.png HTTP/1.1")
        assert connection.answer()[0] == "HTTP/1.1 404 Not Found"
        assert not connection.is_closed()


def test_two_requests_that_arrive_together_are_answered_one_after_the_other(keeping):
    with Connection(keeping) as connection:
        connection.send()
        connection.send(VERSION.replace(b'"id":1', b'"id":2'))
        ids = [json.loads(connection.answer()[2])["id"] for _ in range(2)]

        assert ids == [1, 2]


@pytest.mark.parametrize(
    ("request_line", "lines"),
    [("POST / HTTP/1.1", ["Connection: close"]), ("POST / HTTP/1.0", [])],
)
def test_a_client_that_keeps_nothing_open_is_obeyed(keeping, request_line, lines):
    with Connection(keeping) as connection:
        connection.send(VERSION, *lines, request=request_line)
        assert connection.answer()[0] == "HTTP/1.1 200 OK"
        assert connection.is_closed()


def test_a_question_for_the_head_alone_gets_no_body(keeping):
    with Connection(keeping) as connection:
        connection.send(request="HEAD / HTTP/1.1")
        status, headers = connection.head()
        assert (status, int(headers["content-length"]) > 0) == ("HTTP/1.1 200 OK", True)
        connection.send()
        assert connection.answer()[0] == "HTTP/1.1 200 OK"


def test_an_answer_of_http_1_0_ends_with_the_connection(either):
    either.set_faults({"kind": "http_1_0", "method": METHOD})
    with Connection(either) as connection:
        connection.send()
        status, headers = connection.head()

        assert status == "HTTP/1.0 200 OK"
        assert headers == {"content-type": "application/json"}
        assert json.loads(connection.received.read())["result"]


@pytest.mark.parametrize("devnet", ["closing", "keeping"])
def test_a_chunked_answer_comes_in_pieces(request, devnet):
    node = request.getfixturevalue(devnet)
    node.set_faults({"kind": "chunked", "method": METHOD})
    with Connection(node) as connection:
        connection.send()
        status, headers = connection.head()
        assert status == "HTTP/1.1 200 OK"
        assert headers == {"content-type": "application/json", "transfer-encoding": "chunked"}
        pieces = []
        while size := int(connection.received.readline(), 16):
            pieces.append(connection.received.read(size))
            assert connection.received.readline() == b"\r\n"
        assert connection.received.readline() == b"\r\n"

        assert len(pieces) > 1
        assert json.loads(b"".join(pieces))["result"]
        assert connection.is_closed() is (devnet == "closing")


def test_a_proxy_closes_a_connection_that_nobody_uses(either):
    either.set_faults({"kind": "idle", "method": METHOD, "seconds": 0.5, "count": 3})
    with Connection(either) as connection:
        for _ in range(3):  # used often enough, it stays longer than that
            time.sleep(0.25)
            connection.send()
            assert connection.answer()[0] == "HTTP/1.1 200 OK"
        begun = time.monotonic()
        assert not connection.is_closed()
        time.sleep(0.4)
        assert connection.is_closed()
        assert time.monotonic() - begun < 2


@pytest.mark.parametrize("kind", ["http_1_0", "chunked", "idle"])
def test_an_ordinary_client_reads_them_all(either, kind):
    either.set_faults({"kind": kind, "method": METHOD})

    assert either.rpc(METHOD, [])["blockchain_version"]
