"""How hivemind takes arguments and refuses them (M:common/helpers.py, chain-rules §5)."""

import re
from collections.abc import Callable
from typing import Any

from bot.devnet.faults import Refusal
from bot.devnet.methods import Method
from bot.devnet.state import Value

_NAME = re.compile(r"[a-z0-9.-]+")


def named(method: Callable[..., Any]) -> Method:
    """A method called by names, as hivemind calls it; arguments that don't fit are refused."""

    def answer(given: Value) -> Any:
        try:
            return method(**given)
        except (TypeError, ValueError, AttributeError):
            raise Refusal(-32602, "Invalid parameters") from None

    return answer


def refused(text: str) -> Refusal:
    """One of its assertions."""
    return Refusal(-32000, "Server error", text)


def account_name(name: str, *, optional: bool = False) -> str:
    """A name that could be an account's (M:common/helpers.py)."""
    if not name:
        if optional:
            return ""
        raise refused("invalid account (not specified)")
    if not 3 <= len(name) <= 16:  # noqa: PLR2004  # the chain's bounds
        raise refused(f"invalid account name length: `{name}`")
    if not _NAME.fullmatch(name):
        raise refused("invalid account char")
    return name


def permlink_text(permlink: str) -> str:
    """A permlink, which must be there."""
    if not permlink:
        raise refused("permlink cannot be blank")
    return permlink
