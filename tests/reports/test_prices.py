"""Prices as people read them, and the rows of the dashboard's panel."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from bot.chain.profiles import BUILT_IN
from bot.records.prices import Price
from bot.reports.prices import in_dollars, panel, told_age, valuation_line
from bot.results.coins import coins_of
from bot.results.market import Quote, valued

AT = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def quote(symbol, usd, age=timedelta(minutes=2)):
    return Quote(symbol, Decimal(usd), AT, age, "prices.example", AT)


def test_the_panel_has_the_platforms_order_and_unknown_where_nobody_told():
    known = [quote("ETH", "3000"), quote("SBD", "1.02"), quote("JST", "0.0336"), quote("DOGE", "1")]
    rows = panel(known)

    assert [row.symbol for row in rows] == ["STEEM", "TRX", "JST", "BTC", "ETH", "USDT", "SBD"]
    assert [row.shown for row in rows] == [
        "unknown", "unknown", "$0.034", "unknown", "$3,000.00", "unknown", "$1.02",
    ]  # fmt: skip
    assert (rows[0].usd, rows[0].at, rows[0].age, rows[0].source) == (None, None, None, None)
    assert rows[-1].usd == Decimal("1.02")
    assert (rows[-1].at, rows[-1].age, rows[-1].source) == (
        AT, timedelta(minutes=2), "prices.example",
    )  # fmt: skip


def test_another_chains_panel_has_its_own_coins():
    hive, blurt = BUILT_IN["hive"].symbols, BUILT_IN["blurt"].symbols

    assert [row.symbol for row in panel((), hive.core, hive.debt)][::6] == ["HIVE", "HBD"]
    assert [row.symbol for row in panel((), blurt.core, blurt.debt)][-1] == "USDT"


@pytest.mark.parametrize(
    ("usd", "shown"),
    [("0.25", "$0.25"), ("0.005", "< $0.01"), ("0.125", "$0.13"), ("91204.5", "$91,204.50"),
     ("1", "$1.00"), ("0.01", "$0.01"), ("1000000000", "$1,000,000,000.00")],
)  # fmt: skip
def test_dollars_as_people_read_them(usd, shown):
    assert in_dollars(Decimal(usd)) == shown


@pytest.mark.parametrize(
    ("age", "said"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (7199, "1 h"), (200_000, "2 d")]
)
def test_ages(age, said):
    assert told_age(timedelta(seconds=age)) == said


def test_a_value_is_exact_however_many_digits_it_has():
    price = Price("SBD", date(2026, 11, 27), "sbd", Decimal("1.020000000001"), "prices.example", AT)
    found = valued(12_345_678_901_234_567_890, price)

    assert found.usd == Decimal("12592592479271604.926701234567890")
    assert found.price is price
    assert valuation_line(found) == {
        "usd": "12592592479271604.926701234567890",
        "symbol": "SBD",
        "price": "1.020000000001",
        "day": "2026-11-27",
        "source": "prices.example",
    }
    assert valued(1, price, precision=6).usd == Decimal("0.000001020000000001")


def test_each_chain_asks_for_its_own_coins_and_those_of_the_panel():
    steem, hive, devnet = (BUILT_IN[name].symbols for name in ("steem", "hive", "devnet"))

    assert coins_of([steem], {}) == coins_of([devnet], {}) == coins_of([steem, devnet], {})
    assert list(coins_of([steem, hive], {}))[:4] == ["STEEM", "SBD", "HIVE", "HBD"]
    assert "STEEM" not in coins_of([hive], {})
