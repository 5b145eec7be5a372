"""What the records hold, as values: a publication, its attempts, its events."""

import json
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Self


class Status(StrEnum):
    """Where a publication stands; the arrows between them are in `transitions`."""

    QUEUED = "queued"
    PUBLISHING = "publishing"
    INCLUDED = "included"
    FINAL = "final"
    WAITING = "waiting"
    HELD = "held"
    REJECTED = "rejected"
    MISSED = "missed"
    CANCELLED = "cancelled"


class Kind(StrEnum):
    """What a publication does on the chain."""

    POST = "post"
    REPLY = "reply"
    EDIT = "edit"
    DELETE = "delete"
    REBLOG = "reblog"


FIRST = frozenset({Kind.POST, Kind.REPLY})
"""What a brief begins with; all other kinds follow on one of them, or on somebody else's post."""


class Outcome(StrEnum):
    """What became of an attempt, as far as is known."""

    SIGNED = "signed"
    SENT = "sent"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    INCLUDED = "included"
    FINAL = "final"
    EXPIRED = "expired"


class Outlook(StrEnum):
    """What the calendar has said of a publication that isn't on its way."""

    PLANNED = "planned"
    HELD = "held"
    WAITING = "waiting"
    DOOMED = "doomed"
    NOW = "now"
    """A person has said so: it goes out at once, and the calendar isn't asked."""


AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
"""When that is looked at of which the calendar hasn't been asked yet, whatever any clock says."""


@dataclass(frozen=True, slots=True)
class Appointment:
    """What is recorded of a publication's place in its author's calendar.

    Attributes:
        look_at: when the calendar is asked about it again, and it may go out; None when nothing
            changes by time alone.
        appointed_at: when it goes out; None when it doesn't, or nobody knows when.
        due_at: when it was to go out; other than `appointed_at` for what is overdue.
        slot: key of the slot that it fills, one of its kind for an author on a chain.
        asks: what the brief asked for then.
        outlook: None as long as the calendar hasn't been asked.
        why: why then, or why not, in words.
    """

    look_at: datetime | None = None
    appointed_at: datetime | None = None
    due_at: datetime | None = None
    slot: str | None = None
    asks: str | None = None
    outlook: Outlook | None = None
    why: str | None = None


