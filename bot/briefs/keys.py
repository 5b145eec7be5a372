"""The keys of a brief: their names, and how each value is read.

Every reader takes what the front matter holds (text, list or mapping; scalars are always text)
and returns the typed value, or raises `BadValue` with a sentence on the remedy.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.briefs.brief import Beneficiary
from bot.briefs.transliteration import transliterated

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

MERGED = ("categories", "tags", "keywords")
"""Spellings of `tags` that are put together, in this order."""

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

# At least two letters, and what stands in names beside them; an `@` in front is an account's.
_NAME = re.compile(r"(?!@)(?=(?:.*?[^\W\d_]){2})[\w\s.,:;+&@/|()'\"‘’ʼ“”·•–—‐-]{2,200}")
_ACCOUNT_PART = re.compile(r"[a-z][a-z0-9-]*[a-z0-9]")
_TRUE, _FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}
_STYLES = {"date", "pretty", "ordinal", "weekdate", "none"}  # Jekyll's
WHOLE = 10_000  # a whole reward, in 1/100 of a percent
LATE = ("publish", "miss", "next-slot")
MOST_PRIORITY = 1_000_000
MAX_BENEFICIARIES = 8  # chain-rules §1.1, admission


class BadValue(Exception):  # noqa: N818  # said to the author, as a finding
    """A value that the key can't have."""


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


def authors(value: Any) -> tuple[str, ...]:
    """Who wrote it: accounts, and names that people have. Of a table its `name` (or `account`)."""
    if isinstance(value, list):
        each = (authors(item) for item in value if item is not None)
        return tuple(dict.fromkeys(name for names in each for name in names))
    if isinstance(value, Mapping):
        named = (value[key] for key in ("account", "name", "username", "title") if value.get(key))
        value = next(named, None)
        if value is None:
            raise BadValue('expected an account, or a table with a name: {name: "Jane Doe"}')
    # without the mail's address; `[[…]]` is Obsidian's
    written = re.sub(r"<[^<>]*>$", "", text(value)).strip("[] ")
    parts = [part.strip() for part in written.split(",")]
    if all(map(is_account, parts)):
        return tuple(parts)
    if not written:
        return ()
    return (written,) if _NAME.fullmatch(written) else (account(value),)


def tags(value: Any) -> tuple[tuple[str, str], ...]:
    """Tags in order, each as written and as it is sent.

    A list (Hexo's may hold lists), or text separated by spaces or commas. `#` is dropped, letters
    become small, spaces and underscores inside a list item become `-`, letters of other scripts are
    transliterated as a permlink's are, other characters are dropped.
    """
    items = _flat(value) if isinstance(value, list) else re.split(r"[\s,]+", _words(value))
    plain = [(item.strip(), item.strip().lstrip("#")) for item in items]
    return tuple(
        (item, transliterated(re.sub(r"[\s_]+", "-", words))) for item, words in plain if words
    )


def _flat(items: list[Any]) -> Iterator[str]:
    for item in items:
        if isinstance(item, list):
            yield from _flat(item)
        elif item is not None:
            yield _words(item)


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
    """A permlink, with or without what stands around it in an address."""
    written = _last_part(text(value))
    if not re.fullmatch(r"[a-z0-9-]{1,255}", written):
        raise BadValue(f"{written!r}: a permlink is 1 to 255 of a-z, 0-9 and -")
    return written


def permalink(value: str) -> str | None:
    """The last part of another tool's address; None where that is made of the file's name.

    Jekyll's patterns (`/:year/:title/`) and styles (`pretty`), Eleventy's templates (`{{ … }}`).
    """
    written = _last_part(text(value))
    if re.search(r":[a-z]|\{\{|\{%", value) or written in {*_STYLES, "false", "true"}:
        return None
    plain = re.fullmatch(r"[a-z0-9-]{1,255}", written)
    return written if plain else transliterated(re.sub(r"[\s_]+", "-", written)) or None


def is_by_name(permalink: str) -> bool:
    """Whether a permalink of Jekyll asks for the name of the file."""
    return permalink in _STYLES or bool(re.search(r":(?:title|slug|name|filename)\b", permalink))


def _last_part(address: str) -> str:
    """Of `/blog/my-post/`, `my-post.html` and `/blog/my-post/index.html`: `my-post`."""
    plain = re.sub(r"(?:(?<=.)/index)?\.html?$", "", address.strip("/"))
    return plain.rpartition("/")[2]


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


def image(value: Any) -> str | None:
    """A picture's address or path, or `[[its name]]`; of a list the first, of a table its own."""
    if isinstance(value, list):
        # Obsidian's link without quotes is a list in a list to YAML
        inner = value[0] if value and isinstance(value[0], list) and len(value) == 1 else None
        if inner and len(inner) == 1 and isinstance(inner[0], str):
            return f"[[{inner[0]}]]"
        return image(value[0]) if value else None
    if isinstance(value, Mapping):  # PaperMod's `cover: {image: …}`, Chirpy's `{path: …}`
        named = (value[key] for key in ("image", "path", "src", "url") if value.get(key))
        return image(next(named, None))
    if value is None:
        return None
    return re.sub(r"^!?(\[\[[^\[\]|]+)(?:\|[^\[\]]*)?(\]\])$", r"\1\2", text(value)) or None


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
