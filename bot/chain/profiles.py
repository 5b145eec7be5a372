"""The chains we know by name, and what makes one out of a few lines of configuration."""

import difflib
import re
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from bot.errors import BotError
from bot.format.flavour import Flavour


class ProfileError(BotError):
    """A `[chains.NAME]` table that makes no chain; the message names the key and the remedy.

    It never repeats a value: an address may hold a password.

    Attributes:
        setting: the key, such as `chains.mynet.nodes`.
    """

    exit_code = 2

    def __init__(self, setting: str, told: str) -> None:
        super().__init__(f"{setting}: {told}")
        self.setting = setting


NO_HOST = "no image host is known for {chain}: set `images` under [chains.{chain}]"
_PATH = "/{category}/@{author}/{permlink}"  # as every website of the family has it


@dataclass(frozen=True, slots=True)
class Symbols:
    """Names of a chain's three assets; `debt` is None on a chain without a dollar (Blurt)."""

    core: str
    debt: str | None
    vests: str

    @property
    def payout(self) -> str:
        """The asset in which `max_accepted_payout` is counted."""
        return self.debt or self.core


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainProfile:
    """The constants of one chain.

    Attributes:
        nodes: addresses of its nodes (http or https), the preferred one first.
        chain_id: 64 hex digits; every signature is over it.
        prefix: of public keys.
        percent_field: how comment_options names the payout split; `percent_blurt` also means
            Blurt's own numbering of the operations and its extension for the split.
        irreversibility: `lib` (witness confirmations) or `obi` (Hive's one-block approval).
        confirmations: how many nodes must tell the same before anything is done that can't be
            undone; as many as there are, where fewer are configured.
        front_end: whose rendering its readers see; `hive` names the one that hive.blog runs.
        images: the host that pictures of the queue are uploaded to; none without it.
        url: where people read a post; `{category}`, `{author}` and `{permlink}` are filled in.
    """

    name: str
    nodes: tuple[str, ...]
    chain_id: str
    prefix: str
    symbols: Symbols
    percent_field: str = "percent_steem_dollars"
    irreversibility: str = "lib"
    confirmations: int = 2
    front_end: Flavour = Flavour.CONDENSER
    images: str = ""
    url: str = _PATH

    @property
    def image_host(self) -> str:
        """Where pictures are uploaded: a devnet takes them itself."""
        return self.images or (self.nodes[0] if self.name == "devnet" else "")

    @property
    def confirmed_by(self) -> int:
        """How many nodes must tell the same: one host counts once."""
        return min(self.confirmations, len({urlsplit(node).netloc for node in self.nodes}))


# Addresses of nodes: steemit/condenser's configuration of 2026-08, beem's and lighthive's lists
# for Hive (beem-measured §7), blurtpy's list for Blurt. They come and go; the configuration
# overrides them. Chain ids, prefixes and symbols: beemgraphenebase.chains.
BUILT_IN: Mapping[str, ChainProfile] = MappingProxyType(
    {
        "steem": ChainProfile(
            name="steem",
            nodes=(
                "https://api.steemit.com",
                "https://api.justyy.com",
                "https://api.wherein.io",
                "https://api.pennsif.net",
                "https://api.moecki.online",
            ),
            chain_id="0" * 64,
            prefix="STM",
            symbols=Symbols("STEEM", "SBD", "VESTS"),
            images="https://steemitimages.com",
            url="https://steemit.com/{category}/@{author}/{permlink}",
        ),
        "hive": ChainProfile(
            name="hive",
            nodes=(
                "https://api.hive.blog",
                "https://api.openhive.network",
                "https://api.deathwing.me",
                "https://techcoderx.com",
                "https://rpc.mahdiyari.info",
            ),
            chain_id="beeab0de" + "0" * 56,
            prefix="STM",
            symbols=Symbols("HIVE", "HBD", "VESTS"),
            percent_field="percent_hbd",
            irreversibility="obi",
            front_end=Flavour.HIVE,
            images="https://images.hive.blog",
            url="https://peakd.com/{category}/@{author}/{permlink}",
        ),
        "blurt": ChainProfile(
            name="blurt",
            nodes=(
                "https://rpc.beblurt.com",
                "https://rpc.blurt.world",
                "https://blurt-rpc.saboin.com",
                "https://kentzz.blurt.world",
            ),
            chain_id="cd8d90f29ae273abec3eaa7731e25934c63eb654d55080caff2ebb7f5df6381f",
            prefix="BLT",
            symbols=Symbols("BLURT", None, "VESTS"),
            percent_field="percent_blurt",
            url="https://blurt.blog/{category}/@{author}/{permlink}",
        ),
        "devnet": ChainProfile(
            name="devnet",
            nodes=("http://127.0.0.1:8090",),
            # sha256("briefbot devnet"): a signature made here means nothing on any public chain
            chain_id="b6ef31435a8cca6c5e0b933f17e4603a71c4daafa34b1c48ff82044c1ff9d868",
            prefix="STM",
            symbols=Symbols("STEEM", "SBD", "VESTS"),
            url="http://127.0.0.1:8090/{category}/@{author}/{permlink}",
        ),
    }
)

_CHOICES = {
    "percent_field": ("percent_steem_dollars", "percent_hbd", "percent_blurt"),
    "irreversibility": ("lib", "obi"),
    "front_end": (*Flavour, "hive"),
}
_REQUIRED = ("nodes", "chain_id", "prefix", "symbols")
_KEYS = tuple(field.name for field in fields(ChainProfile) if field.name != "name")
# No user:password@, since secrets don't stand in the TOML; no query; no spaces, no braces. The
# host is a name as DNS has it (63 characters between dots) or an IP address.
_ADDRESS = re.compile(
    r"https?://([A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?"
    r"(/[^\s{}?#]*)?"
)
_URL_FIELDS = ("category", "author", "permlink")


