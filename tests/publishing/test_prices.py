"""Prices through the front door: the service asks a source over HTTP, the commands tell what it said.

The source is the devnet's, or a server of this test that answers as no source should.
"""

import json
import time
import urllib.request
from datetime import date, timedelta
from decimal import Decimal

import pytest
import structlog

from bot import app
from bot.clock import utc_now
from bot.config import load
from bot.devnet.testing import Devnet
from bot.records import Records
from tests.publishing.newsroom import Newsroom

SYMBOLS = ["STEEM", "SBD", "TRX", "JST", "BTC", "ETH", "USDT"]
KEY = "CG-s3cr3t-0f-the-s0urce"
NOW = int(time.time())
GOOD = {"usd": 0.25, "last_updated_at": NOW - 60}
ALL = ["steem", "steem-dollars", "tron", "just", "bitcoin", "ethereum", "tether"]
SIMPLE = "/v3/simple/price"


@pytest.fixture
def still_devnet():
    """One whose time stands still, but for what a test does."""
    with Devnet(block_interval=3600, admin=True) as devnet:
        yield devnet


@pytest.fixture
def still_newsroom(tmp_path, still_devnet, database_url):
    room = Newsroom(tmp_path / "newsroom", still_devnet, database_url)
    yield room
    room.close()


def ask_for_prices(newsroom, source, more=""):
    newsroom.settings = f'[prices]\nsource = "{source}"\n{more}'
    newsroom.ask(*newsroom.devnet.urls)


def lines(newsroom, *options, kind="quote", expect=0, **environment):
    told = newsroom.run("prices", "--json", *options, expect=expect, **environment)
    found = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    return {line.get("symbol") or line["chain"]: line for line in found if line["kind"] == kind}


def known(newsroom, *options):
    """Prices by symbol, of those that are known."""
    told = lines(newsroom, *options)
    assert list(told) == SYMBOLS  # nobody is left out, known or not
    return {symbol: line["usd"] for symbol, line in told.items() if line["usd"] is not None}


def by_plain_http(devnet, path):
    with urllib.request.urlopen(f"{devnet.url}/api/v3/{path}", timeout=30) as answer:
        return json.load(answer, parse_float=Decimal)


def market_of(newsroom, records):
    config = load(newsroom.root / "config/briefbot.toml", {})
    http = app.price_http(config)
    return app.market(config, records, http, utc_now, structlog.get_logger())


def hurry():
    """In the service's process: no source here is anybody else's."""
    from bot.results import market

    market.PAUSE, market.FIRST_BACK_OFF = 0.05, 0.2


def questions(server, path=SIMPLE):
    return [request for request, _ in server.log if request.path == path]


# -- what is known ---------------------------------------------------------------------------------


def test_nobody_is_asked_until_a_source_is_configured(still_newsroom):
    told = still_newsroom.run("prices")

    assert "No source of prices is configured" in told
    assert "0.250000 SBD for 1 STEEM, the witnesses' median" in told
    assert lines(still_newsroom) == {}
    still_newsroom.run("run", "--once")
    with Records.open(still_newsroom.database) as records:
        assert market_of(still_newsroom, records) is None


def test_the_service_keeps_every_price_with_its_age_and_source(still_newsroom):
    devnet = still_newsroom.devnet
    ask_for_prices(still_newsroom, f"{devnet.url}/api/v3/")
    assert known(still_newsroom) == {}
    assert "nobody has asked yet" in still_newsroom.run("doctor")

    service = still_newsroom.start()
    still_newsroom.wait_until(lambda: len(known(still_newsroom)) == len(SYMBOLS))
    assert still_newsroom.stop(service) == 0
    query = f"ids={','.join(ALL)}&vs_currencies=usd"
    there = by_plain_http(devnet, f"simple/price?{query}")
    prices = known(still_newsroom)
    assert [Decimal(prices[symbol]) for symbol in SYMBOLS] == [there[coin]["usd"] for coin in ALL]
    for line in lines(still_newsroom).values():
        assert line["source"] == devnet.url.removeprefix("http://")
        assert line["age"] >= 0
        assert line["at"] <= line["fetched_at"]
    told = still_newsroom.run("doctor")
    assert f"prices ({devnet.url.removeprefix('http://')}): 7 prices, the oldest of" in told


