"""Health: whether all is well, as `briefbot status` tells it; and the same for programs."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from bot import app
from bot.errors import BotError
from bot.reports.status import NeedKind, Overview, Verdict
from bot.web.pages import N_, page
from bot.web.security import Reader
from bot.web.workplace import Here, Workplace

VERDICTS = {
    Verdict.WELL: N_("All is well"),
    Verdict.NEEDS_A_PERSON: N_("Something needs a person"),
    Verdict.NOT_RUNNING: N_("No service is running"),
}
LOOKS = {Verdict.WELL: "ok", Verdict.NEEDS_A_PERSON: "warn", Verdict.NOT_RUNNING: "fail"}
NEEDS = {
    NeedKind.HELD: N_("held"),
    NeedKind.REJECTED: N_("rejected"),
    NeedKind.MISSED: N_("missed"),
    NeedKind.FILE: N_("can't be sent as written"),
    NeedKind.ACCOUNT: N_("an account can't post"),
}

routes = APIRouter()


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system that something of ours is on; bytes."""

    what: str
    free: int
    total: int


@dataclass(frozen=True, slots=True)
class Health:
    """How it all stands, and the disks of the machine that this page comes from."""

    overview: Overview
    disks: Sequence[Disk]


def health_of(place: Workplace) -> Health:
    """How it stands now."""
    places = {N_("the queue"): place.config.posts}
    if file := place.records.file:
        places[N_("the database")] = file.parent
    return Health(app.overview_of(place.config, place.records, place.now()), list(_disks(places)))


def _disks(places: Mapping[str, Path]) -> Iterator[Disk]:
    for what, folder in places.items():
        with suppress(OSError):  # that it can't be read is told elsewhere
            usage = shutil.disk_usage(folder)
            yield Disk(what, usage.free, usage.total)


@routes.get("/health", response_class=HTMLResponse, include_in_schema=False)
def show_health(request: Request, here: Here, visitor: Reader) -> HTMLResponse:
    """The page."""
    found = health_of(here)
    return page(
        request,
        here,
        visitor,
        "health.html",
        found=found.overview,
        disks=found.disks,
        verdicts=VERDICTS,
        looks=LOOKS,
        needs=NEEDS,
    )


@routes.get("/api/v1/health")
def tell_status(here: Here, _: Reader) -> Health:
    """How it all stands: the workers, the chains, what is next, what needs a person, the disks."""
    return health_of(here)


@routes.get("/health/live", include_in_schema=False)
def live() -> Response:
    """Whether the dashboard answers; of the service, `run --health` tells."""
    return PlainTextResponse("live\n")


@routes.get("/health/ready", include_in_schema=False)
def ready(here: Here) -> Response:
    """Whether the dashboard can work: 503 when the database doesn't answer."""
    try:
        here.records.ping()
    except BotError:
        told = "the database doesn't answer"  # anybody may ask this: no more is said
        return JSONResponse({"ready": False, "why": told}, 503)
    return JSONResponse({"ready": True})


@routes.get("/metrics", include_in_schema=False)
def metrics(here: Here, _: Reader) -> Response:
    """The figures for Prometheus; those of the workers' own are where they run."""
    return Response(generate_latest(here.figures), media_type=CONTENT_TYPE_LATEST)
