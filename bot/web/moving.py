"""Moving what hasn't gone out: tried, written into the brief's file, and taken back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qsl, quote, urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot import app
from bot.briefs import Entry, Queue
from bot.briefs.dates import Moved, instant
from bot.briefs.keys import BadValue
from bot.intake.rescheduling import (
    ChangedMeanwhile,
    NotRescheduled,
    Redated,
    redate,
    refuse_published,
    undo,
    write,
)
from bot.reports.plan import Step
from bot.reports.trial import Place, Shift, Trial, trial
from bot.web.failures import failure
from bot.web.forms import Form
from bot.web.moves import Move, moves_of
from bot.web.pages import page, words_for
from bot.web.planned import over
from bot.web.security import Editor, Reader
from bot.web.workplace import Here, Workplace

_KNOWN = ("view", "on", "author", "series", "chain")
"""What a page of the calendar can be asked for."""
_LONGEST = 100

routes = APIRouter()

At = Annotated[
    str,
    Query(
        max_length=_LONGEST,
        description="A local time such as `2026-12-01T09:00`, or one with its offset or `Z`.",
    ),
]
Zone = Annotated[str, Query(max_length=64, description="IANA zone of a local time.")]


@dataclass(frozen=True, slots=True)
class Tried:
    """What would come of a move; nothing is written.

    Attributes:
        at: the instant that was meant (UTC).
        note: what the clock's change makes of that time; empty when nothing.
        refused: why it can't be moved there at all; empty where it can, and a trial tells the rest.
        places: where it would go out, on each of its chains.
        others: the first of those that would move with it; `more` aren't told.
    """

    brief: str
    at: datetime
    note: str
    refused: str
    places: tuple[Place, ...] = ()
    others: tuple[Shift, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class _Meant:
    """A time that a person has written.

    Attributes:
        note: what was made of it at a change of the clock.
    """

    at: datetime
    note: str


def meant(text: str, zone: ZoneInfo) -> _Meant:
    """The instant that is meant, to the second; raises `BadValue` where it is no time."""
    try:
        return _Meant(instant(text, zone.key).replace(microsecond=0), "")
    except Moved as moved:
        return _Meant(moved.instant.replace(microsecond=0), str(moved))
    except OverflowError:
        raise BadValue("it is out of range") from None


def step_of(here: Workplace, chain: str, brief: str) -> Step:
    """What is planned of a brief on a chain; raises `HTTPException` 404 where nothing is."""
    for step in here.planned.plan().steps:
        if step.brief == brief and chain in {"", step.chain} and step.path:
            return step
    raise HTTPException(404, "nothing is planned of this brief; it may have gone out, or away")


def entry_of(here: Workplace, step: Step) -> Entry:
    """A brief's file as it is now."""
    queue = Queue(here.config.posts, timezone=here.config.timezone)
    return queue.entry(step.path, None)[0]


def redated_to(here: Workplace, step: Step, entry: Entry, at: datetime) -> Redated:
    """The brief's file with this date; nothing is written.

    Raises:
        NotRescheduled: it can't get that date, or no date at all.
    """
    if entry.brief is None or entry.brief.id != step.brief:
        told = "; ".join(map(str, entry.findings))
        raise NotRescheduled(told or f"{step.path} is another brief by now")
    if at < here.now():
        raise NotRescheduled("that time has passed; to send it at once, use `publish now`")
    queue = app.queue_of(here.config, here.records)
    rows = here.records.log(queue=queue, brief=step.brief)
    refuse_published(entry, (row.publication for row in rows))
    return redate(entry, at, here.config.timezone)


def tried(here: Workplace, step: Step, entry: Entry, wish: _Meant) -> Tried:
    """What would come of a move, by the plan's own calculation."""
    try:
        redated = redated_to(here, step, entry, wish.at)
    except NotRescheduled as refused:
        return Tried(step.brief, wish.at, wish.note, str(refused))
    found = here.planned.plan()
    with here.view() as view:
        asked = view.asked(redated.after)
        made: Trial = trial(found.steps, over(found.calendars, here.records), asked, wish.at)
    return Tried(
        step.brief, wish.at, wish.note, "", tuple(made.places), tuple(made.others), made.more
    )


# -- trying ----------------------------------------------------------------------------------------