def test_the_chains_own_feed_and_market_are_told_beside(still_newsroom):
    told = lines(still_newsroom, kind="feed")["devnet"]
    assert (told["median"], told["base"], told["quote"]) == ("0.250000", "0.250", "1.000")
    assert (told["coin"], told["in"], told["history"]) == ("STEEM", "SBD", ["0.250000"])
    assert lines(still_newsroom, kind="market")["devnet"]["latest"] == "0.250000"

    still_newsroom.ask("http://127.0.0.1:9")
    told = lines(still_newsroom, kind="feed", expect=3)["devnet"]
    assert told["median"] is None
    assert "no node answered usably" in told["trouble"]


def test_a_payout_is_worth_the_price_of_its_day_and_says_which(still_newsroom, database_url):
    devnet = still_newsroom.devnet
    source = devnet.url.removeprefix("http://")
    ask_for_prices(still_newsroom, f"{devnet.url}/api/v3")
    day = utc_now().date() - timedelta(days=3)
    to_come = utc_now().date() + timedelta(days=30)
    with Records.open(database_url) as records:
        market = market_of(still_newsroom, records)
        market.want([("SBD", day), ("STEEM", day), ("STEEM", to_come)])
        assert market.value(1234, "SBD", day) is None
        service = still_newsroom.start(hurry)
        still_newsroom.wait_until(
            lambda: market.value(1, "SBD", day) and market.value(1, "STEEM", day)
        )
        for symbol, coin in (("SBD", "steem-dollars"), ("STEEM", "steem")):
            asked = f"coins/{coin}/history?date={day:%d-%m-%Y}"
            there = by_plain_http(devnet, asked)["market_data"]["current_price"]["usd"]
            found = market.value(1234, symbol, day)
            assert found.usd == Decimal("1.234") * there
            price = found.price
            assert (price.symbol, price.day, price.usd) == (symbol, day, there)
            assert (price.coin, price.source) == (coin, source)
        # what nobody told is unknown: the day before, a day to come, a coin that isn't asked for
        assert market.value(1234, "SBD", day - timedelta(days=1)) is None
        assert market.value(1234, "STEEM", to_come) is None
        assert market.value(1234, "DOGE", day) is None
        assert still_newsroom.stop(service) == 0


def test_a_days_price_is_asked_for_once_whatever_comes_after(still_newsroom, httpserver):
    ask_for_prices(still_newsroom, httpserver.url_for("/v3"))
    day = date(2026, 1, 2)
    httpserver.expect_request(SIMPLE).respond_with_json({"steem": GOOD})
    history = "/v3/coins/steem/history"
    answer = {"id": "steem", "market_data": {"current_price": {"usd": 0.1234567}}}
    asked = {"date": "02-01-2026", "localization": "false"}
    httpserver.expect_request(history, query_string=asked).respond_with_json(answer)
    with Records.open(still_newsroom.database) as records:
        market = market_of(still_newsroom, records)
        market.want([("STEEM", day)])
        service = still_newsroom.start(hurry)
        still_newsroom.wait_until(lambda: market.price("STEEM", day))
        assert still_newsroom.stop(service) == 0
        market.want([("STEEM", day)])
        assert market.value(1000, "STEEM", day).usd == Decimal("0.1234567")
    dates = [request.args["date"] for request in questions(httpserver, history)]
    assert dates.count("02-01-2026") == 1


# -- what is no price ------------------------------------------------------------------------------

NONSENSE = {
    "NaN": "NaN", "infinity": "Infinity", "negative": "-0.25", "zero": "0", "text": '"0.25"',
    "true": "true", "null": "null", "a list": "[0.25]", "an object": '{"usd": 0.25}',
    "huge": "1e300", "a little too much": "1000000001", "too small": "1e-13",
    "endless": "0." + "3" * 5000, "a huge exponent": "1e-999999999999999999999",
    "many digits": "9" * 5000,
}  # fmt: skip


def simple(usd, at=NOW - 60):
    coins = (f'"{coin}": {{"usd": {usd}, "last_updated_at": {at}}}' for coin in ALL)
    return f"{{{', '.join(coins)}}}"


