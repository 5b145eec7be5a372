"""json_metadata as a good front end emits it (chain-rules §7.2), and our own key after it."""

import json
from typing import Any

from bot.briefs import Brief
from bot.format.markdown import is_html
from bot.format.ready import Collected

MAX_TAGS = 8


def read_metadata(text: str) -> dict[str, Any]:
    """The members of a post's json_metadata, whoever wrote it; none where it is no good JSON."""
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def tags_of(written: tuple[str, ...], collected: Collected) -> tuple[str, ...]:
    """The post's tags: those written, then the body's hashtags while there is room."""
    found = dict.fromkeys(written)
    for tag in collected.tags:
        if len(found) >= MAX_TAGS:
            break
        found[tag] = None
    return tuple(found)


def json_metadata(
    brief: Brief, body: str, tags: tuple[str, ...], collected: Collected, app: str
) -> str:
    """One compact JSON object, raw UTF-8, no byte after it (chain-rules §1.2 #7).

    `briefbot.brief` ties the post to its brief: by it a lost record is rebuilt, and a post of
    somebody else under the same permlink is told from ours.
    """
    images = dict.fromkeys([brief.image] if brief.image else [])
    images |= dict.fromkeys(collected.images)
    values: dict[str, Any] = {
        "tags": list(tags),
        "users": list(collected.users),
        "image": list(images),
        "links": list(collected.links),
        "app": app,
        "format": "html" if is_html(body) else "markdown",
        "community": brief.community,
        "description": brief.description,
        "canonical_url": brief.canonical_url,
        "authored_by": brief.authored_by,
        "briefbot": {"brief": brief.id},
    }
    if brief.cross_post:  # by the first tag and these two front ends know it
        values["tags"] = list(dict.fromkeys(["cross-post", *tags]))
        values["original_author"], values["original_permlink"] = brief.cross_post
    kept = {key: value for key, value in values.items() if value}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def brief_in(json_metadata: str) -> str | None:
    """Id of the brief that wrote a post, by our own key in its metadata; None for others."""
    ours = read_metadata(json_metadata).get("briefbot")
    brief = ours.get("brief") if isinstance(ours, dict) else None
    return brief if isinstance(brief, str) else None


def canonical(json_metadata: str) -> str:
    """What two nodes' words of one post's metadata have in common, to compare them by.

    hivemind writes it anew: it keeps the first picture of `image` only, and of what is no object
    nothing (its cached_post.py).
    """
    values = read_metadata(json_metadata)
    if isinstance(values.get("image"), list):
        values["image"] = values["image"][:1]
    return json.dumps(values, sort_keys=True)
