"""Settings: `config/briefbot.toml`, `.env` and the environment, read once into one typed object.

Order, later wins: built-in defaults, the TOML file, `.env`, the environment. Secrets never stand
in the TOML file; a posting key is looked up when it is needed and not kept in the settings.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values

from bot.errors import BotError

DEFAULT_FILE = Path("config/briefbot.toml")
_PREFIX = "BRIEFBOT_"
_KEY_PREFIX = "BRIEFBOT_POSTING_KEY_"
EDITS = ("auto", "ask", "off")
_DURATION = re.compile(r"(\d{1,6})\s*([smhd])")
_LONGEST_TIMEOUT = timedelta(minutes=10)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class ConfigError(BotError):
    """The configuration can't be used; the message names the key and the remedy."""

    exit_code = 2


class PostingKey:
    """A private key that no log, traceback, repr or pickle shows; `reveal` is the one way out."""

    __slots__ = ("_wif",)

    def __init__(self, wif: str) -> None:
        self._wif = wif

    def reveal(self) -> str:
        """The key in wallet import format."""
        return self._wif

    def __repr__(self) -> str:
        return "PostingKey(***)"

    def __reduce__(self) -> str:
        raise TypeError("a posting key is not written down")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorSettings:
    """What the configuration says about one account, `[author.NAME]`.

    Attributes:
        signer: account whose posting key signs for this author, by a grant on the chain
            (account_auths); the author itself when None.
    """

    slots: tuple[str, ...] = ()
    min_gap: timedelta = timedelta(0)
    signer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that is configured. Paths are absolute; `root` is what they were relative to.

    Attributes:
        keep_metadata: whether uploaded pictures keep EXIF (with its GPS position) and the like.
        timeout: what one exchange with a node may take; an upload gets four times as long.
        edits: whether changed files of published briefs edit their posts: auto, ask or off.
    """

    root: Path
    file: Path | None = None
    chain: str = "devnet"
    timezone: str = "UTC"
    posts: Path
    database: str
    authors: Mapping[str, AuthorSettings] = field(default_factory=dict)
    default_author: str | None = None
    default_tags: tuple[str, ...] = ()
    header: str = ""
    footer: str = ""
    ignored_checks: tuple[str, ...] = ()
    edits: str = "auto"
    keep_metadata: bool = False
    timeout: timedelta = timedelta(seconds=15)
    chains: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def posting_key(self, author: str) -> PostingKey | None:
        """The key that signs for `author`: environment, `.env`, `*_FILE`, or the OS keyring.

        Raises:
            ConfigError: a key file is named and can't be read.
        """
        settings = self.authors.get(author)
        account = settings.signer if settings and settings.signer else author
        variable = key_variable(account)
        if wif := self.environment.get(variable, "").strip():
            return PostingKey(wif)
        if file := self.environment.get(f"{variable}_FILE"):
            try:
                return PostingKey((self.root / file).read_text(encoding="ascii").strip())
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(f"{variable}_FILE: can't read the key file {file}") from error
        return _from_keyring(account)


def key_variable(account: str) -> str:
    """Name of the environment variable that holds an account's posting key."""
    return _KEY_PREFIX + re.sub(r"[^A-Z0-9]", "_", account.upper())


def _from_keyring(account: str) -> PostingKey | None:
    try:
        import keyring  # noqa: PLC0415  # an extra, and slow to import
        from keyring.errors import KeyringError  # noqa: PLC0415
    except ImportError:
        return None
    try:
        wif = keyring.get_password("briefbot", account)
    except KeyringError:
        return None  # no usable keyring on this machine is as good as an empty one
    return PostingKey(wif) if wif else None


