"""The settings as they are: each value, and where it comes from. No secret is among them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from bot.briefs.secrets import private_key_offset
from bot.calendar import settings as calendar
from bot.config import ConfigError, Settings, key_variable
from bot.news import settings as news
from bot.records.engine import BadAddress, without_password

MASK = "***"
_SECRETS = re.compile(
    r"BRIEFBOT_(POSTING_KEY_.+|PRICES_KEY(_FILE)?|WEB_FEED_TOKEN(_FILE)?|NEWS_[A-Z].*)"
)
_SETTING = re.compile(r"BRIEFBOT_NEWS__.*")
_USER = re.compile(r"(?<=://)[^/@\s]*(?=@)")
_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


class Origin(StrEnum):
    """Where a value comes from."""

    DEFAULT = "default"
    FILE = "file"
    DOTENV = ".env"
    CREDENTIAL = "credential"
    ENVIRONMENT = "environment"
    KEYRING = "keyring"
    NOWHERE = "nowhere"
    """A key that is missing."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting, or a secret by the name of its variable.

    Attributes:
        value: as TOML has it; of a secret, `***`; None where there is none, or no limit.
        where: file and line, or the variable; empty for a default.
    """

    name: str
    value: Any
    origin: Origin
    where: str


def settings(config: Settings) -> Iterator[Setting]:
    """Every setting, with the value that holds, and every secret that is there or missing."""
    known = dict(_values(config))
    for name, value in known.items():
        yield _setting(config, name, value)
    for name, value in _leaves(config.given):
        if name not in known:
            yield _setting(config, name, value)
    yield from _secrets(config)


def _values(config: Settings) -> Iterator[tuple[str, Any]]:
    """The settings that always have a value."""
    yield "chain", config.chain
    yield "timezone", config.timezone
    yield "posts", str(config.posts)
    yield "database", _database(config.database)
    yield "edits", config.edits
    yield "defaults.author", config.default_author or ""
    yield "defaults.tags", config.default_tags
    yield "defaults.header", config.header
    yield "defaults.footer", config.footer
    yield "checks.ignore", config.ignored_checks
    yield "queue.grace", config.grace
    yield "pictures.roots", config.picture_roots
    yield "pictures.keep_metadata", config.keep_metadata
    yield "network.timeout", config.timeout
    yield "results.requests_per_day", config.result_requests
    for key in sorted(calendar.FOR_ALL):
        yield f"calendar.{key}", _raw(config, "calendar", key, getattr(config.rules_for_all, key))
    prices = config.prices
    yield "prices.source", prices.source if prices else ""
    yield "prices.every", prices.every if prices else timedelta(minutes=10)
    yield "prices.key_header", prices.key_header if prices else ""
    for_all = config.news.for_all
    for key in sorted(news.FOR_ALL - {"ways", "overdue", "atom"}):
        yield f"news.{key}", _raw(config, "news", key, getattr(for_all, key))
    yield "news.overdue", config.news.overdue
    yield "news.atom", config.news.atom
    yield "web.hosts", config.web.hosts
    yield "web.trusted_proxies", tuple(map(str, config.web.trusted_proxies))
    yield "web.prefix", config.web.prefix


def _raw(config: Settings, table: str, key: str, value: Any) -> Any:
    """What was written, where something was: rules are read into values of other kinds."""
    given = config.given.get(table, {})
    return given.get(key, value) if isinstance(given, Mapping) else value


def _leaves(table: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            if not value:
                yield f"{path}{name}", {}
            yield from _leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def _setting(config: Settings, name: str, value: Any) -> Setting:
    # what stands before a host may be a secret by itself; of a database it is a user
    shown = value if name == "database" else _masked(_plain(value))
    if not _is_given(config.given, name):
        return Setting(name, shown, Origin.DEFAULT, "")
    return Setting(name, shown, *_origin(config, name))


def _origin(config: Settings, name: str) -> tuple[Origin, str]:
    where = config.origin(name)
    if where in config.variables.values():
        return _of_variable(config, where), where
    return Origin.FILE, where


def _of_variable(config: Settings, variable: str) -> Origin:
    if variable in config.credentials:
        return Origin.CREDENTIAL
    return Origin.DOTENV if variable in config.dotenv else Origin.ENVIRONMENT


def _is_given(table: Any, name: str) -> bool:
    """Whether the file or a variable says this setting; names may have dots in them."""
    if not isinstance(table, Mapping):
        return False
    return name in table or any(
        name.startswith(f"{key}.") and _is_given(below, name.removeprefix(f"{key}."))
        for key, below in table.items()
    )


def _secrets(config: Settings) -> Iterator[Setting]:
    """Each secret's variable, masked; and the keys of authors that are elsewhere, or nowhere."""
    variables = {
        name
        for name, value in config.environment.items()
        if value.strip() and _SECRETS.fullmatch(name) and not _SETTING.fullmatch(name)
    }
    for name in sorted(variables):
        yield Setting(name, MASK, _of_variable(config, name), name)
    authors = {*config.authors} | ({config.default_author} if config.default_author else set())
    for author in sorted(authors):
        settings = config.authors.get(author)
        variable = key_variable((settings.signer if settings else None) or author)
        if not variables & {variable, f"{variable}_FILE"}:
            try:
                config.posting_key(author)
            except ConfigError:
                yield Setting(variable, None, Origin.NOWHERE, "")
            else:
                yield Setting(variable, MASK, Origin.KEYRING, author)


def _plain(value: Any) -> Any:
    """A value as the configuration would have it written."""
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        unit, length = next(
            ((unit, length) for unit, length in _UNITS if seconds and seconds % length == 0),
            ("s", 1),
        )
        return f"{seconds // length}{unit}"
    if isinstance(value, frozenset):
        return sorted(map(str, value))
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    return str(value)


def _masked(value: Any) -> Any:
    """A value without what may be a secret that stands where it doesn't belong."""
    if isinstance(value, str):
        if private_key_offset(value) is not None:
            return MASK
        return _USER.sub(MASK, value)
    if isinstance(value, list):
        return [_masked(one) for one in value]
    if isinstance(value, Mapping):
        return {name: _masked(one) for name, one in value.items()}
    return value


def _database(url: str) -> str:
    try:
        return without_password(url)
    except BadAddress:
        return MASK
