"""What goes first: a reply's parent before the reply, a brief before those that link to it."""

import json
import re
from collections.abc import Iterator
from typing import Protocol

from bot.chain.codec import comment_in
from bot.records import Publication, Status

Address = tuple[str, str]
"""(author, permlink)"""
_POST = re.compile(r"@([a-z0-9.-]+)/([a-z0-9-]+)/?$")
_DONE = {Status.INCLUDED, Status.FINAL, Status.CANCELLED}
_FOR_GOOD = {Status.FINAL, Status.CANCELLED}  # a reply to what a fork takes away is refused


class Named(Protocol):
    """What may name others: a publication, or what the calendar is asked about."""

    @property
    def id(self) -> int:
        """Its number in the records."""

    @property
    def chain(self) -> str:
        """Where it goes."""

    @property
    def author(self) -> str:
        """Whose it is."""

    @property
    def permlink(self) -> str:
        """What it is called there."""

    @property
    def operations(self) -> str | None:
        """What is signed, as JSON; None where it is known to name no other."""


class Lookup(Protocol):
    """Tells which publication has an address."""

    def at(self, chain: str, author: str, permlink: str) -> Publication | None:
        """The post or reply that has this address, or is to have it."""


def blocker(records: Lookup, publication: Named) -> Publication | None:
    """The publication that must be on the chain before this one may go; None when it may."""
    return next(needed(records, publication), None)


def needed(records: Lookup, publication: Named) -> Iterator[Publication]:
    """All that must be on the chain before this one may go.

    Briefs that link to each other in a circle don't wait for one another.
    """
    for other in _unpublished(records, publication):
        if not _leads_to(records, other, publication, set()):
            yield other


def _leads_to(records: Lookup, publication: Named, goal: Named, met: set[int]) -> bool:
    if publication.id in met:
        return False
    met.add(publication.id)
    return any(
        other.id == goal.id or _leads_to(records, other, goal, met)
        for other in _unpublished(records, publication)
    )


def named(publication: Named) -> tuple[Address, ...]:
    """The posts that a publication replies or links to, wherever they are."""
    parent, links = _addresses(publication)
    return tuple(dict.fromkeys([*filter(None, [parent]), *links]))


def _unpublished(records: Lookup, publication: Named) -> Iterator[Publication]:
    """What a publication replies or links to and isn't on the chain yet."""
    parent, links = _addresses(publication)
    for address in dict.fromkeys([*filter(None, [parent]), *links]):
        other = records.at(publication.chain, *address)
        done = _FOR_GOOD if address == parent else _DONE
        if other is not None and other.status not in done:
            yield other


def _addresses(publication: Named) -> tuple[Address | None, list[Address]]:
    """What a publication replies to, and what else it links to; never itself."""
    comment = comment_in(publication.operations) if publication.operations else {}
    if not comment:
        return None, []
    own = (publication.author, publication.permlink)
    links = [
        (match[1], match[2])
        for link in json.loads(comment["json_metadata"]).get("links", ())
        if (match := _POST.search(link)) and (match[1], match[2]) != own
    ]
    parent = (comment["parent_author"], comment["parent_permlink"])
    return (parent if parent[0] and parent != own else None), links
