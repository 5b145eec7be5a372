"""The application: every page, the API, and what stands before them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from bot import __version__
from bot.web import authors, brief, editor, live, queue, today
from bot.web.failures import tell_failures
from bot.web.live import Pulse
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
        openapi_url="/api/v1/openapi.json",
        lifespan=lifespan,
    )
    made.state.workplace = place
    for room in (today, queue, editor, brief, authors, live):
        made.include_router(room.routes)
    tell_failures(made)
    made.mount("/static", StaticFiles(directory=_STATIC), name="static")
    return made
