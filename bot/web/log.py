"""The publication log and all events: filtered, searched, page by page, and taken along."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from bot.records import Kind, Status
from bot.records.logbook import (
    PAGE,
    EventPage,
    LogPage,
    Position,
    Wanted,
    event_page,
    log_page,
    whole_log,
)
from bot.records.reading import storable
from bot.reports.log import instant, log_line
from bot.web.pages import page, words_for
from bot.web.security import Reader
from bot.web.times import LONGEST, given_time, wrong
from bot.web.workplace import Here

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would calculate."""

routes = APIRouter()

Time = Annotated[str | None, Query(max_length=LONGEST)]
Name = Annotated[str | None, Query(max_length=256)]
Before = Annotated[
    str | None, Query(max_length=LONGEST, description="`older` of the page before this one")
]


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the log is asked for: as it was written, and as it is meant."""

    given: Mapping[str, Sequence[str]]
    wanted: Wanted
    before: Position | None

    def address(self, **changed: str) -> str:
        """The same question, changed, as a query."""
        return urlencode({**self.given, **changed}, doseq=True)


@dataclass(frozen=True, slots=True)
class LogAnswer:
    """A page of the log, newest first.

    Attributes:
        rows: publications as `briefbot log --json` prints them.
        older: what `before` is for the next page; None on the last one.
    """

    rows: Sequence[Mapping[str, Any]]
    older: str | None


@dataclass(frozen=True, slots=True)
class EventAnswer:
    """A page of events, newest first; `older` as above."""

    rows: Sequence[Mapping[str, Any]]
    older: str | None


def asked(
    request: Request,
    here: Here,
    status: Annotated[list[Status | Literal[""]] | None, Query(max_length=20)] = None,
    author: Name = None,
    chain: Name = None,
    kind: Kind | Literal[""] | None = None,
    since: Time = None,
    until: Time = None,
    q: Annotated[
        str | None,
        Query(
            max_length=200,
            description="part of a title, permlink or brief, or how a transaction's id begins",
        ),
    ] = None,
    before: Before = None,
) -> Asked:
    """What is asked for; what is empty, as a form sends it, is no condition.

    Raises:
        RequestValidationError: a time or a position is none.
    """
    words = words_for(request, here)
    texts = {
        name: storable(text).strip()
        for name, text in (("author", author), ("chain", chain), ("q", q))
        if text and text.strip()
    }
    wanted = Wanted(
        statuses=tuple(dict.fromkeys(Status(one) for one in status or () if one)),
        author=texts.get("author", "").removeprefix("@") or None,
        chain=texts.get("chain"),
        kind=Kind(kind) if kind else None,
        since=given_time("since", since, words),
        until=given_time("until", until, words),
        search=texts.get("q"),
    )
    given: dict[str, Sequence[str]] = {name: [text] for name, text in texts.items()}
    given |= {"status": [one.value for one in wanted.statuses]} if wanted.statuses else {}
    given |= {"kind": [wanted.kind.value]} if wanted.kind else {}
    given |= {name: [text] for name, text in (("since", since), ("until", until)) if text}
    return Asked(given, wanted, _position(before))


def _position(text: str | None) -> Position | None:
    if not text:
        return None
    try:
        return Position.of(text)
    except ValueError:
        raise wrong("before", "no position: take it from a page's `older`", text) from None


Question = Annotated[Asked, Depends(asked)]


# -- the log ---------------------------------------------------------------------------------------


@routes.get("/log", response_class=HTMLResponse, include_in_schema=False)
def show(request: Request, here: Here, visitor: Reader, question: Question) -> HTMLResponse:
    """The page."""
    found = log_page(here.records, question.wanted, question.before)
    return page(
        request,
        here,
        visitor,
        "log.html",
        log=found,
        question=question,
        statuses=[status.value for status in Status],
        kinds=[kind.value for kind in Kind],
        authors=here.config.authors,
    )


@routes.get("/api/v1/log")
def tell(
    here: Here,
    _: Reader,
    question: Question,
    limit: Annotated[int, Query(ge=1, le=500)] = PAGE,
) -> LogAnswer:
    """A page of the publication log, newest first."""
    found = log_page(here.records, question.wanted, question.before, limit)
    return LogAnswer([log_line(row) for row in found.rows], _text(found))


@routes.get(
    "/api/v1/log/export",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/x-ndjson": {}, "text/csv": {}}}},
)
def export(
    here: Here,
    _: Reader,
    question: Question,
    form: Annotated[Literal["jsonl", "csv"], Query(alias="format")] = "jsonl",
) -> StreamingResponse:
    """All that is filtered, as `briefbot log --json` prints it, or as a table; newest last."""
    lines = (log_line(row) for row in whole_log(here.records, question.wanted))
    headers = {"Content-Disposition": f'attachment; filename="log.{form}"'}
    if form == "csv":
        return StreamingResponse(_csv(lines), 200, headers, "text/csv; charset=utf-8")
    text = (json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    return StreamingResponse(text, 200, headers, "application/x-ndjson")


def _csv(lines: Iterator[Mapping[str, Any]]) -> Iterator[str]:
    """A table for spreadsheets, in which nothing is taken for a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for number, line in enumerate(lines):
        if not number:
            writer.writerow(line)
        writer.writerow([_cell(value) for value in line.values()])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        value = " ".join(value)
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


# -- all events ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AskedEvents:
    """Which events are asked for, as `Asked`."""

    given: Mapping[str, str]
    found: EventPage

    def address(self, **changed: str) -> str:
        """The same question, changed, as a query."""
        return urlencode({**self.given, **changed})


def asked_events(
    request: Request,
    here: Here,
    to: Status | Literal[""] | None = None,
    since: Time = None,
    until: Time = None,
    before: Before = None,
    limit: Annotated[int, Query(ge=1, le=500)] = PAGE,
) -> AskedEvents:
    """The events that are asked for."""
    words = words_for(request, here)
    found = event_page(
        here.records,
        target=Status(to) if to else None,
        since=given_time("since", since, words),
        until=given_time("until", until, words),
        before=_position(before),
        limit=limit,
    )
    told = {"to": to, "since": since, "until": until}
    return AskedEvents({name: str(text) for name, text in told.items() if text}, found)


Events = Annotated[AskedEvents, Depends(asked_events)]


@routes.get("/log/events", response_class=HTMLResponse, include_in_schema=False)
def show_events(
    request: Request, here: Here, visitor: Reader, events: Events, before: Before = None
) -> HTMLResponse:
    """Every change of status, and who made it."""
    return page(
        request,
        here,
        visitor,
        "events.html",
        events=events,
        is_first=not before,
        statuses=[status.value for status in Status],
    )


@routes.get("/api/v1/log/events")
def tell_events(_: Reader, events: Events) -> EventAnswer:
    """A page of all changes of status, newest first."""
    rows = [
        {
            "id": row.event.id,
            "at": instant(row.event.at),
            "chain": row.chain,
            "author": row.author,
            "permlink": row.permlink,
            "brief": row.brief,
            "title": row.title,
            "from": row.event.source.value if row.event.source else None,
            "to": row.event.target.value,
            "reason": row.event.reason,
            "worker": row.event.worker,
            "person": row.event.person,
        }
        for row in events.found.rows
    ]
    return EventAnswer(rows, _text(events.found))


def _text(found: LogPage | EventPage) -> str | None:
    return str(found.older) if found.older else None
