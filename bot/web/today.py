"""The first page: what goes out next, what needs a person, and what came in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from bot import app
from bot.records import Status
from bot.records.arrivals import Arrivals, arrivals
from bot.reports.plan import NOTICED, Step
from bot.reports.status import Verdict
from bot.web.health import LOOKS, VERDICTS
from bot.web.pages import page
from bot.web.security import Reader
from bot.web.workplace import Here, Workplace

NEXT = 8  # briefs that are told of
NEEDY = 12
SINCE = timedelta(days=1)
_NEEDS_A_PERSON = {Status.HELD, Status.REJECTED, Status.MISSED, "problem"}

routes = APIRouter()


@dataclass(frozen=True, slots=True)
class Today:
    """What an editor looks for first.

    Attributes:
        following: what goes out next.
        needy: what doesn't go on without a person.
        more_needy: how many more of these there are.
        since: from when on what came in is told.
        verdict, reasons: whether all is well, and why not.
    """

    following: Sequence[Step]
    needy: Sequence[Step]
    more_needy: int
    came: Arrivals
    since: datetime
    verdict: Verdict
    reasons: Sequence[str]


def needs_a_person(step: Step) -> bool:
    """Whether this stays as it is until somebody does something."""
    return (
        step.state in _NEEDS_A_PERSON
        or step.overdue >= NOTICED
        or step.outlook in {"doomed", "missed"}
        or (step.state == Status.WAITING.value and step.when is None)
    )


def today_of(place: Workplace) -> Today:
    """Today, as the plan and the records have it."""
    steps = place.planned.plan().steps
    needy = [step for step in steps if needs_a_person(step)]
    following = (step for step in steps if step.when is not None and not needs_a_person(step))
    now = place.now()
    since = now - SINCE
    found = app.overview_of(place.config, place.records, now)
    verdict = found.verdict
    if (
        needy and verdict is Verdict.WELL
    ):  # what only the folder tells, as a file that can't be read
        verdict = Verdict.NEEDS_A_PERSON
    return Today(
        list(islice(following, NEXT)),
        needy[:NEEDY],
        max(0, len(needy) - NEEDY),
        arrivals(place.records, since),
        since,
        verdict,
        found.reasons,
    )


@routes.get("/", response_class=HTMLResponse, include_in_schema=False)
def show(request: Request, here: Here, visitor: Reader) -> HTMLResponse:
    """The page."""
    return page(
        request, here, visitor, "today.html", today=today_of(here), verdicts=VERDICTS, looks=LOOKS
    )


@routes.get("/api/v1/today")
def tell(here: Here, _: Reader) -> Today:
    """What goes out next, what needs a person, and what came in since yesterday."""
    return today_of(here)
