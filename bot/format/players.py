"""Players: addresses of videos that the platform shows as such, and the iframes that it lets stand.

The rules are those of condenser (Links, HtmlReady, MarkdownViewer, SanitizeConfig), and for Hive of
Denser's renderer and of @hiveio/content-renderer (docs/rendering.md).
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from bot.format.flavour import Flavour

WIDTH = "640"
HEIGHT = {Flavour.CONDENSER: "360", Flavour.DENSER: "480", Flavour.CONTENT_RENDERER: "360"}

ORIGINS = (
    "https://www.youtube.com", "https://player.vimeo.com", "https://player.twitch.tv",
    "https://w.soundcloud.com", "https://emb.d.tube", "https://3speak.online", "https://3speak.tv",
    "https://open.spotify.com", "https://platform.twitter.com",
)  # fmt: skip
"""Where players come from; nothing else is ever framed."""
INSIDE, LAST = r"[^\s\"<>\[\]()]", r"[^\s\"<>\[\]().,']"
"""What an address is made of: anything but white space, quotes and brackets; the last character is
neither a dot, a comma nor an apostrophe."""
_REST = rf"(?::\d{{2,5}})?(?:[/?#](?:{INSIDE}*{LAST})?)?"
_YOUTUBE = re.compile(rf"https?://(?:(?:.*.)?youtube.com|youtu.be){_REST}", re.IGNORECASE)
_YOUTUBE_SHORT = re.compile(rf"https?://youtu.be{_REST}", re.IGNORECASE)
_YOUTUBE_ID = re.compile(
    r"(?:youtube\.com/(?:watch\?v=|embed/|shorts/)|youtu\.be/)([A-Za-z0-9_-]+)", re.IGNORECASE
)
_VIMEO = re.compile(r"https?://(?:vimeo.com/|player.vimeo.com/video/)([0-9]+)/?(?:#t=\d+s?)?/?")
_TWITCH = re.compile(
    r"https?://(?:www.)?twitch.tv/(?:(videos)/)?([a-zA-Z0-9][a-zA-Z0-9_]{3,24})", re.IGNORECASE
)
_DTUBE = re.compile(r"https://(?:emb\.)?d.tube/#!/(?:v/)?([a-zA-Z0-9./-]*)")
_THREESPEAK = re.compile(
    r"https?://3speak.online/(?:watch|embed)\?v=([A-Za-z0-9_/-]+)(?:&.*)?", re.IGNORECASE
)
_HIVE_YOUTUBE = re.compile(
    r"https?://(?:www\.)?(?:youtube\.com/watch\?v=|youtu\.be/watch\?v=|youtu.be/[^watch]"
    r"|youtube\.com/(?:embed|shorts)/)[A-Za-z0-9_-]+[^ ]*",
    re.IGNORECASE,
)
_HIVE_YOUTUBE_ID = re.compile(
    r"(?:youtube\.com/watch\?v=|youtu\.be/watch\?v=|youtu.be/|youtube\.com/(?:embed|shorts)/)"
    r"([A-Za-z0-9_-]+)",
    re.IGNORECASE,
)
_DENSER_YOUTUBE = re.compile(
    r"https?://(?:www\.)?(?:youtube\.com/(?:watch\?v=|embed/|shorts/)|youtu\.be/)"
    r"([A-Za-z0-9_-]+)[^ ]*",
    re.IGNORECASE,
)
_DENSER_THREESPEAK = re.compile(
    r"(?:https?://)?3speak\.(?:tv|online|co)/(?:watch|embed)\?v=([^&\s]+)", re.IGNORECASE
)
_HIVE_VIMEO = re.compile(r"https?://(?:vimeo.com/|player.vimeo.com/video/)([0-9]+)/*")
_HIVE_THREESPEAK = re.compile(
    r"(?:https?://)?(?:3speak\.(?:tv|online|co)/watch\?v=|3speak\.tv/embed\?v=)"
    r"([a-zA-Z0-9_.-]+/[a-zA-Z0-9_-]+)(?:&.*)?"
)
_SPOTIFY = re.compile(
    r"https?://open.spotify.com/(playlist|show|episode|album|track|artist)/(.*)", re.IGNORECASE
)
_TWEET = re.compile(
    r"https://(?:www\.)?(?:twitter|x)\.com/(?:\w+/status|status)/(\d{1,20})",
    re.IGNORECASE | re.ASCII,
)
_SECONDS = re.compile(r"t=(\d+)s?")
_MARK = re.compile(r"([A-Za-z0-9?=_/.-]+) ([a-z]+)\s?(\d+)? ~~~")
_HIVE_MARKS = {
    Flavour.DENSER: re.compile(r"([A-Za-z0-9_/?=.-]+) ([^ ]*) ~~~"),
    Flavour.CONTENT_RENDERER: re.compile(r"([A-Za-z0-9?/=_-]+) ([^ ]*) ~~~"),
}
_IPFS = re.compile(
    r"(?:ipfs://)?(?:/?ipfs/)?(?:https?://[^/]+/ipfs/)?"
    r"(?P<id>(?:Qm[1-9A-HJ-NP-Za-km-z]{44}|b[a-z2-7]{58})(?:/.*)?)",
    re.IGNORECASE | re.DOTALL,
)
_IPFS_ID = re.compile(r"Qm[1-9A-HJ-NP-Za-km-z]{44}|b[a-z2-7]{58}")
_IPFS_GATEWAY = "https://gateway.pinata.cloud/ipfs"
_THREESPEAK_PICTURE = re.compile(
    r"<a href=\"https?://3speak.online/watch\?v=[A-Za-z0-9_/-]+\"", re.IGNORECASE
)


class Video(NamedTuple):
    """A video whose address stands in a text.

    Attributes:
        address: as written; the mark takes its place until the post is put together.
        link: what is collected as a link, `image` as a picture.
    """

    address: str
    mark: str
    link: str | None = None
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


def _hive_youtube(text: str) -> Video | None:
    address = _HIVE_YOUTUBE.search(text)
    found = address and _HIVE_YOUTUBE_ID.search(address[0])
    if not address or not found:
        return None
    image = f"https://img.youtube.com/vi/{found[1]}/0.jpg"
    return Video(address[0], _mark(found[1], "youtube"), None, image)


def _hive_vimeo(text: str) -> Video | None:
    found = _HIVE_VIMEO.search(text)
    return Video(found[0], _mark(found[1], "vimeo")) if found else None


def _hive_twitch(text: str) -> Video | None:
    video = _twitch(text)
    return video._replace(link=None) if video else None


def _spotify(text: str) -> Video | None:
    if (found := _SPOTIFY.search(text)) is None:
        return None
    embed = "embed-podcast" if found[1] in {"show", "episode"} else "embed"
    image = f"https://open.spotify.com/{found[1]}/{found[2]}"
    return Video(found[0], _mark(f"{embed}/{found[1]}/{found[2]}", "spotify"), None, image)


def _hive_threespeak(text: str) -> Video | None:
    found = _HIVE_THREESPEAK.fullmatch(text)
    return Video(text, _mark(found[1], "3speak")) if found else None


def _denser_youtube(text: str) -> Video | None:
    if (found := _DENSER_YOUTUBE.search(text)) is None:
        return None
    image = f"https://img.youtube.com/vi/{found[1]}/0.jpg"
    return Video(found[0], _mark(found[1], "youtube"), None, image)


def _denser_threespeak(text: str) -> Video | None:
    found = _DENSER_THREESPEAK.search(text)
    return Video(found[0], _mark(found[1], "3speak")) if found else None


def _tweet(text: str) -> Video | None:
    found = _TWEET.match(text)
    return Video(text, _mark(found[1], "twitter")) if found else None


KINDS: Mapping[Flavour, tuple[Callable[[str], Video | None], ...]] = {
    Flavour.CONDENSER: (youtube, _vimeo, _twitch, _dtube, _threespeak),
    Flavour.DENSER: (_denser_youtube, _hive_vimeo, _hive_twitch, _spotify, _denser_threespeak),
    Flavour.CONTENT_RENDERER: (
        _hive_youtube, _hive_vimeo, _hive_twitch, _spotify, _hive_threespeak, _tweet,
    ),
}  # fmt: skip
"""Each finds the first video of its site in a text, in the platform's order; YouTube is first."""


