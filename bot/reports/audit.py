"""Whether the records and the chain tell the same: the promise, as one pure function.

The chaos runs and the state machine's tests judge by it, and `briefbot audit` holds people's real
records against their chain.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from bot.chain.errors import NodesUnreachable
from bot.chain.protocol import Chain, CommentOperation
from bot.format.metadata import brief_in
from bot.records import Attempt, Event, Kind, Outcome, Publication, Records, Status
from bot.records.history import broken_attempts, broken_path

SPACING = timedelta(seconds=300)  # more, between an author's root posts (§1.2 e7)
UNFINISHED = {Status.QUEUED, Status.PUBLISHING, Status.INCLUDED, Status.WAITING}

_COMMENT = (
    "author", "permlink", "parent_author", "parent_permlink", "title", "body", "json_metadata",
)  # fmt: skip

Address = tuple[str, str]
"""(author, permlink)"""


UNTOLD = "untold"


@dataclass(frozen=True, slots=True)
class History:
    """A publication with all that was done for it."""

    publication: Publication
    attempts: Sequence[Attempt]
    events: Sequence[Event]


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must not be.

    Attributes:
        code: `doubled`, `overwritten`, `altered`, `early`, `crowded`, `missing`, `unrecorded`,
            `record`, `path`, `attempts`, `fence`, `stuck` (docs/reliability.md); `untold` is no
            difference, but something that can't be compared.
    """

    code: str
    brief: str
    message: str


