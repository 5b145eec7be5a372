"""What the platform makes of a post's tree: links, pictures, mentions, hashtags and players.

The rules, and the order in which they are tried, are those of condenser's HtmlReady, and for Hive
of its descendant (docs/rendering.md). What is collected on the way is what the editor puts into
json_metadata.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.briefs.keys import is_account
from bot.format import iframes, players, tree
from bot.format.flavour import Flavour
from bot.format.tree import Element
from bot.format.unlinked import unlinked

PHISHY = "(Warning: link is a possible phishing attempt)"

_HOST = r"https?://[-a-zA-Z0-9._]*[-a-zA-Z0-9](?::\d{2,5})?"
_ADDRESS = re.compile(rf"{_HOST}(?:[/?#](?:{players.INSIDE}*{players.LAST})?)?", re.IGNORECASE)
_SUFFIXES = r"(?:\.(?:tiff?|jpe?g|gif|png|svg|ico{})|ipfs/[a-z\d]{{40,}})"


def _picture(more: str = "") -> re.Pattern[str]:
    suffixes = _SUFFIXES.format(more)
    return re.compile(rf"{_HOST}[/?#](?:{players.INSIDE}*{players.LAST})?{suffixes}", re.IGNORECASE)


_PICTURE = {
    Flavour.CONDENSER: _picture(),
    Flavour.DENSER: _picture("|webp"),
    Flavour.CONTENT_RENDERER: _picture(),
}
_SHOWN_SUFFIX = re.compile(r"\.(?:jpe?g|png|gif)", re.IGNORECASE)
_DOWNLOAD = re.compile(r"\.(?:zip|exe)\Z", re.IGNORECASE)
_HASHTAG = re.compile(r"(^|\s)#([-a-zA-Z\d]+)", re.ASCII)
_MENTION = re.compile(
    r"(^|[^a-zA-Z0-9_!#$%&*@＠/]|(^|[^a-zA-Z0-9_+~./#]))[@＠]([a-zA-Z][-.a-zA-Z0-9]+[a-zA-Z0-9])"
)
_OUR_SCHEME = {
    Flavour.CONDENSER: re.compile(r"#|/(?!/)|(?:(?:steem|esteem|https?):)?//"),
    Flavour.DENSER: re.compile(r"#|/(?!/)|(?:(?:hive|https?):)?//"),
    Flavour.CONTENT_RENDERER: re.compile(r"#|/(?!/)|(?:(?:hive|https?):)?//"),
}
_SITE = re.compile(r"(?:www\.)?steemit\.com", re.IGNORECASE)
_WEB = re.compile(r"https?://", re.IGNORECASE)
_SITE_AT = re.compile(r"https?://(?:www\.)?steemit\.com|@(?:www\.)?steemit\.com", re.IGNORECASE)
_OWN_HOST = re.compile(r"https?://(?:localhost|steemit.com)|\.steemit.com", re.IGNORECASE)
_EDITORS = frozenset(["tags", "users", "images", "links"])
_SHELL = re.compile(r"https?://steemit(?:dev|stage)?images.com/[0-9]+x[0-9]+/")


@dataclass(frozen=True, slots=True)
class Collected:
    """What stands in a body, each in the order of the document and without doubles.

    Attributes:
        elements: names of all elements.
        refused: addresses of iframes that no player is shown for.
        unsaved: addresses of pictures that are neither http(s) nor `//`.
        lost: texts that the platform drops because a naked picture stands beside them.
        blanked: the text with several naked pictures for which it shows nothing of the post.
    """

    tags: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    unsaved: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    blanked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ready:
    """A tree as the platform changes it, and what it collects."""

    nodes: list[Element | str]
    collected: Collected


def ready(markup: str, flavour: Flavour) -> Ready:
    """Read a post's markup, and do to it what the platform does before it sanitises."""
    walk = _Walk(flavour)
    if flavour is Flavour.CONDENSER:
        markup = players.with_threespeak_pictures(markup)
    nodes = walk.children(tree.read(markup).children, parent="")
    collected = walk.collected()
    return Ready([] if collected.blanked else nodes, collected)


_MAY_LINK = re.compile(r"[/@#]")
"""What a text holds that may be shown otherwise: an address, a name, a tag."""


