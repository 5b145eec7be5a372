"""Which coins' prices are of interest, and by which ids a source in CoinGecko's form knows them."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from bot.chain.profiles import Symbols

TOP = ("TRX", "JST", "BTC", "ETH", "USDT")
"""What Steemit's market panel shows beside the chain's own (chain-rules §7.8)."""
IDS: Mapping[str, str] = MappingProxyType(
    {
        "STEEM": "steem",
        "SBD": "steem-dollars",
        "HIVE": "hive",
        "HBD": "hive_dollar",
        "BLURT": "blurt",
        "TRX": "tron",
        "JST": "just",
        "BTC": "bitcoin",
        "ETH": "ethereum",
        "USDT": "tether",
    }
)


def coins_of(chains: Iterable[Symbols], given: Mapping[str, str]) -> Mapping[str, str]:
    """Ids by symbol: those of these chains, `TOP`, and those that are configured.

    Args:
        given: ids by symbol, before the usual ones; an empty one leaves its symbol out.
    """
    own = [symbol for symbols in chains for symbol in (symbols.core, symbols.debt) if symbol]
    ids = {**IDS, **given}
    wanted = dict.fromkeys((*own, *TOP, *given))
    return {symbol: ids[symbol] for symbol in wanted if ids.get(symbol)}


def key_header_of(source: str) -> str:
    """The header that CoinGecko's hosts take a key in."""
    host = urlsplit(source).hostname or ""
    return "x-cg-pro-api-key" if host.startswith("pro-api.") else "x-cg-demo-api-key"
