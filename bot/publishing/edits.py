"""What follows a post that stands on the chain: its edits, its deletion, its reblogs."""

import json
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

from bot.briefs import Finding, found
from bot.chain.protocol import Operation
from bot.format.pictures import addresses_in, with_addresses
from bot.publishing.composer import Composition, publication_of
from bot.records import Kind, NewPublication, Publication, text_digest

_PLACE = ("parent_author", "parent_permlink", "author", "permlink")


def comment_of(publication: NewPublication) -> dict[str, Any]:
    """The fields of a publication's comment operation; empty when it has none."""
    for name, given in json.loads(publication.operations):
        if name == "comment":
            return dict(given)
    return {}


def edit_of(
    published: Publication, fingerprint: str, composition: Composition
) -> NewPublication | None:
    """The edit that makes a published brief what its file says now; None when nothing differs.

    Where a post stands can't change: an edit keeps its address and its category.
    """
    new = publication_of(composition, fingerprint)
    before, after = comment_of(published), comment_of(new)
    pictures = addresses_in(before["body"], after["body"])
    after = {key: with_addresses(text, pictures) for key, text in after.items()}
    if _essence(before) == _essence(after):
        return None
    after |= {name: before[name] for name in _PLACE}
    return replace(
        edit_back(published),
        path=new.path,
        fingerprint=fingerprint,
        title=new.title,
        tags=new.tags,
        operations=_as_text(("comment", after)),
    )


def edit_back(published: Publication) -> NewPublication:
    """The edit that puts a brief's published text back, wherever the chain's has gone."""
    comment = comment_of(published)
    plan = {field.name: getattr(published, field.name) for field in fields(NewPublication)}
    plan |= {
        "kind": Kind.EDIT,
        "operations": _as_text(("comment", comment)),
        "scheduled_at": None,
        "expires_at": None,
        "base": text_digest(comment["title"], comment["body"]),
    }
    return NewPublication(**plan)


def deletion_of(published: Publication, fingerprint: str) -> NewPublication:
    """What takes a brief's post off the chain (chain-rules §1.5)."""
    target = {"author": published.author, "permlink": published.permlink}
    return replace(
        edit_back(published),
        kind=Kind.DELETE,
        fingerprint=fingerprint,
        operations=_as_text(("delete_comment", target)),
        base=None,
    )


def reblog_of(chain: str, account: str, author: str, permlink: str) -> NewPublication:
    """What shows a post to an account's readers (chain-rules §1.6)."""
    told = ["reblog", {"account": account, "author": author, "permlink": permlink}]
    operation = {
        "required_auths": [],
        "required_posting_auths": [account],
        "id": "follow",
        "json": json.dumps(told, separators=(",", ":")),
    }
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
        operations=_as_text(("custom_json", operation)),
    )


def reblogged(publication: NewPublication) -> tuple[str, str]:
    """(author, permlink) of the post that a reblog shows."""
    told = json.loads(json.loads(publication.operations)[0][1]["json"])[1]
    return told["author"], told["permlink"]


def _as_text(operation: Operation) -> str:
    return json.dumps([operation], ensure_ascii=False, separators=(",", ":"))


def changed_elsewhere(edit: NewPublication) -> str:
    """Why an edit is held, and what a person may do."""
    return (
        f"@{edit.author}/{edit.permlink} was changed on the chain by other means: `briefbot show "
        f"{edit.brief} --difference` tells what, `briefbot keep brief {edit.brief}` or `briefbot "
        f"keep chain {edit.brief}` decides"
    )


def edit_findings(published: Publication, composition: Composition) -> Iterator[Finding]:
    """What the changed file asks for that can't be changed any more."""
    brief, post = composition.brief, composition.post
    if post is None:
        return
    before = comment_of(published)
    where = f"@{published.author}/{published.permlink}"
    if post.author != published.author:
        message = f"{where} is published; its author can't change: give the brief another `id`"
        yield found(brief.path, brief.line("author"), "edit.author", message)
    if brief.slug is not None and brief.slug != published.permlink:
        message = f"{where} is published; its permlink can't change: give the brief another `id`"
        yield found(brief.path, brief.line("slug"), "edit.permlink", message)
    if post.parent_author != before["parent_author"] or (
        post.is_reply and post.parent_permlink != before["parent_permlink"]
    ):
        message = f"{where} is published; what it replies to can't change"
        yield found(brief.path, brief.line("reply_to"), "edit.category", message)
    elif post.parent_permlink != before["parent_permlink"]:
        category = before["parent_permlink"]
        message = f"{where} stays in the category {category}: a category can't change"
        key = "community" if brief.community else "tags"
        yield found(brief.path, brief.line(key), "edit.category", message)
    options = [operation for operation in composition.operations if operation[0] != "comment"]
    if published.kind is not Kind.EDIT:
        sent = [tuple(operation) for operation in json.loads(published.operations)]
        if options != [operation for operation in sent if operation[0] != "comment"]:
            message = f"{where} is published; rewards, beneficiaries and its own vote stay as sent"
            yield found(brief.path, 1, "edit.options", message)


def _essence(comment: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """What of a comment operation an edit is for; not which version of ours wrote it."""
    values = json.loads(comment["json_metadata"])
    return comment["title"], comment["body"], {k: v for k, v in values.items() if k != "app"}
