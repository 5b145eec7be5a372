"""The feed of what was published: Atom (RFC 4287), a file that any web server may hand out."""

import os
import re
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from xml.etree import ElementTree as ET

from bot import __version__
from bot.chain.codec import comment_in
from bot.format.render import render
from bot.records import Publication
from bot.records.news import Standing

ENTRIES = 50
_ATOM = "http://www.w3.org/2005/Atom"
_IDENTITIES = uuid.UUID("6b4a7c0e-3d1f-5f0b-9a55-0c9d2f6f3b61")
"""The name space of the feed's and the entries' ids, which never change."""
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 document holds, whichever way it is written."""


class Feed:
    """A file with the posts that were published last.

    Args:
        path: of the file; its folder is made.
        identity: one of its kind for the queue, whatever is published from it.
    """

    def __init__(self, path: Path, identity: Callable[[], str]) -> None:
        self._path = path
        self._identity = identity

    def write(self, posts: Sequence[Standing]) -> None:
        """Write it, unless it says all this already; a reader sees the old or the new one.

        Args:
            posts: what is published now, the latest first.

        Raises:
            OSError: it can't be written.
        """
        if not posts:
            return
        data = document(posts, self._identity())
        try:
            if self._path.read_bytes() == data:
                return
        except OSError:
            pass
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(
            dir=self._path.parent, prefix=f".{self._path.name}.", delete=False
        ) as file:
            try:
                file.write(data)
                file.flush()
                os.fchmod(file.fileno(), 0o644)
                Path(file.name).replace(self._path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise


def document(posts: Sequence[Standing], identity: str) -> bytes:
    """The feed as UTF-8."""
    ET.register_namespace("", _ATOM)
    feed = ET.Element(f"{{{_ATOM}}}feed")
    authors = ", ".join(sorted({post.publication.author for post in posts}))
    _add(feed, "id", f"urn:uuid:{uuid.uuid5(_IDENTITIES, f'feed {identity}')}")
    _add(feed, "title", f"Published by {authors}")
    _add(feed, "updated", _instant(max(map(_updated, posts))))
    _add(feed, "generator", "briefbot", version=__version__)
    for post in posts:
        _entry(feed, post)
    return bytes(ET.tostring(feed, encoding="utf-8", xml_declaration=True)) + b"\n"


def _entry(feed: ET.Element, standing: Standing) -> None:
    post = standing.publication
    entry = ET.SubElement(feed, f"{{{_ATOM}}}entry")
    where = f"{post.chain} @{post.author}/{post.permlink}"
    _add(entry, "id", f"urn:uuid:{uuid.uuid5(_IDENTITIES, where)}")
    _add(entry, "title", post.title)
    _add(entry, "published", _instant(_published(post)))
    _add(entry, "updated", _instant(_updated(standing)))
    _add(ET.SubElement(entry, f"{{{_ATOM}}}author"), "name", post.author)
    _add(entry, "link", rel="alternate", type="text/html", href=post.url)
    for tag in post.tags:
        _add(entry, "category", term=tag)
    _add(entry, "content", render(comment_in(post.operations)["body"]).html, type="html")


def _published(post: Publication) -> datetime:
    return post.included_at or post.created_at


def _updated(post: Standing) -> datetime:
    return post.edited_at or _published(post.publication)


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> None:
    clean = {key: _FORBIDDEN.sub("\ufffd", value) for key, value in attributes.items()}
    element = ET.SubElement(parent, f"{{{_ATOM}}}{name}", clean)
    element.text = _FORBIDDEN.sub("\ufffd", text) or None


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
