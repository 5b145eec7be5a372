"""Settings: `config/briefbot.toml`, `.env` and the environment, read once into one typed object.

Order, later wins: built-in defaults, the TOML file, `.env`, credentials, the environment. Secrets
never stand in the TOML file; a posting key is looked up when it is needed and not kept in the
settings.
"""

import difflib
import io
import os
import re
import stat
import sys
import tomllib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from bot.calendar import Rules, Series
from bot.calendar import settings as calendar
from bot.errors import BotError
from bot.news import settings as news
from bot.news.settings import NewsSettings, WaySettings
from bot.toml_lines import line_of
from bot.web import settings as web
from bot.web.settings import WebSettings

DEFAULT_FILE = Path("config/briefbot.toml")
DEMO = Path(".briefbot/demo")
"""The workspace of `briefbot demo`, below the one that it shows."""
CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""The variable that names a folder of secrets, a file each, by systemd or for a container."""
_PREFIX = "BRIEFBOT_"
_KEY_PREFIX = "BRIEFBOT_POSTING_KEY_"
_WAY = re.compile(r"BRIEFBOT_NEWS_([A-Z][A-Z0-9_]*?)(_FILE|_SECRET|_SECRET_FILE)?")
EDITS = ("auto", "ask", "off")
PICTURE_ROOTS = ("static", "assets")  # Hugo's and Zola's, and Jekyll's
_DURATION = re.compile(r"([0-9]{1,5})\s*([smhd])")  # 99999d is what a calendar still holds
_FEWEST_REQUESTS, _REQUESTS, _MOST_REQUESTS = 100, 100_000, 100_000_000
_LONGEST_TIMEOUT = timedelta(minutes=10)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_ACCOUNT = re.compile(r"[a-z][a-z0-9.-]{2,15}")
_CHAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_PLAIN = re.compile(r"[\w.-]{1,60}", re.ASCII)
_POSITION = re.compile(r" \(at line ([0-9]+), column ([0-9]+)\)")  # tomllib's words
_AT_THE_END = "(at end of document)"
PRICES_KEY = "BRIEFBOT_PRICES_KEY"
"""The environment's variable for the key of the source of prices; with `_FILE`, for a file."""
FEED_TOKEN = "BRIEFBOT_WEB_FEED_TOKEN"  # noqa: S105  # a variable's name
"""The variable for what calendar programs and feed readers show; with `_FILE`, for a file."""
_FEWEST_OF_A_TOKEN = 24  # characters: more than anybody guesses over a network
_NO_SETTINGS = {
    "BRIEFBOT_CONFIG",
    *(f"{name}{file}" for name in (PRICES_KEY, FEED_TOKEN) for file in ("", "_FILE")),
}
_COIN = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}")
_SYMBOL = re.compile(r"[A-Z][A-Z0-9]{0,9}")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,59}")
# A host as DNS has it, or an IP address, and a path; no user, password, query or fragment.
_ADDRESS = re.compile(
    r"https?://([A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?"
    r"(/[A-Za-z0-9._~/-]*)?"
)
_LOCAL = re.compile(r"http://(localhost|127(\.[0-9]{1,3}){3}|\[::1\])[:/].*", re.DOTALL)
_MOST_OFTEN, _LEAST_OFTEN = timedelta(minutes=1), timedelta(days=1)
_LARGEST_FILE = 1024 * 1024
_MOST_FAULTS = 100
_LARGEST_KEY_FILE = 4096  # a key has 51 characters


_KEYRING = "pip install 'briefbot[keyring]'"


class ConfigError(BotError):
    """The configuration can't be used; the message names the file or variable, and the remedy.

    It never repeats a value: a key or password may stand where it doesn't belong.
    """

    exit_code = 2


class NoPostingKey(ConfigError):  # noqa: N818  # what is missing
    """There is no posting key for an author; the message names the variable for it."""


class _SettingError(Exception):
    """A setting that can't be used; `load` adds where it stands.

    Args:
        place: the setting by its whole name, where that isn't for everybody to read.
    """

    def __init__(self, setting: str, told: str, place: str = "") -> None:
        super().__init__(f"{setting}: {told}")
        self.place = place or setting


class Secret:
    """A text that no log, traceback, repr or pickle shows; `reveal` is the one way out."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; of a posting key, wallet import format."""
        return self._text

    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written down")


class PostingKey(Secret):
    """A private key."""

    __slots__ = ()


