"""Asking for prices, on a thread of its own: no publication waits for what coins are worth."""

import threading

import structlog

from bot.http import Http
from bot.records import DatabaseUnavailable
from bot.results.market import LONGEST_REST, Market

_JOIN_WITHIN = 2.0  # seconds; an exchange ends within a quarter of one once it is stopped


class Pricing:
    """Keeps a market's prices fresh until it is stopped.

    Args:
        http: how the market's source is reached, and nobody else; closed at the end.
    """

    def __init__(self, market: Market, http: Http, log: structlog.stdlib.BoundLogger) -> None:
        self._market = market
        self._http = http
        self._log = log
        self._stopped = threading.Event()
        self._failing = ""
        self._thread = threading.Thread(target=self._go_on, name="prices", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def once(self) -> float:
        """Ask what is due now, one question; returns the seconds until the next may be.

        Whatever goes wrong is logged, once, and tried again later: prices are nobody's need.
        """
        try:
            wait = self._market.refresh()
            self._failing = ""
        except DatabaseUnavailable:  # the service says so
            wait = LONGEST_REST
        except Exception as error:  # noqa: BLE001  # the thread must live
            reason = str(error) or type(error).__name__
            if reason != self._failing:
                self._log.error("prices_failed", reason=reason)
            self._failing = reason
            wait = LONGEST_REST
        return wait

    def stop(self) -> None:
        """End, whatever the source does."""
        self._stopped.set()
        self._http.stop()
        if self._thread.is_alive():
            self._thread.join(_JOIN_WITHIN)
        self._http.close()

    def _go_on(self) -> None:
        wait = 0.0
        while not self._stopped.wait(wait):
            wait = self.once()
