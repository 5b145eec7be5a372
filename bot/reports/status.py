"""How it all stands: who is at work, what goes out next, what needs a person. Reads records only.

No node is asked: what is told of chains, the workers have told with their heartbeats.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.news.kinds import NewsKind
from bot.records import NodeEvent, Publication, Records, Status
from bot.records.figures import Figures
from bot.records.news import NewsRecords, Trouble
from bot.records.overview import Failure, OverviewRecords
from bot.records.workers import ChainSeen, NodeSeen, Worker, WorkerRecords
from bot.reports.idle import NOTICED, counted

MISSED_SINCE = timedelta(days=7)
NODES_SINCE = timedelta(days=1)
MOST = 20
"""Publications of a kind that are told."""
MOST_ERRORS = 10
_GRAVE = {NewsKind.DATABASE.value}
"""Troubles that need a person and are told of nowhere else here."""


class Verdict(StrEnum):
    """How it stands, in a word."""

    WELL = "well"
    NEEDS_A_PERSON = "needs a person"
    NOT_RUNNING = "not running"


EXIT_CODES = {Verdict.WELL: 0, Verdict.NEEDS_A_PERSON: 1, Verdict.NOT_RUNNING: 3}


class NeedKind(StrEnum):
    """Why a publication needs a person."""

    HELD = "held"
    REJECTED = "rejected"
    MISSED = "missed"
    FILE = "file"
    """It can't be read as a brief, or has errors: nothing of it is sent."""
    ACCOUNT = "account"
    """Nothing can be posted for its author: an account, a key or a grant is wrong."""


@dataclass(frozen=True, slots=True)
class Item:
    """A publication, or an author where `brief` is empty.

    Attributes:
        at: when it goes out, was to go out, or changed last.
        why: one sentence; empty where there is nothing to say.
    """

    chain: str
    author: str
    brief: str
    title: str
    at: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class Need:
    """What needs a person, of one kind: how many there are, and the first of them."""

    kind: NeedKind
    count: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Overdue:
    """What should be out by now: how many, and the one that was due first."""

    count: int
    oldest: Item | None


@dataclass(frozen=True, slots=True)
class ChainStanding:
    """A chain, as the worker sees it that looked at it last.

    Attributes:
        nodes: those that are configured, with whether they answer.
        lag: seconds that its head was behind at that look; None where no worker has told it.
        looked_at: when that was.
    """

    chain: str
    nodes: tuple[NodeSeen, ...]
    lag: float | None
    looked_at: datetime | None


@dataclass(frozen=True, slots=True)
class QueueTrouble:
    """What is wrong with a folder."""

    place: str
    trouble: str


@dataclass(frozen=True, slots=True)
class WayStanding:
    """A way on which news are told.

    Attributes:
        undelivered: news that are still to be told.
        error: why they couldn't be at the last try.
    """

    way: str
    undelivered: int
    error: str


