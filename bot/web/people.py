"""Signing in and out, one's own account, and the users: the pages, and `protect`."""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any, Protocol

import structlog
from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from bot.clock import Clock
from bot.errors import BotError
from bot.records.people import (
    BadName,
    LastAdmin,
    NameTaken,
    NoSuchUser,
    People,
    Role,
    User,
    name_of,
)
from bot.web.attempts import Attempts
from bot.web.cookies import SESSION, Cookies
from bot.web.forms import form_of
from bot.web.gate import Gate
from bot.web.origin import Asked
from bot.web.passwords import BadPassword, Passwords
from bot.web.security import Admin, Reader, Visitor, visitor_of, way_back
from bot.web.settings import WebSettings

PUBLIC = ("/static/", "/health/")
_AT_ONCE = 2
"""Passwords that are verified at a time; each takes 64 MiB."""
_NAMED = {
    BadName: "name",
    NameTaken: "taken",
    NoSuchUser: "gone",
    LastAdmin: "last-admin",
    BadPassword: "password",
}
"""What the pages call an error; their texts are translated."""


class Render(Protocol):
    """Makes a page of a template: with the visitor, the forms' token and the prefix added."""

    def __call__(
        self, request: Request, template: str, context: Mapping[str, Any], status: int = 200
    ) -> Response:
        """The page, as an answer with this status."""


def protect(
    application: FastAPI,
    people: People,
    settings: WebSettings,
    now: Clock,
    log: structlog.stdlib.BoundLogger,
    render: Render,
    *,
    public: Collection[str] = PUBLIC,
) -> None:
    """Put the gate before an application, and the pages by which people sign in into it.

    Args:
        public: what anybody may look at, see `Gate`.
    """
    pages = _Pages(people, settings, now, log, render)
    application.include_router(pages.router())
    application.add_middleware(
        Gate,
        people=people,
        settings=settings,
        now=now,
        log=log,
        public=public,
    )


