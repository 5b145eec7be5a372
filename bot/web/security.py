"""Who may do what on the dashboard: the visitor of a request, and what routes ask of one.

The gate (bot/web/gate.py) has let the request in and knows its visitor; without it, nobody is let
in here.
"""

from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import Depends, HTTPException, Request

from bot.errors import BotError
from bot.records.people import People, Role
from bot.web.origin import is_loopback
from bot.web.settings import WebSettings

LOCAL = "local"
"""The name of the person at this machine, where there are no users; no user can have it."""
_LONGEST_NEXT = 2000
_IN_ADDRESSES = "/?&=%:@!$'()*+,;~-._"


class NobodyMaySignIn(BotError):  # noqa: N818  # what is missing
    """It would be open to everybody who reaches its address."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks.

    Attributes:
        csrf: what this visitor's forms carry, in the field `csrf` or the header `X-CSRF-Token`;
            empty for a program, whose requests need none.
        session: None for a program, and for the person at this machine.
    """

    name: str
    role: Role
    csrf: str = field(repr=False)
    session: int | None = None

    @property
    def is_local(self) -> bool:
        """Whether this is the person at this machine, where there are no users."""
        return self.name == LOCAL


def refuse_open_dashboard(people: People, host: str, settings: WebSettings) -> None:
    """Make sure, before it listens at `host`, that not everybody is let in.

    Raises:
        NobodyMaySignIn: there are no users, and others than this machine's own person reach it.
    """
    is_behind = bool(settings.hosts or settings.trusted_proxies)
    if (is_loopback(host) and not is_behind) or people.anybody():
        return
    where = "by the names or proxies of [web]" if is_loopback(host) else f"at {host}"
    raise NobodyMaySignIn(
        f"the dashboard would be open to everybody who reaches it {where}: add a user first, "
        "`briefbot user add NAME --role admin`, or let it listen on 127.0.0.1"
    )


def visitor_of(request: Request) -> Visitor | None:
    """Who asks; None for a stranger."""
    visitor = getattr(request.state, "visitor", None)
    return visitor if isinstance(visitor, Visitor) else None


def csrf_of(request: Request) -> str:
    """What the forms of the page that is answered carry; a stranger's, too."""
    return str(getattr(request.state, "csrf", ""))


def _at_least(request: Request, role: Role) -> Visitor:
    visitor = visitor_of(request)
    if visitor is None:
        raise HTTPException(401, "sign in first", {"WWW-Authenticate": "Bearer"})
    if not visitor.role.covers(role):
        raise HTTPException(403, f"this takes the role {role}, and yours is {visitor.role}")
    return visitor


def reader(request: Request) -> Visitor:
    """The visitor, who may look; raises `HTTPException` 401 for a stranger."""
    return _at_least(request, Role.READER)


def editor(request: Request) -> Visitor:
    """The visitor, who may change briefs; raises `HTTPException` 401 or 403."""
    return _at_least(request, Role.EDITOR)


def admin(request: Request) -> Visitor:
    """The visitor, who may change users; raises `HTTPException` 401 or 403."""
    return _at_least(request, Role.ADMIN)


Reader = Annotated[Visitor, Depends(reader)]
Editor = Annotated[Visitor, Depends(editor)]
Admin = Annotated[Visitor, Depends(admin)]


def way_back(text: str) -> str:
    r"""The address to come back to after signing in: a path of ours, or the first page.

    It comes from a link that anybody may have made. Browsers read `//host` and `/\host` as other
    sites, and leave out tabs and line ends (WHATWG URL §4.4).
    """
    is_path = text.startswith("/") and not text.startswith("//") and len(text) <= _LONGEST_NEXT
    if not is_path or "\\" in text or not text.isprintable():
        return "/"
    try:
        parts = urlsplit(text)
    except ValueError:
        return "/"
    if parts.scheme or parts.netloc or parts.path.startswith("/sign-"):
        return "/"
    return quote(parts.path, _IN_ADDRESSES) + (
        f"?{quote(parts.query, _IN_ADDRESSES)}" if parts.query else ""
    )
