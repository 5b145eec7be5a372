"""The records follow a few files: each wish is composed, compared, and done."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

import structlog

from bot.briefs import Brief, Entry, Finding, Level, found, internal
from bot.briefs.folder import Folder
from bot.briefs.pictures import CHANGING, PictureRefused
from bot.briefs.place import identity_now, identity_of
from bot.chain.codec import comment_in
from bot.clock import Clock
from bot.errors import BotError
from bot.intake.composer import Composer, Composition, publication_of
from bot.intake.edits import edit_findings, edit_of
from bot.intake.index import file_record
from bot.intake.reconcile import Action, Wanted, decide
from bot.records import (
    FIRST,
    Conflict,
    Kind,
    NewPublication,
    PermlinkTaken,
    PictureFile,
    Publication,
    Records,
    RecordsError,
    Status,
)
from bot.records.files import FileRecord
from bot.records.planning import APPROVAL
from bot.records.queues import Alike, QueueRecords

Key = tuple[str, str]
"""(chain, brief)"""
ASKED = "edits are asked about: `briefbot release` sends it, `cancel` drops it"
_ENDED = frozenset({Status.FINAL, Status.CANCELLED})
LEFT = "the brief left the queue, or became a draft"


class Edits(StrEnum):
    """What a change to a published brief's file does to the post."""

    AUTO = "auto"
    ASK = "ask"
    OFF = "off"