@routes.get("/api/v1/calendar/trial", responses={404: failure("Nothing is planned of this brief.")})
def tell_trial(
    request: Request,
    here: Here,
    _: Reader,
    brief: Annotated[str, Query(max_length=1000)],
    at: At,
    chain: Annotated[str, Query(max_length=_LONGEST)] = "",
    zone: Zone = "",
) -> Tried:
    """What would come of another date for a brief, and of which others; nothing is written."""
    step = step_of(here, chain, brief)
    return tried(here, step, entry_of(here, step), _read(at, _zone(request, here, zone)))


@routes.get(
    "/calendar/trial/{chain}/{brief:path}", response_class=HTMLResponse, include_in_schema=False
)
def show_trial(
    request: Request, here: Here, visitor: Reader, chain: str, brief: str, at: At, zone: Zone = ""
) -> HTMLResponse:
    """The same in words, for the calendar's script to show while something is dragged."""
    step = step_of(here, chain, brief)
    found = tried(here, step, entry_of(here, step), _read(at, _zone(request, here, zone)))
    return page(request, here, visitor, "trial.html", tried=found, step=step)


def _read(text: str, zone: ZoneInfo) -> _Meant:
    try:
        return meant(text, zone)
    except BadValue as error:
        raise HTTPException(422, str(error)) from None


def _zone(request: Request, here: Workplace, name: str) -> ZoneInfo:
    """The zone that a form was written in, else the reader's."""
    try:
        return ZoneInfo(name) if name else words_for(request, here).zone
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise HTTPException(422, "this is no IANA zone; write one like Europe/Berlin") from None


# -- moving ----------------------------------------------------------------------------------------


@routes.get(
    "/calendar/move/{chain}/{brief:path}", response_class=HTMLResponse, include_in_schema=False
)
def ask(
    request: Request,
    here: Here,
    visitor: Editor,
    chain: str,
    brief: str,
    at: Annotated[str, Query(max_length=_LONGEST)] = "",
    zone: Zone = "",
    back: Annotated[str, Query(max_length=1000)] = "",
) -> HTMLResponse:
    """Where to move it to, and what would come of that."""
    step = step_of(here, chain, brief)
    form = _Asking(request, here, visitor, step, entry_of(here, step), _zone(request, here, zone))
    if not at:
        return form.page(HTTPStatus.OK, at=step.when, back=back)
    try:
        wish = meant(at, form.zone)
    except BadValue as error:
        return form.page(HTTPStatus.UNPROCESSABLE_ENTITY, written=at, wrong=str(error), back=back)
    found = tried(here, step, form.entry, wish)
    return form.page(HTTPStatus.OK, at=wish.at, tried=found, back=back)


@routes.post(
    "/calendar/move/{chain}/{brief:path}", response_class=HTMLResponse, include_in_schema=False
)
def move(  # noqa: PLR0911  # a table of cases
    request: Request, here: Here, visitor: Editor, chain: str, brief: str, form: Form
) -> Response:
    """Write the date into the brief's file, if it is what the page was made of."""
    step = step_of(here, chain, brief)
    entry = entry_of(here, step)
    zone, back = _zone(request, here, form.get("zone", "")), form.get("back", "")
    asking = _Asking(request, here, visitor, step, entry, zone)
    written = form.get("at", "")[:_LONGEST]
    try:
        wish = meant(written, zone)
    except BadValue as error:
        return asking.page(
            HTTPStatus.UNPROCESSABLE_ENTITY, written=written, wrong=str(error), back=back
        )
    if form.get("try"):
        found = tried(here, step, entry, wish)
        return asking.page(HTTPStatus.OK, at=wish.at, written=written, tried=found, back=back)
    if form.get("revision") != entry.fingerprint:
        return asking.page(
            HTTPStatus.CONFLICT, at=wish.at, changed=True, tried=tried(here, step, entry, wish),
            back=back,
        )  # fmt: skip
    if wish.note and form.get("understood") != written:
        return asking.page(
            HTTPStatus.UNPROCESSABLE_ENTITY, at=wish.at, written=written, back=back,
            tried=tried(here, step, entry, wish),
        )  # fmt: skip
    moves = moves_of(request)
    try:
        with moves.lock:
            redated = redated_to(here, step, entry, wish.at)
            write([redated])
    except ChangedMeanwhile:
        return asking.again(HTTPStatus.CONFLICT, at=wish.at, changed=True, back=back)
    except NotRescheduled as error:
        return asking.page(HTTPStatus.CONFLICT, at=wish.at, wrong=str(error), back=back)
    after = redated.after
    what = f"moved to {wish.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC in the dashboard"
    here.file_written(visitor.name, after.path, after.fingerprint, what)
    made = moves.keep(step.title or step.brief, wish.at, redated, visitor.name)
    return _to_calendar(request, back, made)


