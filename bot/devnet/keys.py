"""Keys and signatures as the chains write them; secp256k1 by coincurve (chain-rules §2.3)."""

from hashlib import sha256

from coincurve import PrivateKey, PublicKey
from Cryptodome.Hash import RIPEMD160  # hashlib's is missing where OpenSSL drops old digests

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
ROLES = ("owner", "active", "posting", "memo")
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


def derived(account: str, role: str, phrase: str) -> PrivateKey:
    """The private key of an account's role: sha256(name + role + phrase), as wallets derive it."""
    return PrivateKey(sha256(f"{account}{role}{phrase}".encode()).digest())


def wif(key: PrivateKey) -> str:
    """A private key in wallet import format."""
    raw = b"\x80" + key.secret
    return _base58(raw + sha256(sha256(raw).digest()).digest()[:4])


def public(raw: bytes, prefix: str) -> str:
    """A public key's 33 bytes as accounts name it."""
    return prefix + _base58(raw + RIPEMD160.new(raw).digest()[:4])


def unprefixed(text: str) -> bytes:
    """A public key's 33 bytes, from its base58 without the prefix.

    Raises:
        ValueError: it isn't base58, or its checksum is wrong.
    """
    number = 0
    for character in text:
        number = number * 58 + _ALPHABET.index(character)
    raw = number.to_bytes(37, "big")
    if RIPEMD160.new(raw[:33]).digest()[:4] != raw[33:]:
        raise ValueError("checksum")
    return raw[:33]


def recover(signature: bytes, digest: bytes) -> bytes | None:
    """The public key (33 bytes) that made a compact signature; None when no key could have."""
    recovery = bytes([(signature[0] - 27) & 3])
    try:
        key = PublicKey.from_signature_and_message(signature[1:] + recovery, digest, hasher=None)
    except Exception:  # noqa: BLE001  # coincurve raises a bare Exception here
        return None
    return key.format(compressed=True)


def public_of(key: PrivateKey, prefix: str) -> str:
    """A private key's public one, as accounts name it."""
    return public(key.public_key.format(compressed=True), prefix)


def sign(key: PrivateKey, digest: bytes) -> bytes:
    """A compact signature, for blocks; not canonical in fc's sense, which blocks don't need."""
    made = key.sign_recoverable(digest, hasher=None)
    return bytes([31 + made[64]]) + made[:64]


def is_canonical(signature: bytes) -> bool:
    """BIP-62's low s, as since hardfork 20 (elliptic_secp256k1.cpp)."""
    return int.from_bytes(signature[33:], "big") <= _HALF_ORDER


def _base58(raw: bytes) -> str:
    number, text = int.from_bytes(raw, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = _ALPHABET[rest] + text
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + text
