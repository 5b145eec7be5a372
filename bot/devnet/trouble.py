"""Troubles made on purpose: a node that fails, hangs, lies or loses, for those who ask for it."""

from dataclasses import dataclass
from typing import Any

from bot.devnet.faults import failed

KINDS = ("status", "drop_before", "drop_after", "truncate", "delay", "swallow")


@dataclass
class Trouble:
    """One kind of trouble for one method, for a number of calls.

    Attributes:
        kind: `status` (an HTML page with `code`), `drop_before` and `drop_after` (the connection
            closes before or after the request took effect), `truncate` (half of the reply),
            `delay` (by `seconds`), `swallow` (broadcasts are answered and thrown away).
        method: `api.method`, or `*` for all.
        count: calls that it still hits; negative means every one.
    """

    kind: str
    method: str = "*"
    count: int = 1
    code: int = 502
    seconds: float = 1.0


class Troubles:
    """The troubles that are switched on."""

    def __init__(self) -> None:
        self._troubles: list[Trouble] = []

    def set(self, given: list[dict[str, Any]]) -> None:
        """Switch these on, besides those that are on already."""
        for values in given:
            if values.get("kind") not in KINDS:
                raise failed("known kind", f"kinds are {', '.join(KINDS)}")
            self._troubles.append(Trouble(**values))

    def clear(self) -> None:
        """Switch all off."""
        self._troubles.clear()

    def hit(self, method: str) -> Trouble | None:
        """The trouble that this call meets, if any; it counts."""
        for trouble in self._troubles:
            if trouble.method in {"*", method} and trouble.count != 0:
                trouble.count -= 1
                return trouble
        return None
