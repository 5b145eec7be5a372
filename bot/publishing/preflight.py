"""Look first: what stands at a publication's address, and what follows from it. Changes nothing."""

from dataclasses import dataclass
from datetime import datetime

from bot.chain.codec import comment_in, reblogged_in
from bot.chain.constants import SLOT
from bot.chain.errors import PermanentChainError, TransientChainError
from bot.chain.protocol import Block, Chain, Content, Head
from bot.chain.watch import Watch
from bot.errors import quoted
from bot.format.metadata import brief_in, canonical
from bot.format.pictures import addresses_in, with_addresses
from bot.records import Kind, NewPublication, Publication, text_digest


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


def addresses_of(publication: Publication) -> tuple[tuple[str, str], ...]:
    """(author, permlink) of the posts that are looked at first."""
    if publication.kind is Kind.REBLOG:
        return (reblogged_in(publication.operations),)
    return ((publication.author, publication.permlink),)


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
        return _edit(publication, content, watch, head)
    return Free(content)


def _our_post(publication: Publication, content: Content, watch: Watch, head: Head) -> Already:
    """The permlink is in use: ours from an earlier life, or somebody else's post."""
    wanted = comment_in(publication.operations)
    place = ("parent_author", "parent_permlink", "title")
    is_same = all(getattr(content, name) == wanted[name] for name in place)
    is_same = is_same and content.body.strip() == wanted["body"].strip()
    if brief_in(content.json_metadata) != publication.brief and not is_same:
        raise PermanentChainError(
            f"permlink taken by @{content.author}/{content.permlink} "
            f"(“{quoted(content.title)}”, {content.created:%Y-%m-%d}): publishing would "
            "overwrite it; set another `slug`"
        )
    trx_id, block = _written(content, content.created, watch, head)
    reason = "found on the chain, as this brief wrote it: the record is rebuilt from it"
    operations = _with_pictures(publication, content)
    return Already(trx_id, block.num, block.time, reason, operations)


def _edit(
    publication: Publication, content: Content, watch: Watch, head: Head
) -> Already | Undecided | Free:
    """An edit goes over the text that was published last, and over no other."""
    operations = _with_pictures(publication, content)
    wanted = comment_in(operations)
    if (content.title, content.body) != (wanted["title"], wanted["body"]):
        if text_digest(content.title, content.body) == publication.base:
            return Free(content)
        return Undecided(changed_elsewhere(publication))
    if canonical(content.json_metadata) != canonical(wanted["json_metadata"]):
        return Free(content)
    trx_id, block = _written(content, content.last_update, watch, head)
    reason = "the chain shows this text already: the record is rebuilt from it"
    return Already(trx_id, block.num, block.time, reason, operations)


def _written(content: Content, moment: datetime, watch: Watch, head: Head) -> tuple[str, Block]:
    """The transaction that wrote a post at this moment, and its block, as enough nodes tell it."""
    watch.blocks.observe(head)
    found = watch.blocks.find_post(content.author, content.permlink, moment)
    if found is None:
        raise TransientChainError(
            f"@{content.author}/{content.permlink} is on the chain, but no irreversible block "
            "shows it yet", SLOT
        )  # fmt: skip
    return found


def _with_pictures(publication: Publication, content: Content) -> str:
    """The planned operations with the pictures' addresses, where the chain shows the same text."""
    pictures = addresses_in(content.body, comment_in(publication.operations)["body"])
    return with_addresses(publication.operations, pictures)


def _refuse_second_reblog(publication: Publication, chain: Chain) -> None:
    author, permlink = reblogged_in(publication.operations)
    if chain.agreed_content(author, permlink) is None:
        raise PermanentChainError(f"there is no post @{author}/{permlink} to reblog")
    if chain.agreed_reblog(publication.author, author, permlink):
        raise PermanentChainError(
            f"{publication.author} has reblogged @{author}/{permlink} already"
        )


def changed_elsewhere(edit: NewPublication) -> str:
    """Why an edit is held, and what a person may do."""
    return (
        f"@{edit.author}/{edit.permlink} was changed on the chain by other means: `briefbot show "
        f"{edit.brief} --difference` tells what, `briefbot keep brief {edit.brief}` or `briefbot "
        f"keep chain {edit.brief}` decides"
    )
