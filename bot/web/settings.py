"""`[web]` of the configuration: by which names the dashboard is reached, and through whom.

Where it listens is said on the command line; who may sign in stands in the records.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.calendar.settings import SettingError

KEYS = frozenset({"hosts", "trusted_proxies", "prefix"})
"""Keys of `[web]`."""
_HOST = re.compile(
    r"(?=.{1,255}\Z)([a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*|\[[0-9a-f:.]+\])(:[0-9]{1,5})?"
)
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]{1,100}){1,10}")
_LARGEST_PORT = 65535

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """What `[web]` says.

    Attributes:
        hosts: names that browsers ask for it by, beside this machine's own; with a port or not.
        trusted_proxies: those whose word on who asks, and for what, is taken.
        prefix: path below which a proxy shows it, without the last slash; empty for none.
    """

    hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()
    prefix: str = ""


def web(table: Mapping[str, Any]) -> WebSettings:
    """What `[web]` says.

    Raises:
        SettingError: a value can't be used.
    """
    prefix = table.get("prefix", "")
    if not isinstance(prefix, str) or (prefix and not _is_prefix(prefix)):
        raise SettingError("prefix", 'expected a path like "/briefbot", without a slash at its end')
    return WebSettings(
        hosts=tuple(_host(text) for text in _texts(table, "hosts", '["desk.example.org"]')),
        trusted_proxies=tuple(
            _network(text) for text in _texts(table, "trusted_proxies", '["127.0.0.1"]')
        ),
        prefix=prefix,
    )


def _is_prefix(text: str) -> bool:
    return _PREFIX.fullmatch(text) is not None and not {".", ".."} & set(text.split("/"))


def _host(text: str) -> str:
    host = text.lower()
    match = _HOST.fullmatch(host)
    if not match or (match[3] and not 0 < int(match[3][1:]) <= _LARGEST_PORT):
        raise SettingError(
            "hosts", 'expected names like "desk.example.org", or with a port, without https://'
        )
    return host


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise SettingError(
            "trusted_proxies", 'expected addresses like "127.0.0.1", or networks like "10.0.0.0/8"'
        ) from None


def _texts(table: Mapping[str, Any], key: str, example: str) -> list[str]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise SettingError(key, f"expected a list of texts, like {example}")
    return value
