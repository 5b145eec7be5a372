"""What a coin is worth on the chain itself: the witnesses' median, and the internal market.

Every reader raises as those of `bot.chain.replies` do, for a shape that it doesn't know.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

from bot.chain.profiles import Symbols

_ASSET = re.compile(r"(\d{1,20}(?:\.\d{1,8})?) ([A-Z]{1,10})")
_NUMBER = re.compile(r"-?\d{1,20}(\.\d{1,30})?([eE][+-]?\d{1,2})?")
_FEEDS = 1000  # prices in a history: a chain keeps 84
_MOST = Decimal(10**12)
_PLACES = Decimal("0.000001")  # of rates; amounts of either asset have three


@dataclass(frozen=True, slots=True)
class FeedPrice:
    """What witnesses say that coins are worth: so many dollars of the chain for so many coins.

    Attributes:
        base: dollars (SBD, HBD), exact.
        quote: coins (STEEM, HIVE), exact; never zero.
    """

    base: Decimal
    quote: Decimal

    @property
    def rate(self) -> Decimal:
        """Dollars for one coin, rounded to six places."""
        return _quotient(self.base, self.quote)


@dataclass(frozen=True, slots=True)
class Feed:
    """The chain's own price of its coin (`get_feed_history`).

    Attributes:
        median: by which the chain reckons payouts now.
        history: the medians of the last hours, the oldest first: 84 of them on Steem and Hive.
    """

    median: FeedPrice
    history: tuple[FeedPrice, ...]


@dataclass(frozen=True, slots=True)
class Ticker:
    """The chain's internal market, in its dollars for one coin (`get_ticker`).

    Attributes:
        latest: of the last trade; None, like the others, where there is none.
        percent_change: within the last day.
        core_volume: coins that changed hands within the last day.
        debt_volume: dollars that did.
    """

    latest: Decimal | None
    lowest_ask: Decimal | None
    highest_bid: Decimal | None
    percent_change: Decimal
    core_volume: Decimal
    debt_volume: Decimal


NOBODY_S = FeedPrice(Decimal("0.001"), Decimal("0.001"))
"""The price before any witness has published one."""


def read_feed(result: Any, symbols: Symbols) -> Feed | None:
    """`get_feed_history`; None while no hour's median is there yet.

    Until then a chain tells that its coin is worth a dollar, which nobody has said
    (tests/fixtures/steemd, "feed history").
    """
    told = result["price_history"]
    if not isinstance(told, list) or len(told) > _FEEDS:
        raise TypeError("no history of prices")
    median = _price(result["current_median_history"], symbols)
    return Feed(median, tuple(_price(price, symbols) for price in told)) if told else None


def read_median(result: Any, symbols: Symbols) -> Feed | None:
    """`get_current_median_history_price`, without a history; None as above."""
    median = _price(result, symbols)
    return None if median == NOBODY_S else Feed(median, ())


def read_ticker(result: Any, symbols: Symbols) -> Ticker:
    """`get_ticker`, whose numbers are texts; zero stands for none."""
    core, debt = symbols.core, symbols.debt or ""
    volumes = {
        symbol: amount
        for name, value in result.items()
        if name.endswith("_volume")
        for amount, symbol in (_asset(value),)
    }
    return Ticker(
        latest=_rate(result["latest"]),
        lowest_ask=_rate(result["lowest_ask"]),
        highest_bid=_rate(result["highest_bid"]),
        percent_change=_rounded(_number(result["percent_change"])),
        core_volume=volumes[core],
        debt_volume=volumes[debt],
    )


def _price(told: Any, symbols: Symbols) -> FeedPrice:
    base, base_symbol = _asset(told["base"])
    quote, quote_symbol = _asset(told["quote"])
    if (base_symbol, quote_symbol) != (symbols.debt, symbols.core):
        raise ValueError("the price of something else")
    if not base or not quote:
        raise ValueError("no price")
    return FeedPrice(base, quote)


def _asset(told: Any) -> tuple[Decimal, str]:
    match = _ASSET.fullmatch(told)
    if not match:
        raise ValueError("no amount")
    return Decimal(match[1]), match[2]


def _rate(told: Any) -> Decimal | None:
    """Dollars for a coin; None for zero."""
    rate = _rounded(_number(told))
    if rate < 0:
        raise ValueError("no price")
    return rate or None


def _number(told: Any) -> Decimal:
    """A number that a node writes as text, as steemd does, or as a number."""
    text = told if isinstance(told, str) else repr(told)
    if isinstance(told, bool) or not _NUMBER.fullmatch(text):
        raise ValueError("no number")
    number = Decimal(text)
    if abs(number) > _MOST:
        raise ValueError("no such number")
    return number


def _rounded(number: Decimal) -> Decimal:
    with localcontext() as context:  # whoever changed this thread's rounding before
        context.prec, context.rounding = 60, ROUND_HALF_EVEN
        return number.quantize(_PLACES)


def _quotient(base: Decimal, quote: Decimal) -> Decimal:
    with localcontext() as context:
        context.prec = 60
        return _rounded(base / quote)
