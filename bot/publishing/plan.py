"""What the service would do next, when, and why; also why not. Reads, writes nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.briefs import Entry, Level, internal
from bot.publishing.composer import Composer, Composition
from bot.publishing.edits import edit_of
from bot.records import UNPUBLISHED, Kind, Publication, Status

WHY = {
    Status.PUBLISHING: "on its way: {reason}",
    Status.INCLUDED: "in block {block}, until that can't be undone",
    Status.HELD: "held; `briefbot release` lets it go",
    Status.REJECTED: "{error}",
    Status.MISSED: "its `expires` passed; change it in the file to publish it late",
    Status.CANCELLED: "cancelled; change the file, or use `briefbot publish`, to queue it again",
    Status.WAITING: "{error}",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One publication that isn't done yet.

    Attributes:
        state: a status of the journey, or `new`, `edit`, `draft`, `problem` for what has no record.
        when: the earliest instant at which it goes on (UTC); None when it doesn't by itself.
    """

    brief: str
    chain: str
    author: str
    permlink: str
    title: str
    state: str
    when: datetime | None
    why: str


def steps(
    entries: Iterable[Entry],
    composer: Composer,
    known: Mapping[tuple[str, str], Publication],
    now: datetime,
    *,
    edits: bool = True,
) -> list[Step]:
    """Everything between the folder and the chain: what moves first, then what doesn't.

    Args:
        known: the latest publication of each (chain, brief).
        edits: whether changed files edit their posts.
    """
    result: list[Step] = []
    met: set[tuple[str, str]] = set()
    refused: set[str] = set()
    unread: set[str] = set()
    for entry in entries:
        brief = entry.brief
        errors = [str(f) for f in entry.findings if f.level is Level.ERROR]
        if brief is None:
            (refused if entry.fingerprint else unread).add(entry.path)
            result.append(Step(entry.path, "", "", "", "", "problem", None, "; ".join(errors)))
            continue
        for composition in composer.compose(brief, entry.folder):
            key = (composition.chain, brief.id)
            met.add(key)
            step = _contained(composition, known.get(key), entry.fingerprint, now)
            if step is not None and (edits or step.state != "edit"):
                result.append(step)
    for key, row in known.items():
        if key in met or row.status not in UNPUBLISHED or row.path in refused:
            continue
        if row.path.startswith(tuple(f"{path}/" for path in unread)) or row.path in unread:
            when = max(row.scheduled_at or now, now) if row.status is Status.QUEUED else None
            why = "its file can't be read; what was queued stays as it is"
            result.append(_told(row, when or row.retry_at, why))
        else:
            why = "left the queue; it is withdrawn at the next scan"
            result.append(_told(row, None, why))
    return sorted(result, key=lambda step: (step.when is None, step.when, step.brief))


def _contained(
    composition: Composition, row: Publication | None, fingerprint: str, now: datetime
) -> Step | None:
    """As `_step`; what goes wrong with a brief is a problem of that brief."""
    try:
        return _step(composition, row, fingerprint, now)
    except Exception as error:  # noqa: BLE001  # whatever it is, the others are planned
        brief, why = composition.brief, str(internal(composition.brief.path, error))
        author = brief.author or ""
        return Step(brief.id, composition.chain, author, "", brief.title, "problem", None, why)


def _step(  # noqa: PLR0911  # a table of cases
    composition: Composition, row: Publication | None, fingerprint: str, now: datetime
) -> Step | None:
    brief, post = composition.brief, composition.post
    if row is not None and row.status not in UNPUBLISHED:
        if row.status is Status.FINAL:
            return _edit(composition, row, fingerprint, now)
        return _told(row, None, WHY[row.status].format(reason=row.trx_id, block=row.block_num))

    def untold(state: str, when: datetime | None, why: str) -> Step:
        return Step(
            brief.id,
            composition.chain,
            post.author if post else brief.author or "",
            post.permlink if post else "",
            brief.title,
            state,
            when,
            why,
        )

    errors = [str(f) for f in composition.findings if f.level is Level.ERROR]
    if brief.draft:
        return untold("draft", None, "it is a draft")
    if post is None or errors:
        return untold("problem", None, "; ".join(errors))
    due = max(brief.date, now) if brief.date else now
    reason = "its date" if brief.date and brief.date > now else "as soon as the account may post"
    if row is None:
        return untold("new", due, reason)
    if row.status is Status.QUEUED:
        return _told(row, due, reason)
    if row.fingerprint != fingerprint and row.status in {Status.REJECTED, Status.MISSED}:
        return _told(row, due, "the brief was changed; it is tried again")
    when = row.retry_at if row.status is Status.WAITING else None
    return _told(row, when, WHY[row.status].format(error=row.error))


def _edit(
    composition: Composition, row: Publication, fingerprint: str, now: datetime
) -> Step | None:
    """The edit that a published brief's changed file is about to become."""
    if row.kind is Kind.DELETE or composition.post is None or row.fingerprint == fingerprint:
        return None
    if edit_of(row, fingerprint, composition) is None:
        return None
    return replace(_told(row, now, "its file was changed: the post is edited"), state="edit")


def _told(row: Publication, when: datetime | None, why: str) -> Step:
    return Step(
        row.brief, row.chain, row.author, row.permlink, row.title, row.status.value, when, why
    )
