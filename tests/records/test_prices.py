"""Prices that are kept, and the turns by which workers share a source."""

import threading
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from bot.records import DatabaseUnavailable
from bot.records.prices import KeptQuote, PriceRecords
from bot.records.tables import from_now, price_sources, prices
from tests.records import test_query_cost
from tests.records.test_records import NOW

ADDRESS = "https://prices.example/v3"
COINS = {"STEEM": "steem", "SBD": "steem-dollars"}
DAY = date(2026, 11, 27)
QUOTE = KeptQuote("STEEM", "steem", Decimal("0.251234567891"), NOW, "prices.example", NOW)


@pytest.fixture
def kept(records):
    return PriceRecords(records, ADDRESS, COINS)


def pass_time(records, *columns):
    """The database's clock has come to these."""
    with records.writing() as connection:
        for column in columns:
            connection.execute(sa.update(column.table).values({column: from_now(-1.0)}))


def answer(kept, *told, trouble=""):
    kept.answered_quotes(told, trouble, NOW, pause=12, every=600)


def test_a_quote_is_given_back_to_the_last_digit(kept):
    kept.take_turn()
    small = replace(QUOTE, symbol="SBD", coin="steem-dollars", usd=Decimal("0.000000000001"))
    answer(kept, QUOTE, small)

    assert kept.quotes() == (small, QUOTE)


def test_what_was_told_of_a_later_time_stays(kept):
    kept.take_turn()
    answer(kept, QUOTE)
    answer(kept, replace(QUOTE, usd=Decimal(9), at=NOW - timedelta(minutes=5)))
    assert kept.quotes() == (QUOTE,)

    newer = replace(QUOTE, usd=Decimal("0.26"), at=NOW + timedelta(minutes=5))
    answer(kept, newer)
    assert kept.quotes() == (newer,)


def test_another_source_has_the_last_word_from_its_first_answer_on(kept):
    kept.take_turn()
    answer(kept, QUOTE)
    other = replace(QUOTE, usd=Decimal("0.2"), at=NOW - timedelta(hours=1), source="elsewhere")
    answer(kept, other)

    assert kept.quotes() == (other,)


def test_one_worker_asks_and_the_others_wait(records):
    one, other = (PriceRecords(records, ADDRESS, COINS) for _ in range(2))

    assert one.rest() == 0
    assert one.take_turn().wanted is None
    assert other.take_turn() is None
    assert 50 < other.rest() <= 60
    answer(one, QUOTE)
    assert 590 < other.rest() <= 600
    assert other.take_turn() is None


def test_of_many_workers_that_begin_at_once_one_has_the_turn(records):
    began = threading.Barrier(6)
    turns = []

    def work():
        began.wait()
        turns.append(PriceRecords(records, ADDRESS, COINS).take_turn())

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([turn for turn in turns if turn]) == 1


def test_the_turn_of_one_who_died_in_it_goes_on_to_another(records, kept):
    kept.take_turn()
    pass_time(records, price_sources.c.ask_at)

    assert PriceRecords(records, ADDRESS, COINS).take_turn() is not None


def test_a_clock_that_was_far_ahead_silences_nobody_for_long(records, kept):
    kept.take_turn()
    answer(kept, QUOTE)
    with records.writing() as connection:
        ahead = from_now(30 * 86_400.0)
        connection.execute(sa.update(price_sources).values(ask_at=ahead, quotes_at=ahead))

    assert kept.rest() == 0
    assert kept.take_turn().wanted is None


def test_a_turn_that_is_given_back_is_anothers_at_once(records, kept):
    kept.take_turn()
    kept.give_back_turn()

    assert kept.state().failures == 0
    assert PriceRecords(records, ADDRESS, COINS).take_turn() is not None


def test_after_a_failure_all_of_them_leave_the_source_alone(records, kept):
    kept.take_turn()
    kept.failed("HTTP status 500", 30, None, 300)

    assert 25 < kept.rest() <= 30
    assert PriceRecords(records, ADDRESS, COINS).take_turn() is None
    state = kept.state()
    assert (state.trouble, state.failures, state.answered_at) == ("HTTP status 500", 1, None)
    pass_time(records, price_sources.c.ask_at)
    assert kept.take_turn().failures == 1
    answer(kept, QUOTE)
    assert kept.state().failures == 0
    assert kept.state().trouble == ""


