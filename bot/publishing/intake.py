"""From the folder to the records: what is new, what changed, what left the queue."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import structlog

from bot.briefs import Brief, Entry, Finding, Level, Queue
from bot.chain.operations import operations
from bot.chain.profiles import ChainProfile
from bot.chain.protocol import Operation
from bot.format import Defaults, compose
from bot.format.post import Post
from bot.publishing.publisher import Clock
from bot.records import (
    Conflict,
    Kind,
    NewPublication,
    PermlinkTaken,
    Publication,
    Records,
    Status,
)

UNPUBLISHED = (Status.QUEUED, Status.WAITING, Status.HELD, Status.REJECTED, Status.MISSED)


@dataclass(frozen=True, slots=True)
class Composition:
    """A brief as it would stand on one chain.

    Attributes:
        post: None when a finding of level error stands in the way.
        operations: exactly as they would be signed, in condenser_api's legacy form.
    """

    brief: Brief
    chain: str
    post: Post | None
    operations: tuple[Operation, ...]
    findings: tuple[Finding, ...]
    url: str = ""


@dataclass(frozen=True, slots=True)
class Composer:
    """Makes posts of briefs under one configuration."""

    defaults: Defaults
    profiles: Mapping[str, ChainProfile]
    default_chain: str

    def compose(self, brief: Brief) -> tuple[Composition, ...]:
        """One composition for each chain that the brief names, or for the default chain."""
        return tuple(self._compose(brief, name) for name in brief.chains or (self.default_chain,))

    def _compose(self, brief: Brief, chain: str) -> Composition:
        profile = self.profiles.get(chain)
        if profile is None:
            known = ", ".join(sorted(self.profiles))
            message = f"unknown chain {chain!r}; configured are {known}"
            finding = Finding(brief.path, brief.line("chain"), Level.ERROR, "chain", message)
            return Composition(brief, chain, None, (), (finding,))
        composed = compose(brief, self.defaults)
        post = composed.post
        if post is None:
            return Composition(brief, chain, None, (), composed.findings)
        url = profile.url.format(
            category=post.parent_permlink, author=post.author, permlink=post.permlink
        )
        return Composition(brief, chain, post, operations(post, profile), composed.findings, url)


class Intake:
    """Keeps the records in step with the folder; the folder is what the author wants."""

    def __init__(
        self,
        queue: Queue,
        composer: Composer,
        records: Records,
        now: Clock,
        log: structlog.stdlib.BoundLogger,
    ) -> None:
        self._queue = queue
        self._composer = composer
        self._records = records
        self._now = now
        self._log = log
        self._settled: frozenset[tuple[str, str]] = frozenset()
        self._reported: set[tuple[str, str]] = set()

    def scan(self) -> tuple[Finding, ...]:
        """One look at the folder.

        Returns:
            What stands in the way of briefs that are not in the records because of it.

        Raises:
            BriefError: the folder itself can't be read; nothing is cancelled then.
        """
        entries = self._queue.scan(self._now())
        seen = frozenset((entry.path, entry.fingerprint) for entry in entries)
        if seen == self._settled:
            return ()
        known = {(row.chain, row.brief): row for row in self._records.latest()}
        self._cancel_what_left(known.values(), entries)
        findings = [finding for entry in entries for finding in self._take(entry, known)]
        self._settled = frozenset() if findings else seen
        return tuple(findings)

    def _cancel_what_left(self, known: Iterable[Publication], entries: Iterable[Entry]) -> None:
        """Withdraw what has left the queue before anything of it was signed."""
        paths = {entry.path for entry in entries}
        for row in known:
            if row.path not in paths and row.status in UNPUBLISHED:
                self._withdraw(row, "the brief left the queue")

    def _withdraw(self, row: Publication, reason: str) -> None:
        try:
            self._records.cancel(row.id, reason, self._now(), forget_file=True)
        except Conflict as error:  # its transaction may still be included; later, then
            self._log.info("not_cancelled", brief=row.brief, reason=str(error))
        else:
            self._log.info("cancelled", brief=row.brief, reason=reason)

    def _take(
        self, entry: Entry, known: Mapping[tuple[str, str], Publication]
    ) -> Iterable[Finding]:
        """Put one file's publications into the records, or say why not."""
        brief = entry.brief
        if brief is None:
            self._report(entry, entry.findings)
            return entry.findings
        if brief.draft:
            return ()
        problems: list[Finding] = []
        for composition in self._composer.compose(brief):
            errors = [f for f in composition.findings if f.level is Level.ERROR]
            if composition.post is None or errors:
                problems += errors
                continue
            row = known.get((composition.chain, brief.id))
            try:
                self._record(entry, composition, row)
            except PermlinkTaken as taken:
                message = (
                    f"permlink taken by {taken.existing.path}: two posts can't have one address; "
                    "set another `slug`"
                )
                line = brief.line("slug" if brief.slug else "title")
                problems.append(Finding(brief.path, line, Level.ERROR, "permlink.taken", message))
            except Conflict as error:
                self._log.info("unchanged_for_now", brief=brief.id, reason=str(error))
                problems.append(Finding(brief.path, 1, Level.WARNING, "changed", str(error)))
        self._report(entry, problems)
        return problems

    def _record(self, entry: Entry, composition: Composition, row: Publication | None) -> None:
        new = _publication(entry, composition)
        now = self._now()
        if row is None or (row.status is Status.CANCELLED and row.fingerprint != entry.fingerprint):
            self._records.add(new, now)
            self._log.info("queued", brief=new.brief, author=new.author, permlink=new.permlink)
        elif row.fingerprint != entry.fingerprint and row.status in UNPUBLISHED:
            row = self._records.replan(row.id, new, now)
            self._log.info("changed", brief=new.brief, author=new.author)
            if row.status in {Status.REJECTED, Status.MISSED}:
                self._records.move(row.id, row.status, Status.QUEUED, "the brief was changed", now)

    def _report(self, entry: Entry, findings: Iterable[Finding]) -> None:
        """Log a file's problems once for each state of the file."""
        state = (entry.path, entry.fingerprint)
        if state not in self._reported:
            for finding in findings:
                self._log.warning("not_queued", finding=str(finding))
                self._reported.add(state)


def _publication(entry: Entry, composition: Composition) -> NewPublication:
    brief, post = composition.brief, composition.post
    assert post is not None, "only what can be sent is recorded"
    return NewPublication(
        chain=composition.chain,
        brief=brief.id,
        path=brief.path,
        fingerprint=entry.fingerprint,
        author=post.author,
        permlink=post.permlink,
        kind=Kind.REPLY if post.is_reply else Kind.POST,
        title=post.title,
        category=post.parent_permlink,
        tags=post.tags,
        url=composition.url,
        operations=json.dumps(composition.operations, ensure_ascii=False, separators=(",", ":")),
        scheduled_at=brief.date,
        expires_at=brief.expires,
    )
