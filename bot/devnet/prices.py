"""Prices in dollars as the well-known price APIs tell them, of coins that are worth nothing here.

The form is CoinGecko's: `/api/v3/simple/price` and `/api/v3/coins/ID/history`. A price depends on
the coin and the chain's time alone, so that whoever asks twice, or reckons it anew, finds the same;
it moves with that time, by up to a tenth.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from urllib.parse import parse_qs, unquote, urlsplit

from bot.devnet.chain import DevnetChain
from bot.devnet.server import Exchange, Reply

ROOT = "/api/v3/"
MICRO = 1_000_000
COINS = {
    "steem": 250_000,
    "steem-dollars": 1_020_000,
    "hive": 260_000,
    "hive_dollar": 995_000,
    "tron": 280_000,
    "just": 34_000,
    "bitcoin": 91_000_000_000,
    "ethereum": 3_000_000_000,
    "tether": 1_000_000,
}
"""Ids, and about what one is worth in millionths of a dollar."""
_DAY = 86_400
_SWING = 100_000  # millionths by which a price is moved at most, either way


class Prices:
    """The endpoint; what it tells is of the chain's time."""

    def __init__(self, chain: DevnetChain) -> None:
        self._chain = chain

    @staticmethod
    def is_meant(exchange: Exchange) -> bool:
        """Whether a request is for this endpoint."""
        return exchange.method == "GET" and exchange.target.startswith(ROOT)

    @staticmethod
    def method(exchange: Exchange) -> str:
        """What is asked, as troubles name it: `prices.simple_price` or `prices.coin_history`."""
        path = urlsplit(exchange.target).path
        return "prices.coin_history" if path.endswith("/history") else "prices.simple_price"

    def answer(self, exchange: Exchange) -> Reply:
        """What is asked for, or why it isn't told."""
        parts = urlsplit(exchange.target)
        given = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        place = parts.path.removeprefix(ROOT).split("/")
        if place == ["simple", "price"]:
            ids, currencies = given.get("ids", ""), given.get("vs_currencies", "")
            if not ids or not currencies:
                return _error(422, "Missing parameter ids or vs_currencies")
            dated = given.get("include_last_updated_at") == "true"
            return self._now(ids.split(","), "usd" in currencies.split(","), dated)
        if len(place) == 3 and (place[0], place[2]) == ("coins", "history"):  # noqa: PLR2004
            return self._history(unquote(place[1]), given.get("date", ""))
        return _error(404, "not found")

    def _now(self, ids: Iterable[str], in_dollars: bool, dated: bool) -> Reply:  # noqa: FBT001
        now = self._chain.head_time
        told = []
        for coin in dict.fromkeys(ids):
            if coin in COINS:
                fields = [f'"usd":{_text(price(coin, now))}'] if in_dollars else []
                fields += [f'"last_updated_at":{now}'] if dated else []
                told.append(f"{json.dumps(coin)}:{{{','.join(fields)}}}")
        return _reply(f"{{{','.join(told)}}}")

    def _history(self, coin: str, date: str) -> Reply:
        try:
            day = datetime.strptime(date, "%d-%m-%Y").replace(tzinfo=UTC)
        except ValueError:
            return _error(400, "invalid date")
        if coin not in COINS:
            return _error(404, "coin not found")
        begin = int(day.timestamp())
        market = ""
        if 0 <= begin <= self._chain.head_time:  # of what is still to come nothing is told
            usd = _text(price(coin, begin))
            market = f',"market_data":{{"current_price":{{"usd":{usd}}}}}'
        return _reply(f'{{"id":{json.dumps(coin)},"symbol":{json.dumps(coin[:4])}{market}}}')


def price(coin: str, moment: int) -> int:
    """What a coin is worth then, in millionths of a dollar.

    Between the beginnings of two days it goes straight from the one's price to the other's.

    Args:
        moment: seconds since 1970.
    """
    day, passed = divmod(moment, _DAY)
    first, second = (_swing(coin, day + later) for later in (0, 1))
    swing = first + (second - first) * passed // _DAY
    return COINS[coin] * (MICRO + swing) // MICRO


def _swing(coin: str, day: int) -> int:
    number = int.from_bytes(sha256(f"{coin} {day}".encode()).digest()[:8])
    return number % (2 * _SWING + 1) - _SWING


def _text(millionths: int) -> str:
    return f"{Decimal(millionths).scaleb(-6):f}"


def _reply(text: str, status: int = 200) -> Reply:
    return Reply(status, "application/json; charset=utf-8", text.encode())


def _error(status: int, text: str) -> Reply:
    return _reply(json.dumps({"error": text}), status)
