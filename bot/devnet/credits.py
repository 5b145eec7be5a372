"""Resource credits: what a transaction costs, who pays, how the pools fill (chain-rules §3).

The figures are those that steemd generates for `rc_api.get_resource_params`.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from bot.devnet.faults import Fault, Frame, plugin
from bot.devnet.ledger import Ledger
from bot.devnet.operations import Codec, Fields, Operation
from bot.devnet.state import Value
from bot.devnet.transaction import Transaction
from bot.devnet.validation import authorities

BLOCKS_OF_REGENERATION = 144_000  # five days of blocks


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource's pool and price curve."""

    name: str
    unit: int
    budget: int
    equilibrium: int
    largest: int
    decay: int
    decay_shift: int
    coeff_a: int
    coeff_b: int
    shift: int


RESOURCES = (
    Resource("resource_history_bytes", 1, 43403, 27050539251, 54101078501,
             3613026481, 51, 14034213032882683904, 211332338, 52),
    Resource("resource_new_accounts", 10000, 797, 157691079, 157691079,
             347321, 36, 16484671763857882971, 1231961, 51),
    Resource("resource_market_bytes", 10, 72338, 2003755169, 4007510337,
             2540365427, 46, 9979884823383242752, 15654337, 56),
    Resource("resource_state_bytes", 1, 34722222, 21640431400373, 43280862800744,
             3613026481, 51, 14034213032882683904, 169065870315, 52),
    Resource("resource_execution_time", 1, 10273973, 6403196140384, 12806392280766,
             3613026481, 51, 14034213032882683904, 50024969847, 52),
)  # fmt: skip

_MARKET = {"transfer", "transfer_to_vesting"}


@cache
def size_info() -> dict[str, dict[str, int]]:
    """What each kind of object takes of state, and each operation of time."""
    text = files("bot.devnet").joinpath("resource_sizes.json").read_text(encoding="utf-8")
    sizes: dict[str, dict[str, int]] = json.loads(text)
    return sizes


def usage(operations: Iterable[Operation], size: int) -> list[int]:
    """How much of each resource a transaction of `size` bytes takes."""
    bytes_of, time_of = size_info()["resource_state_bytes"], size_info()["resource_execution_time"]
    state = bytes_of["transaction_object_base_size"]
    state += bytes_of["transaction_object_byte_size"] * size
    execution = 0
    market = 0
    for name, fields in operations:
        state += _state_bytes(name, fields, bytes_of)
        follows = fields.get("id") == "follow"
        execution += time_of[f"{name}_operation_exec_time"] * (20 if follows else 1)
        if name in _MARKET:
            market = size
    return [size, 0, market, state, execution]


def _state_bytes(name: str, fields: Fields, sizes: dict[str, int]) -> int:
    if name == "comment":
        return (
            sizes["comment_object_base_size"]
            + sizes["comment_object_permlink_char_size"] * len(fields["permlink"].encode())
            + sizes["comment_object_parent_permlink_char_size"]
            * len(fields["parent_permlink"].encode())
        )
    if name == "comment_options":
        count = len(fields["beneficiaries"] or ())
        return sizes["comment_object_beneficiaries_member_size"] * count
    if name == "vote":
        return sizes["comment_vote_object_base_size"]
    if name == "account_create":
        members = sum(
            sizes["authority_base_size"]
            + sizes["authority_key_member_size"] * len(fields[role]["key_auths"])
            + sizes["authority_account_member_size"] * len(fields[role]["account_auths"])
            for role in ("owner", "active", "posting")
        )
        objects = ("account_object_base_size", "account_authority_object_base_size")
        return sum(sizes[name] for name in objects) + members
    return 0


def cost(ledger: Ledger, used: list[int]) -> int:
    """What this usage costs now, in credits."""
    regeneration = ledger.figures["vesting_shares"] // BLOCKS_OF_REGENERATION
    total = 0
    for resource, count, pool in zip(RESOURCES, used, pools(ledger), strict=True):
        if count > 0 and regeneration > 0:
            price = ((regeneration * resource.coeff_a) >> resource.shift) + 1
            divisor = resource.coeff_b + max(pool, 0)
            total += price * count * resource.unit // divisor + 1
    return int(total)


def pools(ledger: Ledger) -> list[int]:
    """The pools; a new chain's are full."""
    return ledger.figures["pools"] or [resource.largest for resource in RESOURCES]


def refill(ledger: Ledger, used: list[int]) -> None:
    """After a block: take what was used, add the budget, let the rest decay."""
    ledger.note(
        pools=[
            min(
                resource.largest,
                pool - (pool * resource.decay >> resource.decay_shift) + resource.budget - count,
            )
            for resource, count, pool in zip(RESOURCES, used, pools(ledger), strict=True)
        ]
    )


def payer(operations: Iterable[Operation]) -> str:
    """The account that pays: the first of the first operation that needs one."""
    for operation in operations:
        needed = authorities(operation)
        for role in ("active", "owner", "posting"):
            if names := sorted(needed.get(role, ())):
                return names[0]
    return ""


def charge(ledger: Ledger, transaction: Transaction, codec: Codec, *, admission: bool) -> None:
    """Take the credits from the payer; only a node that admits a transaction refuses (§3).

    Raises:
        Fault: too few credits.
    """
    name = payer(transaction.operations)
    account = ledger.state.get("accounts", name)
    if account is None:
        return
    needed = cost(ledger, usage(transaction.operations, len(transaction.packed)))
    available = ledger.credits(account)
    if admission and available < needed:
        told = {"note.transaction": transaction.own(codec)}
        raise (
            _too_few(ledger, account, available, needed)
            .passed(("rc_plugin.cpp", "on_post_apply_transaction"), **told)
            .passed(("rc_plugin.cpp", "operator()"), "rethrow")
        )
    ledger.state.change("accounts", name, credits=available - needed, credits_at=ledger.now)


def _too_few(ledger: Ledger, account: Value, available: int, needed: int) -> Fault:
    name = account["name"]
    if ledger.network.is_hive:
        text = (
            "Account: ${account_name} has ${rc_current} RC, needs ${rc} RC. "
            "Please wait to transact or power up HIVE."
        )
        data: dict[str, Any] = {"account_name": name, "rc": needed, "rc_current": available}
        frame = Frame(text, data, level="error")
        return Fault(4100100, "not_enough_rc_exception", "not enough rc", [frame])
    fault = plugin(
        "Account: ${account} has ${rc_current} RC, needs ${rc_needed} RC. "
        "Please wait to transact, or power up STEEM.",
        account=name,
        rc_needed=needed,
        rc_current=available,
    )
    manabar = {"current_mana": account["credits"], "last_update_time": account["credits_at"]}
    return fault.passed(
        ("rc_plugin.cpp", "use_account_rcs"),
        account={"name": name, "id": account["id"]},
        rc_account={"account": name, "rc_manabar": manabar},
        **{"mbparams.max_mana": account["vests"]},
    )
