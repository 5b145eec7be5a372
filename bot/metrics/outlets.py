"""How the figures get out: a port for Prometheus, or a file for node_exporter's collector."""

import threading
from collections.abc import Callable
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry, start_http_server, write_to_textfile

from bot.errors import BotError

WRITTEN_EVERY = 15.0  # seconds; Prometheus asks no more often


class NoOutlet(BotError):  # noqa: N818  # what is wrong
    """The figures can't get out as asked."""

    exit_code = 2


def serve(figures: CollectorRegistry, host: str, port: int) -> Callable[[], None]:
    """Answer Prometheus at `http://host:port/metrics`, on threads of its own.

    Returns:
        What ends it.

    Raises:
        NoOutlet: nobody can listen there.
    """
    try:
        server, _ = start_http_server(port, host, registry=figures)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or "there is no such port"
        raise NoOutlet(
            f"metrics: can't listen on {host}:{port}: {reason}; choose another address"
        ) from None

    def end() -> None:
        server.shutdown()
        server.server_close()

    return end


class TextFile:
    """The figures as a file that is replaced as a whole, so that nobody reads half of one.

    Args:
        path: node_exporter reads what ends in `.prom`.

    Raises:
        NoOutlet: its name has another end.
    """

    def __init__(
        self, figures: CollectorRegistry, path: Path, log: structlog.stdlib.BoundLogger
    ) -> None:
        if path.suffix != ".prom":
            raise NoOutlet(f"metrics: node_exporter reads files NAME.prom only, not {path.name}")
        self._figures = figures
        self._path = path
        self._log = log
        self._fails = False
        self._ended = threading.Event()

    def write(self) -> None:
        """Write it now.

        Raises:
            NoOutlet: it can't be written.
        """
        try:
            write_to_textfile(str(self._path), self._figures)
        except OSError as error:
            raise NoOutlet(
                f"metrics: can't write {self._path}: {error.strerror}; make its folder writable"
            ) from None

    def start(self) -> Callable[[], None]:
        """Write it every 15 seconds, on a thread of its own; returns what ends that."""
        thread = threading.Thread(target=self._keep_writing, name="metrics", daemon=True)
        thread.start()

        def end() -> None:
            self._ended.set()
            thread.join(2.0)

        return end

    def _keep_writing(self) -> None:
        while not self._ended.is_set():
            try:
                self.write()
                self._fails = False
            except NoOutlet as error:
                if not self._fails:
                    self._log.warning("metrics_not_written", reason=str(error))
                self._fails = True
            self._ended.wait(WRITTEN_EVERY)
