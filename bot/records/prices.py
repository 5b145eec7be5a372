"""What coins were worth in dollars, as a source told it, and whose turn it is to ask that.

Workers share one source: it is asked by whoever takes the turn, which is one row that changes hands
by the database's own clock. Who dies in his turn has it for `TURN` seconds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from bot.records.engine import insert_into
from bot.records.records import Records
from bot.records.tables import UNKNOWN_PRICE, from_now, price_sources, prices, quotes

TURN = 60.0
"""Seconds in which nobody else asks the source."""
NO_SUCH_REST = timedelta(days=2)
"""Longer than anybody is left alone: whoever is to rest so long, a wrong clock has told it so."""


@dataclass(frozen=True, slots=True)
class KeptQuote:
    """What a coin was worth last.

    Attributes:
        coin: the source's id of it.
        usd: dollars for one.
        at: when, by the source's word; no later than `fetched_at`.
        source: host of the source.
    """

    symbol: str
    coin: str
    usd: Decimal
    at: datetime
    source: str
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class Price:
    """What a coin was worth in dollars as a day (UTC) began; the fields are `KeptQuote`'s."""

    symbol: str
    day: date
    coin: str
    usd: Decimal
    source: str
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class Turn:
    """What its holder asks the source: the quotes, or else a coin's price of a day.

    Attributes:
        wanted: (symbol, day), or None: the quotes.
        failures: how often in a row the source gave nothing usable.
    """

    wanted: tuple[str, date] | None
    failures: int


@dataclass(frozen=True, slots=True)
class SourceState:
    """How it stands with a source.

    Attributes:
        trouble: what is wrong with what it tells; empty when nothing is.
        failures: see `Turn`; 0 where it tells some prices and not others.
        answered_at: when it last told a usable price.
        rest: seconds until it may be asked again.
    """

    trouble: str
    failures: int
    answered_at: datetime | None
    rest: float