class NewsAddress(Secret):
    """Where news go, which may hold a password; or the secret that they are signed with."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorSettings:
    """What the configuration says about one account, `[author.NAME]`.

    Attributes:
        names: what people and other tools call this author, in `author:` of a brief.
        signer: account whose posting key signs for this author, by a grant on the chain
            (account_auths); the author itself when None.
        rules: when the author's briefs go out, with what `[calendar]` says for all.
    """

    names: tuple[str, ...] = ()
    signer: str | None = None
    rules: Rules = field(default_factory=Rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSettings:
    """Where prices in dollars come from, `[prices]`.

    Attributes:
        source: address of an API in the form of CoinGecko's, without the last slash.
        every: how often it is asked for what coins are worth now.
        ids: its ids by symbol, where they aren't the usual ones; empty: isn't asked for.
        key_header: the header that the key goes in; empty: as the host has it.
    """

    source: str
    every: timedelta
    ids: Mapping[str, str]
    key_header: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that is configured. Paths are absolute; `root` is what they were relative to.

    Attributes:
        picture_roots: folders, below `root` or the queue, that pictures are looked for in too.
        keep_metadata: whether uploaded pictures keep EXIF (with its GPS position) and the like.
        timeout: what one exchange with a node may take; an upload gets four times as long.
        result_requests: questions a day that a chain's nodes are asked about what came of posts.
        edits: whether changed files of published briefs edit their posts: auto, ask or off.
        grace: how long a file must be gone before its brief is withdrawn.
        variables: the environment's variable for each setting that one overrides.
        dotenv: the variables that `.env` gives, and nothing else.
        credentials: those that files of the folder of credentials give, and not the environment.
        given: what the file and the variables say, as it was read.
        text: what stands in `file`.
        rules_for_all: what `[calendar]` says; `rules` tells those of an author.
        series: each `[series.NAME]`.
        prices: where prices come from; None: nobody is asked.
        news: what `[news]` says; `news_ways` tells of the ways that there are.
        web: how the dashboard is reached, `[web]`.
    """

    root: Path
    file: Path | None = None
    text: str = field(default="", repr=False)
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
    grace: timedelta = timedelta(seconds=10)
    picture_roots: tuple[str, ...] = PICTURE_ROOTS
    keep_metadata: bool = False
    timeout: timedelta = timedelta(seconds=15)
    result_requests: int = _REQUESTS
    chains: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    rules_for_all: Rules = field(default_factory=Rules)
    series: Mapping[str, Series] = field(default_factory=dict)
    prices: PriceSettings | None = None
    news: NewsSettings = field(default_factory=NewsSettings)
    web: WebSettings = field(default_factory=WebSettings)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    variables: Mapping[str, str] = field(default_factory=dict)
    dotenv: frozenset[str] = frozenset()
    credentials: frozenset[str] = frozenset()
    given: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def origin(self, setting: str) -> str:
        """Where `setting` (such as `chains.mynet.nodes`) stands, for a message about it."""
        return _origin(setting, self.variables, self.file, self.text)

    def rules(self, author: str) -> Rules:
        """When this author's briefs go out; an author without a table follows `[calendar]`."""
        settings = self.authors.get(author)
        return settings.rules if settings else self.rules_for_all

    def news_ways(self) -> Mapping[str, WaySettings]:
        """The ways that news go: those of the configuration, and those that only have an address.

        `BRIEFBOT_NEWS_DESK` is the address of the way `desk`.
        """
        named = {news.variable_part(name): name for name in self.news.ways}
        found = {
            named.get(match[1], match[1].lower())
            for variable, value in self.environment.items()
            if value.strip() and (match := _WAY.fullmatch(variable))
        }
        return {
            name: self.news.ways.get(name, self.news.for_all)
            for name in sorted({*self.news.ways, *found})
        }

    def news_address(self, way: str) -> NewsAddress:
        """The address of a way: a variable, a file that one names, or the OS keyring.

        Raises:
            ConfigError: there is none, or the file can't be read or holds no text.
        """
        variable = way_variable(way)
        if found := self._news_secret(variable, f"news:{way}"):
            return found
        raise ConfigError(f"no address for the news' way {way}: put {variable} into .env")

    def news_secret(self, way: str) -> NewsAddress:
        """The secret that news on a way are signed with; found likewise."""
        variable = f"{way_variable(way)}_SECRET"
        if found := self._news_secret(variable, f"news:{way}:secret"):
            return found
        raise ConfigError(
            f"no secret to sign the news on {way} with: put {variable} into .env, and give the "
            "same one to who receives them"
        )

    def _news_secret(self, variable: str, name: str) -> NewsAddress | None:
        if text := self.environment.get(variable, "").strip():
            return NewsAddress(text)
        if file := self.environment.get(f"{variable}_FILE", "").strip():
            text = _secret_in(f"{variable}_FILE", self.root / file, "address or secret")
            return NewsAddress(text)
        kept = _from_keyring(name)
        return NewsAddress(kept) if kept else None

    def posting_key(self, author: str) -> PostingKey:
        """The key that signs for `author`: a variable, a file that one names, or the OS keyring.

        A variable is one of the environment, a credential or a line of `.env`.

        Raises:
            NoPostingKey: there is none.
            ConfigError: a key file is named, and it can't be read or holds no text.
        """
        settings = self.authors.get(author)
        account = settings.signer if settings and settings.signer else author
        variable = key_variable(account)
        if wif := self.environment.get(variable, "").strip():
            return PostingKey(wif)
        if file := self.environment.get(f"{variable}_FILE"):
            return PostingKey(_secret_in(f"{variable}_FILE", self.root / file, "key"))
        if kept := _from_keyring(account):
            return PostingKey(kept)
        whose = "" if account == author else f", the key of its signer {account},"
        there = "keyring" in sys.modules or find_spec("keyring")
        keyring = "" if there else f"; for one in the OS keyring: {_KEYRING}"
        raise NoPostingKey(
            f"no posting key for {author}: put {variable}{whose} into .env "
            f"(see README, your first real post){keyring}"
        )

    def prices_key(self) -> Secret | None:
        """The key for the source of prices, from the environment or `.env`; None without one.

        Raises:
            ConfigError: it can't be read, can't stand in a header, or would be sent in the clear.
        """
        variable, key = PRICES_KEY, self.environment.get(PRICES_KEY, "").strip()
        if not key and (file := self.environment.get(f"{PRICES_KEY}_FILE")):
            variable = f"{PRICES_KEY}_FILE"
            key = _secret_in(variable, self.root / file, "key")
        if not key:
            return None
        if not re.fullmatch(r"[\x21-\x7e]{1,500}", key):
            raise ConfigError(f"{variable}: this is no key: expected one word of ASCII")
        source = self.prices.source if self.prices else ""
        if source.startswith("http://") and not _LOCAL.fullmatch(f"{source}/"):
            raise ConfigError(
                f"{variable}: the key isn't sent by http://, where anybody on the way can read it: "
                "write the source's https:// address in [prices], or take the key away"
            )
        return Secret(key)

    def feed_token(self) -> Secret | None:
        """What the addresses of the dashboard's feeds end with; None where there are no feeds.

        Raises:
            ConfigError: it can't be read, can't stand in an address, or can be guessed.
        """
        variable, token = FEED_TOKEN, self.environment.get(FEED_TOKEN, "").strip()
        if not token and (file := self.environment.get(f"{FEED_TOKEN}_FILE")):
            variable = f"{FEED_TOKEN}_FILE"
            token = _secret_in(variable, self.root / file, "token")
        if not token:
            return None
        if not re.fullmatch(rf"[A-Za-z0-9_-]{{{_FEWEST_OF_A_TOKEN},500}}", token):
            raise ConfigError(
                f"{variable}: expected at least {_FEWEST_OF_A_TOKEN} random letters, digits, - and "
                "_, such as `openssl rand -hex 32` prints"
            )
        return Secret(token)


