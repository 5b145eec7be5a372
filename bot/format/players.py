"""Players: addresses of videos that the platform shows as such, and the iframes that it lets stand.

The rules are those of condenser (Links, HtmlReady, MarkdownViewer, SanitizeConfig), and for Hive of
@hiveio/content-renderer (docs/rendering.md).
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from bot.format.flavour import Flavour

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
_MARK = re.compile(r"~~~ embed:([A-Za-z0-9?=_/.-]+) ([a-z0-9]+)\s?(\d+)? ~~~")


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


def _tweet(text: str) -> Video | None:
    found = _TWEET.match(text)
    return Video(text, _mark(found[1], "twitter")) if found else None


KINDS: Mapping[Flavour, tuple[Callable[[str], Video | None], ...]] = {
    Flavour.CONDENSER: (youtube, _vimeo, _twitch, _dtube, _threespeak),
    Flavour.HIVE: (_hive_youtube, _hive_vimeo, _hive_twitch, _spotify, _hive_threespeak, _tweet),
}
"""Each finds the first video of its site in a text, in the platform's order."""

_ADDRESSES: Mapping[Flavour, Mapping[str, str]] = {
    Flavour.CONDENSER: {
        "vimeo": "https://player.vimeo.com/video/{name}#t={seconds}s",
        "twitch": "https://player.twitch.tv/{name}",
        "dtube": "https://emb.d.tube/#!/{name}",
        "threespeak": "https://3speak.online/embed?v={name}",
    },
    Flavour.HIVE: {
        "youtube": "https://www.youtube.com/embed/{name}",
        "vimeo": "https://player.vimeo.com/video/{name}",
        "twitch": "https://player.twitch.tv/{name}&amp;parent=hive.blog",
        "spotify": "https://open.spotify.com/{name}",
        "3speak": "https://3speak.tv/embed?v={name}",
        "twitter": "https://platform.twitter.com/embed/Tweet.html?id={name}",
    },
}
_WRAPPERS = {"3speak": "threeSpeakWrapper", "twitter": "twitterWrapper"}


def split(markup: str, flavour: Flavour) -> list[tuple[str, str]]:
    """(player, markup after it) for each part of a post; the first part has no player."""
    before, *parts = markup.split("~~~ embed:")
    found = [("", before)]
    for part in parts:
        mark = _MARK.match(f"~~~ embed:{part}")
        player = _player(flavour, mark[2], mark[1], mark[3] or "0") if mark else None
        if mark is None or player is None:
            found.append(("", part))
        else:
            found.append((player, part[mark.end() - len("~~~ embed:") :]))
    return found


def _player(flavour: Flavour, kind: str, name: str, seconds: str) -> str | None:
    """The player of a mark, whose parts hold nothing but letters, digits and `?=_/.-`."""
    if (flavour, kind) == (Flavour.CONDENSER, "youtube"):
        picture = f"https://img.youtube.com/vi/{name}/0.jpg"
        return (
            f'<div class="videoWrapper youtube" style="background-image:url({picture})">'
            '<div class="play"></div></div>'
        )
    if (address := _ADDRESSES[flavour].get(kind)) is None:
        return None
    source = address.format(name=name, seconds=seconds)
    return (
        f'<div class="{_WRAPPERS.get(kind, "videoWrapper")}"><iframe src="{source}" '
        f'width="{WIDTH}" height="{HEIGHT}" frameborder="0" allowfullscreen=""></iframe></div>'
    )


_TRACK = "&auto_play=false&hide_related=false&show_comments=true&show_user=true&show_reposts=false"


def iframe_address(address: str, flavour: Flavour) -> str | None:
    """The address under which an author's iframe is shown, None when it isn't."""
    address = address.strip()
    for begins, shown_as in _IFRAMES[flavour]:
        if begins.match(address):
            return shown_as(address)
    return None


def _vimeo_iframe(address: str) -> str | None:
    number = re.search(r"https://player\.vimeo\.com/video/([0-9]+)", address)
    return f"https://player.vimeo.com/video/{number[1]}" if number else None


def _soundcloud_iframe(address: str) -> str | None:
    track = re.search(r"url=(.+?)&", address)
    found = track and f"https://w.soundcloud.com/player/?url={track[1]}{_TRACK}&visual=true"
    return found or None


def _hive_threespeak_iframe(address: str) -> str | None:
    video = re.search(r"3speak\.(?:tv|online|co)/(?:embed|watch)\?v=([^&\s]+)", address)
    return f"https://3speak.tv/embed?v={video[1]}" if video else None


def _tweet_iframe(address: str) -> str | None:
    tweet = _TWEET.match(address)
    return f"https://platform.twitter.com/embed/Tweet.html?id={tweet[1]}" if tweet else None


def _as_written(address: str) -> str:
    return address


_COMMON_IFRAMES: tuple[tuple[re.Pattern[str], Callable[[str], str | None]], ...] = (
    (re.compile(r"(https?:)?//player.vimeo.com/video/", re.IGNORECASE), _vimeo_iframe),
    (
        re.compile(r"(https?:)?//www.youtube.com/embed/", re.IGNORECASE),
        lambda address: re.sub(r"\?.+$", "", address),
    ),
    (re.compile(r"https://w.soundcloud.com/player/", re.IGNORECASE), _soundcloud_iframe),
    (re.compile(r"(https?:)?//player.twitch.tv/", re.IGNORECASE), _as_written),
)
_IFRAMES = {
    Flavour.CONDENSER: (
        *_COMMON_IFRAMES,
        (re.compile(r"(https?:)?//3speak.online/embed\?v=", re.IGNORECASE), _as_written),
        (re.compile(r"https://emb.d.tube/#!/[a-zA-Z0-9./-]+\Z"), _as_written),
    ),
    Flavour.HIVE: (
        *_COMMON_IFRAMES,
        (
            re.compile(
                r"https://open\.spotify\.com/(embed|embed-podcast)/"
                r"(playlist|show|episode|album|track|artist)/",
                re.IGNORECASE,
            ),
            _as_written,
        ),
        (
            re.compile(
                r"(?:https?:)?//3speak\.(?:tv|online|co)/(?:embed|watch)\?v=", re.IGNORECASE
            ),
            _hive_threespeak_iframe,
        ),
        (_TWEET, _tweet_iframe),
    ),
}
