"""One brief of the queue on one chain: how it stands, and what a person can do with it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import Field

from bot import app
from bot.records import Event, Kind, Publication, Records, Status
from bot.records.transitions import UNPUBLISHED
from bot.reports.plan import Step
from bot.service import actions
from bot.service.actions import Result, Seen, revision_of
from bot.web.editing import Told, findings_of
from bot.web.failures import failure
from bot.web.forms import Form
from bot.web.pages import N_, page
from bot.web.security import Editor, Reader
from bot.web.workplace import Here, Workplace

NO_CHAIN = "-"
"""Stands in an address for the chain of a brief that can't be read."""

_NUMBER = re.compile(r"[0-9]{1,18}")

routes = APIRouter()


@dataclass(frozen=True, slots=True)
class Action:
    """Something that a person can do to a publication.

    Attributes:
        verb: what the button says.
        question, outcome: what is asked before, and what will happen.
        statuses: when it can be done.
    """

    verb: str
    question: str
    outcome: str
    statuses: frozenset[Status]
    do: Callable[[Records, Seen, datetime], Result]
    is_danger: bool = False


def _delete(records: Records, which: Seen, now: datetime) -> Result:
    """Take off its chain what was published of this brief there."""
    found = actions.deletable(records, which)
    changed = [row for row in found if row.id == which.id and revision_of(row) != which.revision]
    if changed:
        why = "it has changed meanwhile; look again"
        return Result(refused=tuple(actions.Refused(row, why) for row in changed))
    return actions.delete(records, found, now)


ACTIONS: Mapping[str, Action] = {
    "hold": Action(
        N_("Hold"),
        N_("Keep this brief back?"),
        N_("It doesn't go out until somebody releases it. Its slot is kept until its time."),
        frozenset({Status.QUEUED, Status.WAITING}),
        actions.hold,
    ),
    "release": Action(
        N_("Release"),
        N_("Let this brief go out?"),
        N_("It goes out at its time; if that has passed, as its late policy says."),
        frozenset({Status.HELD}),
        actions.release,
    ),
    "retry": Action(
        N_("Try again"),
        N_("Try this brief again now?"),
        N_("It is queued again, and sent as soon as the account may post."),
        frozenset({Status.REJECTED, Status.WAITING}),
        actions.retry,
    ),
    "publish": Action(
        N_("Publish now"),
        N_("Publish this brief now?"),
        N_("It is sent at once, whatever its date. What is on the chain can't be taken back."),
        frozenset({Status.QUEUED}),
        actions.expedite,
    ),
    "cancel": Action(
        N_("Cancel"),
        N_("Withdraw this brief?"),
        N_("It isn't published. Its file stays where it is; changing it queues it again."),
        frozenset(UNPUBLISHED - {Status.CANCELLED}),
        actions.cancel,
        is_danger=True,
    ),
    "delete": Action(
        N_("Delete from the chain"),
        N_("Delete this post from the chain?"),
        N_("The chain refuses it once the post has replies or votes. What it said stays in old "
           "blocks for everybody to read. The brief's file stays, and isn't published again."),
        frozenset({Status.FINAL}),
        _delete,
        is_danger=True,
    ),
}  # fmt: skip
"""What can be done, by the name that stands in the address."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a brief stands on a chain.

    Attributes:
        step: what the plan says of it; None when nothing is left to do.
        publication: the latest of it; None when nothing is recorded.
        revision: of that publication.
        actions: names of what can be done now.
        events: what has happened, last first.
        findings: what `briefbot check` says of its file as it is now.
    """

    chain: str
    brief: str
    path: str
    title: str
    author: str
    step: Step | None
    publication: Publication | None
    revision: str
    actions: Sequence[str]
    events: Sequence[Event]
    findings: Sequence[Told]


def standing_of(place: Workplace, chain: str, brief: str) -> Standing:
    """How this brief stands.

    Raises:
        HTTPException: there is none.
    """
    wanted = "" if chain == NO_CHAIN else chain
    plan = place.planned.plan()
    step = next((s for s in plan.steps if s.brief == brief and s.chain == wanted), None)
    queue = app.queue_of(place.config, place.records)
    rows = place.records.log(chain=wanted, brief=brief) if wanted else ()
    mine = [row.publication for row in rows if row.publication.queue in {"", queue}]
    latest = actions.latest_of(mine)
    if step is None and latest is None:
        raise HTTPException(404, N_("There is no such brief."))
    path = latest.path if latest else (step.path if step else "")
    return Standing(
        chain,
        brief,
        path,
        (latest and latest.title) or (step and step.title) or brief,
        (latest and latest.author) or (step and step.author) or "",
        step,
        latest,
        revision_of(latest) if latest else "",
        [name for name, action in ACTIONS.items() if latest and _can(action, latest)],
        place.records.events(latest.id)[::-1] if latest else (),
        findings_of(place, path) if path else (),
    )


