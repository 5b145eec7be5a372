"""What a person does to a publication: one function each, for commands and pages alike.

They decide and record; telling is for those who call them. Each change says that a person made it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from bot.briefs import BriefError, Entry, read, rewrite
from bot.briefs.pictures import PictureRefused
from bot.chain.codec import delete_comment, operations_text
from bot.chain.codec import reblog as reblog_operation
from bot.chain.protocol import Content
from bot.intake.composer import Composer, Composition
from bot.intake.edits import edit_of
from bot.records import (
    Conflict,
    Kind,
    NewPublication,
    PictureFile,
    Publication,
    Records,
    Status,
    Transition,
    text_digest,
)
from bot.records.plans import following


@dataclass(frozen=True, slots=True)
class Refused:
    """What couldn't be done to a publication, and why."""

    publication: Publication
    reason: str


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an action: the publications as they are now, and what was refused."""

    done: tuple[Publication, ...] = ()
    refused: tuple[Refused, ...] = ()


class Side(StrEnum):
    """Whose text stays where the chain's and the brief's went different ways."""

    CHAIN = "chain"
    BRIEF = "brief"


@dataclass(frozen=True, slots=True)
class Seen:
    """A publication as somebody looks at it on a page.

    Attributes:
        revision: `revision_of` it then; nothing is done to what has changed since.
    """

    id: int
    revision: str


Which = str | Seen
"""What something is to be done to: what a person calls it, or what is before their eyes."""
Step = Callable[[Publication], Publication]


def revision_of(publication: Publication) -> str:
    """Another text after every change of a publication."""
    return f"{publication.status.value}@{publication.updated_at:%Y%m%dT%H%M%S.%f}"


class _Cannot(Exception):  # noqa: N818  # what happened
    """Why something can't be done to a publication."""


# -- one publication's way -------------------------------------------------------------------------


def hold(records: Records, which: Which, now: datetime) -> Result:
    """Keep a brief back until it is released."""
    return _steer(records, which, "held", {Status.QUEUED, Status.WAITING}, Status.HELD, now)


def release(records: Records, which: Which, now: datetime) -> Result:
    """Let a held brief go out again."""
    return _steer(records, which, "released", {Status.HELD}, Status.QUEUED, now)


def retry(records: Records, which: Which, now: datetime) -> Result:
    """Try a rejected or waiting brief again now; not what was rejected for what its file says."""
    sources = {Status.REJECTED, Status.WAITING}
    return _steer(records, which, "retried", sources, Status.QUEUED, now)


def cancel(records: Records, which: Which, now: datetime) -> Result:
    """Withdraw what isn't on the chain yet; its file stays where it is."""

    def withdraw(row: Publication) -> Publication:
        return records.cancel(row.id, "withdrawn by a person", now)

    return _each(_latest(records, which), _if_unchanged(which, withdraw))


def expedite(records: Records, which: Which, now: datetime) -> Result:
    """Let what is queued go out at once, whatever its date; the service sends it."""

    def hasten(row: Publication) -> Publication:
        if row.status is not Status.QUEUED:
            raise _Cannot(f"it is {row.status.value}; only what is queued can go out at once")
        return records.expedite(row.id, now)

    return _each(_latest(records, which), _if_unchanged(which, hasten))


def _steer(
    records: Records,
    which: Which,
    verb: str,
    sources: set[Status],
    target: Status,
    now: datetime,
) -> Result:
    def move(row: Publication) -> Publication:
        if row.status not in sources:
            allowed = " or ".join(sorted(status.value for status in sources))
            raise _Cannot(f"it is {row.status.value}; only what is {allowed} can be {verb}")
        if row.status is Status.REJECTED and row.wanted == "":
            raise _Cannot(
                f"its file can't be sent as it is: {row.error}; mend the file, and it is queued "
                "by itself"
            )
        return records.move(row, Transition(target, f"{verb} by a person"), now)

    return _each(_latest(records, which), _if_unchanged(which, move))