def ipfs_video(address: str) -> str | None:
    """What stands in a text for a link to a video on IPFS, None for an address of none."""
    found = _IPFS.fullmatch(address.strip())
    name = found["id"] if found else ""
    return _mark(name, "ipfs") if _IPFS_ID.fullmatch(name.partition("/")[0]) else None


def with_threespeak_pictures(markup: str) -> str:
    """The first linked picture that 3Speak's own editor writes becomes the player."""
    video = _THREESPEAK.search(markup)
    if video is None:
        return markup
    pos = 0
    while begun := _THREESPEAK_PICTURE.search(markup, pos):
        line_end = markup.find("\n", begun.end())
        line_end = len(markup) if line_end < 0 else line_end
        picture = markup.rfind(
            "<img", begun.end(), markup.rfind("></a>", begun.end(), line_end) + 1
        )
        if picture >= 0:
            end = markup.find("></a>", picture) + len("></a>")
            return f"{markup[: begun.start()]}{_mark(video[1], 'threespeak')}{markup[end:]}"
        pos = line_end
    return markup


_ADDRESSES: Mapping[Flavour, Mapping[str, str]] = {
    Flavour.CONDENSER: {
        "vimeo": "https://player.vimeo.com/video/{name}#t={seconds}s",
        "twitch": "https://player.twitch.tv/{name}",
        "dtube": "https://emb.d.tube/#!/{name}",
        "threespeak": "https://3speak.online/embed?v={name}",
    },
    Flavour.DENSER: {
        "youtube": "https://www.youtube.com/embed/{name}",
        "vimeo": "https://player.vimeo.com/video/{name}",
        "twitch": "https://player.twitch.tv/{name}&amp;parent=hive.blog",
        "spotify": "https://open.spotify.com/{name}",
        "3speak": "https://3speak.tv/embed?v={name}",
    },
    Flavour.CONTENT_RENDERER: {
        "youtube": "https://www.youtube.com/embed/{name}",
        "vimeo": "https://player.vimeo.com/video/{name}",
        "twitch": "https://player.twitch.tv/{name}&amp;parent=hive.blog",
        "spotify": "https://open.spotify.com/{name}",
        "3speak": "https://3speak.tv/embed?v={name}",
        "twitter": "https://platform.twitter.com/embed/Tweet.html?id={name}",
    },
}
_TITLES = {"vimeo": "Vimeo", "twitch": "Twitch", "dtube": "DTube", "threespeak": "ThreeSpeak"}
_WRAPPERS = {"3speak": "threeSpeakWrapper", "twitter": "twitterWrapper"}


