"""The methods that a node answers, by API and name (chain-rules §5)."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from bot.devnet.chain import DevnetChain
from bot.devnet.evaluators import mana_now, post_key
from bot.devnet.faults import Fault, failed, unknown_key
from bot.devnet.operations import Amount
from bot.devnet.views import Views, moment

Method = Callable[[Any], Any]


class Api:
    """One chain's methods. condenser_api's take a list, all others an object."""

    def __init__(self, chain: DevnetChain) -> None:
        self._chain = chain
        self._legacy = Views(chain, legacy=True)
        self._own = Views(chain, legacy=False)
        self._config = chain.network.config()
        self._condenser: dict[str, tuple[int, Method]] = {
            "get_version": (0, self._version),
            "get_config": (0, lambda _: self._config),
            "get_dynamic_global_properties": (0, lambda _: self._legacy.properties()),
            "get_chain_properties": (0, self._chain_properties),
            "get_hardfork_version": (0, lambda _: "0.23.0"),
            "get_accounts": (1, lambda args: self._accounts(self._legacy, args[0])),
            "get_content": (2, lambda args: self._legacy.content(self._post(*args))),
            "get_content_replies": (2, lambda args: self._replies(*args)),
            "get_active_votes": (2, lambda args: self._votes(*args)),
            "get_block": (1, lambda args: self._block(self._legacy.block, args[0])),
            "get_block_header": (1, lambda args: self._block(self._legacy.header, args[0])),
            "get_ops_in_block": (-1, self._operations_in_block),
            "get_transaction": (1, lambda args: self._transaction(args[0])),
            "get_reward_fund": (1, self._reward_fund),
            "get_current_median_history_price": (0, lambda _: self._price(self._legacy)),
            "get_feed_history": (0, lambda _: self._feed(self._legacy)),
            "get_discussions_by_blog": (1, lambda args: self._by_blog(args[0])),
            "get_discussions_by_created": (1, lambda args: self._by_created(args[0])),
            "broadcast_transaction": (1, lambda args: self._broadcast(args[0])),
        }
        self._others: dict[str, Method] = {
            "database_api.get_config": lambda _: self._config,
            "database_api.get_version": self._version,
            "database_api.get_dynamic_global_properties": lambda _: self._own.properties(),
            "database_api.find_accounts": lambda given: {
                "accounts": self._accounts(self._own, given.get("accounts", []))
            },
            "database_api.find_comments": lambda given: {"comments": self._comments(given)},
            "database_api.list_comments": lambda given: {"comments": self._list(given)},
            "database_api.get_feed_history": lambda _: self._feed(self._own),
            "database_api.get_hardfork_properties": lambda _: {
                "id": 0,
                "current_hardfork_version": "0.23.0",
                "next_hardfork": "0.23.0",
            },
            "block_api.get_block": lambda given: self._wrapped("block", self._own.block, given),
            "block_api.get_block_header": lambda given: self._wrapped(
                "header", self._own.header, given
            ),
            "network_broadcast_api.broadcast_transaction": lambda given: self._broadcast(
                given.get("trx")
            ),
            "rc_api.find_rc_accounts": lambda given: {
                "rc_accounts": self._credits(given.get("accounts", []))
            },
            "account_by_key_api.get_key_references": lambda given: {
                "accounts": [self._key_references(key) for key in given.get("keys", [])]
            },
            "transaction_status_api.find_transaction": self._status,
            "bridge.get_post_header": self._bridge_header,
            "bridge.get_post": self._bridge_post,
        }

    def call(self, api: str, method: str, params: Any) -> Any:
        """Answer one call.

        Raises:
            Fault: unknown method, wrong arguments, or a rule's refusal.
        """
        if api == "condenser_api" and method in self._condenser:
            count, answer = self._condenser[method]
            if not isinstance(params, list):
                raise Fault(
                    7, "bad_cast_exception", "Bad Cast", "Invalid cast from object_type to Array"
                )
            if count not in (-1, len(params)):
                raise failed(
                    f"args.size() == {count}",
                    f"Expected #s argument(s), was {len(params)}",
                    -32003,
                    n=len(params),
                )
            return self._answer(answer, params)
        if answer_own := self._others.get(f"{api}.{method}"):
            return self._answer(answer_own, params if isinstance(params, dict) else {})
        known = {name.partition(".")[0] for name in self._others} | {"condenser_api"}
        if api in known:
            test = "method_itr != api_itr->second.end()"
            raise failed(test, f"Could not find method {method}", -32002, method=method)
        test = "api_itr != _registered_apis.end()"
        raise failed(test, f"Could not find API {api}", -32002, api=api)

    @staticmethod
    def _answer(answer: Method, params: Any) -> Any:
        try:
            return answer(params)
        except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
            raise Fault(4, "parse_error_exception", "Parse Error", str(error)) from error

    # -- condenser_api and its likes --------------------------------------------------------------

    def _version(self, _: Any) -> dict[str, str]:
        version = {"steem": "0.23.1", "hive": "1.28.7"}[self._chain.network.flavour]
        name = f"{self._chain.network.flavour}_revision"
        return {"blockchain_version": version, name: "0" * 40, "fc_revision": "0" * 40}

    def _chain_properties(self, _: Any) -> dict[str, Any]:
        return {
            "account_creation_fee": self._chain.codec.legacy_amount(Amount(0, 0)),
            "maximum_block_size": self._chain.network.maximum_block_size,
            "sbd_interest_rate": 0,
        }

    def _accounts(self, views: Views, names: list[str]) -> list[dict[str, Any]]:
        found = [self._chain.state.get("accounts", name) for name in names]
        return [views.account(account) for account in found if account is not None]

    def _post(self, author: str, permlink: str) -> dict[str, Any] | None:
        return self._chain.state.get("posts", post_key(author, permlink))

    def _replies(self, author: str, permlink: str) -> list[dict[str, Any]]:
        post = self._post(author, permlink)
        keys = post["replies"] if post else []
        return [self._legacy.content(self._chain.state.get("posts", key)) for key in keys]

    def _votes(self, author: str, permlink: str) -> list[dict[str, Any]]:
        post = self._post(author, permlink)
        if post is None:
            raise unknown_key(author=author, permlink=permlink)
        return Views.votes(post)

    def _block(self, show: Method, number: Any) -> Any:
        num = int(number)
        return show(self._chain.blocks[num - 1]) if 1 <= num <= self._chain.head_num else None

    def _wrapped(self, name: str, show: Method, given: dict[str, Any]) -> dict[str, Any]:
        found = self._block(show, given.get("block_num", 0))
        return {} if found is None else {name: found}

    def _operations_in_block(self, args: list[Any]) -> list[dict[str, Any]]:
        only_virtual = len(args) > 1 and args[1]
        found = None if only_virtual else self._block(self._legacy.operations, args[0])
        return found or []

    def _transaction(self, trx_id: str) -> dict[str, Any]:
        num = self._chain.included.get(trx_id)
        if num is None:
            raise failed("false", f"Unknown Transaction {trx_id}", -32003, t=trx_id)
        block = self._chain.blocks[num - 1]
        ids = [transaction.id for transaction in block.transactions]
        return self._legacy.transaction(block, ids.index(trx_id))

    def _reward_fund(self, _: Any) -> dict[str, Any]:
        return {
            "id": 0,
            "name": "post",
            "reward_balance": self._chain.codec.legacy_amount(Amount(0, 0)),
            "recent_claims": "0",
            "last_update": f"{self._chain.head_time:%Y-%m-%dT%H:%M:%S}",
            "content_constant": "2000000000000",
            "percent_curation_rewards": 5000,
            "percent_content_rewards": 10000,
            "author_reward_curve": "convergent_linear",
            "curation_reward_curve": "convergent_square_root",
        }

    def _price(self, views: Views) -> dict[str, Any]:
        show = self._chain.codec.legacy_amount
        if views is self._own:
            return {
                "base": self._chain.codec.nai_amount(Amount(250, 1)),
                "quote": self._chain.codec.nai_amount(Amount(1000, 0)),
            }
        return {"base": show(Amount(250, 1)), "quote": show(Amount(1000, 0))}

    def _feed(self, views: Views) -> dict[str, Any]:
        return {"id": 0, "current_median_history": self._price(views), "price_history": []}

    def _by_blog(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        account = self._chain.state.get("accounts", query.get("tag", ""))
        posts = [self._chain.state.get("posts", key) for key in account["posts"]] if account else []
        roots = [post for post in reversed(posts) if post and not post["parent_author"]]
        return [self._legacy.content(post) for post in roots[: int(query.get("limit", 20))]]

    def _by_created(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        tag = query.get("tag", "")
        roots = [
            post
            for post in reversed(self._chain.state.table("posts"))
            if not post["parent_author"] and tag in ("", post["category"])
        ]
        return [self._legacy.content(post) for post in roots[: int(query.get("limit", 20))]]

    def _broadcast(self, given: Any) -> dict[str, Any]:
        self._chain.push(given)
        return {}

    # -- the others --------------------------------------------------------------------------------

    def _comments(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        found = [self._post(*pair) for pair in given.get("comments", [])]
        return [self._database_comment(post) for post in found if post is not None]

    def _list(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        """By permlink: from the start on, so that what is absent gives the next one."""
        start = tuple(given.get("start", ["", ""]))
        posts = sorted(
            self._chain.state.table("posts"), key=lambda post: (post["author"], post["permlink"])
        )
        after = [post for post in posts if (post["author"], post["permlink"]) >= start]
        return [self._database_comment(post) for post in after[: int(given.get("limit", 1))]]

    def _database_comment(self, post: dict[str, Any]) -> dict[str, Any]:
        shown = self._own.content(post)
        names = list(shown)
        return {name: shown[name] for name in names[: names.index("beneficiaries") + 1]}

    def _credits(self, names: list[str]) -> list[dict[str, Any]]:
        """Mana as it is; nothing is charged for yet, so it is always full."""
        found = [self._chain.state.get("accounts", name) for name in names]
        head = self._chain.head_time
        return [
            {
                "account": account["name"],
                "rc_manabar": {
                    "current_mana": account["vests"],
                    "last_update_time": int(head.timestamp()),
                },
                "max_rc_creation_adjustment": self._chain.codec.nai_amount(Amount(0, 2)),
                "max_rc": account["vests"],
            }
            for account in found
            if account is not None and mana_now(account, head) >= 0
        ]

    def _key_references(self, key: str) -> list[str]:
        return [
            account["name"]
            for account in self._chain.state.table("accounts")
            if any(
                key == owned
                for role in ("owner", "active", "posting")
                for owned, _ in account[role]["key_auths"]
            )
        ]

    def _status(self, given: dict[str, Any]) -> dict[str, Any]:
        trx_id = given.get("transaction_id", "")
        num = self._chain.included.get(trx_id)
        if num is not None:
            final = num <= self._chain.irreversible_num
            word = "within_irreversible_block" if final else "within_reversible_block"
            return {"status": word, "block_num": num}
        if self._chain.in_pool(trx_id):
            return {"status": "within_mempool"}
        if expiration := given.get("expiration"):
            if moment(expiration) < self._irreversible_time():
                return {"status": "expired_irreversible"}
            if moment(expiration) < self._chain.head_time:
                return {"status": "expired_reversible"}
        return {"status": "unknown"}

    def _irreversible_time(self) -> datetime:
        num = self._chain.irreversible_num
        return self._chain.blocks[num - 1].time if num else datetime.fromtimestamp(0, UTC)

    def _bridge_header(self, given: dict[str, Any]) -> dict[str, Any] | None:
        post = self._post(given["author"], given["permlink"])
        return {k: post[k] for k in ("author", "permlink", "category", "depth")} if post else None

    def _bridge_post(self, given: dict[str, Any]) -> dict[str, Any]:
        post = self._post(given["author"], given["permlink"])
        if post is None:
            raise Fault(-32000, "", "Server error", "invalid author/permlink")
        shown = self._legacy.content(post)
        return shown | {
            "post_id": post["id"],
            "updated": post["last_update"],
            "is_paidout": False,
            "payout_at": post["cashout"],
            "payout": 0.0,
            "author_payout_value": shown["total_payout_value"],
            "stats": {
                "hide": False,
                "gray": False,
                "total_votes": len(post["votes"]),
                "flag_weight": 0,
            },
            "blacklists": [],
        }