class Follower:
    """Lets one queue's records follow some of its files.

    Args:
        mine: the queue's records.
        known: the latest publications of these files, and of the identities in them.
        may_have_moved: whether there are publications whose files aren't where they were.
        compose: gives the compositions of a file that holds a brief.
        settings: digest of the configuration.
        folder: the queue; None for files that lie outside of any.
        reported: (path, fingerprint) of what was logged before.

    Attributes:
        findings: what stands in the way of briefs.
        made: what is to be kept of the files.
        missed: files that have changed once more since they were read.
        later: files that are gone, of which something was on its way.
    """

    def __init__(
        self,
        mine: QueueRecords,
        records: Records,
        known: dict[Key, Publication],
        composer: Composer,
        compose: Callable[[Entry], tuple[Composition, ...]],
        settings: str,
        edits: Edits,
        folder: Folder | None,
        now: Clock,
        log: structlog.stdlib.BoundLogger,
        reported: set[tuple[str, str]],
        *,
        may_have_moved: bool,
    ) -> None:
        self._mine = mine
        self._records = records
        self._known = known
        self._may_have_moved = may_have_moved
        self._composer = composer
        self._compose = compose
        self._settings = settings
        self._edits = edits
        self._folder = folder
        self._now = now
        self._log = log
        self._reported = reported
        self._new: list[tuple[Entry, Brief, NewPublication]] = []
        self.findings: list[Finding] = []
        self._again: set[str] = set()
        self._made: list[FileRecord] = []
        self.missed: set[str] = set()
        self.later: set[str] = set()

    def take(self, entry: Entry) -> None:
        """Let the records follow one file; whatever goes wrong with it is a finding of its own.

        Raises:
            BotError: what all briefs need can't be had: the queue's folder, the database.
        """
        before = len(self.findings)
        try:
            # the rows were read after the file: if that still is what was read, no other worker
            # can have recorded a newer one
            if self._folder and entry.fingerprint and not self._folder.is_current(entry):
                self.missed.add(entry.path)
                return
            self._take(entry)
        except (Conflict, PermlinkTaken) as error:  # another worker was quicker
            self._log.info("not_yet", path=entry.path, reason=str(error))
            self.missed.add(entry.path)
        except BotError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, the other briefs go on
            self.findings.append(internal(entry.path, error))
        self._report(entry, self.findings[before:])

    def put_off(self, entry: Entry, compositions: Sequence[Composition]) -> None:
        """Keep only what others call a file whose brief names others; it is taken later."""
        self._again.add(entry.path)
        self._keep(entry, compositions, {})

    def record(self) -> None:
        """Record what was found new, many at a time."""
        brief_of = {id(plan): (entry, brief) for entry, brief, plan in self._new}
        for plan, result in self._mine.add([plan for _, _, plan in self._new], self._now()):
            entry, brief = brief_of[id(plan)]
            if isinstance(result, Conflict):  # another worker was quicker
                self._log.info("not_yet", path=entry.path, reason=str(result))
                self.missed.add(entry.path)
                continue
            if result is not None:
                finding = self._refused(entry, brief, result)
                self.findings.append(finding)
                self._report(entry, [finding])
                continue
            self._log.info("queued", brief=plan.brief, author=plan.author, permlink=plan.permlink)
        self._new = []

    def made(self) -> list[FileRecord]:
        """What is to be kept of the files; unsettled where something was on its way."""
        return [
            replace(record, stamp="") if record.path in self._again else record
            for record in self._made
        ]

    def withdraw(self, gone: Iterable[str]) -> None:
        """Cancel what waits for files that have been away for long."""
        paths = set(gone)
        for row in list(self._known.values()):
            missing = row.path in paths and self._folder and self._folder.is_missing(row.path)
            if missing and not self._is_elsewhere(row):
                self._apply(Wanted(), row, None)

    # -- one file --------------------------------------------------------------------------------

    def _take(self, entry: Entry) -> None:
        brief = entry.brief
        here = [row for row in self._known.values() if _is_of(row, entry)]
        if brief is None:
            errors = [f for f in entry.findings if f.level is Level.ERROR]
            self.findings += errors
            if entry.fingerprint:  # it was read, so what it said before isn't wanted any more
                for row in here:
                    self._apply(_refusal(entry.fingerprint, errors), row, entry)
            self._keep(entry, (), {})
            return
        here = self._known_anew(entry, brief, here)
        compositions = () if brief.draft else self._compose(entry)
        told: dict[str, str] = {}
        for composition in compositions:
            errors = self._take_on(entry, composition)
            told[composition.chain] = "; ".join(map(str, errors))
        self._keep(entry, compositions, told)
        wanted = {composition.chain for composition in compositions}
        for row in here:
            if row.brief == brief.id and row.chain in wanted:
                continue
            if self._known.get((row.chain, row.brief)) is not row:
                continue  # it was renamed just now
            if row.brief == brief.id or not self._is_elsewhere(row):
                self._apply(Wanted(), row, entry)

    def _keep(
        self, entry: Entry, compositions: Sequence[Composition], errors: Mapping[str, str]
    ) -> None:
        """Remember what was made of a file, unless it lies in no queue."""
        if self._folder is None or not self._folder.knows(entry.path):
            return
        identity = self._folder.id_at(entry.path)
        made = file_record(entry, compositions, errors, self._composer, identity)
        stamp = self._folder.stamp(entry.path)
        self._made.append(replace(made, stamp=stamp, settings=self._settings))

    def _take_on(self, entry: Entry, composition: Composition) -> list[Finding]:
        """Let the records follow one brief on one chain; returns what stands in its way."""
        brief = composition.brief
        changing = [finding for finding in composition.findings if finding.code == CHANGING]
        if changing:
            self.findings += changing
            self._again.add(entry.path)
            return changing
        key = (composition.chain, brief.id)
        question = ""
        if self._known.get(key) is None or self._known[key].status is Status.CANCELLED:
            question = self._follow_rename(entry, composition)
        row = self._known.get(key)
        wanted, errors = self._wanted(entry, composition, row)
        self.findings += errors
        if self._may_pass(composition, row, errors):
            self._again.add(entry.path)
        if question and wanted.plan is not None:
            self._hold(entry, wanted.plan, question)
        else:
            self._apply(wanted, row, entry)
        return errors

    @staticmethod
    def _may_pass(
        composition: Composition, row: Publication | None, errors: Iterable[Finding]
    ) -> bool:
        """Whether what stands in a brief's way may end without a change of its file.

        What it names may get an address, a picture may come, a fault of ours may be one of the
        moment, and a deletion that waits may be cancelled.
        """
        codes = {finding.code for finding in errors}
        deleting = row is not None and row.kind is Kind.DELETE and row.status not in _ENDED
        return deleting or bool(
            codes & {"internal", "picture.missing"} or (codes and composition.links)
        )

    def _wanted(
        self, entry: Entry, composition: Composition, row: Publication | None
    ) -> tuple[Wanted, list[Finding]]:
        published = None
        if row is not None and stands_on_chain(row):
            published = self._mine.published(row.chain, row.brief)
        return wanted_of(
            composition, entry.fingerprint, row, published, self._edits, self._mine.queue
        )

    def _apply(self, wanted: Wanted, row: Publication | None, entry: Entry | None) -> None:
        """Do what the table says."""
        do = {
            Action.NONE: self._stay,
            Action.QUEUE: self._queue,
            Action.REPLAN: self._replan,
            Action.EDIT: self._edit,
            Action.REJECT: self._reject,
            Action.WITHDRAW: self._withdraw,
            Action.LATER: self._later,
        }[decide(wanted, row)]
        try:
            do(wanted, row, entry)
        except PictureRefused as error:  # somebody has written it since it was composed
            self._log.info("not_yet", brief=row.brief if row else "", reason=str(error))
            self._again |= {entry.path} if entry else set()
        except (Conflict, PermlinkTaken) as error:
            if entry is not None and entry.brief is not None:
                self.findings.append(self._refused(entry, entry.brief, error))
            elif row is not None:  # its transaction may still be included
                self._log.info("not_yet", brief=row.brief, reason=str(error))
                self._later(wanted, row, entry)

    def _stay(self, wanted: Wanted, row: Publication | None, entry: Entry | None) -> None:  # noqa: ARG002
        if row is not None and entry is not None and row.path != entry.path:
            self._rename(row, row.brief, entry)

    def _later(self, wanted: Wanted, row: Publication | None, entry: Entry | None) -> None:  # noqa: ARG002
        if entry is not None:
            self._again.add(entry.path)
        elif row is not None:
            self.later.add(row.path)

    def _queue(self, wanted: Wanted, row: Publication | None, entry: Entry | None) -> None:  # noqa: ARG002
        assert entry is not None, "a plan is made of a file"
        assert entry.brief is not None, "which is a brief"
        assert wanted.plan is not None, "that can be sent"
        if wanted.plan.shows or wanted.plan.approve:  # with its pictures, so not among many
            held = APPROVAL if wanted.plan.approve else None
            files = self._files(entry, wanted.plan)
            self._records.add(wanted.plan, self._now(), held=held, files=files)
            self._log.info("queued", brief=wanted.plan.brief, author=wanted.plan.author)
        else:
            self._new.append((entry, entry.brief, wanted.plan))

    def _replan(self, wanted: Wanted, row: Publication | None, entry: Entry | None) -> None:
        assert row is not None, "there is an older plan"
        assert wanted.plan is not None, "and a new one"
        plan = wanted.plan if row.kind in FIRST else wanted.edit
        assert plan is not None, "of the same kind"
        plan = plan if row.kind in FIRST else replace(plan, base=row.base)
        self._records.replan(row, plan, self._now(), self._files(entry, plan))
        self._log.info("changed", brief=plan.brief, author=plan.author)

    def _edit(self, wanted: Wanted, row: Publication | None, entry: Entry | None) -> None:
        assert row is not None, "what is edited was published"
        assert wanted.edit is not None, "and something differs"
        held = self._other_text(wanted, row, entry)
        held = ASKED if held is None and self._edits is Edits.ASK else held
        files = self._files(entry, wanted.edit)
        self._records.add(wanted.edit, self._now(), after=row, held=held, files=files)
        self._log.info("edit_queued", brief=row.brief, author=row.author)

    def _other_text(self, wanted: Wanted, row: Publication, entry: Entry | None) -> str | None:
        """What to ask before an edit of a file that may hold another brief's text by now."""
        plan, around = wanted.plan, self._composer.neighbours
        if plan is None or entry is None or (plan.author, plan.permlink) == _address(row):
            return None
        other = self._records.at(plan.chain, plan.author, plan.permlink)
        paths = {other.path or other.brief} if other else set()
        if around is not None:
            paths |= around.at(row.chain, *_address(row)) - {entry.path}
        if not paths:
            return None
        return (
            f"{entry.path} is published as @{row.author}/{row.permlink}, and says now what "
            f"{', '.join(sorted(paths))} says too: were files moved? Then give each the `id` that "
            f"it had and `briefbot cancel {row.brief}`; `briefbot release {row.brief}` edits"
        )

    def _reject(self, wanted: Wanted, row: Publication | None, entry: Entry | None) -> None:  # noqa: ARG002
        assert row is not None, "there is something to reject"
        self._records.reject(row, wanted.refusal, wanted.fingerprint, self._now())
        self._log.warning("rejected", brief=row.brief, reason=wanted.refusal)

    def _withdraw(self, wanted: Wanted, row: Publication | None, entry: Entry | None) -> None:  # noqa: ARG002
        assert row is not None, "there is something to withdraw"
        why = LEFT if wanted.plan is None else "the file says again what is published"
        self._records.withdraw(row, why, self._now())
        self._log.warning("cancelled", brief=row.brief, reason=why)

    def _hold(self, entry: Entry, plan: NewPublication, question: str) -> None:
        try:
            files = self._files(entry, plan)
            self._records.add(plan, self._now(), held=question, files=files)
            self._log.warning("held", brief=plan.brief, reason=question)
        except PictureRefused:
            self._again.add(entry.path)
        except (Conflict, PermlinkTaken) as error:
            assert entry.brief is not None, "it has a plan"
            self.findings.append(self._refused(entry, entry.brief, error))

    def _files(self, entry: Entry | None, plan: NewPublication) -> tuple[PictureFile, ...]:
        assert entry is not None, "a plan is made of a file"
        return self._composer.pictures.files(entry.folder, plan.shows)

    def _refused(self, entry: Entry, brief: Brief, error: RecordsError) -> Finding:
        """Why the records don't take a plan, which is tried again at the next look."""
        self._again.add(entry.path)
        if isinstance(error, PermlinkTaken):
            by = error.existing.path or error.existing.brief
            if error.existing.queue != self._mine.queue:
                by += " of another folder"
            message = (
                f"permlink taken by {by}: two posts can't have one address; set another `slug`"
            )
            line = brief.line("slug" if brief.slug else "title")
            return found(entry.path, line, "permlink.taken", message)
        return found(entry.path, 1, "changed", str(error))

    # -- files that moved ------------------------------------------------------------------------

    def _is_elsewhere(self, row: Publication) -> bool:
        """Whether another file has this row's identity now; then that one speaks for it."""
        return self._folder is not None and self._folder.has(row.brief)

    def _known_anew(self, entry: Entry, brief: Brief, here: list[Publication]) -> list[Publication]:
        """Give a bundle's page that was known by its path the identity that its folder gives."""
        for row in here:
            if row.brief != brief.id == identity_now(row.brief, row.path) == identity_of(row.path):
                self._rename(row, brief.id, entry)
        return [row for row in self._known.values() if _is_of(row, entry)]

    def _follow_rename(self, entry: Entry, composition: Composition) -> str:
        """Give a file the publication that it had elsewhere.

        Returns:
            What a person must be asked, where that can't be told; empty otherwise.
        """
        folder = self._folder
        if folder is None:
            return ""
        stands = composition.place
        here = [row for row in self._known.values() if row.path == entry.path]
        alike = [
            Alike(
                row,
                address=stands is not None and _address(row) == (stands.author, stands.permlink),
            )
            for row in here
        ]
        if self._may_have_moved:
            alike += alike_of(self._mine, entry, composition)
        row, question = moved_from(alike, entry, composition, folder.has, folder.knows)
        if row is not None:
            self._rename(row, composition.brief.id, entry)
        return question

    def _rename(self, row: Publication, brief: str, entry: Entry) -> None:
        self._records.rename(row, brief, entry.path, self._now())
        self._log.info("renamed", brief=brief, path=entry.path, before=row.path)
        for key, each in list(self._known.items()):
            if each.brief == row.brief and each.path == row.path:
                del self._known[key]
        self._known |= self._mine.latest(briefs=[brief])

    def _report(self, entry: Entry, findings: Iterable[Finding]) -> None:
        """Log a file's problems once for each state of the file."""
        for finding in findings:
            state = (entry.path, f"{entry.fingerprint} {finding.code}")
            if state not in self._reported:
                # a save in progress is nobody's mistake
                tell = self._log.info if finding.code == "file.changing" else self._log.warning
                tell("not_queued", finding=str(finding))
                self._reported.add(state)