APPOINTED = tuple(field.name for field in fields(Appointment))
"""The columns of an appointment."""
_ASKED = ("series", "priority", "late", "grace", "approve")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPublication:
    """A brief's plan for one chain, frozen as it will be signed.

    Attributes:
        queue: identity of the folder that the brief lies in; empty for what has none.
        fingerprint: sha256 of the file.
        wanted: digest of what the brief asked for when this was planned; empty when it asks for
            nothing, because it isn't there or can't be sent; None in rows of schema 0003.
        operations: JSON text of the operations, condenser_api's legacy form.
        scheduled_at: not before (UTC); None as soon as the account may post.
        expires_at: not after (UTC).
        base: of an edit, `text_digest` of what must stand on the chain for it to go out.
        shows: pictures of the queue: their paths, and sha256 of what is sent of them.
        series, priority, late, grace, approve: what the brief asks of the calendar; `priority` is
            a decimal number, `grace` in seconds.
    """

    chain: str
    brief: str
    path: str
    fingerprint: str
    author: str
    permlink: str
    kind: Kind
    title: str
    category: str
    tags: tuple[str, ...]
    url: str
    operations: str
    scheduled_at: datetime | None = None
    expires_at: datetime | None = None
    base: str | None = None
    queue: str = ""
    wanted: str | None = None
    shows: tuple[tuple[str, str], ...] = ()
    series: str | None = None
    priority: str | None = None
    late: str | None = None
    grace: int | None = None
    approve: bool = False

    def sealed(self) -> str:
        """sha256 over what will be signed, and when: a damaged record doesn't fit its own."""
        unsealed = ["fingerprint", "base", "queue", "wanted", *_ASKED]
        if not self.shows:  # as older versions have sealed it
            unsealed.append("shows")
        return _digest(self, NewPublication, leaving_out=unsealed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication(NewPublication):
    """One brief's way to one chain: the plan, where it stands, and what came of it.

    Attributes:
        digest: what `sealed()` was when the plan was recorded; None in rows of schema 0001.
        retry_at: when a `waiting` publication goes on; None while nothing can be posted for its
            author, which a person must mend.
        error: why it is waiting or rejected, for people.
        broadcast_at: when its bytes were first sent.
        appointment: when it goes out by the calendar, and why then.
    """

    id: int
    digest: str | None
    status: Status
    retry_at: datetime | None
    error: str | None
    trx_id: str | None
    block_num: int | None
    broadcast_at: datetime | None
    included_at: datetime | None
    final_at: datetime | None
    created_at: datetime
    updated_at: datetime
    appointment: Appointment = Appointment()

    @classmethod
    def of(cls, plan: NewPublication, number: int, status: Status, now: datetime) -> Self:
        """A plan as it would be recorded."""
        told: dict[str, Any] = {f.name: getattr(plan, f.name) for f in fields(NewPublication)}
        unknown: dict[str, Any] = dict.fromkeys(
            ("digest", "retry_at", "error", "trx_id", "block_num", "broadcast_at", "included_at",
             "final_at")
        )  # fmt: skip
        return cls(
            **told, **unknown, id=number, status=status, created_at=now, updated_at=now,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAttempt:
    """A signed transaction, before the first byte of it is sent."""

    trx_id: str
    signed_at: datetime
    expiration: datetime
    ref_block_num: int
    payload: str
    size: int

    def sealed(self) -> str:
        """sha256 over the transaction and its limits: a damaged record doesn't fit its own."""
        return _digest(self, NewAttempt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt(NewAttempt):
    """A signed transaction and what became of it."""

    id: int
    publication_id: int
    number: int
    node: str | None
    sends: int
    sent_at: datetime | None
    outcome: Outcome
    error: str | None
    worker: str | None
    fence: int | None
    digest: str | None


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture as it is sent.

    Attributes:
        kind: its media type.
    """

    sha256: str
    kind: str
    data: bytes

    @classmethod
    def of(cls, kind: str, data: bytes) -> Self:
        """A picture by its content."""
        return cls(sha256(data).hexdigest(), kind, data)

    def is_whole(self) -> bool:
        """Whether it is what it was stored as."""
        return sha256(self.data).hexdigest() == self.sha256


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of status, with what becomes known by the same news.

    Attributes:
        reason: why, for the event.
        error: why it waits or is kept back, for people; until the next transition.
        retry_at: when it goes on, where it waits; until the next transition.
        attempt: id of an attempt, and what has become of it.
        trx_id: this and what follows: None where it stays as it is recorded.
    """

    target: Status
    reason: str
    _: KW_ONLY
    error: str | None = None
    retry_at: datetime | None = None
    attempt: tuple[int, Outcome] | None = None
    trx_id: str | None = None
    block_num: int | None = None
    included_at: datetime | None = None
    final_at: datetime | None = None
    operations: str | None = None

    def found(self) -> dict[str, Any]:
        """What it makes known of a publication, by column."""
        known = ("trx_id", "block_num", "included_at", "final_at", "operations")
        told = {name: getattr(self, name) for name in known}
        return {name: value for name, value in told.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One change of status; written in the same transaction as the change.

    Attributes:
        worker: who did it under a lease, and with which `fence`; None for a person's commands
            and for what the folder's scan does.
        person: who did it on the dashboard; None for commands and for what the service does.
    """

    id: int
    publication_id: int
    at: datetime
    source: Status | None
    target: Status
    reason: str
    worker: str | None
    fence: int | None
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """One worker's right to work for one author on one chain.

    Attributes:
        fence: counted up at each takeover; what carries an older one is refused.
    """

    id: int
    chain: str
    author: str
    worker: str
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeEvent:
    """A node was set aside, and why."""

    at: datetime
    chain: str
    node: str
    reason: str
    worker: str | None


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a post, as its chain showed it last.

    The amounts are whole numbers of the smallest unit of `symbol`.

    Attributes:
        earned: the author's part of what was paid.
        paid_at: when it was paid out; None as long as it wasn't, irreversibly.
        read_at: when that was read.
    """

    votes: int
    replies: int
    symbol: str
    precision: int
    pending: int
    earned: int
    paid_at: datetime | None
    read_at: datetime


@dataclass(frozen=True, slots=True)
class LogRow:
    """A publication, the number of its attempts, and what came of the post that it is about."""

    publication: Publication
    attempts: int
    came: Came | None = None

    @property
    def happened_at(self) -> datetime:
        """When what there is to tell of it happened: it was published, or its last change.

        By the records' clock: a devnet's that runs fast is ahead of it.
        """
        changed = self.publication.updated_at
        return min(self.publication.included_at or changed, changed)


def text_digest(title: str, body: str) -> str:
    """sha256 over what readers see of a post, to know it again."""
    return sha256(f"{title}\0{body}".encode(errors="surrogatepass")).hexdigest()


def _digest(value: Any, kind: type, leaving_out: Sequence[str] = ()) -> str:
    told = {
        field.name: str(getattr(value, field.name))
        for field in fields(kind)
        if field.name not in leaving_out
    }
    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