def _can(action: Action, row: Publication) -> bool:
    if action.do is _delete and row.kind is Kind.DELETE:
        return False
    return row.status in action.statuses


BriefName = Annotated[str, Path(max_length=1000)]
ChainName = Annotated[str, Path(max_length=40)]


def address(root: str, chain: str, brief: str) -> str:
    """Where a brief is shown."""
    return f"{root}/briefs/{quote(chain or NO_CHAIN)}/{quote(brief)}"


@routes.get("/briefs/{chain}/{brief:path}", response_class=HTMLResponse, include_in_schema=False)
def show_brief(
    request: Request,
    here: Here,
    visitor: Reader,
    chain: ChainName,
    brief: BriefName,
    ask: str = "",
) -> HTMLResponse:
    """The page of a brief; with `ask`, of what somebody is about to do with it."""
    standing = standing_of(here, chain, brief)
    if not ask:
        return page(request, here, visitor, "brief.html", standing=standing, all=ACTIONS)
    if ask not in ACTIONS:
        raise HTTPException(404, N_("There is no such action."))
    possible = ask in standing.actions
    return page(
        request,
        here,
        visitor,
        "ask.html",
        status=200 if possible else 409,
        standing=standing,
        name=ask,
        action=ACTIONS[ask],
        possible=possible,
        told=(),
    )


@routes.post("/briefs/{chain}/{brief:path}", response_class=HTMLResponse, include_in_schema=False)
def act_on_page(
    request: Request, here: Here, visitor: Editor, chain: ChainName, brief: BriefName, form: Form
) -> Response:
    """Do what was asked, once."""
    name = form.get("action", "")
    number = form.get("id", "")
    if not _NUMBER.fullmatch(number):
        raise HTTPException(400, N_("There is no such publication."))
    result = _act(here, visitor.name, name, Seen(int(number), form.get("revision", "")))
    if not result.refused:
        return RedirectResponse(address(request.scope.get("root_path", ""), chain, brief), 303)
    return page(
        request,
        here,
        visitor,
        "ask.html",
        status=409,
        standing=standing_of(here, chain, brief),
        name=name,
        action=ACTIONS[name],
        possible=False,
        told=[refused.reason for refused in result.refused],
    )


def _act(place: Workplace, person: str, name: str, which: Seen) -> Result:
    """Do it, as this person.

    Raises:
        HTTPException: there is no such action, or no such publication.
    """
    if name not in ACTIONS:
        raise HTTPException(400, N_("There is no such action."))
    result = ACTIONS[name].do(place.records.acting_as(person), which, place.now())
    place.planned.forget()
    if not result.done and not result.refused:
        raise HTTPException(404, N_("There is no such publication."))
    place.log.info(
        "done_by_person",
        person=person,
        action=name,
        publication=which.id,
        done=bool(result.done),
    )
    return result


@routes.get("/api/v1/briefs/{chain}/{brief:path}", responses={404: failure("There is none.")})
def tell_brief(here: Here, _: Reader, chain: ChainName, brief: BriefName) -> Standing:
    """How a brief stands on a chain, and what can be done with it."""
    return standing_of(here, chain, brief)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done to a publication, as it was seen.

    Attributes:
        revision: the publication's, when it was seen.
    """

    action: Literal["hold", "release", "retry", "publish", "cancel", "delete"]
    revision: Annotated[str, Field(max_length=100)]


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an order: the statuses of what it was done to, or why it wasn't."""

    statuses: Sequence[Status]
    refused: Sequence[str]


@routes.post(
    "/api/v1/publications/{number}/actions",
    responses={
        404: failure("There is no such publication."),
        409: {"model": Done, "description": "It can't be done, or it has changed meanwhile."},
    },
)
def act(
    here: Here,
    visitor: Editor,
    number: Annotated[int, Path(ge=1, le=2**63 - 1)],
    order: Order,
    answer: Response,
) -> Done:
    """Do something to a publication, once, if it still is as it was seen."""
    result = _act(here, visitor.name, order.action, Seen(number, order.revision))
    if result.refused:
        answer.status_code = 409
    return Done([row.status for row in result.done], [refused.reason for refused in result.refused])