def stands_on_chain(latest: Publication) -> bool:
    """Whether a brief whose latest publication this is may have something on its chain."""
    return latest.kind not in FIRST or latest.status is Status.FINAL


def wanted_of(
    composition: Composition,
    fingerprint: str,
    latest: Publication | None,
    published: Publication | None,
    edits: Edits,
    queue: str = "",
) -> tuple[Wanted, list[Finding]]:
    """What a composed brief asks for on its chain, and the errors that stand in its way.

    Args:
        fingerprint: of its file.
        latest: its latest publication.
        published: what it has on the chain.
    """
    findings = list(composition.findings)
    if published is not None and latest is not None and latest.fingerprint != fingerprint:
        findings += edit_findings(published, composition)
    errors = [finding for finding in findings if finding.level is Level.ERROR]
    if composition.post is None or errors:
        return _refusal(fingerprint, errors), errors
    plan = replace(publication_of(composition, fingerprint), queue=queue)
    edit = None
    # by its file only: a new footer that a file of ours met meanwhile is no reason for an edit
    changed = published is not None and published.fingerprint != fingerprint
    if published is not None and changed and edits is not Edits.OFF:
        edit = edit_of(published, fingerprint, composition)
    return Wanted(plan, edit, "", fingerprint), []


def named_now(rows: Mapping[Key, Publication]) -> dict[Key, Publication]:
    """The same by the ids that briefs have now, whether intake has seen their files or not."""
    named = {(key[0], identity_now(key[1], row.path)): key for key, row in rows.items()}
    return {key: rows[key if key in rows else was] for key, was in named.items()}


