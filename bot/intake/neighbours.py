"""The other briefs of the queue, as links and replies name them."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from bot.briefs import Brief
from bot.chain.profiles import ChainProfile
from bot.format import Defaults
from bot.format.compose import parent_name, place
from bot.format.links import Name, Resolve, Target, with_links
from bot.intake.names import Names
from bot.records import UNPUBLISHED, Publication, Status

DEEPEST = 255
"""Replies to replies that nodes take (chain-rules §1.2 e4)."""
_THERE = {Status.INCLUDED, Status.FINAL}


class Recorded(Protocol):
    """What the records tell of a queue's briefs."""

    def latest_of(self, chain: str, brief: str) -> Publication | None:
        """A brief's latest publication on a chain."""

    def at(self, chain: str, author: str, permlink: str) -> Publication | None:
        """The living publication at an address, of whichever queue."""


class NothingRecorded:
    """Records of a queue of which nothing is recorded."""

    def latest_of(self, chain: str, brief: str) -> Publication | None:  # noqa: ARG002
        """None."""
        return None

    def at(self, chain: str, author: str, permlink: str) -> Publication | None:  # noqa: ARG002
        """None."""
        return None


class Neighbours:
    """Where briefs stand, or will stand.

    What goes wrong with a brief while another one asks for it is no trouble of the one that asks:
    it has no address then, and a finding of its own.
    """

    def __init__(
        self,
        names: Names,
        recorded: Recorded,
        defaults: Defaults,
        profiles: Mapping[str, ChainProfile],
        default_chain: str,
    ) -> None:
        self._names = names
        self._recorded = recorded
        self._defaults = defaults
        self._profiles = profiles
        self._default_chain = default_chain
        self._rows: dict[tuple[str, str], Publication | None] = {}
        self._next: dict[tuple[str, str], tuple[Brief, ...]] = {}
        self._stand: dict[str, dict[tuple[str, str], list[Brief]]] = {}

    def resolver(self, chain: str, asking: frozenset[str] = frozenset()) -> Resolve:
        """What tells where a brief stands on a chain; None for what isn't published there.

        Args:
            asking: paths of the briefs on whose behalf it is asked: replies in a circle have no
                address.
        """

        def resolve(name: Name) -> Target | None:
            brief = self._names.brief(name)
            return self._stands(chain, brief, asking) if brief else None

        return resolve

    def early(self, chain: str, asking: Brief, name: Name) -> str:
        """Why the brief that a text calls so has no address yet; empty where that isn't known."""
        brief = self._names.brief(name)
        if brief is None or brief.path == asking.path:
            return ""
        if brief.draft:
            return f"{brief.path} is a draft"
        if chain not in (brief.chains or (self._default_chain,)):
            return f"{brief.path} doesn't go to {chain}"
        try:
            # what it replies to is that brief's own matter, and told there
            stands = place(brief.on(chain), self._defaults, lambda _: Target("a", "b", ""))
        except Exception:  # noqa: BLE001  # whatever it is, it is that brief's
            return ""
        return "" if stands else f"{brief.path} can't be sent as it is"

    def awaits(self, chain: str, author: str, permlink: str) -> bool:
        """Whether a brief that isn't published yet will stand there; what needs it waits for it."""
        row = self._recorded.at(chain, author, permlink)
        if row is not None:
            return row.status not in _THERE
        return any(
            self._row(chain, brief.id) is None for brief in self._standing(chain, author, permlink)
        )

    def at(self, chain: str, author: str, permlink: str) -> frozenset[str]:
        """Paths of the briefs that stand, or want to stand, at this address."""
        found = {brief.path for brief in self._standing(chain, author, permlink)}
        row = self._recorded.at(chain, author, permlink)
        if row is not None and (brief := self._names.with_id(row.brief)):
            found.add(brief.path)
        return frozenset(found)

    def twins(self, chain: str, brief: Brief) -> frozenset[str]:
        """Paths of other briefs that stand, or want to stand, where this one is to."""
        target = self._stands(chain, brief, frozenset())
        return (
            self.at(chain, target.author, target.permlink) - {brief.path} if target else frozenset()
        )

    def _standing(self, chain: str, author: str, permlink: str) -> Iterator[Brief]:
        """Briefs that stand, or want to stand, at an address."""
        if chain not in self._stand:
            self._stand[chain] = {}
            for brief in self._names.changed():
                if target := self._stands(chain, brief, frozenset()):
                    there = (target.author, target.permlink)
                    self._stand[chain].setdefault(there, []).append(brief)
        yield from self._stand[chain].get((author, permlink), ())
        for brief in self._names.with_permlink(permlink):
            target = self._stands(chain, brief, frozenset())
            if target is not None and (target.author, target.permlink) == (author, permlink):
                yield brief

    def _stands(self, chain: str, brief: Brief, asking: frozenset[str]) -> Target | None:
        """Where a brief stands or will stand; a reply's address depends on all above it."""
        thread: list[Brief] = []
        met = set(asking)
        above: Brief | None = brief
        target: Target | None = None
        while above is not None:
            if chain not in (above.chains or (self._default_chain,)):
                return None
            row = self._row(chain, above.id)
            if row is not None and row.status not in {*UNPUBLISHED, Status.CANCELLED}:
                target = Target(row.author, row.permlink, row.url)
                break
            if above.draft or above.path in met or len(met) > DEEPEST:
                return None
            met.add(above.path)
            thread.append(above)
            parent = parent_name(above)
            if parent is None:
                break
            above = self._names.brief(parent)
        for each in reversed(thread):
            target = self._planned(chain, each, target)
        return target

    def _planned(self, chain: str, brief: Brief, parent: Target | None) -> Target | None:
        """Where a brief will stand, by what it replies to; None when that can't be said."""
        if chain not in self._profiles:
            return None
        try:
            stands = place(brief.on(chain), self._defaults, lambda _: parent)
        except Exception:  # noqa: BLE001  # whatever it is, it is that brief's
            return None
        if stands is None:
            return None
        return Target(stands.author, stands.permlink, stands.url(self._profiles[chain].url))

    def leads_back(self, chain: str, start: Brief, name: Name) -> bool:
        """Whether a brief that isn't published yet links back to `start`, by any way."""
        met: set[str] = set()
        first = self._names.brief(name)
        ahead = [first] if first else []
        while ahead:
            brief = ahead.pop()
            if brief.path == start.path:
                return True
            if brief.path not in met:
                met.add(brief.path)
                ahead += self._ahead(chain, brief)
        return False

    def _ahead(self, chain: str, brief: Brief) -> tuple[Brief, ...]:
        """What an unpublished brief links to."""
        key = (chain, brief.path)
        if key not in self._next:
            row = self._row(chain, brief.id)
            published = row is not None and row.status in _THERE
            self._next[key] = () if published else tuple(self._linked(chain, brief))
        return self._next[key]

    def _linked(self, chain: str, brief: Brief) -> Iterator[Brief]:
        try:
            links = with_links(brief.body, brief.path, self.resolver(chain))[1]
        except Exception:  # noqa: BLE001  # whatever it is, it is that brief's
            return
        for link in links:
            if link.target and (other := self._names.brief(link.name)):
                yield other

    def _row(self, chain: str, brief: str) -> Publication | None:
        if (chain, brief) not in self._rows:
            self._rows[chain, brief] = self._recorded.latest_of(chain, brief)
        return self._rows[chain, brief]
