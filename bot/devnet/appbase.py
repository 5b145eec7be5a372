"""The APIs beside condenser_api: named arguments, amounts as objects (chain-rules §5)."""

from collections.abc import Callable
from typing import Any

from bot.devnet import credits as resource_credits
from bot.devnet.chain import DevnetChain
from bot.devnet.condenser import (
    MARKET_BUCKETS,
    feed_history,
    follow_count,
    follows,
    reputations,
    ticker,
    version,
    volume,
    witness_schedule,
)
from bot.devnet.discussions import Discussions
from bot.devnet.faults import failed
from bot.devnet.methods import Method, Reader
from bot.devnet.moments import seconds
from bot.devnet.state import Value
from bot.devnet.variant import as_bool, as_int64, as_uint32
from bot.devnet.views import Views

_STATUS_BLOCKS = 64_000
_ORDERS = (
    "trending", "created", "active", "cashout", "votes", "children", "hot", "feed", "blog",
    "comments", "promoted",
)  # fmt: skip
WITHOUT_ARGUMENTS = frozenset(
    {
        "database_api.get_config",
        "database_api.get_version",
        "database_api.get_dynamic_global_properties",
        "database_api.get_witness_schedule",
        "database_api.get_hardfork_properties",
        "database_api.get_reward_funds",
        "database_api.get_current_price_feed",
        "database_api.get_feed_history",
        "rc_api.get_resource_params",
        "rc_api.get_resource_pool",
        "market_history_api.get_ticker",
        "market_history_api.get_volume",
        "market_history_api.get_market_history_buckets",
    }
)
"""Methods that take whatever they are called with (json_rpc::void_type)."""


