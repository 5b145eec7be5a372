"""What the service would do next, when, and why; also why not. Reads, writes nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from bot.briefs import Level
from bot.intake.follow import Key
from bot.intake.reconcile import Action, decide
from bot.intake.view import Asked, QueueView
from bot.publishing.schedule import Schedule
from bot.records import FIRST, UNPUBLISHED, Outlook, Publication, Status
from bot.records.appointments import Answer
from bot.records.files import FileNote
from bot.records.queues import QueueRecords, Unfinished
from bot.reports.appointments import Calendars

NOTICED = 60  # seconds that something is overdue before it is told
WHY = {
    Status.PUBLISHING: "on its way: {reason}",
    Status.INCLUDED: "in block {block}, until that can't be undone",
    Status.HELD: "held; `briefbot release` lets it go",
    Status.REJECTED: "{error}",
    Status.MISSED: "missed: {error}; change its `date` or `expires` in the file to publish it late",
    Status.CANCELLED: "cancelled; change the file, or use `briefbot publish`, to queue it again",
    Status.WAITING: "{error}",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One publication that isn't done yet.

    Attributes:
        state: a status of the journey, or `new`, `edit`, `draft`, `problem` for what has no record.
        when: the earliest instant at which it goes on (UTC); None when it doesn't by itself.
        overdue: seconds since it should have been out.
        outlook: what the calendar says of it, see `bot.records.Outlook`; `missed` when the service
            will say so next; empty where it isn't asked.
        path: its file, relative to the queue.
        series: whose slots it takes; empty for its author's own.
    """

    brief: str
    chain: str
    author: str
    permlink: str
    title: str
    state: str
    when: datetime | None
    why: str
    overdue: int = 0
    outlook: str = ""
    path: str = ""
    series: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything between the folder and the chain: what moves first, then what doesn't."""

    steps: list[Step]
    calendars: Calendars


def steps(view: QueueView, now: datetime, schedule: Schedule | None = None) -> list[Step]:
    """As `plan`."""
    return plan(view, now, schedule or Schedule()).steps


def plan(view: QueueView, now: datetime, schedule: Schedule, until: datetime | None = None) -> Plan:
    """What the service would do next.

    What hasn't changed since the service looked at it is told as it is recorded; else by the very
    calculation that the service would make.

    Args:
        until: most of what goes out later is left out.
    """
    mine = view.mine
    calendars = Calendars(schedule, mine.records if mine else None, mine.queue if mine else "", now)
    told, rest = _steps(view, now, calendars, until)
    known = {_key(step): step for step in told if _is_in_calendar(step)}
    stale = calendars.stale() | {
        (step.chain, step.author)
        for step in known.values()
        if step.outlook in {_TO_ASK, Outlook.WAITING}
        or (step.when is not None and step.when <= now)
    }
    if until is None:
        stale &= {(step.chain, step.author) for step in known.values()}
    answers = {(one.chain, one.brief): (one, made) for one, made in calendars.answers(stale)}
    if rest is not None and until is not None:
        near = [
            one.path
            for key, (one, made) in answers.items()
            if key not in known and ((at := made.appointment.appointed_at) is None or at < until)
        ]
        known |= {_key(step): step for step in rest.queued(near) if _is_in_calendar(step)}
    for key in answers.keys() & known.keys():
        known[key] = _by_calendar(known[key], answers[key][1])
    others = [step for step in told if _key(step) not in known]
    done = (
        replace(step, outlook="") if step.outlook in {_TO_ASK, _NOT_ASKED} else step
        for step in (*others, *known.values())
    )
    return Plan(_in_order(list(done)), calendars)


def _key(step: Step) -> Key:
    return step.chain, step.brief


def _is_in_calendar(step: Step) -> bool:
    return step.state in _IN_CALENDAR and step.outlook != _NOT_ASKED


_TO_ASK = "?"
_NOT_ASKED = "-"
_IN_CALENDAR = {"new", Status.QUEUED.value, Status.HELD.value, Status.WAITING.value}


def _by_calendar(step: Step, answer: Answer) -> Step:
    """A step, as the calendar says; what waits goes on when it is tried again."""
    made = answer.appointment
    outlook = "missed" if answer.missed else (made.outlook or "")
    overdue = int(answer.overdue.total_seconds())
    if step.state == Status.WAITING.value and not answer.missed:
        return replace(step, outlook=outlook)
    return replace(
        step, when=made.appointed_at, why=made.why or step.why, outlook=outlook, overdue=overdue
    )


def _steps(
    view: QueueView, now: datetime, calendars: Calendars, until: datetime | None
) -> "tuple[list[Step], _Rest | None]":
    """What the files ask for that have changed, and what is recorded of the others."""
    result: list[Step] = []
    met: set[Key] = set()
    looked: set[str] = set()
    unread: set[str] = set()
    for entry, asked in view.anew():
        looked.add(entry.path)
        if entry.brief is None:
            errors = [str(f) for f in entry.findings if f.level is Level.ERROR]
            result.append(_refused(entry.path, "; ".join(errors)))
            unread |= set() if entry.fingerprint else {entry.path}
        for each in asked:
            met.add((each.composition.chain, each.composition.brief.id))
            calendars.take(each)
            step = _step(_State(each, now))
            result += [step] if step else []
    if view.mine is None:
        return result, None
    for path, (brief, notes) in view.mine.files.notes().items():
        if path in view.paths and path not in looked:
            met |= {(note.chain, brief) for note in notes}
            result += [_noted(path, brief, note) for note in notes]
    refused = {step.brief for step in result if not step.chain} - unread
    rest = _Rest(view.mine, view.paths - looked, unread, met, refused, now, calendars)
    result += rest.steps(view.mine.unfinished(until))
    if until is not None:  # what is to go out later, of files that aren't as they were
        have = {_key(step) for step in result}
        result += [each for each in rest.queued(view.gone | looked) if _key(each) not in have]
    return result, rest


