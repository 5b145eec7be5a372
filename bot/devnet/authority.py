"""Whether a transaction's signers may do what it asks (transaction_util.hpp, chain-rules §2.3)."""

from collections.abc import Iterable
from typing import Any

from bot.devnet.faults import failed, irrelevant_signature, missing_active, missing_posting
from bot.devnet.faults import unknown_key as unknown
from bot.devnet.operations import Operation
from bot.devnet.state import State
from bot.devnet.validation import authorities

_DEPTH = 2  # how far grants to other accounts are followed


def verify_authority(
    operations: Iterable[Operation], signers: set[str], state: State, *, strict_posting: bool
) -> None:
    """Check that the signers satisfy every operation, and that none of them is superfluous.

    Args:
        strict_posting: only a posting key may post, as on Hive since hardfork 28.

    Raises:
        Fault: with the chain's code and text.
    """
    posting: set[str] = set()
    active: set[str] = set()
    for operation in operations:
        needs_posting, needs_active = authorities(operation)
        posting |= needs_posting
        active |= needs_active
    used: set[str] = set()
    if posting and active and not strict_posting:
        raise failed("required_active.size() == 0")
    for name in sorted(posting):
        account = _account(state, name)
        roles = ["posting"] if strict_posting else ["posting", "active", "owner"]
        if not any(_satisfied(account[r], r, signers, state, used, _DEPTH) for r in roles):
            raise missing_posting(name, _told(account))
    for name in sorted(active):
        account = _account(state, name)
        if not any(
            _satisfied(account[r], r, signers, state, used, _DEPTH) for r in ("active", "owner")
        ):
            raise missing_active(name, _told(account))
    if signers - used and not strict_posting:
        raise irrelevant_signature()


def _satisfied(
    authority: dict[str, Any],
    role: str,
    signers: set[str],
    state: State,
    used: set[str],
    depth: int,
) -> bool:
    weight = 0
    for key, worth in authority["key_auths"]:
        if key in signers:
            used.add(key)
            weight += worth
            if weight >= authority["weight_threshold"]:
                return True
    for name, worth in authority["account_auths"] if depth else ():
        granted = state.get("accounts", name)
        if granted and _satisfied(granted[role], role, signers, state, used, depth - 1):
            weight += worth
            if weight >= authority["weight_threshold"]:
                return True
    return bool(weight >= authority["weight_threshold"])


def _account(state: State, name: str) -> dict[str, Any]:
    account = state.get("accounts", name)
    if account is None:
        raise unknown(name=name)
    return account


def _told(account: dict[str, Any]) -> dict[str, Any]:
    return {role: account[role] for role in ("posting", "active", "owner")}
