"""The chains we know by name, and what makes one out of a few lines of configuration."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Symbols:
    """Names of a chain's three assets; `debt` is None on a chain without a dollar (Blurt)."""

    core: str
    debt: str | None
    vests: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainProfile:
    """The constants of one chain.

    Attributes:
        chain_id: 64 hex digits; every signature is over it.
        prefix: of public keys.
        percent_field: name of the payout split in comment_options.
        irreversibility: `lib` (witness confirmations) or `obi` (Hive's one-block approval).
        url: where people read a post; `{category}`, `{author}` and `{permlink}` are filled in.
    """

    name: str
    nodes: tuple[str, ...]
    chain_id: str
    prefix: str
    symbols: Symbols
    percent_field: str = "percent_steem_dollars"
    irreversibility: str = "lib"
    url: str = "/{category}/@{author}/{permlink}"
