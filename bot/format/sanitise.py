"""What of a post survives on the platform: SanitizeConfig's elements, attributes and addresses.

The platform's own rules are applied to the tree; nh3 then reads the result as a browser would and
keeps nothing that isn't on the list, whatever a browser makes of it.
"""

import re
from collections.abc import Iterable, Mapping
from functools import partial
from urllib.parse import quote, unquote

import nh3

from bot.format import denser, iframes, players, tree
from bot.format.flavour import Flavour
from bot.format.nesting import ENDS, VOID
from bot.format.ready import PHISHY
from bot.format.tree import Element

ALLOWED_ELEMENTS = frozenset(
    [
        "div", "iframe", "del", "a", "p", "b", "i", "q", "br", "ul", "li", "ol", "img",
        "h1", "h2", "h3", "h4", "h5", "h6", "hr", "blockquote", "pre", "code", "em", "strong",
        "center", "table", "thead", "tbody", "tr", "th", "td", "strike", "sup", "sub",
        "details", "summary",
    ]
)  # fmt: skip
"""Elements that survive somewhere (chain-rules §7.1); of others the text stays."""
_DENSERS = frozenset(["details", "summary"])


def allowed_elements(flavour: Flavour) -> frozenset[str]:
    """The elements that a front end lets stand."""
    return ALLOWED_ELEMENTS if flavour is Flavour.DENSER else ALLOWED_ELEMENTS - _DENSERS


AWAY = "This link leads to another site"
BROKEN = "brokenimg.jpg"

_DROPPED_WHOLE = frozenset(["script", "style", "textarea", "option", "xmp"])
CLASSES = frozenset(
    [
        "pull-right", "pull-left", "text-justify", "text-rtl", "text-center", "text-right",
        "videoWrapper", "phishy",
    ]
)  # fmt: skip
_WRAPPER = "https://address.invalid/"
"""Before an address on its way through nh3."""
_WEB = re.compile(r"https?://", re.IGNORECASE)
_SCHEMES = {
    Flavour.CONDENSER: frozenset(["http", "https", "steem", "esteem"]),
    Flavour.DENSER: frozenset(["http", "https", "hive"]),
    Flavour.CONTENT_RENDERER: frozenset(["http", "https", "hive"]),
}
_RIGHT, _CENTER = "text-align:right", "text-align:center"
_ALIGNED: Mapping[Flavour, Mapping[str, tuple[str, ...]]] = {
    Flavour.CONDENSER: {"td": (_RIGHT,)},
    Flavour.DENSER: {"td": (_RIGHT, _CENTER), "th": (_RIGHT, _CENTER)},
    Flavour.CONTENT_RENDERER: {"td": (_RIGHT,)},
}
_DENSERS_OWN = re.compile(r"/(?!/)|https://images\.hive\.blog|https://hive\.blog|#")
_ATTRIBUTES = {
    "iframe": {
        "src", "width", "height", "frameborder", "allowfullscreen", "webkitallowfullscreen",
        "mozallowfullscreen",
    },
    "div": {"class", "title", "style", "id"},
    "td": {"style"},
    "th": {"style"},
    "img": {"src", "alt"},
    "a": {"href", "rel", "title", "target", "class", "id"},
    "ol": set[str](),
}  # fmt: skip


_HIVE_LINK = frozenset(["id", "title", "rel", "target"])


def sanitise(nodes: Iterable[Element | str], flavour: Flavour) -> list[Element | str]:
    """The tree with what the platform lets stand."""
    made = _Sanitiser(flavour)
    made.read(nodes)
    return made.root.children


class _Sanitiser:
    """One way through a tree, as the platform's sanitiser goes through its markup."""

    def __init__(self, flavour: Flavour) -> None:
        self._flavour = flavour
        self._allowed = allowed_elements(flavour)
        self.root = Element("")
        # the names that are open, each with the element to which what is in it goes
        self._open = [("", self.root)]
        self._replaced: dict[int, str] = {}
        self._said = False

    def read(self, nodes: Iterable[Element | str]) -> None:
        for node in nodes:
            if isinstance(node, str):
                self._text(node)
            elif node.name in _DROPPED_WHOLE:
                continue
            elif node.name in VOID:
                self._start(node)
                self.read(node.children)
                if node.children and node.name == "br":
                    self._start(Element("br"))
            else:
                self._start(node)
                self.read(node.children)
                self._end(node.name)

    def _start(self, element: Element) -> None:
        name, into = element.name, self._open[-1][1]
        ended = ENDS.get(name, frozenset())
        while self._open[-1][0] in ended:
            into = self._close()
        text = None
        if name in self._allowed:
            made, text = _allowed(element, self._flavour)
            into.children.append(made)
            into = made
        if name not in VOID:
            self._open.append((name, into))
            if text is not None:
                into.children.append(text)
                self._replaced[len(self._open)] = text
                self._said = True

    def _end(self, name: str) -> None:
        if name in [other for other, _ in self._open]:
            while self._open[-1][0] != name:
                self._close()
            self._close()
        elif name == "p":
            self._start(Element("p"))
            self._close()

    def _close(self) -> Element:
        """Close the innermost element; returns what is innermost then."""
        self._replaced.pop(len(self._open), None)
        name, _ = self._open.pop()
        if name in self._allowed:
            self._said = False
        return self._open[-1][1]

    def _text(self, text: str) -> None:
        # a refused player's own words stand for all text in it, and are said once
        text = self._replaced.get(len(self._open), text)
        if not self._said:
            self._open[-1][1].children.append(text)


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
        url_schemes=set(_SCHEMES[flavour]),
        link_rel=None,
    )


