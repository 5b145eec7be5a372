"""From the folder to the records: what is new, what changed, what left the queue."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import StrEnum

import structlog

from bot.briefs import Entry, Finding, Level, Queue, found, internal
from bot.errors import BotError
from bot.publishing.composer import Composer, Composition, publication_of
from bot.publishing.edits import edit_findings, edit_of
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

FIRST = frozenset({Kind.POST, Kind.REPLY})
"""What puts a brief on the chain; the other kinds follow it."""


class Edits(StrEnum):
    """What a change to a published brief's file does to the post."""

    AUTO = "auto"
    ASK = "ask"
    OFF = "off"


class Intake:
    """Keeps the records in step with the folder; the folder is what the author wants.

    Args:
        edits: whether changed files of published briefs edit their posts.
    """

    def __init__(
        self,
        queue: Queue,
        composer: Composer,
        records: Records,
        now: Clock,
        log: structlog.stdlib.BoundLogger,
        edits: Edits = Edits.AUTO,
    ) -> None:
        self._edits = edits
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
        unseen = tuple(f"{entry.path}/" for entry in entries if not entry.fingerprint)
        for row in rows:
            gone = row.path not in wanted and not row.path.startswith(unseen)
            if gone and row.kind is not Kind.DELETE and row.status in UNPUBLISHED:
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
        self._composer = self._composer.among(self._queue.look, lambda: known)
        return tuple(finding for entry in entries for finding in self._contained(entry, known))

    def _withdraw(self, row: Publication, reason: str) -> None:
        try:
            self._records.cancel(row.id, reason, self._now(), forget_file=True)
        except Conflict as error:  # its transaction may still be included; later, then
            self._log.info("not_cancelled", brief=row.brief, reason=str(error))
        else:
            self._log.info("cancelled", brief=row.brief, reason=reason)

    def _contained(
        self, entry: Entry, known: Mapping[tuple[str, str], Publication]
    ) -> tuple[Finding, ...]:
        """Take one file on; whatever goes wrong with it is a finding of its own, and is logged.

        Raises:
            BotError: what all briefs need can't be had: the queue's folder, the database.
        """
        try:
            problems = tuple(self._take(entry, known))
        except BotError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, the other briefs go on
            problems = (internal(entry.path, error),)
        self._report(entry, problems)
        return problems

    def _take(self, entry: Entry, known: Mapping[tuple[str, str], Publication]) -> list[Finding]:
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
            for composition in self._composer.compose(brief, entry.folder):
                problems += self._take_on(entry, composition, known)
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
        findings = list(composition.findings)
        if row is not None and row.fingerprint != entry.fingerprint:
            findings += self._unchangeable(row, composition)
        errors = [f for f in findings if f.level is Level.ERROR]
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

    def _unchangeable(self, row: Publication, composition: Composition) -> Iterable[Finding]:
        """What a changed file wants otherwise that stands on the chain for good."""
        published = self._published(row)
        return edit_findings(published, composition) if published else ()

    def _published(self, row: Publication) -> Publication | None:
        key = (row.chain, row.brief)
        return self._records.published(chain=row.chain, brief=row.brief).get(key)

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
        try:
            if row.status is not Status.QUEUED:
                why = "the brief changed"
                row = self._records.move(row.id, row.status, Status.QUEUED, why, now)
            self._records.move(row.id, row.status, Status.REJECTED, reason, now, error=reason)
        except Conflict as error:  # another worker was faster; the next scan sees what it did
            self._log.info("not_withheld", brief=row.brief, reason=str(error))

    def _record(self, entry: Entry, composition: Composition, row: Publication | None) -> None:
        """Put a good plan into the records, as a new publication or in place of an old plan."""
        new = publication_of(composition, entry.fingerprint)
        now = self._now()
        if row is not None and row.fingerprint == entry.fingerprint:
            queued = row.kind in FIRST and row.status in UNPUBLISHED
            if composition.linked and queued and row.operations != new.operations:
                self._replan(row, new)
            return
        if row is None or (row.kind in FIRST and row.status is Status.CANCELLED):
            self._records.add(new, now)
            self._log.info("queued", brief=new.brief, author=new.author, permlink=new.permlink)
        elif row.kind in FIRST and row.status in UNPUBLISHED:
            self._replan(row, new)
        elif row.status in {Status.PUBLISHING, Status.INCLUDED}:
            raise Conflict(f"{new.brief} is on its way; the change follows when that is final")
        else:
            self._edit(entry, composition, row)

    def _replan(self, row: Publication, new: NewPublication) -> None:
        now = self._now()
        row = self._records.replan(row, new, now)
        self._log.info("changed", brief=new.brief, author=new.author)
        if row.status in {Status.REJECTED, Status.MISSED}:
            self._records.move(row.id, row.status, Status.QUEUED, "the brief was changed", now)

    def _edit(self, entry: Entry, composition: Composition, row: Publication) -> None:
        """A published brief's file was changed: plan an edit, or put it into the planned one."""
        published = self._published(row)
        is_open = row.kind is Kind.EDIT and row.status in UNPUBLISHED
        deleting = row.kind is Kind.DELETE and row.status is not Status.CANCELLED
        if published is None or self._edits is Edits.OFF or deleting:
            return
        new = edit_of(published, entry.fingerprint, composition)
        if new is None:
            if is_open:
                self._withdraw(row, "the file says again what is published")
        elif is_open:
            self._replan(row, replace(new, base=row.base))
        else:
            asked = "edits are asked about: `briefbot release` sends it, `cancel` drops it"
            held = asked if self._edits is Edits.ASK else None
            self._records.add(new, self._now(), after=row, held=held)
            self._log.info("edit_queued", brief=new.brief, author=new.author)

    def _report(self, entry: Entry, findings: Iterable[Finding]) -> None:
        """Log a file's problems once for each state of the file."""
        state = (entry.path, entry.fingerprint)
        if state not in self._reported:
            for finding in findings:
                self._log.warning("not_queued", finding=str(finding))
                self._reported.add(state)
