"""What other programs follow: the calendar (iCalendar) and what was published (Atom).

They can't sign in, so a token in the address opens them, and nothing else.
"""

import hmac
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import Response

from bot import app
from bot.news.feed import ENTRIES, document
from bot.records.news import NewsRecords
from bot.reports.ical import ical, items
from bot.web.calendar import Name
from bot.web.failures import failure
from bot.web.workplace import Here, Workplace

MOST = 1000
"""Appointments that a calendar program is told of: the next ones."""

PATHS = ("/calendar.ics", "/feed.atom")
"""What the gate lets everybody ask for; the token is looked at here."""

routes = APIRouter()

Token = Annotated[str, Query(max_length=500, description="As it is configured.")]
_CLOSED: dict[int | str, dict[str, Any]] = {
    404: failure("There are no feeds, or the token isn't the one that opens them.")
}
_HEADERS = {"Cache-Control": "private, max-age=60", "Referrer-Policy": "no-referrer"}


def may_read(here: Workplace, token: str) -> bool:
    """Whether a token opens the feeds; how long the answer takes tells nothing of the right one."""
    right = here.config.feed_token()
    return right is not None and hmac.compare_digest(right.reveal().encode(), token.encode())


def _refuse_strangers(here: Workplace, token: str) -> None:
    if not may_read(here, token):
        raise HTTPException(404, "there is no feed at this address")


@routes.get("/calendar.ics", response_class=Response, responses=_CLOSED)
def calendar(
    here: Here, token: Token = "", author: Name = None, series: Name = None, chain: Name = None
) -> Response:
    """The appointments to come, for calendar programs."""
    _refuse_strangers(here, token)
    steps = (
        step
        for step in here.planned.plan().steps
        if step.when is not None
        and author in {None, step.author}
        and series in {None, step.series}
        and chain in {None, step.chain}
    )
    data = ical(items(islice(steps, MOST)), here.now())
    return Response(data, media_type="text/calendar; charset=utf-8", headers=_HEADERS)


@routes.get("/feed.atom", response_class=Response, responses=_CLOSED)
def published(here: Here, token: Token = "") -> Response:
    """The posts that were published last."""
    _refuse_strangers(here, token)
    posts = NewsRecords(here.records).published(ENTRIES)
    if not posts:
        raise HTTPException(404, "nothing is published yet")
    identity = app.queue_of(here.config, here.records) or str(here.config.root)
    data = document(posts, identity)
    return Response(data, media_type="application/atom+xml; charset=utf-8", headers=_HEADERS)
