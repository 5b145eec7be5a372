"""What a chain itself says that its coin is worth: the witnesses' median, and its market."""

from decimal import Decimal

import pytest

from bot.chain import NodesUnreachable, profile
from bot.chain.beem_chain import BeemChain
from bot.chain.errors import NodesDisagree
from bot.chain.market import FeedPrice
from bot.devnet.testing import Devnet
from bot.http import Http
from tests.chain.scripted_node import ScriptedNode, answering, reply
from tests.chain.test_reads import RECORDED, ask, chain_on, recorded

FEED = {
    "id": 0,
    "current_median_history": {"base": "0.333 SBD", "quote": "1.010 STEEM"},
    "price_history": [
        {"base": "0.250 SBD", "quote": "1.000 STEEM"},
        {"base": "0.333 SBD", "quote": "1.010 STEEM"},
    ],
}
TICKER = {
    "latest": "0.24896265560165975",
    "lowest_ask": "0.25000000000000000",
    "highest_bid": "0.00000000000000000",
    "percent_change": "-1.24896265560165975",
    "steem_volume": "15011.229 STEEM",
    "sbd_volume": "3739.201 SBD",
}


def feed_of(told):
    return ask(answering(condenser_api__get_feed_history=told), lambda chain: chain.agreed_feed())


def ticker_of(told):
    return ask(answering(condenser_api__get_ticker=told), lambda chain: chain.ticker())[0]


def test_the_median_and_those_of_the_hours_before_are_exact():
    feed, requests = feed_of(FEED)

    assert feed.median == FeedPrice(Decimal("0.333"), Decimal("1.010"))
    assert feed.median.rate == Decimal("0.329703")
    assert [price.rate for price in feed.history] == [Decimal("0.25"), Decimal("0.329703")]
    assert len(requests) == 1


def test_a_young_chain_has_no_feed_whatever_it_tells():
    """steemd tells a dollar for a coin before any witness has said anything (a real one's words)."""
    script = answering(condenser_api__get_feed_history=recorded("feed history"))
    with ScriptedNode(script) as node:
        symbols = {"core": "TESTS", "debt": "TBD", "vests": "VESTS"}
        table = {"nodes": [node.url], "chain_id": "0" * 64, "prefix": "TST", "symbols": symbols}
        with BeemChain(profile("young", table), Http(timeout=1.0)) as chain:
            assert chain.agreed_feed() is None


@pytest.mark.parametrize(
    "told",
    [
        {},
        None,
        FEED | {"current_median_history": {"base": "0.333 SBD", "quote": "0.000 STEEM"}},
        FEED | {"current_median_history": {"base": "0.000 SBD", "quote": "1.000 STEEM"}},
        FEED | {"current_median_history": {"base": "1.000 STEEM", "quote": "0.333 SBD"}},
        FEED | {"current_median_history": {"base": "NaN SBD", "quote": "1.000 STEEM"}},
        FEED | {"current_median_history": {"base": 0.25, "quote": 1.0}},
        FEED | {"price_history": "none"},
        FEED | {"price_history": FEED["price_history"] * 1000},
    ],
)
def test_a_feed_that_cant_be_one_is_not_believed(told):
    with pytest.raises(NodesUnreachable):
        feed_of(told)


def test_the_market_in_numbers_that_are_exact():
    ticker = ticker_of(TICKER)

    assert ticker.latest == Decimal("0.248963")
    assert ticker.lowest_ask == Decimal("0.25")
    assert ticker.highest_bid is None  # nobody bids
    assert ticker.percent_change == Decimal("-1.248963")
    assert (ticker.core_volume, ticker.debt_volume) == (Decimal("15011.229"), Decimal("3739.201"))


@pytest.mark.parametrize(
    "change",
    [
        {"latest": "nan"},
        {"latest": "-1.0"},
        {"latest": "1e400"},
        {"latest": True},
        {"latest": None},
        {"latest": "9" * 19},
        {"steem_volume": "1.000 HIVE"},
        {"sbd_volume": "many"},
    ],
)
def test_a_market_that_cant_be_one_is_not_believed(change):
    with pytest.raises(NodesUnreachable):
        ticker_of(TICKER | change)


def test_a_chain_without_a_dollar_has_neither_and_is_not_asked():
    with ScriptedNode(answering()) as node:
        made = profile("blurt", {"nodes": [node.url]})
        with BeemChain(made, Http(timeout=1.0)) as chain:
            assert chain.agreed_feed() is None
            assert chain.ticker() is None
        assert node.requests == []


def test_nodes_that_dont_serve_it_leave_it_unknown():
    """In the words of a real steemd about a method that it hasn't."""
    error = next(
        step["reply"]["error"]
        for step in RECORDED.values()
        if step.get("method") == "condenser_api.nope"
    )
    with ScriptedNode(lambda request: reply(request, error=error)) as node, chain_on(node) as chain:
        assert chain.agreed_feed() is None
        assert chain.ticker() is None


def test_where_only_the_median_is_served_it_has_no_history():
    error = next(
        step["reply"]["error"]
        for step in RECORDED.values()
        if step.get("method") == "condenser_api.nope"
    )
    told = {"base": "0.250 SBD", "quote": "1.000 STEEM"}

    def script(request):
        served = request["method"] == "condenser_api.get_current_median_history_price"
        return reply(request, **({"result": told} if served else {"error": error}))

    with ScriptedNode(script) as node, chain_on(node) as chain:
        feed = chain.agreed_feed()
        assert (feed.median.rate, feed.history) == (Decimal("0.25"), ())
        told |= {"base": "0.001 SBD", "quote": "0.001 STEEM"}  # as a real one without a feed says
        assert chain.agreed_feed() is None


@pytest.mark.parametrize(("flavour", "name"), [("steem", "devnet"), ("hive", "hive")])
def test_the_devnet_tells_both_as_the_chain_that_it_plays(flavour, name):
    with Devnet(block_interval=3600, arguments=("--flavour", flavour)) as devnet:
        made = profile(name, {"nodes": [devnet.url]})
        with BeemChain(made, Http(timeout=5.0)) as chain:
            assert chain.agreed_feed().median.rate == Decimal("0.25")
            assert chain.ticker().latest == Decimal("0.25")


def test_two_nodes_must_tell_the_same_feed():
    other = FEED | {"current_median_history": {"base": "9.000 SBD", "quote": "1.000 STEEM"}}
    with (
        ScriptedNode(answering(condenser_api__get_feed_history=FEED)) as first,
        ScriptedNode(answering(condenser_api__get_feed_history=other)) as second,
        ScriptedNode(answering(condenser_api__get_feed_history=FEED)) as third,
    ):
        with chain_on(second, first) as chain, pytest.raises(NodesDisagree):
            chain.agreed_feed()
        with chain_on(second, first, third) as chain:
            assert chain.agreed_feed().median.rate == Decimal("0.329703")