def test_a_day_that_is_wanted_is_asked_for_once_and_then_known(records, kept):
    kept.want([("STEEM", DAY, 0.0), ("NOBODY", DAY, 0.0)])
    kept.want([("STEEM", DAY, 0.0)])
    kept.take_turn()
    answer(kept, QUOTE)
    pass_time(records, price_sources.c.ask_at)

    assert kept.take_turn().wanted == ("STEEM", DAY)
    assert kept.price("STEEM", DAY) is None
    kept.answered_day(("STEEM", DAY), Decimal("0.25"), "prices.example", NOW, pause=12, again=99)
    pass_time(records, price_sources.c.ask_at)
    assert kept.take_turn() is None
    price = kept.price("STEEM", DAY)
    assert (price.usd, price.source, price.fetched_at) == (Decimal("0.25"), "prices.example", NOW)
    kept.want([("STEEM", DAY, 0.0)])
    assert kept.price("STEEM", DAY) == price


def test_a_day_that_isnt_told_is_asked_for_again_later_and_later(records, kept):
    kept.want([("STEEM", DAY, 0.0)])
    kept.take_turn()
    answer(kept, QUOTE)
    rests = []
    for _ in range(3):
        pass_time(records, price_sources.c.ask_at, prices.c.ask_at)
        wanted = kept.take_turn().wanted
        kept.answered_day(wanted, None, "prices.example", NOW, pause=0, again=100)
        rests.append(round(kept.rest(), -1))

    assert rests == [100, 200, 400]
    assert kept.price("STEEM", DAY) is None


def test_a_day_of_which_nothing_usable_comes_lets_others_go_before(records, kept):
    kept.want([("STEEM", DAY, 0.0), ("SBD", DAY, 0.0)])
    kept.take_turn()
    answer(kept, QUOTE)
    pass_time(records, price_sources.c.ask_at)
    wanted = kept.take_turn().wanted
    assert wanted == ("SBD", DAY)
    kept.failed("HTTP status 500", 0, wanted, 300)

    assert kept.take_turn().wanted == ("STEEM", DAY)


def test_a_symbol_that_stands_for_another_coin_now_has_no_price_of_the_old_one(records, kept):
    kept.want([("STEEM", DAY, 0.0), ("SBD", DAY, 0.0)])
    kept.take_turn()
    answer(kept, QUOTE)
    for symbol in COINS:
        kept.answered_day((symbol, DAY), Decimal(1), "prices.example", NOW, pause=0, again=99)
    mended = PriceRecords(records, ADDRESS, COINS | {"STEEM": "steem-2"})

    assert mended.quotes() == ()
    assert mended.price("STEEM", DAY) is None
    mended.forget_other_coins()
    assert mended.take_turn().wanted is None  # quotes at once
    answer(mended, replace(QUOTE, coin="steem-2"))
    pass_time(records, price_sources.c.ask_at)
    assert mended.take_turn().wanted == ("STEEM", DAY)
    assert mended.price("SBD", DAY).usd == 1


def test_many_days_are_one_question(kept):
    days = [DAY - timedelta(days=n) for n in range(5)]
    kept.want((symbol, day, 0.0) for symbol in COINS for day in days)
    kept.take_turn()
    for day in days:
        kept.answered_day(("SBD", day), Decimal(1), "prices.example", NOW, pause=0, again=99)

    found = kept.prices(("STEEM", "SBD"), days[-2], days[0])
    assert set(found) == {("SBD", day) for day in days[:-1]}


def test_a_price_that_nobody_can_have_written_is_damage(records, kept):
    kept.take_turn()
    answer(kept, QUOTE)
    with records.writing() as connection:
        connection.execute(sa.text("UPDATE quotes SET usd = 'dear'"))

    with pytest.raises(DatabaseUnavailable, match="damaged"):
        kept.quotes()


def test_at_rest_it_costs_what_is_wanted_and_not_what_is_known(records, kept, monkeypatch):
    monkeypatch.setattr(test_query_cost, "GROWING", {"prices"})
    known = [
        {"symbol": symbol, "day": DAY - timedelta(days=n), "coin": COINS[symbol],
         "usd": Decimal(1), "source": "prices.example", "fetched_at": NOW, "ask_at": NOW}
        for symbol in COINS for n in range(5_000)
    ]  # fmt: skip
    kept.take_turn()
    answer(kept, QUOTE)
    with records.writing() as connection:
        connection.execute(sa.insert(prices), known)
    if records._engine.dialect.name == "postgresql":
        engine = records._engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text("VACUUM ANALYZE"))
    with test_query_cost.counted(records) as cost:
        kept.rest()
        kept.price("STEEM", DAY)
        kept.prices(COINS, DAY - timedelta(days=3), DAY)
        kept.quotes()
        kept.take_turn()
    test_query_cost.is_cheap(cost, records)
