"""A rendered body inside a page of another site: its links, and what it would fetch from where."""

import re
from collections.abc import Iterable, Iterator
from html import escape, unescape
from urllib.parse import urlsplit

from bot.format.players import ORIGINS

_TAG = re.compile(r'<(/?)([a-z0-9]+)((?:\s+[a-z-]+="[^"]*")*)\s*/?>')
_ATTRIBUTE = re.compile(r'\s+([a-z-]+)="([^"]*)"')
_VIDEO = re.compile(
    r'<div class="videoWrapper youtube" style="background-image:url\([^"()]*/vi/'
    r'(?P<id>[\w-]+)/0\.jpg\)"><div class="play"></div></div>'
)
_IN_STYLE = re.compile(r"url\((https://[^)]*)\)")
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?")
_LONGEST = 80  # characters of a picture's name


def embedded(html: str, site: str) -> str:
    """The same body, its links beginning at `site` (`https://steemit.com/`).

    Ids of links go: they would be taken for the page's own.
    """

    def changed(tag: re.Match[str]) -> str:
        end, name, _ = tag.groups()
        if end or name not in {"a", "img", "iframe"}:
            return tag[0]
        given = [
            (key, _from(value, site) if key in {"href", "src"} else value)
            for key, value in _ATTRIBUTE.findall(tag[3])
            if not (name == "a" and key == "id")
        ]
        attributes = "".join(f' {key}="{value}"' for key, value in given)
        return f"<{name}{attributes}>"

    return _TAG.sub(changed, html)


def quiet(html: str, site: str) -> str:
    """The same body for a page that fetches nothing for it: pictures and players are links."""
    depth = 0

    def changed(tag: re.Match[str]) -> str:
        nonlocal depth
        end, name, _ = tag.groups()
        given = dict(_ATTRIBUTE.findall(tag[3]))
        if name == "a":
            depth = max(0, depth + (-1 if end else 1))
        if name == "img":
            return _named(given.get("src", ""), given.get("alt", ""), "picture", linked=depth > 0)
        if name == "iframe":
            source = given.get("src", "")
            return "" if end else _named(source, given.get("title", ""), "player", linked=depth > 0)
        return tag[0]

    told = _VIDEO.sub(
        lambda video: "<p>" + _named(f"https://youtu.be/{video['id']}", "", "player") + "</p>", html
    )
    return _TAG.sub(changed, embedded(told, site)).replace('<div class="videoWrapper">', "<div>")


def picture_hosts(html: str) -> set[str]:
    """Where a body's pictures are fetched from, as sources of a Content-Security-Policy."""
    addresses = [value for key, value in _attributes_of(html, "img") if key == "src"]
    for key, value in _attributes_of(html, "div"):
        if key == "style":
            addresses += _IN_STYLE.findall(value)
    return set(_origins(addresses))


def player_hosts(html: str) -> set[str]:
    """Where a body's players are fetched from, likewise: none but those that front ends know."""
    addresses = [value for key, value in _attributes_of(html, "iframe") if key == "src"]
    return set(_origins(addresses)) & set(ORIGINS)


def _attributes_of(html: str, name: str) -> Iterator[tuple[str, str]]:
    for tag in _TAG.finditer(html):
        if tag[2] == name and not tag[1]:
            yield from _ATTRIBUTE.findall(tag[3])


def _origins(addresses: Iterable[str]) -> Iterator[str]:
    for address in addresses:
        try:
            parts = urlsplit(unescape(address))
        except ValueError:
            continue
        if parts.scheme in {"", "http", "https"} and _HOST.fullmatch(parts.netloc):
            yield f"https://{parts.netloc.lower()}"


def _from(address: str, site: str) -> str:
    if address.startswith("//"):
        return f"https:{address}"
    return f"{site}{address[1:]}" if address.startswith("/") else address


def _named(source: str, name: str, kind: str, *, linked: bool = False) -> str:
    """What stands for a picture or player: its name, or the end of its address, as a link."""
    told = (name or escape(unescape(source).rstrip("/").rpartition("/")[2])) or kind
    told = told if len(told) <= _LONGEST else escape(f"{unescape(told)[:_LONGEST]}…")
    if linked or not source.startswith("https://"):
        return f"<span>{told}</span>"
    return f'<a href="{source}" target="_blank" rel="nofollow noopener noreferrer">{told}</a>'
