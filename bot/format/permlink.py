"""From a title to a permlink, as condenser makes it where condenser can (chain-rules §7.4).

Never random and never dependent on the clock: the same title gives the same permlink for ever,
which is what makes publishing it twice impossible.
"""

import re
from hashlib import sha256

from bot.briefs.transliteration import transliterated

LIMIT = 128


def permlink(title: str) -> str:
    """The permlink of a title: 1 to 128 of a-z, 0-9 and `-`."""
    slug = _shortened(transliterated(re.sub(r"[<>]", "", title).strip()))
    # A script that condenser has no letters for gets a random permlink there; here it is derived.
    return slug or f"post-{sha256(title.encode(errors='surrogatepass')).hexdigest()[:10]}"


def _shortened(slug: str) -> str:
    """Cut at 128 and back to the last whole word."""
    if len(slug) > LIMIT:
        cut = slug[:LIMIT]
        if slug[LIMIT] != "-":
            cut = cut[: cut.rfind("-")]  # without any dash this drops one character, as there
        slug = cut.strip("-")
    return slug


def reply_permlink(parent_author: str, parent_permlink: str, brief: str) -> str:
    """The permlink of a reply: readable, and different for each brief that replies."""
    mark = sha256(brief.encode(errors="surrogatepass")).hexdigest()[:8]
    start = f"re-{parent_author}-{parent_permlink}".replace(".", "-")
    return f"{start[: 255 - len(mark) - 1].rstrip('-')}-{mark}"
