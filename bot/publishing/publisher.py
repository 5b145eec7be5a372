"""The journey of one publication: look first, write ahead, send the same bytes, wait for finality.

Every step starts from what the records say, so that a crash between any two of them is followed
by the same steps again: `carry` may be called at any time, any number of times.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.chain.authority import AuthorUnable, KeyRefused, author_account, check_key
from bot.chain.codec import operations_in
from bot.chain.constants import SLOT, TRANSACTION_TTL
from bot.chain.errors import (
    ChainError,
    CreditsShort,
    DuplicateTransaction,
    NodesUnreachable,
    PermanentChainError,
    TransientChainError,
    UnknownOutcome,
)
from bot.chain.protocol import Account, Content, Head, Keys, PostingKey, SignedTransaction
from bot.chain.watch import Watch
from bot.clock import Clock
from bot.config import NoPostingKey
from bot.errors import BotError
from bot.format.patch import edit_body
from bot.publishing.intervals import respect_date, respect_intervals
from bot.publishing.order import blocker
from bot.publishing.pictures import Pictures
from bot.publishing.preflight import Already, Undecided, addresses_of, look_first
from bot.records import (
    Attempt,
    Draft,
    Kind,
    Lease,
    Leases,
    NewAttempt,
    Outcome,
    Publication,
    Records,
    Status,
    TakingUp,
    Transition,
)

CREDITS_WAIT = 3600.0  # seconds until credits are looked at again of which nobody says when
LONGEST_TURN = 300.0  # seconds until it is looked again whether another brief went out
STILL = 60.0  # seconds until another brief is looked at again that doesn't go on by itself
DEFAULT_WAIT = 30.0  # a refusal that names no time
TROUBLE = "something went wrong that should not"
TROUBLE_WAIT = 300.0  # seconds until that is tried again

TO_LOOK_AFTER = frozenset({Status.REJECTED, Status.MISSED, Status.CANCELLED, Status.HELD})
"""Changes of status that are warnings in the log."""

Log = structlog.stdlib.BoundLogger


class Publisher:
    """Carries the publications of one chain from queued to final.

    Args:
        watch: the chain.
        keys: the posting key for an author, or None.
        pictures: uploads what the briefs show.
        now: the clock (UTC) that waiting times are counted by.
    """

    def __init__(  # what it works with
        self,
        watch: Watch,
        records: Records,
        keys: Keys,
        pictures: Pictures,
        now: Clock,
        log: Log,
    ) -> None:
        self._watch = watch
        self._chain = watch.chain
        self._records = records
        self._keys = keys
        self._pictures = pictures
        self._now = now
        self._log = log

    def under(self, lease: Lease, leases: Leases) -> "Publisher":
        """The same, writing and sending only as long as the lease holds."""
        records = self._records.under(lease, leases)
        return Publisher(self._watch, records, self._keys, self._pictures, self._now, self._log)

    def dispatch(self, publication: Publication, draft: Draft | None = None) -> Publication:
        """Take up a publication that is due: `queued`, or `waiting` with its time come.

        That is recorded together with what is signed for it, or with what stands in its way.

        Args:
            draft: what its author's calendar says, to be recorded with it.
        """
        if publication.status is Status.WAITING:
            try:
                self._watch.look()
            except TransientChainError as error:
                return self._postpone(publication, error, draft)
            if other := blocker(self._records, publication):
                return self._postpone(publication, _waits_for(other, self._now()), draft)
        if self._is_late(publication):
            self._write(draft)
            return self._move(
                publication, Transition(Status.MISSED, "its `expires` passed before it could go")
            )
        again = publication.status is Status.WAITING
        why = "it is time to try again" if again else "it is due"
        return self._step(publication, TakingUp(publication, why, draft))

    def carry(self, publication: Publication) -> Publication:
        """Do the next step for a publication that is `publishing` or `included`.

        Troubles that may pass put it into `waiting`; nothing raises but the records.
        """
        return self._step(publication, None)

    def _step(self, publication: Publication, taking: TakingUp | None) -> Publication:
        """Do the next step, for one that is to be taken up by it or was before."""
        try:
            attempt = self._live_attempt(publication)
            if attempt is None and publication.status is not Status.INCLUDED:
                return self._prepare(publication, taking)
            publication = self._taken_up(publication, taking)
            return self._follow(publication, attempt, self._watch.look())
        except (TransientChainError, PermanentChainError, AuthorUnable) as error:
            return self._await(self._taken_up(publication, taking), error)

    def _taken_up(self, publication: Publication, taking: TakingUp | None) -> Publication:
        """A publication that has been taken up now, whether anything was signed for it or not."""
        if taking is None:
            return publication
        publication = self._records.get(publication.id)
        if publication.status is not Status.PUBLISHING:
            publication = self._records.take_up(taking, self._now())
            self._tell(publication, Status.PUBLISHING, taking.reason)
        return publication

    def _await(
        self,
        publication: Publication,
        error: TransientChainError | PermanentChainError | AuthorUnable,
    ) -> Publication:
        """What a trouble makes of a publication that is `publishing` or `included`."""
        match error:
            case CreditsShort():
                return self._await_credits(publication, error)
            case AuthorUnable():  # without a time: until that is mended (`revive`)
                reason = str(error)
                waiting = Transition(Status.WAITING, reason, error=reason)
                return self._move(publication, waiting)
            case PermanentChainError():
                return self._reject(publication, str(error))
            case _ if publication.status is Status.PUBLISHING:
                return self._wait(publication, str(error), self._pause(error))
            case _:  # what is in a block loses nothing by being looked at later
                return publication

    def settle_refused(self, publication: Publication, attempt: Attempt) -> None:
        """Settle the last attempt of a rejected publication.

        A refused transaction may still be taken up by a node that has the bytes, until it expires.
        Only then may the brief, mended by its author, be signed anew.

        Raises:
            TransientChainError: the chain couldn't be looked at.
        """
        self._watch.blocks.observe(self._watch.look())
        blocks = self._watch.blocks
        block = blocks.find(attempt.trx_id, attempt.ref_block_num, attempt.expiration)
        agreed = block and blocks.agreed(block.num)  # a rejection isn't undone on one node's word
        if agreed and attempt.trx_id in agreed.transaction_ids:
            reason = "its transaction was included after all"
            self._move(publication, Transition(Status.PUBLISHING, reason))
        elif blocks.is_dead(attempt.trx_id, attempt.ref_block_num, attempt.expiration):
            self._settle(attempt, Outcome.EXPIRED)

    def revive(self, author: str, blocked: Iterable[Publication]) -> None:
        """Let an author's publications go on for whom nothing could be posted, if that is mended.

        Raises:
            TransientChainError: the chain couldn't be asked, or tells different things.
        """
        retry_at: datetime | None = None
        try:
            self._signer(author)
            retry_at, reason = self._now(), f"{author} can be posted for again"
            self._log.info("revived", author=author)
        except AuthorUnable as error:
            reason = str(error)
        for publication in blocked:
            if retry_at is not None or reason != publication.error:
                self._records.postpone(publication.id, retry_at, reason, self._now())

    def note_trouble(self, publication: Publication, error: Exception) -> None:
        """Put a publication aside for a while with which something went wrong that nobody foresaw.

        What is in a block only needs looking at again.
        """
        reason = f"{TROUBLE}: {type(error).__name__}; please report it"
        self._log.error("trouble", **_identity(publication), reason=reason)
        publication = self._records.get(publication.id)
        if publication.status in {Status.QUEUED, Status.PUBLISHING}:
            self._wait(publication, reason, TROUBLE_WAIT)
        elif publication.status is Status.WAITING:
            retry_at = self._now() + timedelta(seconds=TROUBLE_WAIT)
            self._records.postpone(publication.id, retry_at, reason, self._now())

    # -- before anything is sent ---------------------------------------------------------------

    def _prepare(self, publication: Publication, taking: TakingUp | None) -> Publication:
        """Look first, check what can be checked, sign, write ahead, send."""
        head = self._watch.latest()
        if publication.digest is not None and publication.digest != publication.sealed():
            raise PermanentChainError(
                "its record is damaged: what is stored isn't what was queued. Restore a backup of "
                "the database, or change the brief's file to queue it anew"
            )
        if other := blocker(self._records, publication):
            raise _waits_for(other, self._now())
        looked_at = addresses_of(publication)
        with self._chain.before_signing(head, publication.author, looked_at):
            found = look_first(publication, self._watch, head)
            if isinstance(found, Undecided):
                held = Transition(Status.HELD, found.reason, error=found.reason)
                return self._move(self._taken_up(publication, taking), held)
            if isinstance(found, Already):
                return self._adopt(self._taken_up(publication, taking), found, head)
            self._watch.blocks.confirm(head)  # by whose time it is due, and will expire
            respect_date(publication, head)
            account, holder, key = self._signer(publication.author)
            respect_intervals(publication, account, head)
            told = self._pictures.uploaded(publication, self._chain, holder, key)
            operations = operations_in(told)
            if publication.kind is Kind.EDIT and found.content is not None:
                operations = [("comment", _as_edit(operations[0][1], found.content))]
            transaction = self._chain.sign(operations, key, head, TRANSACTION_TTL)
        largest = head.maximum_block_size - 256  # §2.1
        if transaction.size > largest:
            largest = self._chain.agreed_block_size() - 256
        if transaction.size > largest:
            raise PermanentChainError(
                f"the transaction has {transaction.size} bytes, the chain takes {largest}; "
                "shorten the body"
            )
        attempt = self._records.write_ahead(
            publication.id,
            NewAttempt(
                trx_id=transaction.trx_id,
                signed_at=self._now(),
                expiration=transaction.expiration,
                ref_block_num=transaction.ref_block_num,
                payload=transaction.payload,
                size=transaction.size,
            ),
            self._now(),
            told,
            taking,
        )
        if taking is not None:
            self._tell(publication, Status.PUBLISHING, taking.reason)
        return self._send(publication, attempt)

    def _signer(self, author: str) -> tuple[Account, str, PostingKey]:
        """The author's account, who signs for it, and with which key.

        Raises:
            AuthorUnable: there is no account, or no key that may post for it.
            TransientChainError: the nodes don't tell, or not alike.
        """
        account = author_account(self._chain, author)
        try:
            key = self._keys(author)
        except NoPostingKey as error:
            raise KeyRefused(str(error)) from None
        except BotError as error:  # a key file that can't be read
            raise KeyRefused(f"the key for {author} can't be used: {error}") from None
        holder = check_key(self._chain, account, key)
        assert key is not None, "check_key refuses a missing key"
        return account, holder, key

    def _adopt(self, publication: Publication, found: Already, head: Head) -> Publication:
        """It stands there already: the record is rebuilt from the chain."""
        self._watch.blocks.observe(head)
        publication = self._move(
            publication,
            Transition(
                Status.INCLUDED,
                found.reason,
                trx_id=found.trx_id,
                block_num=found.block_num,
                included_at=found.included_at,
                operations=found.operations,
            ),
        )
        return self._finalise(publication, found.trx_id, found.block_num)

    # -- sending ---------------------------------------------------------------------------------

    def _send(self, publication: Publication, attempt: Attempt) -> Publication:
        """Send the attempt's bytes once. Only the first send's refusal is a refusal for sure."""
        log = self._log.bind(
            **_identity(publication), attempt=attempt.number, trx_id=attempt.trx_id
        )
        first = attempt.sends == 0
        self._records.confirm_lease()
        try:
            turn = attempt.number - 1 + attempt.sends  # never the same node first all the time
            node = self._chain.broadcast(_transaction(attempt), turn)
        except DuplicateTransaction:
            self._settle(attempt, Outcome.SENT)
            log.info("already_there")
        except UnknownOutcome as error:
            self._settle(attempt, Outcome.UNKNOWN, error=str(error))
            log.warning("outcome_unknown", reason=str(error))
        except NodesUnreachable:
            raise  # nothing left this machine
        except ChainError as error:
            log.warning("refused", reason=str(error))
            if not first:  # it may be refused *because* an earlier send was taken
                self._settle(attempt, Outcome.UNKNOWN, error=str(error))
                return publication
            self._settle(attempt, Outcome.REFUSED, error=str(error))
            raise
        else:
            self._settle(attempt, Outcome.SENT, node=node)
            log.info("sent", node=node)
        return self._records.get(publication.id)

    # -- after it was sent -----------------------------------------------------------------------

    def _follow(self, publication: Publication, attempt: Attempt | None, head: Head) -> Publication:
        """Find the transaction in a block, send it again, or see that it can't be included."""
        trx_id = attempt.trx_id if attempt else publication.trx_id
        after = attempt.ref_block_num if attempt else (publication.block_num or 1) - 1
        assert trx_id is not None, "what is followed has been signed or found"
        blocks = self._watch.blocks
        blocks.observe(head)
        block = blocks.find(trx_id, after, attempt.expiration if attempt else None)
        if block is not None:
            moved = publication.status is Status.INCLUDED and publication.block_num != block.num
            if moved or publication.status is Status.PUBLISHING:
                where = "a fork moved it to" if moved else "in"
                publication = self._move(
                    publication,
                    Transition(
                        Status.INCLUDED,
                        f"{where} block {block.num}",
                        trx_id=trx_id,
                        block_num=block.num,
                        included_at=block.time,
                        attempt=(attempt.id, Outcome.INCLUDED) if attempt else None,
                    ),
                )
            return self._finalise(publication, trx_id, block.num, attempt)
        if publication.status is Status.INCLUDED:
            return self._wait(publication, "a fork took its block off the chain", 0)
        if attempt and blocks.is_dead(trx_id, after, attempt.expiration):
            reason = "the transaction expired and no irreversible block holds it"
            return self._wait(
                publication,
                f"{reason}; a new one will be signed",
                0,
                attempt=(attempt.id, Outcome.EXPIRED),
            )
        if attempt and head.time < attempt.expiration:
            # a transaction that was taken is in a block within two
            pause = timedelta(seconds=2 * self._watch.pace)
            since = None if attempt.sent_at is None else self._now() - attempt.sent_at
            if since is None or not timedelta(0) <= since < pause:
                return self._send(publication, attempt)
        return publication

    def _finalise(
        self, publication: Publication, trx_id: str, block_num: int, attempt: Attempt | None = None
    ) -> Publication:
        agreed = self._watch.blocks.agreed(block_num)
        if agreed is None:
            return publication
        if attempt is None and not agreed.writes(trx_id, publication.author, publication.permlink):
            # it was found there, by one node's word: look again
            reason = f"one node tells it in block {block_num}, where enough others don't"
            return self._wait(publication, reason, SLOT)
        if trx_id not in agreed.transaction_ids:
            raise TransientChainError(
                f"one node tells it in block {block_num}, where enough others don't", SLOT
            )
        return self._move(
            publication,
            Transition(
                Status.FINAL,
                f"block {block_num} is irreversible",
                final_at=self._now(),
                attempt=(attempt.id, Outcome.FINAL) if attempt else None,
            ),
        )

    # -- records ---------------------------------------------------------------------------------

    def _live_attempt(self, publication: Publication) -> Attempt | None:
        """The last attempt, unless it is proved dead."""
        attempts = self._records.attempts(publication.id)
        if not attempts or attempts[-1].outcome is Outcome.EXPIRED:
            return None
        last = attempts[-1]
        if last.digest is not None and last.digest != last.sealed():
            raise TransientChainError(
                "the record of its transaction is damaged; restore a backup of the database",
                DEFAULT_WAIT,
            )
        return last

    def _settle(
        self,
        attempt: Attempt,
        outcome: Outcome,
        *,
        node: str | None = None,
        error: str | None = None,
    ) -> None:
        self._records.record_outcome(attempt.id, outcome, node=node, error=error, now=self._now())

    def _is_late(self, publication: Publication) -> bool:
        """Whether its window closed before anything was signed."""
        closes = publication.expires_at
        is_over = closes is not None and closes <= self._watch.calendar
        return is_over and self._live_attempt(publication) is None

    def _pause(self, error: TransientChainError) -> float:
        """Real seconds until another try makes sense."""
        if isinstance(error, NodesUnreachable):
            return error.retry_after if error.retry_after is not None else DEFAULT_WAIT
        seconds = DEFAULT_WAIT if error.retry_after is None else error.retry_after
        return self._watch.real_seconds(seconds)

    def _await_credits(self, publication: Publication, error: CreditsShort) -> Publication:
        """Wait until the account's mana will suffice, by its own figures (chain-rules §3)."""
        seconds, when = CREDITS_WAIT, "the node doesn't tell when they will suffice"
        try:
            head = self._watch.look()
            figures = self._chain.agreed_resource_credits(publication.author)
        except TransientChainError as silence:
            return self._wait(publication, str(error), self._pause(silence))
        if figures is not None:
            enough = figures.suffices_at(error.needed, head.time)
            if enough is None:
                when = "the account can never hold so many: power up, or get a delegation"
            else:
                seconds = (enough - head.time).total_seconds() + SLOT
                when = f"they will suffice at {enough:%Y-%m-%d %H:%M:%S} UTC"
        reason = f"resource credits are short; {when}. {error}"
        return self._wait(publication, reason, self._watch.real_seconds(seconds))

    def _postpone(
        self, publication: Publication, error: TransientChainError, draft: Draft | None
    ) -> Publication:
        """Let it wait on for the same reason; its attempts and its history don't grow by it."""
        self._write(draft)
        now = self._now()
        retry_at = now + timedelta(seconds=self._pause(error))
        return self._records.postpone(publication.id, retry_at, str(error), now)

    def _wait(
        self,
        publication: Publication,
        reason: str,
        seconds: float,
        *,
        attempt: tuple[int, Outcome] | None = None,
    ) -> Publication:
        retry_at = self._now() + timedelta(seconds=seconds)
        return self._move(
            publication,
            Transition(Status.WAITING, reason, error=reason, retry_at=retry_at, attempt=attempt),
        )

    def _reject(self, publication: Publication, reason: str) -> Publication:
        return self._move(publication, Transition(Status.REJECTED, reason, error=reason))

    def _move(self, publication: Publication, transition: Transition) -> Publication:
        moved = self._records.move(publication, transition, self._now())
        self._tell(publication, transition.target, transition.reason)
        return moved

    def _write(self, draft: Draft | None) -> None:
        if draft is not None:
            self._records.record(draft, self._now())

    def _tell(self, publication: Publication, target: Status, reason: str) -> None:
        tell = self._log.warning if target in TO_LOOK_AFTER else self._log.info
        tell(target.value, **_identity(publication), reason=reason)


def _waits_for(other: Publication, now: datetime) -> TransientChainError:
    """Why a publication waits for another one, and how long at least."""
    at = other.appointment.appointed_at or other.scheduled_at
    rest = (at - now).total_seconds() if at else 0.0
    soonest = 2 * SLOT if other.status in _MOVES else STILL
    message = f"it waits for {other.brief}, to which it replies or links: that is {other.status}"
    return TransientChainError(message, min(max(rest, soonest), LONGEST_TURN))


_MOVES = {Status.QUEUED, Status.PUBLISHING, Status.INCLUDED}
"""What goes on by itself, and soon."""


def _as_edit(comment: dict[str, Any], content: Content) -> dict[str, Any]:
    """The comment operation that makes what stands there into this one."""
    return comment | {"body": edit_body(content.body, comment["body"])}


def _identity(publication: Publication) -> Mapping[str, str]:
    return {"brief": publication.brief, "author": publication.author}


def _transaction(attempt: Attempt) -> SignedTransaction:
    return SignedTransaction(
        trx_id=attempt.trx_id,
        expiration=attempt.expiration,
        ref_block_num=attempt.ref_block_num,
        payload=attempt.payload,
        size=attempt.size,
    )
