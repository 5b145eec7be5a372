"""What a changed file of a published brief makes of its post."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bot.briefs import Finding, found
from bot.chain.codec import comment_in, operations_in, operations_text
from bot.format.pictures import addresses_in, standing, with_addresses
from bot.intake.composer import Composition, publication_of, wanted_digest
from bot.records import Kind, NewPublication, Publication, text_digest
from bot.records.plans import following

_PLACE = ("parent_author", "parent_permlink", "author", "permlink")


def edit_of(
    published: Publication, fingerprint: str, composition: Composition
) -> NewPublication | None:
    """The edit that makes a published brief what its file says now; None when nothing differs.

    Where a post stands can't change: an edit keeps its address and its category.
    """
    new = publication_of(composition, fingerprint)
    before, after = comment_in(published.operations), comment_in(new.operations)
    pictures = addresses_in(before["body"], after["body"])
    after = {key: with_addresses(text, pictures) for key, text in after.items()}
    if _essence(before) == _essence(after):
        return None
    after |= {name: before[name] for name in _PLACE}
    base = text_digest(before["title"], before["body"])
    made = [("comment", after)]
    text = operations_text(made)
    shows = tuple(pair for pair in new.shows if pair[0] in standing(text))
    return replace(
        following(published, Kind.EDIT, text, base),
        path=new.path,
        fingerprint=fingerprint,
        wanted=wanted_digest(made, shows=shows),
        shows=shows,
        title=new.title,
        tags=new.tags,
    )


def edit_findings(published: Publication, composition: Composition) -> Iterator[Finding]:
    """What the changed file asks for that can't be changed any more."""
    brief, post = composition.brief, composition.post
    if post is None:
        return
    before = comment_in(published.operations)
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
        sent = operations_in(published.operations)
        if options != [operation for operation in sent if operation[0] != "comment"]:
            message = f"{where} is published; rewards, beneficiaries and its own vote stay as sent"
            yield found(brief.path, 1, "edit.options", message)


def _essence(comment: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """What of a comment operation an edit is for; not who wrote it."""
    values = json.loads(comment["json_metadata"])
    return (
        comment["title"],
        comment["body"],
        {key: value for key, value in values.items() if key not in {"app", "briefbot"}},
    )