class Appbase:
    """The methods by `api.name`.

    Args:
        now: the wall clock, by which a broadcast may ask that the head is not too old.
    """

    def __init__(self, chain: DevnetChain, now: Callable[[], float]) -> None:
        self._chain = chain
        self._now = now
        self._reader = Reader(chain)
        self._views = Views(chain, legacy=False)
        self._lists = Discussions(self._reader, self._views)
        self._config = chain.network.config()
        self.methods: dict[str, Method] = (
            self._database()
            | self._blocks()
            | self._credits()
            | self._market()
            | self._tags()
            | self._follow()
        )

    def _database(self) -> dict[str, Method]:
        views, reader = self._views, self._reader
        return {
            "database_api.get_config": lambda _: self._config,
            "database_api.get_version": lambda _: (
                version(self._chain) | {"chain_id": self._chain.chain_id}
            ),
            "database_api.get_dynamic_global_properties": lambda _: views.properties(),
            "database_api.get_witness_schedule": lambda _: witness_schedule(self._chain),
            "database_api.get_hardfork_properties": lambda _: self._hardforks(),
            "database_api.get_reward_funds": lambda _: {"funds": [views.reward_fund()]},
            "database_api.get_current_price_feed": lambda _: views.price(
                self._chain.ledger.figures["median"]
            ),
            "database_api.get_feed_history": lambda _: feed_history(self._chain, views),
            "database_api.find_accounts": lambda given: {
                "accounts": [
                    views.account(found) for found in reader.accounts(given.get("accounts", []))
                ]
            },
            "database_api.list_accounts": lambda given: {"accounts": self._list_accounts(given)},
            "database_api.find_comments": lambda given: {
                "comments": [
                    views.comment(post)
                    for pair in given.get("comments", [])
                    if (post := reader.post(*pair)) is not None
                ]
            },
            "database_api.list_comments": lambda given: {"comments": self._list_comments(given)},
            "database_api.list_votes": lambda given: {"votes": self._list_votes(given)},
            "database_api.find_votes": lambda given: {
                "votes": views.votes(reader.needed_post(given["author"], given["permlink"]))
            },
            "database_api.list_vesting_delegations": lambda _: {"delegations": []},
            "database_api.find_vesting_delegations": lambda _: {"delegations": []},
            "database_api.find_withdraw_vesting_routes": lambda _: {"routes": []},
            "account_by_key_api.get_key_references": lambda given: {
                "accounts": [self._chain.by_key.keys(key) for key in given.get("keys", [])]
            },
        }

    def _blocks(self) -> dict[str, Method]:
        views, reader = self._views, self._reader
        history = self._chain.store
        return {
            "block_api.get_block": lambda given: (
                {"block": views.block(b)} if (b := reader.block(given.get("block_num"))) else {}
            ),
            "block_api.get_block_header": lambda given: (
                {"header": views.header(b)} if (b := reader.block(given.get("block_num"))) else {}
            ),
            "block_api.get_block_range": lambda given: {"blocks": self._range(given)},
            "network_broadcast_api.broadcast_transaction": self._broadcast,
            "transaction_status_api.find_transaction": self._status,
            "account_history_api.get_ops_in_block": lambda given: {
                "ops": [
                    entry
                    for entry in history.applied(as_uint32(given.get("block_num")))
                    if entry["virtual_op"] or not as_bool(given.get("only_virtual"))
                ]
            },
            "account_history_api.get_account_history": lambda given: {
                "history": reader.history(
                    given.get("account"), given.get("start", -1), given.get("limit", 1000)
                )
            },
            "account_history_api.get_transaction": self._transaction,
        }

    def _credits(self) -> dict[str, Method]:
        return {
            "rc_api.find_rc_accounts": lambda given: {
                "rc_accounts": [
                    self._rc_account(found)
                    for found in self._reader.accounts(given.get("accounts", []))
                ]
            },
            "rc_api.get_resource_params": lambda _: resource_params(),
            "rc_api.get_resource_pool": lambda _: {
                "resource_pool": {
                    resource.name: {"pool": pool}
                    for resource, pool in zip(
                        resource_credits.RESOURCES,
                        resource_credits.pools(self._chain.ledger),
                        strict=True,
                    )
                }
            },
        }

    def _market(self) -> dict[str, Method]:
        views = self._views
        return {
            "market_history_api.get_ticker": lambda _: ticker(self._chain, views),
            "market_history_api.get_volume": lambda _: volume(self._chain, views),
            "market_history_api.get_order_book": lambda _: {"bids": [], "asks": []},
            "market_history_api.get_trade_history": lambda _: {"trades": []},
            "market_history_api.get_recent_trades": lambda _: {"trades": []},
            "market_history_api.get_market_history": lambda _: {"buckets": []},
            "market_history_api.get_market_history_buckets": lambda _: {
                "bucket_sizes": list(MARKET_BUCKETS)
            },
        }

    def _tags(self) -> dict[str, Method]:
        views, reader, lists = self._views, self._reader, self._lists
        methods: dict[str, Method] = {
            "tags_api.get_discussion": lambda given: views.content(
                reader.post(given["author"], given["permlink"])
            ),
            "tags_api.get_content_replies": lambda given: {
                "discussions": [
                    views.content(r) for r in reader.replies(given["author"], given["permlink"])
                ]
            },
            "tags_api.get_active_votes": lambda given: {
                "votes": views.votes(reader.needed_post(given["author"], given["permlink"]))
            },
            "tags_api.get_trending_tags": lambda given: {
                "tags": lists.tags(given.get("start_tag", ""), given.get("limit", 100))
            },
        }
        for order in _ORDERS:
            answer = lists.by(order)
            methods[f"tags_api.get_discussions_by_{order}"] = (
                lambda given, answer=answer: {"discussions": answer(given)}  # type: ignore[misc]
            )
        return methods

    def _follow(self) -> dict[str, Method]:
        reader = self._reader

        def related(given: Value, *, followers: bool) -> list[Value]:
            args = (given["account"], given.get("start"), given.get("type", "blog"))
            return follows(reader, *args, given.get("limit", 1000), followers=followers)

        return {
            "follow_api.get_follow_count": lambda given: follow_count(reader, given["account"]),
            "follow_api.get_followers": lambda given: {"followers": related(given, followers=True)},
            "follow_api.get_following": lambda given: {
                "following": related(given, followers=False)
            },
            "follow_api.get_reblogged_by": lambda given: {
                "accounts": self._lists.reblogged_by(given["author"], given["permlink"])
            },
            "follow_api.get_account_reputations": lambda given: {
                "reputations": reputations(
                    self._chain, given.get("account_lower_bound", ""), given.get("limit", 1000)
                )
            },
        }

    # -- the longer answers ------------------------------------------------------------------------

    def _hardforks(self) -> Value:
        current = self._chain.network.hardfork
        return {
            "id": 0,
            "processed_hardforks": [],
            "last_hardfork": int(current.split(".")[1]),
            "current_hardfork_version": current,
            "next_hardfork": current,
            "next_hardfork_time": "1970-01-01T00:00:00",
        }

    def _list_accounts(self, given: Value) -> list[Value]:
        start = str(given.get("start", ""))
        found = sorted(self._chain.state.table("accounts"), key=lambda account: account["name"])
        after = [account for account in found if account["name"] >= start]
        return [
            self._views.account(account) for account in after[: as_uint32(given.get("limit", 1))]
        ]

    def _list_comments(self, given: Value) -> list[Value]:
        """By permlink: from the start on, so that what is absent gives the next one."""
        start = tuple(given.get("start", ["", ""]))[:2]
        posts = sorted(
            self._chain.state.table("posts"), key=lambda post: (post["author"], post["permlink"])
        )
        after = [post for post in posts if (post["author"], post["permlink"]) >= start]
        return [self._views.comment(post) for post in after[: as_uint32(given.get("limit", 1))]]

    def _list_votes(self, given: Value) -> list[Value]:
        author, permlink = given.get("start", ["", "", ""])[:2]
        post = self._reader.post(author, permlink)
        return self._views.votes(post)[: as_uint32(given.get("limit", 1000))] if post else []

    def _range(self, given: Value) -> list[Value]:
        first = as_uint32(given.get("starting_block_num", 1))
        end = min(first + as_uint32(given.get("count", 1)), self._chain.head_num + 1)
        blocks = (self._chain.block(number) for number in range(first, end))
        return [self._views.block(block) for block in blocks if block]

    def _broadcast(self, given: Value) -> Value:
        age = as_int64(given.get("max_block_age", -1))
        if age >= 0 and self._now() - self._chain.head_time > age:
            raise failed("!check_max_block_age( args.max_block_age )", "", -32003)
        self._chain.push(given.get("trx", {}), legacy=False)
        return {}

    def _status(self, given: Value) -> Value:
        trx_id = str(given.get("transaction_id", ""))
        num = self._chain.store.including(trx_id)
        irreversible = self._chain.irreversible_num
        if num is not None and num > self._chain.head_num - _STATUS_BLOCKS:
            place = "irreversible" if num <= irreversible else "reversible"
            return {"status": f"within_{place}_block", "block_num": num}
        if self._chain.in_pool(trx_id):
            return {"status": "within_mempool"}
        if expiration := given.get("expiration"):
            moment = seconds(expiration)
            oldest = max(1, self._chain.head_num - _STATUS_BLOCKS)
            if self._chain.head_num and moment < self._chain.time_of(oldest):
                return {"status": "too_old"}
            if irreversible and moment < self._chain.time_of(irreversible):
                return {"status": "expired_irreversible"}
            if moment < self._chain.head_time:
                return {"status": "expired_reversible"}
        return {"status": "unknown"}

    def _transaction(self, given: Value) -> Value:
        block, number = self._reader.including(str(given.get("id", "")))
        return self._views.transaction(block, number) | {
            "transaction_id": block.transactions[number].id,
            "block_num": block.num,
            "transaction_num": number,
        }

    def _rc_account(self, account: Value) -> Value:
        return {
            "account": account["name"],
            "rc_manabar": {
                "current_mana": account["credits"],
                "last_update_time": account["credits_at"],
            },
            "max_rc_creation_adjustment": self._views.amount(0, 2),
            "max_rc": account["vests"],
        }


def resource_params() -> Value:
    """rc_api.get_resource_params."""
    params: dict[str, Any] = {}
    for resource in resource_credits.RESOURCES:
        params[resource.name] = {
            "resource_dynamics_params": {
                "resource_unit": resource.unit,
                "budget_per_time_unit": resource.budget,
                "pool_eq": resource.equilibrium,
                "max_pool_size": resource.largest,
                "decay_params": {
                    "decay_per_time_unit": resource.decay,
                    "decay_per_time_unit_denom_shift": resource.decay_shift,
                },
                "min_decay": 0,
            },
            "price_curve_params": {
                "coeff_a": resource.coeff_a,
                "coeff_b": resource.coeff_b,
                "shift": resource.shift,
            },
        }
    return {
        "resource_names": list(params),
        "resource_params": params,
        "size_info": resource_credits.size_info(),
    }
