"""What accounts can pay for: their mana, and the prices of it, as nodes told them last.

The instants are the chain's, whose clock may be ahead of ours.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.records.engine import insert_into
from bot.records.reading import portions
from bot.records.records import Records
from bot.records.tables import PENDING, account_mana, credit_prices, leases, publications


@dataclass(frozen=True, slots=True)
class Mana:
    """What grows back in five days: how much there was at an instant, and how much can be."""

    current: int
    most: int
    at: datetime


@dataclass(frozen=True, slots=True)
class AccountMana:
    """What an account had when it was asked about last.

    Attributes:
        credits: resource credits, by which it pays for what it posts; None where there are none.
        voting: voting mana.
        read_at: when that was.
    """

    chain: str
    author: str
    credits: Mana | None
    voting: Mana | None
    read_at: datetime


@dataclass(frozen=True, slots=True)
class KeptPrices:
    """What resource credits bought when that was asked last.

    Attributes:
        told: its figures, which `bot.chain.credits` understands; None where the chain tells none.
    """

    chain: str
    told: Mapping[str, Mapping[str, Any]] | None
    read_at: datetime


class CreditRecords:
    """Figures of accounts, and the prices of credits."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def accounts(self) -> Mapping[tuple[str, str], AccountMana]:
        """What is known of each account, by (chain, author)."""
        with self._records.reading() as connection:
            rows = connection.execute(sa.select(account_mana))
            return {(row.chain, row.author): _account(row) for row in rows}

    def prices(self) -> Mapping[str, KeptPrices]:
        """What is known of each chain's prices."""
        with self._records.reading() as connection:
            rows = connection.execute(sa.select(credit_prices))
            return {row.chain: KeptPrices(row.chain, row.told, row.read_at) for row in rows}

    def to_ask(self, chain: str, before: datetime, limit: int) -> tuple[str, ...]:
        """Authors with something pending whose figures are older, or from before their last post.

        Those come first of whom nothing is known.
        """
        of_author = sa.and_(
            publications.c.chain == leases.c.chain, publications.c.author == leases.c.author
        )
        pending = sa.exists().where(of_author, PENDING)
        posted = sa.exists().where(of_author, publications.c.included_at > account_mana.c.read_at)
        known = sa.and_(
            account_mana.c.chain == leases.c.chain, account_mana.c.author == leases.c.author
        )
        query = (
            sa.select(leases.c.author)
            .select_from(leases.outerjoin(account_mana, known))
            .where(leases.c.chain == chain)
            .where(
                sa.or_(account_mana.c.read_at.is_(None), account_mana.c.read_at < before, posted)
            )
            .where(pending)
            .order_by(account_mana.c.read_at.is_not(None), account_mana.c.read_at)
            .limit(limit)
        )
        with self._records.reading() as connection:
            return tuple(connection.execute(query).scalars())

    def keep(self, accounts: Iterable[AccountMana]) -> None:
        """Record what accounts have; the last word counts."""
        rows = [_row(one) for one in accounts]
        if rows:
            self._put(account_mana, ["chain", "author"], rows)

    def keep_prices(self, prices: KeptPrices) -> None:
        """Record what a chain's credits buy."""
        row = {"chain": prices.chain, "told": prices.told, "read_at": prices.read_at}
        self._put(credit_prices, ["chain"], [row])

    def largest(self, chain: str, authors: Iterable[str]) -> Mapping[str, int]:
        """Bytes of the largest post or reply that these authors have pending.

        No less than its transaction has; those of whom it isn't known are left out.
        """
        found: dict[str, int] = {}
        with self._records.reading() as connection:
            for some in portions(sorted(authors)):
                rows = connection.execute(
                    sa.select(publications.c.author, sa.func.max(publications.c.size).label("most"))
                    .where(publications.c.chain == chain, publications.c.author.in_(some), PENDING)
                    .group_by(publications.c.author)
                )
                found |= {row.author: row.most for row in rows if row.most is not None}
        return found

    def operations(self, chain: str, author: str, permlinks: Iterable[str]) -> Mapping[str, str]:
        """The operations of an author's posts and replies, by permlink."""
        found: dict[str, str] = {}
        with self._records.reading() as connection:
            for some in portions(sorted(permlinks)):
                rows = connection.execute(
                    sa.select(publications.c.permlink, publications.c.operations)
                    .where(publications.c.chain == chain, publications.c.author == author)
                    .where(publications.c.permlink.in_(some), PENDING)
                )
                found |= {row.permlink: row.operations for row in rows}
        return found

    def _put(self, table: sa.Table, key: list[str], rows: list[dict[str, Any]]) -> None:
        with self._records.writing() as connection:
            row = insert_into(connection, table)
            others = {name: row.excluded[name] for name in rows[0] if name not in key}
            connection.execute(row.on_conflict_do_update(index_elements=key, set_=others), rows)


def _row(one: AccountMana) -> dict[str, Any]:
    credits_, voting = one.credits, one.voting
    return {
        "chain": one.chain,
        "author": one.author,
        "read_at": one.read_at,
        "credits": credits_ and credits_.current,
        "most_credits": credits_ and credits_.most,
        "credits_at": credits_ and credits_.at,
        "voting": voting and voting.current,
        "most_voting": voting and voting.most,
        "voting_at": voting and voting.at,
    }


def _account(row: sa.Row[Any]) -> AccountMana:
    def mana(current: int | None, most: int, at: datetime) -> Mana | None:
        return None if current is None else Mana(current, most, at)

    return AccountMana(
        chain=row.chain,
        author=row.author,
        credits=mana(row.credits, row.most_credits, row.credits_at),
        voting=mana(row.voting, row.most_voting, row.voting_at),
        read_at=row.read_at,
    )
