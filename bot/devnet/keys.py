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


def public(key: PublicKey, prefix: str) -> str:
    """A public key as accounts name it."""
    raw = key.format(compressed=True)
    return prefix + _base58(raw + RIPEMD160.new(raw).digest()[:4])


def recover(signature: bytes, digest: bytes, prefix: str) -> str:
    """The public key that made a recoverable signature.

    Raises:
        ValueError: it is no canonical signature; the text is the chain's own.
    """
    recovery, r_and_s = signature[0], signature[1:]
    if not 27 <= recovery < 35:  # noqa: PLR2004  # fc's range for compact signatures
        raise ValueError("unable to reconstruct public key from signature")
    if not _canonical(r_and_s):
        raise ValueError("signature is not canonical")
    try:
        key = PublicKey.from_signature_and_message(
            r_and_s + bytes([(recovery - 27) & 3]), digest, hasher=None
        )
    except Exception:  # noqa: BLE001  # coincurve raises a bare Exception here
        raise ValueError("unable to reconstruct public key from signature") from None
    return public(key, prefix)


def sign(key: PrivateKey, digest: bytes) -> bytes:
    """A compact signature, for blocks; not canonical in fc's sense, which blocks don't need."""
    made = key.sign_recoverable(digest, hasher=None)
    return bytes([31 + made[64]]) + made[:64]


def _canonical(r_and_s: bytes) -> bool:
    """BIP-62's low s, as since hardfork 20 (elliptic_secp256k1.cpp)."""
    return len(r_and_s) == 64 and int.from_bytes(r_and_s[32:], "big") <= _HALF_ORDER  # noqa: PLR2004


def _base58(raw: bytes) -> str:
    number, text = int.from_bytes(raw, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = _ALPHABET[rest] + text
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + text
