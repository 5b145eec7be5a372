"""What accounts can pay for: what is planned, held against their resource credits (chain-rules §3).

Figures and prices are those that the service has recorded; no node is asked.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.chain.codec import operations_in
from bot.chain.credits import CreditPrices
from bot.chain.protocol import Operation, ResourceCredits
from bot.format.size import LARGEST, recorded_size
from bot.records import Outlook
from bot.records.credits import CreditRecords
from bot.reports.appointments import Author
from bot.reports.plan import Plan, Step

TOO_OLD = timedelta(days=1)
"""Figures that are older tell nothing."""


@dataclass(frozen=True, slots=True)
class Bill:
    """What a post costs, in credits, and when it is to be paid."""

    brief: str
    at: datetime
    cost: int


@dataclass(frozen=True, slots=True)
class Payment:
    """When a post can be paid for.

    Attributes:
        enough_from: its time, or when there are enough credits later; None: the account can never
            hold so many.
    """

    brief: str
    at: datetime
    enough_from: datetime | None

    @property
    def is_in_time(self) -> bool:
        """Whether it can be paid for when it is to go out."""
        return self.enough_from is not None and self.enough_from <= self.at


def forecast(figures: ResourceCredits, bills: Iterable[Bill], now: datetime) -> list[Payment]:
    """When each of an author's posts can be paid for, the first one first.

    What was spent is gone and grows back. A post for which there is too little waits until there is
    enough, and others go out meanwhile for which there is: of those that wait the cheapest first.
    """
    purse = _Purse(figures, now)
    found: dict[int, datetime | None] = {}
    late: list[tuple[int, int]] = []
    in_order = sorted(bills, key=lambda bill: bill.at)
    for number, bill in enumerate(in_order):
        at = max(bill.at, now)
        found |= purse.settle(late, at)
        if purse.enough_from(bill.cost, at) == at:
            purse.pay(bill.cost, at)
            found[number] = bill.at
        elif bill.cost > figures.max_mana:
            found[number] = None
        else:
            heapq.heappush(late, (bill.cost, number))
    found |= purse.settle(late, None)
    return [Payment(bill.brief, bill.at, found[n]) for n, bill in enumerate(in_order)]


class _Purse:
    """Credits in the course of time."""

    def __init__(self, figures: ResourceCredits, now: datetime) -> None:
        self._figures = figures
        self._now = now

    def enough_from(self, cost: int, at: datetime) -> datetime | None:
        """When there are so many, not before this instant."""
        return self._figures.suffices_at(cost, at)

    def pay(self, cost: int, at: datetime) -> None:
        most = self._figures.max_mana
        left = int(self._figures.share(at) * most) - cost
        self._figures = ResourceCredits(left, most, at)
        self._now = at

    def settle(
        self, late: list[tuple[int, int]], until: datetime | None
    ) -> Iterator[tuple[int, datetime]]:
        """Pay what waits, the cheapest first, as far as there is enough by an instant."""
        while late:
            cost, number = late[0]
            at = self.enough_from(cost, self._now)
            assert at is not None, "what can never be paid doesn't wait"
            if until is not None and at > until:
                return
            heapq.heappop(late)
            self.pay(cost, at)
            yield number, at


@dataclass(frozen=True, slots=True)
class Shortage:
    """That an author's credits don't last.

    Attributes:
        planned: how many posts are shown.
        in_time: how many of them can be paid for when they are to go out.
        until: when the last one is to go out.
        first: the first one that can't.
    """

    chain: str
    author: str
    planned: int
    in_time: int
    until: datetime
    first: Payment


@dataclass(slots=True)
class Forecast:
    """What is known of all authors who are shown.

    Attributes:
        enough_from: by (chain, brief), for what can be paid for some day.
        old: since when nothing new is known, of figures that are too old.
        unknown: authors for whom the service has something queued, and knows no figures yet.
    """

    shortages: list[Shortage] = field(default_factory=list)
    enough_from: dict[tuple[str, str], datetime] = field(default_factory=dict)
    old: dict[Author, datetime] = field(default_factory=dict)
    unknown: set[Author] = field(default_factory=set)


def forecasts(plan: Plan, shown: Sequence[Step], now: datetime) -> Forecast:
    """What the authors of these steps can pay for.

    The texts of an author's posts are looked at only where as many of the largest size would be too
    much. Edits and what is held aren't counted.
    """
    found = Forecast()
    records = plan.calendars.records
    if records is None:
        return found
    kept = CreditRecords(records)
    accounts, prices = kept.accounts(), kept.prices()
    steps = _by_author(shown)
    known: dict[Author, tuple[ResourceCredits, CreditPrices]] = {}
    before = _by_author(plan.steps)
    for author, mine in steps.items():
        figures, price = accounts.get(author), prices.get(author[0])
        if figures is None or price is None:
            found.unknown |= {author} if any(s.state != _NEW for s in mine) else set()
            continue
        if price.told is None or figures.credits is None:
            continue  # this chain doesn't tell
        read_at = min(figures.read_at, price.read_at)
        if now - read_at > TOO_OLD:
            found.old[author] = read_at
            continue
        has = figures.credits
        mana = ResourceCredits(has.current, has.most, has.at)
        known[author] = mana, CreditPrices.of(price.told)
    doubtful = _in_doubt(known, dict.fromkeys(known, LARGEST), before, now)
    doubtful = _in_doubt(doubtful, _largest(kept, plan, doubtful), before, now)
    for author, (mana, price_now) in doubtful.items():
        until = max(step.when for step in steps[author] if step.when)
        due = [step for step in before[author] if step.when and step.when <= until]
        bills = list(_bills(kept, plan, author, due, price_now))
        _tell(found, author, steps[author], forecast(mana, bills, now))
    for author, mine in steps.items():
        if author in known and author not in doubtful:
            found.enough_from |= {(s.chain, s.brief): s.when for s in mine if s.when}
    return found


_NEW = "new"
_GOES = {Outlook.PLANNED.value, Outlook.WAITING.value}
_SHORTEST_SHARE = 30  # bytes at least that a beneficiary takes in recorded operations
_MOST_SHARES = 127
_LONGEST_PERMLINK = 255


def _by_author(steps: Iterable[Step]) -> Mapping[Author, list[Step]]:
    """Those that go out by themselves, at a time that is known."""
    found: defaultdict[Author, list[Step]] = defaultdict(list)
    for step in steps:
        if step.when is not None and step.outlook in _GOES and step.state != "held":
            found[step.chain, step.author].append(step)
    return found


def _in_doubt(
    authors: Mapping[Author, tuple[ResourceCredits, CreditPrices]],
    sizes: Mapping[Author, int],
    steps: Mapping[Author, Sequence[Step]],
    now: datetime,
) -> dict[Author, tuple[ResourceCredits, CreditPrices]]:
    """Those who, without regrowth, couldn't pay for as many posts of such a size."""
    found = {}
    for author, (mana, prices) in authors.items():
        size = sizes[author]
        most = prices.cost(_costliest(size), size)
        has = mana.share(now) * mana.max_mana
        if most is None or most * len(steps[author]) > has:
            found[author] = mana, prices
    return found


