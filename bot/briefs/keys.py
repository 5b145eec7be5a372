"""The keys of a brief: their names, and how each value is read.

Every reader takes what the front matter holds (text, list or mapping; scalars are always text)
and returns the typed value, or raises `BadValue` with a sentence on the remedy.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.briefs.brief import Beneficiary

ALIASES: Mapping[str, tuple[str, ...]] = {
    "title": (),
    "tags": ("categories", "keywords"),
    "author": ("account",),
    "date": ("publish_at", "publishdate", "scheduled_at"),
    "expires": ("expirydate",),
    "timezone": ("tz",),
    "series": (),
    "priority": (),
    "late": (),
    "grace": (),
    "approve": (),
    "slug": ("permlink", "permalink"),
    "community": (),
    "description": ("summary", "excerpt"),
    "authored_by": (),
    "image": ("cover_image", "cover", "thumbnail", "featured_image"),
    "canonical_url": ("canonical",),
    "beneficiaries": (),
    "reward": ("percent_steem_dollars", "percent_hbd"),
    "max_accepted_payout": (),
    "allow_votes": (),
    "allow_curation_rewards": (),
    "self_vote": (),
    "reply_to": ("parent", "reply_identifier"),
    "cross_post": ("crosspost",),
    "chain": ("chains",),
    "draft": ("published",),
    "id": (),
    "markup": (),
    "ignore": (),
}
"""Canonical key to its aliases, all in lower case with `_`."""

CANONICAL = {alias: key for key, aliases in ALIASES.items() for alias in (key, *aliases)}

BY_CHAIN = frozenset(
    {
        "tags",
        "community",
        "reward",
        "max_accepted_payout",
        "allow_votes",
        "allow_curation_rewards",
        "beneficiaries",
        "self_vote",
    }
)
"""What may differ from chain to chain."""

FOREIGN = frozenset(
    {
        "aliases",
        "cascade",
        "comments",
        "headless",
        "images",
        "lang",
        "language",
        "lastmod",
        "layout",
        "linktitle",
        "math",
        "menu",
        "modified",
        "outputs",
        "params",
        "parse_body",
        "pin",
        "pinned",
        "resources",
        "sitemap",
        "subtitle",
        "template",
        "toc",
        "translationkey",
        "type",
        "updated",
        "url",
        "videos",
        "weight",
    }
)
"""Keys of Hugo, Jekyll and beempy without a meaning here, accepted quietly."""

_ACCOUNT_PART = re.compile(r"[a-z][a-z0-9-]*[a-z0-9]")
_TRUE, _FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}
YEARS = range(1971, 2106)
"""Those that are whole, in every zone, in the 32 bits of a chain's times."""
WHOLE = 10_000  # a whole reward, in 1/100 of a percent
LATE = ("publish", "miss", "next-slot")
MOST_PRIORITY = 1_000_000
MAX_BENEFICIARIES = 8  # chain-rules §1.1, admission


class BadValue(Exception):  # noqa: N818  # said to the author, as a finding
    """A value that the key can't have."""


class Moved(Exception):  # noqa: N818  # carries a usable value
    """A local time that the clock change skips or repeats; `instant` is what it is taken as."""

    def __init__(self, instant: datetime, message: str) -> None:
        super().__init__(message)
        self.instant = instant


def canonical(key: str) -> str:
    """A key as written, in the form of the table: lower case with `_`."""
    return key.strip().lower().replace("-", "_")


def text(value: Any) -> str:
    """One line of text."""
    if not isinstance(value, str):
        raise BadValue("expected text")
    if "\n" in value.strip():
        raise BadValue("expected a single line")
    return value.strip()


def boolean(value: Any) -> bool:
    """Yes or no, in any of YAML's spellings."""
    word = text(value).lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise BadValue(f"expected true or false, not {word!r}")


def number(value: Any, least: int, most: int) -> Decimal:
    """A number between two bounds, with or without `%`."""
    written = text(value)
    try:
        found = Decimal(written.removesuffix("%").strip())
    except InvalidOperation:
        raise BadValue(f"expected a number, not {written!r}") from None
    if not found.is_finite() or not least <= found <= most:
        raise BadValue(f"expected a number from {least} to {most}, not {written}")
    return found


def account(value: Any) -> str:
    """An account name (chain-rules §1.1); a leading `@` is dropped."""
    name = text(value).removeprefix("@")
    if not is_account(name):
        raise BadValue(
            f"{name!r} is no account name: 3 to 16 of a-z, 0-9, - and ., "
            "each part between dots at least 3 long and beginning with a letter"
        )
    return name


def is_account(name: str) -> bool:
    """Whether the chains take this as an account name (authority.cpp, chain-rules §1.1)."""
    return 3 <= len(name) <= 16 and all(  # noqa: PLR2004  # the chain's bounds
        len(part) >= 3 and _ACCOUNT_PART.fullmatch(part)  # noqa: PLR2004
        for part in name.split(".")
    )


