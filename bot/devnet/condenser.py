"""condenser_api: positional arguments, amounts as texts, operations as pairs (chain-rules §5)."""

from typing import Any

from bot.devnet.chain import DevnetChain
from bot.devnet.discussions import Discussions
from bot.devnet.methods import Method, Reader
from bot.devnet.moments import stamp
from bot.devnet.state import Value
from bot.devnet.variant import as_array, as_bool, as_uint32
from bot.devnet.views import Views

_ORDERS = (
    "trending", "created", "active", "cashout", "votes", "children", "hot", "feed", "blog",
    "comments", "promoted", "payout",
)  # fmt: skip
MARKET_BUCKETS = (15, 60, 300, 3600, 86_400)
"""Seconds over which a node sums trades up (market_history_plugin.cpp), of which there are none."""


class Condenser:
    """The methods, each with the numbers of arguments that it takes."""

    def __init__(self, chain: DevnetChain) -> None:
        self._chain = chain
        self._reader = Reader(chain)
        self._views = Views(chain, legacy=True)
        self._lists = Discussions(self._reader, self._views)
        self._config = chain.network.config()
        self.methods: dict[str, tuple[tuple[int, ...], Method]] = (
            self._chain_methods() | self._post_methods() | self._follow_methods()
        )

    def _chain_methods(self) -> dict[str, tuple[tuple[int, ...], Method]]:
        views, reader = self._views, self._reader
        return {
            "get_version": ((0,), lambda _: version(self._chain)),
            "get_config": ((0,), lambda _: self._config),
            "get_dynamic_global_properties": ((0,), lambda _: views.properties()),
            "get_chain_properties": ((0,), lambda _: self._chain_properties()),
            "get_hardfork_version": ((0,), lambda _: self._chain.network.hardfork),
            "get_next_scheduled_hardfork": (
                (0,),
                lambda _: {"hf_version": self._chain.network.hardfork, "live_time": stamp(0)},
            ),
            "get_witness_schedule": ((0,), lambda _: witness_schedule(self._chain)),
            "get_account_count": ((0,), lambda _: self._chain.state.count("accounts")),
            "get_accounts": (
                (1,),
                lambda args: [views.account(found) for found in reader.accounts(args[0])],
            ),
            "lookup_account_names": (
                (1,),
                lambda args: [
                    (a := reader.account(n)) and views.account(a) for n in as_array(args[0])
                ],
            ),
            "lookup_accounts": ((2,), lambda args: self._lookup(*args)),
            "get_key_references": (
                (1,),
                lambda args: [self._chain.by_key.keys(key) for key in as_array(args[0])],
            ),
            "get_block": ((1,), lambda args: (b := reader.block(args[0])) and views.block(b)),
            "get_block_header": (
                (1,),
                lambda args: (b := reader.block(args[0])) and views.header(b),
            ),
            "get_ops_in_block": ((1, 2), self._operations_in_block),
            "get_transaction": ((1,), lambda args: views.transaction(*reader.including(args[0]))),
            "get_account_history": ((3,), lambda args: self._history(*args)),
            "get_reward_fund": ((1,), lambda _: views.reward_fund()),
            "get_current_median_history_price": (
                (0,),
                lambda _: views.price(self._chain.ledger.figures["median"]),
            ),
            "get_feed_history": ((0,), lambda _: feed_history(self._chain, views)),
            "get_ticker": ((0,), lambda _: ticker(self._chain, views)),
            "get_volume": ((0,), lambda _: volume(self._chain, views)),
            "get_order_book": ((1,), lambda _: {"bids": [], "asks": []}),
            "get_recent_trades": ((1,), lambda _: []),
            "get_trade_history": ((2, 3), lambda _: []),
            "get_market_history": ((3,), lambda _: []),
            "get_market_history_buckets": ((0,), lambda _: list(MARKET_BUCKETS)),
            "get_vesting_delegations": ((3,), lambda _: []),
            "get_witness_by_account": ((1,), lambda _: None),
            "broadcast_transaction": ((1,), lambda args: self._broadcast(args[0])),
            "verify_authority": ((1,), lambda _: True),
        }

    def _post_methods(self) -> dict[str, tuple[tuple[int, ...], Method]]:
        views, reader, lists = self._views, self._reader, self._lists
        methods: dict[str, tuple[tuple[int, ...], Method]] = {
            "get_content": ((2,), lambda args: views.content(reader.post(*args))),
            "get_content_replies": (
                (2,),
                lambda args: [views.content(reply) for reply in reader.replies(*args)],
            ),
            "get_active_votes": ((2,), lambda args: views.votes(reader.needed_post(*args))),
            "get_account_votes": ((1,), lambda args: self._account_votes(args[0])),
            "get_reblogged_by": ((2,), lambda args: lists.reblogged_by(*args)),
            "get_trending_tags": ((2,), lambda args: lists.tags(*args)),
            "get_discussions_by_author_before_date": (
                (4,),
                lambda args: lists.before(args[0], args[1], args[3]),
            ),
            "get_replies_by_last_update": (
                (3,),
                lambda args: lists.replies_to(args[0], args[2]),
            ),
            "get_blog_entries": ((3,), lambda args: lists.blog_entries(*args)),
            "get_blog": ((3,), lambda args: self._blog(*args)),
        }
        for order in _ORDERS:
            answer = lists.by(order)
            methods[f"get_discussions_by_{order}"] = (
                (1,),
                lambda args, answer=answer: answer(args[0]),  # type: ignore[misc]  # a default binds
            )
        return methods

    def _follow_methods(self) -> dict[str, tuple[tuple[int, ...], Method]]:
        return {
            "get_follow_count": ((1,), lambda args: follow_count(self._reader, args[0])),
            "get_followers": (
                (4,),
                lambda args: follows(self._reader, *args, followers=True),
            ),
            "get_following": (
                (4,),
                lambda args: follows(self._reader, *args, followers=False),
            ),
            "get_account_reputations": (
                (2,),
                lambda args: reputations(self._chain, args[0], args[1]),
            ),
        }

    def _chain_properties(self) -> Value:
        return {
            "account_creation_fee": self._views.amount(0, 0),
            "maximum_block_size": self._chain.network.maximum_block_size,
            f"{self._chain.network.debt_field}_interest_rate": 1000,
            "account_subsidy_budget": 797,
            "account_subsidy_decay": 347321,
        }

    def _lookup(self, lower: str, limit: Any) -> list[str]:
        names = sorted(account["name"] for account in self._chain.state.table("accounts"))
        return [name for name in names if name >= lower][: as_uint32(limit)]

    def _operations_in_block(self, args: list[Any]) -> list[Value]:
        entries = self._chain.store.applied(as_uint32(args[0]))
        only_virtual = as_bool(args[1]) if len(args) > 1 else False
        shown = [self._views.applied(entry) for entry in entries]
        return [entry for entry in shown if entry["virtual_op"] or not only_virtual]

    def _history(self, account: Any, start: Any, limit: Any) -> list[list[Any]]:
        rows = self._reader.history(account, start, limit)
        return [[number, self._views.applied(entry)] for number, entry in rows]

    def _account_votes(self, voter: str) -> list[Value]:
        return [
            {
                "authorperm": f"{post['author']}/{post['permlink']}",
                "weight": vote["weight"],
                "rshares": vote["rshares"],
                "percent": vote["percent"],
                "time": stamp(vote["time"]),
            }
            for post in self._chain.state.table("posts")
            if (vote := post["votes"].get(voter))
        ]

    def _blog(self, name: str, start: Any, limit: Any) -> list[Value]:
        return [
            {
                "comment": self._views.content(self._reader.post(e["author"], e["permlink"])),
                "blog": name,
                "reblog_on": e["reblog_on"],
                "entry_id": e["entry_id"],
            }
            for e in self._lists.blog_entries(name, start, limit)
        ]

    def _broadcast(self, given: Any) -> Value:
        self._chain.push(given, legacy=True)
        return {}


