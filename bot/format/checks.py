"""The rules that need no chain (chain-rules §8), as findings with line and remedy.

What is wrong with the file as written is found by `bot.briefs`; here it is the post as it will
be sent, with defaults, footer and metadata.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from bot.briefs import Brief, Finding, Level, found
from bot.briefs.secrets import private_key_offset
from bot.format.pictures import located
from bot.format.post import Post
from bot.format.size import LARGEST, packed_size

SHOWN_BODY = {False: 64 * 1024 - 256, True: 16 * 1024 - 256}  # by is_reply; §7.1
COUNTED_TAGS, SHOWN_TAGS, LONGEST_TAG = 5, 8, 24
_TITLE_MARKDOWN = re.compile(r"\*[\w\s]*\*|#[\w\s]*#|_[\w\s]*_|~[\w\s]*~|\]\s*\(|\]\s*\[")
_CATEGORY = re.compile(r"[a-z0-9-]{1,255}")
_PATCH = re.compile(r"@@ -\d+,?\d* \+\d+,?\d* @@")
_UNSENDABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def author_findings(
    brief: Brief, author: str | None, unknown: Sequence[str] = ()
) -> Iterator[Finding]:
    """A post has an author, who is not among the beneficiaries.

    Args:
        unknown: names of its authors that are nobody's account.
    """
    if author is None:
        message = (
            f"{', '.join(unknown)}: nobody's account; write names = {_list(unknown)} under "
            "[author.ACCOUNT] in the configuration, or `author:` with the account"
            if unknown
            else "no author: write `author:`, or set `author` under [defaults] in the configuration"
        )
        yield _lack(brief, "author" if unknown else "title", "author", message)
    elif any(share.account == author for share in brief.beneficiaries):
        message = f"{author} is the author; an author's own share isn't a beneficiary, remove it"
        yield _at(brief, "beneficiaries", "beneficiaries", message)


def name_findings(brief: Brief, author: str, unknown: Sequence[str]) -> Iterator[Finding]:
    """Names of authors that are nobody's account don't get lost, but they sign nothing."""
    if unknown:
        message = (
            f"{', '.join(unknown)}: nobody's account, so it goes out under {author}, authored_by "
            f"{brief.authored_by!r}; names = {_list(unknown)} under [author.ACCOUNT] says whose "
            "name it is"
        )
        yield _at(brief, "author", "author.name", message)


def category_findings(brief: Brief, tags: tuple[str, ...]) -> Iterator[Finding]:
    """A root post has a category, made of its first tag."""
    if brief.reply_to is None and brief.community is None:
        if not tags:
            message = "no tag: the first tag is the post's category; write `tags:`"
            yield _lack(brief, "tags", "category", message)
        elif not _CATEGORY.fullmatch(tags[0]):
            message = f"{tags[0]!r} can't be a category: 1 to 255 of a-z, 0-9 and -"
            yield _at(brief, "tags", "category", message)


def cross_post_findings(brief: Brief) -> Iterator[Finding]:
    """A cross-post is a root post in a community."""
    if brief.cross_post and (brief.reply_to or not brief.community):
        message = "a cross-post stands in a community: write `community:`, and no `reply_to:`"
        yield _at(brief, "cross_post", "key.cross_post", message)


def series_findings(
    brief: Brief, author: str | None, series: Mapping[str, str]
) -> Iterator[Finding]:
    """A brief takes the slots of a series of its author; without any, the key is another tool's.

    Args:
        series: to whom each belongs.
    """
    if not brief.series or not series:
        return
    owner = series.get(brief.series)
    if owner is None:
        known = ", ".join(sorted(series))
        message = f"there is no [series.{brief.series}] in the configuration; known are {known}"
        yield _at(brief, "series", "series", message)
    elif author is not None and owner != author:
        message = f"`{brief.series}` is a series of {owner}, and this brief is by {author}"
        yield _at(brief, "series", "series", message)


def post_findings(brief: Brief, post: Post) -> Iterator[Finding]:
    """What is wrong, or will surprise, in the post as it will be sent."""
    yield from _text_findings(brief, post)
    yield from _size_findings(brief, post)
    yield from _tag_findings(brief, post)
    if _TITLE_MARKDOWN.search(post.title):
        yield _at(brief, "title", "title.markdown", "Markdown isn't shown in a title")


def hashtag_findings(
    brief: Brief, found_in_body: tuple[str, ...], tags: tuple[str, ...]
) -> Iterator[Finding]:
    """Hashtags of the body join the tags while there is room."""
    fallen = [f"#{tag}" for tag in found_in_body if tag not in tags]
    if fallen:
        message = f"{', '.join(fallen)} in the body: there is room for {SHOWN_TAGS} tags only"
        line = brief.body_line + brief.body.lower().partition(fallen[0])[0].count("\n")
        yield found(brief.path, line, "tags.hashtags", message)


def unsaved_findings(brief: Brief, addresses: tuple[str, ...]) -> Iterator[Finding]:
    """Pictures of the queue that stand where no address can be put for them."""
    for address in addresses:
        if located(address, brief.path) is not None:
            message = f"the picture {address!r} isn't understood there; write ![words]({address})"
            line = brief.body_line + brief.body.partition(address)[0].count("\n")
            yield found(brief.path, line, "picture.missing", message)


def _text_findings(brief: Brief, post: Post) -> Iterator[Finding]:
    sent = {"title": post.title, "body": post.body, "metadata": post.json_metadata}
    for field, text in sent.items():
        if match := _UNSENDABLE.search(text):
            message = f"the {field} holds U+{ord(match[0]):04X}, which can't be sent; remove it"
            yield _at(brief, field, "control", message)
        if private_key_offset(text) is not None:
            message = f"a private key would stand in the {field}; remove it where it comes from"
            yield _at(brief, field, "secrets", message)
    if _PATCH.match(post.body):
        message = (
            "the body begins like a patch (@@ -1,2 +1,2 @@): as an edit it would be applied as "
            "one and spoil the post; put a line before it"
        )
        yield found(brief.path, brief.body_line, "patchlike", message)


def _size_findings(brief: Brief, post: Post) -> Iterator[Finding]:
    size, body = packed_size(post), len(post.body.encode(errors="surrogatepass"))
    shown = SHOWN_BODY[post.is_reply]
    if size > LARGEST:
        message = f"the transaction has {size} bytes, the chain takes {LARGEST}; shorten the body"
        yield found(brief.path, brief.body_line, "body.size", message)
    elif body >= shown:
        message = f"the body has {body} bytes; front ends show and edit less than {shown}"
        yield found(brief.path, brief.body_line, "body.size.fe", message)


def _tag_findings(brief: Brief, post: Post) -> Iterator[Finding]:
    tags = brief.tags
    if len(post.tags) > SHOWN_TAGS:
        beyond = ", ".join(post.tags[SHOWN_TAGS:])
        yield _at(brief, "tags", "tags", f"more than {SHOWN_TAGS} tags; remove {beyond}")
    elif len(tags) > COUNTED_TAGS:
        beyond = ", ".join(tags[COUNTED_TAGS:])
        message = f"{COUNTED_TAGS} tags count; the post isn't listed under {beyond}"
        yield _at(brief, "tags", "tags", message)
    communities = [tag for tag in tags if tag.startswith("hive-")]
    if len(communities) + (brief.community is not None) > 1:
        yield _at(brief, "tags", "tags", "one community only; remove a hive- tag")
    for tag in tags:
        if len(tag) > LONGEST_TAG:
            message = f"{tag}: front ends take tags of {LONGEST_TAG} characters at most"
            yield _at(brief, "tags", "tags", message)
        if tag.count("-") > 1:
            yield _at(brief, "tags", "tags", f"{tag}: front ends take one dash in a tag")
        if not tag[0].isalpha() or not tag[-1].isalnum():
            message = f"{tag}: a tag begins with a letter and ends with a letter or digit"
            yield _at(brief, "tags", "tags", message)


def _list(names: Sequence[str]) -> str:
    return json.dumps(list(names), ensure_ascii=False)


def _lack(brief: Brief, key: str, code: str, message: str) -> Finding:
    """Something isn't there yet: of a draft that is no mistake."""
    level = Level.INFO if brief.draft else None
    return found(brief.path, brief.line(key), code, message, level=level)


def _at(brief: Brief, key: str, code: str, message: str) -> Finding:
    return found(brief.path, brief.line(key), code, message)