def tags(value: Any) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Tags, normalised, in order and without doubles; and (as written, as sent) of each.

    A list, or text separated by spaces or commas. `#` is dropped, letters become small, spaces
    and underscores inside a list item become `-`, other characters are dropped.
    """
    items = value if isinstance(value, list) else re.split(r"[\s,]+", _words(value))
    sent = []
    for item in items:
        if item is None:
            continue
        if not isinstance(item, str):
            raise BadValue('expected a list of tags, or "one two three"')
        plain = item.strip().lstrip("#").lower()
        tag = re.sub(r"[^a-z0-9-]", "", re.sub(r"[\s_]+", "-", plain))
        if plain:
            sent.append((item.strip(), tag))
    return tuple(dict.fromkeys(tag for _, tag in sent if tag)), tuple(sent)


def _words(value: Any) -> str:
    if not isinstance(value, str):
        raise BadValue('expected a list of tags, or "one two three"')
    return value


def zone(value: Any) -> str:
    """An IANA zone's name."""
    name = text(value)
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadValue(f"{name!r} is no IANA zone; write one like Europe/Berlin") from None
    return name


def instant(value: Any, timezone: str) -> datetime:
    """A date, or date and time, as an instant in UTC.

    Raises:
        BadValue: it is no date.
        Moved: the local clock skips or repeats that time.
    """
    written = text(value)
    try:
        moment = datetime.fromisoformat(written.replace(" UTC", "Z"))
    except ValueError:
        try:  # Hugo and Jekyll write the zone after a space
            moment = datetime.fromisoformat(re.sub(r" (?=[+-]\d\d:?\d\d$)", "", written))
        except ValueError:
            raise BadValue(
                f"{written!r} is no date; write 2026-12-01 or 2026-12-01 09:00"
            ) from None
    if moment.year not in YEARS:
        raise BadValue(f"{written!r} is out of range: a year is from {YEARS[0]} to {YEARS[-1]}")
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    local = moment.replace(tzinfo=ZoneInfo(timezone))
    result = local.astimezone(UTC)
    if result.astimezone(local.tzinfo).replace(tzinfo=None) != moment:
        first = _end_of_gap(local)
        taken = f"taken as {first.astimezone(local.tzinfo):%H:%M}"
        raise Moved(
            first, f"{written} is skipped in {timezone} (the clock is put forward); {taken}"
        )
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        why = f"{written} comes twice in {timezone} (the clock is put back)"
        raise Moved(result, f"{why}; the first is taken")
    return result


def _end_of_gap(local: datetime) -> datetime:
    """The first instant after the clock was put forward over this local time."""
    low, high = (local.replace(fold=fold).astimezone(UTC) for fold in (1, 0))
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(local.tzinfo).utcoffset() == local.utcoffset():  # not yet put forward
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def day_in_name(path: str) -> str | None:
    """The date at the start of a file name `YYYY-MM-DD-title.md`, as Jekyll reads it."""
    match = re.match(r"(\d{4}-\d\d-\d\d)-", PurePosixPath(path).name)
    if not match:
        return None
    try:
        date.fromisoformat(match[1])
    except ValueError:
        return None
    return match[1]


def series(value: Any) -> str | None:
    """The name of a series; Hugo writes it as a list of one."""
    if isinstance(value, list):
        if len(value) > 1:
            raise BadValue("a brief is in one series; name one")
        return text(value[0]) if value else None
    return text(value) or None


def priority(value: Any) -> Decimal:
    """A number: higher ones go first."""
    return number(value, -MOST_PRIORITY, MOST_PRIORITY)


def late(value: Any) -> str:
    """What becomes of a brief that is late."""
    word = text(value).lower().replace("_", "-").replace(" ", "-")
    if word not in LATE:
        raise BadValue(f"expected one of {', '.join(LATE)}")
    return word


