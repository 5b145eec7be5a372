"""A queue as it is now beside what is recorded of it, for those who look at it once.

What is recorded of a file isn't made again, unless the file, or what it depends on, has changed.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from bot.briefs import Brief, BriefError, Entry, Finding, Queue, internal
from bot.briefs.place import former_identity, is_bundle
from bot.briefs.queue import distinct
from bot.briefs.walk import stamp_text
from bot.errors import BotError
from bot.intake.composer import Composer, Composition
from bot.intake.follow import (
    Edits,
    alike_of,
    moved_from,
    named_now,
    stands_on_chain,
    wanted_of,
)
from bot.intake.index import changed_pictures, file_record, names_moved, settings_of
from bot.intake.names import Names
from bot.intake.neighbours import NothingRecorded, Recorded
from bot.intake.reconcile import Wanted
from bot.records import Publication, Status
from bot.records.files import FileRecord, FileRecords, NameKind
from bot.records.queues import QueueRecords


@dataclass(frozen=True, slots=True)
class Asked:
    """What one brief asks for on one chain, beside what is recorded of it.

    Attributes:
        row: its latest publication.
        errors: what stands in its way.
    """

    composition: Composition
    wanted: Wanted
    row: Publication | None
    errors: tuple[Finding, ...]


class QueueView:
    """One queue, looked at once; what isn't asked for isn't read.

    Args:
        open_records: gives what is recorded of the queue; None where nothing is.
        edits: whether changed files of published briefs edit their posts.
        entries: all of the queue, where they have been read already.
    """

    def __init__(
        self,
        queue: Queue,
        composer: Composer,
        open_records: Callable[[], QueueRecords | None],
        timezone: str = "UTC",
        edits: Edits = Edits.AUTO,
        entries: Iterable[Entry] | None = None,
    ) -> None:
        self._queue = queue
        self._open = open_records
        self._edits = edits
        self._entries = None if entries is None else tuple(entries)
        self._settings = settings_of(composer, timezone, edits)
        self._names = Names(self._changed, self._peek, self._kept)
        self.composer = composer.among(self._names, self)
        """Makes posts of the queue's briefs, which link and reply to each other."""

    @cached_property
    def mine(self) -> QueueRecords | None:
        """What is recorded of the queue."""
        return self._open()

    def latest_of(self, chain: str, brief: str) -> Publication | None:
        """As `Recorded`."""
        return self._recorded.latest_of(chain, brief)

    def at(self, chain: str, author: str, permlink: str) -> Publication | None:
        """As `Recorded`."""
        return self._recorded.at(chain, author, permlink)

    @cached_property
    def paths(self) -> frozenset[str]:
        """Paths of all files; raises `BriefError` where the queue can't be read."""
        return frozenset(self._queue.paths())

    @cached_property
    def gone(self) -> frozenset[str]:
        """Paths of recorded files that aren't there."""
        files = self._kept()
        return frozenset(files.paths()) - self.paths if files else frozenset()

    @cached_property
    def changed(self) -> tuple[Entry, ...]:
        """Files of which nothing is recorded, or that aren't as they were; as they are.

        With those that have, or had, an id in common with one of them.
        """
        if self._entries is not None:
            return self._entries
        files = self._kept()
        if files is None:
            return self._queue.read(sorted(self.paths))
        settled = {path: stamp for path, stamp, _, _ in files.settled(self._settings)}
        fresh = {
            path
            for path in self.paths
            if not (stamp := settled.get(path)) or stamp_text(self._queue.stamp(path)) != stamp
        }
        fresh |= (
            changed_pictures(self.composer.pictures, self._queue.root, files.showing()) & self.paths
        )
        entries = {path: self._queue.entry(path, None)[0] for path in sorted(fresh)}
        ids = {entry.brief.id.lower() for entry in entries.values() if entry.brief}
        before = files.at({*entries, *self.gone}).values()
        ids |= {record.brief.lower() for record in before} - {""}
        for path in files.named(NameKind.ID, ids):
            if path in self.paths and path not in entries:
                entries[path] = self._queue.entry(path, None)[0]
        return tuple(distinct([entry for _, entry in sorted(entries.items())]))

    def anew(self) -> Iterator[tuple[Entry, tuple[Asked, ...]]]:
        """What has changed, and what names it, each with what it asks for now."""
        files = self._kept()
        entries = self.changed
        missing = self.gone
        met: set[str] = set()
        while entries or missing:
            met |= {entry.path for entry in entries}
            made: dict[str, FileRecord] = {}
            for entry, asked in self._asked(entries):
                yield entry, asked
                made[entry.path] = self._record(entry, asked)
            if files is None:
                return
            moved = names_moved(files.at(made.keys() | missing), made)
            others = [path for path in files.named(NameKind.LINK, moved) if path not in met]
            entries = self._queue.read([path for path in others if path in self.paths])
            missing = frozenset()

    def asked(self, entry: Entry) -> tuple[Asked, ...]:
        """What one file would ask for if it were like this."""
        return next(asked for _, asked in self._asked([entry]))

    def _asked(self, entries: Iterable[Entry]) -> Iterator[tuple[Entry, tuple[Asked, ...]]]:
        """What files ask for, a batch of them at a time."""
        batch = list(entries)
        briefs = {entry.brief.id for entry in batch if entry.brief}
        briefs |= {former_identity(entry.path) for entry in batch if is_bundle(entry.path)}
        rows = named_now(self.mine.latest(briefs=briefs)) if self.mine else {}
        for entry in batch:
            compositions: tuple[Composition, ...] = ()
            if entry.brief is not None:
                compositions = self.composer.compose(entry.brief, entry.folder)
            yield entry, tuple(self._contained(entry, made, rows) for made in compositions)

    def _contained(
        self,
        entry: Entry,
        composition: Composition,
        rows: dict[tuple[str, str], Publication],
    ) -> Asked:
        """As `_one`; what goes wrong with a brief is a problem of that brief."""
        try:
            return self._one(entry, composition, rows)
        except BotError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, the others go on
            return Asked(composition, Wanted(), None, (internal(entry.path, error),))

    def _one(
        self,
        entry: Entry,
        composition: Composition,
        rows: dict[tuple[str, str], Publication],
    ) -> Asked:
        row = rows.get((composition.chain, composition.brief.id))
        published = None
        if self.mine and (row is None or row.status is Status.CANCELLED):
            row = self._moved(self.mine, entry, composition) or row
        if composition.brief.draft:  # it asks for nothing
            return Asked(composition, Wanted(), row, ())
        if row is not None and self.mine and stands_on_chain(row):
            published = self.mine.published(row.chain, row.brief)
        wanted, errors = wanted_of(composition, entry.fingerprint, row, published, self._edits)
        return Asked(composition, wanted, row, tuple(errors))

    def _moved(
        self, mine: QueueRecords, entry: Entry, composition: Composition
    ) -> Publication | None:
        """The publication that a file without one had elsewhere; the service renames it."""
        if not self.gone:
            return None
        alike = alike_of(mine, entry, composition)
        paths = self.paths
        return moved_from(alike, entry, composition, self._has, paths.__contains__)[0]

    def _has(self, brief: str) -> bool:
        return self._names.with_id(brief) is not None

    def _record(self, entry: Entry, asked: tuple[Asked, ...]) -> FileRecord:
        draft = entry.brief is not None and entry.brief.draft
        compositions = [] if draft else [each.composition for each in asked]
        identity = entry.brief.id if entry.brief else ""
        return file_record(entry, compositions, {}, self.composer, identity)

    def _changed(self) -> tuple[Entry, ...]:
        with suppress(BriefError):  # no queue, no neighbours
            return self.changed
        return ()

    def _kept(self) -> FileRecords | None:
        return self.mine.files if self._entries is None and self.mine else None

    def _peek(self, path: str) -> Brief | None:
        return self._queue.entry(path, None)[0].brief

    @cached_property
    def _recorded(self) -> Recorded:
        return self.mine or NothingRecorded()
