"""What can't be answered, told in a sentence: as a page to people, as JSON to programs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from bot.errors import BotError
from bot.records import DatabaseUnavailable
from bot.web.gate import is_for_programs
from bot.web.pages import N_, page
from bot.web.security import visitor_of
from bot.web.workplace import workplace

_TOLD = {
    404: N_("There is no such page."),
    405: N_("That can't be asked here."),
}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something wasn't done, in one sentence."""

    detail: str


def failure(description: str) -> dict[str, Any]:
    """How the API's document tells of an answer that is a `Failure`."""
    return {"model": Failure, "description": description}


FAILURES: Mapping[int | str, dict[str, Any]] = {
    401: failure("Whoever asks has to sign in, or needs a token."),
    403: failure("It takes another role, comes from another site's page, or lacks its token."),
    408: failure("The request took too long to come."),
    413: failure("The request is too large."),
    421: failure("The dashboard isn't called so."),
    422: failure("What is asked for can't be."),
    500: failure("It failed; the service's log says why."),
    503: failure("The database or the queue can't be used just now."),
}
"""What any route of the API may answer."""


def tell_failures(application: FastAPI) -> None:
    """Answer whatever goes wrong with a sentence, and never with a traceback."""

    def answer(
        request: Request, status: int, told: str, headers: Mapping[str, str] | None = None
    ) -> Response:
        if is_for_programs(request.scope):
            return JSONResponse(asdict(Failure(told)), status, headers)
        return _page(request, status, told, headers)

    @application.exception_handler(HTTPException)
    def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        plain = error.detail == HTTPStatus(error.status_code).phrase
        told = _TOLD.get(error.status_code, error.detail) if plain else error.detail
        return answer(request, error.status_code, told, dict(error.headers or {}))

    @application.exception_handler(RequestValidationError)
    def misasked(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        told = "; ".join(
            f"{'.'.join(str(part) for part in one['loc'][1:])}: {one['msg']}"
            for one in error.errors()
        )
        return answer(request, 422, told)

    @application.exception_handler(DatabaseUnavailable)
    def without_records(request: Request, error: Exception) -> Response:
        return answer(request, 503, str(error), {"Retry-After": "5"})

    @application.exception_handler(BotError)
    def failed(request: Request, error: Exception) -> Response:
        return answer(request, 500, str(error))


def _page(request: Request, status: int, told: str, headers: Mapping[str, str] | None) -> Response:
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
