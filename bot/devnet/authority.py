"""Whether a transaction's signers may do what it asks (transaction_util.hpp, chain-rules §2.3)."""

from collections.abc import Iterator
from typing import Any

from bot.devnet.faults import Fault, failed, irrelevant_signature, missing_authority, unknown_key
from bot.devnet.operations import Codec
from bot.devnet.state import State, Value
from bot.devnet.transaction import Transaction
from bot.devnet.validation import authorities

_DEPTH = 2  # how far grants to other accounts are followed
APPROVED = "temp"
"""An account for which nobody needs to sign (STEEM_TEMP_ACCOUNT)."""
MOST_ACCOUNTS = 125
_ABOVE = {
    "posting": ("posting", "active", "owner"),
    "active": ("active", "owner"),
    "owner": ("owner",),
}
"""The roles that satisfy each role on Steem."""


def verify_authority(transaction: Transaction, state: State, codec: Codec, chain_id: str) -> None:
    """Check that the signers satisfy every operation, and that none of them is superfluous.

    Args:
        chain_id: the chain for which the signatures must have been made.

    Raises:
        Fault: with the chain's code, text and frames.
    """
    network = codec.network
    place = ("transaction.cpp", "verify_authority")
    try:
        signers = transaction.signers(chain_id, network.prefix)
        try:
            _verify(transaction, signers, state, strict_posting=network.strict_posting)
        except Fault as fault:
            told = {"auth_containers": [codec.own(op) for op in transaction.operations]}
            data: dict[str, Any] = told | {"sigs": signers}
            if fault.code == 13:  # noqa: PLR2004  # the frame that caught the missing account
                fault.stack[0].data = data | {"what": "unknown key"}
                raise
            raise fault.passed(("transaction_util.hpp", "verify_authority"), **data) from None
    except Fault as fault:
        raise fault.passed(place, **{"*this": transaction.own(codec)}) from None


def _verify(
    transaction: Transaction, signers: list[str], state: State, *, strict_posting: bool
) -> None:
    needed = _needed(transaction)
    if needed["posting"] and not strict_posting:
        if needed["active"]:
            raise failed("required_active.size() == 0")
        if needed["owner"]:
            raise failed("required_owner.size() == 0")
    signed = _Signatures(set(signers), state)
    for role, name in _in_order(needed):
        if name == APPROVED:
            continue
        account = state.get("accounts", name)
        if account is None:
            raise unknown_key()
        enough = _ABOVE[role]
        if strict_posting and role == "posting":
            enough = ("posting",)
        if not any(signed.satisfy(account[other], other) for other in enough):
            raise missing_authority(role, name, _told(account, role))
    if signed.keys - signed.used and not strict_posting:
        raise irrelevant_signature()


def _needed(transaction: Transaction) -> dict[str, set[str]]:
    needed: dict[str, set[str]] = {"posting": set(), "active": set(), "owner": set()}
    for operation in transaction.operations:
        for role, names in authorities(operation).items():
            needed[role] |= names
    return needed


def _in_order(needed: dict[str, set[str]]) -> Iterator[tuple[str, str]]:
    for role in ("posting", "active", "owner"):
        for name in sorted(needed[role]):
            yield role, name


class _Signatures:
    """The keys that signed, and which of them something needed."""

    def __init__(self, keys: set[str], state: State) -> None:
        self.keys = keys
        self.used: set[str] = set()
        self._state = state
        self._walked = 0

    def satisfy(self, authority: Value, role: str, depth: int = _DEPTH) -> bool:
        """Whether they reach the authority's threshold, with what is granted to other accounts."""
        weight = 0
        for key, worth in authority["key_auths"]:
            if key in self.keys:
                self.used.add(key)
                weight += worth
                if weight >= authority["weight_threshold"]:
                    return True
        for name, worth in authority["account_auths"] if depth else ():
            self._walked += 1
            if self._walked > MOST_ACCOUNTS:
                return False
            granted = self._state.get("accounts", name)
            if name == APPROVED or (granted and self.satisfy(granted[role], role, depth - 1)):
                weight += worth
                if weight >= authority["weight_threshold"]:
                    return True
        return bool(weight >= authority["weight_threshold"])


def _told(account: Value, role: str) -> Value:
    """The authorities that the exception names: the one asked for and those above it."""
    return {name: account[name] for name in _ABOVE[role]}
