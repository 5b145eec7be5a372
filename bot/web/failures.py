"""What can't be answered, told in a sentence: as a page to people, as JSON to programs."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from bot.errors import BotError
from bot.records import DatabaseUnavailable
from bot.web import feeds
from bot.web.gate import path_of
from bot.web.pages import N_, page
from bot.web.security import visitor_of
from bot.web.workplace import workplace

_PROGRAMS = ("/api/", "/live", "/metrics", *feeds.PATHS)
"""Where programs ask, and get JSON."""
_TOLD = {
    404: N_("There is no such page."),
    405: N_("That can't be asked here."),
}


def tell_failures(application: FastAPI) -> None:
    """Answer whatever goes wrong with a sentence, and never with a traceback."""

    @application.exception_handler(HTTPException)
    def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        plain = error.detail == HTTPStatus(error.status_code).phrase
        told = _TOLD.get(error.status_code, error.detail) if plain else error.detail
        return _answer(request, error.status_code, told, dict(error.headers or {}))

    @application.exception_handler(RequestValidationError)
    def misasked(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        told = "; ".join(
            f"{'.'.join(str(part) for part in one['loc'][1:])}: {one['msg']}"
            for one in error.errors()
        )
        return _answer(request, 422, told)

    @application.exception_handler(DatabaseUnavailable)
    def without_records(request: Request, error: Exception) -> Response:
        return _answer(request, 503, str(error), {"Retry-After": "5"})

    @application.exception_handler(BotError)
    def failed(request: Request, error: Exception) -> Response:
        return _answer(request, 500, str(error))


def _answer(
    request: Request, status: int, told: str, headers: dict[str, str] | None = None
) -> Response:
    if path_of(request.scope).startswith(_PROGRAMS):
        return JSONResponse({"detail": told}, status, headers)
    try:
        visitor = visitor_of(request)
        return page(
            request,
            workplace(request),
            visitor,
            "failure.html",
            status=status,
            headers=headers,
            told=told,
        )
    except Exception:  # noqa: BLE001  # the page itself fails: say it plainly
        return Response(told, status, headers, "text/plain")
