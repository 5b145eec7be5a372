"""The calendar's part of the configuration: from its tables to rules, or one sentence.

A table is a value here: where it stands (file, line, variable) is the reader's of the file.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.calendar.rules import (
    Late,
    Rules,
    Series,
    is_never_free,
    parse_days,
    parse_moment,
    parse_quiet,
    quiet_until,
    whole_day_is_quiet,
)
from bot.calendar.slots import CalendarError, Slot, parse
from bot.local_time import instant_of

T = TypeVar("T")

FOR_ALL = frozenset(
    {
        "min_gap",
        "max_per_day",
        "max_per_week",
        "quiet",
        "blackout",
        "skip",
        "late",
        "grace",
        "approve",
    }
)  # fmt: skip
"""What `[calendar]` says for every author."""
OF_AUTHOR = FOR_ALL | {"timezone", "slots", "extra"}
"""What `[author.NAME]` says of the calendar."""
OF_SERIES = frozenset({"author", "slots", "tags", "timezone"})
"""What `[series.NAME]` says."""
SERIES = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
"""A series' name: it stands in front matter, in keys of slots and in reports."""
_DURATION = re.compile(r"([0-9]{1,5})\s*([smhd])")  # 99999d is what a calendar still holds
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_MOST = 10_000  # more posts a week than the chains' intervals let through
_LONGEST_LIST = 1000


class SettingError(CalendarError):
    """A setting that can't be used.

    Attributes:
        key: which one of its table; empty for the table.
    """

    def __init__(self, key: str, told: str) -> None:
        super().__init__(told)
        self.key = key


def rules_for_all(table: Mapping[str, Any], timezone: str) -> Rules:
    """What `[calendar]` says.

    Raises:
        SettingError: a value can't be used, or nothing could ever go out.
    """
    return with_room(_rules(table, Rules(timezone=timezone)))


def rules_of_author(table: Mapping[str, Any], for_all: Rules) -> Rules:
    """What `[author.NAME]` says, and `[calendar]` where it says nothing.

    Quiet times, blackouts and days without slots of the two add up.

    Raises:
        SettingError: a value can't be used, or leaves no room.
    """
    rules = _rules(table, for_all)
    return with_room(
        replace(
            rules,
            timezone=_zone(table, for_all.timezone),
            slots=_slots(table),
            extra=tuple(sorted(set(_each(table, "extra", parse_moment)))),
        )
    )


def series(name: str, table: Mapping[str, Any], rules: Mapping[str, Rules]) -> Series:
    """What `[series.NAME]` says.

    Args:
        rules: of each configured author.

    Raises:
        SettingError: a value can't be used, its author isn't configured, or it leaves no room.
    """
    if not SERIES.fullmatch(name):
        raise SettingError("", "expected a name of up to 64 letters, digits, - and _")
    author = table.get("author")
    if author is None and len(rules) == 1:
        author = next(iter(rules))
    if not isinstance(author, str) or author not in rules:
        raise SettingError("author", "expected an author who has an [author.NAME] table")
    found = Series(
        name=name,
        author=author,
        slots=_slots(table),
        tags=tuple(tag.strip().lstrip("#").lower() for tag in _texts(table, "tags")),
        timezone=_zone(table, rules[author].timezone),
    )
    if not found.slots:
        raise SettingError("slots", 'a series needs slots, like ["daily 18:00"]')
    _can_be_used(found.slots, ZoneInfo(found.timezone), rules[author])
    return found


def with_room(rules: Rules) -> Rules:
    """These rules.

    Raises:
        SettingError: nothing could ever go out by them.
    """
    if whole_day_is_quiet(rules.quiet):
        raise SettingError("quiet", "it is quiet all day, so nothing would ever go out; shorten it")
    _can_be_used(rules.slots, rules.zone, rules)
    for one in rules.series:
        _can_be_used(one.slots, ZoneInfo(one.timezone), rules)
    for number, local in enumerate(rules.extra, 1):
        if quiet_until(instant_of(local, rules.zone), rules.quiet, rules.zone):
            raise SettingError("extra", f"number {number} is in quiet hours; move it")
    return rules


def _can_be_used(slots: tuple[Slot, ...], zone: ZoneInfo, rules: Rules) -> None:
    for number, slot in enumerate(slots, 1):
        if rules.quiet and is_never_free(slot, zone, rules):
            raise SettingError("slots", f"number {number} is always in quiet hours; move it")


def _rules(table: Mapping[str, Any], base: Rules) -> Rules:
    skip, skip_times = [], []
    for text in _texts(table, "skip"):
        if re.search(r"\d:\d", text):
            skip_times.append(_read("skip", parse_moment, text))
        else:
            skip.append(_read("skip", parse_days, text))
    return replace(
        base,
        skip=(*base.skip, *skip),
        skip_times=(*base.skip_times, *skip_times),
        min_gap=_duration(table, "min_gap", base.min_gap),
        max_per_day=_cap(table, "max_per_day", base.max_per_day),
        max_per_week=_cap(table, "max_per_week", base.max_per_week),
        quiet=(*base.quiet, *_each(table, "quiet", parse_quiet)),
        blackout=(*base.blackout, *_each(table, "blackout", parse_days)),
        late=late(table["late"]) if "late" in table else base.late,
        grace=_duration(table, "grace", base.grace),
        approve=_truth(table, "approve", base.approve),
    )


def late(value: Any) -> Late:
    """A late policy by its name.

    Raises:
        SettingError: there is none of this name.
    """
    try:
        return Late(value)
    except ValueError:
        raise SettingError("late", f"expected one of {', '.join(Late)}") from None


def _slots(table: Mapping[str, Any]) -> tuple[Slot, ...]:
    return tuple(_each(table, "slots", parse))


def _each(table: Mapping[str, Any], key: str, read: Callable[[str], T]) -> list[T]:
    return [_read(key, read, text) for text in _texts(table, key)]


def _read(key: str, read: Callable[[str], T], text: str) -> T:
    try:
        return read(text)
    except CalendarError as error:
        raise SettingError(key, str(error)) from None


def _texts(table: Mapping[str, Any], key: str) -> list[str]:
    value = table.get(key, [])
    value = [value] if isinstance(value, str) else value
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise SettingError(key, 'expected a list of texts, like ["a", "b"]')
    if len(value) > _LONGEST_LIST:
        raise SettingError(key, f"expected at most {_LONGEST_LIST} of them")
    return value


def _duration(table: Mapping[str, Any], key: str, default: timedelta) -> timedelta:
    if key not in table:
        return default
    value = table[key]
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match:
        raise SettingError(key, "expected a duration like 30m, 6h or 1d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _cap(table: Mapping[str, Any], key: str, default: int | None) -> int | None:
    if key not in table:
        return default
    value = table[key]
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST:
        raise SettingError(
            key, "expected a whole number from 1 on; without the key there is no cap"
        )
    return value


def _truth(table: Mapping[str, Any], key: str, default: bool) -> bool:  # noqa: FBT001  # a value
    value = table.get(key, default)
    if not isinstance(value, bool):
        raise SettingError(key, "expected true or false")
    return value


def _zone(table: Mapping[str, Any], default: str) -> str:
    name = table.get("timezone", default)
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError, AttributeError):
        told = "this is no IANA zone; write one like Europe/Berlin"
        raise SettingError("timezone", told) from None
    return str(name)
