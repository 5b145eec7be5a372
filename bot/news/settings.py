"""`[news]` of the configuration: which way tells what, when, and how much of it.

Addresses and secrets of the ways stand in the environment, never here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from bot.calendar.rules import Quiet, parse_quiet, whole_day_is_quiet
from bot.calendar.settings import SettingError
from bot.calendar.slots import CalendarError
from bot.news.kinds import ALL, USUAL, NewsKind

FOR_ALL = frozenset({"events", "quiet", "group", "most_per_hour", "overdue", "atom", "ways"})
"""Keys of `[news]`."""
OF_WAY = frozenset({"kind", "events", "quiet", "group", "most_per_hour"})
"""Keys of `[news.ways.NAME]`."""
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_RESERVED = ("_file", "_secret")  # ends of other variables' names
_DURATION = re.compile(r"([0-9]{1,5})\s*([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LONGEST_GROUP = timedelta(days=1)
_MOST = 1000


class WayKind(StrEnum):
    """How a way reaches its receiver."""

    APPRISE = "apprise"
    """By Apprise: mail, chats, whatever people read."""
    WEBHOOK = "webhook"
    """A signed JSON document by HTTP, for programs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaySettings:
    """What one way is told.

    Attributes:
        quiet: when nothing is told; it is told afterwards.
        group: for how long news are gathered that are one message then.
        most_per_hour: messages.
    """

    kind: WayKind = WayKind.APPRISE
    events: frozenset[NewsKind] = USUAL
    quiet: tuple[Quiet, ...] = ()
    group: timedelta = timedelta(seconds=30)
    most_per_hour: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsSettings:
    """What `[news]` says.

    Attributes:
        for_all: what holds for a way that has no table.
        ways: those that have one, `[news.ways.NAME]`.
        overdue: how long after its time a brief that isn't out is overdue.
        atom: path of the feed of what was published; empty for none.
    """

    for_all: WaySettings = WaySettings()
    ways: Mapping[str, WaySettings] = field(default_factory=dict)
    overdue: timedelta = timedelta(minutes=15)
    atom: str = ""


def news(table: Mapping[str, Any]) -> NewsSettings:
    """What `[news]` says.

    Raises:
        SettingError: a value can't be used.
    """
    for_all = _way(table, WaySettings(), "")
    ways = table.get("ways", {})
    if not isinstance(ways, Mapping):
        raise SettingError("ways", "expected tables, [news.ways.NAME]")
    found: dict[str, WaySettings] = {}
    for name, one in ways.items():
        way_name(name)
        path = f"ways.{name}."
        if not isinstance(one, Mapping):
            raise SettingError(f"ways.{name}", f"expected a table, [news.ways.{name}]")
        found[name] = _way(one, for_all, path)
    if len({variable_part(name) for name in found}) < len(found):
        raise SettingError("ways", "two names that differ only in - and _; rename one of them")
    atom = table.get("atom", "")
    if not isinstance(atom, str) or not atom.isprintable() or ("atom" in table and not atom):
        raise SettingError("atom", 'expected a file, like "public/feed.atom"')
    overdue = _duration(table, "overdue", timedelta(minutes=15), "")
    if not timedelta(minutes=1) <= overdue:
        raise SettingError("overdue", "expected a duration of 1m or more")
    return NewsSettings(for_all=for_all, ways=found, overdue=overdue, atom=atom)


def way_name(name: str) -> str:
    """A way's name.

    Raises:
        SettingError: a way can't have this one.
    """
    if not _NAME.fullmatch(name) or name.replace("-", "_").endswith(_RESERVED):
        raise SettingError(
            "ways",
            "expected a way's name: up to 32 of a-z, 0-9, - and _, a letter first, and not "
            "ending in _file or _secret",
        )
    return name


def variable_part(name: str) -> str:
    """A way's name as it stands in the names of its variables."""
    return name.upper().replace("-", "_")


def _way(table: Mapping[str, Any], base: WaySettings, path: str) -> WaySettings:
    quiet = _quiet(table, path) if "quiet" in table else base.quiet
    if whole_day_is_quiet(quiet):
        raise SettingError(f"{path}quiet", "it is quiet all day, so nothing is told; shorten it")
    group = _duration(table, "group", base.group, path)
    if group > _LONGEST_GROUP:
        raise SettingError(f"{path}group", "expected a duration of at most 1d")
    most = table.get("most_per_hour", base.most_per_hour)
    if isinstance(most, bool) or not isinstance(most, int) or not 1 <= most <= _MOST:
        raise SettingError(f"{path}most_per_hour", f"expected a whole number from 1 to {_MOST}")
    kind = table.get("kind", base.kind) if path else base.kind
    if kind not in tuple(WayKind):
        raise SettingError(f"{path}kind", f"expected one of {', '.join(WayKind)}")
    return WaySettings(
        kind=WayKind(kind),
        events=_events(table, path) if "events" in table else base.events,
        quiet=quiet,
        group=group,
        most_per_hour=most,
    )


def _events(table: Mapping[str, Any], path: str) -> frozenset[NewsKind]:
    found: set[NewsKind] = set()
    for text in _texts(table, "events", path):
        if text == "all":
            found |= ALL
        elif text in tuple(NewsKind):
            found.add(NewsKind(text))
        else:
            raise SettingError(f"{path}events", f"expected some of all, {', '.join(NewsKind)}")
    return frozenset(found)


def _quiet(table: Mapping[str, Any], path: str) -> tuple[Quiet, ...]:
    try:
        return tuple(parse_quiet(text) for text in _texts(table, "quiet", path))
    except CalendarError as error:
        raise SettingError(f"{path}quiet", str(error)) from None


def _texts(table: Mapping[str, Any], key: str, path: str) -> list[str]:
    value = table[key]
    value = [value] if isinstance(value, str) else value
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise SettingError(f"{path}{key}", 'expected a list of texts, like ["a", "b"]')
    return value


def _duration(table: Mapping[str, Any], key: str, default: timedelta, path: str) -> timedelta:
    if key not in table:
        return default
    value = table[key]
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match:
        raise SettingError(f"{path}{key}", "expected a duration like 30s, 15m or 1h")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
