"""Dates as people and their tools write them, and what is odd about a brief's date now."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.briefs.brief import Brief
from bot.briefs.catalogue import found
from bot.briefs.finding import Finding
from bot.briefs.keys import BadValue
from bot.local_time import resolved

YEARS = range(1971, 2106)
"""Those that are whole, in every zone, in the 32 bits of a chain's times."""
FAR = 2
"""A date so many years ahead is more likely a slip than a plan."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_OFFSETS = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0,
    "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
    "wet": 0, "west": 1, "cet": 1, "cest": 2, "eet": 2, "eest": 3, "msk": 3, "jst": 9,
}  # fmt: skip
"""Hours that RFC 2822 §4.3 gives to its zones, and those of Europe, Moscow and Japan."""

_DAY = (
    r"(?P<year>\d{4})(?P<dash>[-/.])(?P<month>\d{1,2})(?P=dash)(?P<day>\d{1,2})"
    r"|(?:[a-z]{3,9}\.?,?\s+)?(?P<day2>\d{1,2})(?:st|nd|rd|th)?[\s-](?P<word2>[a-z]{3,9})\.?,?"
    r"[\s-](?P<year2>\d{4})"
    r"|(?:[a-z]{3,9}\.?,?\s+)?(?P<word3>[a-z]{3,9})\.?\s+(?P<day3>\d{1,2})(?:st|nd|rd|th)?,?\s+"
    r"(?P<year3>\d{4})"
)
_TIME = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d+))?)?"
    r"(?:\s*(?P<half>[ap])\.?m\b\.?)?"
)
_OFFSET = r"(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?"
_ZONE = rf"(?:(?:utc|gmt)?{_OFFSET}|(?P<zone>[a-z][a-z0-9_+/-]*))(?:\s*\([^()]*\))?"
_WRITTEN = re.compile(
    rf"(?:{_DAY})(?:(?:\s*t\s*|\s+|,\s*)(?:at\s+)?{_TIME})?\s*(?:{_ZONE})?", re.IGNORECASE
)


class Moved(Exception):  # noqa: N818  # carries a usable value
    """A local time that the clock change skips or repeats; `instant` is what it is taken as."""

    def __init__(self, instant: datetime, message: str) -> None:
        super().__init__(message)
        self.instant = instant


def instant(written: str, zone: str) -> datetime:
    """A date, or date and time, as an instant in UTC.

    ISO 8601 and RFC 2822, and between them what Hugo, Jekyll, Hexo, Zola and Astro take: one-digit
    months, days and hours, `/` for `-`, a month's name, an offset or a zone's name after a space.

    Args:
        zone: IANA zone of a date that names none.

    Raises:
        BadValue: it is no date.
        Moved: the local clock skips or repeats that time.
    """
    moment, named = _read(written)
    if moment.year not in YEARS:
        raise BadValue(f"{written!r} is out of range: a year is from {YEARS[0]} to {YEARS[-1]}")
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    return _local(moment, written, named or ZoneInfo(zone))


def _read(written: str) -> tuple[datetime, ZoneInfo | None]:
    """The moment, and the zone that it names when that has no fixed offset."""
    try:
        return datetime.fromisoformat(written), None
    except ValueError:
        match = _WRITTEN.fullmatch(written.strip())
    if match is None:
        raise BadValue(f"{written!r} is no date; write 2026-12-01 or 2026-12-01 09:00")
    part = match.groupdict()
    word = part["word2"] or part["word3"]
    month = part["month"] or (_MONTHS.index(word[:3].lower()) + 1 if _is_month(word) else 0)
    day = part["day"] or part["day2"] or part["day3"]
    year = part["year"] or part["year2"] or part["year3"]
    try:
        moment = datetime.combine(date(int(year), int(month), int(day)), _time(part))
    except ValueError:
        message = f"{written!r} is no date: there is no such day or time; write 2026-12-01 09:00"
        raise BadValue(message) from None
    zone = _zone(part, written)
    if isinstance(zone, ZoneInfo):
        return moment, zone
    return moment.replace(tzinfo=zone), None


def _is_month(word: str | None) -> bool:
    return word is not None and word[:3].lower() in _MONTHS


def _time(part: dict[str, str | None]) -> time:
    hour = int(part["hour"] or 0)
    if part["half"]:
        if not 1 <= hour <= 12:  # noqa: PLR2004  # on the clock's face
            raise ValueError
        hour = hour % 12 + (12 if part["half"].lower() == "p" else 0)
    fraction = (part["fraction"] or "")[:6].ljust(6, "0")
    return time(hour, int(part["minute"] or 0), int(part["second"] or 0), int(fraction))


def _zone(part: dict[str, str | None], written: str) -> tzinfo | None:
    if part["sign"]:
        offset = timedelta(hours=int(part["hours"] or 0), minutes=int(part["minutes"] or 0))
        try:
            return timezone(-offset if part["sign"] == "-" else offset)
        except ValueError:
            raise BadValue(f"{written!r}: an offset is less than a day, like +02:00") from None
    name = part["zone"]
    if name is None:
        return None
    if name.lower() in _OFFSETS:
        return timezone(timedelta(hours=_OFFSETS[name.lower()]))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadValue(
            f"{written!r}: the zone {name!r} isn't known; write its offset, like +02:00, or its "
            "IANA name, like Europe/Berlin"
        ) from None


def _local(moment: datetime, written: str, zone: ZoneInfo) -> datetime:
    taken, comes = resolved(moment, zone)
    if not comes:
        why = f"{written} is skipped in {zone} (the clock is put forward)"
        raise Moved(taken, f"{why}; taken as {taken.astimezone(zone):%H:%M}")
    local = moment.replace(tzinfo=zone)
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        why = f"{written} comes twice in {zone} (the clock is put back)"
        raise Moved(taken, f"{why}; the first is taken")
    return taken


def at_midnight(day: str) -> str:
    """A day as the instant at which it begins, in words that `instant` reads."""
    return datetime.combine(date.fromisoformat(day), time.min).isoformat()


def date_findings(brief: Brief, now: datetime, zone: str) -> Iterator[Finding]:
    """What is odd about the date of a brief that isn't published: it has passed, or is far ahead.

    Today's date has not passed, at whatever hour: tools write the hour at which a file was made.

    Args:
        zone: IANA zone of briefs that name none.
    """
    if brief.date is None or brief.draft:
        return
    there = ZoneInfo(brief.timezone or zone)
    day, today = brief.date.astimezone(there).date(), now.astimezone(there).date()
    line = brief.line("date")
    if day < today:
        message = f"{day} has passed: it goes out as soon as the account may post"
        yield found(brief.path, line, "date.past", f"{message}; give it another date to wait")
    elif day > _years_on(today, FAR):
        message = f"{day} is more than {FAR} years ahead; correct the year if it is a slip"
        yield found(brief.path, line, "date.far", message)


def next_change(brief: Brief, now: datetime, zone: str) -> datetime | None:
    """Until when `date_findings` tells the same as now; None: whenever."""
    if brief.date is None or brief.draft:
        return None
    there = ZoneInfo(brief.timezone or zone)
    day, today = brief.date.astimezone(there).date(), now.astimezone(there).date()
    if day < today:
        return None
    last = day if day <= _years_on(today, FAR) else today
    return datetime.combine(last, time.max, there)


def _years_on(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # the 29th of February
        return day.replace(year=day.year + years, day=28)
