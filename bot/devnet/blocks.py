"""Blocks: their headers, ids, merkle roots and signatures (protocol/block.cpp, chain-rules §4)."""

import struct
from dataclasses import dataclass
from hashlib import sha224, sha256

from coincurve import PrivateKey
from Cryptodome.Hash import RIPEMD160

from bot.devnet.keys import sign
from bot.devnet.network import WITNESS
from bot.devnet.operations import string, varint
from bot.devnet.state import Value
from bot.devnet.transaction import Transaction

_FIRST_EXTENSIONS = (
    # what a witness tells of itself in its first block: version 0.24.0, and its vote to go on
    ({"type": "version", "value": "0.24.0"}, struct.pack("<BI", 1, 24 << 16)),
    (
        {
            "type": "hardfork_version_vote",
            "value": {"hf_version": "0.1.0", "hf_time": "2016-04-25T17:30:00"},
        },
        struct.pack("<BII", 2, 1 << 16, 1461605400),
    ),
)


@dataclass(frozen=True, slots=True)
class Block:
    """A block."""

    num: int
    id: str
    previous: str
    time: int
    merkle_root: str
    signature: str
    transactions: tuple[Transaction, ...]

    @property
    def extensions(self) -> list[Value]:
        """Its header's extensions."""
        return [shown for shown, _ in _FIRST_EXTENSIONS] if self.num == 1 else []


def seal(
    witness: PrivateKey,
    num: int,
    previous: str,
    time: int,
    transactions: tuple[Transaction, ...],
) -> Block:
    """Head a block and sign it."""
    root = merkle_root(transactions)
    extensions = [packed for _, packed in _FIRST_EXTENSIONS] if num == 1 else []
    header = (
        bytes.fromhex(previous)
        + struct.pack("<I", time)
        + string(WITNESS)
        + bytes.fromhex(root)
        + varint(len(extensions))
        + b"".join(extensions)
    )
    signature = sign(witness, sha256(header).digest())
    block_id = identify(num, header + signature)
    return Block(num, block_id, previous, time, root, signature.hex(), transactions)


def identify(num: int, signed_header: bytes) -> str:
    """A block's id: sha224 of its signed header, the first four bytes its number."""
    return (struct.pack(">I", num) + sha224(signed_header).digest()[4:20]).hex()


def merkle_root(transactions: tuple[Transaction, ...]) -> str:
    """Pairwise sha256 up to one, then ripemd160; zeros for an empty block (block.cpp)."""
    if not transactions:
        return "0" * 40
    level = [sha256(transaction.packed).digest() for transaction in transactions]
    while len(level) > 1:
        pairs = [sha256(level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return RIPEMD160.new(level[0]).hexdigest()
