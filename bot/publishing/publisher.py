"""The journey of one publication: look first, write ahead, send the same bytes, wait for finality.

Every step starts from what the records say, so that a crash between any two of them is followed
by the same steps again: `carry` may be called at any time, any number of times.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from bot.chain.errors import (
    ChainError,
    DuplicateTransaction,
    NodesUnreachable,
    PermanentChainError,
    TransientChainError,
    UnknownOutcome,
)
from bot.chain.protocol import Account, Chain, Content, Head, PostingKey, SignedTransaction
from bot.publishing.authority import check_key
from bot.publishing.blocks import Blocks
from bot.records import Attempt, Kind, NewAttempt, Outcome, Publication, Records, Status

LIFETIME = 180.0
"""Seconds of chain time in which a signed transaction can be included.

Long enough to resend it over a restart or an outage of minutes, short enough that an unknown
outcome resolves itself soon; the chains allow an hour.
"""
ROOT_INTERVAL = 303.0  # seconds between root posts: more than 300 s, in slots of 3 s (§1.2 e7)
REPLY_INTERVAL = 3.0  # §1.2 e8
SLOT = 3.0
"""Seconds of chain time between blocks, on every chain of the family (chain-rules §4)."""
QUICKEST = 0.1  # seconds of real time between looks at a devnet, however fast it runs
FIRST_LOOKS = 0.5  # seconds between looks until two blocks have told how fast the chain goes
LONGEST_OUTAGE_WAIT = 60.0
DEFAULT_WAIT = 30.0  # a refusal that names no time

Log = structlog.stdlib.BoundLogger
Keys = Callable[[str], PostingKey | None]
Clock = Callable[[], datetime]


class Publisher:
    """Carries the publications of one chain from queued to final.

    Args:
        keys: the posting key for an author, or None.
        now: the clock (UTC) that due times and waiting times are counted by.
    """

    def __init__(self, chain: Chain, records: Records, keys: Keys, now: Clock, log: Log) -> None:
        self.chain = chain
        self._records = records
        self._keys = keys
        self._now = now
        self._log = log
        self._blocks = Blocks(chain)
        self._outages = 0
        self._last_look: tuple[int, datetime] | None = None
        self._pace_is_known = False
        self.pace = SLOT
        """Real seconds between blocks, as seen: 3 on a public chain, less on a rehearsal."""

    @property
    def next_look(self) -> float:
        """Real seconds until another look at the chain can show something new."""
        return self.pace if self._pace_is_known else FIRST_LOOKS

    def dispatch(self, publication: Publication) -> Publication:
        """Take up a publication that is due: `queued`, or `waiting` with its time come."""
        now = self._now()
        if publication.status is Status.WAITING:
            publication = self._move(publication, Status.QUEUED, "it is time to try again")
        if self._is_late(publication, now):
            return self._move(publication, Status.MISSED, "its `expires` passed before it could go")
        return self.carry(self._move(publication, Status.PUBLISHING, "it is due"))

    def carry(self, publication: Publication) -> Publication:
        """Do the next step for a publication that is `publishing` or `included`.

        Troubles that may pass put it into `waiting`; nothing raises but the database.
        """
        try:
            head = self._look()
            attempt = self._live_attempt(publication)
            if attempt is None and publication.status is Status.PUBLISHING:
                publication = self._prepare(publication, head)
            else:
                publication = self._follow(publication, attempt, head)
            self._outages = 0
        except NodesUnreachable as error:
            publication = self._outage(publication, error)
        except TransientChainError as error:
            if publication.status is Status.PUBLISHING:
                seconds = DEFAULT_WAIT if error.retry_after is None else error.retry_after
                # chain time, which a rehearsal makes pass faster; how much, a second look tells
                seconds = seconds * self.pace / SLOT if self._pace_is_known else min(seconds, SLOT)
                publication = self._wait(publication, str(error), seconds)
        except PermanentChainError as error:
            publication = self._reject(publication, str(error))
        return publication

    def bury_refused(self) -> None:
        """Settle the last attempts of rejected publications.

        A refused transaction may still be taken up by a node that has the bytes, until it expires.
        Only then may the brief, mended by its author, be signed anew.
        """
        rejected = self._records.refused_alive(self.chain.profile.name)
        if not rejected:
            return
        self._blocks.observe(self._look())
        for publication, attempt in rejected:
            if self._blocks.find(attempt.trx_id, attempt.ref_block_num, attempt.expiration):
                reason = "its transaction was included after all"
                self._move(
                    self._move(publication, Status.QUEUED, reason), Status.PUBLISHING, reason
                )
            elif self._blocks.is_irreversibly_past(attempt.expiration):
                self._settle(attempt, Outcome.EXPIRED)

    def _look(self) -> Head:
        """Where the chain stands now; takes note of how fast it goes."""
        head = self.chain.head()
        now = self._now()
        if self._last_look is None:
            self._last_look = (head.block_num, now)
        elif head.block_num > self._last_look[0]:
            blocks, seconds = head.block_num - self._last_look[0], now - self._last_look[1]
            self.pace = min(max(seconds.total_seconds() / blocks, QUICKEST), SLOT)
            self._pace_is_known = True
            self._last_look = (head.block_num, now)
        return head

    # -- before anything is sent ---------------------------------------------------------------

    def _prepare(self, publication: Publication, head: Head) -> Publication:
        """Look first, check what can be checked, sign, write ahead, send."""
        content = self.chain.content(publication.author, publication.permlink)
        if content is not None:
            return self._adopt(publication, content, head)
        account = self.chain.account(publication.author)
        if account is None:
            raise PermanentChainError(
                f"there is no account {publication.author} on {publication.chain}; "
                "correct `author`, or the chain"
            )
        key = self._keys(publication.author)
        check_key(self.chain, account, key)
        assert key is not None, "check_key refuses a missing key"
        self._respect_intervals(publication, account, head)
        operations = [(name, fields) for name, fields in json.loads(publication.operations)]
        transaction = self.chain.sign(operations, key, head, LIFETIME)
        largest = head.maximum_block_size - 256  # §2.1
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
        )
        return self._send(publication, attempt)

    def _adopt(self, publication: Publication, content: Content, head: Head) -> Publication:
        """The permlink is in use: ours from an earlier life, or somebody else's post."""
        if written_by(content) != publication.brief:
            raise PermanentChainError(
                f"permlink taken by @{content.author}/{content.permlink} "
                f"(“{content.title}”, {content.created:%Y-%m-%d}): publishing would overwrite it; "
                "set another `slug`"
            )
        self._blocks.observe(head)
        found = self._blocks.find_post(content.author, content.permlink, content.created)
        if found is None:
            raise TransientChainError("the post is on the chain, but no block shows it yet", 3.0)
        trx_id, block = found
        publication = self._move(
            publication,
            Status.INCLUDED,
            "found on the chain, written by this brief: the record is rebuilt from it",
            trx_id=trx_id,
            block_num=block.num,
            included_at=block.time,
        )
        return self._finalise(publication, block.num, head)

    @staticmethod
    def _respect_intervals(publication: Publication, account: Account, head: Head) -> None:
        """Wait out the chain's intervals instead of being refused by them."""
        if publication.kind is Kind.REPLY:
            rest = (account.last_post - head.time).total_seconds() + REPLY_INTERVAL
            rule = "replies of one account are at least 3 seconds apart"
        else:
            rest = (account.last_root_post - head.time).total_seconds() + ROOT_INTERVAL
            rule = "posts of one account are more than 5 minutes apart"
        if rest > 0:
            raise TransientChainError(f"{rule}; {publication.author} may post again soon", rest)

    # -- sending ---------------------------------------------------------------------------------

    def _send(self, publication: Publication, attempt: Attempt) -> Publication:
        """Send the attempt's bytes once. Only the first send's refusal is a refusal for sure."""
        log = self._log.bind(
            **_identity(publication), attempt=attempt.number, trx_id=attempt.trx_id
        )
        first = attempt.sends == 0
        try:
            node = self.chain.broadcast(_transaction(attempt))
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
        self._blocks.observe(head)
        block = self._blocks.find(trx_id, after, attempt.expiration if attempt else None)
        if block is not None:
            if publication.status is Status.INCLUDED and publication.block_num != block.num:
                publication = self._wait(publication, "a fork moved it to another block", 0)
                publication = self._move(publication, Status.QUEUED, "it is in a block again")
                publication = self._move(publication, Status.PUBLISHING, "it is in a block again")
            if publication.status is Status.PUBLISHING:
                publication = self._move(
                    publication,
                    Status.INCLUDED,
                    f"in block {block.num}",
                    trx_id=trx_id,
                    block_num=block.num,
                    included_at=block.time,
                )
                if attempt:
                    self._settle(attempt, Outcome.INCLUDED)
            return self._finalise(publication, block.num, head, attempt)
        if publication.status is Status.INCLUDED:
            return self._wait(publication, "a fork took its block off the chain", 0)
        if attempt and self._blocks.is_irreversibly_past(attempt.expiration):
            self._settle(attempt, Outcome.EXPIRED)
            reason = "the transaction expired and no irreversible block holds it"
            return self._wait(publication, f"{reason}; a new one will be signed", 0)
        if attempt and head.time < attempt.expiration:
            # a transaction that was taken is in a block within two
            pause = timedelta(seconds=2 * self.pace)
            if attempt.sent_at is None or self._now() - attempt.sent_at >= pause:
                return self._send(publication, attempt)
        return publication

    def _finalise(
        self, publication: Publication, block_num: int, head: Head, attempt: Attempt | None = None
    ) -> Publication:
        if block_num > head.irreversible_block_num:
            return publication
        if attempt:
            self._settle(attempt, Outcome.FINAL)
        return self._move(
            publication, Status.FINAL, f"block {block_num} is irreversible", final_at=self._now()
        )

    # -- records ---------------------------------------------------------------------------------

    def _live_attempt(self, publication: Publication) -> Attempt | None:
        """The last attempt, unless it is proved dead."""
        attempts = self._records.attempts(publication.id)
        if attempts and attempts[-1].outcome is not Outcome.EXPIRED:
            return attempts[-1]
        return None

    def _settle(
        self,
        attempt: Attempt,
        outcome: Outcome,
        *,
        node: str | None = None,
        error: str | None = None,
    ) -> None:
        self._records.settle(attempt.id, outcome, node=node, error=error, now=self._now())

    def _is_late(self, publication: Publication, now: datetime) -> bool:
        """Whether its window closed before anything was signed."""
        expired = publication.expires_at is not None and publication.expires_at <= now
        return expired and self._live_attempt(publication) is None

    def _wait(self, publication: Publication, reason: str, seconds: float) -> Publication:
        retry_at = self._now() + timedelta(seconds=seconds)
        return self._move(publication, Status.WAITING, reason, error=reason, retry_at=retry_at)

    def _outage(self, publication: Publication, error: NodesUnreachable) -> Publication:
        """No node answers: wait, twice as long each time, up to a minute."""
        seconds = min(2.0**self._outages, LONGEST_OUTAGE_WAIT)
        self._outages += 1
        if publication.status is Status.INCLUDED:
            return publication  # what is in a block loses nothing by being looked at later
        return self._wait(publication, str(error), seconds)

    def _reject(self, publication: Publication, reason: str) -> Publication:
        return self._move(publication, Status.REJECTED, reason, error=reason)

    def _move(
        self,
        publication: Publication,
        target: Status,
        reason: str,
        *,
        error: str | None = None,
        retry_at: datetime | None = None,
        trx_id: str | None = None,
        block_num: int | None = None,
        included_at: datetime | None = None,
        final_at: datetime | None = None,
    ) -> Publication:
        self._log.info(target.value, **_identity(publication), reason=reason)
        return self._records.move(
            publication.id,
            publication.status,
            target,
            reason,
            self._now(),
            error=error,
            retry_at=retry_at,
            trx_id=trx_id,
            block_num=block_num,
            included_at=included_at,
            final_at=final_at,
        )


def written_by(content: Content) -> str | None:
    """Id of the brief that wrote this post, by our own key in its metadata; None for others."""
    try:
        metadata = json.loads(content.json_metadata)
        return str(metadata["briefbot"]["brief"])
    except (ValueError, KeyError, TypeError):
        return None


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
