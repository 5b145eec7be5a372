"""What makes a chain out of a name and a table."""

import hashlib

import pytest
from beemgraphenebase.chains import known_chains
from hypothesis import given
from hypothesis import strategies as st

from bot.chain import BUILT_IN, ProfileError, Symbols, profile
from bot.errors import BotError

MYNET = {
    "nodes": ["http://127.0.0.1:8090"],
    "chain_id": "AB" * 32,
    "prefix": "TST",
    "symbols": {"core": "TESTS", "debt": "TBD", "vests": "VESTS"},
}


def test_the_known_chains_are_themselves_without_a_table():
    for name in ("steem", "hive", "blurt", "devnet"):
        assert profile(name) is not None
        assert profile(name) == BUILT_IN[name]
        assert profile(name, {}) == BUILT_IN[name]


def test_chain_ids_prefixes_and_symbols_are_those_that_beem_knows():
    for ours, theirs in (("steem", "STEEM"), ("hive", "HIVE2"), ("blurt", "BLURT")):
        mine, known = BUILT_IN[ours], known_chains[theirs]
        assert (mine.chain_id, mine.prefix) == (known["chain_id"], known["prefix"])
        symbols = {asset["asset"]: asset["symbol"] for asset in known["chain_assets"]}
        assert symbols.get("@@000000013") == mine.symbols.debt
        assert symbols["@@000000021"] == mine.symbols.core
        assert symbols["@@000000037"] == mine.symbols.vests


def test_the_devnet_signs_for_a_chain_id_of_its_own():
    expected = hashlib.sha256(b"briefbot devnet").hexdigest()
    assert BUILT_IN["devnet"].chain_id == expected
    assert BUILT_IN["devnet"].nodes == ("http://127.0.0.1:8090",)


def test_blurt_counts_payouts_in_its_core_asset():
    assert BUILT_IN["blurt"].symbols.payout == "BLURT"
    assert BUILT_IN["hive"].symbols.payout == "HBD"


def test_a_table_with_a_known_name_changes_only_what_it_says():
    changed = profile("steem", {"nodes": ["https://node.example.org/rpc"]})
    assert changed.nodes == ("https://node.example.org/rpc",)
    assert changed.chain_id == BUILT_IN["steem"].chain_id
    assert changed.url == BUILT_IN["steem"].url


def test_a_chain_of_ones_own():
    mynet = profile("mynet", MYNET | {"irreversibility": "obi", "percent_field": "percent_hbd"})
    assert mynet.name == "mynet"
    assert mynet.chain_id == "ab" * 32
    assert mynet.symbols == Symbols("TESTS", "TBD", "VESTS")
    assert (mynet.irreversibility, mynet.percent_field) == ("obi", "percent_hbd")


def test_a_chain_without_a_dollar():
    assert profile("mynet", MYNET | {"symbols": {"core": "A", "vests": "B"}}).symbols.debt is None


def test_a_chain_without_a_website_shows_posts_at_its_node():
    expected = "http://127.0.0.1:8090/{category}/@{author}/{permlink}"
    assert profile("mynet", MYNET).url == expected
    moved = profile("devnet", {"nodes": ["http://127.0.0.1:9999/"]})
    assert moved.url == "http://127.0.0.1:9999/{category}/@{author}/{permlink}"


@pytest.mark.parametrize(
    ("table", "where", "words"),
    [
        ({"nodes": []}, "chains.mynet.nodes", "at least one"),
        ({"nodes": "http://a"}, "chains.mynet.nodes", "list"),
        ({"nodes": ["ws://a.example"]}, "chains.mynet.nodes", "websocket"),
        ({"nodes": ["wss://a.example"]}, "chains.mynet.nodes", "websocket"),
        ({"nodes": ["https://user:secret@a.example"]}, "chains.mynet.nodes", "address"),
        ({"nodes": ["a.example"]}, "chains.mynet.nodes", "address"),
        ({"nodes": [7]}, "chains.mynet.nodes", "address"),
        ({"chain_id": "abc"}, "chains.mynet.chain_id", "64"),
        ({"chain_id": 0}, "chains.mynet.chain_id", "64"),
        ({"prefix": "stm"}, "chains.mynet.prefix", "capital"),
        ({"symbols": "STEEM"}, "chains.mynet.symbols", "table"),
        ({"symbols": {"core": "A"}}, "chains.mynet.symbols.vests", "missing"),
        ({"symbols": {"core": "A", "vests": "TOOLONG"}}, "chains.mynet.symbols.vests", "letters"),
        ({"symbols": {"core": "A", "vests": "A"}}, "chains.mynet.symbols", "differ"),
        ({"symbols": {"core": "A", "vests": "B", "x": "C"}}, "chains.mynet.symbols.x", "no such"),
        ({"irreversibility": "soon"}, "chains.mynet.irreversibility", "lib or obi"),
        ({"percent_field": "percent"}, "chains.mynet.percent_field", "percent_hbd"),
        ({"url": "https://x/{author}"}, "chains.mynet.url", "permlink"),
        ({"url": "https://x/{author}/{permlink}/{0}"}, "chains.mynet.url", "expected"),
        ({"url": "https://x/{author}/{permlink}/{author.name}"}, "chains.mynet.url", "expected"),
        ({"url": "https://x/{author}/{permlink"}, "chains.mynet.url", "expected"),
        ({"node": ["http://a"]}, "chains.mynet.node", "did you mean 'nodes'"),
        ({"zzz": 1}, "chains.mynet.zzz", "known are"),
    ],
)
def test_a_wrong_value_is_named_with_its_place_and_remedy(table, where, words):
    with pytest.raises(ProfileError) as caught:
        profile("mynet", MYNET | table)
    assert str(caught.value).startswith(where)
    assert words in str(caught.value)
    assert isinstance(caught.value, BotError)


@pytest.mark.parametrize("key", sorted(MYNET))
def test_a_chain_of_ones_own_needs_its_constants(key):
    table = {name: value for name, value in MYNET.items() if name != key}
    with pytest.raises(ProfileError, match=rf"chains\.mynet\.{key}: missing"):
        profile("mynet", table)


def test_an_unknown_chain_is_named_with_those_that_are_known():
    with pytest.raises(ProfileError, match=r"no chain 'stem'.*steem, hive, blurt, devnet"):
        profile("stem")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=80),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(
    table=st.dictionaries(
        st.sampled_from([*MYNET, "url", "irreversibility", "percent_field", "other"]), VALUES
    ),
    name=st.sampled_from(["steem", "mynet"]),
)
def test_whatever_stands_in_a_table_it_makes_a_chain_or_a_profile_error(table, name):
    try:
        made = profile(name, table)
    except ProfileError:
        return
    made.url.format(category="c", author="a", permlink="p")
    assert made.nodes
