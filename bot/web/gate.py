"""The gate that every request passes, before any page: who asks, from where, and with what.

Plain ASGI, since answers stream. What no route has thought of is refused here: whoever isn't signed
in sees `public` paths only, and nothing is changed without a token that another site can't know.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime, timedelta
from urllib.parse import quote

import structlog
from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.clock import Clock
from bot.errors import BotError
from bot.records.people import People, Role
from bot.web.cookies import FORM, SESSION, Cookies, csrf_of, new_form_cookie
from bot.web.forms import FORM as FORM_TYPE
from bot.web.forms import fields_of
from bot.web.origin import SAFE, Asked, asked_of, has_no_browser, is_from_elsewhere, is_ours
from bot.web.security import LOCAL, Visitor
from bot.web.settings import WebSettings

LARGEST_BODY = 10 * 1024 * 1024
"""Bytes of a request: a picture."""
_LARGEST_OF_STRANGER = 16 * 1024
_BODY_SECONDS = 60.0
_LONGEST_TOKEN = 200
_WATCH_EVERY = timedelta(seconds=15)
_UNREACHABLE = 3  # exit code of the errors that pass
_PROGRAMS = ("/api/", "/metrics")
"""Where an access token is taken; users and passwords are people's business."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https: "
        "http:; connect-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), display-capture=()"
    ),
    "Cache-Control": "no-store",
}
"""On every answer that doesn't say otherwise itself."""


class _Refused(Exception):  # noqa: N818  # what happened
    """The request goes no further; the text is one sentence for who asked."""

    def __init__(self, status: int, told: str) -> None:
        super().__init__(told)
        self.status, self.told = status, told


class _Stranger(Exception):  # noqa: N818  # who asks
    """Somebody has to sign in first."""


class _Gone(Exception):  # noqa: N818  # what happened
    """Whoever asked has hung up, or may see no more of an answer that goes on."""


