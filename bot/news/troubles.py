"""What is wrong now, with the nodes, keys, folders and the disk: when it begins, and when it ends.

Level-triggered: each look compares what is wrong with what was taken down, whatever was seen or
missed before.
"""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bot.chain.protocol import NodeHealth
from bot.news.kinds import LEVELS, Level, NewsKind
from bot.records import Records
from bot.records.news import NewNews, NewsRecords, Trouble

LITTLE_ROOM = 200 * 1024 * 1024
"""Bytes on the disk of an SQLite database below which that is told."""
ASIDE = timedelta(minutes=20)
"""For how long a node that was set aside is in trouble: one that still is, is told of every ten."""
SILENT = timedelta(minutes=3)
"""For how long a node that doesn't answer is, after this was last seen by any worker."""
Fares = tuple[str, NodeHealth]
"""How a node of a chain, by its name, fares with this worker."""
NOTED = timedelta(minutes=1)
"""How often it is taken down that a trouble lasts."""
_AT_ONCE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something that is wrong.

    Attributes:
        subject: of whom or what.
        text: one sentence.
        seen_at: when it was seen, where that isn't now.
    """

    kind: NewsKind
    subject: str
    text: str
    seen_at: datetime | None = None


def sightings(
    records: Records, news: NewsRecords, nodes: Iterable[Fares], now: datetime
) -> tuple[Sighting, ...]:
    """All that is wrong now, as the records and this worker's nodes tell it."""
    found = [
        Sighting(NewsKind.KEY, f"{author} on {chain}", f"nothing can be posted for {author} on "
                 f"{chain}: {why}")
        for chain, author, why in news.unable()
    ]  # fmt: skip
    found += [
        Sighting(NewsKind.QUEUE, place, f"the folder {place} looks wrong: {what}")
        for place, what in news.queue_troubles()
    ]
    found += [
        Sighting(NewsKind.NODE, f"{event.node} ({event.chain})",
                 f"the node {event.node} of {event.chain} was set aside: it {event.reason}",
                 event.at)
        for event in records.node_events(now - ASIDE)
    ]  # fmt: skip
    found += [
        Sighting(NewsKind.NODE, f"{one.node} ({chain}) silent",
                 f"the node {one.node} of {chain} gives no usable answer")
        for chain, one in nodes
        if one.silent_for is not None and one.silent_for >= NOTED.total_seconds()
    ]  # fmt: skip
    file = records.file
    if file is not None and (room := _room(file)) is not None and room < LITTLE_ROOM:
        left = f"{room // 1024 // 1024} MB are left on the disk of {file.name}"
        found.append(Sighting(NewsKind.DATABASE, "disk", f"{left}: make room"))
    latest = {(one.kind, one.subject): one for one in found}
    return tuple(latest.values())


def compare(
    known: Sequence[Trouble], seen: Sequence[Sighting], now: datetime
) -> tuple[list[tuple[Trouble, NewNews]], list[Trouble], list[tuple[Trouble, NewNews]]]:
    """What has begun to be wrong, what is to be noted as lasting, and what has ended."""
    there = {(trouble.kind, trouble.subject): trouble for trouble in known}
    began, lasting = [], []
    for one in seen:
        at = one.seen_at or now
        trouble = there.pop((one.kind.value, one.subject), None)
        if trouble is None:
            new = Trouble(one.kind.value, one.subject, one.text, at, at)
            began.append((new, _begins(new)))
        elif at - trouble.seen_at >= NOTED:
            lasting.append(Trouble(trouble.kind, trouble.subject, one.text, trouble.began_at, at))
    ended = [
        (trouble, _ends(trouble, now))
        for trouble in there.values()
        if now - trouble.seen_at >= _lasts(trouble)
    ]
    return began, lasting, ended


def _lasts(trouble: Trouble) -> timedelta:
    """For how long a trouble is believed that nobody sees any more."""
    if trouble.kind != NewsKind.NODE:
        return _AT_ONCE  # all workers see the same
    return SILENT if trouble.subject.endswith(" silent") else ASIDE


def _begins(trouble: Trouble) -> NewNews:
    level = LEVELS[NewsKind(trouble.kind)]
    key = f"{trouble.kind}:{trouble.subject}:{trouble.began_at:%Y%m%dT%H%M%S%f}"
    return NewNews(f"{key}:began", trouble.kind, level.value, trouble.began_at, trouble.text)


def _ends(trouble: Trouble, now: datetime) -> NewNews:
    key = f"{trouble.kind}:{trouble.subject}:{trouble.began_at:%Y%m%dT%H%M%S%f}"
    text = f"It is over, since {trouble.began_at:%Y-%m-%d %H:%M} UTC: {trouble.text}"
    return NewNews(f"{key}:ended", trouble.kind, Level.INFO.value, now, text)


def _room(file: Path) -> int | None:
    try:
        return shutil.disk_usage(file.parent).free
    except OSError:
        return None
