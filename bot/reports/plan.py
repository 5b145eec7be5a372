"""What the service would do next, when, and why; also why not. Reads, writes nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.briefs import Entry, Level, internal
from bot.intake.composer import Composer, Composition
from bot.intake.follow import Edits, Key, wanted_of
from bot.intake.reconcile import Action, decide
from bot.records import UNPUBLISHED, Publication, Status

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
    known: Mapping[Key, Publication],
    published: Mapping[Key, Publication],
    now: datetime,
    edits: Edits = Edits.AUTO,
) -> list[Step]:
    """Everything between the folder and the chain: what moves first, then what doesn't.

    Args:
        known: the latest publication of each (chain, brief).
        published: what each (chain, brief) has on its chain.
        edits: whether changed files edit their posts.
    """
    result: list[Step] = []
    met: set[Key] = set()
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
            state = _State(composition, entry.fingerprint, known.get(key), published.get(key), now)
            step = _contained(state, edits)
            result += [step] if step else []
    for key, row in known.items():
        if key in met or row.status not in UNPUBLISHED or row.path in refused:
            continue
        if row.path.startswith(tuple(f"{path}/" for path in unread)) or row.path in unread:
            when = max(row.scheduled_at or now, now) if row.status is Status.QUEUED else None
            why = "its file can't be read; what was queued stays as it is"
            result.append(_told(row, when or row.retry_at, why))
        else:
            why = "left the queue; it is withdrawn when it doesn't come back"
            result.append(_told(row, None, why))
    return sorted(result, key=lambda step: (step.when is None, step.when, step.brief))


@dataclass(frozen=True, slots=True)
class _State:
    """One brief on one chain: what it asks for, and what is recorded of it."""

    composition: Composition
    fingerprint: str
    row: Publication | None
    published: Publication | None
    now: datetime

    @property
    def due(self) -> tuple[datetime, str]:
        """When it goes out, and why then."""
        date = self.composition.brief.date
        if date and date > self.now:
            return date, "its date"
        return self.now, "as soon as the account may post"

    def untold(self, state: str, when: datetime | None, why: str) -> Step:
        """A step of what has no record."""
        brief, post = self.composition.brief, self.composition.post
        author = post.author if post else brief.author or ""
        permlink = post.permlink if post else ""
        chain = self.composition.chain
        return Step(brief.id, chain, author, permlink, brief.title, state, when, why)


def _contained(state: _State, edits: Edits) -> Step | None:
    """As `_step`; what goes wrong with a brief is a problem of that brief."""
    try:
        return _step(state, edits)
    except Exception as error:  # noqa: BLE001  # whatever it is, the others are planned
        why = str(internal(state.composition.brief.path, error))
        return state.untold("problem", None, why)


def _step(state: _State, edits: Edits) -> Step | None:
    """What follows, by the very table that the service asks."""
    composition, row = state.composition, state.row
    if composition.brief.draft:
        return state.untold("draft", None, "it is a draft")
    wanted, errors = wanted_of(composition, state.fingerprint, row, state.published, edits)
    told = "; ".join(str(error) for error in errors)
    action = decide(wanted, row)
    if row is None:
        return state.untold("problem", None, told) if told else state.untold("new", *state.due)
    if action is Action.QUEUE:
        return state.untold("new", *state.due)
    if action is Action.EDIT:
        why = "its file was changed: the post is edited"
        return replace(_told(row, state.now, why), state="edit")
    if action is Action.REPLAN and row.status in {Status.REJECTED, Status.MISSED}:
        return _told(row, state.due[0], "the brief was changed; it is tried again")
    return _recorded(state, row, told)


def _recorded(state: _State, row: Publication, told: str) -> Step | None:
    """What a record says of itself, where the folder changes nothing about it."""
    if row.status is Status.FINAL and not told:
        return None
    if told and row.status in {*UNPUBLISHED, Status.FINAL}:
        return state.untold("problem", None, told)
    if row.status is Status.QUEUED:
        return _told(row, *state.due)
    when = row.retry_at if row.status is Status.WAITING else None
    words = {"error": row.error, "reason": row.trx_id, "block": row.block_num}
    return _told(row, when, WHY[row.status].format(**words))


def _told(row: Publication, when: datetime | None, why: str) -> Step:
    return Step(
        row.brief, row.chain, row.author, row.permlink, row.title, row.status.value, when, why
    )
