"""The service's side of reconciliation: looks at the folder, and lets the records follow."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import structlog

from bot.briefs import Entry, Finding
from bot.briefs.folder import Folder, Look
from bot.briefs.queue import BriefError
from bot.clock import Clock
from bot.intake.composer import Composer
from bot.intake.follow import Edits, Follower
from bot.intake.reconcile import is_unsettled
from bot.records import Publication, Records
from bot.records.queues import QueueRecords

SOON = 0.5
"""Seconds between two looks at a small queue, and while a file is being written."""
RETRY = 2.0
"""Seconds until what can't be read is tried again."""
SHARE = 0.004
"""Of a core that looking may take; a large queue is looked at less often."""
LONGEST = 10.0
TELL_EVERY = 5.0


class Intake:
    """Keeps the records in step with the folder; the folder is what the author wants.

    Args:
        folder: the queue.
        edits: whether changed files of published briefs edit their posts.
    """

    def __init__(
        self,
        folder: Folder,
        composer: Composer,
        records: Records,
        now: Clock,
        log: structlog.stdlib.BoundLogger,
        edits: Edits = Edits.AUTO,
    ) -> None:
        self._folder = folder
        self._composer = composer
        self._records = records
        self._now = now
        self._log = log
        self._edits = edits
        self._mine: QueueRecords | None = None
        self._orphans: dict[tuple[str, str], Publication] = {}
        self._again: set[str] = set()
        self._linked: set[str] = set()
        self._showing: dict[str, set[str]] = {}
        self._reported: set[tuple[str, str]] = set()
        self._trouble = ""
        self._cost = 0.0
        self._is_being_written = False
        self._told_at = 0.0

    def scan(self) -> tuple[Finding, ...]:
        """One look at the folder; the records follow what has changed in it.

        Returns:
            What stands in the way of briefs that are not in the records because of it.

        Raises:
            BriefError: the folder itself can't be read when the service begins.
        """
        mine = self._begun() or self._begin()
        try:
            self._make_sure(mine)
            begun = time.thread_time()
            look = self._folder.look(self._now())
        except BriefError as error:
            self._tell_trouble(mine, str(error))
            return ()
        if not look.entries:
            self._cost = time.thread_time() - begun
        codes = {finding.code for entry in look.entries for finding in entry.findings}
        self._is_being_written = "file.changing" in codes
        try:
            found = self._follow(mine, look)
        except Exception:  # what was seen and isn't recorded is seen anew
            self._again |= {entry.path for entry in look.entries}
            self._folder.expect(look.gone, self._now())
            raise
        self._tell_progress()
        return found

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """As `Folder.watch`."""
        return self._folder.watch(changed)

    @property
    def is_behind(self) -> bool:
        """Whether there are files that the last look has left to the next."""
        return self._folder.unread > 0

    @property
    def pause(self) -> float:
        """Seconds until the next look makes sense."""
        if self._folder.unread:
            return 0.0
        if self._is_being_written:
            return SOON
        least = RETRY if self._folder.is_troubled else SOON
        return min(max(least, self._cost / SHARE), LONGEST)

    def _follow(self, mine: QueueRecords, look: Look) -> tuple[Finding, ...]:
        """Let the records follow what a look has shown."""
        trouble = look.trouble
        if trouble and not any(map(is_unsettled, mine.latest(paths=look.away).values())):
            trouble = ""  # what is published may be put away
            self._folder.forgo(look.away)
        self._tell_trouble(mine, trouble)
        looked_at = {entry.path for entry in look.entries}
        again = self._again | (self._linked if look.entries or look.gone else set())
        again |= self._with_changed_pictures()
        entries = (*look.entries, *self._folder.again(again - looked_at, self._now()))
        if not entries and not look.gone:
            return ()
        paths = {entry.path for entry in entries} | look.gone | look.away
        briefs = {entry.brief.id for entry in entries if entry.brief}
        rows = mine.latest(paths=paths, briefs=briefs)
        missing = look.gone | look.away
        self._orphans |= {key: row for key, row in rows.items() if row.path in missing}
        follower = self._follower(mine, rows, self._folder)
        for entry in entries:
            follower.take(entry)
        follower.record()
        follower.withdraw(look.gone)
        self._folder.expect(follower.later, self._now())
        self._again = follower.again
        paths = {entry.path for entry in entries}
        self._linked = (self._linked - paths) | follower.linked
        kept = {path: shown for path, shown in self._showing.items() if path not in paths}
        self._showing = kept | follower.showing
        mine.count()
        return tuple(follower.findings)

    def _with_changed_pictures(self) -> set[str]:
        """Files of briefs whose pictures have changed since they were looked at."""
        changed = self._composer.pictures.has_changed
        root = self._folder.root
        return {
            path
            for path, pictures in self._showing.items()
            if any(changed(root, picture) for picture in pictures)
        }

    def take(self, paths: Iterable[str]) -> tuple[Finding, ...]:
        """Bring just these files of the queue into the records, now; returns as `scan`."""
        mine = self._begin()
        look = self._folder.look(self._now(), only=paths)
        return self._take(mine, look.entries, self._folder)

    def take_from(self, queue: str, entries: Iterable[Entry]) -> tuple[Finding, ...]:
        """Bring files from outside of the queue into the records; returns as `scan`.

        Args:
            queue: what they are known by together, instead of a queue.
        """
        return self._take(QueueRecords(self._records, queue), list(entries), None)

    def _take(
        self, mine: QueueRecords, entries: Sequence[Entry], folder: Folder | None
    ) -> tuple[Finding, ...]:
        rows = mine.latest(
            paths={entry.path for entry in entries},
            briefs={entry.brief.id for entry in entries if entry.brief},
        )
        follower = self._follower(mine, rows, folder)
        for entry in entries:
            follower.take(entry)
        follower.record()
        return tuple(follower.findings)

    def _begun(self) -> QueueRecords | None:
        """The queue's records; None where all must be compared anew.

        That is so in a new process, and when an older state of the database was put back.
        """
        mine = self._mine
        if mine is None:
            return None
        if mine.was_put_back():
            self._log.warning("database_put_back")
            return None
        return mine

    def _make_sure(self, mine: QueueRecords) -> None:
        """See that the folder is the queue that it was, before anything is withdrawn from it.

        Raises:
            BriefError: it isn't, or can't be read.
        """
        identity = self._folder.identity(make=False)
        if identity == mine.queue:
            return
        if not identity and self._folder.is_inhabited():
            self._folder.adopt(mine.queue)  # somebody tidied up
            return
        raise BriefError(
            f"{self._folder.root} isn't the queue that it was: is its volume mounted? "
            "Nothing is withdrawn; if it is meant to be another one, start the service anew"
        )

    def _begin(self) -> QueueRecords:
        """Compare all that is recorded with all that is in the folder."""
        place = self._folder.place
        self._folder.forget()
        self._folder.find(self._now())  # what isn't there is said so, before anything is written
        identity = self._folder.identity(make=False) or self._records.queue_at(place)
        if identity is None:
            identity = self._folder.identity()
        else:
            self._folder.adopt(identity)
        mine = QueueRecords(self._records, identity)
        enrolled = mine.enrol(place, self._now())
        self._trouble = enrolled.trouble
        missing = [path for path in mine.paths() if not self._folder.knows(path)]
        self._orphans = mine.latest(paths=missing)
        waiting = {row.path for row in self._orphans.values() if is_unsettled(row)}
        self._folder.expect(waiting, self._now())
        self._mine = mine
        return mine

    def _follower(
        self,
        mine: QueueRecords,
        rows: dict[tuple[str, str], Publication],
        folder: Folder | None,
    ) -> Follower:
        composer = replace(self._composer, wary=False).among(self._folder.entries, mine.latest)
        return Follower(
            mine,
            self._records,
            rows,
            self._orphans,
            composer,
            self._edits,
            folder,
            self._now,
            self._log,
            self._reported,
        )

    def _tell_progress(self) -> None:
        """Say every few seconds how much is still to be taken up."""
        left = self._folder.unread
        if left and time.monotonic() - self._told_at > TELL_EVERY:
            self._told_at = time.monotonic()
            self._log.info("taking_up", left=left)

    def _tell_trouble(self, mine: QueueRecords, trouble: str) -> None:
        """Say once that the folder as a whole looks wrong, and keep it for `doctor`."""
        if trouble == self._trouble:
            return
        self._trouble = trouble
        mine.note(trouble)
        if trouble:
            self._log.error("folder_looks_wrong", reason=trouble)
        else:
            self._log.info("folder_is_well")