# -- whose text stays ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Desk:
    """The queue that a person works at.

    Attributes:
        queue: its identity; empty as long as no service has looked at it.
        timezone: zone of dates in briefs that name none.
    """

    posts: Path
    queue: str
    timezone: str
    composer: Composer

    def file(self, row: Publication) -> Path:
        """Where a publication's brief lies; raises when that is in another queue."""
        if row.queue not in {"", self.queue}:
            raise _Cannot(
                f"{row.path} isn't in this queue; change it where it is, then `keep brief`"
            )
        return self.posts / row.path

    def entry(self, row: Publication) -> Entry:
        """A publication's brief as it is now."""
        return read(self.file(row), root=self.posts, timezone=self.timezone)

    def composition(self, entry: Entry, chain: str) -> Composition | None:
        """The brief as it would stand on a chain; None when it can't be read."""
        made = self.composer.compose(entry.brief, entry.folder) if entry.brief else ()
        return next((each for each in made if each.chain == chain), None)


def keep(
    records: Records,
    which: str,
    side: Side,
    desk: Desk,
    content_of: Callable[[Publication], Content | None],
    now: datetime,
) -> Result:
    """Decide about the edits of a brief that are held.

    The brief's text goes out over what stands on the chain; or the chain's text is written into the
    brief's file, and the edit is what then still differs. It is no edit when nothing does.

    Args:
        content_of: what stands on the chain at a publication's address.
    """
    held = [
        row
        for row in _latest(records, which)
        if row.kind is Kind.EDIT and row.status is Status.HELD
    ]
    reason = f"a person keeps the {side.value}'s text"

    def decide(row: Publication) -> Publication:
        content = content_of(row)
        if content is None:
            raise _Cannot(f"@{row.author}/{row.permlink} isn't on {row.chain} any more")
        base = text_digest(content.title, content.body)
        if side is Side.BRIEF:
            return records.rebase(row.id, base, reason, now)
        _write_back(desk, row, content)
        plan, files = _edit_now(records, desk, row)
        try:
            if plan is None:
                return records.cancel(row.id, reason, now)
            return records.rebase(row.id, base, reason, now, plan, files)
        except Conflict:
            current = records.get(row.id)
            if plan is None and current.status is Status.CANCELLED:
                return current  # the service has seen the file meanwhile
            raise

    return _each(held, decide)


def _write_back(desk: Desk, row: Publication, content: Content) -> None:
    """Put the chain's text into the brief's file."""
    entry = desk.entry(row)
    composition = desk.composition(entry, row.chain)
    if entry.brief is None or composition is None or composition.post is None:
        raise _Cannot(f"{row.path} has errors; `briefbot check` tells them")
    before, mine, after = composition.post.body.partition(entry.brief.body)
    theirs = content.body
    if not mine or not (theirs.startswith(before) and theirs.endswith(after)):
        raise _Cannot(
            f"the chain's text can't be written back into {row.path}, because of its header, "
            "footer, pictures or `markup: extended`; change the file by hand, then `keep brief`"
        )
    body = theirs[len(before) : len(theirs) - len(after)]
    try:
        rewrite(desk.file(row), entry.brief, content.title, body)
    except BriefError as error:
        raise _Cannot(str(error)) from None


def _edit_now(
    records: Records, desk: Desk, row: Publication
) -> tuple[NewPublication | None, tuple[PictureFile, ...]]:
    """The edit that a brief's file asks for now, and the pictures that it shows."""
    entry = desk.entry(row)
    composition = desk.composition(entry, row.chain)
    published = records.published(queue=row.queue, chain=row.chain, brief=row.brief)
    standing = published.get((row.chain, row.brief))
    if composition is None or composition.post is None or standing is None:
        raise _Cannot(f"{row.path} has errors; `briefbot check` tells them")
    plan = edit_of(standing, entry.fingerprint, composition)
    shows = plan.shows if plan else ()
    try:
        return plan, desk.composer.pictures.files(entry.folder, shows)
    except PictureRefused as refused:
        raise _Cannot(str(refused)) from None