def _is_of(row: Publication, entry: Entry) -> bool:
    """Whether a file speaks for a publication: it lies where that came from, or has its id."""
    return row.path == entry.path or (entry.brief is not None and row.brief == entry.brief.id)


def _address(row: NewPublication) -> tuple[str, str]:
    return row.author, row.permlink


def _refusal(fingerprint: str, errors: Iterable[Finding]) -> Wanted:
    reason = "; ".join(str(finding) for finding in errors)
    return Wanted(refusal=reason or "it can't be composed", fingerprint=fingerprint)


def alike_of(mine: QueueRecords, entry: Entry, composition: Composition) -> tuple[Alike, ...]:
    """What a file may have been elsewhere."""
    stands = composition.place
    return mine.alike(
        composition.chain,
        entry.fingerprint,
        stands.author if stands else "",
        stands.permlink if stands else "",
        is_reply=stands is not None and bool(stands.parent_author),
    )


def moved_from(
    alike: Iterable[Alike],
    entry: Entry,
    composition: Composition,
    has: Callable[[str], bool],
    knows: Callable[[str], bool],
) -> tuple[Publication | None, str]:
    """Which publication a file without one had elsewhere, or what a person must be asked.

    Args:
        has: whether a file has this id.
        knows: whether there is a file at this path.
    """
    same: dict[str, Publication] = {}
    maybe: dict[str, Publication] = {}
    for each in alike:
        row = each.latest
        own = row.path == entry.path
        void = row.status is Status.CANCELLED and row.kind in FIRST
        if void or row.chain != composition.chain or has(row.brief):
            continue
        if not own and knows(row.path):
            continue  # its file is back
        if each.address or (each.content and not own):
            same[row.brief] = row
        elif not own and each.reply and _answers(each.reply, composition):
            maybe[row.brief] = row
    if len(same) == 1 and not maybe.keys() - same.keys():
        ((_, row),) = same.items()
        return row, ""
    if same or maybe:
        names = ", ".join(sorted(row.path for row in (same | maybe).values()))
        return None, (
            f"is this file {names}, moved? Then give it the `id` of that one; if it is a new "
            "brief, `briefbot release` sends it"
        )
    return None, ""


def _answers(operations: str, composition: Composition) -> bool:
    """Whether a reply is to the same post."""
    stands, comment = composition.place, comment_in(operations)
    parent = (comment.get("parent_author"), comment.get("parent_permlink"))
    return stands is not None and parent == (stands.parent_author, stands.parent_permlink)
