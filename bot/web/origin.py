"""Who asks, and by which name: the Host, the Origin, and what a proxy says of them.

A page of another site can make a browser ask this machine. It can't choose the Host that the
browser names (a name of its own that it points at 127.0.0.1, DNS rebinding, is none of ours), nor
the Origin (RFC 6454) and Sec-Fetch-Site (W3C Fetch Metadata) that the browser tells.
"""

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import Scope

from bot.web.settings import Network, WebSettings

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing (RFC 9110 §9.2.1)."""
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")
_OF_PROXIES = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto")


@dataclass(frozen=True, slots=True)
class Asked:
    """By which address a request was made.

    Attributes:
        host: as the browser names it, in small letters, with its port where it names one.
        client: address of who asks; empty when it isn't known.
        is_local: both ends are this machine's, and nothing says that a proxy stands between.
    """

    scheme: str
    host: str
    client: str
    is_local: bool

    @property
    def origin(self) -> str:
        """What a browser tells as the Origin of our own pages."""
        return f"{self.scheme}://{self.host}"


def asked_of(scope: Scope, settings: WebSettings) -> Asked:
    """How a request was made; proxies are believed only as far as they are configured."""
    headers = Headers(scope=scope)
    hosts = headers.getlist("host")
    host = hosts[0].strip().lower() if len(hosts) == 1 else ""
    scheme = scope.get("scheme", "http")
    client = (scope.get("client") or ("",))[0]
    server = (scope.get("server") or ("",))[0]
    is_proxied = any(name in headers for name in _OF_PROXIES)
    is_local = is_loopback(client) and is_loopback(server) and not is_proxied
    if _is_trusted(client, settings.trusted_proxies):
        if told := _last(headers, "x-forwarded-proto"):
            scheme = "https" if told.lower() == "https" else "http"
        host = _last(headers, "x-forwarded-host").lower() or host
        for address in reversed(_all(headers, "x-forwarded-for")):
            client = address
            if not _is_trusted(address, settings.trusted_proxies):
                break
    return Asked(scheme, host, client, is_local)


def is_loopback(host: str) -> bool:
    """Whether only this machine's own programs reach what listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_ours(asked: Asked, scope: Scope, settings: WebSettings) -> bool:
    """Whether the Host is a name of this dashboard: configured, or this machine's own."""
    server, port = scope.get("server") or ("", None)
    bracketed = f"[{server}]" if ":" in server else server
    names = {*_LOCAL_NAMES, bracketed, *settings.hosts}
    allowed = {*settings.hosts, *(f"{name}:{port}" for name in names)}
    if port == _DEFAULT_PORTS.get(asked.scheme):
        allowed |= names
    return bool(asked.host) and asked.host in allowed


def is_from_elsewhere(asked: Asked, scope: Scope) -> bool:
    """Whether another site's page makes the browser ask; not who types or follows a link."""
    headers = Headers(scope=scope)
    site = headers.get("sec-fetch-site")
    if scope["method"] in SAFE:
        if site in {None, "same-origin", "none"}:
            return False
        is_visit = headers.get("sec-fetch-mode") == "navigate"
        return not (is_visit and headers.get("sec-fetch-dest") == "document")
    origin = headers.get("origin")
    if origin is not None and origin.lower() != asked.origin:
        return True
    return site not in ({None, "same-origin"} if origin is not None else {"same-origin"})


def has_no_browser(scope: Scope) -> bool:
    """Whether nothing tells that a browser asks: a program does, which brings its token itself."""
    headers = Headers(scope=scope)
    return "origin" not in headers and "sec-fetch-site" not in headers


def _is_trusted(address: str, proxies: Collection[Network]) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(ip in network for network in proxies)


def _all(headers: Headers, name: str) -> list[str]:
    joined = ",".join(headers.getlist(name))
    return [part.strip() for part in joined.split(",") if part.strip()]


def _last(headers: Headers, name: str) -> str:
    """What the proxy next to us has said; what comes before is whoever's asks it."""
    return (_all(headers, name) or [""])[-1]
