"""`briefbot run`: the service."""

import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from types import FrameType

import click
import structlog
from prometheus_client import CollectorRegistry

from bot import app
from bot.cli import terminal
from bot.cli.dashboard import dashboard, refuse_dashboard
from bot.cli.logging import service_log
from bot.clock import utc_now
from bot.config import DEFAULT_FILE, ConfigError, Settings, load
from bot.errors import BotError
from bot.metrics.outlets import TextFile, serve
from bot.news.notifier import Notifier
from bot.records import SchemaDiffers
from bot.records.leases import boottime
from bot.service.health import Health
from bot.service.health import serve as serve_health
from bot.service.heartbeat import Heartbeat
from bot.service.service import Service
from bot.service.supervisor import Supervisor

LARGEST_PORT = 65535


def listening(
    ctx: click.Context,  # noqa: ARG001
    param: click.Parameter,  # noqa: ARG001
    value: str | None,
) -> tuple[str, int] | None:
    """A host and a port to listen on, `PORT`, `HOST:PORT` or `[::1]:PORT`."""
    if value is None:
        return None
    host, _, port = value.rpartition(":")
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) <= LARGEST_PORT:
        raise click.BadParameter("expected a port, or a host and a port, like 127.0.0.1:9464")
    return host.removeprefix("[").removesuffix("]") or "127.0.0.1", int(port)


