"""The state as the APIs show it (chain-rules §5): field names, order, number encodings."""

from typing import Any

from bot.devnet.blocks import Block
from bot.devnet.chain import DevnetChain
from bot.devnet.genesis import signing_key
from bot.devnet.keys import public_of
from bot.devnet.ledger import HUNDRED_PERCENT
from bot.devnet.moments import NEVER, stamp
from bot.devnet.network import WITNESS
from bot.devnet.operations import Amount
from bot.devnet.rewards import pending_payout
from bot.devnet.state import Value

_LARGEST_BODY, _LARGEST_REPLY = 128 * 1024, 16 * 1024  # condenser_api.cpp:2057


class Views:
    """Objects of one chain, in condenser_api's form (`legacy`) or in that of all other APIs."""

    def __init__(self, chain: DevnetChain, *, legacy: bool) -> None:
        self._chain = chain
        self.legacy = legacy
        self._signing_key = public_of(signing_key(chain.network), chain.network.prefix)

    def amount(self, units: int, kind: int) -> Any:
        """An amount of core (0), debt (1) or vests (2)."""
        codec, amount = self._chain.codec, Amount(units, kind)
        return codec.legacy_amount(amount) if self.legacy else codec.nai_amount(amount)

    def properties(self) -> Value:
        """get_dynamic_global_properties."""
        chain, figures = self._chain, self._chain.ledger.figures
        debt, core = chain.network.debt_field, chain.network.core_field
        head = {} if self.legacy else {"id": 0}
        filled = figures["slots_filled"]
        return head | {
            "head_block_number": chain.head_num,
            "head_block_id": chain.head_id,
            "time": stamp(chain.head_time),
            "current_witness": WITNESS,
            "total_pow": "18446744073709551615",
            "num_pow_witnesses": 0,
            "virtual_supply": self.amount(figures["virtual_supply"], 0),
            "current_supply": self.amount(figures["current_supply"], 0),
            "confidential_supply": self.amount(0, 0),
            f"init_{debt}_supply": self.amount(7_000_000_000 if chain.network.bare else 0, 1),
            f"current_{debt}_supply": self.amount(figures["debt_supply"], 1),
            f"confidential_{debt}_supply": self.amount(0, 1),
            f"total_vesting_fund_{core}": self.amount(figures["vesting_fund"], 0),
            "total_vesting_shares": self.amount(figures["vesting_shares"], 2),
            f"total_reward_fund_{core}": self.amount(0, 0),
            "total_reward_shares2": "0",
            "pending_rewarded_vesting_shares": self.amount(figures["pending_vests"], 2),
            f"pending_rewarded_vesting_{core}": self.amount(figures["pending_vesting_fund"], 0),
            f"{debt}_interest_rate": 1000,
            f"{debt}_print_rate": figures["print_rate"],
            "maximum_block_size": chain.network.maximum_block_size,
            "required_actions_partition_percent": 0,
            "current_aslot": figures["aslot"],
            "recent_slots_filled": str(filled),
            "participation_count": filled.bit_count(),
            "last_irreversible_block_num": chain.irreversible_num,
            "vote_power_reserve_rate": 10,
            "delegation_return_period": 432000,
            "reverse_auction_seconds": 0 if chain.network.is_hive else 300,
            "available_account_subsidies": 0,
            f"{debt}_stop_percent": 1000,
            f"{debt}_start_percent": 900,
            "next_maintenance_time": stamp(chain.head_time // 3600 * 3600 + 3600),
            "last_budget_time": stamp(figures["genesis"]),
            "content_reward_percent": 6500,
            "vesting_reward_percent": 1500,
            "sps_fund_percent": 1000,
            "sps_interval_ledger": self.amount(figures["treasury"], 1),
            "downvote_pool_percent": 2500,
        }

    def account(self, account: Value) -> Value:
        """get_accounts and find_accounts."""
        debt, core = self._chain.network.debt_field, self._chain.network.core_field
        nothing = {kind: self.amount(0, kind) for kind in (0, 1, 2)}
        common = {
            "id": account["id"],
            "name": account["name"],
            "owner": account["owner"],
            "active": account["active"],
            "posting": account["posting"],
            "memo_key": account["memo_key"],
            "json_metadata": account["json_metadata"],
            "posting_json_metadata": "",
            "proxy": "",
            "last_owner_update": stamp(account["owner_changed"]),
            "last_account_update": stamp(account["changed"]),
            "created": stamp(account["created"]),
            "mined": False,
            "recovery_account": account["recovery"],
            "last_account_recovery": stamp(0),
            "reset_account": "null",
            "comment_count": 0,
            "lifetime_vote_count": 0,
            "post_count": account["post_count"],
            "can_vote": True,
            "voting_manabar": {
                "current_mana": account["mana"],
                "last_update_time": account["mana_at"],
            },
            "downvote_manabar": {
                "current_mana": account["downvote_mana"],
                "last_update_time": account["mana_at"],
            },
        }
        if self.legacy:
            power = account["mana"] * HUNDRED_PERCENT // max(1, account["vests"])
            common["voting_power"] = power
        common |= {
            "balance": self.amount(account["balances"][0], 0),
            "savings_balance": nothing[0],
            f"{debt}_balance": self.amount(account["balances"][1], 1),
            f"{debt}_seconds": "0",
            f"{debt}_seconds_last_update": stamp(0),
            f"{debt}_last_interest_payment": stamp(0),
            f"savings_{debt}_balance": nothing[1],
            f"savings_{debt}_seconds": "0",
            f"savings_{debt}_seconds_last_update": stamp(0),
            f"savings_{debt}_last_interest_payment": stamp(0),
            "savings_withdraw_requests": 0,
            f"reward_{debt}_balance": self.amount(account["reward_debt"], 1),
            f"reward_{core}_balance": self.amount(account["reward_core"], 0),
            "reward_vesting_balance": self.amount(account["reward_vests"], 2),
            f"reward_vesting_{core}": self.amount(account["reward_vests_core"], 0),
            "vesting_shares": self.amount(account["vests"], 2),
            "delegated_vesting_shares": nothing[2],
            "received_vesting_shares": nothing[2],
            "vesting_withdraw_rate": nothing[2],
            "next_vesting_withdrawal": stamp(NEVER),
            "withdrawn": 0,
            "to_withdraw": 0,
            "withdraw_routes": 0,
            "curation_rewards": account["curation_rewards"],
            "posting_rewards": account["posting_rewards"],
            "proxied_vsf_votes": [0, 0, 0, 0],
            "witnesses_voted_for": 0,
            "last_post": stamp(account["last_post"]),
            "last_root_post": stamp(account["last_root_post"]),
        }
        if not self.legacy:
            common["last_post_edit"] = stamp(account["last_post_edit"])
        common |= {
            "last_vote_time": stamp(account["last_vote"]),
            "post_bandwidth": 0,
            "pending_claimed_accounts": 0,
        }
        if not self.legacy:
            return common | {"is_smt": False}
        history = ("transfer", "market", "post", "vote", "other")
        return (
            common
            | {"vesting_balance": nothing[0], "reputation": 0}
            | {f"{kind}_history": [] for kind in history}
            | {"witness_votes": [], "tags_usage": [], "guest_bloggers": []}
        )

    def comment(self, post: Value) -> Value:
        """find_comments, and the beginning of get_content."""
        author, _, permlink = post["root"].partition("/")
        return {
            "id": post["id"],
            "author": post["author"],
            "permlink": post["permlink"],
            "category": post["category"],
            "parent_author": post["parent_author"],
            "parent_permlink": post["parent_permlink"],
            "title": post["title"],
            "body": post["body"],
            "json_metadata": post["json_metadata"],
            "last_update": stamp(post["last_update"]),
            "created": stamp(post["created"]),
            "active": stamp(post["active"]),
            "last_payout": stamp(post["last_payout"]),
            "depth": post["depth"],
            "children": post["children"],
            "net_rshares": post["net_rshares"],
            "abs_rshares": post["abs_rshares"],
            "vote_rshares": post["vote_rshares"],
            "children_abs_rshares": post["children_abs_rshares"],
            "cashout_time": stamp(post["cashout"]),
            "max_cashout_time": stamp(NEVER),
            "total_vote_weight": post["total_vote_weight"],
            "reward_weight": HUNDRED_PERCENT,
            "total_payout_value": self.amount(post["author_payout"], 1),
            "curator_payout_value": self.amount(post["curator_payout"], 1),
            "author_rewards": post["author_rewards"],
            "net_votes": post["net_votes"],
            "root_author": author,
            "root_permlink": permlink,
            "max_accepted_payout": self.amount(post["max_accepted_payout"], 1),
            self._chain.network.percent_field: post["percent"],
            "allow_replies": True,
            "allow_votes": post["allow_votes"],
            "allow_curation_rewards": post["allow_curation_rewards"],
            "beneficiaries": [{"account": a, "weight": w} for a, w in post["beneficiaries"]],
        }

    def content(self, post: Value | None, *, listed: bool = False) -> Value:
        """get_content: what isn't there is the same object, empty.

        Args:
            listed: as one of a list, where the size of the body is told.
        """
        if post is None:
            return self._empty()
        shown = self.comment(post)
        body, is_reply = post["body"], bool(post["parent_author"])
        size = len(body.encode(errors="surrogateescape"))
        if size > _LARGEST_BODY:
            shown["body"] = "body pruned due to size"
        elif is_reply and size > _LARGEST_REPLY:
            shown["body"] = "comment pruned due to size"
        author, _, permlink = post["root"].partition("/")
        root = self._chain.state.need("posts", post["root"])
        url = f"/{root['category']}/@{author}/{permlink}"
        pending = pending_payout(self._chain.ledger, post)
        return shown | {
            "url": f"{url}#@{post['author']}/{post['permlink']}" if is_reply else url,
            "root_title": root["title"],
            "pending_payout_value": (
                self.amount(0, 0) if pending is None else self.amount(pending, 1)
            ),
            "total_pending_payout_value": self.amount(0, 0),
            "active_votes": self.votes(post),
            "replies": [],
            "author_reputation": 0,
            "promoted": self.amount(0, 1),
            "body_length": size if listed else 0,
            "reblogged_by": [],
        }

    def _empty(self) -> Value:
        nothing, texts = self.amount(0, 0), ("author", "permlink", "category", "parent_author",
            "parent_permlink", "title", "body", "json_metadata")  # fmt: skip
        numbers = ("depth", "children", "net_rshares", "abs_rshares", "vote_rshares",
            "children_abs_rshares")  # fmt: skip
        return (
            {"id": 0}
            | dict.fromkeys(texts, "")
            | dict.fromkeys(("last_update", "created", "active", "last_payout"), stamp(0))
            | dict.fromkeys(numbers, 0)
            | dict.fromkeys(("cashout_time", "max_cashout_time"), stamp(0))
            | {"total_vote_weight": 0, "reward_weight": 0}
            | {"total_payout_value": nothing, "curator_payout_value": nothing}
            | {"author_rewards": 0, "net_votes": 0, "root_author": "", "root_permlink": ""}
            | {"max_accepted_payout": nothing, self._chain.network.percent_field: 0}
            | dict.fromkeys(("allow_replies", "allow_votes", "allow_curation_rewards"), False)
            | {"beneficiaries": [], "url": "", "root_title": ""}
            | {"pending_payout_value": nothing, "total_pending_payout_value": nothing}
            | {"active_votes": [], "replies": [], "author_reputation": 0, "promoted": nothing}
            | {"body_length": 0, "reblogged_by": []}
        )

    @staticmethod
    def votes(post: Value) -> list[Value]:
        """get_active_votes."""
        return [
            {
                "voter": voter,
                "weight": vote["weight"],
                "rshares": vote["rshares"],
                "percent": vote["percent"],
                "reputation": 0,
                "time": stamp(vote["time"]),
            }
            for voter, vote in sorted(post["votes"].items())
        ]

    def header(self, block: Block) -> Value:
        """get_block_header."""
        return {
            "previous": block.previous,
            "timestamp": stamp(block.time),
            "witness": WITNESS,
            "transaction_merkle_root": block.merkle_root,
            "extensions": block.extensions,
        }

    def block(self, block: Block) -> Value:
        """get_block."""
        return self.header(block) | {
            "witness_signature": block.signature,
            "transactions": [self.transaction(block, n) for n in range(len(block.transactions))],
            "block_id": block.id,
            "signing_key": self._signing_key,
            "transaction_ids": [transaction.id for transaction in block.transactions],
        }

    def transaction(self, block: Block, number: int) -> Value:
        """get_transaction, and each transaction of get_block."""
        transaction, codec = block.transactions[number], self._chain.codec
        if not self.legacy:
            return transaction.own(codec)
        return transaction.legacy(codec) | {
            "transaction_id": transaction.id,
            "block_num": block.num,
            "transaction_num": number,
        }

    def applied(self, entry: Value) -> Value:
        """An operation of the history."""
        return entry | {"op": self._chain.codec.legacy(entry["op"])} if self.legacy else entry

    def price(self, price: list[int]) -> Value:
        """A price: dollars for coins."""
        return {"base": self.amount(price[0], 1), "quote": self.amount(price[1], 0)}

    def reward_fund(self) -> Value:
        """get_reward_fund."""
        figures = self._chain.ledger.figures
        hive = self._chain.network.is_hive
        return {
            "id": 0,
            "name": "post",
            "reward_balance": self.amount(figures["reward_balance"], 0),
            "recent_claims": str(figures["recent_claims"]),
            "last_update": stamp(figures["claims_at"]),
            "content_constant": "2000000000000",
            "percent_curation_rewards": 5000,
            "percent_content_rewards": 10000,
            "author_reward_curve": "convergent_linear",
            "curation_reward_curve": "linear" if hive else "convergent_square_root",
        }
