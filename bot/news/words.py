"""News in words: one sentence each, with what to do where something is to be done."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.local_time import local_of
from bot.news.kinds import LEVELS, NewsKind
from bot.publishing.preflight import changed_elsewhere
from bot.records import Kind, Publication, Status
from bot.records.news import Happened, NewNews

BY_A_PERSON = "by a person"
"""Ends the reasons of what somebody has asked for: that is no news to anybody."""
_DONE = {
    Kind.POST: "published",
    Kind.REPLY: "replied",
    Kind.EDIT: "edited",
    Kind.DELETE: "deleted",
    Kind.REBLOG: "reblogged",
}
_KINDS = {
    Status.FINAL: NewsKind.PUBLISHED,
    Status.REJECTED: NewsKind.REJECTED,
    Status.MISSED: NewsKind.MISSED,
    Status.CANCELLED: NewsKind.CANCELLED,
    Status.HELD: NewsKind.HELD,
}
TOLD = frozenset(_KINDS)
"""Statuses that a publication's change into is news."""


def of_change(happened: Happened, since: datetime) -> NewNews | None:
    """What a change of status is news of, or None.

    Args:
        since: what was published before is no news, though the records learn of it only now (they
            are rebuilt from the chain).
    """
    event, row = happened.event, happened.publication
    if event.source is event.target or event.target not in _KINDS:
        return None
    kind = _KINDS[event.target]
    if event.target is Status.HELD and event.reason.endswith(BY_A_PERSON):
        return None
    if event.target is Status.HELD and row.kind is Kind.EDIT:
        kind = NewsKind.CHANGED if event.reason == changed_elsewhere(row) else kind
    if event.target is Status.FINAL:
        went_out = row.broadcast_at or row.included_at
        if went_out is None or went_out < since:
            return None
        text = f'{row.author} {_DONE[row.kind]} "{row.title}" on {row.chain}'
    elif kind is NewsKind.HELD:
        text = f"{_name(row)} is held and waits for a decision: {event.reason}"
    elif kind is NewsKind.CHANGED:
        text = event.reason
    else:
        text = f"{_name(row)} was {event.target.value}: {event.reason}"
    return _of(row, kind, f"event:{event.id}:{event.at:%Y%m%dT%H%M%S}", event.at, text)


def overdue(row: Publication, now: datetime, zone: ZoneInfo) -> NewNews:
    """A brief that should be out by now."""
    due = row.appointment.due_at
    assert due is not None, "it had a time"
    local = local_of(due, zone)
    why = f": {row.error}" if row.status is Status.WAITING and row.error else ""
    text = f"{_name(row)} is overdue since {local:%Y-%m-%d %H:%M} ({zone.key}){why}"
    return _of(row, NewsKind.OVERDUE, f"overdue:{row.id}:{due:%Y%m%dT%H%M%S}", now, text)


def replied(
    row: Publication, key: str, at: datetime, author: str, text: str, url: str = ""
) -> NewNews:
    """Somebody replied to a published brief.

    Args:
        key: one of its kind for the reply, such as its address on the chain.
        author: who replied.
        text: how the reply begins.
    """
    told = f'{author} replied to {row.author}\'s "{row.title}": {text}'
    return _of(row, NewsKind.REPLY, f"reply:{key}", at, told, url)


def paid_out(row: Publication, key: str, at: datetime, payout: str) -> NewNews:
    """A post was paid out; `payout` says what, in amounts."""
    told = f'{row.author}\'s "{row.title}" was paid out: {payout}'
    return _of(row, NewsKind.PAYOUT, f"payout:{key}", at, told)


def changed(row: Publication, key: str, at: datetime, what: str) -> NewNews:
    """A post was changed by something else than briefbot; `what` tells how."""
    told = f"@{row.author}/{row.permlink} was changed by others: {what}"
    return _of(row, NewsKind.CHANGED, f"changed:{key}", at, told)


def weekly(week: str, at: datetime, counts: Mapping[str, int]) -> NewNews:
    """What a week brought; `week` is like 2026-W48."""
    named = (
        (NewsKind.PUBLISHED, "published"),
        (NewsKind.REJECTED, "rejected"),
        (NewsKind.MISSED, "missed"),
        (NewsKind.OVERDUE, "overdue"),
        (NewsKind.HELD, "held"),
        (NewsKind.REPLY, "replies"),
        (NewsKind.PAYOUT, "payouts"),
    )
    told = [f"{counts[kind]} {word}" for kind, word in named if counts.get(kind)]
    text = f"The week {week}: {', '.join(told) or 'nothing happened'}"
    level = LEVELS[NewsKind.WEEKLY]
    return NewNews(f"weekly:{week}", NewsKind.WEEKLY.value, level.value, at, text)


def _of(
    row: Publication, kind: NewsKind, key: str, at: datetime, text: str, url: str = ""
) -> NewNews:
    is_there = kind in {NewsKind.PUBLISHED, NewsKind.PAYOUT, NewsKind.CHANGED, NewsKind.REPLY}
    return NewNews(
        key, kind.value, LEVELS[kind].value, at, text, chain=row.chain, author=row.author,
        brief=row.brief, url=url or (row.url if is_there else ""),
    )  # fmt: skip


def _name(row: Publication) -> str:
    return row.path or row.brief
