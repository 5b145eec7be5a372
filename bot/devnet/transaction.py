"""A signed transaction: read from JSON, identified, its signers found (chain-rules §2)."""

import struct
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from bot.devnet.faults import Fault, Frame, duplicate_signature, failed, parse_error
from bot.devnet.keys import is_canonical, public, recover
from bot.devnet.moments import seconds, stamp
from bot.devnet.operations import Codec, Operation, varint
from bot.devnet.variant import as_array, as_object, as_text, as_uint16, as_uint32


@dataclass(frozen=True)
class Transaction:
    """A transaction as a node holds it; its bytes and id never change."""

    ref_block_num: int
    ref_block_prefix: int
    expiration: int
    operations: tuple[Operation, ...]
    signatures: tuple[str, ...]
    unsigned: bytes

    @cached_property
    def id(self) -> str:
        """The first 20 bytes of sha256 of the unsigned bytes, in hex."""
        return sha256(self.unsigned).hexdigest()[:40]

    @cached_property
    def packed(self) -> bytes:
        """All bytes, with the signatures."""
        raw = b"".join(bytes.fromhex(signature) for signature in self.signatures)
        return self.unsigned + varint(len(self.signatures)) + raw

    def signers(self, chain_id: str, prefix: str) -> list[str]:
        """The public keys that signed it for this chain, in the order of the signatures.

        Raises:
            Fault: a signature is malformed, or two are of one key (fc elliptic_secp256k1.cpp).
        """
        digest = sha256(bytes.fromhex(chain_id) + self.unsigned).digest()
        found: list[str] = []
        try:
            for text in self.signatures:
                key = public(_recovered(bytes.fromhex(text), digest), prefix)
                if key in found:
                    raise duplicate_signature()
                found.append(key)
        except Fault as fault:
            raise fault.passed(("transaction.cpp", "get_signature_keys")) from None
        return found

    def legacy(self, codec: Codec) -> dict[str, Any]:
        """As condenser_api shows it."""
        return self._shown([codec.legacy(codec.own(operation)) for operation in self.operations])

    def own(self, codec: Codec) -> dict[str, Any]:
        """As all other APIs show it."""
        return self._shown([codec.own(operation) for operation in self.operations])

    def _shown(self, operations: list[Any]) -> dict[str, Any]:
        return {
            "ref_block_num": self.ref_block_num,
            "ref_block_prefix": self.ref_block_prefix,
            "expiration": stamp(self.expiration),
            "operations": operations,
            "extensions": [],
            "signatures": list(self.signatures),
        }


def _recovered(signature: bytes, digest: bytes) -> bytes:
    if not 27 <= signature[0] < 35:  # noqa: PLR2004  # fc's range for compact signatures
        frame = Frame("unable to reconstruct public key from signature", {}, level="error")
        raise Fault(0, "exception", "unspecified", [frame])
    if not is_canonical(signature):
        raise failed("is_canonical( c, canon_type )", "signature is not canonical")
    key = recover(signature, digest)
    if key is None:
        raise failed(
            "secp256k1_ecdsa_recover_compact( detail::_get_context(), "
            "(unsigned char*) digest.data(), (unsigned char*) c.begin() + 1, "
            "(unsigned char*) my->_key.begin(), (int*) &pk_len, 1, (*c.begin() - 27) & 3 )"
        )
    return key


def read_transaction(given: Any, codec: Codec, *, legacy: bool) -> Transaction:
    """A transaction from JSON.

    Args:
        legacy: in condenser_api's form; else in that of all other APIs.

    Raises:
        Fault: it isn't one.
    """
    given = as_object(given)
    try:
        operations = tuple(
            codec.read(operation, legacy=legacy)
            for operation in as_array(given.get("operations", []))
        )
        # what is missing is what a new transaction has (fixtures README, 4)
        expiration = seconds(given.get("expiration", "1970-01-01T00:00:00"))
        number = as_uint16(given.get("ref_block_num"))
        block = as_uint32(given.get("ref_block_prefix"))
        header = struct.pack("<HII", number, block, expiration)
        packed = b"".join(codec.pack(operation) for operation in operations)
        signatures = tuple(_padded(as_text(text)) for text in as_array(given.get("signatures", [])))
    except (KeyError, TypeError, ValueError, struct.error, IndexError, AttributeError) as error:
        raise parse_error((f"Couldn't read the transaction: {error}", {})) from None
    unsigned = header + varint(len(operations)) + packed + b"\0"
    return Transaction(number, block, expiration, operations, signatures, unsigned)


def _padded(signature: str) -> str:
    """65 bytes: fc fills what is missing with zeros and cuts what is too much (fixed arrays)."""
    return bytes.fromhex(signature)[:65].ljust(65, b"\0").hex()
