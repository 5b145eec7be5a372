"""What the platform makes of a post's tree: links, pictures, mentions, hashtags and players.

The rules, and the order in which they are tried, are those of condenser's HtmlReady, and for Hive
of its descendant (docs/rendering.md). What is collected on the way is what the editor puts into
json_metadata.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.briefs.keys import is_account
from bot.format import players, tree
from bot.format.flavour import Flavour
from bot.format.tree import Element

PHISHY = "(Warning: link is a possible phishing attempt)"

_HOST = r"https?://[-a-zA-Z0-9._]*[-a-zA-Z0-9](?::\d{2,5})?"
_ADDRESS = re.compile(rf"{_HOST}(?:[/?#](?:{players.INSIDE}*{players.LAST})?)?", re.IGNORECASE)
_PICTURE = re.compile(
    rf"{_HOST}[/?#](?:{players.INSIDE}*{players.LAST})?"
    r"(?:\.(?:tiff?|jpe?g|gif|png|svg|ico)|ipfs/[a-z\d]{40,})",
    re.IGNORECASE,
)
_SHOWN_SUFFIX = re.compile(r"\.(?:jpe?g|png|gif)", re.IGNORECASE)
_DOWNLOAD = re.compile(r"\.(?:zip|exe)\Z", re.IGNORECASE)
_HASHTAG = re.compile(r"(^|\s)#([-a-zA-Z\d]+)", re.ASCII)
_MENTION = re.compile(
    r"(^|[^a-zA-Z0-9_!#$%&*@＠/]|(^|[^a-zA-Z0-9_+~./#]))[@＠]([a-zA-Z][-.a-zA-Z0-9]+[a-zA-Z0-9])"
)
_OUR_SCHEME = re.compile(r"#|/(?!/)|(?:(?:steem|esteem|https?):)?//")
_SITE = re.compile(r"(?:www\.)?steemit\.com", re.IGNORECASE)
_SITE_ADDRESS = re.compile(r"https?://(?:.*@)?(?:www\.)?steemit\.com", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Collected:
    """What stands in a body, each in the order of the document and without doubles.

    Attributes:
        elements: names of all elements.
        refused: addresses of iframes that no player is shown for.
        unsaved: addresses of pictures that are neither http(s) nor `//`.
        lost: texts that the platform drops because a naked picture stands beside them.
    """

    tags: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    unsaved: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ready:
    """A tree as the platform changes it, and what it collects."""

    nodes: list[Element | str]
    collected: Collected


def ready(markup: str, flavour: Flavour) -> Ready:
    """Read a post's markup, and do to it what the platform does before it sanitises."""
    walk = _Walk(flavour)
    nodes = walk.children(tree.read(markup).children, parent="")
    return Ready(nodes, walk.collected())


