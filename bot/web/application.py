"""The application: every page, the API, and what stands before them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.staticfiles import StaticFiles

from bot import __version__
from bot.records.people import People
from bot.web import (
    authors,
    brief,
    calendar,
    editor,
    feeds,
    health,
    live,
    log,
    moving,
    posts,
    queue,
    results,
    today,
)
from bot.web.failures import FAILURES, tell_failures
from bot.web.live import Pulse
from bot.web.moves import Moves
from bot.web.pages import page
from bot.web.people import PUBLIC, protect
from bot.web.security import visitor_of
from bot.web.workplace import Workplace

_STATIC = Path(__file__).parent / "static"


def application(place: Workplace) -> FastAPI:
    """The dashboard of one workspace."""

    @asynccontextmanager
    async def lifespan(made: FastAPI) -> AsyncIterator[None]:
        made.state.pulse = Pulse(place)
        yield
        made.state.pulse.end()
        place.around.forget()

    made = FastAPI(
        title="briefbot",
        version=__version__,
        docs_url=None,  # its page loads scripts from another host
        redoc_url=None,
        redirect_slashes=False,  # behind a proxy, its redirects would lead past it
        openapi_url="/api/v1/openapi.json",
        responses=dict(FAILURES),
        lifespan=lifespan,
    )
    made.state.workplace = place
    made.state.moves = Moves()
    for room in (
        today, calendar, moving, queue, editor, brief, posts, log, results, authors, health,
        feeds, live,
    ):  # fmt: skip
        made.include_router(room.routes)
    tell_failures(made)

    def render(
        request: Request, template: str, context: Mapping[str, Any], status: int = 200
    ) -> Response:
        return page(request, place, visitor_of(request), template, status=status, **context)

    protect(
        made,
        People(place.records),
        place.config.web,
        place.now,
        place.log,
        render,
        public=(*PUBLIC, *feeds.PATHS),
    )
    made.mount("/static", StaticFiles(directory=_STATIC), name="static")
    return made
