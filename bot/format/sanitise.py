"""What of a post survives on the platform: SanitizeConfig's elements, attributes and addresses.

The platform's own rules are applied to the tree; nh3 then reads the result as a browser would and
keeps nothing that isn't on the list, whatever a browser makes of it.
"""

import re
from collections.abc import Iterable
from functools import partial
from urllib.parse import quote, unquote

import nh3

from bot.format import players, tree
from bot.format.flavour import Flavour
from bot.format.ready import PHISHY
from bot.format.tree import Element

ALLOWED_ELEMENTS = frozenset(
    [
        "div", "iframe", "del", "a", "p", "b", "i", "q", "br", "ul", "li", "ol", "img",
        "h1", "h2", "h3", "h4", "h5", "h6", "hr", "blockquote", "pre", "code", "em", "strong",
        "center", "table", "thead", "tbody", "tr", "th", "td", "strike", "sup", "sub",
    ]
)  # fmt: skip
"""Elements that survive (chain-rules §7.1); of others the text stays."""

AWAY = "This link leads to another site"
BROKEN = "brokenimg.jpg"

_DROPPED_WHOLE = frozenset(["script", "style", "textarea"])
CLASSES = frozenset(
    [
        "pull-right", "pull-left", "text-justify", "text-rtl", "text-center", "text-right",
        "videoWrapper", "phishy",
    ]
)  # fmt: skip
_WRAPPER = "https://address.invalid/"
"""Before an address on its way through nh3."""
_WEB = re.compile(r"https?://", re.IGNORECASE)
_SCHEMES = frozenset(["http", "https", "steem", "esteem", "hive"])
_ATTRIBUTES = {
    "iframe": {
        "src", "width", "height", "frameborder", "allowfullscreen", "webkitallowfullscreen",
        "mozallowfullscreen",
    },
    "div": {"class", "title"},
    "td": {"style"},
    "img": {"src", "alt"},
    "a": {"href", "rel", "title", "target", "class", "id"},
    "ol": set[str](),
}  # fmt: skip


_HIVE_LINK = frozenset(["id", "title", "rel", "target"])


def sanitise(nodes: Iterable[Element | str], flavour: Flavour) -> list[Element | str]:
    """The tree with what the platform lets stand."""
    made: list[Element | str] = []
    for node in nodes:
        if isinstance(node, str):
            made.append(node)
        elif node.name in _DROPPED_WHOLE:
            continue
        elif node.name in ALLOWED_ELEMENTS:
            made.append(_allowed(node, flavour))
        else:
            made += sanitise(node.children, flavour)
    return made


def written(nodes: Iterable[Element | str]) -> str:
    """Markup of a sanitised tree for `as_shown`, its addresses wrapped.

    Their schemes are judged by now, and nh3, a stricter reader, would drop some that the platform
    shows: `https://javascript:alert(1)`, which leads nowhere.
    """
    return tree.write(map(_wrapped, nodes))


def _wrapped(node: Element | str) -> Element | str:
    if isinstance(node, str):
        return node
    attributes = {
        name: f"{_WRAPPER}{quote(value, safe='')}"
        if name in {"href", "src"} and node.name != "iframe" and _WEB.match(value)
        else value
        for name, value in node.attributes.items()
    }
    return Element(node.name, attributes, list(map(_wrapped, node.children)))


def as_shown(markup: str, flavour: Flavour) -> str:
    """What `written` made, as a browser reads it, and nothing in it that isn't allowed."""
    return nh3.clean(
        markup,
        tags=set(ALLOWED_ELEMENTS),
        attributes=_ATTRIBUTES,
        attribute_filter=partial(_kept, flavour),
        url_schemes=set(_SCHEMES),
        link_rel=None,
    )


def _allowed(element: Element, flavour: Flavour) -> Element:
    children = sanitise(element.children, flavour)
    if element.name == "iframe":
        written = element.attributes.get("src", "")
        address = players.iframe_address(written, flavour)
        if address is None:
            return Element("div", {}, [f"(Unsupported {written})", *children])
        return Element("iframe", _player(address), children)
    if element.name == "a":
        address = element.attributes.get("href", "").strip()
        if flavour is Flavour.HIVE:
            return Element("a", _hive_link(element.attributes, address), children)
        return Element("a", _link(address or "#"), children)
    return Element(element.name, _attributes(element), children)


def _player(address: str) -> dict[str, str]:
    full = {name: name for name in sorted(_ATTRIBUTES["iframe"]) if name.endswith("fullscreen")}
    size = {"width": players.WIDTH, "height": players.HEIGHT}
    return {"frameborder": "0", **full, "src": address, **size}


def _attributes(element: Element) -> dict[str, str]:
    given = element.attributes
    if element.name == "img":
        address = given.get("src", "")
        if not re.match(r"(https?:)?//", address, re.IGNORECASE):
            return {"src": BROKEN}
        shown = {"src": re.sub(r"^http://", "//", address, flags=re.IGNORECASE)}
        return shown | ({"alt": given["alt"]} if given.get("alt") else {})
    if element.name == "div" and given.get("class") in CLASSES:
        title = (
            {"title": PHISHY} if (given["class"], given.get("title")) == ("phishy", PHISHY) else {}
        )
        return {"class": given["class"], **title}
    if element.name == "td" and given.get("style") == "text-align:right":
        return {"style": given["style"]}
    return {}


def _link(address: str) -> dict[str, str]:
    made = {"href": address} if _is_allowed(address) else {}
    if address.startswith(("https://cdn.steemitimages.com", "https://steemitimages.com")):
        return made | {"target": "_blank", "rel": "noopener", "class": "postImage"}
    if address.startswith(("/", "https://steemit.com")):
        return made
    away = {"target": "_blank", "rel": "noopener", "title": AWAY, "class": "postImage postLink"}
    return made | away


def _hive_link(given: dict[str, str], address: str) -> dict[str, str]:
    """All that is allowed of a link stays, in one class."""
    kept = {name: value for name, value in given.items() if name in _HIVE_LINK}
    if address and _is_allowed(address):
        kept["href"] = address
    return kept


def _is_allowed(address: str) -> bool:
    scheme = re.match(r"([a-zA-Z]+):", re.sub(r"[\x00-\x20]+", "", address))
    return scheme is None or scheme[1].lower() in _SCHEMES


def _kept(flavour: Flavour, element: str, attribute: str, value: str) -> str | None:
    """The last word on attributes whose value matters."""
    if element == "iframe" and attribute == "src":
        return players.iframe_address(value, flavour)
    if element == "div" and attribute == "class":
        return value if value in CLASSES else None
    if attribute == "style":
        return value if value == "text-align:right" else None
    if attribute in {"href", "src"} and value.startswith(_WRAPPER):
        address = unquote(value.removeprefix(_WRAPPER))
        return address if _WEB.match(address) else None
    return value
