"""Look first: what stands at a publication's address, and what follows from it. Changes nothing."""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.chain.errors import PermanentChainError, TransientChainError
from bot.chain.protocol import Chain, Content, Head
from bot.errors import quoted
from bot.format.metadata import read_metadata
from bot.format.pictures import addresses_in, with_addresses
from bot.publishing.edits import changed_elsewhere, comment_of, reblogged
from bot.publishing.watch import SLOT, Watch
from bot.records import Kind, Publication, text_digest


@dataclass(frozen=True, slots=True)
class Already:
    """What is to be sent stands there already, by this transaction.

    Attributes:
        operations: the planned ones, with the addresses that its pictures have there.
    """

    trx_id: str
    block_num: int
    included_at: datetime
    reason: str
    operations: str


@dataclass(frozen=True, slots=True)
class Undecided:
    """A person must say whose text stays."""

    reason: str


@dataclass(frozen=True, slots=True)
class Free:
    """It may be sent. `content` is what stands there, for an edit or a deletion."""

    content: Content | None


def look_first(publication: Publication, watch: Watch, head: Head) -> Already | Undecided | Free:
    """What stands where a publication is to stand.

    Raises:
        PermanentChainError: it can't be sent: the address is taken by something else, or what is
            to be edited, deleted or reblogged isn't there.
        TransientChainError: that can't be told now.
    """
    chain = watch.chain
    if publication.kind is Kind.REBLOG:
        _refuse_second_reblog(publication, chain)
        return Free(None)
    content = chain.agreed_content(publication.author, publication.permlink)
    if publication.kind in {Kind.POST, Kind.REPLY}:
        return Free(None) if content is None else _our_post(publication, content, watch, head)
    if content is None:
        where = f"@{publication.author}/{publication.permlink}"
        raise PermanentChainError(
            f"there is no post {where} on {publication.chain} any more; give the brief another "
            "`id` to publish it anew"
        )
    if publication.kind is Kind.EDIT:
        return _edit(publication, content, watch)
    return Free(content)


def brief_in(json_metadata: str) -> str | None:
    """Id of the brief that wrote a post, by our own key in its metadata; None for others."""
    ours = read_metadata(json_metadata).get("briefbot")
    brief = ours.get("brief") if isinstance(ours, dict) else None
    return brief if isinstance(brief, str) else None


def _our_post(publication: Publication, content: Content, watch: Watch, head: Head) -> Already:
    """The permlink is in use: ours from an earlier life, or somebody else's post."""
    wanted = comment_of(publication)
    place = ("parent_author", "parent_permlink", "title")
    is_same = all(getattr(content, name) == wanted[name] for name in place)
    is_same = is_same and content.body.strip() == wanted["body"].strip()
    if brief_in(content.json_metadata) != publication.brief and not is_same:
        raise PermanentChainError(
            f"permlink taken by @{content.author}/{content.permlink} "
            f"(“{quoted(content.title)}”, {content.created:%Y-%m-%d}): publishing would "
            "overwrite it; set another `slug`"
        )
    watch.blocks.observe(head)
    found = watch.blocks.find_post(content.author, content.permlink, content.created)
    if found is None:
        raise TransientChainError("the post is on the chain, but no block shows it yet", SLOT)
    trx_id, block = found
    reason = "found on the chain, as this brief wrote it: the record is rebuilt from it"
    operations = _with_pictures(publication, content)
    return Already(trx_id, block.num, block.time, reason, operations)


def _edit(publication: Publication, content: Content, watch: Watch) -> Already | Undecided | Free:
    """An edit goes over the text that was published last, and over no other."""
    operations = _with_pictures(publication, content)
    wanted = comment_of(replace(publication, operations=operations))
    if (content.title, content.body) != (wanted["title"], wanted["body"]):
        if text_digest(content.title, content.body) == publication.base:
            return Free(content)
        return Undecided(changed_elsewhere(publication))
    if content.json_metadata != wanted["json_metadata"]:
        return Free(content)
    written = [
        operation
        for operation in watch.chain.comments_of(content.author, content.created)
        if operation.permlink == content.permlink
    ]
    if not written:
        raise TransientChainError("the edit is on the chain, but no history shows it yet", SLOT)
    last = written[-1]
    reason = "the chain shows this text already: the record is rebuilt from it"
    return Already(last.trx_id, last.block_num, last.time, reason, operations)


def _with_pictures(publication: Publication, content: Content) -> str:
    """The planned operations with the pictures' addresses, where the chain shows the same text."""
    pictures = addresses_in(content.body, comment_of(publication)["body"])
    return with_addresses(publication.operations, pictures)


def _refuse_second_reblog(publication: Publication, chain: Chain) -> None:
    author, permlink = reblogged(publication)
    if chain.agreed_content(author, permlink) is None:
        raise PermanentChainError(f"there is no post @{author}/{permlink} to reblog")
    if chain.agreed_reblog(publication.author, author, permlink):
        raise PermanentChainError(
            f"{publication.author} has reblogged @{author}/{permlink} already"
        )
