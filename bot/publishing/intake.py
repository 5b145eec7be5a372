"""From the folder to the records: what is new, what changed, what left the queue."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import structlog

from bot.briefs import Brief, Entry, Finding, Level, Queue, found
from bot.chain.operations import operations
from bot.chain.profiles import ChainProfile
from bot.chain.protocol import Operation
from bot.format import Defaults, compose
from bot.format.post import Post
from bot.publishing.watch import Clock
from bot.records import (
    UNPUBLISHED,
    Conflict,
    Kind,
    NewPublication,
    Outcome,
    PermlinkTaken,
    Publication,
    Records,
    Status,
)


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
        names = brief.chains or (self.default_chain,)
        return tuple(self._compose(brief.on(name), name) for name in names)

    def _compose(self, brief: Brief, chain: str) -> Composition:
        profile = self.profiles.get(chain)
        if profile is None:
            known = ", ".join(sorted(self.profiles))
            message = f"unknown chain {chain!r}; configured are {known}"
            finding = found(brief.path, brief.line("chain"), "chain", message)
            return Composition(brief, chain, None, (), (finding,))
        composed = compose(brief, self.defaults, profile.front_end)
        post = composed.post
        if post is None:
            return Composition(brief, chain, None, (), composed.findings)
        # a reply's category is its root's, which only the chain knows; no front end needs it
        template = profile.url.replace("{category}/", "") if post.is_reply else profile.url
        url = template.format(
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
        # what is known now is no newer than what the folder shows next: a worker that is stopped
        # between the two withdraws and replaces nothing that another has taken on meanwhile
        rows = self._records.latest()
        entries = self._queue.scan(self._now())
        seen = frozenset((entry.path, entry.fingerprint) for entry in entries)
        if seen == self._settled:
            return ()
        wanted = {entry.path for entry in entries if entry.brief is None or not entry.brief.draft}
        for row in rows:
            if row.path not in wanted and row.status in UNPUBLISHED:
                self._withdraw(row, "the brief left the queue, or became a draft")
        findings = self._take_all(entries, rows)
        self._settled = frozenset() if findings else seen
        return findings

    def take(self, entries: Iterable[Entry]) -> tuple[Finding, ...]:
        """Bring just these files into the records; returns as `scan`."""
        return self._take_all(entries, self._records.latest())

    def _take_all(
        self, entries: Iterable[Entry], rows: Iterable[Publication]
    ) -> tuple[Finding, ...]:
        known = {(row.chain, row.brief): row for row in rows}
        return tuple(finding for entry in entries for finding in self._take(entry, known))

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
        problems: list[Finding] = []
        if brief is None:
            problems += [f for f in entry.findings if f.level is Level.ERROR]
            if entry.fingerprint:  # it was read, so what it said before isn't wanted any more
                for row in known.values():
                    if row.path == entry.path:
                        self._withhold(row, entry, problems)
        elif not brief.draft:
            for composition in self._composer.compose(brief):
                problems += self._take_on(entry, composition, known)
        self._report(entry, problems)
        return problems

    def _take_on(
        self,
        entry: Entry,
        composition: Composition,
        known: Mapping[tuple[str, str], Publication],
    ) -> list[Finding]:
        """Record a brief for one chain, or say why not."""
        brief = composition.brief
        row = known.get((composition.chain, brief.id))
        errors = [f for f in composition.findings if f.level is Level.ERROR]
        if composition.post is None or errors:
            if row is not None:
                self._withhold(row, entry, errors)
            return errors
        try:
            self._record(entry, composition, row)
        except PermlinkTaken as taken:
            message = (
                f"permlink taken by {taken.existing.path}: two posts can't have one address; "
                "set another `slug`"
            )
            line = brief.line("slug" if brief.slug else "title")
            return [found(brief.path, line, "permlink.taken", message)]
        except Conflict as error:
            return [found(brief.path, 1, "changed", str(error))]
        return []

    def _withhold(self, row: Publication, entry: Entry, errors: list[Finding]) -> None:
        """A queued brief was changed into one that can't be sent: its old text stays here."""
        if row.fingerprint == entry.fingerprint or row.status not in UNPUBLISHED:
            return
        reason = "; ".join(str(finding) for finding in errors)
        if row.status is Status.REJECTED or any(
            attempt.outcome is not Outcome.EXPIRED for attempt in self._records.attempts(row.id)
        ):
            return
        now = self._now()
        if row.status is not Status.QUEUED:
            row = self._records.move(row.id, row.status, Status.QUEUED, "the brief changed", now)
        self._records.move(row.id, row.status, Status.REJECTED, reason, now, error=reason)

    def _record(self, entry: Entry, composition: Composition, row: Publication | None) -> None:
        new = _publication(entry, composition)
        now = self._now()
        if row is None or (row.status is Status.CANCELLED and row.fingerprint != entry.fingerprint):
            self._records.add(new, now)
            self._log.info("queued", brief=new.brief, author=new.author, permlink=new.permlink)
        elif row.fingerprint != entry.fingerprint and row.status in UNPUBLISHED:
            row = self._records.replan(row, new, now)
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
        category="" if post.is_reply else post.parent_permlink,
        tags=post.tags,
        url=composition.url,
        operations=json.dumps(composition.operations, ensure_ascii=False, separators=(",", ":")),
        scheduled_at=brief.date,
        expires_at=brief.expires,
    )