class Gate:
    """Lets requests in.

    Args:
        public: paths that anybody may ask for, by their beginnings; those that end with `/` stand
            for all below. Only `/sign-in` takes anything from a stranger.
    """

    def __init__(
        self,
        application: ASGIApp,
        people: People,
        settings: WebSettings,
        now: Clock,
        log: structlog.stdlib.BoundLogger,
        public: Collection[str],
    ) -> None:
        self._application = application
        self._people = people
        self._settings = settings
        self._now = now
        self._log = log
        self._public = {*public, "/sign-in"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let the application do so."""
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})  # there are none here
            return
        if self._settings.prefix:  # which a proxy may leave in the path or take off it
            scope["root_path"] = self._settings.prefix
            if not f"{scope['path']}/".startswith(f"{self._settings.prefix}/"):
                scope["path"] = self._settings.prefix + scope["path"]  # as ASGI has it
        answer = _Answer(send)
        try:
            await self._let_in(scope, receive, answer)
        except (_Gone, ClientDisconnect):
            return
        except _Refused as refused:
            await _told(scope, refused.status, refused.told)(scope, receive, answer)
        except _Stranger:
            await self._to_sign_in(scope)(scope, receive, answer)
        except Exception as error:  # noqa: BLE001  # the last who can keep it from being shown
            if not answer.is_ended:
                await self._failed(error, scope, receive, answer)

    async def _let_in(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        asked = asked_of(scope, self._settings)
        if not is_ours(asked, scope, self._settings):
            raise _Refused(
                421,
                "this is none of the dashboard's names: ask for it by 127.0.0.1, or put the name "
                "into `hosts` of [web]",
            )
        request = Request(scope)
        path = path_of(scope)
        is_unsafe = scope["method"] not in SAFE
        is_program = is_unsafe and has_no_browser(scope) and _bearer(scope) != ""
        if not is_program and is_from_elsewhere(asked, scope):
            raise _Refused(403, "another site's page has asked for this; nothing was done")
        cookies = Cookies(asked, self._settings.prefix)
        scope.setdefault("state", {}).update(visitor=None, csrf="", asked=asked, cookies=cookies)
        if self._is_public(path) and path != "/sign-in":
            if is_unsafe:
                raise _Refused(405, "this can only be read")
            await self._application(scope, receive, answer)
            return
        visitor = await self._know(request, asked, cookies, path, answer)
        if visitor is None and path != "/sign-in":
            raise _Stranger
        if is_unsafe:
            largest = LARGEST_BODY if visitor else _LARGEST_OF_STRANGER
            body = await _read(scope, receive, largest)
            if visitor is None or visitor.csrf:
                _check_token(scope, body, scope["state"]["csrf"])
            receive = _Replay(body, receive)
        if visitor is not None:
            answer.watch(lambda: self._may_stay(request, cookies, path), self._now)
        await self._application(scope, receive, answer)

    def _is_public(self, path: str) -> bool:
        return any(
            path == one or (one.endswith("/") and path.startswith(one)) for one in self._public
        )

    # -- who asks ----------------------------------------------------------------------------------

    async def _know(
        self, request: Request, asked: Asked, cookies: Cookies, path: str, answer: "_Answer"
    ) -> Visitor | None:
        state = request.scope["state"]
        token = request.cookies.get(cookies.name(SESSION), "")
        rotate = request.method in SAFE
        visitor, new = await run_in_threadpool(self._visitor, request, token, path, rotate=rotate)
        if new:
            answer.cookies.append(cookies.set(SESSION, new, self._people.lasting.longest))
        if visitor is None or not visitor.csrf:
            form_cookie = request.cookies.get(cookies.name(FORM), "")
            if not form_cookie:
                form_cookie = new_form_cookie()
                answer.cookies_of_pages.append(cookies.set(FORM, form_cookie))
            state["csrf"] = csrf_of(form_cookie)
            if visitor is None and await run_in_threadpool(self._is_at_this_machine, asked):
                visitor = Visitor(LOCAL, Role.ADMIN, state["csrf"])
        else:
            state["csrf"] = visitor.csrf
        state["visitor"] = visitor
        return visitor

    def _visitor(
        self, request: Request, token: str, path: str, *, rotate: bool
    ) -> tuple[Visitor | None, str | None]:
        """Who a session's or a program's token belongs to, and the session's new one."""
        if token:
            if len(token) > _LONGEST_TOKEN:
                return None, None
            found = self._people.signed_in(token, self._now(), rotate=rotate)
            if found is None:
                return None, None
            user = found.user
            return Visitor(user.name, user.role, found.csrf, found.session), found.token
        bearer = _bearer(request.scope)
        if bearer and len(bearer) <= _LONGEST_TOKEN and path.startswith(_PROGRAMS):
            program = self._people.bearer(bearer, self._now())
            if program is not None:
                return Visitor(program.name, program.role, ""), None
        return None, None

    def _is_at_this_machine(self, asked: Asked) -> bool:
        is_behind = self._settings.hosts or self._settings.trusted_proxies
        return asked.is_local and not is_behind and not self._people.anybody()

    async def _may_stay(self, request: Request, cookies: Cookies, path: str) -> bool:
        """Whether an answer that goes on may go on: the session may have ended meanwhile."""
        before: Visitor = request.scope["state"]["visitor"]
        token = request.cookies.get(cookies.name(SESSION), "")
        if before.is_local:
            return await run_in_threadpool(
                self._is_at_this_machine, request.scope["state"]["asked"]
            )
        if before.session is not None:
            still = await run_in_threadpool(self._people.holds, before.session, self._now())
            return still == before.role
        visitor, _ = await run_in_threadpool(self._visitor, request, token, path, rotate=False)
        return visitor is not None and visitor.role == before.role

    # -- answers -----------------------------------------------------------------------------------

    def _to_sign_in(self, scope: Scope) -> Response:
        headers = Headers(scope=scope)
        path = path_of(scope)
        is_page = scope["method"] in SAFE and "text/html" in headers.get("accept", "")
        if not is_page or path.startswith(_PROGRAMS):
            return _told(scope, 401, "sign in first", {"WWW-Authenticate": "Bearer"})
        query = scope.get("query_string", b"").decode("latin-1")
        back = quote(f"{path}?{query}" if query else path, safe="")
        to = f"{self._settings.prefix}/sign-in" + ("" if back == "%2F" else f"?next={back}")
        return RedirectResponse(to, 303)

    async def _failed(
        self, error: Exception, scope: Scope, receive: Receive, answer: "_Answer"
    ) -> None:
        """Say in one sentence that it failed; the log has where, but no address with a token."""
        route = getattr(scope.get("route"), "path", "")
        passes = isinstance(error, BotError) and error.exit_code == _UNREACHABLE
        if passes:
            self._log.error("page_unavailable", route=route, reason=str(error))
        else:
            self._log.error("page_failed", route=route, method=scope["method"], exc_info=error)
        if answer.is_begun:
            return  # the server sees that it is not whole, and cuts the connection
        if passes:
            told = _told(scope, 503, "the database can't be used just now; try again in a moment")
        else:
            told = _told(scope, 500, "something failed here; the service's log says what")
        await told(scope, receive, answer)


class _Answer:
    """The way of an answer: puts headers and cookies on it, and ends it when it is to end."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.is_begun = self.is_ended = False
        self.cookies: list[str] = []
        self.cookies_of_pages: list[str] = []
        self._may_stay: Callable[[], Awaitable[bool]] | None = None
        self._now: Clock | None = None
        self._watched_at: datetime | None = None

    def watch(self, may_stay: Callable[[], Awaitable[bool]], now: Clock) -> None:
        """Ask again from time to time, of an answer that goes on, whether it may."""
        self._may_stay, self._now = may_stay, now

    async def __call__(self, message: Message) -> None:
        """Pass one message on."""
        if message["type"] == "http.response.start":
            self._begin(message)
        elif self._watched_at is not None and message.get("more_body", False):
            await self._look()
        await self._send(message)

    def _begin(self, message: Message) -> None:
        self.is_begun = True
        headers = MutableHeaders(scope=message)
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        kind = headers.get("content-type", "")
        for cookie in self.cookies:
            headers.append("Set-Cookie", cookie)
        if kind.startswith("text/html"):
            for cookie in self.cookies_of_pages:
                headers.append("Set-Cookie", cookie)
        if kind.startswith("text/event-stream") and self._now is not None:
            self._watched_at = self._now()

    async def _look(self) -> None:
        assert self._now is not None
        assert self._may_stay is not None
        assert self._watched_at is not None
        if self._now() - self._watched_at < _WATCH_EVERY:
            return
        self._watched_at = self._now()
        if not await self._may_stay():
            self.is_ended = True
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
            raise _Gone


class _Replay:
    """A body that was read already, once more for the application."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        """The body first, then whatever comes."""
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


def path_of(scope: Scope) -> str:
    """A request's path as routes have it, without the prefix that a proxy may leave in it."""
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    if root and (path == root or path.startswith(f"{root}/")):
        return path[len(root) :] or "/"
    return path


async def _read(scope: Scope, receive: Receive, largest: int) -> bytes:
    """A request's whole body, as long as it isn't too large or too slow."""
    too_large = _Refused(413, f"this is more than {largest // 1024:,} KiB")
    length = Headers(scope=scope).get("content-length", "")
    if length.isdecimal() and int(length) > largest:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _Gone
                body += message.get("body", b"")
                if len(body) > largest:
                    raise too_large
                more = message.get("more_body", False)
    except TimeoutError:
        raise _Refused(408, "this took too long to come; send it again") from None
    return bytes(body)


def _check_token(scope: Scope, body: bytes, expected: str) -> None:
    """Refuse what doesn't come from a form or script of ours."""
    headers = Headers(scope=scope)
    given = headers.get("x-csrf-token", "")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if not given and kind == FORM_TYPE:
        try:
            given = fields_of(body).get("csrf", "")
        except ValueError:
            given = ""
    if not expected or not hmac.compare_digest(
        given.encode("utf-8", "surrogatepass"), expected.encode()
    ):
        raise _Refused(403, "this page is too old to be used: load it anew, and do it again")


def _bearer(scope: Scope) -> str:
    scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _told(
    scope: Scope, status: int, told: str, headers: Mapping[str, str] | None = None
) -> Response:
    """One sentence: as JSON for programs, as text for people."""
    if path_of(scope).startswith("/api/"):
        return JSONResponse({"detail": told}, status, headers)
    return PlainTextResponse(f"{told}\n", status, headers)
