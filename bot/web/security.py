"""Who may do what; a stand-in until the guard is built: the one person at this machine."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks.

    Attributes:
        role: reader, editor or admin.
        csrf: what a form of this visitor carries.
    """

    name: str
    role: str
    csrf: str


def reader(request: Request) -> Visitor:  # noqa: ARG001
    """Whoever may look."""
    return Visitor("local", "admin", "csrf")


Reader = Annotated[Visitor, Depends(reader)]
Editor = Annotated[Visitor, Depends(reader)]
Admin = Annotated[Visitor, Depends(reader)]
