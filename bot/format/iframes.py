"""The iframes that front ends let stand, by condenser's and Hive's own lists."""

import re
from collections.abc import Callable

from bot.format.flavour import Flavour

_TWEET_IFRAME = re.compile(
    r"(?:@?(?:https?:)?//)?(?:www\.)?(?:twitter|x)\.com/(?:\w+/status|status)/(\d{1,20})",
    re.IGNORECASE | re.ASCII,
)
_TRACK = "&auto_play=false&hide_related=false&show_comments=true&show_user=true&show_reposts=false"


def address_shown(address: str, flavour: Flavour) -> str | None:
    """The address under which an author's iframe is shown, None when it isn't."""
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
    tweet = _TWEET_IFRAME.match(address)
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
_HIVE_IFRAMES = (
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
            r"(?:https?:)?//3speak\.(?:tv|online|co)/(?:embed|watch)\?v=[^&\s]", re.IGNORECASE
        ),
        _hive_threespeak_iframe,
    ),
    (_TWEET_IFRAME, _tweet_iframe),
)
_IFRAMES = {
    Flavour.CONDENSER: (
        *_COMMON_IFRAMES,
        (re.compile(r"(https?:)?//3speak.online/embed\?v=", re.IGNORECASE), _as_written),
        (re.compile(r"https://emb.d.tube/#!/[a-zA-Z0-9./-]+\Z"), _as_written),
    ),
    Flavour.DENSER: _HIVE_IFRAMES,
    Flavour.CONTENT_RENDERER: _HIVE_IFRAMES,
}
_TWEET_PLAYER = re.compile(r"https://platform\.twitter\.com/embed/Tweet\.html\?id=\d+")


def is_shown(address: str, flavour: Flavour) -> bool:
    """Whether a player of this address may stand on the page in the end."""
    return bool(_TWEET_PLAYER.fullmatch(address)) or address_shown(address, flavour) is not None
