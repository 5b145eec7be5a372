"""What the authors' accounts have, kept fresh enough for a forecast of what they can pay for."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from bot.chain.errors import TransientChainError
from bot.chain.protocol import ResourceCredits
from bot.chain.watch import Watch
from bot.clock import Clock
from bot.records import Records
from bot.records.credits import AccountMana, CreditRecords, KeptPrices, Mana

EVERY = timedelta(hours=1)
"""Of the chain's time, after which figures are asked for again."""
BATCH = 100  # accounts asked about at once
REST = timedelta(minutes=10)  # in which a chain isn't asked again that gave no answer


class Accounts:
    """Asks for the mana of who has something pending, and for what it buys.

    Args:
        watches: the chains, by name.
    """

    def __init__(self, watches: Mapping[str, Watch], records: Records, now: Clock) -> None:
        self._watches = watches
        self._records = CreditRecords(records)
        self._now = now
        self._rests: dict[str, datetime] = {}

    def refresh(self) -> Iterator[None]:
        """Ask for what is too old, or older than an author's last post; it gives way after each.

        A chain that doesn't answer is left alone for a while: this is nobody's need.
        """
        for name, watch in self._watches.items():
            if self._now() < self._rests.get(name, self._now()):
                continue
            try:
                yield from self._refresh(name, watch)
            except TransientChainError:
                self._rests[name] = self._now() + REST

    def _refresh(self, name: str, watch: Watch) -> Iterator[None]:
        asked: set[str] = set()
        while True:
            old = self._records.to_ask(name, watch.calendar - EVERY, BATCH)
            names = [author for author in old if author not in asked]
            if not names:
                return
            head = watch.look()
            if not asked:
                self._ask_prices(name, watch, head.time)
                yield
            asked |= set(names)
            watch.chain.ask_mana(names)
            has, votes = watch.chain.known_credits(), watch.chain.known_mana()
            self._records.keep(
                AccountMana(name, each, _mana(has.get(each)), _mana(votes.get(each)), head.time)
                for each in names
            )
            yield

    def _ask_prices(self, name: str, watch: Watch, chain_now: datetime) -> None:
        known = self._records.prices().get(name)
        if known is None or known.read_at < chain_now - EVERY:
            prices = watch.chain.credit_prices()
            told = prices.figures() if prices else None
            self._records.keep_prices(KeptPrices(name, told, chain_now))


def _mana(told: ResourceCredits | None) -> Mana | None:
    return None if told is None else Mana(told.current_mana, told.max_mana, told.last_update)
