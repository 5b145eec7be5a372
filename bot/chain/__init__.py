"""The chain as the bot sees it: a small protocol, its errors, the profiles, and beem behind it.

Importing this package costs nothing; `BeemChain`, which brings beem and the HTTP client along,
is imported from `bot.chain.beem_chain` by whoever is about to talk to a chain.
"""

from bot.chain.errors import (
    ChainError,
    DuplicateTransaction,
    NodesUnreachable,
    PermanentChainError,
    TransientChainError,
    UnknownOutcome,
)
from bot.chain.profiles import BUILT_IN, ChainProfile, ProfileError, Symbols, profile
from bot.chain.protocol import Chain, Head, Operation, SignedTransaction

__all__ = [
    "BUILT_IN",
    "Chain",
    "ChainError",
    "ChainProfile",
    "DuplicateTransaction",
    "Head",
    "NodesUnreachable",
    "Operation",
    "PermanentChainError",
    "ProfileError",
    "SignedTransaction",
    "Symbols",
    "TransientChainError",
    "UnknownOutcome",
    "profile",
]