def version(chain: DevnetChain) -> Value:
    """get_version."""
    revision = f"{chain.network.core_field}_revision"
    return {
        "blockchain_version": chain.network.version,
        revision: "0" * 40,
        "fc_revision": "0" * 40,
    }


def feed_history(chain: DevnetChain, views: Views) -> Value:
    """get_feed_history."""
    figures = chain.ledger.figures
    return {
        "id": 0,
        "current_median_history": views.price(figures["median"]),
        "price_history": [views.price(price) for price in figures["prices"]],
    }


def ticker(chain: DevnetChain, views: Views) -> Value:
    """get_ticker, of a market with the feed's price and no trade; a bare network's is empty."""
    base, quote = chain.ledger.figures["median"] if not chain.network.bare else (0, 1)
    price = f"{base / quote:.17f}"
    return {
        "latest": price,
        "lowest_ask": price,
        "highest_bid": price,
        "percent_change": "0.00000000000000000",
    } | volume(chain, views)


def volume(chain: DevnetChain, views: Views) -> Value:
    """get_volume."""
    return {
        f"{chain.network.core_field}_volume": views.amount(0, 0),
        f"{chain.network.debt_field}_volume": views.amount(0, 1),
    }


def witness_schedule(chain: DevnetChain) -> Value:
    """get_witness_schedule."""
    views = Views(chain, legacy=False)
    return {
        "id": 0,
        "current_virtual_time": "0",
        "next_shuffle_block_num": chain.head_num // 21 * 21 + 21,
        "current_shuffled_witnesses": ["initminer"],
        "num_scheduled_witnesses": 1,
        "median_props": {
            "account_creation_fee": views.amount(0, 0),
            "maximum_block_size": chain.network.maximum_block_size,
            f"{chain.network.debt_field}_interest_rate": 1000,
        },
        "majority_version": chain.network.version,
    }


def follow_count(reader: Reader, name: str) -> Value:
    """get_follow_count."""
    return {
        "account": name,
        "follower_count": len(reader.followers(name, "blog")),
        "following_count": sum(what["blog"] for what in reader.following(name).values()),
    }


def follows(
    reader: Reader, name: str, start: str | None, kind: str, limit: Any, *, followers: bool
) -> list[Value]:
    """get_followers and get_following: relations by the other one's name."""
    what = kind or "blog"
    if followers:
        names = reader.followers(name, what)
        pairs = [(other, name) for other in names]
    else:
        names = sorted(n for n, flags in reader.following(name).items() if flags.get(what))
        pairs = [(name, other) for other in names]
    kept = [pair for pair, other in zip(pairs, names, strict=True) if not start or other >= start]
    return [{"follower": a, "following": b, "what": [what]} for a, b in kept[: as_uint32(limit)]]


def reputations(chain: DevnetChain, lower: str, limit: Any) -> list[Value]:
    """get_account_reputations."""
    names = sorted(account["name"] for account in chain.state.table("accounts"))
    found = [name for name in names if name >= lower][: as_uint32(limit)]
    return [{"account": name, "reputation": 0} for name in found]