@pytest.mark.parametrize("usd", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_no_price_and_unknown_stays_unknown(sqlite_newsroom, httpserver, usd):
    ask_for_prices(sqlite_newsroom, httpserver.url_for("/v3"))
    httpserver.expect_request(SIMPLE).respond_with_data(
        simple(usd), content_type="application/json"
    )

    told = sqlite_newsroom.run("prices", "--refresh")
    assert told.count(" unknown\n") == len(SYMBOLS)
    assert "$" not in told
    assert sum(word in told for word in ("no usable price", "no JSON")) == 1


OTHER_ANSWERS = {
    "another currency": json.dumps({coin: {"eur": 0.2, "last_updated_at": NOW} for coin in ALL}),
    "no time": json.dumps({coin: {"usd": 0.25} for coin in ALL}),
    "a time as text": simple(0.25, '"today"'),
    "a time before coins": simple(0.25, 0),
    "nobody's coins": "{}",
    "other coins": json.dumps({"dogecoin": GOOD}),
    "a list": "[]",
    "an error": '{"status": {"error_code": 429}}',
    "HTML": "<html>Welcome to the hotel's network</html>",
    "nothing": "",
    "half": simple(0.25)[:40],
    "deep": "[" * 100_000,
}


@pytest.mark.parametrize("body", OTHER_ANSWERS.values(), ids=OTHER_ANSWERS)
def test_what_has_another_shape_is_no_price_either(sqlite_newsroom, httpserver, body):
    ask_for_prices(sqlite_newsroom, httpserver.url_for("/v3"))
    httpserver.expect_request(SIMPLE).respond_with_data(body, content_type="application/json")

    assert known(sqlite_newsroom, "--refresh") == {}


def test_a_time_to_come_is_no_more_than_now(sqlite_newsroom, httpserver):
    ask_for_prices(sqlite_newsroom, httpserver.url_for("/v3"))
    answer = simple("0.25", NOW + 999_999)
    httpserver.expect_request(SIMPLE).respond_with_data(answer, content_type="application/json")

    for line in lines(sqlite_newsroom, "--refresh").values():
        assert line["at"] == line["fetched_at"]
        assert 0 <= line["age"] < 60


def test_what_is_usable_is_kept_and_what_isnt_is_named(sqlite_newsroom, httpserver):
    ask_for_prices(sqlite_newsroom, httpserver.url_for("/v3"))
    told = dict.fromkeys(ALL, GOOD) | {"just": {"usd": -1, "last_updated_at": NOW}}
    del told["tron"]
    httpserver.expect_request(SIMPLE).respond_with_json(told)

    assert set(known(sqlite_newsroom, "--refresh")) == {*SYMBOLS} - {"JST", "TRX"}
    doctor = sqlite_newsroom.run("doctor")
    assert "TRX: not told; JST: told as what can't be a price" in doctor
    assert "[prices.ids]" in doctor


def test_the_last_price_that_was_told_stays_with_its_age(sqlite_newsroom, httpserver):
    """Nothing is made younger by a source that has stopped telling."""
    ask_for_prices(sqlite_newsroom, httpserver.url_for("/v3"))
    old = {coin: {"usd": 0.25, "last_updated_at": NOW - 90_000} for coin in ALL}
    httpserver.expect_oneshot_request(SIMPLE).respond_with_json(old)
    httpserver.expect_request(SIMPLE).respond_with_data("gone", status=500)

    before = lines(sqlite_newsroom, "--refresh")
    assert before["STEEM"]["age"] >= 90_000
    assert "is the service running?" in sqlite_newsroom.run("doctor")
    service = sqlite_newsroom.start()
    time.sleep(2)
    assert sqlite_newsroom.stop(service) == 0
    after = lines(sqlite_newsroom)["STEEM"]
    assert (after["usd"], after["at"]) == ("0.25", before["STEEM"]["at"])
    assert after["age"] >= before["STEEM"]["age"]


# -- sources in trouble ----------------------------------------------------------------------------


def test_a_source_that_is_down_is_nobodys_trouble_but_the_prices(newsroom):
    """Briefs go out; the trouble is told once; what is known comes when the source does."""
    devnet = newsroom.devnet
    ask_for_prices(newsroom, f"{devnet.url}/api/v3")
    devnet.set_faults({"kind": "status", "code": 503, "method": "prices.simple_price", "count": -1})
    newsroom.brief("a.md")
    service = newsroom.start(hurry)
    newsroom.wait_for("final")
    newsroom.wait_until(lambda: "HTTP status 503" in newsroom.run("doctor"))
    devnet.clear_faults()
    newsroom.wait_until(lambda: len(known(newsroom)) == len(SYMBOLS))
    newsroom.wait_until(lambda: newsroom.told("prices_back"))
    assert newsroom.stop(service) == 0
    assert len(newsroom.told("prices_unavailable")) == 1


def test_where_nobody_listens_nothing_is_known_and_doctor_says_so(sqlite_newsroom):
    ask_for_prices(sqlite_newsroom, "http://127.0.0.1:9/v3")

    assert known(sqlite_newsroom, "--refresh") == {}
    told = sqlite_newsroom.run("doctor")
    assert "it tells nothing usable: no connection" in told


def test_a_source_that_is_slow_keeps_nothing_waiting(newsroom):
    devnet = newsroom.devnet
    ask_for_prices(newsroom, f"{devnet.url}/api/v3")
    slow = {"kind": "delay", "seconds": 60, "method": "prices.simple_price", "count": -1}
    devnet.set_faults(slow)
    service = newsroom.start()
    newsroom.wait_until(lambda: newsroom.told("started"))
    time.sleep(0.5)  # by now the source has been asked, and says nothing
    newsroom.brief("a.md")
    newsroom.wait_for("final")
    assert not newsroom.told("prices_unavailable")  # it is still being asked
    began = time.monotonic()
    assert newsroom.stop(service) == 0
    assert time.monotonic() - began < 5
    assert not newsroom.told("job_failed")
    # that it was stopped says nothing about the source
    with Records.open(newsroom.database) as records:
        state = market_of(newsroom, records).state()
    assert (state.failures, state.trouble, state.rest) == (0, "", 0)


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "truncate", "chunked", "http_1_0"])
def test_answers_that_break_off_or_come_in_another_form(still_newsroom, kind):
    ask_for_prices(still_newsroom, f"{still_newsroom.devnet.url}/api/v3")
    still_newsroom.devnet.set_faults({"kind": kind, "method": "prices.simple_price"})

    whole = {"chunked", "http_1_0"}
    assert len(known(still_newsroom, "--refresh")) == (len(SYMBOLS) if kind in whole else 0)