def load(
    file: str | os.PathLike[str] | None = None, environ: Mapping[str, str] = os.environ
) -> Settings:
    """Read the settings.

    Args:
        file: the TOML file; by default `config/briefbot.toml` of the current folder, which may
            be missing. Relative paths in it are relative to the folder that holds `config/`.
        environ: the process environment.

    Raises:
        ConfigError: a file that was asked for is missing, bad TOML, an unknown key, a wrong type.
    """
    chosen = Path(file) if file else DEFAULT_FILE
    table: dict[str, Any] = {}
    if chosen.is_file():
        try:
            table = tomllib.loads(chosen.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{chosen}: not valid TOML: {error}") from error
    elif file:
        raise ConfigError(f"{chosen}: no such file; `briefbot init` writes one")
    parent = chosen.resolve().parent
    root = parent.parent if parent.name == "config" else parent
    environment = {k: v for k, v in dotenv_values(root / ".env").items() if v is not None}
    environment |= environ
    for name, value in sorted(environment.items()):
        _override(table, name, value)
    return _settings(table, root, chosen if chosen.is_file() else None, environment)


def _override(table: dict[str, Any], name: str, value: str) -> None:
    """Put `BRIEFBOT_A__B=value` into the table as `a.b`."""
    if not name.startswith(_PREFIX) or name.startswith(_KEY_PREFIX) or name == "BRIEFBOT_CONFIG":
        return
    *path, last = name.removeprefix(_PREFIX).lower().split("__")
    for part in path:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise ConfigError(f"{name}: {part} is a value, not a table")
    try:
        table[last] = tomllib.loads(f"v = {value}")["v"]
    except tomllib.TOMLDecodeError:
        table[last] = value  # a bare word or an address, as one writes it in a shell


def _settings(
    table: dict[str, Any], root: Path, file: Path | None, environment: Mapping[str, str]
) -> Settings:
    known = {
        "chain", "timezone", "posts", "database", "edits", "author", "defaults", "chains", "checks",
        "pictures", "network",
    }  # fmt: skip
    _known_keys(table, known, "")
    edits = _text(table, "edits", "auto")
    if edits not in EDITS:
        raise ConfigError(f"edits: {edits!r} is none of {', '.join(EDITS)}")
    defaults = _table(table, "defaults")
    checks = _table(table, "checks")
    pictures = _table(table, "pictures")
    _known_keys(pictures, {"keep_metadata"}, "pictures.")
    network = _table(table, "network")
    _known_keys(network, {"timeout"}, "network.")
    _known_keys(checks, {"ignore"}, "checks.")
    _known_keys(defaults, {"author", "tags", "header", "footer"}, "defaults.")
    authors = {
        name: _author(_table(_table(table, "author"), name, "author."), f"author.{name}.")
        for name in _table(table, "author")
    }
    chains = {
        name: _table(_table(table, "chains"), name, "chains.") for name in _table(table, "chains")
    }
    timezone = _text(table, "timezone", "UTC")
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(
            f"timezone: {timezone!r} is no IANA zone; write one like Europe/Berlin"
        ) from error
    return Settings(
        root=root,
        file=file,
        chain=_text(table, "chain", "devnet"),
        timezone=timezone,
        posts=root / _text(table, "posts", "posts"),
        database=_database(_text(table, "database", "sqlite:///briefbot.db"), root),
        authors=authors,
        default_author=_text(defaults, "author", "", "defaults.")
        or (next(iter(authors)) if len(authors) == 1 else None),
        default_tags=tuple(
            tag.lstrip("#").lower() for tag in _texts(defaults, "tags", "defaults.")
        ),
        header=_text(defaults, "header", "", "defaults."),
        footer=_text(defaults, "footer", "", "defaults."),
        ignored_checks=_texts(checks, "ignore", "checks."),
        edits=edits,
        keep_metadata=_truth(pictures, "keep_metadata", "pictures."),
        timeout=_timeout(network),
        chains=chains,
        environment=environment,
    )


def _author(table: Mapping[str, Any], path: str) -> AuthorSettings:
    _known_keys(table, {"slots", "min_gap", "signer"}, path)
    return AuthorSettings(
        slots=_texts(table, "slots", path),
        min_gap=_duration(table, "min_gap", "0s", path),
        signer=_text(table, "signer", "", path) or None,
    )


def _timeout(table: Mapping[str, Any]) -> timedelta:
    timeout = _duration(table, "timeout", "15s", "network.")
    if not timedelta(0) < timeout <= _LONGEST_TIMEOUT:
        raise ConfigError(f"network.timeout: {table['timeout']!r} is not between 1s and 10m")
    return timeout


def _duration(table: Mapping[str, Any], key: str, default: str, path: str) -> timedelta:
    text = _text(table, key, default, path)
    match = _DURATION.fullmatch(text.strip())
    if not match:
        raise ConfigError(f"{path}{key}: {text!r} is no duration; write one like 30m, 6h or 1d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _database(url: str, root: Path) -> str:
    """Make the file of an SQLite address absolute, so that it doesn't depend on the caller."""
    scheme, separator, rest = url.partition(":///")
    if (
        scheme == "sqlite"
        and separator
        and rest
        and not rest.startswith("/")
        and rest != ":memory:"
    ):
        return f"sqlite:///{root / rest}"
    return url


def _known_keys(table: Mapping[str, Any], known: set[str], path: str) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}"
            raise ConfigError(f"{path}{key}: unknown setting; {hint}")


def _table(table: Mapping[str, Any], key: str, path: str = "") -> Mapping[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, Mapping):
        raise ConfigError(f"{path}{key}: expected a table, [{path}{key}]")
    return value


def _text(table: Mapping[str, Any], key: str, default: str, path: str = "") -> str:
    value = table.get(key, default)
    if not isinstance(value, str):
        raise ConfigError(f"{path}{key}: expected text in quotes, not {value!r}")
    return value


def _truth(table: Mapping[str, Any], key: str, path: str) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise ConfigError(f"{path}{key}: expected true or false, not {value!r}")
    return value


def _texts(table: Mapping[str, Any], key: str, path: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigError(f'{path}{key}: expected a list of texts, like ["a", "b"]')
    return tuple(value)