def key_variable(account: str) -> str:
    """Name of the environment variable that holds an account's posting key."""
    return _KEY_PREFIX + re.sub(r"[^A-Z0-9]", "_", account.upper())


def secret_variables(config: Settings) -> tuple[str, ...]:
    """The variables that this configuration may need, and whose values nobody should see."""
    named = {*config.authors, *([config.default_author] if config.default_author else [])}
    signers = {author: settings.signer or author for author, settings in config.authors.items()}
    ways = [way_variable(name) for name in config.news_ways()]
    return (
        f"{_PREFIX}DATABASE",
        *sorted({key_variable(signers.get(author, author)) for author in named}),
        *(name for way in ways for name in (way, f"{way}_SECRET")),
        PRICES_KEY,
        FEED_TOKEN,
    )


def way_variable(way: str) -> str:
    """Name of the environment variable that holds the address of a way for news."""
    return f"{_PREFIX}NEWS_{news.variable_part(way)}"


def _secret_in(variable: str, file: Path, what: str) -> str:
    told = "posting key" if what == "key" else what
    remedy = f"name a file that this user can read and that holds the {told} alone"
    try:
        text = _content(file, _LARGEST_KEY_FILE).decode("ascii").strip()
    except UnicodeDecodeError:
        text = ""
    except _Unreadable as error:
        # not the file's name: somebody may have put the secret itself there
        raise ConfigError(
            f"{variable}: the {what} file can't be read ({error}); {remedy}"
        ) from None
    if not text:
        raise ConfigError(f"{variable}: there is no {what} in the {what} file; {remedy}")
    return text


