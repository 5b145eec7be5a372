"""The devnet's source of prices: CoinGecko's form, the chain's time, the same for whoever asks."""

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.devnet.testing import Devnet

SIMPLE = "simple/price?ids=steem,bitcoin,nobody&vs_currencies=usd&include_last_updated_at=true"


@pytest.fixture
def devnet():
    with Devnet(block_interval=3600, admin=True) as devnet:
        yield devnet


def get(devnet, path):
    with urllib.request.urlopen(f"{devnet.url}/api/v3/{path}", timeout=30) as answer:
        assert answer.headers["content-type"].startswith("application/json")
        return json.load(answer, parse_float=Decimal)


def refused(devnet, path):
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(devnet, path)
    caught.value.close()
    return caught.value.code


def head(devnet):
    told = devnet.rpc("condenser_api.get_dynamic_global_properties", [])
    return datetime.fromisoformat(told["time"]).replace(tzinfo=UTC)


def history(devnet, coin, day):
    return get(devnet, f"coins/{coin}/history?date={day:%d-%m-%Y}&localization=false")


def test_what_coins_are_worth_now_and_since_when(devnet):
    told = get(devnet, SIMPLE)

    assert list(told) == ["steem", "bitcoin"]  # of others nothing is told
    assert told["steem"]["last_updated_at"] == head(devnet).timestamp()
    assert Decimal("0.225") <= told["steem"]["usd"] <= Decimal("0.275")


def test_only_what_is_asked_for_is_told(devnet):
    assert get(devnet, "simple/price?ids=steem&vs_currencies=eur") == {"steem": {}}
    assert set(get(devnet, "simple/price?ids=steem&vs_currencies=usd")["steem"]) == {"usd"}
    assert refused(devnet, "simple/price?ids=steem") == 422
    assert refused(devnet, "coins/nobody/history?date=01-01-2026") == 404
    assert refused(devnet, "coins/steem/history?date=2026-01-01") == 400
    assert refused(devnet, "exchanges") == 404


def test_prices_move_with_the_chains_time(devnet):
    before = get(devnet, SIMPLE)
    assert get(devnet, SIMPLE) == before
    devnet.rpc("devnet_api.advance_time", {"seconds": 86_400})
    after = get(devnet, SIMPLE)

    assert after["steem"]["usd"] != before["steem"]["usd"]
    assert after["steem"]["last_updated_at"] >= before["steem"]["last_updated_at"] + 86_400


def test_a_day_has_one_price_and_days_to_come_have_none(devnet):
    today = head(devnet).date()
    yesterday, tomorrow = today - timedelta(days=1), today + timedelta(days=1)
    told = history(devnet, "steem", yesterday)

    assert told["id"] == "steem"
    price = told["market_data"]["current_price"]["usd"]
    assert "market_data" not in history(devnet, "steem", tomorrow)
    devnet.rpc("devnet_api.advance_time", {"seconds": 86_400})
    assert "market_data" in history(devnet, "steem", tomorrow)
    assert history(devnet, "steem", yesterday)["market_data"]["current_price"]["usd"] == price
    with Devnet(block_interval=3600) as another:
        assert history(another, "steem", yesterday)["market_data"]["current_price"]["usd"] == price


def test_troubles_meet_its_questions_by_name(devnet):
    devnet.set_faults({"kind": "status", "code": 429, "method": "prices.simple_price"})
    assert refused(devnet, SIMPLE) == 429
    assert get(devnet, SIMPLE)
    devnet.set_faults({"kind": "status", "code": 503, "method": "prices.coin_history"})
    assert get(devnet, SIMPLE)
    assert refused(devnet, "coins/steem/history?date=01-01-2026") == 503


def test_the_market_on_which_nobody_trades_has_all_of_its_questions(devnet):
    assert devnet.rpc("condenser_api.get_market_history_buckets", []) == [15, 60, 300, 3600, 86400]
    times = ["2026-01-01T00:00:00", "2026-01-02T00:00:00"]
    assert devnet.rpc("condenser_api.get_market_history", [60, *times]) == []
    assert devnet.rpc("condenser_api.get_trade_history", [*times, 10]) == []
    asked = {"bucket_seconds": 60, "start": times[0], "end": times[1]}
    assert devnet.rpc("market_history_api.get_market_history", asked) == {"buckets": []}
    told = devnet.rpc("market_history_api.get_market_history_buckets", {})
    assert told == {"bucket_sizes": [15, 60, 300, 3600, 86400]}
