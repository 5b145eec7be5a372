"""What people call a brief by: its id, its path, its address, or how one of these begins."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from bot.records.engine import RecordsError

_ADDRESS = re.compile(
    r"(?:(?P<place>\S*?)/)?@(?P<author>[A-Za-z0-9.-]+)(?:/(?P<permlink>[^/\s]*)/?)?"
)
_SHOWN = 6
"""Candidates that a message names."""

Thing = TypeVar("Thing")


class Ambiguous(RecordsError):  # noqa: N818  # what is wrong
    """A name could mean several briefs; the message tells which."""

    exit_code = 2

    def __init__(self, name: str, candidates: Iterable[str]) -> None:
        known = sorted(candidates)
        told = ", ".join(known[:_SHOWN])
        more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
        super().__init__(f"{name} could be {told}{more}; write more of it")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a post stands.

    Attributes:
        place: what is written before it: a chain, a category or a site; often nothing.
    """

    place: str
    author: str
    permlink: str

    @classmethod
    def of(cls, name: str) -> "Address | None":
        """`@author/permlink`, `chain/@author/permlink`, an address in the browser, or none."""
        match = _ADDRESS.fullmatch(name)
        if match is None:
            return None
        return cls(match["place"] or "", match["author"], match["permlink"] or "")


def beginning(
    name: str,
    things: Iterable[Thing],
    names: Callable[[Thing], Iterable[str]],
    brief: Callable[[Thing], str],
) -> list[Thing]:
    """The things of the one brief that has a name which begins so.

    Args:
        names: what a thing may be called by.
        brief: the brief that a thing is of.

    Raises:
        Ambiguous: several briefs have such names.
    """
    if not name:
        return []
    found = [each for each in things if any(called.startswith(name) for called in names(each))]
    if len(briefs := {brief(each) for each in found}) > 1:
        raise Ambiguous(name, briefs)
    return found
