"""The constants of the chain that a devnet plays: Steem, Hive, or a bare test network."""

import json
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Any, Literal

Finality = Literal["young", "witnesses", "approvals"]
"""How far behind the head blocks become irreversible (chain-rules §4): 21 blocks, as before block
864,000; where 16 of 21 witnesses have built on; or at once, by Hive's approvals."""

SLOT = 3  # seconds of chain time
ACCOUNTS = (
    "alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy",
    "mallory", "newsroom",
)  # fmt: skip
PHRASE = "briefbot devnet"
WITNESS = "initminer"
GENESIS_ACCOUNTS = ("miners", "null", "temp", WITNESS, "steem.dao")


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One network.

    Attributes:
        core: symbol of the coin; debt: of the backed dollars.
        core_field, debt_field: how APIs' field names call the two.
        percent_field: what comment_options calls the payout split.
        strict_posting: only a posting key may post (Hive since hardfork 28).
        cashout_seconds: from a post to its payout.
        lockout_seconds: before the payout, in which upvotes count less and less.
        bare: a test build with one account, `initminer`, that owns all the supply.
    """

    flavour: str
    chain_id: str
    prefix: str
    core: str
    debt: str
    core_field: str
    debt_field: str
    percent_field: str
    strict_posting: bool
    finality: Finality
    cashout_seconds: int
    lockout_seconds: int
    maximum_block_size: int
    bare: bool

    @property
    def is_hive(self) -> bool:
        """Whether Hive's rules and texts hold."""
        return self.flavour == "hive"

    @property
    def version(self) -> str:
        """What `get_version` says."""
        return "1.28.7" if self.is_hive else "0.24.0" if self.bare else "0.23.1"

    @property
    def hardfork(self) -> str:
        """The hardfork in force."""
        return "1.28.0" if self.is_hive else "0.23.0"

    def config(self) -> dict[str, Any]:
        """`get_config`: the compiled constants, with this network's own."""
        values = _read("get_config.json")
        if self.bare:
            changed = _read("get_config_testnet.json")
            first = ("IS_TEST_NET", "TESTNET_BLOCK_LIMIT")
            values = {name: changed[name] for name in first} | values | changed
        values |= {"STEEM_CHAIN_ID": self.chain_id, "STEEM_ADDRESS_PREFIX": self.prefix}
        if self.is_hive:
            renamed = {
                key.replace("STEEM", "HIVE").replace("SBD", "HBD"): value
                for key, value in values.items()
            }
            return renamed | {
                "HIVE_BLOCKCHAIN_VERSION": self.version,
                "HIVE_BLOCKCHAIN_HARDFORK_VERSION": self.hardfork,
            }
        return values


def network(flavour: str, *, testnet: bool = False, finality: Finality | None = None) -> Network:
    """The network of a flavour, `steem` or `hive`.

    Args:
        testnet: what a test build renames and shortens: its own chain id, TST, TESTS, TBD,
            payouts after an hour, and nobody but `initminer` at the beginning.
        finality: None is the flavour's own.
    """
    hive = flavour == "hive"
    ours = sha256(f"briefbot devnet{' hive' if hive else ''}".encode()).hexdigest()
    return Network(
        flavour=flavour,
        chain_id=_read("get_config_testnet.json")["STEEM_CHAIN_ID"] if testnet else ours,
        prefix="TST" if testnet else "STM",
        core="TESTS" if testnet else "HIVE" if hive else "STEEM",
        debt="TBD" if testnet else "HBD" if hive else "SBD",
        core_field="hive" if hive else "steem",
        debt_field="hbd" if hive else "sbd",
        percent_field="percent_hbd" if hive else "percent_steem_dollars",
        strict_posting=hive,
        finality=finality or ("approvals" if hive else "young"),
        cashout_seconds=3600 if testnet else 604800,
        lockout_seconds=300 if testnet else 43200,
        maximum_block_size=131072 if testnet else 65536,
        bare=testnet,
    )


def _read(name: str) -> dict[str, Any]:
    text = files("bot.devnet").joinpath(name).read_text(encoding="utf-8")
    values: dict[str, Any] = json.loads(text)
    return values
