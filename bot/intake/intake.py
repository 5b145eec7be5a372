"""The service's side of reconciliation: looks at the folder, and lets the records follow."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from itertools import islice

import structlog

from bot.briefs import Entry, Finding, found
from bot.briefs.folder import MOST, Folder, Look
from bot.briefs.queue import BriefError, Queue
from bot.briefs.walk import PORTION
from bot.clock import Clock
from bot.intake.composer import Composer, Composition
from bot.intake.follow import Edits, Follower
from bot.intake.index import changed_pictures, names_moved, settings_of
from bot.intake.names import Names
from bot.intake.reconcile import is_open, is_unsettled
from bot.intake.view import QueueView
from bot.intake.workshop import Workshop
from bot.records import Publication, Records
from bot.records.files import NameKind
from bot.records.queues import QueueRecords

SOON = 0.5
"""Seconds between two looks at a small queue of whose changes nobody tells."""
LISTENING = 5.0
"""Seconds between two looks where the system tells of changes, and nothing else is waited for."""
RETRY = 2.0
"""Seconds until what can't be read is tried again."""
SHARE = 0.004
"""Of a core that looking may take; a large queue is looked at less often."""
LONGEST = 10.0
AGAIN = 100
"""So many files of which something is on its way, or in their way, are looked at again at once."""
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
        # the records know of recorded briefs that want one address
        self._composer = replace(composer, wary=False)
        self._workshop = Workshop(folder.root, folder.timezone, self._composer)
        folder.read_with(self._workshop.read)
        self._records = records
        self._now = now
        self._log = log
        self._edits = edits
        self._mine: QueueRecords | None = None
        self._has_orphans = False
        self._settings = settings_of(composer, folder.timezone, edits)
        self._trusts = True
        self._again: set[str] = set()
        self._unsettled_after = ""
        self._catches_up = False
        self._concerned: set[str] = set()
        self._showing: dict[str, tuple[tuple[str, str], ...]] = {}
        self._showing_round: Iterator[str] = iter(())
        self._reported: set[tuple[str, str]] = set()
        self._trouble = ""
        self._cost = 0.0
        self._settles_in: float | None = None
        self._is_waiting = False
        self._told_at = 0.0

    def scan(self) -> tuple[Finding, ...]:
        """One look at the folder; the records follow what has changed in it.

        Returns:
            What stands in the way of briefs that are not in the records because of it.

        Raises:
            BriefError: the folder itself can't be read when the service begins.
        """
        if self._mine is not None and self._mine.was_put_back():
            self._start_over()
        mine = self._mine or self._begin()
        try:
            self._make_sure(mine)
            begun = time.thread_time()
            look = self._folder.look(self._now())
        except BriefError as error:
            self._tell_trouble(mine, str(error))
            return ()
        self._settles_in = self._until_settled(look)
        try:
            found = self._follow(mine, look)
        except Exception:  # what was seen and isn't recorded is seen anew
            self._again |= {entry.path for entry in look.entries}
            self._folder.expect(look.gone, self._now())
            raise
        if not look.entries:
            self._cost = time.thread_time() - begun
        self._workshop.forget()
        if not self._folder.unread:
            self._workshop.close()
        self._tell_progress()
        return found

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """As `Folder.watch`."""
        return self._folder.watch(changed)

    def close(self) -> None:
        """End what works beside this process."""
        self._workshop.close()

    @property
    def is_behind(self) -> bool:
        """Whether there are files that the last look has left to the next."""
        return self._folder.unread > 0 or self._catches_up

    @property
    def is_reading(self) -> bool:
        """Whether the queue isn't known as a whole yet, and soon is."""
        return self.is_behind and not self._trouble

    @property
    def pause(self) -> float:
        """Seconds until the next look makes sense."""
        if self.is_behind:
            return 0.0
        if self._settles_in is not None:
            return self._settles_in
        if self._folder.is_troubled:
            return RETRY
        listens = self._folder.hears and not self._folder.is_waiting and not self._is_waiting
        return min(max(LISTENING if listens else SOON, self._cost / SHARE), LONGEST)

    def _until_settled(self, look: Look) -> float | None:
        """Seconds until the first of the files that are being written may be read, if there are."""
        changing = [
            entry.path
            for entry in look.entries
            if any(finding.code == "file.changing" for finding in entry.findings)
        ]
        waits = [self._folder.settles_in(path, self._now()) for path in changing]
        return min(waits, default=None)

    def _follow(self, mine: QueueRecords, look: Look) -> tuple[Finding, ...]:
        """Let the records follow what a look has shown."""
        trouble = look.trouble
        self._has_orphans = self._has_orphans or bool(look.away or look.gone)
        fresh = trouble and trouble != self._trouble
        if fresh and not any(map(is_unsettled, mine.latest(paths=look.away).values())):
            trouble = ""  # what is published may be put away
            self._folder.forgo(look.away)
        self._tell_trouble(mine, trouble)
        met = {entry.path for entry in look.entries}
        again = self._folder.again(self._asked_again(mine) - met, self._now())
        self._is_waiting = bool(again)
        entries = (*look.entries, *again)
        if not entries and not look.gone:
            return ()
        # what one file makes is one transaction; of many, each would keep others waiting for long
        with mine.together() if len(entries) + len(look.gone) == 1 else nullcontext():
            # counted first: a copy that is put back from here on is told by it
            known = mine.count()
            findings = list(self._round(mine, entries, look.gone, look.away)) if known else []
        if not known:
            self._start_over()
            return self.scan()
        while not self._folder.unread and (others := self._concerned - met):
            if len(others) > MOST:  # they are unsettled, and have their turn
                self._catches_up = True
                break
            met |= others
            findings += self._round(mine, self._folder.again(others, self._now()))
        return tuple(findings)

    def _round(
        self,
        mine: QueueRecords,
        entries: Sequence[Entry],
        gone: frozenset[str] = frozenset(),
        away: frozenset[str] = frozenset(),
    ) -> list[Finding]:
        """Let the records follow some files; what these concern is kept in `_concerned`."""
        paths = {entry.path for entry in entries}
        briefs = {entry.brief.id for entry in entries if entry.brief}
        rows = mine.latest(paths=paths | gone | away, briefs=briefs)
        self._has_orphans = self._has_orphans or any(
            row.path in gone | away for row in rows.values()
        )
        names = Names(lambda: entries, self._folder.peek, lambda: mine.files)
        follower = self._follower(mine, rows, self._composer.among(names, mine), self._folder)
        if gone:  # whatever becomes of this look: they are read when they are back
            mine.files.unsettle(gone)
        for entry in entries:
            alone = self._alone(entry) if self._folder.unread else ()
            if any(made.links for made in alone):
                follower.put_off(entry, alone)  # what it names may not have been read yet
            else:
                follower.take(entry)
        follower.record()
        follower.withdraw(gone)
        self._folder.expect(follower.later, self._now())
        before = mine.files.at(paths | gone)
        made = follower.made()
        moved = names_moved(before, {record.path: record for record in made})
        self._concerned = set(mine.files.put(made, before, moved))
        mine.files.remove(before.keys() & gone)
        self._again = (self._again - paths) | follower.missed
        kept = {record.path: record.pictures for record in made if record.pictures}
        self._showing = {p: shown for p, shown in self._showing.items() if p not in paths} | kept
        return follower.findings

    def _alone(self, entry: Entry) -> tuple[Composition, ...]:
        """What a file makes by itself, without the others that it names."""
        composed = self._workshop.composed(entry)
        if composed or entry.brief is None or entry.brief.draft:
            return composed
        return self._composer.compose(entry.brief, entry.folder)

    def _asked_again(self, mine: QueueRecords) -> set[str]:
        """Files to be looked at though they haven't changed."""
        again = set(self._again)
        if self._folder.unread:
            self._catches_up = True
        else:
            unsettled = mine.files.unsettled(self._unsettled_after, AGAIN)
            self._unsettled_after = unsettled[-1] if len(unsettled) == AGAIN else ""
            self._catches_up = self._catches_up and bool(self._unsettled_after)
            again |= set(unsettled)
        told = mine.files.named(NameKind.PICTURE, self._folder.told) if self._showing else ()
        some = list(islice(self._showing_round, PORTION))
        if len(some) < PORTION:
            self._showing_round = iter(list(self._showing))
        showing = {path: self._showing.get(path, ()) for path in {*told, *some}}
        return again | changed_pictures(self._composer.pictures, self._folder.root, showing)

    def take(self, paths: Iterable[str]) -> tuple[Finding, ...]:
        """Bring just these files of the queue into the records, now; returns as `scan`."""
        mine = self._begin()
        return self._take(mine, self._folder.again(paths, None), self._folder)

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
        follower = self._follower(mine, rows, self._view().composer, folder)
        for entry in entries:
            follower.take(entry)
        follower.record()
        if folder is not None:
            before = mine.files.at(entry.path for entry in entries)
            made = follower.made()
            moved = names_moved(before, {record.path: record for record in made})
            mine.files.put(made, before, moved)
        self._workshop.close()
        changing = [
            found(path, 1, "file.changing", "is just being written, or taken up; try again")
            for path in sorted(follower.missed)
        ]
        return (*follower.findings, *changing)

    def _start_over(self) -> None:
        """Believe nothing that is recorded of files: an older state of the database is there."""
        self._log.warning("database_put_back")
        self._mine, self._trusts = None, False

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
        """Compare all that is recorded with all that is in the folder.

        That is done in a new process, and when an older state of the database was put back.
        """
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
        paths = frozenset(mine.paths())
        if self._trusts:
            self._folder.trust(
                (path, stamp, brief)
                for path, stamp, brief, noted in mine.files.settled(self._settings)
                if noted or path in paths
            )
        self._showing = mine.files.showing()
        self._again |= changed_pictures(self._composer.pictures, self._folder.root, self._showing)
        lost = [path for path in mine.files.paths() if not self._folder.knows(path)]
        self._folder.expect(lost, self._now())
        self._has_orphans = any(not self._folder.knows(path) for path in paths)
        waiting = {row.path for row in mine.unfinished() if is_open(row.kind, row.status)}
        self._folder.expect(waiting, self._now())
        self._mine = mine
        return mine

    def _view(self) -> QueueView:
        """The queue as others than this intake may have recorded it."""
        mine = None
        with suppress(BriefError):
            if identity := self._folder.identity(make=False):
                mine = QueueRecords(self._records, identity)
        queue = Queue(self._folder.root, timezone=self._folder.timezone)
        return QueueView(queue, self._composer, lambda: mine, self._folder.timezone, self._edits)

    def _follower(
        self,
        mine: QueueRecords,
        rows: dict[tuple[str, str], Publication],
        composer: Composer,
        folder: Folder | None,
    ) -> Follower:
        def compose(entry: Entry) -> tuple[Composition, ...]:
            alone = self._workshop.composed(entry)
            if alone and not any(made.links or made.pictures for made in alone):
                return alone
            assert entry.brief is not None, "it holds a brief"
            return composer.compose(entry.brief, entry.folder)

        return Follower(
            mine,
            self._records,
            rows,
            composer,
            compose,
            self._settings,
            self._edits,
            folder,
            self._now,
            self._log,
            self._reported,
            may_have_moved=self._has_orphans,
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