class _Pages:
    """Sign-in, account and users."""

    def __init__(
        self,
        people: People,
        settings: WebSettings,
        now: Clock,
        log: structlog.stdlib.BoundLogger,
        render: Render,
    ) -> None:
        self._people = people
        self._prefix = settings.prefix
        self._now = now
        self._log = log
        self._render = render
        self._passwords = Passwords()
        self._attempts = Attempts()
        self._verifying = asyncio.Semaphore(_AT_ONCE)

    def router(self) -> APIRouter:
        """The routes; pages for people, so not in the API's document."""
        router = APIRouter(include_in_schema=False)
        for path, method, answer in (
            ("/sign-in", "GET", self.sign_in_page),
            ("/sign-in", "POST", self.sign_in),
            ("/sign-out", "POST", self.sign_out),
            ("/account", "GET", self.account),
            ("/account/password", "POST", self.change_password),
            ("/account/sessions", "POST", self.sign_out_everywhere),
            ("/account/tokens", "POST", self.add_token),
            ("/account/tokens/end", "POST", self.end_token),
            ("/users", "GET", self.users),
            ("/users", "POST", self.add_user),
            ("/users/role", "POST", self.change_role),
            ("/users/password", "POST", self.set_password),
            ("/users/remove", "POST", self.remove_user),
            ("/users/revoke", "POST", self.revoke),
        ):
            router.add_api_route(path, answer, methods=[method], response_model=None)
        return router

    # -- signing in --------------------------------------------------------------------------------

    async def sign_in_page(self, request: Request) -> Response:
        """The form, or the way on for who is signed in."""
        back = way_back(request.query_params.get("next", "/"))
        if visitor_of(request) is not None:
            return self._to(back)
        return await self._sign_in_again(request, back, "", 200)

    async def _sign_in_again(
        self, request: Request, back: str, trouble: str, status: int
    ) -> Response:
        has_users = await run_in_threadpool(self._people.anybody)
        context = {"next": back, "trouble": trouble, "has_users": has_users}
        return self._render(request, "sign_in.html", context, status)

    async def sign_in(self, request: Request) -> Response:
        """Begin a session, under a token that is new; whatever came before has ended."""
        form = await form_of(request)
        back = way_back(form.get("next", "/"))
        user, wait = await self._proved(
            request, form.get("name", ""), form.get("password", ""), "sign_in"
        )
        if wait:
            answer = await self._sign_in_again(request, back, "wait", 429)
            answer.headers["Retry-After"] = str(wait)
            return answer
        begun = await run_in_threadpool(self._people.sign_in, user, self._now()) if user else None
        if begun is None:
            return await self._sign_in_again(request, back, "wrong", 403)
        token, signed_in = begun
        if (before := visitor_of(request)) and before.session is not None:
            await run_in_threadpool(self._people.end_session, before.session)
        self._log.info("signed_in", person=signed_in.user.name, address=_asked(request).client)
        answer = self._to(back)
        answer.headers.append(
            "Set-Cookie", _cookies(request).set(SESSION, token, self._people.lasting.longest)
        )
        return answer

    async def _proved(
        self, request: Request, typed: str, password: str, what: str
    ) -> tuple[User | None, int]:
        """The user whose password this is, or how many seconds to wait before the next attempt."""
        address = _asked(request).client
        try:
            name = name_of(typed)
        except BadName:
            name = ""
        if wait := self._attempts.take(name, address, self._now()):
            self._log.warning("sign_in_refused", address=address, what=what, reason="too many")
            return None, int(wait.total_seconds()) + 1
        async with self._verifying:
            found = await run_in_threadpool(self._verified, name, password)
        if found is None:
            # not the name: people type their password there
            self._log.warning("sign_in_refused", address=address, what=what, reason="wrong")
            return None, 0
        self._attempts.succeeded(name, address)
        return found, 0

    def _verified(self, name: str, password: str) -> User | None:
        known = self._people.password_hash(name)
        user, kept = known or (None, None)
        if not self._passwords.fits(kept, password):
            return None
        assert user is not None
        assert kept is not None
        if self._passwords.is_outdated(kept):
            self._people.rehash(user, self._passwords.hashed(password))
        return user

    async def sign_out(self, request: Request, visitor: Reader) -> Response:
        """End this session."""
        if visitor.session is not None:
            await run_in_threadpool(self._people.end_session, visitor.session)
        return self._signed_out(request)

    def _signed_out(self, request: Request) -> Response:
        answer = self._to("/sign-in")
        answer.headers.append("Set-Cookie", _cookies(request).unset(SESSION))
        return answer

    # -- one's own account -------------------------------------------------------------------------

    async def account(self, request: Request, visitor: Reader) -> Response:
        """One's password, sessions and tokens."""
        return await self._account(request, visitor)

    async def _account(
        self, request: Request, visitor: Visitor, status: int = 200, **told: str
    ) -> Response:
        now = self._now()
        sessions = await run_in_threadpool(self._people.sessions, visitor.name, now)
        tokens = await run_in_threadpool(self._people.tokens, visitor.name)
        context = {"sessions": sessions, "tokens": tokens, "done": "", "trouble": "", "token": ""}
        context |= {"done": request.query_params.get("done", "")} | told
        return self._render(request, "account.html", context, status)

    async def _is_proved(
        self, request: Request, visitor: Visitor, password: str, what: str
    ) -> Response | None:
        """The answer to somebody who is signed in and doesn't know the password; None: it fits."""
        if visitor.is_local:
            return await self._account(request, visitor, 409, trouble="local")
        user, wait = await self._proved(request, visitor.name, password, what)
        if user is not None:
            return None
        status = 429 if wait else 403
        answer = await self._account(request, visitor, status, trouble="wait" if wait else "wrong")
        if wait:
            answer.headers["Retry-After"] = str(wait)
        return answer

    async def change_password(self, request: Request, visitor: Reader) -> Response:
        """Take another password; the other sessions end."""
        form = await form_of(request)
        if refused := await self._is_proved(request, visitor, form.get("password", ""), "password"):
            return refused
        new = form.get("new", "")
        if new != form.get("again", ""):
            return await self._account(request, visitor, 400, trouble="differ")
        try:
            kept = await self._hashed(new)
            await run_in_threadpool(
                self._people.set_password, visitor.name, kept, self._now(), keep=visitor.session
            )
        except BotError as error:
            return await self._account(request, visitor, 400, trouble=_name(error))
        self._tell(visitor, visitor.name, "password")
        return self._to("/account?done=password")

    async def sign_out_everywhere(self, request: Request, visitor: Reader) -> Response:
        """End all of one's sessions, this one too."""
        await run_in_threadpool(self._people.end_sessions, visitor.name)
        self._tell(visitor, visitor.name, "sessions ended")
        return self._signed_out(request)

    async def add_token(self, request: Request, visitor: Reader) -> Response:
        """A token for a program; the page that answers is the only one that shows it."""
        form = await form_of(request)
        if refused := await self._is_proved(request, visitor, form.get("password", ""), "token"):
            return refused
        try:
            token = await run_in_threadpool(
                self._people.add_token, visitor.name, form.get("name", ""), self._now()
            )
        except BotError as error:
            return await self._account(request, visitor, 400, trouble=_name(error))
        self._tell(visitor, visitor.name, "token added")
        return await self._account(request, visitor, token=token)

    async def end_token(self, request: Request, visitor: Reader) -> Response:
        """End one of one's tokens."""
        number = (await form_of(request)).get("token", "")
        is_number = number.isascii() and number.isdecimal() and len(number) < 10  # noqa: PLR2004
        if not is_number or not await run_in_threadpool(
            self._people.end_token, visitor.name, int(number)
        ):
            raise HTTPException(404, "you have no such token")
        self._tell(visitor, visitor.name, "token ended")
        return self._to("/account?done=token")

    # -- users -------------------------------------------------------------------------------------

    async def users(self, request: Request, _: Admin) -> Response:
        """Who may sign in."""
        return await self._users(request)

    async def _users(self, request: Request, status: int = 200, trouble: str = "") -> Response:
        found = await run_in_threadpool(self._people.all)
        context = {
            "users": found,
            "roles": list(Role),
            "done": request.query_params.get("done", ""),
            "trouble": trouble,
        }
        return self._render(request, "users.html", context, status)

    async def add_user(self, request: Request, visitor: Admin) -> Response:
        """Add a user."""
        form = await form_of(request)
        try:
            role = _role(form)
            name = name_of(form.get("name", ""))
            kept = await self._hashed(form.get("password", ""))
            await run_in_threadpool(self._people.add, name, role, kept, self._now())
        except BotError as error:
            return await self._users(request, 400, _name(error))
        self._tell(visitor, name, f"added as {role}")
        return self._to("/users?done=added")

    async def change_role(self, request: Request, visitor: Admin) -> Response:
        """Give a user another role."""
        form = await form_of(request)
        try:
            role, name = _role(form), form.get("name", "")
            now = self._now()
            await run_in_threadpool(self._people.set_role, name, role, now, keep_admin=True)
        except BotError as error:
            return await self._users(request, 400, _name(error))
        self._tell(visitor, name, f"role {role}")
        return self._to("/users?done=role")

    async def set_password(self, request: Request, visitor: Admin) -> Response:
        """Give a user another password; the user's sessions end."""
        form = await form_of(request)
        try:
            name = form.get("name", "")
            kept = await self._hashed(form.get("password", ""))
            await run_in_threadpool(self._people.set_password, name, kept, self._now())
        except BotError as error:
            return await self._users(request, 400, _name(error))
        self._tell(visitor, name, "password")
        return self._to("/users?done=password")

    async def remove_user(self, request: Request, visitor: Admin) -> Response:
        """Take a user away."""
        name = (await form_of(request)).get("name", "")
        try:
            await run_in_threadpool(self._people.remove, name, keep_admin=True)
        except BotError as error:
            return await self._users(request, 400, _name(error))
        self._tell(visitor, name, "removed")
        return self._to("/users?done=removed")

    async def revoke(self, request: Request, visitor: Admin) -> Response:
        """End a user's sessions and tokens."""
        name = (await form_of(request)).get("name", "")
        try:
            await run_in_threadpool(self._people.revoke, name)
        except BotError as error:
            return await self._users(request, 400, _name(error))
        self._tell(visitor, name, "sessions and tokens ended")
        return self._to("/users?done=revoked")

    # -- of all ------------------------------------------------------------------------------------

    async def _hashed(self, password: str) -> str:
        async with self._verifying:
            return await run_in_threadpool(self._passwords.hashed, password)

    def _to(self, path: str) -> Response:
        return RedirectResponse(self._prefix + path, 303)

    def _tell(self, visitor: Visitor, user: str, change: str) -> None:
        self._log.info("user_changed", person=visitor.name, user=user, change=change)


def _asked(request: Request) -> Asked:
    asked: Asked = request.state.asked
    return asked


def _cookies(request: Request) -> Cookies:
    cookies: Cookies = request.state.cookies
    return cookies


def _name(error: BotError) -> str:
    """What a page calls an error; one that it has no words for isn't the visitor's."""
    for kind, name in _NAMED.items():
        if isinstance(error, kind):
            return name
    raise error


def _role(form: Mapping[str, str]) -> Role:
    try:
        return Role(form.get("role", ""))
    except ValueError:
        raise HTTPException(400, f"a role is one of {', '.join(Role)}") from None
