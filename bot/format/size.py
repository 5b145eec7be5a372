"""How many bytes a post's transaction has on the chain (chain-rules §2.1)."""

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


def _options(options: PayoutOptions) -> int:
    size = _ASSET + 2 + 1 + 1 + 1  # payout, percent, two switches, number of extensions
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