class _Walk:
    """One way through a tree, collecting into ordered sets."""

    def __init__(self, flavour: Flavour) -> None:
        self._flavour = flavour
        self._found: dict[str, dict[str, None]] = {name: {} for name in Collected.__slots__}

    def collected(self) -> Collected:
        return Collected(**{name: tuple(values) for name, values in self._found.items()})

    def _add(self, kind: str, value: str) -> None:
        if self._found["blanked"] and kind in _EDITORS:
            return  # the editor gets no further
        self._found[kind][value] = None

    def children(
        self, nodes: Iterable[Element | str], parent: str, kind: str = ""
    ) -> list[Element | str]:
        """Some nodes changed; `parent` is the name of the element around them, `kind` its class."""
        made: list[Element | str] = []
        moved: list[Element | str] = []
        for node in nodes:
            changed: list[Element | str]
            if isinstance(node, str):
                changed = self._text(node, parent) if _MAY_LINK.search(node) else [node]
            else:
                changed = [self._element(node, parent, kind)]
            into = moved if self._is_moved(node, changed) else made
            into += changed
        return made + moved

    def _is_moved(self, node: Element | str, changed: list[Element | str]) -> bool:
        """Whether the front end puts what it made of a node behind all its neighbours.

        The published package does so with whatever it changes (docs/rendering.md), Denser with
        players alone.
        """
        if self._flavour is Flavour.CONDENSER or not changed or isinstance(changed[0], str):
            return False
        if isinstance(node, Element) and node.name == "iframe":
            return changed[0].name == "div"
        phishy = changed[0].attributes.get("class") == "phishy"
        is_text = isinstance(node, str)
        return self._flavour is Flavour.CONTENT_RENDERER and (
            is_text or (phishy and isinstance(node, Element) and node.name == "a")
        )

    def _element(self, element: Element, parent: str, kind: str) -> Element | str:
        self._add("elements", element.name)
        if element.name == "img":
            return self._image(element, parent)
        if element.name == "a" and element.attributes.get("href"):
            return self._link(element)
        if element.name == "iframe":
            return self._iframe(element, parent, kind)
        attributes = element.attributes
        inside = self.children(element.children, element.name, attributes.get("class", ""))
        return Element(element.name, dict(attributes), inside)

    def _image(self, element: Element, parent: str) -> Element:
        attributes = dict(element.attributes)
        address = attributes.get("src", "")
        if not re.match(r"(?:https?:)?//", address):
            self._add("unsaved", address)
        if address:
            self._add("images", address)
            if address.startswith("//"):
                attributes["src"] = f"https:{address}"
        picture = Element("img", attributes, self.children(element.children, "img"))
        if self._flavour is not Flavour.CONDENSER:
            return picture
        if address and not _leads_to(_OWN_HOST, attributes["src"]):
            attributes["src"] = _without_shells(attributes["src"])
        if parent == "a":
            return picture
        # written as it is there: a quote in the address ends it
        markup = f'<a href="{_without_shells(address)}" target="_blank">{tree.write([picture])}</a>'
        read = next(
            (node for node in tree.read(markup).children if isinstance(node, Element)), None
        )
        return read or picture

    def _iframe(self, element: Element, parent: str, kind: str) -> Element:
        address = element.attributes.get("src", "")
        if not iframes.address_shown(address, self._flavour):
            self._add("refused", address)
        if video := players.KINDS[self._flavour][0](address):
            self._add("links", video.address)
            self._add("images", video.image or "")
        inside = self.children(element.children, element.name)
        if (parent, kind) == ("div", "videoWrapper"):
            return Element("iframe", dict(element.attributes), inside)
        # what stands in it is shown as it was: the wrapper holds a copy
        return Element("div", {"class": "videoWrapper"}, [element])

    def _link(self, element: Element) -> Element | str:
        attributes = dict(element.attributes)
        address = attributes["href"]
        text = element.text()
        self._add("links", address)
        if self._flavour is Flavour.CONDENSER and text.strip() == "IPFS Video":
            video = players.ipfs_video(address)
            if video:
                return video
        if not _OUR_SCHEME[self._flavour].match(address):
            attributes["href"] = f"https://{address}"
        children = self.children(element.children, "a")
        if not address.startswith("#") and self._pretends(text, attributes["href"], address):
            return Element("div", {"class": "phishy", "title": PHISHY}, [f"{text} / {address}"])
        return Element("a", attributes, children)

    def _pretends(self, text: str, full: str, address: str) -> bool:
        """Whether a link's text claims to be the site and its address isn't."""
        if self._flavour is Flavour.CONDENSER:
            return bool(_SITE.search(text)) and not _leads_to(_SITE_AT, address)
        return "hive.blog" in text.lower() and "hive.blog" not in full.lower()

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
        written = tree.escaped(text)
        content = written
        if self._flavour is not Flavour.CONDENSER:
            content = _ADDRESS.sub(self._address, content)
        content = _HASHTAG.sub(self._hashtag, content)
        content = _MENTION.sub(self._mention, content)
        if self._flavour is Flavour.CONDENSER:
            content = _ADDRESS.sub(self._address, content)
        if content == written:
            return [text]
        return [Element("span", {}, tree.read(content).children)]

    def _naked(self, text: str, pictures: list[str]) -> list[Element | str]:
        """A naked picture takes the place of all the text around it: a defect of the site.

        A second one looks for the text in vain.
        """
        address = _without_shells(pictures[0])
        self._add("links", address)
        self._add("images", address)
        if len(pictures) > 1:
            self._add("blanked", text.strip())
        elif text.replace(pictures[0], " ", 1).strip():
            self._add("lost", text.strip())
        return [Element("a", {"href": address}, [Element("img", {"src": address})])]

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
        if not is_account(name) or name in unlinked(self._flavour):
            return f"{before}@{found[3]}"
        self._add("users", name)
        return f'{before}<a href="/@{name}">@{found[3]}</a>'

    def _address(self, found: re.Match[str]) -> str:
        address = found[0]
        if _PICTURE[self._flavour].match(address):
            self._add("images", address)
            if self._flavour is Flavour.DENSER:
                return f'<img src="{address}" alt="Embedded Image">'
            return f'<img src="{self._shown(address)}">'
        if _DOWNLOAD.search(address):
            return address
        self._add("links", address)
        return f'<a href="{address}">{address}</a>'

    def _shown(self, address: str) -> str:
        is_ours = self._flavour is Flavour.CONDENSER and not _leads_to(_OWN_HOST, address)
        return _without_shells(address) if is_ours else address


def _leads_to(host: re.Pattern[str], address: str) -> bool:
    """Whether a host's name stands in an address where one can stand."""
    begun = _WEB.search(address)
    return bool(begun and host.search(address, begun.start()))


def _without_shells(address: str) -> str:
    """A picture's address without those of the image host's sizes around it."""
    shells = list(_SHELL.finditer(address))
    return address[shells[-1].end() :] if shells else address


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