def test_who_asks_to_be_left_alone_is(sqlite_newsroom, httpserver):
    ask_for_prices(sqlite_newsroom, httpserver.url_for("/v3"))
    rest = {"Retry-After": "3000"}
    httpserver.expect_request(SIMPLE).respond_with_data("", status=429, headers=rest)

    for _ in range(3):
        assert known(sqlite_newsroom, "--refresh") == {}
    service = sqlite_newsroom.start(hurry)
    time.sleep(3)
    assert sqlite_newsroom.stop(service) == 0
    assert len(questions(httpserver)) == 1
    told = sqlite_newsroom.run("prices")
    assert "it asks to be left alone (HTTP status 429); it is asked again in 29" in told


def test_without_such_a_wish_the_back_off_doubles(sqlite_newsroom, httpserver):
    ask_for_prices(sqlite_newsroom, httpserver.url_for("/v3"))
    httpserver.expect_request(SIMPLE).respond_with_data("", status=429)
    service = sqlite_newsroom.start(hurry)  # 0.2 s, 0.4 s, 0.8 s …
    time.sleep(6)
    assert sqlite_newsroom.stop(service) == 0

    assert 3 <= len(questions(httpserver)) <= 6


def test_no_redirect_is_followed_and_the_key_stays_with_its_source(sqlite_newsroom, httpserver):
    ask_for_prices(sqlite_newsroom, httpserver.url_for("/v3"))
    elsewhere = httpserver.url_for("/elsewhere")
    moved = {"Location": elsewhere}
    httpserver.expect_request(SIMPLE).respond_with_data("", status=302, headers=moved)
    httpserver.expect_request("/elsewhere").respond_with_json(dict.fromkeys(ALL, GOOD))

    told = sqlite_newsroom.run("prices", "--refresh", BRIEFBOT_PRICES_KEY=KEY)
    assert "it sends elsewhere (HTTP status 302)" in told
    assert questions(httpserver, "/elsewhere") == []
    assert known(sqlite_newsroom) == {}


# -- many workers ----------------------------------------------------------------------------------