def split(markup: str) -> list[tuple[str, str]]:
    """(player, markup after it) for each part of a post on condenser; the first has no player."""
    before, *parts = markup.split("~~~ embed:")
    found = [("", before)]
    for part in parts:
        mark = _MARK.match(part)
        if mark is None or mark[2] not in {*_ADDRESSES[Flavour.CONDENSER], "youtube", "ipfs"}:
            found.append(("", part))
        else:
            found.append((_player(mark[2], mark[1], mark[3] or "0"), part[mark.end() :]))
    return found


def with_players(markup: str, flavour: Flavour) -> str:
    """A post on Hive with the players where their marks stand."""
    before, *parts = markup.split("~~~ embed:")
    made = [before]
    for part in parts:
        mark = _HIVE_MARKS[flavour].match(part)
        if mark and mark[2] in _ADDRESSES[flavour]:
            made.append(_framed(flavour, mark[2], mark[1]))
        made.append(part[mark.end() :] if mark else part)
    return "".join(made)


def _player(kind: str, name: str, seconds: str) -> str:
    """The player of a mark, whose parts hold nothing but letters, digits and `?=_/.-`."""
    if kind == "youtube":
        picture = f"https://img.youtube.com/vi/{name}/0.jpg"
        return (
            f'<div class="videoWrapper youtube" style="background-image:url({picture})">'
            '<div class="play"></div></div>'
        )
    if kind == "ipfs":
        if not _IPFS_ID.fullmatch(name.partition("/")[0]):
            return ""
        return (
            '<div class="videoWrapper"><video controls="" playsinline="" crossorigin="anonymous">'
            f'<source src="{_IPFS_GATEWAY}/{name}" type="video/mp4">'
            "Your browser does not support the video tag.</video></div>"
        )
    title = f' title="{_TITLES[kind]} video {name}"'
    return _framed(Flavour.CONDENSER, kind, name, seconds, title)


def _framed(flavour: Flavour, kind: str, name: str, seconds: str = "0", more: str = "") -> str:
    source = _ADDRESSES[flavour][kind].format(name=name, seconds=int(seconds))
    size = f'width="{WIDTH}" height="{HEIGHT[flavour]}"'
    return (
        f'<div class="{_WRAPPERS.get(kind, "videoWrapper")}"><iframe src="{source}" {size} '
        f'frameborder="0" allowfullscreen=""{more}></iframe></div>'
    )


CLASSES: Mapping[Flavour, frozenset[str]] = {
    Flavour.CONDENSER: frozenset(),
    Flavour.DENSER: frozenset(["threeSpeakWrapper", "twitter-tweet", "instagram-embed"]),
    Flavour.CONTENT_RENDERER: frozenset(["threeSpeakWrapper", "twitterWrapper"]),
}
"""Classes of what stands around a player, beside those that an author may write."""
