"""What goes first: a reply's parent before the reply, a brief before those that link to it."""

import json
import re
from collections.abc import Iterator

from bot.chain.codec import comment_in
from bot.records import Publication, Records, Status

_POST = re.compile(r"@([a-z0-9.-]+)/([a-z0-9-]+)/?$")
_DONE = {Status.INCLUDED, Status.FINAL, Status.CANCELLED}
_FOR_GOOD = {Status.FINAL, Status.CANCELLED}  # a reply to what a fork takes away is refused


def blocker(records: Records, publication: Publication) -> Publication | None:
    """The publication that must be on the chain before this one may go; None when it may.

    Briefs that link to each other in a circle don't wait for one another.
    """
    for other in _unpublished(records, publication):
        if not _leads_to(records, other, publication, set()):
            return other
    return None


def _leads_to(records: Records, publication: Publication, goal: Publication, met: set[int]) -> bool:
    if publication.id in met:
        return False
    met.add(publication.id)
    return any(
        other.id == goal.id or _leads_to(records, other, goal, met)
        for other in _unpublished(records, publication)
    )


def _unpublished(records: Records, publication: Publication) -> Iterator[Publication]:
    """What a publication replies or links to and isn't on the chain yet."""
    comment = comment_in(publication.operations)
    if not comment:
        return
    places = dict.fromkeys(
        (match[1], match[2])
        for link in json.loads(comment["json_metadata"]).get("links", ())
        if (match := _POST.search(link))
    )
    parent = (comment["parent_author"], comment["parent_permlink"])
    for author, permlink in [parent] * bool(parent[0]) + list(places):
        other = records.at(publication.chain, author, permlink)
        own = (publication.author, publication.permlink) == (author, permlink)
        done = _FOR_GOOD if (author, permlink) == parent else _DONE
        if other is not None and not own and other.status not in done:
            yield other
