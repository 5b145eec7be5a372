"""From a title to a permlink, as condenser makes it where condenser can (chain-rules §7.4).

Never random and never dependent on the clock: the same title gives the same permlink for ever,
which is what makes publishing it twice impossible.
"""

import re
from hashlib import sha256

from anyascii import anyascii

LIMIT = 128
# Where condenser's table (speakingurl 9, English) differs from anyascii. Words get dashes around.
_LETTERS = {
    "ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ẞ": "SS",
    "ا": "a", "ع": "a", "ة": "h", "ъ": "u", "ь": "", "Ь": "", "щ": "sh", "Щ": "Sh", "х": "h",
    "Х": "H",
    "€": "eur", "$": "usd", "£": "gbp", "¥": "yen", "¢": "cent", "₹": "inr", "₽": "rub",
    "½": "-", "¼": "-", "¾": "-", "°": "-", "©": "c", "®": "r", "™": "tm", "_": "",
}  # fmt: skip
_WORDS = {
    "&": "and", "♥": "love", "∞": "infinity", "∑": "sum", "∆": "delta", "∂": "d", "ƒ": "f",
}  # fmt: skip


def permlink(title: str) -> str:
    """The permlink of a title: 1 to 128 of a-z, 0-9 and `-`."""
    plain = re.sub(r"[<>]", "", title).strip()
    slug = _shortened("".join(_ascii(character) for character in plain))
    # A script that condenser has no letters for gets a random permlink there; here it is derived.
    return slug or f"post-{sha256(title.encode(errors='surrogatepass')).hexdigest()[:10]}"


def _ascii(character: str) -> str:
    """One character as condenser writes it, or as anyascii does in a script it doesn't know."""
    if character.isascii() and (character.isalnum() or character == "-"):
        return character
    if character in _LETTERS:
        return _LETTERS[character]
    if character in _WORDS:
        return f"-{_WORDS[character]}-"
    if character.isspace() or not character.isalnum():
        return "-"
    latin = anyascii(character)
    # ideographs and syllables come out as whole words, letters as letters
    return f"-{latin}-" if latin[:1].isupper() and not character.isupper() else latin


def _shortened(text: str) -> str:
    """Dashes collapsed, cut at 128 and back to the last whole word."""
    slug = re.sub(r"-+", "-", re.sub(r"[^a-z0-9-]", "", text.lower())).strip("-")
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