def is_this_machine(host: str) -> bool:
    """Whether only this machine's own programs can reach what listens there."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@click.command()
@click.option("--once", is_flag=True, help="One round of everything, then exit.")
@click.option("--no-queue", is_flag=True, help="Publish what others queue; needs no folder.")
@click.option(
    "--metrics",
    "address",
    metavar="[HOST:]PORT",
    callback=listening,
    help="Answer Prometheus there; HOST is 127.0.0.1 unless it is named.",
)
@click.option(
    "--metrics-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.prom",
    help="Write the metrics for node_exporter's textfile collector.",
)
@click.option(
    "--web",
    "dashboard_at",
    metavar="[HOST:]PORT",
    callback=listening,
    help="Serve the dashboard there; HOST is 127.0.0.1 unless it is named.",
)
@click.option(
    "--health",
    "health_address",
    metavar="[HOST:]PORT",
    callback=listening,
    help="Answer /health/live and /health/ready there; HOST is 127.0.0.1 unless it is named.",
)
@click.pass_context
def run(
    ctx: click.Context,
    *,
    once: bool,
    no_queue: bool,
    address: tuple[str, int] | None,
    metrics_file: Path | None,
    dashboard_at: tuple[str, int] | None,
    health_address: tuple[str, int] | None,
) -> None:
    """Run the service: scan the queue, publish what is due, follow it, record what came of it.

    With --no-queue it looks at no folder: briefs come into the database from other machines, with
    their pictures.

    SIGTERM, Ctrl-C and a closed terminal end it within 10 seconds; what was in hand is finished or
    goes on at the next start. When its configuration or `.env` changes, or at SIGHUP where it has
    no terminal, it reads them and goes on by them; by the ones before where they can't be used.

    Under systemd (`briefbot service install`) it says when it is ready and that it gets on.

    Exits with 4 when the database is upgraded under it: the newer briefbot is to be installed.
    """
    config = load(ctx.obj["config_file"])
    files = _files(config)
    log = service_log()
    with app.records(config, create=True) as records:
        records.examine()
        service = app.service(config, records, utc_now, log, queue=not no_queue)
        _warn_of_missing_keys(config, log)
        notifier = app.notifier(config, records, service, utc_now, log)
        figures = app.metrics(config, records, service, utc_now)
        file = TextFile(figures, metrics_file, log) if metrics_file else None
        heartbeat = app.heartbeat(config, records, service, log, queue=not no_queue)
        if once:
            _once(service, notifier, heartbeat, file)
            return
        signals = _Signals()
        outlets = [file.start()] if file else []
        if address:
            outlets.append(_serve(figures, address, log))
        if dashboard_at:
            outlets.append(dashboard(config, records, log, dashboard_at, figures).end)
        if health_address:
            health = app.health(config, records, service, queue=not no_queue)
            outlets.append(_serve_health(health, health_address, log))
        supervisor = Supervisor.of(service, os.environ)
        running = _Running(service, notifier, heartbeat, supervisor, tuple(outlets))
        running.start()
        log.info("started", queue=None if no_queue else str(config.posts), chain=config.chain)
        attempt = partial(_try, ctx.obj["config_file"], dashboard_at, log)
        anew = _work(service, config, files, attempt, signals, supervisor, log)
        running.stop(signals, log, anew=anew)


def _once(
    service: Service, notifier: Notifier, heartbeat: Heartbeat, file: TextFile | None
) -> None:
    """One round of everything."""
    heartbeat.start()
    try:
        service.round()
        told = notifier.round()
        if file:
            file.write()
    finally:
        heartbeat.stop()
    if not told:
        os._exit(0)


@dataclass(frozen=True, slots=True)
class _Running:
    """The service and what goes on beside it.

    Attributes:
        outlets: what ends each that answers or writes.
    """

    service: Service
    notifier: Notifier
    heartbeat: Heartbeat
    supervisor: Supervisor
    outlets: Sequence[Callable[[], None]]

    def start(self) -> None:
        """Begin; returns at once."""
        self.service.start()
        self.notifier.start()
        self.heartbeat.start()
        self.supervisor.start()

    def stop(self, signals: "_Signals", log: structlog.stdlib.BoundLogger, *, anew: bool) -> None:
        """End all of it; with `anew`, begin again as another program in this process."""
        if not anew:
            self.supervisor.stopping()
        log.info("stopping")
        for end_outlet in self.outlets:
            end_outlet()
        self.notifier.halt()
        finished = self.service.stop(leave=not anew)
        told = self.notifier.stop()
        anew = anew and signals.hold()
        if finished and not anew:
            self.service.leave()
        self.heartbeat.stop(ends=not anew)
        log.info("stopped", finished=finished)
        if anew:
            # nothing of the program before is left in it, but who looks after the process still
            # does, and its leases are still its own
            os.execv(sys.executable, [sys.executable, "-P", "-m", "bot", *sys.argv[1:]])  # noqa: S606
        _exit(self.service.outdated, at_once=not finished or not told)


def _exit(outdated: SchemaDiffers | None, *, at_once: bool) -> None:
    """End as the service did; with what is still at work and would keep the process, at once.

    The records are right either way.
    """
    if at_once:
        if outdated:
            terminal.tell(f"briefbot: {outdated}", error=True)
        os._exit(outdated.exit_code if outdated else 0)
    if outdated:
        raise outdated


_Files = tuple[tuple[int, int, int] | None, ...]


_HEEDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class _Signals:
    """What the process is told from outside: to end, or to read its configuration anew."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.asked = threading.Event()
        # SIGHUP says that the terminal was closed, where there was one
        at_terminal = any(map(os.isatty, (0, 1, 2)))

        def tell(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
            (self.asked if number == signal.SIGHUP and not at_terminal else self.ended).set()

        for number in _HEEDED:
            signal.signal(number, tell)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEEDED)

    def hold(self) -> bool:
        """Let them wait for another program in this process; False where it was told to end."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _HEEDED)
        return not self.ended.is_set()


def _work(
    service: Service,
    config: Settings,
    files: _Files,
    attempt: Callable[[], None],
    signals: _Signals,
    supervisor: Supervisor,
    log: structlog.stdlib.BoundLogger,
) -> bool:
    """Wait until the service is to end; True when it is to begin anew by other settings."""
    # not without end: after SIGCONT another thread may get the signal, and this one sleep on
    while not signals.ended.wait(1.0):
        if service.outdated:
            return False
        service.notice_clock(boottime())
        if signals.asked.is_set() or files != _files(config):
            signals.asked.clear()
            files = _files(config)
            supervisor.reloading()
            try:
                attempt()
            except BotError as error:
                log.error("configuration_kept", reason=str(error))  # noqa: TRY400  # what is to be mended
                supervisor.kept(str(error))
            else:
                log.info("configuration_changed")
                return True
    return False


def _files(config: Settings) -> _Files:
    """By what one can tell that the files have changed of which the settings were made."""
    return tuple(map(_stamp, (config.file or Path(DEFAULT_FILE), config.root / ".env")))


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        look = file.stat()
    except OSError:
        return None
    return look.st_mtime_ns, look.st_size, look.st_ino


def _try(
    file: str | None, dashboard_at: tuple[str, int] | None, log: structlog.stdlib.BoundLogger
) -> None:
    """Make a service by the configuration as it is now, and let it go; raises `BotError`."""
    config = load(file)
    app.profiles(config)
    with app.records(config, create=True) as records:
        app.service(config, records, utc_now, log)
        if dashboard_at:
            refuse_dashboard(config, records, dashboard_at)


def _serve(
    figures: CollectorRegistry, address: tuple[str, int], log: structlog.stdlib.BoundLogger
) -> Callable[[], None]:
    """Answer Prometheus, and say so where others than this machine's own programs may ask."""
    end = serve(figures, *address)
    if not is_this_machine(address[0]):
        log.warning("metrics_open", address=f"{address[0]}:{address[1]}")
    return end


def _serve_health(
    health: Health, address: tuple[str, int], log: structlog.stdlib.BoundLogger
) -> Callable[[], None]:
    """Answer who looks after the service, and say so where others may ask, too."""
    end = serve_health(health, *address)
    if not is_this_machine(address[0]):
        log.warning("health_open", address=f"{address[0]}:{address[1]}")
    return end


def _warn_of_missing_keys(config: Settings, log: structlog.stdlib.BoundLogger) -> None:
    """Say which authors' briefs will wait; a key that is there is judged when it is needed."""
    for author in app.authors(config):
        try:
            config.posting_key(author)
        except ConfigError as error:
            log.warning("author_cannot_post", author=author, reason=str(error))
