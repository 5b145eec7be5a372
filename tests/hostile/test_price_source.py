"""A source of prices with every field of its answers replaced: no price but what can be one."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from werkzeug import Response

from bot.config import Secret
from bot.http import Http
from bot.results.price_source import PriceSource, SourceTrouble
from tests.hostile.spoils import WRONG, paths, put

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
AT = int(NOW.timestamp()) - 60
COINS = {"STEEM": "steem", "SBD": "steem-dollars"}
QUOTES = {coin: {"usd": 0.25, "last_updated_at": AT} for coin in COINS.values()}
HISTORY = {"id": "steem", "symbol": "steem", "market_data": {"current_price": {"usd": 0.25}}}
LEAST, MOST = Decimal("1e-12"), Decimal("1e9")


@pytest.fixture
def source(httpserver):
    http = Http(timeout=5.0)
    yield PriceSource(httpserver.url_for("/v3"), http, lambda: Secret("key"), "x-key")
    http.close()


def spoiled(value):
    """(where and what, the answer's text) of every field replaced by everything."""
    for path in paths(value):
        for name, wrong in WRONG.items():
            yield f"{path}: {name}", json.dumps(put(value, path, wrong))


def told(question):
    """What comes of it: an answer, or the trouble in words that people can be told."""
    try:
        return question()
    except SourceTrouble as trouble:
        words = str(trouble)
    assert words.isprintable()
    assert len(words) < 500
    return None


def test_whatever_a_field_of_the_quotes_is(httpserver, source):
    answers = list(spoiled(QUOTES))
    texts = iter(answers)
    quotes = httpserver.expect_request("/v3/simple/price")
    quotes.respond_with_handler(lambda _: Response(next(texts)[1]))
    for where, text in answers:
        found = told(lambda: source.quotes(COINS, NOW))
        for quote in found.quotes if found else ():
            assert LEAST <= quote.usd <= MOST, (where, text[:200])
            assert quote.at <= NOW, where
            assert quote.usd in {Decimal("0.25"), Decimal("1.5")}, where  # a half is a number, too


def test_whatever_a_field_of_a_day_is(httpserver, source):
    answers = list(spoiled(HISTORY))
    texts = iter(answers)
    history = httpserver.expect_request("/v3/coins/steem/history")
    history.respond_with_handler(lambda _: Response(next(texts)[1]))
    for where, _ in answers:
        usd = told(lambda: source.day("steem", date(2026, 11, 27)))
        assert usd is None or usd in {Decimal("0.25"), Decimal("1.5")}, where
