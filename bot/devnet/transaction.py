"""A signed transaction: read from JSON, identified, its signers found (chain-rules §2)."""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from typing import Any

from bot.devnet.faults import Fault, bad_cast, duplicate_signature, failed
from bot.devnet.keys import recover
from bot.devnet.operations import Codec, Operation, varint


@dataclass(frozen=True)
class Transaction:
    """A transaction as a node holds it; its bytes and id never change."""

    ref_block_num: int
    ref_block_prefix: int
    expiration: datetime
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

    def signers(self, chain_id: str, prefix: str) -> set[str]:
        """The public keys that signed it for this chain.

        Raises:
            Fault: a signature is malformed, or two are of one key.
        """
        digest = sha256(bytes.fromhex(chain_id) + self.unsigned).digest()
        found: set[str] = set()
        for signature in self.signatures:
            try:
                key = recover(bytes.fromhex(signature), digest, prefix)
            except ValueError as error:
                raise failed("is_canonical( c )", str(error)) from None
            if key in found:
                raise duplicate_signature()
            found.add(key)
        return found

    def legacy(self, codec: Codec) -> dict[str, Any]:
        """As condenser_api shows it."""
        return self._shown([codec.legacy(operation) for operation in self.operations])

    def own(self, codec: Codec) -> dict[str, Any]:
        """As all other APIs show it."""
        return self._shown([codec.own(operation) for operation in self.operations])

    def _shown(self, operations: list[Any]) -> dict[str, Any]:
        return {
            "ref_block_num": self.ref_block_num,
            "ref_block_prefix": self.ref_block_prefix,
            "expiration": f"{self.expiration:%Y-%m-%dT%H:%M:%S}",
            "operations": operations,
            "extensions": [],
            "signatures": list(self.signatures),
        }


def read_transaction(given: Any, codec: Codec) -> Transaction:
    """A transaction from JSON, in either form.

    Raises:
        Fault: it isn't one.
    """
    if not isinstance(given, dict):
        raise bad_cast("Invalid cast from type to Object", -32003)
    try:
        operations = tuple(codec.read(operation) for operation in given.get("operations", []))
        expiration = datetime.strptime(given["expiration"], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
        number, block = int(given["ref_block_num"]), int(given["ref_block_prefix"])
        header = struct.pack("<HII", number, block, int(expiration.timestamp()))
        packed = b"".join(codec.pack(operation) for operation in operations)
        signatures = tuple(str(signature) for signature in given.get("signatures", []))
        if any(len(bytes.fromhex(signature)) != 65 for signature in signatures):  # noqa: PLR2004
            raise failed("secp256k1_ecdsa_recover_compact( detail::_get_context() )")
    except (KeyError, TypeError, ValueError, struct.error, IndexError, AttributeError) as error:
        text = f"Couldn't read the transaction: {error}"
        raise Fault(4, "parse_error_exception", "Parse Error", text) from None
    unsigned = header + varint(len(operations)) + packed + b"\0"
    return Transaction(number, block, expiration, operations, signatures, unsigned)