@routes.post("/calendar/undo/{key}", response_class=HTMLResponse, include_in_schema=False)
def take_back(request: Request, here: Here, visitor: Editor, key: str, form: Form) -> Response:
    """Put back what stood in the file before the move, if nobody has changed it since."""
    moves = moves_of(request)
    made = moves.of(key)
    if made is None:
        raise HTTPException(404, "this move isn't known any more; move the brief again")
    back = form.get("back", "")
    try:
        with moves.lock:
            if not made.is_undone:
                undo(made.redated)
                made = replace(made, is_undone=True)
                moves.put(made)
    except NotRescheduled as error:
        return page(
            request, here, visitor, "calendar_refused.html", status=HTTPStatus.CONFLICT,
            why=str(error), back=calendar_address(back),
        )  # fmt: skip
    before = made.redated.before
    what = "its move in the dashboard was taken back"
    here.file_written(visitor.name, before.path, before.fingerprint, what)
    return _to_calendar(request, back, made)


@dataclass(frozen=True, slots=True)
class _Asking:
    """The page on which a brief is moved."""

    request: Request
    here: Workplace
    visitor: Editor
    step: Step
    entry: Entry
    zone: ZoneInfo

    def page(
        self,
        status: HTTPStatus,
        *,
        at: datetime | None = None,
        written: str = "",
        tried: Tried | None = None,
        wrong: str = "",
        changed: bool = False,
        back: str = "",
    ) -> HTMLResponse:
        """The page.

        Args:
            at: what stands in the field, unless `written` is what the person wrote.
            wrong: why nothing was moved.
            changed: whether the file was changed since the page that the person had was made.
        """
        brief = self.entry.brief
        return page(
            self.request,
            self.here,
            self.visitor,
            "calendar_move.html",
            status=status.value,
            step=self.step,
            brief=brief,
            revision=self.entry.fingerprint,
            field=written or (_field(at.astimezone(self.zone)) if at else ""),
            zone=self.zone.key,
            own_zone=self._own_zone(),
            at=at,
            tried=tried,
            wrong=wrong,
            changed=changed,
            back=calendar_query(back),
            action=_path(self.step),
        )

    def again(self, status: HTTPStatus, *, at: datetime, changed: bool, back: str) -> HTMLResponse:
        """The page, with the file as it is by now."""
        fresh = replace(self, entry=entry_of(self.here, self.step))
        return fresh.page(status, at=at, changed=changed, back=back)

    def _own_zone(self) -> str:
        """The author's zone, where that isn't the one of the form."""
        own = self.here.config.rules(self.step.author).timezone
        return own if own != self.zone.key else ""


def _field(local: datetime) -> str:
    """As a browser's field for date and time takes it."""
    return f"{local:%Y-%m-%dT%H:%M}" + (f"{local:%S}" if local.second else "")


def _path(step: Step) -> str:
    return f"/calendar/move/{quote(step.chain, safe='')}/{quote(step.brief)}"


def calendar_query(back: str) -> str:
    """Of what a form brought along, the part of an address that is the calendar's own."""
    try:
        given: Mapping[str, str] = dict(parse_qsl(back, max_num_fields=20))
    except ValueError:
        given = {}
    return urlencode({name: given[name] for name in _KNOWN if given.get(name)})


def calendar_address(back: str) -> str:
    """The calendar's page that somebody came from."""
    query = calendar_query(back)
    return f"/calendar?{query}" if query else "/calendar"


def _to_calendar(request: Request, back: str, made: Move) -> RedirectResponse:
    root = request.scope.get("root_path", "")
    query = urlencode([*parse_qsl(calendar_query(back)), ("moved", made.key)])
    return RedirectResponse(f"{root}/calendar?{query}", HTTPStatus.SEE_OTHER)
