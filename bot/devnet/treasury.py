"""Evaluators of what moves coins and power, and of accounts (steem_evaluator.cpp)."""

import re

from bot.devnet.evaluation import Evaluation
from bot.devnet.faults import Fault, Frame, failed, unknown_key
from bot.devnet.genesis import put_account
from bot.devnet.network import WITNESS
from bot.devnet.operations import Amount, Fields

MOST_MEMBERS = 40
COMMUNITY = re.compile(r"hive-[123]\d{4,6}")


def transfer(context: Evaluation, fields: Fields) -> None:
    """Coins or dollars from one account to another."""
    context.account(fields["from"])
    context.account(fields["to"])
    _take(context, fields["from"], fields["amount"])
    context.ledger.pay(fields["to"], fields["amount"])


def _take(context: Evaluation, name: str, amount: Amount) -> None:
    if context.account(name)["balances"][amount.kind] < amount.units:
        raise failed(
            "_db.get_balance( o.from, o.amount.symbol ) >= o.amount",
            "Account does not have sufficient funds for transfer.",
        )
    context.ledger.pay(name, amount, -1)


def transfer_to_vesting(context: Evaluation, fields: Fields) -> None:
    """Power up."""
    context.account(fields["from"])
    context.account(fields["to"] or fields["from"])
    _take(context, fields["from"], fields["amount"])
    context.ledger.vest(fields["to"] or fields["from"], fields["amount"].units)


def claim_reward_balance(context: Evaluation, fields: Fields) -> None:
    """Take what rewards are owed."""
    account = context.account(fields["account"])
    names = ("reward_core", "reward_debt", "reward_vests")
    symbols = ("HIVE", "HBD", "VESTS") if context.network.is_hive else ("STEEM", "SBD", "VESTS")
    claims = [fields[key] for key in context.codec.rewards]
    for key, name, symbol, claim in zip(context.codec.rewards, names, symbols, claims, strict=True):
        actual = Amount(account[name], claim.kind)
        if claim.units > actual.units:
            member = {"reward_vests": "reward_vesting_balance"}.get(key, f"{key}_balance")
            raise failed(
                f"op.{key} <= acnt.{member}",
                f"Cannot claim that much {symbol}. Claim: ${{c}} Actual: ${{a}}",
                c=context.codec.nai_amount(claim),
                a=context.codec.nai_amount(actual),
            )
    core, debt, vests = (claim.units for claim in claims)
    context.ledger.claim(fields["account"], core, debt, vests)


def feed_publish(context: Evaluation, fields: Fields) -> None:
    """A witness's price."""
    if fields["publisher"] != WITNESS:
        raise unknown_key("get_witness", name=fields["publisher"])
    rate = fields["exchange_rate"]
    published = context.ledger.figures["published"]
    price = [rate["base"].units, rate["quote"].units]
    context.ledger.note(published=published | {fields["publisher"]: price})


def account_create(context: Evaluation, fields: Fields) -> None:
    """A new account, paid for by its creator."""
    creator = context.account(fields["creator"])
    fee: Amount = fields["fee"]
    if creator["balances"][0] < fee.units:
        raise failed(
            "creator.balance >= o.fee",
            "Insufficient balance to create account.",
        )
    _members_exist(context, fields)
    name = fields["new_account_name"]
    if context.state.get("accounts", name) is not None:
        what = "could not insert object, most likely a uniqueness constraint was violated"
        raise Fault(13, "N5boost10wrapexceptISt11logic_errorEE", what, [Frame("${what}: ", {
            "what": what})])  # fmt: skip
    context.ledger.pay(fields["creator"], fee, -1)
    roles = {role: fields[role] for role in ("owner", "active", "posting")}
    put_account(
        context.ledger,
        name,
        roles,
        fields["memo_key"],
        json_metadata=fields["json_metadata"],
        recovery=fields["creator"],
    )
    if COMMUNITY.fullmatch(name):
        context.state.put("communities", name, {"name": name, "title": name, "members": {}})


def account_update(context: Evaluation, fields: Fields) -> None:
    """Other keys, other grants."""
    context.account(fields["account"])
    _members_exist(context, fields)
    changes = {role: fields[role] for role in ("owner", "active", "posting") if fields[role]}
    if fields["owner"]:
        changes["owner_changed"] = context.now
    if fields["json_metadata"]:
        changes["json_metadata"] = fields["json_metadata"]
    context.state.change(
        "accounts",
        fields["account"],
        memo_key=fields["memo_key"],
        changed=context.now,
        **changes,
    )


def _members_exist(context: Evaluation, fields: Fields) -> None:
    for role in ("owner", "active", "posting"):
        authority = fields[role] or {"account_auths": [], "key_auths": []}
        members = len(authority["account_auths"]) + len(authority["key_auths"])
        check_membership(members)
        for name, _ in authority["account_auths"]:
            context.account(name)


def check_membership(members: int) -> None:
    """At most forty in one authority, or in the signers of one operation.

    Raises:
        Fault: there are more.
    """
    if members > MOST_MEMBERS:
        raise failed(
            "size <= STEEM_MAX_AUTHORITY_MEMBERSHIP",
            "Authority membership exceeded. Max: ${max} Current: ${n}",
            max=MOST_MEMBERS,
            n=members,
        )
