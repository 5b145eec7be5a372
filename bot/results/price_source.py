"""A source of prices in dollars, asked over HTTP in the form of the well-known price APIs.

That form is CoinGecko's: `/simple/price` for now, `/coins/ID/history` for a day. It is told which
coins are asked for, and nothing else; the key, if there is one, goes to the configured host alone,
as redirects aren't followed (`bot.http`). Nothing that it answers is taken for a price unless it
can be one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation, localcontext
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

from bot.errors import BotError
from bot.http import Answer, Http, Unanswered, Unsent, json_value
from bot.records.prices import KeptQuote

_LARGEST = 1024 * 1024  # bytes of an answer; a coin's day with all its currencies has ten thousand
_LEAST, _MOST = Decimal("1e-12"), Decimal("1e9")
_PLACES = Decimal("1e-12")
_LONGEST = 100  # characters of a number
_SINCE, _UNTIL = datetime(2009, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_NOT_TOLD = {
    HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND,
    HTTPStatus.UNPROCESSABLE_ENTITY,
}  # fmt: skip
"""By which a source says that it doesn't tell a day: there is none, or it isn't for everybody."""


class Secret(Protocol):
    """What doesn't show itself; `bot.config.Secret` is one."""

    def reveal(self) -> str:
        """The text, for the one line that sends it."""


class SourceTrouble(Exception):  # noqa: N818  # what happened
    """The source gives nothing that can be used; says why, in words for people.

    Attributes:
        retry_after: seconds that it asks to be left alone for.
    """

    def __init__(self, reason: str, retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Told:
    """What a source told of the coins that it was asked for.

    Attributes:
        missing: symbols to the reason why nothing of it can be used.
    """

    quotes: tuple[KeptQuote, ...]
    missing: Mapping[str, str]


class PriceSource:
    """One source, at the address that is configured.

    Args:
        address: what `/simple/price` is appended to.
        key: the key for it, looked up each time it is needed; None where there is none.
        key_header: the header's name under which the key is sent.
    """

    def __init__(
        self, address: str, http: Http, key: Callable[[], Secret | None], key_header: str
    ) -> None:
        self.address = address
        self.host = urlsplit(address).netloc
        self._http = http
        self._key = key
        self._key_header = key_header

    @property
    def is_stopped(self) -> bool:
        """Whether nothing is asked any more, so that a failure says nothing about the source."""
        return self._http.is_stopped

    def quotes(self, coins: Mapping[str, str], now: datetime) -> Told:
        """What these coins (symbol to id) are worth now.

        Args:
            now: when this is; no price is later.

        Raises:
            SourceTrouble: it tells nothing usable of any of them.
        """
        asked = {
            "ids": ",".join(sorted(set(coins.values()))),
            "vs_currencies": "usd",
            "include_last_updated_at": "true",
            "precision": "full",
        }
        answer = self._get(f"simple/price?{urlencode(asked, safe=',')}")
        if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise SourceTrouble(f"it refuses (HTTP status {answer.status}): is a key missing?")
        told = _object(self._value(answer))
        quotes, missing = [], {}
        for symbol, coin in coins.items():
            try:
                usd, at = _quote(told, coin)
            except ValueError as error:
                missing[symbol] = str(error)
            else:
                quotes.append(KeptQuote(symbol, coin, usd, min(at, now), self.host, now))
        if not quotes:
            reasons = "; ".join(f"{symbol}: {reason}" for symbol, reason in missing.items())
            raise SourceTrouble(f"no usable price ({reasons})")
        return Told(tuple(quotes), missing)

    def day(self, coin: str, day: date) -> Decimal | None:
        """What a coin was worth as a day (UTC) began; None where the source doesn't tell it.

        Raises:
            SourceTrouble: it tells nothing usable.
        """
        asked = urlencode({"date": f"{day:%d-%m-%Y}", "localization": "false"})
        answer = self._get(f"coins/{quote(coin, safe='')}/history?{asked}")
        if answer.status in _NOT_TOLD:
            return None
        told = _object(self._value(answer))
        market = told.get("market_data")
        if told.get("id") != coin or not isinstance(market, dict):
            return None
        try:
            return _dollars(market.get("current_price"))
        except ValueError:
            return None

    def _get(self, what: str) -> Answer:
        headers = {"Accept": "application/json", "User-Agent": "briefbot"}
        try:
            if key := self._key():
                headers[self._key_header] = key.reveal()
            return self._http.get(f"{self.address}/{what}", headers, largest=_LARGEST)
        except (Unsent, Unanswered, BotError) as failure:  # the last is a key that can't be used
            raise SourceTrouble(str(failure)) from None

    @staticmethod
    def _value(answer: Answer) -> Any:
        """An answer's JSON; raises `SourceTrouble` for anything else."""
        status = answer.status
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            reason = f"it asks to be left alone (HTTP status {status})"
            raise SourceTrouble(reason, answer.retry_after)
        if status // 100 == 3:  # noqa: PLR2004
            raise SourceTrouble(
                f"it sends elsewhere (HTTP status {status}), where nothing is asked: write its "
                "own address as `source`"
            )
        if status != HTTPStatus.OK:
            raise SourceTrouble(f"HTTP status {status}", answer.retry_after)
        try:
            return json_value(answer.body, fraction=_decimal)
        except Unanswered as failure:
            raise SourceTrouble(str(failure)) from None


def _quote(told: Mapping[str, Any], coin: str) -> tuple[Decimal, datetime]:
    """Dollars, and since when; raises `ValueError` with the reason why there are none."""
    fields = told.get(coin)
    if fields is None:
        raise ValueError("not told")
    usd = _dollars(fields)
    at = fields.get("last_updated_at")
    if type(at) is not int or not _SINCE.timestamp() <= at < _UNTIL.timestamp():
        raise ValueError("told without its time")
    return usd, datetime.fromtimestamp(at, UTC)


def _dollars(prices: Any) -> Decimal:
    """The price in dollars out of those in several currencies."""
    if not isinstance(prices, dict) or "usd" not in prices:
        raise ValueError("not told in dollars")
    value = prices["usd"]
    number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    if not number:
        raise ValueError("told as no number")
    if not _LEAST <= value <= _MOST:
        raise ValueError("told as what can't be a price")
    with localcontext() as context:  # whoever changed this thread's rounding before
        context.prec, context.rounding = 60, ROUND_HALF_EVEN
        exact = Decimal(value).quantize(_PLACES)
        # as it is written: no zeros behind the last digit, and no exponent
        return exact.normalize() if exact != exact.to_integral() else exact.quantize(Decimal(1))


def _decimal(text: str) -> Decimal:
    """A JSON number as it is written."""
    if len(text) > _LONGEST:
        raise ValueError("no number that anybody means")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None


def _object(value: Any) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    raise SourceTrouble("an answer of an unknown shape")