class PriceRecords:
    """Prices, and the turns of one source.

    Args:
        address: of the source.
        coins: its ids of the symbols that are asked for.
    """

    def __init__(self, records: Records, address: str, coins: Mapping[str, str]) -> None:
        self._records = records
        self._address = address
        self._coins = coins

    # -- what is known -----------------------------------------------------------------------------

    def quotes(self) -> tuple[KeptQuote, ...]:
        """What each symbol was worth last, of those for which something is known."""
        query = sa.select(quotes).where(_is_of(quotes, self._coins)).order_by(quotes.c.symbol)
        with self._records.reading() as connection:
            return tuple(KeptQuote(**row._asdict()) for row in connection.execute(query))

    def price(self, symbol: str, day: date) -> Price | None:
        """A coin's price of a day, or None while it isn't known."""
        return self.prices((symbol,), day, day).get((symbol, day))

    def prices(
        self, symbols: Iterable[str], first: date, last: date
    ) -> Mapping[tuple[str, date], Price]:
        """What is known of these symbols from the first to the last day, by (symbol, day)."""
        coins = {symbol: self._coins[symbol] for symbol in symbols if symbol in self._coins}
        fields = [prices.c[name] for name in Price.__dataclass_fields__]
        query = sa.select(*fields).where(
            _is_of(prices, coins), prices.c.day.between(first, last), prices.c.usd.is_not(None)
        )
        with self._records.reading() as connection:
            found = [Price(**row._asdict()) for row in connection.execute(query)]
        return {(price.symbol, price.day): price for price in found}

    def state(self) -> SourceState | None:
        """How it stands with the source; None where nobody has ever asked it."""
        with self._records.reading() as connection:
            row = connection.execute(
                sa.select(price_sources, from_now(0.0).label("now")).where(self._is_mine())
            ).one_or_none()
        if row is None:
            return None
        rest = max((row.ask_at - row.now).total_seconds(), 0.0)
        return SourceState(row.trouble, row.failures, row.answered_at, rest)

    # -- what is wanted ----------------------------------------------------------------------------

    def want(self, wishes: Iterable[tuple[str, date, float]]) -> None:
        """Have days' prices asked for that aren't known: (symbol, day, seconds from now)."""
        rows = [
            {"symbol": symbol, "day": day, "coin": self._coins[symbol], "ask_at": from_now(seconds)}
            for symbol, day, seconds in wishes
            if symbol in self._coins
        ]
        if not rows or self._are_there(rows):
            return
        with self._records.writing() as connection:
            insert = insert_into(connection, prices)
            for row in rows:
                connection.execute(insert.values(row).on_conflict_do_nothing())

    def _are_there(self, rows: Sequence[Mapping[str, object]]) -> bool:
        keys = {(row["symbol"], row["day"]) for row in rows}
        query = sa.select(sa.func.count()).where(
            sa.tuple_(prices.c.symbol, prices.c.day).in_(list(keys))
        )
        with self._records.reading() as connection:
            return connection.execute(query).scalar_one() == len(keys)

    def forget_other_coins(self) -> None:
        """Leave what was told of other coins than those that the symbols stand for now.

        Quotes are asked for anew then, and so is each day that had a price.
        """
        with self._records.reading() as connection:
            kept = [
                {(row.symbol, row.coin) for row in connection.execute(query)}
                for query in (
                    sa.select(table.c.symbol, table.c.coin).distinct() for table in (quotes, prices)
                )
            ]
        wrong = {
            symbol
            for symbol, coin in set.union(*kept)
            if symbol in self._coins and self._coins[symbol] != coin
        }
        if not wrong:
            return
        with self._records.writing() as connection:
            for symbol in sorted(wrong):
                coin = self._coins[symbol]
                connection.execute(
                    sa.delete(quotes).where(quotes.c.symbol == symbol, quotes.c.coin != coin)
                )
                connection.execute(
                    sa.update(prices)
                    .where(prices.c.symbol == symbol, prices.c.coin != coin)
                    .values(usd=None, source=None, fetched_at=None, coin=coin, tries=0)
                    .values(ask_at=from_now(0.0))
                )
            connection.execute(
                sa.update(price_sources).where(self._is_mine()).values(quotes_at=from_now(0.0))
            )

    # -- turns -------------------------------------------------------------------------------------

    def rest(self) -> float:
        """Seconds until there is something to ask that may be asked; 0 when there is now."""
        wanted = sa.select(sa.func.min(prices.c.ask_at)).where(self._is_wanted())
        with self._records.reading() as connection:
            row = connection.execute(
                sa.select(
                    price_sources.c.ask_at,
                    price_sources.c.quotes_at,
                    wanted.scalar_subquery().label("wanted_at"),
                    from_now(0.0).label("now"),
                ).where(self._is_mine())
            ).one_or_none()
        if row is None:
            return 0.0
        due_at = min(row.quotes_at, row.wanted_at or row.quotes_at)
        rest: timedelta = max(row.ask_at, due_at) - row.now
        return 0.0 if rest > NO_SUCH_REST else max(rest.total_seconds(), 0.0)

    def take_turn(self) -> Turn | None:
        """The turn, for `TURN` seconds; None while another worker has it, or nothing is due."""
        wanted = (
            sa.select(prices.c.symbol, prices.c.day)
            .where(self._is_wanted(), prices.c.ask_at <= from_now(0.0))
            .order_by(prices.c.day.desc(), prices.c.symbol)
            .limit(1)
        )
        due = _has_come(price_sources.c.quotes_at)
        free = _has_come(price_sources.c.ask_at)
        with self._records.writing() as connection:
            connection.execute(
                insert_into(connection, price_sources)
                .values(address=self._address, ask_at=from_now(0.0), quotes_at=from_now(0.0))
                .on_conflict_do_nothing()
            )
            row = connection.execute(
                sa.update(price_sources)
                .where(self._is_mine(), free, sa.or_(due, wanted.exists()))
                .values(ask_at=from_now(TURN))
                .returning(due.label("due"), price_sources.c.failures)
            ).one_or_none()
            if row is None:
                return None
            day = None if row.due else connection.execute(wanted).one_or_none()
        return Turn((day.symbol, day.day) if day else None, row.failures)

    def answered_quotes(
        self, told: Iterable[KeptQuote], trouble: str, now: datetime, *, pause: float, every: float
    ) -> None:
        """Keep what a turn brought, and end it; what a source told earlier of a later time stays.

        Args:
            trouble: what it didn't tell.
            pause: seconds until the next turn.
            every: seconds until quotes are wanted again.
        """
        with self._records.writing() as connection:
            insert = insert_into(connection, quotes)
            for quote in told:
                row = {name: getattr(quote, name) for name in KeptQuote.__dataclass_fields__}
                newer = sa.or_(
                    quotes.c.at <= quote.at,
                    quotes.c.source != quote.source,
                    quotes.c.coin != quote.coin,
                )
                connection.execute(
                    insert.values(row).on_conflict_do_update(
                        index_elements=["symbol"], set_=row, where=newer
                    )
                )
            self._end_turn(connection, trouble, now, pause, quotes_at=from_now(every))

    def answered_day(
        self, wanted: tuple[str, date], usd: Decimal | None, source: str, now: datetime,
        *, pause: float, again: float,
    ) -> None:  # fmt: skip
        """Keep a day's price, and end the turn; None: the source doesn't tell it.

        Args:
            again: seconds after which it is asked for again then, doubled each time up to a week.
        """
        symbol, day = wanted
        here = sa.and_(prices.c.symbol == symbol, prices.c.day == day)
        with self._records.writing() as connection:
            if usd is None:
                _put_off(connection, wanted, again)
            else:
                found = {"usd": usd, "source": source, "fetched_at": now}
                connection.execute(sa.update(prices).where(here).values(**found))
            self._end_turn(connection, None, now, pause)

    def give_back_turn(self) -> None:
        """End a turn in which nothing was learned."""
        with self._records.writing() as connection:
            connection.execute(
                sa.update(price_sources).where(self._is_mine()).values(ask_at=from_now(0.0))
            )

    def failed(
        self, trouble: str, pause: float, wanted: tuple[str, date] | None, again: float
    ) -> None:
        """End a turn in which the source gave nothing usable.

        Args:
            pause: seconds until the next turn.
            wanted: the turn's day, which others come before now.
            again: as for `answered_day`.
        """
        with self._records.writing() as connection:
            if wanted:
                _put_off(connection, wanted, again)
            connection.execute(
                sa.update(price_sources)
                .where(self._is_mine())
                .values(
                    ask_at=from_now(pause), failures=price_sources.c.failures + 1, trouble=trouble
                )
            )

    def _end_turn(
        self, connection: sa.Connection, trouble: str | None, now: datetime, pause: float,
        **changes: object,
    ) -> None:  # fmt: skip
        """End a turn that brought something; of None, what was wrong with the quotes stays said."""
        kept = sa.case((price_sources.c.failures > 0, ""), else_=price_sources.c.trouble)
        changes["trouble"] = kept if trouble is None else trouble
        connection.execute(
            sa.update(price_sources)
            .where(self._is_mine())
            .values(ask_at=from_now(pause), failures=0, answered_at=now, **changes)
        )

    def _is_mine(self) -> sa.ColumnElement[bool]:
        return price_sources.c.address == self._address

    def _is_wanted(self) -> sa.ColumnElement[bool]:
        # not the column by itself: SQLite would go through all days by the primary key's index,
        # where the few that are wanted have one of their own
        symbol = prices.c.symbol.concat("")
        return sa.and_(UNKNOWN_PRICE, symbol.in_(sorted(self._coins)))


def _has_come(column: sa.Column[datetime]) -> sa.ColumnElement[bool]:
    """Whether it is time by the database's clock, or that clock was set back since."""
    return sa.or_(column <= from_now(0.0), column > from_now(NO_SUCH_REST.total_seconds()))


def _put_off(connection: sa.Connection, wanted: tuple[str, date], again: float) -> None:
    """Ask for a day later, and each time later still."""
    here = sa.and_(prices.c.symbol == wanted[0], prices.c.day == wanted[1])
    tries = connection.execute(sa.select(prices.c.tries).where(here)).scalar() or 0
    wait = min(again * 2 ** min(tries, 10), timedelta(days=7).total_seconds())
    connection.execute(sa.update(prices).where(here).values(tries=tries + 1, ask_at=from_now(wait)))


def _is_of(table: sa.Table, coins: Mapping[str, str]) -> sa.ColumnElement[bool]:
    """Whether a row tells of one of these coins under its symbol."""
    # the symbols by themselves too: by pairs SQLite finds nothing in the primary key's index
    pairs = (sa.and_(table.c.symbol == symbol, table.c.coin == coins[symbol]) for symbol in coins)
    return sa.and_(table.c.symbol.in_(sorted(coins)), sa.or_(sa.false(), *pairs))
