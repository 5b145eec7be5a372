"""Troubles made on purpose: a node that fails, hangs, lies or loses, for those who ask for it."""

import random
from dataclasses import dataclass, field
from typing import Any

from bot.devnet.faults import failed

KINDS = {
    "status": "an HTML page with the status `code` (502)",
    "drop_before": "the connection closes before the request takes effect",
    "drop_after": "the connection closes after the request took effect",
    "truncate": "half of the reply, then the connection closes",
    "http_1_0": "the reply is HTTP/1.0, without a length, and ends with the connection",
    "chunked": "the reply comes in chunks, without a length",
    "idle": "the connection stays open, and closes after `seconds` (1) in which nobody used it",
    "delay": "the reply comes `seconds` (1) later",
    "swallow": "a broadcast is answered as accepted and thrown away",
    "stale_head": "the head is the one at the time of the first such reply",
    "wrong_chain_id": "another chain id in the configuration, and in the checking of signatures",
    "clock_skew": "the head's time is `seconds` off",
    "deny": "posts are told as absent, blocks without their transactions",
    "forge": "posts are told with another body, blocks with other transactions",
    "deny_account": "accounts are told as absent",
    "swap_keys": "an account's posting key is told as its active key too",
    "forge_metadata": "posts are told with `text` as their metadata",
    "posted_just_now": "accounts are told to have posted at this moment",
    "poor": "accounts are told to have no resource credits",
    "refuse": "a broadcast is refused, as by a chain in which the author has just posted",
    "far_head": "the head is told a million blocks further, and as irreversible",
    "no_history": "blocks are told as absent",
    "pretend": "a broadcast is thrown away, and told as if the next block held it",
}
"""What each kind does to a call that it hits."""


@dataclass
class Trouble:
    """One kind of trouble for one method, for a number of calls.

    Attributes:
        method: `api.method`, or `*` for all.
        count: calls that it still hits; negative means every one.
        probability: of hitting a call, drawn from a generator with this `seed`.
    """

    kind: str
    method: str = "*"
    count: int = 1
    probability: float = 1.0
    seed: int = 0
    code: int = 502
    seconds: float = 1.0
    text: str = ""
    memory: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311  # repeatable, not secret

    def hits(self, method: str) -> bool:
        """Whether this call is met; it counts."""
        if self.method not in {"*", method} or self.count == 0:
            return False
        if self._random.random() >= self.probability:
            return False
        self.count -= 1
        return True


class Troubles:
    """The troubles that are switched on."""

    def __init__(self) -> None:
        self._troubles: list[Trouble] = []

    def set(self, given: list[dict[str, Any]]) -> None:
        """Switch these on, besides those that are on already.

        Raises:
            Fault: there is no such kind, or an option is none.
        """
        for values in given:
            if values.get("kind") not in KINDS:
                raise failed("known kind", f"kinds are {', '.join(KINDS)}", -32003)
            try:
                self._troubles.append(Trouble(**values))
            except TypeError as error:
                raise failed("known options", str(error), -32003) from None

    def clear(self) -> None:
        """Switch all off."""
        self._troubles.clear()

    def hit(self, method: str) -> Trouble | None:
        """The trouble that this call meets, if any; the first that was set wins."""
        return next((trouble for trouble in self._troubles if trouble.hits(method)), None)
