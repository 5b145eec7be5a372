"""What coins are worth in dollars: kept with age and source, and unknown where nobody told it.

A payout is valued at the price of its day, which is what the source says that the coin was worth
as that day (UTC) began: one figure, whoever asks and whenever.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, localcontext

import structlog

from bot.clock import Clock
from bot.records.prices import KeptQuote, Price, PriceRecords, SourceState
from bot.results.price_source import PriceSource, SourceTrouble

PAUSE = 12.0
"""Seconds between questions to a source: five a minute, which public ones take of anybody."""
FIRST_BACK_OFF = 30.0  # seconds after a failure; doubled with each further one
LONGEST_BACK_OFF = 3600.0
DAY_AGAIN = 6 * 3600.0  # seconds until a day is asked for again that the source doesn't tell
DAY_SOON_AGAIN = 300.0  # seconds until a day is asked for again for which nothing usable came
LONGEST_REST = 60.0  # seconds until it is seen whether another worker wants something
KNOWN_FROM = time(1)  # UTC: a day's price is told from half an hour after midnight on


@dataclass(frozen=True, slots=True)
class Quote:
    """What a coin was worth last.

    Attributes:
        usd: dollars for one, exact as told.
        at: when it was worth that, by the source's word.
        age: how long ago that is.
        source: host of the source.
        fetched_at: when the source was asked.
    """

    symbol: str
    usd: Decimal
    at: datetime
    age: timedelta
    source: str
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class Valuation:
    """What an amount was worth, and by which price.

    Attributes:
        units: the amount in its smallest units, of which `precision` digits are decimals.
        usd: dollars, exact: the amount times the price.
    """

    units: int
    precision: int
    price: Price
    usd: Decimal


class Market:
    """Prices from the records, and the asking for them.

    Args:
        coins: the source's ids by symbol; of no other symbol anything is known or asked.
        source: what is asked; None: only what is kept is told.
        daily: symbols whose price of each day is kept, asked for or not.
        every: how often quotes are asked for.
    """

    def __init__(
        self,
        kept: PriceRecords,
        coins: Mapping[str, str],
        source: PriceSource,
        now: Clock,
        log: structlog.stdlib.BoundLogger,
        *,
        daily: Iterable[str] = (),
        every: timedelta = timedelta(minutes=10),
    ) -> None:
        self.coins = coins
        self._kept = kept
        self._source = source
        self._now = now
        self._log = log
        self._daily = tuple(daily)
        self._every = every.total_seconds()
        self._begun = False
        self._told_trouble = ""

    @property
    def source(self) -> str:
        """The host that is asked."""
        return self._source.host

    # -- what is known -----------------------------------------------------------------------------

    def now(self) -> tuple[Quote, ...]:
        """What each coin was worth last, in the order of `coins`; without those nobody told of."""
        return known_quotes(self._kept, self.coins, self._now())

    def price(self, symbol: str, day: date) -> Price | None:
        """A coin's price of a day (UTC), or None while it isn't known."""
        return self._kept.price(symbol, day)

    def prices(
        self, symbols: Iterable[str], first: date, last: date
    ) -> Mapping[tuple[str, date], Price]:
        """What is known of these symbols from the first to the last day, in one question."""
        return self._kept.prices(symbols, first, last)

    def value(self, units: int, symbol: str, day: date, precision: int = 3) -> Valuation | None:
        """What an amount was worth on a day, or None while the price isn't known.

        Args:
            units: the amount in its smallest units, thousandths for coins and dollars of a chain.
        """
        price = self.price(symbol, day)
        return valued(units, price, precision) if price else None

    def state(self) -> SourceState | None:
        """How it stands with the source; None where nobody has ever asked it."""
        return self._kept.state()

    # -- asking ------------------------------------------------------------------------------------

    def want(self, wishes: Iterable[tuple[str, date]]) -> None:
        """Have the prices of these (symbol, day) asked for, where they aren't known.

        That is recorded, so that any worker asks for them, and at the source's pace.
        """
        now = self._now()
        self._kept.want((symbol, day, _seconds_until_told(day, now)) for symbol, day in wishes)

    def refresh(self) -> float:
        """Ask the source one question, if one is due and no other worker is asking.

        That takes no longer than one exchange over HTTP; what goes wrong is kept and logged.

        Returns:
            Seconds until another call makes sense.
        """
        if not self._begun:
            self._kept.forget_other_coins()
            self._begun = True
        if (rest := self._kept.rest()) > 0:
            return min(rest, LONGEST_REST)
        turn = self._kept.take_turn()
        if turn is None:
            return PAUSE
        try:
            if turn.wanted is None:
                self._ask_for_quotes()
            else:
                self._ask_for_a_day(*turn.wanted)
        except SourceTrouble as trouble:
            if self._source.is_stopped:
                self._kept.give_back_turn()
                return LONGEST_REST
            wait = min(FIRST_BACK_OFF * 2.0 ** min(turn.failures, 10), LONGEST_BACK_OFF)
            wait = max(wait, float(trouble.retry_after or 0))
            self._kept.failed(str(trouble), wait, turn.wanted, DAY_SOON_AGAIN)
            self._tell(str(trouble))
        return min(max(self._kept.rest(), 1.0), LONGEST_REST)

    def _ask_for_quotes(self) -> None:
        told = self._source.quotes(self.coins, self._now())
        trouble = "; ".join(f"{symbol}: {reason}" for symbol, reason in told.missing.items())
        now = self._now()
        self._kept.answered_quotes(told.quotes, trouble, now, pause=PAUSE, every=self._every)
        self.want((symbol, now.date()) for symbol in self._daily)
        self._tell(trouble)

    def _ask_for_a_day(self, symbol: str, day: date) -> None:
        usd = self._source.day(self.coins[symbol], day)
        host, now = self._source.host, self._now()
        self._kept.answered_day((symbol, day), usd, host, now, pause=PAUSE, again=DAY_AGAIN)

    def _tell(self, trouble: str) -> None:
        """Log what is wrong with the source when that changes."""
        if trouble and trouble != self._told_trouble:
            self._log.warning("prices_unavailable", source=self.source, reason=trouble)
        elif self._told_trouble and not trouble:
            self._log.info("prices_back", source=self.source)
        self._told_trouble = trouble


def known_quotes(kept: PriceRecords, coins: Iterable[str], now: datetime) -> tuple[Quote, ...]:
    """What each of these coins was worth last, by the records; without those nobody told of."""
    found = {quote.symbol: quote for quote in kept.quotes()}
    return tuple(_aged(found[symbol], now) for symbol in coins if symbol in found)


def valued(units: int, price: Price, precision: int = 3) -> Valuation:
    """What an amount is worth at a price."""
    with localcontext() as context:
        context.prec = 100  # more than the digits of both
        usd = Decimal(units).scaleb(-precision) * price.usd
    return Valuation(units, precision, price, usd)


def _aged(kept: KeptQuote, now: datetime) -> Quote:
    age = max(now - kept.at, timedelta(0))
    return Quote(kept.symbol, kept.usd, kept.at, age, kept.source, kept.fetched_at)


def _seconds_until_told(day: date, now: datetime) -> float:
    """Of the day that has just begun no source knows the price yet.

    Of a later one none does either, but for a chain's own whose time runs ahead.
    """
    told = datetime.combine(day, KNOWN_FROM, UTC)
    return max((told - now).total_seconds(), 0.0) if now.date() == day else 0.0