def profile(name: str, table: Mapping[str, Any] | None = None) -> ChainProfile:
    """The chain `name`: a built-in one, changed by its `[chains.NAME]` table, or a new one.

    Args:
        name: `steem`, `hive`, `blurt`, `devnet`, or any name that has a table.
        table: the keys of `[chains.NAME]`; those that are missing keep the built-in value. A
            chain without a built-in profile needs `nodes`, `chain_id`, `prefix` and `symbols`.

    Raises:
        ProfileError: no such chain, or a key of the table is missing, unknown or wrong.
    """
    known = BUILT_IN.get(name)
    table = table or {}
    path = f"chains.{name}"
    if known is None and not table:
        raise ProfileError(
            path,
            f"there is no chain {name!r}: use one of {', '.join(BUILT_IN)}, or describe it in "
            "this table",
        )
    for key in table:
        if key not in _KEYS:
            raise ProfileError(f"{path}.{_shown(key)}", f"no such key{_nearest(key, _KEYS)}")
    if known is None:
        for key in _REQUIRED:
            if key not in table:
                raise ProfileError(f"{path}.{key}", "missing; a chain of one's own needs it")
    values = {key: _READERS[key](value, f"{path}.{key}") for key, value in table.items()}
    if "nodes" in values and "url" not in values and name not in ("steem", "hive", "blurt"):
        # a chain without a website of its own: the path a website would have, on its node
        values["url"] = values["nodes"][0].rstrip("/") + _PATH
    return replace(known, **values) if known else ChainProfile(name=name, **values)


def _nodes(value: object, path: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not value:
        raise ProfileError(path, "expected a list with at least one node's address")
    return tuple(_address(node, path) for node in value)


def _address(value: object, path: str) -> str:
    """The http address of a node or an image host."""
    remedy = "expected an address such as https://api.example.org, without user, password or query"
    if isinstance(value, str) and value.startswith(("ws://", "wss://")):
        raise ProfileError(
            path, "websocket nodes aren't spoken to; give the node's http(s) address"
        )
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value) or not value.isprintable():
        raise ProfileError(path, remedy)
    try:
        parts = urlsplit(value)
        if parts.port == 0:
            raise ProfileError(path, remedy)
    except ValueError:  # a port beyond 65535, or brackets without an address in them
        raise ProfileError(path, remedy) from None
    return value


def _chain_id(value: object, path: str) -> str:
    return _matching(value, path, r"[0-9a-fA-F]{64}", "64 hexadecimal digits").lower()


def _prefix(value: object, path: str) -> str:
    return _matching(value, path, r"[A-Z]{3}", "three capital letters, such as STM")


def _symbols(value: object, path: str) -> Symbols:
    if not isinstance(value, Mapping):
        raise ProfileError(
            path, 'expected a table such as { core = "TESTS", debt = "TBD", vests = "VESTS" }'
        )
    for key in value:
        if key not in ("core", "debt", "vests"):
            raise ProfileError(
                f"{path}.{_shown(key)}", "no such key; known are core, debt and vests"
            )
    for key in ("core", "vests"):
        if key not in value:
            raise ProfileError(f"{path}.{key}", "missing")
    # six letters at most: a symbol is packed into seven bytes, the last of them zero
    names = {
        key: _matching(text, f"{path}.{key}", r"[A-Z]{1,6}", "one to six capital letters")
        for key, text in value.items()
    }
    if len(set(names.values())) < len(names):
        raise ProfileError(path, "the symbols must differ from each other")
    return Symbols(names["core"], names.get("debt"), names["vests"])


def _url(value: object, path: str) -> str:
    remedy = "an address with {author} and {permlink}, and {category} where it belongs"
    text = _matching(value, path, r"\S+", remedy)
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError:
        raise ProfileError(path, f"expected {remedy}") from None
    names = {name for _, name, _, _ in parts if name is not None}
    formatted = any(form or conversion for _, _, form, conversion in parts)
    if formatted or not {"author", "permlink"} <= names <= {*_URL_FIELDS}:
        raise ProfileError(path, f"expected {remedy}")
    return text


def _confirmations(value: object, path: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ProfileError(path, "expected a whole number, 1 or more")
    return value


def _choice(value: object, path: str) -> str:
    choices = _CHOICES[path.rpartition(".")[2]]
    return _matching(value, path, "|".join(choices), " or ".join(choices))


def _matching(value: object, path: str, pattern: str, expected: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(pattern, value) or not value.isprintable():
        raise ProfileError(path, f"expected {expected}")
    return value


def _nearest(key: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(key[:60], known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"


def _shown(key: str) -> str:
    """A key as it may stand in one line of a message."""
    return key if re.fullmatch(r"[\w.-]{1,60}", key, re.ASCII) else "a key of it"


_READERS: Mapping[str, Callable[[object, str], Any]] = {
    "nodes": _nodes,
    "chain_id": _chain_id,
    "prefix": _prefix,
    "symbols": _symbols,
    "percent_field": _choice,
    "irreversibility": _choice,
    "confirmations": _confirmations,
    "front_end": lambda value, path: Flavour(_choice(value, path)),
    "images": _address,
    "url": _url,
}
