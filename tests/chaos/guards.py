"""The guards of exactly-once, each taken out by a patch, to see that the harness notices."""

from contextlib import suppress

import sqlalchemy as sa

from bot.chain.beem_chain import BeemChain
from bot.chain.blocks import Blocks
from bot.chain.errors import ChainError
from bot.publishing.publisher import Publisher
from bot.records import Lease, Leases, Records
from bot.records.tables import leases


def without_write_ahead():
    """The transaction is recorded after it was sent, as a script would do it."""
    prepare, write_ahead = Publisher._prepare, Records.write_ahead

    def send_first(self, publication, taking):
        def recorded_late(records, publication_id, new, now, operations, taking):
            with suppress(ChainError):  # as a script does it
                self._chain.broadcast(new)
            return write_ahead(records, publication_id, new, now, operations, taking)

        Records.write_ahead = recorded_late
        return prepare(self, publication, taking)

    Publisher._prepare = send_first


def without_look_first():
    """Nobody asks whether the address is taken."""
    BeemChain.agreed_content = lambda self, author, permlink: None


def without_dead_attempt_rule():
    """A transaction that isn't seen at the next look counts as dead."""
    Blocks.is_dead = lambda self, trx_id, after, expiration: True
    Records._refuse_these = staticmethod(lambda earlier: None)


def without_fencing():
    """A worker that was replaced goes on."""
    Records._refuse_stale = staticmethod(lambda connection, lease: None)
    Leases.trusts = lambda self, lease: lease.id in self._trusted_until


def without_author_lock():
    """Whoever asks gets the author, whoever has it in hand."""

    def acquire(self, chain, author):
        with self._engine.connect() as connection:
            address = sa.and_(leases.c.chain == chain, leases.c.author == author)
            row = connection.execute(sa.select(leases).where(address)).one()
        self._trusted_until[row.id] = float("inf")
        return Lease(row.id, chain, author, self.worker, row.fence)

    def everybodys(query):
        def read(self, *arguments):
            *given, _ = arguments
            with self.reading() as connection:
                workers = connection.execute(sa.select(leases.c.worker).distinct()).scalars().all()
            return tuple(row for worker in workers if worker for row in query(self, *given, worker))

        return read

    Leases.acquire = acquire
    Records.due, Records.in_flight = everybodys(Records.due), everybodys(Records.in_flight)


GUARDS = {
    "write-ahead": without_write_ahead,
    "look-first": without_look_first,
    "dead-attempt": without_dead_attempt_rule,
    "fencing": without_fencing,
    "author-lock": without_author_lock,
}