# -- what is done to a post that stands on its chain -----------------------------------------------


def deletable(records: Records, which: Which) -> tuple[Publication, ...]:
    """The texts of a brief as they were last published, one for each chain where it stands."""
    found = [
        records.published(queue=row.queue, chain=row.chain, brief=row.brief)
        for row in _latest(records, which)
    ]
    return tuple(row for published in found for row in published.values())


def delete(records: Records, published: Iterable[Publication], now: datetime) -> Result:
    """Take posts off their chains.

    Args:
        published: some of what `deletable` has told.
    """

    def queue(row: Publication) -> Publication:
        latest = _latest_of(records, row)
        operation = delete_comment(row.author, row.permlink)
        plan = following(row, Kind.DELETE, operations_text([operation]))
        plan = replace(plan, fingerprint=latest.fingerprint)
        try:
            return records.add(plan, now, after=latest)
        except Conflict:
            raise _Cannot(
                f"something else is to be done to @{row.author}/{row.permlink} on {row.chain} "
                f"first; see `briefbot show {row.brief}`"
            ) from None

    return _each(published, queue)


def reblog(
    records: Records, chain: str, account: str, author: str, permlink: str, now: datetime
) -> Publication:
    """Show a post to an account's readers.

    Raises:
        Conflict: that is queued already.
    """
    plan = NewPublication(
        chain=chain,
        brief=f"{account} reblogs @{author}/{permlink}",
        path="",
        fingerprint="",
        author=account,
        permlink=permlink,
        kind=Kind.REBLOG,
        title=f"@{author}/{permlink}",
        category="",
        tags=(),
        url="",
        operations=operations_text([reblog_operation(account, author, permlink)]),
    )
    try:
        return records.add(plan, now)
    except Conflict:
        raise Conflict(
            f"{account}'s reblog of @{author}/{permlink} is queued already; see `briefbot log`"
        ) from None


# -- inside ----------------------------------------------------------------------------------------


def _each(rows: Iterable[Publication], step: Step) -> Result:
    """Do one thing to each; what can't be done to one keeps the others from nothing."""
    done: list[Publication] = []
    refused: list[Refused] = []
    for row in rows:
        try:
            done.append(step(row))
        except (_Cannot, Conflict) as error:
            refused.append(Refused(row, str(error)))
    return Result(tuple(done), tuple(refused))


def _if_unchanged(which: Which, step: Step) -> Step:
    """The step, unless what is meant was seen otherwise than it is now."""

    def careful(row: Publication) -> Publication:
        if isinstance(which, Seen) and which != Seen(row.id, revision_of(row)):
            raise _Cannot(f"it has changed meanwhile, and is {row.status.value} now; look again")
        return step(row)

    return careful


def _latest(records: Records, which: Which) -> tuple[Publication, ...]:
    """The latest publication of each queue and chain that is meant."""
    found = records.log(id=which.id) if isinstance(which, Seen) else records.find(which)
    rows = [row.publication for row in found]
    meant = {(row.queue, row.chain, row.brief): row for row in rows}
    return tuple(_latest_of(records, row) for row in meant.values())


def _latest_of(records: Records, row: Publication) -> Publication:
    rows = records.log(queue=row.queue, chain=row.chain, brief=row.brief)
    return max((row.publication for row in rows), key=_order)


def latest_of(rows: Iterable[Publication]) -> Publication | None:
    """Of one brief's publications on one chain, the one that counts; None of none."""
    return max(rows, key=_order, default=None)


def _order(row: Publication) -> tuple[bool, int]:
    """As the records tell the latest: a plan that never went out has nothing that follows it."""
    never_went_out = row.status is Status.CANCELLED and row.kind in {Kind.POST, Kind.REPLY}
    return not never_went_out, row.id