def histories(records: Records, *, chain: str, author: str | None = None) -> list[History]:
    """All publications on a chain, or those of one author."""
    rows = [row.publication for row in records.log(chain=chain, author=author)]
    return [History(row, records.attempts(row.id), records.events(row.id)) for row in rows]


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a chain tells of what some authors have written.

    Attributes:
        operations: in the order of the chain.
        untold: numbers of blocks of which no node tells anything: it has dropped them, it isn't
            that far yet, or it is on another chain.
    """

    operations: Sequence[CommentOperation]
    untold: frozenset[int] = frozenset()


def ledger_of(chain: Chain, told: Sequence[History]) -> Ledger:
    """What the authors of these publications have written on the chain since the first of them.

    An account's history may end early: nodes drop what is old. So the blocks that the records name
    are asked for where it doesn't show their transactions.

    Raises:
        NodesUnreachable: no node tells it.
    """
    beginnings = _beginnings(told)
    operations = [
        operation
        for author, moment in sorted(beginnings.items())
        for operation in chain.comments_of(author, moment)
    ]
    shown = {(operation.block_num, operation.trx_id) for operation in operations}
    untold: set[int] = set()
    for num in sorted(_unseen_blocks(told, shown)):
        try:
            written = chain.comments_in(num)
        except NodesUnreachable:  # so old that no node keeps it
            untold.add(num)
        else:
            operations += [
                operation
                for operation in written
                if operation.author in beginnings and (num, operation.trx_id) not in shown
            ]
    operations.sort(key=lambda operation: operation.block_num)
    return Ledger(operations, frozenset(untold))


def _beginnings(told: Sequence[History]) -> Mapping[str, datetime]:
    """The moment from which on each author's history is wanted, by the clock of the chain.

    Ours may differ from that by years, so only what the chain has said counts: the times of blocks,
    and those at which transactions expire. An author for whom nothing was signed has none.
    """
    since: dict[str, datetime] = {}
    for history in told:
        times = [attempt.expiration for attempt in history.attempts]
        if history.publication.included_at is not None:
            times.append(history.publication.included_at)
        for time in times:
            author = history.publication.author
            since[author] = min(time, since.get(author, time))
    # what expires is signed an hour before at most; a day more shows what stood there already
    return {author: moment - timedelta(days=1) for author, moment in since.items()}


def _unseen_blocks(told: Sequence[History], shown: set[tuple[int, str]]) -> set[int]:
    """Numbers of the blocks in which posts stand by the records, and not by the histories."""
    rows = (history.publication for history in told)
    return {
        row.block_num
        for row in rows
        if row.status is Status.FINAL
        and row.kind in {Kind.POST, Kind.REPLY}
        and row.block_num is not None
        and row.trx_id is not None
        and (row.block_num, row.trx_id) not in shown
    }


def violations(
    told: Sequence[History],
    ledger: Iterable[CommentOperation],
    *,
    irreversible_block_num: int,
    finished: bool = False,
    untold: frozenset[int] = frozenset(),
) -> list[Violation]:
    """What differs between records and chain, or broke a rule on the way.

    Args:
        told: publications of one chain.
        ledger: its comment operations in the order of the chain, those of the same authors.
        finished: nothing is on its way any more: what isn't settled is stuck.
        untold: numbers of blocks of which no node tells anything.
    """
    on_chain: dict[Address, list[CommentOperation]] = defaultdict(list)
    for operation in ledger:
        on_chain[operation.author, operation.permlink].append(operation)
    edits = {
        trx_id
        for history in told
        if history.publication.kind is Kind.EDIT
        for trx_id in _transactions(history)
    }
    found: list[Violation] = []
    for history in told:
        row = history.publication
        written = on_chain.get((row.author, row.permlink), [])
        found += _path(history)
        found += _attempts(history, written)
        if row.status is not Status.CANCELLED and row.kind in {Kind.POST, Kind.REPLY}:
            own = [o for o in written if o.trx_id not in edits]
            if row.block_num in untold and row.status is Status.FINAL:
                what = f"nothing is told of block {row.block_num}, in which it is final"
                found.append(Violation(UNTOLD, row.brief, f"{what}: not compared"))
            else:
                found += _place(history, own, irreversible_block_num)
        if finished and row.status in UNFINISHED:
            found.append(Violation("stuck", row.brief, f"it stays {row.status.value}: {row.error}"))
    found += _fences(told)
    found += _spacing(told, on_chain)
    found += _unrecorded(told, on_chain)
    return found


def _path(history: History) -> Iterator[Violation]:
    """Events lead along the arrows from nothing to the present status (I9)."""
    row = history.publication
    for what in broken_path(history.events, row.status):
        yield Violation("path", row.brief, what)


def _attempts(history: History, written: Sequence[CommentOperation]) -> Iterator[Violation]:
    """A transaction is signed only when all before it are dead, and the dead stay dead (I7)."""
    brief = history.publication.brief
    ids = {operation.trx_id for operation in written}
    for what in broken_attempts(history.attempts, history.publication.status):
        yield Violation("attempts", brief, what)
    for attempt in history.attempts:
        if attempt.outcome is Outcome.EXPIRED and attempt.trx_id in ids:
            what = f"attempt {attempt.number} counts as dead, and is on the chain"
            yield Violation("attempts", brief, what)


def _place(
    history: History, written: Sequence[CommentOperation], irreversible: int
) -> Iterator[Violation]:
    """One operation of ours at the address, the first there, and just what was queued."""
    row = history.publication
    ours = _transactions(history)
    mine = [operation for operation in written if operation.trx_id in ours]
    where = f"@{row.author}/{row.permlink}"
    if len(mine) > 1:
        ids = ", ".join(operation.trx_id for operation in mine)
        yield Violation("doubled", row.brief, f"{where} was written {len(mine)} times: {ids}")
    if mine and mine[0] is not written[0]:
        yield Violation(
            "overwritten", row.brief, f"{where} stood there before, and was overwritten"
        )
    for operation in mine:
        if row.scheduled_at is not None and operation.time < row.scheduled_at:
            what = f"{where} came at {operation.time}, before {row.scheduled_at}"
            yield Violation("early", row.brief, what)
        if _told(operation) != _queued(row):
            yield Violation("altered", row.brief, f"{where} isn't what was queued")
    if mine and written[-1] is not mine[-1]:
        last = written[-1]
        what = f"{where} was changed by other means in block {last.block_num} ({last.trx_id})"
        yield Violation("altered", row.brief, what)
    yield from _status(row, mine, where, irreversible)


def _transactions(history: History) -> set[str | None]:
    """Ids of all that was signed or found for a publication."""
    return {attempt.trx_id for attempt in history.attempts} | {history.publication.trx_id}


def _status(
    row: Publication, mine: Sequence[CommentOperation], where: str, irreversible: int
) -> Iterator[Violation]:
    """What is final is on the chain, where the record says; what has ended otherwise is not."""
    if row.status is Status.FINAL:
        if not any((o.trx_id, o.block_num) == (row.trx_id, row.block_num) for o in mine):
            what = f"{where} is final in block {row.block_num}, and isn't there"
            yield Violation("missing", row.brief, what)
        elif row.block_num is not None and row.block_num > irreversible:
            what = f"{where} is final in block {row.block_num}, which can still be undone"
            yield Violation("record", row.brief, what)
    elif mine and row.status not in UNFINISHED:
        what = f"{where} is on the chain, and recorded as {row.status.value}"
        yield Violation("record", row.brief, what)


def _fences(told: Sequence[History]) -> Iterator[Violation]:
    """An author is in one worker's hands at a time, and who was replaced writes nothing more."""
    bearers: dict[tuple[str, int], set[str]] = defaultdict(set)
    by_author: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for history in told:
        row = history.publication
        deeds: list[Event | Attempt] = [*history.events, *history.attempts]
        for done in deeds:
            if done.fence is not None and done.worker is not None:
                bearers[row.author, done.fence].add(done.worker)
        by_author[row.author] += [
            (event.id, event.fence, row.brief)
            for event in history.events
            if event.fence is not None
        ]
    for (author, fence), workers in bearers.items():
        if len(workers) > 1:
            what = f"{author} was in {len(workers)} workers' hands at once (fence {fence})"
            yield Violation("fence", author, what)
    for author, entries in by_author.items():
        highest = 0
        for _, fence, brief in sorted(entries):
            if fence < highest:
                what = f"a worker wrote for {author} after it had been replaced"
                yield Violation("fence", brief, f"{what} (fence {fence} after {highest})")
            highest = max(highest, fence)


