"""What is wanted, what is recorded, and what follows: the one decision of intake, as a table.

Level-triggered: it is asked anew at every look, and depends on nothing but the two states. `plan`,
`check`, `publish --dry-run` and the service all ask it, so they can't disagree.
"""

from dataclasses import dataclass
from enum import Enum, auto

from bot.records import Kind, NewPublication, Publication, Status


class Wish(Enum):
    """What a queue wants of a (chain, brief) now."""

    NOTHING = auto()
    """No brief of this identity is there for this chain, or it is a draft."""
    REFUSED = auto()
    """The brief can't be sent as it is."""
    SAME = auto()
    """What the records were planned from."""
    CHANGED = auto()
    """Something else than what the records were planned from."""
    PUBLISHED = auto()
    """Of a changed brief: just what stands on the chain."""


class Action(Enum):
    """What is to be done so that the records follow the folder."""

    NONE = auto()
    QUEUE = auto()
    """Record it: a new publication."""
    REPLAN = auto()
    """Put the new plan in place of the old one; what was rejected or missed is queued again."""
    REJECT = auto()
    """Keep it back, as long as the brief can't be sent."""
    WITHDRAW = auto()
    """Cancel it, as long as the brief isn't there."""
    EDIT = auto()
    """Queue an edit of what stands on the chain."""
    LATER = auto()
    """It is on its way: look again when it has arrived."""


class Stage(Enum):
    """Where the latest publication of a (chain, brief) stands, as far as intake minds."""

    UNKNOWN = auto()
    """Nothing is recorded."""
    OPEN = auto()
    """Nothing is on its way: queued, waiting, held or missed."""
    REFUSED = auto()
    """Rejected by intake, for what the brief was."""
    REJECTED = auto()
    """Rejected by the chain, or for what only the chain could tell."""
    ON_ITS_WAY = auto()
    """Publishing or included."""
    WITHDRAWN = auto()
    """Cancelled by intake, because the brief wasn't there."""
    CANCELLED = auto()
    """Cancelled by a person."""
    STANDS = auto()
    """It is on the chain for good."""
    EDIT_OPEN = auto()
    """It is on the chain, and an edit of it waits or was rejected."""
    EDIT_WITHDRAWN = auto()
    """It is on the chain; an edit was cancelled by intake, because the file didn't ask for it."""
    EDIT_CANCELLED = auto()
    """It is on the chain, and a person cancelled an edit of it."""
    DELETED = auto()
    """A person deletes it, or has."""


_N, _Q, _R, _X, _W, _E, _L = (
    Action.NONE, Action.QUEUE, Action.REPLAN, Action.REJECT, Action.WITHDRAW, Action.EDIT,
    Action.LATER,
)  # fmt: skip

TABLE: dict[Stage, dict[Wish, Action]] = {
    stage: dict(zip(Wish, actions, strict=True))
    for stage, actions in {
        #                      nothing refused same changed published
        Stage.UNKNOWN:        (_N,     _N,     _Q,  _Q,     _N),
        Stage.OPEN:           (_W,     _X,     _N,  _R,     _N),
        Stage.REFUSED:        (_W,     _N,     _R,  _R,     _N),
        Stage.REJECTED:       (_W,     _N,     _N,  _R,     _N),
        Stage.ON_ITS_WAY:     (_L,     _L,     _N,  _L,     _N),
        Stage.WITHDRAWN:      (_N,     _N,     _Q,  _Q,     _N),
        Stage.CANCELLED:      (_N,     _N,     _N,  _Q,     _N),
        Stage.STANDS:         (_N,     _N,     _N,  _E,     _N),
        Stage.EDIT_OPEN:      (_W,     _X,     _N,  _R,     _W),
        Stage.EDIT_WITHDRAWN: (_N,     _N,     _N,  _E,     _N),
        Stage.EDIT_CANCELLED: (_N,     _N,     _N,  _E,     _N),
        Stage.DELETED:        (_N,     _N,     _N,  _N,     _N),
    }.items()
}  # fmt: skip
"""The whole decision: where the records stand, down; what is wanted, across."""


_GOING = frozenset({Status.QUEUED, Status.WAITING, Status.HELD})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a queue wants of one (chain, brief) now.

    Attributes:
        plan: what would be recorded; None when the brief can't be sent, or isn't there.
        edit: of a published brief, the edit that makes the post what its file says; None when
            nothing differs, or nothing is published.
        refusal: why the brief can't be sent; empty when it can, or isn't there.
        fingerprint: of its file; empty when there is none.
    """

    plan: NewPublication | None = None
    edit: NewPublication | None = None
    refusal: str = ""
    fingerprint: str = ""


def stage_of(latest: Publication | None) -> Stage:  # noqa: PLR0911  # a table of cases
    """Where a (chain, brief) stands by its latest publication."""
    if latest is None:
        return Stage.UNKNOWN
    first = latest.kind in {Kind.POST, Kind.REPLY}
    if latest.kind is Kind.DELETE and latest.status is not Status.CANCELLED:
        return Stage.DELETED
    if latest.status in {Status.PUBLISHING, Status.INCLUDED}:
        return Stage.ON_ITS_WAY
    if latest.status is Status.FINAL:
        return Stage.STANDS
    if latest.status is Status.CANCELLED:
        withdrawn = latest.wanted == "" or not latest.fingerprint  # as schema 0003 told it
        if first:
            return Stage.WITHDRAWN if withdrawn else Stage.CANCELLED
        return Stage.EDIT_WITHDRAWN if withdrawn else Stage.EDIT_CANCELLED
    if not first:
        return Stage.EDIT_OPEN
    if latest.status is Status.REJECTED:
        return Stage.REFUSED if latest.wanted == "" else Stage.REJECTED
    return Stage.OPEN


def is_unsettled(latest: Publication) -> bool:
    """Whether something is withdrawn when the brief isn't there any more."""
    return TABLE[stage_of(latest)][Wish.NOTHING] is not Action.NONE


def is_open(kind: str, status: str) -> bool:
    """As `is_unsettled`, by what is light to read of many."""
    return kind != Kind.DELETE and status not in {Status.FINAL, Status.CANCELLED}


def wish_of(wanted: Wanted, latest: Publication | None) -> Wish:  # noqa: PLR0911  # likewise
    """What is wanted, beside what the latest publication was planned from.

    What is on the chain, or was cancelled by a person, follows its own file only: not the
    configuration, nor its neighbours.
    """
    if wanted.refusal:
        return Wish.REFUSED
    if wanted.plan is None:
        return Wish.NOTHING
    if latest is None:
        return Wish.CHANGED
    same_file = latest.fingerprint == wanted.fingerprint
    plan: NewPublication | None = wanted.plan
    stage = stage_of(latest)
    if same_file and stage in {Stage.STANDS, Stage.CANCELLED, Stage.EDIT_CANCELLED}:
        return Wish.SAME
    if stage in {Stage.STANDS, Stage.EDIT_CANCELLED, Stage.EDIT_WITHDRAWN, Stage.EDIT_OPEN}:
        plan = wanted.edit
    if plan is None:
        return Wish.SAME if same_file else Wish.PUBLISHED
    if latest.wanted is None:  # a row of schema 0003, which kept no pictures
        complete = latest.status not in _GOING or latest.shows == plan.shows
        return Wish.SAME if same_file and complete else Wish.CHANGED
    return Wish.SAME if latest.wanted == plan.wanted else Wish.CHANGED


def decide(wanted: Wanted, latest: Publication | None) -> Action:
    """What is to be done so that the records follow."""
    return TABLE[stage_of(latest)][wish_of(wanted, latest)]
