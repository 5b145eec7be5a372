"""Players: addresses of videos that the platform shows as such, and the iframes that it lets stand.

The rules are condenser's Links, HtmlReady, MarkdownViewer and SanitizeConfig (docs/rendering.md).
"""

import re
from collections.abc import Callable
from typing import NamedTuple

WIDTH, HEIGHT = "640", "360"

INSIDE, LAST = r"[^\s\"<>\[\]()]", r"[^\s\"<>\[\]().,']"
"""What an address is made of: anything but white space, quotes and brackets; the last character is
neither a dot, a comma nor an apostrophe."""
_REST = rf"(?::\d{{2,5}})?(?:[/?#](?:{INSIDE}*{LAST})?)?"
_YOUTUBE = re.compile(rf"https?://(?:(?:.*.)?youtube.com|youtu.be){_REST}", re.IGNORECASE)
_YOUTUBE_SHORT = re.compile(rf"https?://youtu.be{_REST}", re.IGNORECASE)
_YOUTUBE_ID = re.compile(
    r"(?:youtube.com/watch\?v=|youtu.be/|youtube.com/embed/)([A-Za-z0-9_-]+)", re.IGNORECASE
)
_VIMEO = re.compile(r"https?://(?:vimeo.com/|player.vimeo.com/video/)([0-9]+)/?(?:#t=\d+s?)?/?")
_TWITCH = re.compile(
    r"https?://(?:www.)?twitch.tv/(?:(videos)/)?([a-zA-Z0-9][a-zA-Z0-9_]{3,24})", re.IGNORECASE
)
_DTUBE = re.compile(r"https://(?:emb\.)?d.tube/#!/(?:v/)?([a-zA-Z0-9./-]*)")
_THREESPEAK = re.compile(
    r"https?://3speak.online/(?:watch|embed)\?v=([A-Za-z0-9_/-]+)(?:&.*)?", re.IGNORECASE
)
_SECONDS = re.compile(r"t=(\d+)s?")
_MARK = re.compile(
    r"~~~ embed:([A-Za-z0-9?=_/.-]+) (youtube|vimeo|twitch|dtube|threespeak)\s?(\d+)? ~~~"
)


class Video(NamedTuple):
    """A video whose address stands in a text.

    Attributes:
        address: as written; the mark takes its place until the post is put together.
        link: what is collected as a link, `image` as a picture.
    """

    address: str
    mark: str
    link: str
    image: str | None = None


def _mark(name: str, kind: str, seconds: str = "") -> str:
    return f"~~~ embed:{name} {kind}{f' {seconds}' if seconds.strip('0') else ''} ~~~"


def _seconds(text: str) -> str:
    found = _SECONDS.search(text)
    return found[1] if found else ""


def youtube(text: str) -> Video | None:
    """The first YouTube video; its address reaches back to the first one in the same line."""
    for line in text.split("\n"):
        lower = line.lower()
        known = _YOUTUBE if "youtube" in lower else _YOUTUBE_SHORT
        address = known.search(line) if "http" in lower[: lower.rfind("youtu") + 1] else None
        found = address and _YOUTUBE_ID.search(address[0])
        if address and found:
            mark = _mark(found[1], "youtube", _seconds(address[0]))
            image = f"https://img.youtube.com/vi/{found[1]}/0.jpg"
            return Video(address[0], mark, address[0], image)
    return None


def _vimeo(text: str) -> Video | None:
    if (found := _VIMEO.search(text)) is None:
        return None
    link = f"https://player.vimeo.com/video/{found[1]}"
    return Video(found[0], _mark(found[1], "vimeo", _seconds(text)), link)


def _twitch(text: str) -> Video | None:
    if (found := _TWITCH.search(text)) is None:
        return None
    name = f"?{'video' if found[1] == 'videos' else 'channel'}={found[2]}"
    return Video(found[0], _mark(name, "twitch"), f"https://player.twitch.tv/{name}")


def _dtube(text: str) -> Video | None:
    if (found := _DTUBE.search(text)) is None:
        return None
    return Video(found[0], _mark(found[1], "dtube"), f"https://emb.d.tube/#!/{found[1]}")


def _threespeak(text: str) -> Video | None:
    if (found := _THREESPEAK.search(text)) is None:
        return None
    image = f"https://img.3speakcontent.online/{found[1].rpartition('/')[2]}/post.png"
    return Video(found[0], _mark(found[1], "threespeak"), found[0], image)


KINDS: tuple[Callable[[str], Video | None], ...] = (youtube, _vimeo, _twitch, _dtube, _threespeak)
"""Each finds the first video of its site in a text, in the platform's order."""


def split(markup: str) -> list[tuple[str, str]]:
    """(player, markup after it) for each part of a post; the first part has no player."""
    before, *parts = markup.split("~~~ embed:")
    found = [("", before)]
    for part in parts:
        mark = _MARK.match(f"~~~ embed:{part}")
        if mark is None:
            found.append(("", part))
        else:
            rest = part[mark.end() - len("~~~ embed:") :]
            found.append((_player(mark[2], mark[1], mark[3] or "0"), rest))
    return found


def _player(kind: str, name: str, seconds: str) -> str:
    """The player of a mark, whose parts hold nothing but letters, digits and `?=_/.-`."""
    if kind == "youtube":
        picture = f"https://img.youtube.com/vi/{name}/0.jpg"
        return (
            f'<div class="videoWrapper youtube" style="background-image:url({picture})">'
            '<div class="play"></div></div>'
        )
    address = {
        "vimeo": f"https://player.vimeo.com/video/{name}#t={seconds}s",
        "twitch": f"https://player.twitch.tv/{name}",
        "dtube": f"https://emb.d.tube/#!/{name}",
        "threespeak": f"https://3speak.online/embed?v={name}",
    }[kind]
    return (
        f'<div class="videoWrapper"><iframe src="{address}" width="{WIDTH}" height="{HEIGHT}" '
        'frameborder="0" allowfullscreen=""></iframe></div>'
    )


def iframe_address(address: str) -> str | None:
    """The address under which an author's iframe is shown, None when it isn't."""
    address = address.strip()
    if re.match(r"(https?:)?//player.vimeo.com/video/", address, re.IGNORECASE):
        number = re.search(r"https://player\.vimeo\.com/video/([0-9]+)", address)
        return f"https://player.vimeo.com/video/{number[1]}" if number else None
    if re.match(r"(https?:)?//www.youtube.com/embed/", address, re.IGNORECASE):
        return re.sub(r"\?.+$", "", address)
    if re.match(r"https://w.soundcloud.com/player/", address, re.IGNORECASE):
        track = re.search(r"url=(.+?)&", address)
        wanted = "&auto_play=false&hide_related=false&show_comments=true"
        wanted += "&show_user=true&show_reposts=false&visual=true"
        return f"https://w.soundcloud.com/player/?url={track[1]}{wanted}" if track else None
    if re.match(
        r"(https?:)?//(3speak.online/embed\?v=|player.twitch.tv/)", address, re.IGNORECASE
    ) or re.fullmatch(r"https://emb.d.tube/#!/[a-zA-Z0-9./-]+", address):
        return address
    return None
