"""What who started the service is told of it: systemd, or what speaks as it does (sd_notify(3))."""

import os
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Self

from bot.errors import quoted
from bot.service.health import standstill
from bot.service.service import Service

EVERY = 10.0  # seconds between two words, where it doesn't want them sooner
OFTEN = 3.0  # words in the time after which it takes the service to hang
WITHIN = 1.0  # seconds that saying one may take
_MICRO = 1e6


class Supervisor:
    """Who looks after this process; nobody, where it was started by hand.

    Args:
        address: where it listens: the path of a socket, or `@` and an abstract name (unix(7));
            empty where nobody does.
        patience: seconds after which it takes a silent service to hang; None: it waits for ever.
    """

    def __init__(self, service: Service, address: str, patience: float | None) -> None:
        self._service = service
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._every = EVERY if patience is None else min(patience / OFTEN, EVERY)
        self._is_ready = False
        self._standing = "at work"

    @classmethod
    def of(cls, service: Service, environment: Mapping[str, str]) -> Self:
        """The one that the environment tells of, as systemd sets it."""
        patience = environment.get("WATCHDOG_USEC", "")
        is_ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        return cls(
            service,
            environment.get("NOTIFY_SOCKET", ""),
            int(patience) / _MICRO if patience.isdecimal() and is_ours else None,
        )

    def start(self) -> None:
        """Tell when the service is ready, and from then on that it gets on; returns at once."""
        if self._address:
            threading.Thread(target=self._accompany, name="supervisor", daemon=True).start()

    def reloading(self) -> None:
        """It begins anew by other settings; the process stays the same one."""
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        status = _status("reading its configuration anew")
        self._tell("RELOADING=1", f"MONOTONIC_USEC={now}", status)

    def kept(self, reason: str) -> None:
        """It goes on by the settings before, since the new ones can't be used."""
        self._standing = f"goes on by the configuration before: {reason}"
        if self._is_ready:
            self._tell("READY=1", _status(self._standing))

    def stopping(self) -> None:
        """It ends."""
        self._tell("STOPPING=1", _status("ending what is in hand"))

    def _accompany(self) -> None:
        self._service.begun.wait()
        self._is_ready = True
        self._tell("READY=1", _status(self._standing))
        while True:
            # by the judgement of /health/live; a process that leaves it out is started anew
            still = standstill(self._service)
            well = [] if still else ["WATCHDOG=1"]
            self._tell(*well, _status(still or self._standing))
            time.sleep(self._every)

    def _tell(self, *words: str) -> None:
        """Say it; that nobody listens any more is no trouble of the service."""
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.settimeout(WITHIN)
            line.sendto("\n".join(words).encode(), self._address)


def _status(text: str) -> str:
    return f"STATUS={quoted(text)}"
