"""Briefs in one shot: files taken up, and carried on as far as was asked, by the service's journey.

It decides and does; telling is for those who call it.
"""

import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from bot.briefs import Entry, Finding
from bot.records import Conflict, Publication, Records, Status
from bot.records.queues import QueueRecords
from bot.service.service import Service

PACE = 1.0  # seconds between looks at the chain, at most
FAILED = frozenset({Status.REJECTED, Status.MISSED, Status.HELD, Status.CANCELLED})


@dataclass(frozen=True, slots=True)
class TakenUp:
    """Files as the records have them now, and what stands in the way of the others."""

    publications: tuple[Publication, ...]
    findings: tuple[Finding, ...]


def take_up(
    service: Service,
    records: Records,
    posts: Path,
    queue_of: Callable[[], str],
    entries: Iterable[Entry],
    now: datetime,
    *,
    at_once: bool,
) -> TakenUp:
    """Bring files into the records: those of the queue as it has them, others as themselves.

    Args:
        posts: the queue's folder.
        queue_of: the identity that it has once files of it were taken up.
        at_once: whatever their dates say.
    """
    places: dict[str, list[Entry]] = {}
    for entry in entries:
        places.setdefault(os.path.realpath(entry.folder), []).append(entry)
    findings: list[Finding] = []
    rows: list[Publication] = []
    for place, there in places.items():
        if place == os.path.realpath(posts):
            findings += service.take(entry.path for entry in there)
            queue = queue_of()
        else:
            queue = f"{socket.gethostname()}:{place}"
            findings += service.take_from(queue, there)
        briefs = {entry.brief.id for entry in there if entry.brief}
        rows += QueueRecords(records, queue).latest(briefs=briefs).values()
    if at_once:
        rows = [_hastened(records, row, now) for row in rows]
    return TakenUp(tuple(rows), tuple(findings))


class Goal(StrEnum):
    """How far publications are carried."""

    SENT = "sent"
    INCLUDED = "included"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class News:
    """What has become of a publication.

    Attributes:
        holder: the worker that has its author in hand, and goes on with it; empty otherwise.
    """

    publication: Publication
    holder: str = ""


def carry(
    service: Service,
    rows: Sequence[Publication],
    goal: Goal,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[News]:
    """Carry these publications on; each one's state first, then whatever becomes of it."""
    told: dict[int, Publication] = {}
    held: set[int] = set()
    first = True
    while True:
        for row in rows:
            if told.get(row.id) != row:
                yield News(row)
            told[row.id] = row
        moving = {row.id for row in rows if _goes_on(service, row, goal, first=first)}
        if not moving:
            break
        first = False
        rows = [
            row
            if row.id not in moving
            else service.advance(row)
            if service.is_due(row)
            else service.now_as(row)
            for row in rows
        ]
        for row in rows:
            if row.id in moving - held and (holder := service.holder(row)):
                held.add(row.id)
                yield News(row, holder)
        if all(told[row.id].status is row.status for row in rows):
            sleep(min(PACE, service.pace()))
    service.leave()


def has_failed(row: Publication) -> bool:
    """Whether a publication needs a person to go on."""
    return row.status in FAILED or _needs_a_person(row)


def _goes_on(service: Service, row: Publication, goal: Goal, *, first: bool) -> bool:
    """Whether this one is to be carried further before the command returns."""
    waits = goal is not Goal.SENT
    if row.status is Status.QUEUED:
        return service.is_due(row) or (waits and service.is_soon(row))
    if row.status is Status.WAITING:
        return not _needs_a_person(row) and (waits or (first and service.is_due(row)))
    if row.status is Status.PUBLISHING:
        return first or waits
    return row.status is Status.INCLUDED and (first or goal is Goal.FINAL)


def _needs_a_person(row: Publication) -> bool:
    """Whether it waits until its author can be posted for."""
    return row.status is Status.WAITING and row.retry_at is None


def _hastened(records: Records, row: Publication, now: datetime) -> Publication:
    """A publication that goes out whatever its date, unless it isn't queued any more."""
    if row.status is not Status.QUEUED:
        return row
    try:
        return records.expedite(row.id, now)
    except Conflict:  # somebody was faster
        return records.get(row.id)
