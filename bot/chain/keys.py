"""Private keys and what is made with them: public keys and signatures, by coincurve.

beem would sign in pure Python, a few hundred times slower; the tests hold these against beem's
own keys and its own verification.
"""

import hashlib
import itertools

import coincurve

# the C library's own handle, for the extra data of the nonce; the binding ships no types for it
from coincurve._libsecp256k1 import ffi  # type: ignore[import-not-found]

# hashlib has RIPEMD-160 only where OpenSSL still offers it
from Cryptodome.Hash import RIPEMD160

from bot.chain.errors import PermanentChainError
from bot.chain.protocol import PostingKey

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_WIF_LENGTH = 51
_WIF_VERSION = b"\x80"
_COMPRESSED = 31  # 27, plus 4 for "the public key is compressed", plus the recovery id


def public_key(key: PostingKey, prefix: str) -> str:
    """The public key of `key` as the chain writes it, e.g. `STM…`.

    Raises:
        PermanentChainError: it is no private key.
    """
    point = _private_key(key).public_key.format(compressed=True)
    number = int.from_bytes(point + RIPEMD160.new(point).digest()[:4], "big")
    text = ""
    while number:
        number, digit = divmod(number, len(_BASE58))
        text = _BASE58[digit] + text
    return prefix + text


def signature(key: PostingKey, digest: bytes) -> bytes:
    """The 65 bytes (recovery, r, s) of a canonical signature over a sha256 digest.

    Deterministic: RFC 6979 with the number of the try as extra data, until the signature is
    canonical as the chains demand (chain-rules §2.3). So the same transaction has the same bytes
    each time it is signed.

    Raises:
        PermanentChainError: it is no private key.
    """
    private = _private_key(key)
    return next(
        made for n in itertools.count() if is_canonical(made := _attempt(private, digest, n))
    )


def is_canonical(made: bytes) -> bool:
    """Whether r and s are neither negative nor padded as signed numbers (fc's is_canonical)."""
    return all(
        half[0] < 0x80 and not (half[0] == 0 and half[1] < 0x80)  # noqa: PLR2004  # the sign bit
        for half in (made[1:33], made[33:65])
    )


def _attempt(private: coincurve.PrivateKey, digest: bytes, number: int) -> bytes:
    extra = ffi.new("unsigned char[32]", number.to_bytes(32, "big"))
    made = private.sign_recoverable(digest, hasher=None, custom_nonce=(ffi.NULL, extra))
    return bytes([_COMPRESSED + made[64]]) + made[:64]


def _private_key(key: PostingKey) -> coincurve.PrivateKey:
    made = _decoded(key)
    if made is None:  # raised here, where neither a local nor a cause holds any part of the key
        raise PermanentChainError(
            "the posting key is no private key in wallet import format (51 characters, the first "
            "of them a 5): check it where it is kept, .env or the keyring, and that no public key "
            "or password stands there instead"
        )
    return made


def _decoded(key: PostingKey) -> coincurve.PrivateKey | None:
    try:
        return coincurve.PrivateKey(_secret(key.reveal()))
    except (ValueError, OverflowError):
        return None


def _secret(wif: str) -> bytes:
    """The 32 bytes in a WIF: base58 of version, secret and checksum."""
    if len(wif) != _WIF_LENGTH:
        raise ValueError
    number = 0
    for character in wif:
        number = number * len(_BASE58) + _BASE58.index(character)
    raw = number.to_bytes(37, "big")
    checksum = hashlib.sha256(hashlib.sha256(raw[:-4]).digest()).digest()[:4]
    if raw[:1] != _WIF_VERSION or raw[-4:] != checksum:
        raise ValueError
    return raw[1:-4]
