"""Posts from the chain, written as the briefs that would make them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any

from bot.briefs.walk import SUFFIXES
from bot.briefs.write import written
from bot.chain.protocol import Chain, Content
from bot.format.metadata import brief_in, read_metadata
from bot.format.post import FIFTY_FIFTY
from bot.format.render import collect

_BEGINNING = datetime(2016, 1, 1, tzinfo=UTC)  # before the first block of the family
_TEXTS = ("description", "authored_by", "canonical_url")
_LONGEST_NAME = 200  # bytes; file systems take 255, and other tools' names beside it are longer
_DEEPEST = 8  # folders of the queue in one another
_UNSAFE = set('\\:*?"<>|')  # what a path or a pattern is made of somewhere


@dataclass(frozen=True, slots=True)
class Pulled:
    """A post as a file: its path in the queue, and its text."""

    path: str
    text: str


def posts_of(chain: Chain, author: str, *, replies: bool = False) -> Iterator[Pulled]:
    """An account's posts as they stand now, the oldest first; deleted ones are left out.

    Args:
        replies: whether its replies come too.

    Raises:
        NodesUnreachable: no node answers.
    """
    addresses = dict.fromkeys(
        operation.permlink
        for operation in chain.comments_of(author, _BEGINNING)
        if replies or not operation.parent_author
    )
    for permlink in addresses:
        content = chain.content(author, permlink)
        if content is not None:
            yield pulled(content, chain.profile.name)


def pulled(content: Content, chain: str) -> Pulled:
    """One post as a brief whose front matter is complete: publishing it again does nothing."""
    metadata = read_metadata(content.json_metadata)
    values: dict[str, Any] = {"title": content.title, "author": content.author}
    tags = [tag for tag in _list(metadata.get("tags")) if isinstance(tag, str)]
    if content.parent_author:
        values["reply_to"] = f"@{content.parent_author}/{content.parent_permlink}"
    elif content.category.startswith("hive-"):
        values["community"] = content.category
    elif tags[:1] != [content.category]:
        tags = [content.category, *(tag for tag in tags if tag != content.category)]
    values |= {"tags": tags, "slug": content.permlink, "chain": chain}
    values["date"] = f"{content.created:%Y-%m-%dT%H:%M:%SZ}"
    values |= {key: metadata[key] for key in _TEXTS if _is_line(metadata.get(key))}
    pictures = [text for text in _list(metadata.get("image")) if isinstance(text, str)]
    if pictures and pictures[0] not in collect(content.body).images:
        values["image"] = pictures[0]
    values |= _rewards(content)
    brief = brief_in(content.json_metadata)
    path = f"{content.permlink}.md"
    if brief is not None and _is_path(f"{brief}.md"):
        path = f"{brief}.md"
    elif brief is not None:
        values["id"] = brief
    if not _is_path(path):  # these characters can't make it unsafe, and the mark sets it apart
        words = re.sub("[^a-z0-9]+", "-", content.permlink.lower())[:100].strip("-") or "of"
        mark = sha256(content.permlink.encode(errors="surrogatepass")).hexdigest()[:8]
        path = f"post-{words}-{mark}.md"
    given = {key: value for key, value in values.items() if value not in ("", [])}
    return Pulled(path, written(given, content.body))


def _is_path(path: str) -> bool:
    """Whether the queue's scan finds a brief under this path, and no other program stumbles on it.

    What stands on a chain is anybody's text: none of it climbs out of the queue, is an option of a
    command, steers a terminal that lists it, or is one of the names that the queue passes over.
    """
    *folders, name = path.split("/")
    return len(folders) < _DEEPEST and all(
        (
            *(_is_name(part) for part in (*folders, name)),
            *(PurePosixPath(part).suffix.lower() not in SUFFIXES for part in folders),
            name.lower() != "readme.md",
        )
    )


def _is_name(name: str) -> bool:
    return (
        name.isprintable()  # so it holds no half of a surrogate pair, either
        and 0 < len(name.encode()) <= _LONGEST_NAME
        and not _UNSAFE & set(name)
        and name == name.strip()
        and not name.startswith((".", "-", "#", "~"))
        and not name.endswith("~")
    )


def _rewards(content: Content) -> dict[str, Any]:
    """What its author asked for that isn't the chain's default."""
    options = content.options
    values: dict[str, Any] = {}
    if options.max_accepted_payout == 0:
        values["reward"] = "decline"
    elif options.percent != FIFTY_FIFTY:
        values["reward"] = "power_up" if options.percent == 0 else options.percent
    if options.max_accepted_payout:
        values["max_accepted_payout"] = str(options.max_accepted_payout)
    if options.beneficiaries:
        values["beneficiaries"] = [
            f"{share.account}:{share.weight / 100:g}%" for share in options.beneficiaries
        ]
    if not options.allow_votes:
        values["allow_votes"] = False
    if not options.allow_curation_rewards:
        values["allow_curation_rewards"] = False
    return values


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_line(value: Any) -> bool:
    return isinstance(value, str) and value.strip() == value and "\n" not in value