@dataclass(frozen=True, slots=True)
class DatabaseStanding:
    """The database: `sqlite` or `postgresql`, the bytes that it takes, its schema."""

    kind: str
    size: int
    schema: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How it all stands at one instant.

    Attributes:
        reasons: why the verdict isn't better, a sentence each, the gravest first.
        workers: those that run first; of the others, those that were seen in the last day or so.
        in_hand: how many authors a worker has in hand, by its name.
        publications: how many, by status.
        next: what goes out next, as far as the calendar has said when.
        failures: why publications didn't go on, among the last 500 changes.
        troubles: what is wrong with nodes, keys, the disk, folders, as the news know it.
        database: None when there is none yet.
    """

    at: datetime
    verdict: Verdict
    reasons: tuple[str, ...]
    workers: tuple[Worker, ...] = ()
    in_hand: Mapping[str, int] = field(default_factory=dict)
    chains: tuple[ChainStanding, ...] = ()
    publications: Mapping[str, int]
    next: Item | None = None
    overdue: Overdue = Overdue(0, None)
    needs: tuple[Need, ...] = ()
    failures: tuple[Failure, ...] = ()
    node_events: tuple[NodeEvent, ...] = ()
    queues: tuple[QueueTrouble, ...] = ()
    ways: tuple[WayStanding, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    database: DatabaseStanding | None = None


def nothing_yet(used: Mapping[str, Sequence[str]], ways: Iterable[str], now: datetime) -> Overview:
    """How it stands where nothing was ever published: there is no database."""
    return Overview(
        at=now,
        verdict=Verdict.NOT_RUNNING,
        reasons=("no service has run here yet: `briefbot run` starts one",),
        publications={},
        chains=_chains(used, ()),
        ways=tuple(WayStanding(way, 0, "") for way in ways),
    )


def overview(
    records: Records,
    used: Mapping[str, Sequence[str]],
    ways: Iterable[str],
    late: timedelta,
    now: datetime,
) -> Overview:
    """How it all stands.

    Args:
        used: the chains that something is published on, with their nodes' hosts.
        ways: names of the ways on which news are told.
        late: how long after its time a publication is overdue while a service runs.
    """
    asked, news, figures = OverviewRecords(records), NewsRecords(records), Figures(records)
    workers = WorkerRecords(records).all()
    running = any(one.is_running for one in workers)
    counts: Counter[str] = Counter()
    for (_, status), count in figures.publications().items():
        counts[status] += count
    overdue = _overdue(figures, news, now - (late if running else NOTICED))
    chains = _chains(used, workers)
    needs = tuple(_needs(asked, news, counts, now))
    queues = tuple(QueueTrouble(*one) for one in news.queue_troubles())
    owed = asked.owed()
    troubles = news.troubles()
    first = asked.next_appointment(now)
    reasons = [] if running else [_not_running(workers)]
    reasons += _reasons(workers, overdue, needs, queues, chains, troubles)
    verdict = Verdict.NEEDS_A_PERSON if reasons else Verdict.WELL
    return Overview(
        at=now,
        verdict=verdict if running else Verdict.NOT_RUNNING,
        reasons=tuple(reasons),
        workers=workers,
        in_hand=asked.in_hand(),
        chains=chains,
        publications=dict(sorted(counts.items())),
        next=_item(first, first.appointment.appointed_at, first.appointment.why) if first else None,
        overdue=overdue,
        needs=needs,
        failures=asked.failures(MOST_ERRORS),
        node_events=asked.node_events(now - NODES_SINCE, MOST_ERRORS),
        queues=queues,
        ways=tuple(
            WayStanding(way, owed[way].count, owed[way].error)
            if way in owed
            else WayStanding(way, 0, "")
            for way in ways
        ),
        troubles=troubles,
        database=DatabaseStanding(asked.engine, records.size(), asked.schema),
    )


def _chains(
    used: Mapping[str, Sequence[str]], workers: Sequence[Worker]
) -> tuple[ChainStanding, ...]:
    seen: dict[str, tuple[Worker, ChainSeen]] = {}
    for worker in workers:
        for one in worker.chains if worker.is_running else ():
            if one.chain not in seen or _looked_at(worker, one) > _looked_at(*seen[one.chain]):
                seen[one.chain] = worker, one
    found = []
    for name, hosts in sorted(used.items()):
        known = seen.get(name)
        told = {one.node: one.answers for one in (known[1].nodes if known else ())}
        nodes = tuple(NodeSeen(host, told.get(host)) for host in dict.fromkeys((*hosts, *told)))
        lag = known[1].lag if known else None
        looked_at = _looked_at(*known) if known and known[1].looked is not None else None
        found.append(ChainStanding(name, nodes, lag, looked_at))
    return tuple(found)


def _looked_at(worker: Worker, seen: ChainSeen) -> datetime:
    if seen.looked is None:
        return worker.started_at
    return worker.seen_at - timedelta(seconds=seen.looked)


def _overdue(figures: Figures, news: NewsRecords, before: datetime) -> Overdue:
    oldest = news.overdue(before, 1)
    if not oldest:
        return Overdue(0, None)
    [first] = oldest
    return Overdue(figures.overdue(before), _item(first, first.appointment.due_at, first.error))


def _needs(
    asked: OverviewRecords, news: NewsRecords, counts: Mapping[str, int], now: datetime
) -> Iterable[Need]:
    for kind in (NeedKind.HELD, NeedKind.REJECTED):
        if count := counts.get(kind.value, 0):
            yield _need(kind, count, asked.with_status(Status(kind.value), MOST))
    if counts.get(Status.MISSED.value):
        since = now - MISSED_SINCE
        if missed := asked.with_status(Status.MISSED, MOST, since):
            count = asked.count_with_status(Status.MISSED, since)
            yield _need(NeedKind.MISSED, count, missed)
    if refused := asked.refused_files():
        items = tuple(
            Item(note.chain, note.author, path, note.title, None, note.why)
            for path, note in refused[:MOST]
        )
        yield Need(NeedKind.FILE, len(refused), items)
    if unable := news.unable():
        items = tuple(Item(chain, author, "", "", None, why) for chain, author, why in unable)
        yield Need(NeedKind.ACCOUNT, len(unable), items[:MOST])


def _need(kind: NeedKind, count: int, rows: Sequence[Publication]) -> Need:
    items = (_item(row, row.updated_at, row.error or row.appointment.why) for row in rows)
    return Need(kind, count, tuple(items))


def _item(row: Publication, at: datetime | None, why: str | None) -> Item:
    return Item(row.chain, row.author, row.brief, row.title, at, why or "")


def _not_running(workers: Sequence[Worker]) -> str:
    if not workers:
        return "no service is at work on these records: `briefbot run` starts one"
    last = workers[0]
    if last.stopped_at is not None:
        end = f"stopped at {last.stopped_at:%Y-%m-%d %H:%M:%S} UTC"
    else:
        end = f"was last seen at {last.seen_at:%Y-%m-%d %H:%M:%S} UTC and didn't stop properly"
    return f"no service is at work: the last one, on {last.host}, {end}: `briefbot run` starts one"


def _reasons(
    workers: Sequence[Worker],
    overdue: Overdue,
    needs: Sequence[Need],
    queues: Sequence[QueueTrouble],
    chains: Sequence[ChainStanding],
    troubles: Sequence[Trouble],
) -> Iterable[str]:
    for one in workers:
        if one.is_stuck:
            job = f"has had `{one.job}` in hand" if one.job else "has begun no job"
            since = one.working_since or one.progress_at
            yield (
                f"the worker {one.process} on {one.host} doesn't get on: it {job} since "
                f"{since:%Y-%m-%d %H:%M} UTC: restart it"
            )
    if overdue.count and overdue.oldest and overdue.oldest.at:
        since = overdue.oldest.at
        told = counted(overdue.count, "brief is", "briefs are")
        yield f"{told} overdue, {overdue.oldest.brief} since {since:%Y-%m-%d %H:%M} UTC"
    for chain in chains:
        if chain.nodes and all(one.answers is False for one in chain.nodes):
            yield f"no node of {chain.chain} answers: `briefbot doctor` tells why"
    for queue in queues:
        yield f"the folder {queue.place} looks wrong: {queue.trouble}"
    for trouble in troubles:
        if trouble.kind in _GRAVE:
            yield trouble.text
    for need in needs:
        yield _WORDS[need.kind].format(counted(need.count, *_NOUNS[need.kind]))


_NOUNS = {
    NeedKind.HELD: ("brief is", "briefs are"),
    NeedKind.REJECTED: ("brief is", "briefs are"),
    NeedKind.MISSED: ("brief was", "briefs were"),
    NeedKind.FILE: ("file", "files"),
    NeedKind.ACCOUNT: ("author", "authors"),
}
_WORDS = {
    NeedKind.HELD: "{} held: `briefbot release` or `cancel`",
    NeedKind.REJECTED: "{} rejected: mend the file, `briefbot retry` or `cancel`",
    NeedKind.MISSED: "{} missed in the last 7 days: change the date, or `briefbot cancel`",
    NeedKind.FILE: "{} can't be sent as written: `briefbot check` tells why",
    NeedKind.ACCOUNT: "nothing can be posted for {}: `briefbot doctor` tells why",
}
