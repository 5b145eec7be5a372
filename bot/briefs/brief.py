"""A brief: what the author wrote, parsed and typed, with nothing decided for the chain yet."""

import copyreg
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from bot.briefs.place import name_of


@dataclass(frozen=True, slots=True, order=True)
class Beneficiary:
    """An account that shares the author's reward; `weight` in 1/100 of a percent (500 = 5 %)."""

    account: str
    weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """One Markdown file of the queue.

    Optional keys are None (or empty) when the author did not give them; defaults from the
    configuration are applied later, by `bot.format`.

    Attributes:
        id: identity that survives a renamed file; by default the path without suffix.
        path: where the file is, relative to the queue, with `/`.
        title: as written, white space at both ends removed.
        body: text after the front matter, without blank lines at the start and white space at
            the end, otherwise byte for byte.
        body_line: line of the file on which `body` starts, from 1.
        author: the account that the file names.
        authors: all that it names as authors, accounts and people, as written.
        place_slug: the permlink that the file's place gives (a bundle's folder), where no `slug`
            is written.
        image: a picture's address, its path, or `[[name]]` for one that is found by its name.
        tags: normalised (lower case, no `#`), in order, without doubles.
        date: do not publish before this instant (UTC).
        expires: do not publish after this instant (UTC).
        series: whose slots it takes; None takes its author's own.
        priority: among those that take slots: higher first.
        late: `publish`, `miss` or `next-slot`; None is what the configuration says.
        grace: how long after its time it is still on time; None likewise.
        approve: whether a person must release it; None likewise.
        reward_percent: the chain's percent_steem_dollars / percent_hbd: 10000 is 50/50, 0 is
            all power; None is the chain's default.
        max_accepted_payout: in the chain's dollars; 0 declines payout.
        self_vote: percent (0 to 100) of the author's own vote.
        reply_to: (author, permlink) of the post that this one replies to.
            (`""`, name) for one that another brief makes.
        cross_post: (author, permlink) of the post that this one shows in another community.
        chains: names of configured chains; empty means the configured default.
        differing: chain to the fields that are otherwise there; `on` applies them.
        ignore: codes of findings that the author doesn't want to see.
        markup: `platform` goes out byte for byte, `extended` is formatted by Python-Markdown.
        lines: front matter key (canonical name) to line of the file, for findings.
    """

    id: str
    path: str
    title: str
    body: str
    body_line: int = 1
    tags: tuple[str, ...] = ()
    author: str | None = None
    authors: tuple[str, ...] = ()
    date: datetime | None = None
    expires: datetime | None = None
    timezone: str | None = None
    series: str | None = None
    priority: Decimal = Decimal(0)
    late: str | None = None
    grace: timedelta | None = None
    approve: bool | None = None
    slug: str | None = None
    place_slug: str | None = None
    community: str | None = None
    description: str | None = None
    authored_by: str | None = None
    image: str | None = None
    canonical_url: str | None = None
    beneficiaries: tuple[Beneficiary, ...] = ()
    reward_percent: int | None = None
    max_accepted_payout: Decimal | None = None
    allow_votes: bool = True
    allow_curation_rewards: bool = True
    self_vote: Decimal | None = None
    reply_to: tuple[str, str] | None = None
    cross_post: tuple[str, str] | None = None
    chains: tuple[str, ...] = ()
    differing: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: MappingProxyType({}))
    draft: bool = False
    markup: str = "platform"
    ignore: tuple[str, ...] = ()
    lines: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    def on(self, chain: str) -> "Brief":
        """The brief as it is for this chain."""
        return replace(self, **self.differing[chain]) if chain in self.differing else self

    @property
    def name(self) -> str:
        """What it is called by its file, or its page bundle's folder."""
        return name_of(self.path)

    def line(self, key: str) -> int:
        """The line of the file where `key` stands, or 1 when the author did not write it."""
        return self.lines.get(key, 1)


def _proxy(mapping: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(mapping)


def _reduced(proxy: MappingProxyType[Any, Any]) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    return _proxy, (dict(proxy),)


copyreg.pickle(MappingProxyType, _reduced)  # what a brief holds, and pickle doesn't know