def _costliest(size: int) -> list[Operation]:
    """Operations that cost no less than those of any post of this size."""
    longest = "p" * _LONGEST_PERMLINK
    shares: list[dict[str, object]] = [{}] * min(_MOST_SHARES, size // _SHORTEST_SHARE)
    return [
        ("comment", {"permlink": longest, "parent_permlink": longest}),
        ("comment_options", {"extensions": [[0, {"beneficiaries": shares}]]}),
        ("vote", {}),
    ]


def _largest(kept: CreditRecords, plan: Plan, authors: Iterable[Author]) -> dict[Author, int]:
    """Bytes of the largest post of each: as recorded, and as its file is now."""
    by_chain: defaultdict[str, set[str]] = defaultdict(set)
    for chain, author in authors:
        by_chain[chain].add(author)
    found = {}
    for chain, names in by_chain.items():
        recorded = kept.largest(chain, names)
        for name in names:
            changed = plan.calendars.changed_operations(chain, name).values()
            sizes = [len(text.encode(errors="surrogatepass")) for text in changed]
            found[chain, name] = max([recorded.get(name, 0), *sizes]) or LARGEST
    return found


def _bills(
    kept: CreditRecords, plan: Plan, author: Author, steps: Iterable[Step], prices: CreditPrices
) -> Iterator[Bill]:
    """What each of these costs; what can't be told is left out."""
    whens = {step.permlink: step for step in steps}
    changed = plan.calendars.changed_operations(*author)
    texts = kept.operations(*author, whens.keys() - changed.keys())
    for permlink, step in whens.items():
        text = changed.get(permlink) or texts.get(permlink)
        if text is None or step.when is None:
            continue
        operations = operations_in(text)
        cost = prices.cost(operations, recorded_size(operations))
        if cost is not None:
            yield Bill(step.brief, step.when, cost)


def _tell(
    found: Forecast, author: Author, shown: Sequence[Step], payments: Sequence[Payment]
) -> None:
    """Take note of what an author can pay for."""
    chain, name = author
    briefs = {step.brief for step in shown}
    mine = [payment for payment in payments if payment.brief in briefs]
    found.enough_from |= {(chain, one.brief): one.enough_from for one in mine if one.enough_from}
    late = [one for one in mine if not one.is_in_time]
    if late:
        in_time = len(mine) - len(late)
        until = max(one.at for one in mine)
        found.shortages.append(Shortage(chain, name, len(mine), in_time, until, late[0]))