class _Walk:
    """One way through a tree, collecting into ordered sets."""

    def __init__(self, flavour: Flavour) -> None:
        self._flavour = flavour
        self._found: dict[str, dict[str, None]] = {name: {} for name in Collected.__slots__}

    def collected(self) -> Collected:
        return Collected(**{name: tuple(values) for name, values in self._found.items()})

    def _add(self, kind: str, value: str) -> None:
        self._found[kind][value] = None

    def children(
        self, nodes: Iterable[Element | str], parent: str, kind: str = ""
    ) -> list[Element | str]:
        """Some nodes changed; `parent` is the name of the element around them, `kind` its class."""
        made: list[Element | str] = []
        for node in nodes:
            if isinstance(node, str):
                made += self._text(node, parent)
            else:
                made.append(self._element(node, parent, kind))
        return made

    def _element(self, element: Element, parent: str, kind: str) -> Element:
        self._add("elements", element.name)
        attributes = dict(element.attributes)
        address = attributes.get("src", "")
        if element.name == "img" and not re.match(r"(?:https?:)?//", address):
            self._add("unsaved", address)
        if element.name == "iframe" and not players.iframe_address(address, self._flavour):
            self._add("refused", address)
        if element.name == "img" and address:
            self._add("images", address)
            attributes["src"] = f"https:{address}" if address.startswith("//") else address
            picture = Element("img", attributes)
            if parent == "a" or self._flavour is Flavour.HIVE:
                return picture
            return Element("a", {"href": address}, [picture])
        if element.name == "a" and attributes.get("href"):
            return self._link(element, attributes)
        if element.name == "iframe" and (video := players.youtube(address)):
            self._add("links", video.address)
            self._add("images", video.image or "")
        shown = Element(
            element.name,
            attributes,
            self.children(element.children, element.name, attributes.get("class", "")),
        )
        if element.name == "iframe" and (parent, kind) != ("div", "videoWrapper"):
            return Element("div", {"class": "videoWrapper"}, [shown])
        return shown

    def _link(self, element: Element, attributes: dict[str, str]) -> Element:
        address = attributes["href"]
        self._add("links", address)
        if not _OUR_SCHEME.match(address):
            attributes["href"] = f"https://{address}"
        children = self.children(element.children, "a")
        text = element.text()
        if not address.startswith("#") and _SITE.search(text) and not _SITE_ADDRESS.search(address):
            return Element("div", {"class": "phishy", "title": PHISHY}, [f"{text} / {address}"])
        return Element("a", attributes, children)

    def _text(self, text: str, parent: str) -> list[Element | str]:
        if self._flavour is Flavour.CONDENSER and (pictures := _naked_pictures(text)):
            return self._naked(text, pictures)
        if parent in {"code", "a"}:
            return [text]
        for find in players.KINDS[self._flavour]:
            if video := find(text):
                text = text.replace(video.address, video.mark, 1)
                for kind, address in (("links", video.link), ("images", video.image)):
                    if address:
                        self._add(kind, address)
        content = tree.escaped(text)
        if self._flavour is Flavour.HIVE:
            content = _ADDRESS.sub(self._address, content)
        content = _HASHTAG.sub(self._hashtag, content)
        content = _MENTION.sub(self._mention, content)
        if self._flavour is Flavour.CONDENSER:
            content = _ADDRESS.sub(self._address, content)
        return tree.read(content).children if "<" in content or "&" in content else [content]

    def _naked(self, text: str, pictures: list[str]) -> list[Element | str]:
        """A naked picture takes the place of all the text around it: a defect of the site."""
        beside = text
        for address in pictures:
            beside = beside.replace(address, " ", 1)
            self._add("links", address)
            self._add("images", address)
        if beside.strip():
            self._add("lost", text.strip())
        return [Element("a", {"href": a}, [Element("img", {"src": a})]) for a in pictures]

    def _hashtag(self, found: re.Match[str]) -> str:
        if found[2].isdigit():
            return found[0]
        tag = found[2].lower()
        self._add("tags", tag)
        # condenser takes the space before the sign into the link
        shown = found[0] if self._flavour is Flavour.CONDENSER else f"#{found[2]}"
        return f'{found[1]}<a href="/trending/{tag}">{shown}</a>'

    def _mention(self, found: re.Match[str]) -> str:
        before = (found[1] or "") + (found[2] or "")  # doubled there, too, after a sign like !
        name = found[3].lower()
        if not is_account(name):
            return f"{before}@{found[3]}"
        self._add("users", name)
        return f'{before}<a href="/@{name}">@{found[3]}</a>'

    def _address(self, found: re.Match[str]) -> str:
        address = found[0]
        if _PICTURE.match(address):
            self._add("images", address)
            return f'<img src="{address}">'
        if _DOWNLOAD.search(address):
            return address
        self._add("links", address)
        return f'<a href="{address}">{address}</a>'


def _naked_pictures(text: str) -> list[str]:
    """Addresses in a text that end like a picture's, each up to white space."""
    found = []
    for word in text.split() if "://" in text else ():
        start = re.search(r"https?://", word, re.IGNORECASE)
        ends = start and list(_SHOWN_SUFFIX.finditer(word, start.end() + 1))
        if start and ends:
            rest = word[ends[-1].end() :]
            found.append(word[start.start() : ends[-1].end()] + (rest if rest[:1] == "?" else ""))
    return found
