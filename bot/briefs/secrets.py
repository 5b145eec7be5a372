"""Private keys in text: found, and never shown."""

import re
from hashlib import sha256

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_CANDIDATE = re.compile(r"(?<![1-9A-HJ-NP-Za-km-z])P?([5KL][1-9A-HJ-NP-Za-km-z]{50,51})")
_WIF_BYTES = {37, 38}  # version, 32 bytes, perhaps a compression mark, 4 bytes of checksum


def private_key_offset(text: str) -> int | None:
    """Where in `text` a private key in wallet import format begins, or None.

    Condenser asks before it sends one (chain-rules §7.1); here a brief with one is refused.
    Also found: `P5…`, a master password. A checksum that doesn't fit makes it harmless text.
    """
    for match in _CANDIDATE.finditer(text):
        if any(_is_key(match[1][:length]) for length in (51, 52)):
            return match.start()
    return None


def _is_key(text: str) -> bool:
    number = 0
    for character in text:
        number = number * 58 + _ALPHABET.index(character)
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    if len(raw) not in _WIF_BYTES or raw[0] != 0x80:  # noqa: PLR2004  # the version of a WIF
        return False
    return sha256(sha256(raw[:-4]).digest()).digest()[:4] == raw[-4:]
