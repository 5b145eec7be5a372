"""The other briefs of the queue, as links and replies name them."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property

from bot.briefs import Brief, Entry
from bot.chain.profiles import ChainProfile
from bot.format import Defaults
from bot.format.compose import parent_name, place
from bot.format.links import Name, Resolve, Target, with_links
from bot.records import UNPUBLISHED, Publication, Status

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}-")
DEEPEST = 255
"""Replies to replies that nodes take (chain-rules §1.2 e4)."""
_THERE = {Status.INCLUDED, Status.FINAL}

Known = Mapping[tuple[str, str], Publication]
"""The latest publication of each (chain, brief)."""


class Neighbours:
    """Where briefs stand, or will stand.

    What goes wrong with a brief while another one asks for it is no trouble of the one that asks:
    it has no address then, and a finding of its own.

    Args:
        entries: gives the queue's files; called when the first link is met.
        known: gives what is recorded of them.
    """

    def __init__(
        self,
        entries: Callable[[], Iterable[Entry]],
        known: Callable[[], Known],
        defaults: Defaults,
        profiles: Mapping[str, ChainProfile],
        default_chain: str,
    ) -> None:
        self._entries = entries
        self._known = known
        self._defaults = defaults
        self._profiles = profiles
        self._default_chain = default_chain
        self._awaited: dict[str, frozenset[tuple[str, str]]] = {}
        self._next: dict[tuple[str, str], tuple[str, ...]] = {}
        self._stand: dict[str, dict[tuple[str, str], set[str]]] = {}

    def resolver(self, chain: str, asking: frozenset[str] = frozenset()) -> Resolve:
        """What tells where a brief stands on a chain; None for what isn't published there.

        Args:
            asking: paths of the briefs on whose behalf it is asked: replies in a circle have no
                address.
        """

        def resolve(name: Name) -> Target | None:
            brief = self._named(name)
            return self._stands(chain, brief, asking) if brief else None

        return resolve

    def awaits(self, chain: str, author: str, permlink: str) -> bool:
        """Whether a brief that isn't published yet will stand there; what needs it waits for it."""
        if chain not in self._awaited:
            self._awaited[chain] = frozenset(self._addresses(chain))
        return (author, permlink) in self._awaited[chain]

    def _addresses(self, chain: str) -> Iterator[tuple[str, str]]:
        """(author, permlink) of all that is going to stand on a chain."""
        for brief in self._by_path.values():
            if (chain, brief.id) not in self._recorded:
                target = self._stands(chain, brief, frozenset())
                if target is not None:
                    yield target.author, target.permlink
        for (where, _), row in self._recorded.items():
            if where == chain and row.status not in {*_THERE, Status.CANCELLED}:
                yield row.author, row.permlink

    def _stands(self, chain: str, brief: Brief, asking: frozenset[str]) -> Target | None:
        """Where a brief stands or will stand; a reply's address depends on all above it."""
        thread: list[Brief] = []
        met = set(asking)
        above: Brief | None = brief
        target: Target | None = None
        while above is not None:
            if chain not in (above.chains or (self._default_chain,)):
                return None
            row = self._recorded.get((chain, above.id))
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
            above = self._named(parent)
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

    def at(self, chain: str, author: str, permlink: str) -> frozenset[str]:
        """Paths of the briefs that stand, or want to stand, at this address."""
        if chain not in self._stand:
            self._stand[chain] = {}
            for brief in self._by_path.values():
                target = self._stands(chain, brief, frozenset())
                if target is not None:
                    there = self._stand[chain].setdefault((target.author, target.permlink), set())
                    there.add(brief.path)
        return frozenset(self._stand[chain].get((author, permlink), ()))

    def leads_back(self, chain: str, start: Brief, name: Name) -> bool:
        """Whether a brief that isn't published yet links back to `start`, by any way."""
        met: set[str] = set()
        first = self._named(name)
        ahead = [first.path] if first else []
        while ahead:
            path = ahead.pop()
            if path == start.path:
                return True
            if path not in met:
                met.add(path)
                ahead += self._ahead(chain, path)
        return False

    def _ahead(self, chain: str, path: str) -> tuple[str, ...]:
        """Paths of what an unpublished brief links to."""
        if (chain, path) not in self._next:
            brief = self._by_path[path.rpartition(".")[0]]
            row = self._recorded.get((chain, brief.id))
            try:
                links = with_links(brief.body, brief.path, self.resolver(chain))[1]
            except Exception:  # noqa: BLE001  # whatever it is, it is that brief's
                links = ()
            named = [self._named(link.name) for link in links if link.target]
            published = row is not None and row.status in _THERE
            self._next[chain, path] = (
                () if published else tuple(other.path for other in named if other)
            )
        return self._next[chain, path]

    def _named(self, name: Name) -> Brief | None:
        if name.path is not None:
            stem = re.sub(r"\.(?:md|markdown)$", "", name.path, flags=re.IGNORECASE)
            if found := self._by_path.get(stem) or self._by_path.get(f"{stem}/index"):
                return found
        word = re.sub(r"\.(?:md|markdown)$", "", name.word.strip().lower())
        return self._by_word.get(word)

    @cached_property
    def _recorded(self) -> Known:
        return self._known()

    @cached_property
    def _by_path(self) -> Mapping[str, Brief]:
        return {e.path.rpartition(".")[0]: e.brief for e in self._entries() if e.brief}

    @cached_property
    def _by_word(self) -> Mapping[str, Brief]:
        """By id, by the file's name (with its day and without), and by title; ids come first."""
        found: dict[str, Brief] = {}
        names: tuple[Callable[[Brief], str], ...] = (
            lambda brief: brief.id,
            lambda brief: brief.name,
            lambda brief: _DAY.sub("", brief.name),
            lambda brief: brief.title,
        )
        for name in names:
            for brief in self._by_path.values():
                found.setdefault(name(brief).lower(), brief)
        return found
