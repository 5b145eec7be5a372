"""The state as the APIs show it (chain-rules §5): field names, order, number encodings."""

from datetime import datetime
from typing import Any

from bot.devnet.chain import Block, DevnetChain
from bot.devnet.evaluators import EPOCH, NEVER, mana_now
from bot.devnet.network import WITNESS
from bot.devnet.operations import Amount

_NOBODY = {"weight_threshold": 0, "account_auths": [], "key_auths": []}


class Views:
    """Objects of one chain, in condenser_api's form (`legacy`) or in that of all other APIs."""

    def __init__(self, chain: DevnetChain, *, legacy: bool) -> None:
        self._chain = chain
        codec = chain.codec
        self._amount = codec.legacy_amount if legacy else codec.nai_amount
        self._legacy = legacy

    def properties(self) -> dict[str, Any]:
        """get_dynamic_global_properties."""
        chain = self._chain
        vests = sum(account["vests"] for account in chain.state.table("accounts"))
        debt, core = chain.network.debt.lower(), chain.network.core.lower()
        debt = "sbd" if chain.network.flavour == "steem" else debt
        core = "steem" if chain.network.flavour == "steem" else core
        stamp = f"{chain.head_time:%Y-%m-%dT%H:%M:%S}"
        supply = self._amount(Amount(250_000_000_000, 0))
        nothing, no_debt = self._amount(Amount(0, 0)), self._amount(Amount(0, 1))
        head = {} if self._legacy else {"id": 0}
        return head | {
            "head_block_number": chain.head_num,
            "head_block_id": chain.head_id,
            "time": stamp,
            "current_witness": WITNESS,
            "total_pow": "18446744073709551615",
            "num_pow_witnesses": 0,
            "virtual_supply": supply,
            "current_supply": supply,
            "confidential_supply": nothing,
            f"init_{debt}_supply": no_debt,
            f"current_{debt}_supply": no_debt,
            f"confidential_{debt}_supply": no_debt,
            f"total_vesting_fund_{core}": self._amount(Amount(vests // 1000, 0)),
            "total_vesting_shares": self._amount(Amount(vests, 2)),
            f"total_reward_fund_{core}": nothing,
            "total_reward_shares2": "0",
            "pending_rewarded_vesting_shares": self._amount(Amount(0, 2)),
            f"pending_rewarded_vesting_{core}": nothing,
            f"{debt}_interest_rate": 0,
            f"{debt}_print_rate": 10000,
            "maximum_block_size": chain.network.maximum_block_size,
            "required_actions_partition_percent": 0,
            "current_aslot": chain.head_num,
            "recent_slots_filled": "340282366920938463463374607431768211455",
            "participation_count": 128,
            "last_irreversible_block_num": chain.irreversible_num,
            "vote_power_reserve_rate": 10,
            "delegation_return_period": 432000,
            "reverse_auction_seconds": 300,
            "available_account_subsidies": 0,
            f"{debt}_stop_percent": 1000,
            f"{debt}_start_percent": 900,
            "next_maintenance_time": stamp,
            "last_budget_time": stamp,
            "content_reward_percent": 6500,
            "vesting_reward_percent": 1500,
            "sps_fund_percent": 1000,
            "sps_interval_ledger": no_debt,
            "downvote_pool_percent": 2500,
        }

    def account(self, account: dict[str, Any]) -> dict[str, Any]:
        """get_accounts and find_accounts."""
        debt = "sbd" if self._chain.network.flavour == "steem" else "hbd"
        core = "steem" if self._chain.network.flavour == "steem" else "hive"
        core_balance, debt_balance, _ = account["balances"]
        mana = mana_now(account, self._chain.head_time)
        nothing, no_debt = self._amount(Amount(0, 0)), self._amount(Amount(0, 1))
        no_vests = self._amount(Amount(0, 2))
        moment = int(self._chain.head_time.timestamp())
        return {
            "id": account["id"],
            "name": account["name"],
            "owner": account["owner"],
            "active": account["active"],
            "posting": account["posting"],
            "memo_key": account["memo_key"],
            "json_metadata": "",
            "posting_json_metadata": "",
            "proxy": "",
            "last_owner_update": EPOCH,
            "last_account_update": EPOCH,
            "created": account["created"],
            "mined": False,
            "recovery_account": WITNESS,
            "last_account_recovery": EPOCH,
            "reset_account": "null",
            "comment_count": 0,
            "lifetime_vote_count": 0,
            "post_count": account["post_count"],
            "can_vote": True,
            "voting_manabar": {"current_mana": mana, "last_update_time": moment},
            "downvote_manabar": {
                "current_mana": account["vests"] // 4,
                "last_update_time": moment,
            },
            "voting_power": mana * 10000 // max(1, account["vests"]),
            "balance": self._amount(Amount(core_balance, 0)),
            "savings_balance": nothing,
            f"{debt}_balance": self._amount(Amount(debt_balance, 1)),
            f"{debt}_seconds": "0",
            f"savings_{debt}_balance": no_debt,
            "savings_withdraw_requests": 0,
            f"reward_{debt}_balance": no_debt,
            f"reward_{core}_balance": nothing,
            "reward_vesting_balance": no_vests,
            f"reward_vesting_{core}": nothing,
            "vesting_shares": self._amount(Amount(account["vests"], 2)),
            "delegated_vesting_shares": no_vests,
            "received_vesting_shares": no_vests,
            "vesting_withdraw_rate": no_vests,
            "next_vesting_withdrawal": NEVER,
            "withdrawn": 0,
            "to_withdraw": 0,
            "withdraw_routes": 0,
            "curation_rewards": 0,
            "posting_rewards": 0,
            "proxied_vsf_votes": [0, 0, 0, 0],
            "witnesses_voted_for": 0,
            "last_post": account["last_post"],
            "last_root_post": account["last_root_post"],
            "last_vote_time": account["last_vote_time"],
            "post_bandwidth": 0,
            "pending_claimed_accounts": 0,
            "reputation": 0,
            "witness_votes": [],
        }

    def content(self, post: dict[str, Any] | None) -> dict[str, Any]:
        """get_content: what isn't there is the same object, empty."""
        empty = post is None
        post = post or _EMPTY
        author, _, permlink = post["root"].partition("/")
        root = self._chain.state.get("posts", post["root"]) or post
        no_debt = self._amount(Amount(0, 1))
        percent = self._chain.network.percent_field
        url = f"/{post['category']}/@{author}/{permlink}"
        if post["parent_author"]:
            url += f"#@{post['author']}/{post['permlink']}"
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
            "last_update": post["last_update"],
            "created": post["created"],
            "active": post["active"],
            "last_payout": EPOCH,
            "depth": post["depth"],
            "children": post["children"],
            "net_rshares": post["net_rshares"],
            "abs_rshares": post["abs_rshares"],
            "vote_rshares": max(0, post["net_rshares"]),
            "children_abs_rshares": 0,
            "cashout_time": post["cashout"],
            "max_cashout_time": NEVER,
            "total_vote_weight": 0,
            "reward_weight": 0 if empty else 10000,
            "total_payout_value": no_debt,
            "curator_payout_value": no_debt,
            "author_rewards": 0,
            "net_votes": sum((vote["percent"] > 0) - (vote["percent"] < 0)
                             for vote in post["votes"].values()),
            "root_author": author,
            "root_permlink": permlink,
            "max_accepted_payout": self._amount(Amount(post["max_accepted_payout"], 1)),
            percent: post["percent"],
            "allow_replies": not empty,
            "allow_votes": post["allow_votes"],
            "allow_curation_rewards": post["allow_curation_rewards"],
            "beneficiaries": [{"account": a, "weight": w} for a, w in post["beneficiaries"]],
            "url": "" if empty else url,
            "root_title": root["title"],
            "pending_payout_value": no_debt,
            "total_pending_payout_value": self._amount(Amount(0, 0)),
            "active_votes": self.votes(post),
            "replies": [],
            "author_reputation": 0,
            "promoted": no_debt,
            "body_length": 0,
            "reblogged_by": post.get("reblogged_by", []),
        }  # fmt: skip

    @staticmethod
    def votes(post: dict[str, Any]) -> list[dict[str, Any]]:
        """get_active_votes."""
        return [
            {
                "voter": voter,
                "weight": 0,
                "rshares": vote["rshares"],
                "percent": vote["percent"],
                "reputation": 0,
                "time": vote["time"],
            }
            for voter, vote in sorted(post["votes"].items())
        ]

    def header(self, block: Block) -> dict[str, Any]:
        """get_block_header."""
        return {
            "previous": block.previous,
            "timestamp": f"{block.time:%Y-%m-%dT%H:%M:%S}",
            "witness": WITNESS,
            "transaction_merkle_root": block.merkle_root,
            "extensions": [],
        }

    def block(self, block: Block) -> dict[str, Any]:
        """get_block."""
        return self.header(block) | {
            "witness_signature": block.signature,
            "transactions": [self.transaction(block, n) for n in range(len(block.transactions))],
            "block_id": block.id,
            "signing_key": "",
            "transaction_ids": [transaction.id for transaction in block.transactions],
        }

    def transaction(self, block: Block, number: int) -> dict[str, Any]:
        """get_transaction, and each transaction of get_block."""
        transaction, codec = block.transactions[number], self._chain.codec
        if not self._legacy:
            return transaction.own(codec)
        return transaction.legacy(codec) | {
            "transaction_id": transaction.id,
            "block_num": block.num,
            "transaction_num": number,
        }

    def operations(self, block: Block) -> list[dict[str, Any]]:
        """get_ops_in_block."""
        codec = self._chain.codec
        return [
            {
                "trx_id": transaction.id,
                "block": block.num,
                "trx_in_block": number,
                "op_in_trx": place,
                "virtual_op": 0,
                "timestamp": f"{block.time:%Y-%m-%dT%H:%M:%S}",
                "op": codec.legacy(operation) if self._legacy else codec.own(operation),
            }
            for number, transaction in enumerate(block.transactions)
            for place, operation in enumerate(transaction.operations)
        ]


_EMPTY: dict[str, Any] = {
    "id": 0,
    "author": "",
    "permlink": "",
    "category": "",
    "parent_author": "",
    "parent_permlink": "",
    "title": "",
    "body": "",
    "json_metadata": "",
    "last_update": EPOCH,
    "created": EPOCH,
    "active": EPOCH,
    "depth": 0,
    "children": 0,
    "net_rshares": 0,
    "abs_rshares": 0,
    "cashout": EPOCH,
    "root": "",
    "votes": {},
    "max_accepted_payout": 0,
    "percent": 0,
    "allow_votes": False,
    "allow_curation_rewards": False,
    "beneficiaries": [],
}


def moment(text: str) -> datetime:
    """A chain's time from its text."""
    return datetime.fromisoformat(f"{text}+00:00")
