"""What persons have moved lately, so that it can be taken back."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_urlsafe
from typing import cast

from fastapi import Request

from bot.intake.rescheduling import Redated

MOST = 200
"""Moves that are remembered; of older ones, and after a restart, the file is moved again."""


@dataclass(frozen=True, slots=True)
class Move:
    """A brief that was given another date.

    Attributes:
        key: unguessable.
        at: the date.
        redated: the file before and after.
        by: who did it.
        is_undone: whether it was taken back.
    """

    key: str
    title: str
    at: datetime
    redated: Redated
    by: str
    is_undone: bool = False


@dataclass(slots=True)
class Moves:
    """The last moves of a dashboard, and the lock under which files are moved."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: OrderedDict[str, Move] = field(default_factory=OrderedDict)

    def keep(self, title: str, at: datetime, redated: Redated, by: str) -> Move:
        """Remember a move."""
        made = Move(token_urlsafe(12), title, at, redated, by)
        self.put(made)
        return made

    def put(self, move: Move) -> None:
        """Remember a move as it is now."""
        self._kept[move.key] = move
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)

    def of(self, key: str) -> Move | None:
        """A move; None where it isn't known any more."""
        return self._kept.get(key)


def moves_of(request: Request) -> Moves:
    """The moves of the application that answers."""
    return cast("Moves", request.app.state.moves)
