"""What a front end collects from a body for json_metadata: tags, users, images and links.

The rules are condenser's HtmlReady (chain-rules §7.2; tests/fixtures/rendering): text outside
`code` and `a` is searched for addresses, #tags and @names; elements give their addresses.
"""

import re
from dataclasses import dataclass

from lxml import etree, html

from bot.briefs.keys import is_account
from bot.format.markdown import to_html

ALLOWED_ELEMENTS = frozenset(
    [
        "div", "iframe", "del", "a", "p", "b", "i", "q", "br", "ul", "li", "ol", "img",
        "h1", "h2", "h3", "h4", "h5", "h6", "hr", "blockquote", "pre", "code", "em", "strong",
        "center", "table", "thead", "tbody", "tr", "th", "td", "strike", "sup", "sub",
    ]
)  # fmt: skip
"""Elements that survive the platform's sanitiser (SanitizeConfig.js, chain-rules §7.1)."""

_PLAYERS = re.compile(
    r"(https?:)?//(player\.vimeo\.com/video/|www\.youtube\.com/embed/|3speak\.(online|co)/embed"
    r"|w\.soundcloud\.com/player/|player\.twitch\.tv/|emb\.d\.tube/)"
)
# An address ends before white space, quotes and brackets, and not on a dot, comma or apostrophe.
_INSIDE, _LAST = r"[^\s\"<>\[\]()]", r"[^\s\"<>\[\]().,']"
_HOST = r"https?://[-a-zA-Z0-9._]*[-a-zA-Z0-9](?::\d{2,5})?"
_ADDRESS = re.compile(rf"{_HOST}(?:[/?#](?:{_INSIDE}*{_LAST})?)?", re.IGNORECASE)
_PICTURE = re.compile(
    rf"{_HOST}[/?#]{_INSIDE}*(?:\.(?:tiff?|jpe?g|gif|png|svg|ico)|ipfs/[a-z\d]{{40,}})\Z",
    re.IGNORECASE,
)
_YOUTUBE = re.compile(
    r"https?://(?:www\.|m\.)?(?:youtube\.com/watch\?\S*?v=|youtube\.com/embed/|youtu\.be/)"
    r"([A-Za-z0-9_-]+)"
)
_HASHTAG = re.compile(r"(?:^|(?<=\s))#([-a-z\d]+)", re.IGNORECASE)
_MENTION = re.compile(
    r"(?:^|(?<=[^a-zA-Z0-9_!#$%&*@＠/])|(?<=[^a-zA-Z0-9_+~./#-]))[@＠]([a-z][-.a-z\d]+[a-z\d])",
    re.IGNORECASE,
)
_UNSEARCHED = frozenset({"code", "a", "script", "style"})


@dataclass(frozen=True, slots=True)
class Collected:
    """What stands in a body, each in the order of the document and without doubles.

    Attributes:
        forbidden: names of elements that the platform drops.
        refused: addresses of players that the platform shows no player for.
        unsaved: addresses of images that are neither http(s) nor `//`.
    """

    tags: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    unsaved: tuple[str, ...] = ()


def collect(body: str) -> Collected:
    """Collect from a post's body, Markdown or HTML."""
    found = _Found()
    markup = f"<div>{to_html(body)}</div>".encode(errors="replace")
    root = html.fragment_fromstring(
        markup,
        create_parent="div",
        parser=html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True),
    )
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "start":
            found.element(element)
            if element.tag not in found.closed_to_text:
                found.text(element, element.text)
        elif (parent := element.getparent()) is not None:
            found.text(parent, element.tail)
    return found.collected()


class _Found:
    """Ordered sets that fill while the tree is walked."""

    closed_to_text = _UNSEARCHED

    def __init__(self) -> None:
        self._kinds: dict[str, dict[str, None]] = {name: {} for name in Collected.__slots__}

    def collected(self) -> Collected:
        return Collected(**{name: tuple(values) for name, values in self._kinds.items()})

    def element(self, element: html.HtmlElement) -> None:
        """Take what an element itself says."""
        name = element.tag
        if not isinstance(name, str):
            return
        if name not in ALLOWED_ELEMENTS:
            self._add("forbidden", name)
        if name == "a" and element.get("href"):
            self._add("links", element.get("href"))
        elif name == "img" and element.get("src"):
            source = re.sub(r"^//", "https://", element.get("src"))
            self._add("images", source)
            if not re.match(r"https?://", source):
                self._add("unsaved", source)
        elif name == "iframe":
            self._player(element.get("src", ""))

    def text(self, element: html.HtmlElement, text: str | None) -> None:
        """Take addresses, tags and names from a piece of text directly in `element`."""
        if not text or any(
            ancestor.tag in _UNSEARCHED for ancestor in (element, *element.iterancestors())
        ):
            return
        for match in _ADDRESS.finditer(text):
            self._address(match[0])
        plain = _ADDRESS.sub(" ", text)
        for match in _HASHTAG.finditer(plain):
            if not match[1].isdigit():
                self._add("tags", match[1].lower())
        for match in _MENTION.finditer(plain):
            if is_account(match[1].lower()):
                self._add("users", match[1].lower())

    def _address(self, address: str) -> None:
        self._add("links", address)
        if video := _YOUTUBE.match(address):
            self._add("images", f"https://img.youtube.com/vi/{video[1]}/0.jpg")
        elif _PICTURE.match(address):
            self._add("images", address)

    def _player(self, source: str) -> None:
        if not _PLAYERS.match(source):
            self._add("refused", source)
        elif video := _YOUTUBE.match(re.sub(r"^//", "https://", source)):
            self._add("links", source)
            self._add("images", f"https://img.youtube.com/vi/{video[1]}/0.jpg")

    def _add(self, kind: str, value: str) -> None:
        self._kinds[kind][value] = None