def _allowed(element: Element, flavour: Flavour) -> tuple[Element, str | None]:
    """What stands for an element, without what is in it, and the text that stands for that."""
    given: dict[str, str] = {}
    for name, value in element.attributes.items():
        given.setdefault(name.lower(), value)
    if element.name == "iframe":
        written = given.get("src", "undefined")
        address = iframes.address_shown(written, flavour)
        if address is None:
            return Element("div"), f"(Unsupported {written})"
        return Element("iframe", _player(address, flavour)), None
    if element.name == "a":
        address = given.get("href", "").strip()
        if flavour is Flavour.CONDENSER:
            return Element("a", _link(address or "#")), None
        return Element("a", _hive_link(given, address, flavour)), None
    return Element(element.name, _attributes(element.name, given, flavour)), None


def _player(address: str, flavour: Flavour) -> dict[str, str]:
    full = {name: name for name in sorted(_ATTRIBUTES["iframe"]) if name.endswith("fullscreen")}
    size = {"width": players.WIDTH, "height": players.HEIGHT[flavour]}
    return {"frameborder": "0", **full, "src": address, **size}


def _attributes(name: str, given: dict[str, str], flavour: Flavour) -> dict[str, str]:
    if name == "img":
        address = given.get("src", "")
        if not re.match(r"(https?:)?//", address, re.IGNORECASE):
            return {"src": BROKEN}
        shown = {"src": re.sub(r"^http://", "//", address, flags=re.IGNORECASE)}
        return shown | ({"alt": given["alt"]} if given.get("alt") else {})
    if name == "div" and given.get("class") in CLASSES:
        title = (
            {"title": PHISHY} if (given["class"], given.get("title")) == ("phishy", PHISHY) else {}
        )
        return {"class": given["class"], **title}
    if given.get("style") in _ALIGNED[flavour].get(name, ()):
        return {"style": given["style"]}
    return {}


def _link(address: str) -> dict[str, str]:
    made = {"href": address} if _is_allowed(address, Flavour.CONDENSER) else {}
    if address.startswith(("https://cdn.steemitimages.com", "https://steemitimages.com")):
        return made | {"target": "_blank", "rel": "noopener", "class": "postImage"}
    if address.startswith(("/", "https://steemit.com")):
        return made
    away = {"target": "_blank", "rel": "noopener", "title": AWAY, "class": "postImage postLink"}
    return made | away


def _hive_link(given: dict[str, str], address: str, flavour: Flavour) -> dict[str, str]:
    """All that is allowed of a link stays, but what Denser says of links that lead away."""
    kept = {name: value for name, value in given.items() if name in _HIVE_LINK and value}
    if address and _is_allowed(address, flavour):
        kept["href"] = address
    if flavour is Flavour.DENSER and address and not _DENSERS_OWN.match(address):
        kept |= {"rel": "nofollow noopener", "target": "_blank", "class": "link-external"}
    return kept


def _is_allowed(address: str, flavour: Flavour) -> bool:
    scheme = re.match(r"([a-zA-Z][a-zA-Z0-9.+-]*):", re.sub(r"[\x00-\x20]+", "", address))
    return scheme is None or scheme[1].lower() in _SCHEMES[flavour]


def _kept(flavour: Flavour, element: str, attribute: str, value: str) -> str | None:
    """The last word on attributes whose value matters."""
    if element == "iframe" and attribute == "src":
        return value if iframes.is_shown(value, flavour) else None
    if element == "div" and attribute == "class":
        return value if value in CLASSES | players.CLASSES[flavour] else None
    if element == "div" and attribute == "id":
        return value if denser.PLACE.fullmatch(value) else None
    if attribute == "style":
        own = (denser.SCROLLING,) if element == "div" else ()
        return value if value in (*_ALIGNED[flavour].get(element, ()), *own) else None
    if attribute in {"href", "src"} and value.startswith(_WRAPPER):
        address = unquote(value.removeprefix(_WRAPPER))
        return address if _WEB.match(address) else None
    return value
