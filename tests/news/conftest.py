import socket
import threading
import time
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller

from tests.publishing.conftest import devnet, newsroom, sqlite_newsroom

__all__ = ["devnet", "newsroom", "sqlite_newsroom"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Postbox:
    """A real mail server on this machine, which can be made to fail, hang and come back."""

    def __init__(self):
        self.port = free_port()
        self.mails = []
        self.refuses = False
        self.hangs = threading.Event()
        self._controller = None

    def open(self):
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def close(self):
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  # aiosmtpd's name
        if self.refuses:
            return "451 not now"
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"

    @property
    def subjects(self):
        return [mail["Subject"] for mail in self.mails]

    @property
    def texts(self):
        return [mail.get_body(("plain",)).get_content() for mail in self.mails]

    @property
    def address(self):
        return f"mailto://127.0.0.1:{self.port}?from=briefbot@example.org&to=desk@example.org"


@pytest.fixture
def postbox():
    box = Postbox()
    box.open()
    yield box
    box.close()


@pytest.fixture
def silent_port():
    """A server that takes connections and never says anything."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(50)
        yield server.getsockname()[1]


def wait_until(holds, patience=20.0):
    end = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < end, "it never held"
        time.sleep(0.02)


@pytest.fixture
def desk(records):
    from tests.news.desk import Desk

    desk = Desk(records)
    yield desk
    desk.close()
