"""How many bytes a post's transaction has on the chain (chain-rules §2.1)."""

from collections.abc import Iterable, Mapping
from typing import Any

from bot.format.post import PayoutOptions, Post

LARGEST = 65_280
"""Bytes of the largest transaction where a block may have 64 KiB, as on Steem and Hive."""

_HEADER = 2 + 4 + 4  # reference block's number and prefix, expiration
_EXTENSIONS = 1
_SIGNATURES = 1 + 65
_ASSET = 8 + 1 + 7  # amount, precision, symbol


def packed_size(post: Post) -> int:
    """Size of the signed transaction that publishes `post`, with one signature, in bytes."""
    strings = (
        post.parent_author,
        post.parent_permlink,
        post.author,
        post.permlink,
        post.title,
        post.body,
        post.json_metadata,
    )
    operations = 1
    size = 1 + sum(map(_string, strings))
    if post.options is not None:
        operations += 1
        size += 1 + _string(post.author) + _string(post.permlink) + _options(post.options)
    if post.self_vote is not None:
        operations += 1
        size += 1 + 2 * _string(post.author) + _string(post.permlink) + 2
    return _HEADER + _number(operations) + size + _EXTENSIONS + _SIGNATURES


def recorded_size(operations: Iterable[tuple[str, Mapping[str, Any]]]) -> int:
    """Size of the signed transaction of recorded operations: a post's, in the legacy form.

    As `packed_size`; where pictures are still to be uploaded, it will have some bytes more for
    each, since their addresses are longer than their paths.
    """
    count, size = 0, 0
    for name, fields in operations:
        count += 1
        size += 1 + sum(_string(fields[key]) for key in _STRINGS[name])
        if name == "comment_options":
            shares = [value["beneficiaries"] for kind, value in fields["extensions"] if kind == 0]
            size += _OPTIONS
            size += sum(1 + _number(len(each)) + sum(map(_share, each)) for each in shares)
        elif name == "vote":
            size += 2
    return _HEADER + _number(count) + size + _EXTENSIONS + _SIGNATURES


_STRINGS = {
    "comment": (
        "parent_author", "parent_permlink", "author", "permlink", "title", "body", "json_metadata",
    ),
    "comment_options": ("author", "permlink"),
    "vote": ("voter", "author", "permlink"),
}  # fmt: skip
_OPTIONS = _ASSET + 2 + 1 + 1 + 1  # payout, percent, two switches, number of extensions


def _share(share: Mapping[str, Any]) -> int:
    return _string(share["account"]) + 2


def _options(options: PayoutOptions) -> int:
    size = _OPTIONS
    if options.beneficiaries:
        shares = sum(_string(share.account) + 2 for share in options.beneficiaries)
        size += 1 + _number(len(options.beneficiaries)) + shares
    return size


def _string(text: str) -> int:
    length = len(text.encode(errors="surrogatepass"))
    return _number(length) + length


def _number(value: int) -> int:
    """Bytes of a varint."""
    return max(1, (value.bit_length() + 6) // 7)