def _from_keyring(name: str) -> str | None:
    """What the OS keyring keeps for briefbot under this name; of an account, its posting key."""
    try:
        import keyring  # noqa: PLC0415  # an extra, and slow to import
        from keyring.errors import KeyringError  # noqa: PLC0415
    except ImportError:
        return None
    try:
        kept: str | None = keyring.get_password("briefbot", name)
    except KeyringError:
        return None  # no usable keyring on this machine is as good as an empty one
    return kept or None


class _Unreadable(Exception):  # noqa: N818  # what happened
    """Why a file can't be read, in the operating system's words."""


def _content(file: Path, largest: int) -> bytes:
    """What a regular file holds; nothing here waits for the writer of a FIFO."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as opened:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise _Unreadable("it is no file")
            data = opened.read(largest + 1)
    except IsADirectoryError:
        raise _Unreadable("it is a folder") from None
    except OSError as error:
        raise _Unreadable(error.strerror) from None
    except ValueError:  # NUL, or what no file system can name
        raise _Unreadable("no file can have that name") from None
    if len(data) > largest:
        raise _Unreadable(f"it has more than {largest} bytes")
    return data


def _is_missing(file: Path) -> bool:
    """Whether nothing is there; what only can't be looked at isn't missing."""
    try:
        file.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False


def _text_of(file: Path, *, needed: bool) -> str | None:
    """A configuration file's text; None when there is none and it isn't needed."""
    if not needed and _is_missing(file):
        return None
    remedy = "it must be a file of UTF-8 text that this user can read"
    try:
        return _content(file, _LARGEST_FILE).decode("utf-8-sig")
    except _Unreadable as error:
        raise ConfigError(f"{_shown(str(file))}: can't be read: {error}; {remedy}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{_shown(str(file))}: can't be read: byte {error.start} is not UTF-8; {remedy}"
        ) from None


def load(
    file: str | os.PathLike[str] | None = None, environ: Mapping[str, str] = os.environ
) -> Settings:
    """Read the settings.

    Args:
        file: the TOML file; by default `config/briefbot.toml` of the current folder or of the
            nearest one above it, which may be missing. Relative paths in it are relative to the
            folder that holds `config/`.
        environ: the process environment.

    Raises:
        ConfigError: a file can't be read, bad TOML, an unknown key, a value that can't be used.
    """
    source = _read(file, environ)
    try:
        return source.settings()
    except _SettingError as error:
        raise source.told(error) from None


def load_what_can_be_used(
    file: str | os.PathLike[str] | None = None, environ: Mapping[str, str] = os.environ
) -> tuple[Settings, tuple[ConfigError, ...]]:
    """Read the settings without those that can't be used, each of which is told of.

    Raises:
        ConfigError: nothing can be read.
    """
    source = _read(file, environ)
    faults: list[ConfigError] = []
    while True:
        try:
            return source.settings(), tuple(faults)
        except _SettingError as error:
            faults.append(source.told(error))
            if len(faults) > _MOST_FAULTS or not _drop(source.table, error.place):
                raise faults[0] from None


@dataclass(frozen=True, slots=True)
class _Source:
    """What was read, before it is understood.

    Attributes:
        file: the TOML file; None when there is none.
        variables: by which variable a setting is given.
        dotenv: the variables that only `.env` gives.
        credentials: those that credentials give, and not the environment.
    """

    table: dict[str, Any]
    root: Path
    file: Path | None
    text: str
    environment: Mapping[str, str]
    variables: Mapping[str, str]
    dotenv: frozenset[str]
    credentials: frozenset[str]

    def settings(self) -> Settings:
        """The settings; raises `_SettingError` for the first that can't be used."""
        return replace(
            _settings(
                self.table, self.root, self.file, self.text, self.environment, self.variables
            ),
            dotenv=self.dotenv,
            credentials=self.credentials,
            given=self.table,
        )

    def told(self, error: _SettingError) -> ConfigError:
        """A setting that can't be used, with where it stands."""
        origin = _origin(error.place, self.variables, self.file, self.text)
        return ConfigError(f"{origin}: {error}")


