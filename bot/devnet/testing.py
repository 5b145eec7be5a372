"""A devnet for tests and demonstrations: starts the real process, and talks plain HTTP to it.

with Devnet(block_interval=0.1) as devnet:
    devnet.rpc("condenser_api.get_version", [])
"""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any, Self

from bot.devnet.keys import derived, wif
from bot.devnet.network import PHRASE
from bot.errors import BotError

READY = "devnet listening on "


class DevnetError(BotError):
    """The devnet refused a call, or didn't start."""

    def __init__(self, error: Any) -> None:
        message = error.get("message", error) if isinstance(error, dict) else error
        super().__init__(f"devnet: {message}")
        self.error = error


class Devnet:
    """A devnet as a child process; a context manager.

    Args:
        data: folder of its state; None keeps it in memory.
        block_interval: real seconds between blocks.
        port: 0 picks a free one.
        admin: whether troubles can be asked for.
        nodes: ports that answer for the one chain; `urls` are their addresses.
        keep_alive: keep connections open after an answer, as a proxy before a node does.
        arguments: more of `briefbot devnet`'s options.
    """

    def __init__(
        self,
        *,
        data: Path | None = None,
        block_interval: float = 3.0,
        port: int = 0,
        admin: bool = False,
        nodes: int = 1,
        keep_alive: bool = False,
        arguments: tuple[str, ...] = (),
    ) -> None:
        self.urls: tuple[str, ...] = ()
        self._port = port
        self._options = ["--block-interval", str(block_interval), *arguments]
        self._options += ["--data", str(data)] if data else []
        self._options += ["--admin"] if admin else []
        self._options += ["--keep-alive"] if keep_alive else []
        self._options += ["--nodes", str(nodes)] if nodes > 1 else []
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Its address; of several, the first."""
        return self.urls[0]

    @property
    def port(self) -> int:
        """Its port; of several, the first."""
        return int(self.url.rpartition(":")[2])

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None, "it runs"
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [sys.executable, "-m", "bot", "devnet", "--port", str(self._port), *self._options]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("BRIEFBOT_")}
        package = str(Path(__file__).parents[2])
        environment["PYTHONPATH"] = os.pathsep.join(
            path for path in (package, environment.get("PYTHONPATH")) if path
        )
        self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=True,  # Ctrl-C is for whoever started us; we stop it in order
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith(READY):
            raise DevnetError(self._end()[1].strip() or "it didn't start")
        self.urls = tuple(line.removeprefix(READY).split())
        self._port = self.port

    def stop(self) -> None:
        """SIGTERM, and wait."""
        if self._process is not None:
            self._process.terminate()
            self._end()

    def kill(self) -> None:
        """SIGKILL, and wait."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._end()

    def restart(self) -> None:
        """Stop it if it runs, and start it on the same port and data."""
        self.stop()
        self.start()

    def _end(self) -> tuple[str, str]:
        assert self._process is not None
        told = self._process.communicate()
        self._process = None
        return told

    def rpc(self, method: str, params: Any, node: int = 0) -> Any:
        """One call to one of its nodes; returns the result.

        Raises:
            DevnetError: it answered with an error, which is its `error`.
        """
        request = {"jsonrpc": "2.0", "method": method, "params": params, "id": 1}
        body = json.dumps(request, ensure_ascii=False).encode()
        with urllib.request.urlopen(self.urls[node], data=body, timeout=30) as answer:  # noqa: S310
            reply = json.load(answer)
        if "error" in reply:
            raise DevnetError(reply["error"])
        return reply["result"]

    @staticmethod
    def key(account: str, role: str = "posting") -> str:
        """An account's private key (WIF)."""
        return wif(derived(account, role, PHRASE))

    def generate_blocks(self, count: int = 1) -> None:
        """Make blocks now (admin)."""
        self.rpc("devnet_api.generate_blocks", {"count": count})

    def set_block_interval(self, seconds: float) -> None:
        """Make a block, and go on at this pace (admin)."""
        self.rpc("devnet_api.set_block_interval", {"seconds": seconds})

    def pop_blocks(self, count: int, *, lose: bool = False) -> None:
        """A fork: take blocks off the chain; their transactions are pending again, or lost."""
        self.rpc("devnet_api.pop_blocks", {"count": count, "lose": lose})

    def set_faults(self, *faults: dict[str, Any], node: int = 0) -> None:
        """Switch troubles on at one node; docs/devnet.md lists the kinds (admin)."""
        self.rpc("devnet_api.set_faults", {"faults": list(faults)}, node)

    def clear_faults(self) -> None:
        """Switch all troubles off, at every node (admin)."""
        for node in range(len(self.urls)):
            self.rpc("devnet_api.clear_faults", {}, node)
