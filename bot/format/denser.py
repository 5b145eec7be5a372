"""What Denser does around the renderer that it shares with the published package.

Before Markdown it marks addresses of tweets and Instagram; between Markdown and the tree it takes
paragraphs from around centred text and foldings; at the end it puts tables into a box that scrolls
(docs/rendering.md).
"""

import re
from collections import Counter
from urllib.parse import quote, unquote

SCROLLING = "overflow-x: auto; width: 100%; display: block;"
"""The style of the box around a table."""
PLACE = re.compile(r"(?:tweet|instagram)-[\w-]*")
"""The `id` of a post from elsewhere."""

_TWEET = re.compile(
    r"(?<!\()(?:https?://)?(?:www\.)?(?:twitter|x)\.com/(?:#!/)?(\w+)/status(?:es)?/(\d+)[^)\s]*",
    re.ASCII,
)
_INSTAGRAM = re.compile(r"(?<!\()https?://(?:www\.)?instagram\.com/[^\s)]+")
_INSTAGRAM_PROFILE = re.compile(r"https://www\.instagram\.com/[a-zA-Z0-9_.]+/?", re.IGNORECASE)
_INSTAGRAM_POST = re.compile(
    r"https://www\.instagram\.com/(?:[a-zA-Z0-9_.]+/)?(p|reel|reels)/([^/?]+)", re.IGNORECASE
)
_MARKED_TWEET = re.compile(r"<div>twitter-id-(\d+)-author-(\w+)-count-([^<]*)</div>")
_MARKED_INSTAGRAM = re.compile(r"<div>instagram-url-((?:(?!-count-)[^<])*+)-count-([^<]*+)</div>")
_SHOWN_INSTAGRAM = re.compile(r"/(p|reel|reels)/([^/?]+)")
_UNESCAPED = "!~*'()"  # by encodeURIComponent


def marked(body: str) -> str:
    """A body with marks for the tweets and Instagram posts whose addresses stand in it."""
    counts: Counter[str] = Counter()

    def again(name: str) -> str:
        counts[name] += 1
        return str(counts[name]) if counts[name] > 1 else ""

    def tweet(found: re.Match[str]) -> str:
        count = again(found[2])
        return f"&nbsp;<div>twitter-id-{found[2]}-author-{found[1]}-count-{count}</div>&nbsp;"

    def instagram(found: re.Match[str]) -> str:
        count = again(found[0])
        address = _instagram(found[0])
        if address is None:
            return found[0]
        written = quote(address, safe=_UNESCAPED)
        return f"&nbsp;<div>instagram-url-{written}-count-{count}</div>&nbsp;"

    return _INSTAGRAM.sub(instagram, _TWEET.sub(tweet, body))


def _instagram(address: str) -> str | None:
    if _INSTAGRAM_PROFILE.fullmatch(address):
        return address
    post = _INSTAGRAM_POST.match(address)
    kind = "reel" if post and "reel" in post[1] else "p"
    return f"https://www.instagram.com/{kind}/{post[2]}" if post else None


def rearranged(markup: str) -> str:
    """Markup without paragraphs around foldings and centred text, which end behind code."""
    for name in ("details", "center"):
        markup = _ended_at_code(_without_paragraphs(markup, name), name)
    return markup


# Both end with the first piece that has no end, since no later one has: no input takes longer.


def _without_paragraphs(markup: str, name: str) -> str:
    begins = re.compile(rf"<p>\s*+(?=<{name}>)")
    ends = re.compile(rf"(?<=</{name}>)\s*+</p>")
    made, pos = [], 0
    while (begun := begins.search(markup, pos)) and (end := ends.search(markup, begun.end())):
        made += [markup[pos : begun.start()], markup[begun.end() : end.start()]]
        pos = end.end()
    return "".join([*made, markup[pos:]])


def _ended_at_code(markup: str, name: str) -> str:
    begins, code, ends = f"<{name}>", "</pre>", f"</{name}>"
    made, pos = [], 0
    while (begun := markup.find(begins, pos)) >= 0:
        after = markup.find(code, begun) + len(code)
        end = markup.find(ends, after)
        if after < len(code) or end < 0:
            break
        made += [markup[pos:after], ends, markup[after:end]]
        pos = end + len(ends)
    return "".join([*made, markup[pos:]])


def finished(markup: str) -> str:
    """The sanitised markup with tweets, Instagram posts and tables as they are shown."""
    markup = _MARKED_INSTAGRAM.sub(_post, _MARKED_TWEET.sub(_tweet, markup))
    made, pos = [], 0
    while (table := markup.find("<table", pos)) >= 0 and (
        end := markup.find("</table>", table)
    ) >= 0:
        end += len("</table>")
        made += [markup[pos:table], f'<div style="{SCROLLING}">', markup[table:end], "</div>"]
        pos = end
    return "".join([*made, markup[pos:]])


def _tweet(found: re.Match[str]) -> str:
    address = f"https://x.com/{found[2]}/status/{found[1]}"
    return (
        f'<div id="tweet-{found[1]}-{found[3]}" class="twitter-tweet">'
        f'<a href="{address}" target="_blank">{address}</a></div>'
    )


def _post(found: re.Match[str]) -> str:
    address = unquote(found[1]).replace('"', "%22").replace("<", "%3C")
    link = f'<a href="{address}" target="_blank">{address}</a>'
    post = _SHOWN_INSTAGRAM.search(address)
    if post is None:
        return link
    return f'<div id="instagram-{post[2]}-{found[2]}" class="instagram-embed">{link}</div>'