def _read(file: str | os.PathLike[str] | None, environ: Mapping[str, str]) -> _Source:
    if file and _is_missing(Path(file)):
        raise ConfigError(f"{_shown(str(file))}: no such file; `briefbot init` writes one")
    try:
        chosen = Path(file) if file else _nearest(Path.cwd())
        text = _text_of(chosen, needed=bool(file))
        table = _toml(text or "", chosen)
        parent = chosen.resolve().parent
    except OSError as error:
        raise ConfigError(
            f"the current folder can't be used: {error.strerror}; change to another"
        ) from None
    root = parent.parent if parent.name == "config" else parent
    dotenv = _dotenv(root / ".env")
    credentials = _credentials(environ.get(CREDENTIALS, ""))
    environment = dotenv | credentials | dict(environ)
    variables: dict[str, str] = {}
    for name, value in sorted(environment.items()):
        if setting := _override(table, name, value):
            variables[setting] = name
    there = None if text is None else chosen
    handed = frozenset(credentials.keys() - environ.keys())
    only_there = frozenset(dotenv.keys() - environ.keys() - handed)
    return _Source(table, root, there, text or "", environment, variables, only_there, handed)


def _drop(table: dict[str, Any], place: str) -> bool:
    """Take a setting out, or what is there of it; False: nothing is.

    An account's name may have a dot in it.
    """
    for name, value in table.items():
        if name == place or (place.startswith(f"{name}.") and not isinstance(value, dict)):
            del table[name]
            return True
        if place.startswith(f"{name}.") and _drop(value, place.removeprefix(f"{name}.")):
            return True
    return False


def _nearest(folder: Path) -> Path:
    """The configuration of this folder or of the nearest one above it, as seen from here.

    The way up ends with the home folder. What another user has put above is never used unasked:
    it would say where this user's posts go (git's CVE-2022-24765).

    Raises:
        ConfigError: the nearest one belongs to somebody else.
    """
    if not _is_missing(DEFAULT_FILE):
        return DEFAULT_FILE
    home = os.path.realpath(Path("~").expanduser())
    below = folder
    for above in folder.parents:
        if str(below) == home:
            break
        below = above
        file = Path(os.path.relpath(above, folder)) / DEFAULT_FILE
        try:
            owner = file.lstat().st_uid
        except OSError:  # it isn't there, or this user may not even look at it
            continue
        if owner not in {0, os.geteuid()}:
            told = "belongs to another user; name it with --config if you mean it"
            raise ConfigError(f"{_shown(str(file))}: {told}")
        return file
    return DEFAULT_FILE


