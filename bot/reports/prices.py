"""What coins are worth, as people and programs are told it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any, TypeVar

from bot.chain.errors import NodesUnreachable, TransientChainError
from bot.chain.market import Feed, Ticker
from bot.chain.protocol import Chain
from bot.reports.doctor import Diagnosis, Health
from bot.reports.log import instant
from bot.results.coins import TOP
from bot.results.market import Market, Quote, Valuation

STALE = timedelta(hours=6)
"""An age from which on a price is worth a warning."""
PANEL_PLACES = {"JST": 3}  # of the panel's prices; others have two (chain-rules §7.8)

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class ChainPrices:
    """What a chain itself says that its coin is worth.

    Attributes:
        core: its coin's symbol.
        debt: its dollar's, in which the others are told; None: it has none, and no prices.
        feed: the witnesses' price.
        ticker: its internal market.
        trouble: why what is missing isn't known.
        is_silent: whether no node answered at all.
    """

    chain: str
    core: str
    debt: str | None
    feed: Feed | None
    ticker: Ticker | None
    trouble: str = ""
    is_silent: bool = False


def chain_prices(chain: Chain) -> ChainPrices:
    """Ask a chain's nodes: several for the witnesses' price, one for the market."""
    symbols = chain.profile.symbols
    feed, why_no_feed, silent = _asked(chain.agreed_feed)
    ticker, why_no_ticker, _ = (None, why_no_feed, True) if silent else _asked(chain.ticker)
    trouble = "; ".join(dict.fromkeys(filter(None, (why_no_feed, why_no_ticker))))
    return ChainPrices(
        chain.profile.name, symbols.core, symbols.debt, feed, ticker, trouble, silent
    )


def _asked(question: Callable[[], Found]) -> tuple[Found | None, str, bool]:
    """The answer; or why there is none, and whether that is because nobody answers."""
    try:
        return question(), "", False
    except TransientChainError as error:
        return None, str(error), isinstance(error, NodesUnreachable)


def quote_lines(market: Market | None) -> Iterator[dict[str, Any]]:
    """Each symbol as `briefbot prices --json` prints it; prices are texts, to the last digit."""
    if market is None:
        return
    known = {quote.symbol: quote for quote in market.now()}
    for symbol in market.coins:
        quote = known.get(symbol)
        yield {
            "kind": "quote",
            "symbol": symbol,
            "usd": f"{quote.usd:f}" if quote else None,
            "at": instant(quote.at) if quote else None,
            "age": int(quote.age.total_seconds()) if quote else None,
            "source": quote.source if quote else None,
            "fetched_at": instant(quote.fetched_at) if quote else None,
        }


def chain_lines(found: ChainPrices) -> Iterator[dict[str, Any]]:
    """A chain's own prices likewise."""
    feed, ticker = found.feed, found.ticker
    told = {"chain": found.chain, "coin": found.core, "in": found.debt}
    why = {"trouble": found.trouble or None}
    yield {"kind": "feed"} | told | {
        "median": f"{feed.median.rate:f}" if feed else None,
        "base": f"{feed.median.base:f}" if feed else None,
        "quote": f"{feed.median.quote:f}" if feed else None,
        "history": [f"{price.rate:f}" for price in feed.history] if feed else None,
    } | why  # fmt: skip
    names = ("latest", "lowest_ask", "highest_bid", "percent_change", "core_volume", "debt_volume")
    values = {name: getattr(ticker, name) if ticker else None for name in names}
    texts = {name: None if value is None else f"{value:f}" for name, value in values.items()}
    yield {"kind": "market"} | told | texts | why


def valuation_line(found: Valuation) -> dict[str, Any]:
    """What an amount was worth, and by which price, as programs read it; exact, as texts."""
    price = found.price
    return {
        "usd": f"{found.usd:f}",
        "symbol": price.symbol,
        "price": f"{price.usd:f}",
        "day": price.day.isoformat(),
        "source": price.source,
    }


# -- the dashboard's panel -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PanelRow:
    """A coin in the "Coin Marketplace" panel.

    Attributes:
        usd: dollars for one, exact; None, like all that follows, while nobody told it.
        shown: the price as the panel writes it, or "unknown".
    """

    symbol: str
    usd: Decimal | None
    shown: str
    at: datetime | None
    age: timedelta | None
    source: str | None


def panel(quotes: Iterable[Quote], core: str = "STEEM", debt: str | None = "SBD") -> tuple[
    PanelRow, ...
]:  # fmt: skip
    """The panel's rows, in its order: the chain's coin, the others, the chain's dollar last."""
    known = {quote.symbol: quote for quote in quotes}
    symbols = dict.fromkeys((core, *TOP, *((debt,) if debt else ())))
    return tuple(_row(symbol, known) for symbol in symbols)


def _row(symbol: str, known: Mapping[str, Quote]) -> PanelRow:
    quote = known.get(symbol)
    if quote is None:
        return PanelRow(symbol, None, "unknown", None, None, None)
    shown = in_dollars(quote.usd, PANEL_PLACES.get(symbol, 2))
    return PanelRow(symbol, quote.usd, shown, quote.at, quote.age, quote.source)


def in_dollars(usd: Decimal, places: int = 2) -> str:
    """Dollars as people read them, `$91,204.50`; what is less than can be shown is said to be."""
    least = Decimal(1).scaleb(-places)
    if 0 < usd < least:
        return f"< ${least:f}"
    with localcontext() as context:
        context.prec = 100
        return f"${usd.quantize(least, ROUND_HALF_UP):,f}"


def told_age(age: timedelta) -> str:
    """An age in the largest unit that it fills."""
    seconds = int(age.total_seconds())
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


# -- doctor ----------------------------------------------------------------------------------------


def price_diagnosis(market: Market) -> Diagnosis:
    """How it stands with the source of prices, by the records: it isn't asked for this.

    What is wrong here keeps nothing from being published, so nothing here fails.
    """
    state, quotes = market.state(), market.now()
    where = f"prices ({market.source})"
    missing = [symbol for symbol in market.coins if symbol not in {one.symbol for one in quotes}]
    if state is None:
        message = "nobody has asked yet: the service does, or `briefbot prices --refresh`"
        return Diagnosis(where, Health.WARN, message)
    if state.failures:
        again = f"it is asked again in {told_age(timedelta(seconds=state.rest))}"
        message = f"it tells nothing usable: {state.trouble}; {again}, see `[prices]`"
        return Diagnosis(where, Health.WARN, message)
    if missing or state.trouble:
        message = f"some prices are unknown ({state.trouble or ', '.join(missing)})"
        remedy = "correct their ids in [prices.ids], or leave them out there"
        return Diagnosis(where, Health.WARN, f"{message}; {remedy}")
    oldest = max((quote.age for quote in quotes), default=timedelta(0))
    message = f"{len(quotes)} prices, the oldest of {told_age(oldest)} ago"
    if oldest > STALE:
        return Diagnosis(where, Health.WARN, f"{message}: is the service running?")
    return Diagnosis(where, Health.OK, message)