def _spacing(
    told: Sequence[History], on_chain: Mapping[Address, Sequence[CommentOperation]]
) -> Iterator[Violation]:
    """Root posts of one author are more than five minutes apart (I8)."""
    roots: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for history in told:
        row = history.publication
        for operation in on_chain.get((row.author, row.permlink), [])[:1]:
            if row.kind is Kind.POST and operation.trx_id == row.trx_id:
                roots[row.author].append((operation.time, row.brief))
    for entries in roots.values():
        entries.sort()
        for (earlier, _), (later, brief) in pairwise(entries):
            if later - earlier <= SPACING:
                what = f"{(later - earlier).total_seconds():.0f} s after the author's last post"
                yield Violation("crowded", brief, what)


def _unrecorded(
    told: Sequence[History], on_chain: Mapping[Address, Sequence[CommentOperation]]
) -> Iterator[Violation]:
    """What carries a brief's name on the chain is in the records."""
    known = {(history.publication.author, history.publication.permlink) for history in told}
    for (author, permlink), written in on_chain.items():
        brief = brief_in(written[0].json_metadata)
        if brief is not None and (author, permlink) not in known:
            what = f"@{author}/{permlink} is on the chain, and no record knows it"
            yield Violation("unrecorded", brief, what)


def _told(operation: CommentOperation) -> tuple[str, ...]:
    return (
        operation.parent_author,
        operation.parent_permlink,
        operation.title,
        operation.body,
        operation.json_metadata,
    )


def _queued(row: Publication) -> tuple[str, ...]:
    """The comment operation as it was frozen."""
    names = ("parent_author", "parent_permlink", "title", "body", "json_metadata")
    for name, fields in json.loads(row.operations):
        if name == "comment":
            return tuple(fields[field] for field in names)
    return ()
