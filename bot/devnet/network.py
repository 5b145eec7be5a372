"""The constants of the chain that a devnet plays: Steem, Hive, or a bare test network."""

import json
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from importlib.resources import files
from typing import Any

SLOT = timedelta(seconds=3)
ACCOUNTS = (
    "alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy",
    "mallory", "newsroom",
)  # fmt: skip
PHRASE = "briefbot devnet"
WITNESS = "initminer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One flavour.

    Attributes:
        nais: symbol to numeric asset identifier.
        percent_field: what comment_options calls the payout split.
        strict_posting: whether only a posting key may post (Hive since hardfork 28).
        one_block_irreversible: Hive's approvals; otherwise the last 21 blocks can be forked away.
    """

    flavour: str
    chain_id: str
    prefix: str
    core: str
    debt: str
    percent_field: str
    strict_posting: bool
    one_block_irreversible: bool
    payout_after: timedelta = timedelta(days=7)
    maximum_block_size: int = 65536

    def config(self) -> dict[str, Any]:
        """`get_config`: the compiled constants, with this network's own."""
        text = files("bot.devnet").joinpath("get_config.json").read_text(encoding="utf-8")
        values: dict[str, Any] = json.loads(text)
        values |= {"STEEM_CHAIN_ID": self.chain_id, "STEEM_ADDRESS_PREFIX": self.prefix}
        if self.flavour == "hive":
            renamed = {
                key.replace("STEEM", "HIVE").replace("SBD", "HBD"): value
                for key, value in values.items()
            }
            return renamed | {"HIVE_BLOCKCHAIN_VERSION": "1.28.7"}
        return values


def network(flavour: str, *, testnet: bool = False) -> Network:
    """The network of a flavour, `steem` or `hive`; `testnet` renames what a test build renames."""
    hive = flavour == "hive"
    seed = "testnet" if testnet else "briefbot devnet hive" if hive else "briefbot devnet"
    return Network(
        flavour=flavour,
        chain_id=sha256(seed.encode()).hexdigest(),
        prefix="TST" if testnet else "STM",
        core="TESTS" if testnet else "HIVE" if hive else "STEEM",
        debt="TBD" if testnet else "HBD" if hive else "SBD",
        percent_field="percent_hbd" if hive else "percent_steem_dollars",
        strict_posting=hive,
        one_block_irreversible=hive,
        payout_after=timedelta(hours=1) if testnet else timedelta(days=7),
    )