def duration(value: Any) -> timedelta:
    """A time like `30m`, `6h` or `1d`."""
    match = re.fullmatch(r"([0-9]{1,5})\s*([smhd])", text(value).lower())
    if not match:
        raise BadValue("expected a duration like 30m, 6h or 1d")
    return timedelta(
        **{{"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[match[2]]: int(match[1])}
    )


def slug(value: Any) -> str:
    """A permlink; of Jekyll's `permalink` the last part."""
    written = text(value).strip("/").rpartition("/")[2].removesuffix(".html")
    if not re.fullmatch(r"[a-z0-9-]{1,255}", written):
        raise BadValue(f"{written!r}: a permlink is 1 to 255 of a-z, 0-9 and -")
    return written


def community(value: Any) -> str:
    """A community's account, `hive-NNNNNN`."""
    name = text(value)
    if not re.fullmatch(r"hive-[123]\d{4,6}", name):
        raise BadValue(f"{name!r} is no community; its name is like hive-123456")
    return name


def address(value: Any) -> str:
    """An http(s) address."""
    written = text(value)
    if not re.fullmatch(r"https?://[^\s<>\"]+", written):
        raise BadValue(f"{written!r} is no http(s) address")
    return written


def image(value: Any) -> str:
    """A picture's address, or its path; of a list the first."""
    first = value[0] if isinstance(value, list) and value else value
    if isinstance(first, Mapping):  # Hugo's `cover: {image: …}`
        first = first.get("image")
    return text(first)


def beneficiaries(value: Any) -> tuple[Beneficiary, ...]:
    """Who shares the reward: a list of `{account, weight}` or `"name:5%"`, or one such text."""
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list):
        raise BadValue('expected a list like ["name:5%"] or [{account: name, weight: 5}]')
    found: dict[str, int] = {}
    for item in items:
        if isinstance(item, Mapping):
            if set(item) != {"account", "weight"}:
                raise BadValue("each needs `account` and `weight`, and nothing else")
            name, share = account(item["account"]), item["weight"]
        else:
            written, _, share = text(item).partition(":")
            name = account(written)
        weight = number(share, 0, 100) * 100
        if weight != int(weight) or weight == 0:
            raise BadValue(f"{name}: a share is between 0.01 % and 100 %, in steps of 0.01 %")
        if name in found:
            raise BadValue(f"{name} stands here twice; add the shares up")
        found[name] = int(weight)
    if len(found) > MAX_BENEFICIARIES:
        raise BadValue(f"{len(found)} beneficiaries; nodes accept {MAX_BENEFICIARIES}")
    if sum(found.values()) > WHOLE:
        raise BadValue(f"the shares add up to {sum(found.values()) / 100:g} %, more than 100 %")
    return tuple(sorted(Beneficiary(name, weight) for name, weight in found.items()))


def codes(value: Any) -> tuple[str, ...]:
    """Codes of findings: a list, or text separated by spaces or commas."""
    items = value if isinstance(value, list) else re.split(r"[\s,]+", text(value))
    return tuple(text(item) for item in items if item)


def reward(value: Any) -> tuple[int | None, Decimal | None]:
    """(percent in dollars, max accepted payout) for a word or the chain's own number."""
    word = text(value).lower().replace("-", "_").replace(" ", "_")
    words: dict[str, tuple[int | None, Decimal | None]] = {
        "default": (None, None),
        "50/50": (None, None),
        "power_up": (0, None),
        "decline": (None, Decimal(0)),
    }
    if word in words:
        return words[word]
    percent = number(value, 0, 10000)
    if percent != int(percent):
        raise BadValue("expected default, power_up, decline, or a whole number from 0 to 10000")
    return int(percent), None


def amount(value: Any) -> Decimal:
    """An amount in the chain's dollars, at most three decimals; a symbol after it is dropped."""
    written = re.sub(r"\s*[A-Z]{3,6}$", "", text(value))
    found = number(written, 0, 1_000_000)
    if found != found.quantize(Decimal("0.001")):
        raise BadValue("an amount has at most three decimals")
    return found


def post(value: Any) -> tuple[str, str]:
    """`@author/permlink`, also at the end of an address."""
    match = re.search(r"@?([a-z0-9.-]+)/([a-z0-9-]+)/?$", text(value))
    if not match or not is_account(match[1]):
        raise BadValue("expected @author/permlink of the post")
    return match[1], match[2]


def reply_to(value: Any) -> tuple[str, str]:
    """A post as `post` reads it, or ("", name) for a brief: `part-1.md`, `[[part-1]]`."""
    written = text(value)
    brief = re.fullmatch(r"\[\[(?P<name>[^\[\]]+)\]\]|(?P<file>.+\.(?:md|markdown))", written)
    return ("", brief["name"] or brief["file"]) if brief else post(written)


def chains(value: Any) -> tuple[str, ...]:
    """One chain's name, several, or a table of them."""
    items = [value] if isinstance(value, str) else list(value or ())
    names = tuple(dict.fromkeys(text(item) for item in items))
    if not names:
        raise BadValue("expected the name of a configured chain")
    return names


def tables(value: Any) -> Mapping[str, Mapping[str, Any]]:
    """What a table of chains says of each, `chains: {steem: {reward: power_up}}`."""
    if not isinstance(value, Mapping):
        return {}
    found = {}
    for name, table in value.items():
        if table is not None and not isinstance(table, Mapping):
            raise BadValue(f"{name}: expected a table of what differs there, like {{tags: [one]}}")
        if table:
            found[name] = table
    return found


def at_midnight(day: str) -> str:
    """A day as the instant at which it begins, in words that `instant` reads."""
    return datetime.combine(date.fromisoformat(day), time.min).isoformat()
