"""Health: whether all is well, as `briefbot status` tells it; and the same for programs."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from bot import app
from bot.errors import BotError
from bot.reports.status import NeedKind, Overview, Verdict
from bot.web.pages import N_, page
from bot.web.security import Reader
from bot.web.workplace import Here

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
    NeedKind.ACCOUNT: N_("an account can't post"),
}

routes = APIRouter()


@routes.get("/health", response_class=HTMLResponse, include_in_schema=False)
def show_health(request: Request, here: Here, visitor: Reader) -> HTMLResponse:
    """The page."""
    return page(
        request,
        here,
        visitor,
        "health.html",
        found=app.overview_of(here.config, here.records, here.now()),
        verdicts=VERDICTS,
        looks=LOOKS,
        needs=NEEDS,
    )


@routes.get("/api/v1/status")
def tell_status(here: Here, _: Reader) -> Overview:
    """How it all stands: the workers, the chains, what is next, what needs a person."""
    return app.overview_of(here.config, here.records, here.now())


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
