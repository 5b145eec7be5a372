"""The queue: every brief that isn't done, and what a person can do with it."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from bot import app
from bot.records.files import FileFinding, FileRecords
from bot.reports.plan import Step
from bot.web.pages import N_, page
from bot.web.security import Reader
from bot.web.today import needs_a_person
from bot.web.workplace import Here, Workplace

PAGE = 50
_LONGEST = 200  # characters that are searched for

routes = APIRouter()

Show = Literal["all", "person", "planned", "held", "draft", "findings"]
SHOWN: Mapping[Show, str] = {
    "all": N_("Everything"),
    "person": N_("Needs a person"),
    "planned": N_("Goes by itself"),
    "held": N_("Held"),
    "draft": N_("Drafts"),
    "findings": N_("Has findings"),
}
"""Which briefs are shown, and how that is called."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Some of the queue.

    Attributes:
        found: how many there are; `steps` are those of this page.
        following: the number of the next page; None when this is the last.
        findings: what there is to say of these files that go out all the same, by their paths.
    """

    steps: Sequence[Step]
    found: int
    number: int
    following: int | None
    authors: Sequence[str]
    chains: Sequence[str]
    findings: Mapping[str, Sequence[FileFinding]]


def _is_shown(step: Step, show: Show, told: Container[str]) -> bool:
    if show == "person":
        return needs_a_person(step)
    if show == "planned":
        return step.when is not None and not needs_a_person(step)
    if show == "all":
        return True
    if show == "findings":
        return step.path in told
    return step.state == show


def queue_of(
    place: Workplace, show: Show, author: str, chain: str, search: str, number: int
) -> Listed:
    """What is in the queue, what moves first before what doesn't."""
    steps = place.planned.plan().steps
    files = FileRecords(place.records, app.queue_of(place.config, place.records))
    having = _unignored(place, files.findings()) if show == "findings" else {}
    wanted = search.casefold()
    found = [
        step
        for step in steps
        if _is_shown(step, show, having)
        and author in {"", step.author}
        and chain in {"", step.chain}
        and (not wanted or wanted in f"{step.title}\n{step.brief}\n{step.why}".casefold())
    ]
    first = (number - 1) * PAGE
    shown = found[first : first + PAGE]
    told = {path: one.findings for path, one in files.at(step.path for step in shown).items()}
    return Listed(
        shown,
        len(found),
        number,
        number + 1 if first + PAGE < len(found) else None,
        sorted({step.author for step in steps if step.author}),
        sorted({step.chain for step in steps if step.chain}),
        _unignored(place, told),
    )


def _unignored(
    place: Workplace, told: Mapping[str, Sequence[FileFinding]]
) -> Mapping[str, Sequence[FileFinding]]:
    """Those of codes that the configuration doesn't ignore, of files that have some."""
    ignored = place.config.ignored_checks
    kept = {path: [one for one in some if one.code not in ignored] for path, some in told.items()}
    return {path: some for path, some in kept.items() if some}


ShowAsked = Annotated[Show, Query()]
Text = Annotated[str, Query(max_length=_LONGEST)]
Number = Annotated[int, Query(ge=1, le=100_000, alias="page")]


@routes.get("/queue", response_class=HTMLResponse, include_in_schema=False)
def show_queue(
    request: Request,
    here: Here,
    visitor: Reader,
    show: ShowAsked = "all",
    author: Text = "",
    chain: Text = "",
    search: Text = "",
    number: Number = 1,
) -> HTMLResponse:
    """The page."""
    listed = queue_of(here, show, author, chain, search, number)
    asked = {"show": show, "author": author, "chain": chain, "search": search}
    return page(request, here, visitor, "queue.html", listed=listed, asked=asked, shown=SHOWN)


@routes.get("/api/v1/queue")
def tell_queue(
    here: Here,
    _: Reader,
    show: ShowAsked = "all",
    author: Text = "",
    chain: Text = "",
    search: Text = "",
    number: Number = 1,
) -> Listed:
    """Every brief that isn't done: what moves first, and what keeps the others."""
    return queue_of(here, show, author, chain, search, number)
