"""What a person does to a publication, for commands and pages alike."""

from dataclasses import replace

from bot.chain.codec import delete_comment, operations_text, reblog
from bot.records import Kind, NewPublication, Publication
from bot.records.plans import following


def deletion_of(published: Publication, fingerprint: str) -> NewPublication:
    """What takes a brief's post off the chain."""
    operation = delete_comment(published.author, published.permlink)
    plan = following(published, Kind.DELETE, operations_text([operation]))
    return replace(plan, fingerprint=fingerprint)


def reblog_of(chain: str, account: str, author: str, permlink: str) -> NewPublication:
    """What shows a post to an account's readers."""
    return NewPublication(
        chain=chain,
        brief=f"{account} reblogs @{author}/{permlink}",
        path="",
        fingerprint="",
        author=account,
        permlink=permlink,
        kind=Kind.REBLOG,
        title=f"@{author}/{permlink}",
        category="",
        tags=(),
        url="",
        operations=operations_text([reblog(account, author, permlink)]),
    )
