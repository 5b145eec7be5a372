"""Words of any script as `a-z`, `0-9` and `-`: what permlinks and tags are made of.

As condenser writes them where condenser can (chain-rules §7.4).
"""

import re

from anyascii import anyascii

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


def transliterated(text: str) -> str:
    """The text in `a-z`, `0-9` and single dashes; empty when nothing of it is left."""
    written = "".join(_ascii(character) for character in text).lower()
    return re.sub(r"-+", "-", re.sub(r"[^a-z0-9-]", "", written)).strip("-")


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
