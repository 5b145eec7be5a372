"""With what a chain begins: its own accounts, and on all but bare networks a few people."""

from hashlib import sha256
from typing import Any

from coincurve import PrivateKey

from bot.devnet.keys import ROLES, derived, public_of
from bot.devnet.ledger import Ledger, new_figures
from bot.devnet.network import ACCOUNTS, GENESIS_ACCOUNTS, PHRASE, WITNESS, Network
from bot.devnet.state import Value

POWER = 100_000_000
"""What each person has powered up: 100,000 coins."""
POCKET = 1_000_000
"""What each has in coins and in dollars: 1,000."""
_VESTS_PER_UNIT = 2_000_000  # 2000 vests a coin, about as on the public chain
NOBODY: Value = {"weight_threshold": 1, "account_auths": [], "key_auths": []}


def signing_key(network: Network) -> PrivateKey:
    """The witness's key; a bare network's is the one that every test build has."""
    if network.bare:
        return PrivateKey(sha256(b"init_key").digest())
    return derived(WITNESS, "signing", PHRASE)


def begin(ledger: Ledger) -> None:
    """Put the first objects into an empty state."""
    network = ledger.network
    ledger.state.put("chain", "figures", new_figures(network, ledger.now))
    for name in GENESIS_ACCOUNTS:
        key = public_of(signing_key(network), network.prefix)
        roles = dict.fromkeys(("owner", "active", "posting"), single(key))
        if name != WITNESS:
            roles = dict.fromkeys(("owner", "active", "posting"), NOBODY)
        put_account(ledger, name, roles, key, recovery="")
    supply = ledger.figures["current_supply"]
    if network.bare:
        ledger.state.change("accounts", WITNESS, balances=[supply, 0])
        return
    for name in ACCOUNTS:
        keys = {role: public_of(derived(name, role, PHRASE), network.prefix) for role in ROLES}
        roles = {role: single(keys[role]) for role in ("owner", "active", "posting")}
        put_account(ledger, name, roles, keys["memo"])
        ledger.state.change("accounts", name, balances=[POCKET, POCKET])
        ledger.gain_vests(name, POWER * _VESTS_PER_UNIT)
    people = len(ACCOUNTS)
    ledger.state.change("accounts", WITNESS, balances=[supply - people * (POWER + POCKET), 0])
    ledger.note(
        vesting_fund=people * POWER,
        vesting_shares=people * POWER * _VESTS_PER_UNIT,
        debt_supply=people * POCKET,
    )


def single(key: str) -> Value:
    """The authority of one key."""
    return {"weight_threshold": 1, "account_auths": [], "key_auths": [[key, 1]]}


def put_account(
    ledger: Ledger,
    name: str,
    roles: dict[str, Any],
    memo_key: str,
    *,
    json_metadata: str = "",
    recovery: str = WITNESS,
) -> None:
    """A new account, with nothing."""
    account = {
        "id": ledger.next_id("accounts"),
        "name": name,
        **roles,
        "memo_key": memo_key,
        "json_metadata": json_metadata,
        "created": ledger.now,
        "recovery": recovery,
        "owner_changed": 0,
        "changed": 0,
        "last_post": 0,
        "last_root_post": 0,
        "last_post_edit": 0,
        "last_vote": 0,
        "post_count": 0,
        "votes": 0,
        "balances": [0, 0],
        "vests": 0,
        "mana": 0,
        "downvote_mana": 0,
        "mana_at": ledger.now,
        "credits": 0,
        "credits_at": ledger.now,
        "reward_core": 0,
        "reward_debt": 0,
        "reward_vests": 0,
        "reward_vests_core": 0,
        "posting_rewards": 0,
        "curation_rewards": 0,
    }
    ledger.state.put("accounts", name, account)