def test_two_workers_ask_once(newsroom, httpserver):
    ask_for_prices(newsroom, httpserver.url_for("/v3"))
    httpserver.expect_request(SIMPLE).respond_with_json(dict.fromkeys(ALL, GOOD))
    services = [newsroom.start(), newsroom.start(None, "--no-queue")]
    newsroom.wait_until(lambda: len(known(newsroom)) == len(SYMBOLS))
    time.sleep(3)
    for service in services:
        assert newsroom.stop(service) == 0

    assert len(questions(httpserver)) == 1


# -- what leaves -----------------------------------------------------------------------------------


def test_the_source_learns_which_coins_are_asked_for_and_nothing_else(sqlite_newsroom, httpserver):
    ask_for_prices(sqlite_newsroom, httpserver.url_for("/v3"))
    httpserver.expect_request(SIMPLE).respond_with_json(dict.fromkeys(ALL, GOOD))
    sqlite_newsroom.run("prices", "--refresh")

    (request,) = questions(httpserver)
    assert dict(request.args) == {
        "ids": ",".join(sorted(ALL)), "vs_currencies": "usd", "include_last_updated_at": "true",
        "precision": "full",
    }  # fmt: skip
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert headers == {
        "host": f"{httpserver.host}:{httpserver.port}",
        "accept": "application/json",
        "accept-encoding": "gzip",
        "user-agent": "briefbot",
    }
    assert request.data == b""


def test_ids_can_be_others_and_coins_be_added_or_left_out(sqlite_newsroom, httpserver):
    ids = '[prices.ids]\nSBD = "sbd-2"\nDOGE = "dogecoin"\nJST = ""\n'
    ask_for_prices(sqlite_newsroom, httpserver.url_for("/v3"), ids)
    httpserver.expect_request(SIMPLE).respond_with_json({"sbd-2": GOOD, "dogecoin": GOOD})

    told = lines(sqlite_newsroom, "--refresh")
    assert {symbol for symbol, line in told.items() if line["usd"]} == {"SBD", "DOGE"}
    assert "JST" not in told
    asked = questions(httpserver)[0].args["ids"].split(",")
    assert {"sbd-2", "dogecoin"} <= {*asked}
    assert not {"steem-dollars", "just"} & {*asked}


@pytest.mark.parametrize(
    ("settings", "header"),
    [("", "x-cg-demo-api-key"), ('key_header = "X-Api-Key"\n', "x-api-key")],
)
def test_the_key_is_sent_to_the_source_and_shown_to_nobody(
    sqlite_newsroom, httpserver, settings, header
):
    room = sqlite_newsroom
    ask_for_prices(room, httpserver.url_for("/v3"), settings)
    httpserver.expect_request(SIMPLE, headers={header: KEY}).respond_with_json({"steem": GOOD})
    with (room.root / ".env").open("a") as file:
        file.write(f"BRIEFBOT_PRICES_KEY={KEY}\n")
    service = room.start(hurry)
    room.wait_until(lambda: "STEEM" in known(room))
    assert room.stop(service) == 0
    (room.root / "key").write_text(KEY + "\n")
    environment = {"BRIEFBOT_PRICES_KEY": "", "BRIEFBOT_PRICES_KEY_FILE": "key"}
    for command in (["prices", "--refresh"], ["doctor"], ["--debug", "prices"], ["export"]):
        room.run(*command, **environment)
    with Records.open(room.database) as records, records.reading() as connection:
        dump = "\n".join(connection.connection.dbapi_connection.iterdump())
    assert KEY not in dump
    for file in room.root.rglob("*"):
        if file.is_file() and file.name not in {".env", "key"}:
            assert KEY not in file.read_text(errors="replace"), file


@pytest.mark.parametrize(
    ("source", "key", "words"),
    [
        ("http://prices.example/v3", KEY, "the key isn't sent by http://"),
        ("https://127.0.0.1:9/v3", "two words", "this is no key"),
        ("https://127.0.0.1:9/v3", "line\nbreak", "this is no key"),
    ],
)
def test_a_key_that_would_be_seen_or_cant_be_sent_is_not(sqlite_newsroom, source, key, words):
    ask_for_prices(sqlite_newsroom, source)
    told = sqlite_newsroom.run("doctor", BRIEFBOT_PRICES_KEY=key)
    assert words in told
    assert key not in told
