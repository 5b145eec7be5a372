"""What came of a post: votes, replies and payout, read until it is paid out."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta

import structlog

from bot.chain.codec import comment_in, operations_text
from bot.chain.errors import TransientChainError
from bot.chain.protocol import Chain, Content
from bot.clock import Clock
from bot.publishing.preflight import changed_elsewhere
from bot.publishing.publisher import TROUBLE
from bot.records import (
    Conflict,
    DatabaseUnavailable,
    Kind,
    NewPublication,
    Publication,
    Records,
    text_digest,
)
from bot.records.plans import following

PAID_AFTER = timedelta(days=8)  # the payout comes after seven days; a day for what follows it
REFRESH_AFTER = timedelta(minutes=5)
BATCH = 20
SETTLED_AFTER = timedelta(minutes=1)  # of the chain's time, until each node shows an edit


class Results:
    """Refreshes the results of final publications, those seen longest ago first."""

    def __init__(
        self,
        chains: Mapping[str, Chain],
        records: Records,
        now: Clock,
        log: structlog.stdlib.BoundLogger,
    ) -> None:
        self._log = log
        self._chains = chains
        self._records = records
        self._now = now

    def refresh(self) -> Iterator[None]:
        """Read a batch of posts from their chains and store the figures, one at each step.

        A chain that doesn't answer is left alone until the next time; so is a post of which no node
        tells anything usable, and it comes last then.
        """
        now = self._now()
        silent: set[str] = set()
        for publication in self._records.stale_results(
            final_since=now - PAID_AFTER, seen_before=now - REFRESH_AFTER, limit=BATCH
        ):
            if publication.chain in silent:
                continue
            chain = self._chains.get(publication.chain)
            content = None
            try:
                if chain is not None:
                    content = chain.content(publication.author, publication.permlink)
                if chain is not None and content is not None:
                    self._notice(publication, content, chain)
            except TransientChainError:
                silent.add(publication.chain)
            except DatabaseUnavailable:
                raise
            except Exception as error:  # noqa: BLE001  # one brief's trouble is that brief's
                reason = f"{TROUBLE}: {type(error).__name__}; please report it"
                self._log.error("trouble", brief=publication.brief, reason=reason)
            self._records.results(
                publication.id,
                votes=content.votes if content else publication.votes,
                replies=content.replies if content else publication.replies,
                pending_payout=content.pending_payout if content else publication.pending_payout,
                now=now,
            )
            yield

    def _notice(self, publication: Publication, content: Content, chain: Chain) -> None:
        """Ask a person when the chain shows another text than was published last.

        What one node tells, and what nodes tell right after, while they may lag, proves nothing.
        """
        if _is_as_published(publication, content):
            return
        included = publication.included_at
        if included is None or chain.head().time - included < SETTLED_AFTER:
            return
        agreed = chain.agreed_content(publication.author, publication.permlink)
        if agreed is None or _is_as_published(publication, agreed):
            return
        edit = _edit_back(publication)
        with suppress(Conflict):  # it isn't the last word, or somebody is at it already
            self._records.add(edit, self._now(), after=publication, held=changed_elsewhere(edit))


def _is_as_published(publication: Publication, content: Content) -> bool:
    wanted = comment_in(publication.operations)
    return (content.title, content.body) == (wanted["title"], wanted["body"])


def _edit_back(published: Publication) -> NewPublication:
    """The edit that puts a brief's published text back, wherever the chain's has gone."""
    comment = comment_in(published.operations)
    base = text_digest(comment["title"], comment["body"])
    return following(published, Kind.EDIT, operations_text([("comment", comment)]), base)