@dataclass(frozen=True, slots=True)
class _Rest:
    """What is told of publications whose files weren't looked at.

    Attributes:
        unchanged: files that are as they are recorded.
        unread: files, and folders, that can't be read.
        met: what is told by the files.
        refused: files of which nothing is told but what is wrong with them.
    """

    mine: QueueRecords
    unchanged: frozenset[str]
    unread: set[str]
    met: set[Key]
    refused: set[str]
    now: datetime
    calendars: Calendars

    def queued(self, paths: Iterable[str]) -> Iterator[Step]:
        """What is queued of these files."""
        return self.steps(self.mine.queued_at(paths))

    def steps(self, rows: Iterable[Unfinished]) -> Iterator[Step]:
        """What is told of these."""
        for row in rows:
            if (row.chain, row.brief) not in self.met and row.path not in self.refused:
                step = self.step(row)
                if step is not None:
                    yield step

    def step(self, row: Unfinished) -> Step | None:
        """As the record tells it, unless its file isn't there."""
        if row.path in self.unchanged or row.status in {Status.PUBLISHING, Status.INCLUDED}:
            return _recorded(row, self.now)
        if row.status not in UNPUBLISHED:
            return None
        if any(row.path == path or row.path.startswith(f"{path}/") for path in self.unread):
            queued = row.status is Status.QUEUED
            at = row.appointed_at or row.scheduled_at or self.now
            when = max(at, self.now) if queued else row.retry_at
            why = "its file can't be read; what was queued stays as it is"
            return _told(row, when, why, _NOT_ASKED)
        self.calendars.leave(row)
        why = "left the queue; it is withdrawn when it doesn't come back"
        return _told(row, None, why, _NOT_ASKED)


def _in_order(steps: list[Step]) -> list[Step]:
    def order(step: Step) -> tuple[bool, bool, datetime | None, str]:
        return step.overdue < NOTICED, step.when is None, step.when, step.brief

    return sorted(steps, key=order)


def _refused(path: str, why: str) -> Step:
    return Step(path, "", "", "", "", "problem", None, why, path=path)


def _noted(path: str, brief: str, note: FileNote) -> Step:
    """Why nothing of an unchanged file goes out."""
    if not note.chain:
        return _refused(path, note.why)
    return Step(
        brief, note.chain, note.author, note.permlink, note.title, note.state, None, note.why,
        path=path,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _State:
    """What one brief asks for on one chain."""

    asked: Asked
    now: datetime

    def untold(self, state: str, when: datetime | None, why: str) -> Step:
        """A step of what has no record."""
        brief, post = self.asked.composition.brief, self.asked.composition.post
        author = post.author if post else brief.author or ""
        permlink = post.permlink if post else ""
        chain = self.asked.composition.chain
        return Step(
            brief.id, chain, author, permlink, brief.title, state, when, why,
            path=brief.path, series=brief.series or "",
        )  # fmt: skip


def _step(state: _State) -> Step | None:  # noqa: PLR0911  # a table of cases
    """What follows, by the very table that the service asks."""
    asked, row, now = state.asked, state.asked.row, state.now
    if asked.composition.brief.draft:
        return state.untold("draft", None, "it is a draft")
    told = "; ".join(map(str, asked.errors))
    action = decide(asked.wanted, row)
    due = _due(asked.composition.brief.date, now)
    if row is None or action is Action.QUEUE:
        return state.untold("problem", None, told) if told else state.untold("new", *due)
    if action is Action.EDIT:
        why = "its file was changed: the post is edited"
        return replace(_told(row, now, why), state="edit")
    if action is Action.REPLAN and row.status in {Status.REJECTED, Status.MISSED}:
        return _told(row, due[0], "the brief was changed; it is tried again")
    if told and row.status in {*UNPUBLISHED, Status.FINAL}:
        return state.untold("problem", None, told)
    if row.status is Status.QUEUED:
        return _told(row, *due)
    return None if row.status is Status.FINAL else _recorded(row, now)


def _due(date: datetime | None, now: datetime) -> tuple[datetime, str]:
    """When something goes out, and why then."""
    if date and date > now:
        return date, "its date"
    return now, "as soon as the account may post"


def _recorded(row: Publication | Unfinished, now: datetime) -> Step:
    """What a record says of itself, where the folder changes nothing about it."""
    made = row if isinstance(row, Unfinished) else row.appointment
    in_calendar = row.status in {Status.QUEUED, Status.HELD} and row.kind in FIRST
    if in_calendar and made.outlook not in {None, Outlook.NOW}:
        is_due = made.look_at is not None and made.look_at <= now
        outlook = _TO_ASK if is_due else str(made.outlook)
        return _told(row, made.appointed_at, made.why or "", outlook)
    if row.status is Status.QUEUED:
        return _told(row, *_due(row.scheduled_at, now))
    when = row.retry_at if row.status is Status.WAITING else None
    words = {"error": row.error, "reason": row.trx_id, "block": row.block_num}
    return _told(row, when, WHY[row.status].format(**words))


def _told(
    row: Publication | Unfinished, when: datetime | None, why: str, outlook: str = ""
) -> Step:
    state = row.status.value
    return Step(
        row.brief, row.chain, row.author, row.permlink, row.title, state, when, why, 0, outlook,
        path=row.path, series=row.series or "",
    )  # fmt: skip