def _toml(text: str, file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except ValueError as error:  # also for a number with too many digits
        told = _once_more(str(error).split(";", 1)[0])
    except RecursionError:
        told = "it is nested too deeply"
    where = _shown(str(file))
    if position := _POSITION.search(told):
        where = f"{where}:{position[1]}"
        told = _POSITION.sub(r" (column \2)", told)
    elif told.endswith(_AT_THE_END):
        where = f"{where}:{len(text.splitlines())}"
    raise ConfigError(f"{where}: not valid TOML: {told}; correct it there")


def _once_more(told: str) -> str:
    """What tomllib says of a table that stands twice, in the words of the file."""
    twice = re.match(r"Cannot declare \((.+?),?\) twice", told)
    if not twice:
        return told
    name = ".".join(re.findall(r"'([\w-]{1,60})'", twice[1]))
    return f"[{name}] stands twice{told[twice.end() :]}; give one of them another name"


def _dotenv(file: Path) -> dict[str, str]:
    text = _text_of(file, needed=False)
    if text is None:
        return {}
    for binding in parse_stream(io.StringIO(text)):
        if binding.error:
            raise ConfigError(
                f"{_shown(str(file))}: line {binding.original.line} can't be understood; write "
                "NAME=value"
            )
    values = dotenv_values(stream=io.StringIO(text))
    return {name: value for name, value in values.items() if value is not None}


def _credentials(folder: str) -> dict[str, str]:
    """The variables that files of this folder are named by, and whose value each of them holds.

    A folder that isn't there has none: a container's image names one before anything is mounted.
    """
    if not folder or _is_missing(Path(folder)):
        return {}
    try:
        files = sorted(file for file in Path(folder).iterdir() if file.name.startswith(_PREFIX))
    except OSError as error:
        raise ConfigError(
            f"{CREDENTIALS}: the folder can't be read: {error.strerror}; name a folder that this "
            "user can read"
        ) from None
    return {file.name: _secret_in(_shown(file.name), file, "secret") for file in files}


def _origin(setting: str, variables: Mapping[str, str], file: Path | None, text: str) -> str:
    """The variable that says `setting` or what it is part of; else the file, and the line."""
    part = setting
    while part:
        if part in variables:
            return _shown(variables[part])
        part = part.rpartition(".")[0]
    if file is None:
        return "the environment"
    line = line_of(text, setting)
    return _shown(str(file)) + (f":{line}" if line else "")


def _shown(name: str) -> str:
    """A name from outside as it may stand in one line of a message."""
    return name if name.isprintable() else ascii(name)


def _override(table: dict[str, Any], name: str, value: str) -> str | None:
    """Put `BRIEFBOT_A__B=value` into the table as `a.b`, and return that."""
    if not name.startswith(_PREFIX) or name.startswith(_KEY_PREFIX) or name in _NO_SETTINGS:
        return None
    if _WAY.fullmatch(name):
        return None
    *path, last = name.removeprefix(_PREFIX).lower().split("__")
    for part in path:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise ConfigError(f"{_shown(name)}: {_shown(part)} is a value, not a table; unset one")
    try:
        read = tomllib.loads(f"v = {value}")
        table[last] = read["v"] if len(read) == 1 else value
    except (ValueError, RecursionError):
        table[last] = value  # a bare word or an address, as one writes it in a shell
    return ".".join((*path, last))


def _settings(
    table: dict[str, Any],
    root: Path,
    file: Path | None,
    text: str,
    environment: Mapping[str, str],
    variables: Mapping[str, str],
) -> Settings:
    known = {
        "chain", "timezone", "posts", "database", "edits", "author", "defaults", "chains", "checks",
        "pictures", "network", "queue", "calendar", "series", "prices", "news", "results",
        "web",
    }  # fmt: skip
    _known_keys(table, known, "")
    edits = _word(table, "edits", "auto")
    if edits not in EDITS:
        raise _SettingError("edits", f"expected one of {', '.join(EDITS)}")
    defaults = _table(table, "defaults")
    checks = _table(table, "checks")
    pictures = _table(table, "pictures")
    queue = _table(table, "queue")
    _known_keys(queue, {"grace"}, "queue.")
    _known_keys(pictures, {"keep_metadata", "roots"}, "pictures.")
    network = _table(table, "network")
    _known_keys(network, {"timeout"}, "network.")
    results = _table(table, "results")
    _known_keys(results, {"requests_per_day"}, "results.")
    _known_keys(checks, {"ignore"}, "checks.")
    _known_keys(defaults, {"author", "tags", "header", "footer"}, "defaults.")
    timezone = _zone(_word(table, "timezone", "UTC"))
    for_all = _rules_for_all(_table(table, "calendar"), timezone)
    authors = {
        _account(name, "author", name): _author(
            _table(_table(table, "author"), name, "author."), f"author.{name}.", for_all
        )
        for name in _table(table, "author")
    }
    _one_each(authors)
    series = _series(_table(table, "series"), authors)
    chains = {
        _chain(name, "chains", name): _table(_table(table, "chains"), name, "chains.")
        for name in _table(table, "chains")
    }
    default_author = _text(defaults, "author", "", "defaults.")
    return Settings(
        root=root,
        file=file,
        text=text,
        chain=_chain(_word(table, "chain", "devnet"), "chain"),
        timezone=timezone,
        posts=root / _word(table, "posts", "posts"),
        database=_database(_word(table, "database", "sqlite:///briefbot.db"), root),
        authors=_with_series(authors, series),
        rules_for_all=for_all,
        series=series,
        news=_news(_table(table, "news")),
        web=_web(_table(table, "web")),
        default_author=_account(default_author, "defaults.author")
        if default_author
        else (next(iter(authors)) if len(authors) == 1 else None),
        default_tags=tuple(
            tag.lstrip("#").lower() for tag in _texts(defaults, "tags", "defaults.")
        ),
        header=_text(defaults, "header", "", "defaults."),
        footer=_text(defaults, "footer", "", "defaults."),
        ignored_checks=_texts(checks, "ignore", "checks."),
        edits=edits,
        grace=_duration(queue, "grace", "10s", "queue."),
        picture_roots=_texts(pictures, "roots", "pictures.")
        if "roots" in pictures
        else PICTURE_ROOTS,
        keep_metadata=_truth(pictures, "keep_metadata", "pictures."),
        timeout=_timeout(network),
        result_requests=_requests(results),
        chains=chains,
        prices=_prices(_table(table, "prices")),
        environment=environment,
        variables=variables,
    )


def _account(name: str, setting: str, table: str = "") -> str:
    if not _ACCOUNT.fullmatch(name):
        told = "expected an account's name: 3 to 16 of a-z, 0-9, - and ., a letter first"
        raise _SettingError(setting, told, f"{setting}.{table}" if table else "")
    return name


def _chain(name: str, setting: str, table: str = "") -> str:
    if not _CHAIN.fullmatch(name):
        told = "expected a chain's name: up to 32 letters, digits, - and _"
        raise _SettingError(setting, told, f"{setting}.{table}" if table else "")
    return name


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        told = "this is no IANA zone; write one like Europe/Berlin"
        raise _SettingError("timezone", told) from None
    return name


def _author(table: Mapping[str, Any], path: str, for_all: Rules) -> AuthorSettings:
    _known_keys(table, {*calendar.OF_AUTHOR, "names", "signer"}, path)
    signer = _text(table, "signer", "", path)
    with _calendar(path):
        rules = calendar.rules_of_author(table, for_all)
    return AuthorSettings(
        names=_texts(table, "names", path),
        signer=_account(signer, f"{path}signer") if signer else None,
        rules=rules,
    )


def _prices(table: Mapping[str, Any]) -> PriceSettings | None:
    if "key" in table:
        told = f"a key doesn't stand here: put {PRICES_KEY} into .env"
        raise _SettingError("prices.key", told)
    _known_keys(table, {"source", "every", "ids", "key_header"}, "prices.")
    source = _text(table, "source", "", "prices.")
    every = _duration(table, "every", "10m", "prices.")
    if not _MOST_OFTEN <= every <= _LEAST_OFTEN:
        raise _SettingError("prices.every", "expected a duration between 1m and 1d")
    header = _text(table, "key_header", "", "prices.")
    if header and not _HEADER.fullmatch(header):
        raise _SettingError("prices.key_header", "expected a header's name, like x-api-key")
    given = _table(table, "ids", "prices.")
    ids = {}
    for name in given:
        symbol = name.upper()  # a variable's name loses its capitals
        plain = _PLAIN.fullmatch(name) is not None
        if not _SYMBOL.fullmatch(symbol):
            told = "expected symbols, like STEEM"
            raise _SettingError("prices.ids", told, f"prices.ids.{name}" if plain else "")
        ids[symbol] = _text(given, name, "", "prices.ids.")
        if ids[symbol] and not _COIN.fullmatch(ids[symbol]):
            told = 'expected the id that the source has for it, like "steem-dollars"'
            raise _SettingError(f"prices.ids.{name}", told)
    if not source:
        return None
    if not _is_address(source):
        told = "expected an address such as https://api.example.org/v3, without user or query"
        raise _SettingError("prices.source", told)
    return PriceSettings(source=source.rstrip("/"), every=every, ids=ids, key_header=header)


def _is_address(text: str) -> bool:
    try:
        return _ADDRESS.fullmatch(text) is not None and urlsplit(text).port != 0
    except ValueError:  # a port beyond 65535, or brackets without an address in them
        return False


def _rules_for_all(table: Mapping[str, Any], timezone: str) -> Rules:
    _known_keys(table, set(calendar.FOR_ALL), "calendar.")
    with _calendar("calendar."):
        return calendar.rules_for_all(table, timezone)


def _series(
    table: Mapping[str, Any], authors: Mapping[str, AuthorSettings]
) -> Mapping[str, Series]:
    rules = {name: author.rules for name, author in authors.items()}
    found = {}
    for name in table:
        path = f"series.{name}." if _PLAIN.fullmatch(name) else "series."
        one = _table(table, name, "series.")
        _known_keys(one, set(calendar.OF_SERIES), path)
        with _calendar(path):
            found[name] = calendar.series(name, one, rules)
    return found


def _news(table: Mapping[str, Any]) -> NewsSettings:
    _known_keys(table, set(news.FOR_ALL), "news.")
    ways = _table(table, "ways", "news.")
    with _calendar("news."):
        for name in ways:
            news.way_name(name)
            path = f"news.ways.{name}."
            _known_keys(_table(ways, name, "news.ways."), set(news.OF_WAY), path)
        return news.news(table)


def _web(table: Mapping[str, Any]) -> WebSettings:
    _known_keys(table, set(web.KEYS), "web.")
    with _calendar("web."):
        return web.web(table)


def _with_series(
    authors: Mapping[str, AuthorSettings], series: Mapping[str, Series]
) -> Mapping[str, AuthorSettings]:
    """Each author with the series that are the author's."""
    return {
        name: replace(
            author,
            rules=replace(
                author.rules,
                series=tuple(one for one in series.values() if one.author == name),
            ),
        )
        for name, author in authors.items()
    }


@contextmanager
def _calendar(path: str) -> Generator[None]:
    """What the calendar refuses is told with the setting's whole name."""
    try:
        yield
    except calendar.SettingError as error:
        raise _SettingError(f"{path}{error.key}".rstrip("."), str(error)) from None


def _one_each(authors: Mapping[str, AuthorSettings]) -> None:
    """A name is one author's."""
    owners: dict[str, str] = {}
    for author, settings in authors.items():
        for name in settings.names:
            other = owners.setdefault(" ".join(name.split()).casefold(), author)
            if other != author:
                told = f"one of them is a name of {other} too; leave it to one author"
                raise _SettingError(f"author.{author}.names", told)


def _requests(table: Mapping[str, Any]) -> int:
    number = table.get("requests_per_day", _REQUESTS)
    if isinstance(number, str) and number.isdecimal():  # of the environment
        number = int(number)
    if type(number) is not int or not _FEWEST_REQUESTS <= number <= _MOST_REQUESTS:
        told = f"expected a number from {_FEWEST_REQUESTS:,} to {_MOST_REQUESTS:,}"
        raise _SettingError("results.requests_per_day", told)
    return number


def _timeout(table: Mapping[str, Any]) -> timedelta:
    timeout = _duration(table, "timeout", "15s", "network.")
    if not timedelta(0) < timeout <= _LONGEST_TIMEOUT:
        raise _SettingError("network.timeout", "expected a duration between 1s and 10m")
    return timeout


def _duration(table: Mapping[str, Any], key: str, default: str, path: str) -> timedelta:
    match = _DURATION.fullmatch(_text(table, key, default, path).strip())
    if not match:
        raise _SettingError(f"{path}{key}", "expected a duration like 30m, 6h or 1d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _database(url: str, root: Path) -> str:
    """Make the file of an SQLite address absolute, so that it doesn't depend on the caller."""
    scheme, _, rest = url.partition(":///")
    if scheme == "sqlite" and rest and not rest.startswith("/"):
        return f"sqlite:///{root / rest}"
    return url


def _known_keys(table: Mapping[str, Any], known: set[str], path: str) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key[:60], known, 1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}"
            name = key if _PLAIN.fullmatch(key) else "a key of it"
            raise _SettingError(f"{path}{name}", f"unknown setting; {hint}", f"{path}{key}")


def _table(table: Mapping[str, Any], key: str, path: str = "") -> Mapping[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, Mapping):
        shown = f"{path}{key if _PLAIN.fullmatch(key) else 'NAME'}"
        raise _SettingError(shown, f"expected a table, [{shown}]", f"{path}{key}")
    return value


def _text(table: Mapping[str, Any], key: str, default: str, path: str = "") -> str:
    value = table.get(key, default)
    if not isinstance(value, str):
        raise _SettingError(f"{path}{key}", "expected text in quotes")
    return _writable(value, f"{path}{key}")


def _word(table: Mapping[str, Any], key: str, default: str) -> str:
    """Text in one line that says something."""
    value = _text(table, key, default)
    if not value.strip() or not value.isprintable():
        raise _SettingError(key, f"expected one line of text, such as {default!r}")
    return value


def _truth(table: Mapping[str, Any], key: str, path: str) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise _SettingError(f"{path}{key}", "expected true or false")
    return value


def _texts(table: Mapping[str, Any], key: str, path: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _SettingError(f"{path}{key}", 'expected a list of texts, like ["a", "b"]')
    return tuple(_writable(item, f"{path}{key}") for item in value)


def _writable(text: str, setting: str) -> str:
    """Text that files, databases and chains take: no NUL, and nothing that is not UTF-8."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise _SettingError(setting, "expected text in UTF-8, without NUL; write it anew")
    return text
