"""A walk over every route of an application, as somebody who may not: nothing leaks or changes."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from fastapi.routing import iter_route_contexts

from tests.web.serving import Browser

SAFE = {"GET", "HEAD", "OPTIONS"}
PEOPLES = {
    "/sign-in", "/sign-out", "/account", "/account/password", "/account/sessions",
    "/account/tokens", "/account/tokens/end",
}  # fmt: skip
"""What everybody may who is signed in, to themselves."""


@dataclass
class Walk:
    """What to walk through, and what must not be seen.

    Attributes:
        browser: a new browser, in which this user (or nobody) has signed in.
        state: all that is recorded, and whatever else might change (the queue's files).
        secrets: texts of which pages for those who may are full.
        public: paths that anybody may read.
        examples: a value for each parameter of a path.
        reader_may: routes beyond `PEOPLES` that change something and take no more than a reader.
    """

    application: object
    browser: Callable[..., Browser]
    state: Callable[[], object]
    secrets: Collection[str]
    public: Collection[str] = ()
    examples: Mapping[str, str] = field(default_factory=dict)
    reader_may: Collection[str] = ()
    prefix: str = ""

    def routes(self) -> Iterator[tuple[str, str, str]]:
        """(method, route, path) of each; mounted applications by a path in them."""
        for path, methods in _paths(self.application.routes):
            filled = path
            for name, value in self.examples.items():
                for kind in ("", ":path", ":int", ":str"):
                    filled = filled.replace(f"{{{name}{kind}}}", value)
            assert "{" not in filled, f"no example for {path}"
            for method in sorted(methods):
                yield method, path, self.prefix + filled

    def ask(self, browser, method, path, *, csrf, **headers):
        body = b"csrf=" + csrf.encode() if method not in SAFE else None
        if body:
            headers = {"Content_Type": "application/x-www-form-urlencoded"} | headers
        return browser.ask(method, path, body, **headers)

    def refused(self, told, method, path, *, statuses):
        assert told.status in statuses, (method, path, told.status, told.text[:300])
        for secret in self.secrets:
            assert secret not in told.whole, (method, path)

    def strangers(self, browser: Callable[[], Browser], *, statuses=(303, 401, 403, 405)):
        """All routes, by somebody whose session is none: not known, over, revoked."""
        before = self.state()
        for method, route, path in self.routes():
            if self._is_public(route) or route == "/sign-in":
                continue
            for accept in ("text/html", "application/json"):
                told = self.ask(browser(), method, path, csrf="x", Accept=accept)
                self.refused(told, method, path, statuses=statuses)
        assert self.state() == before

    def from_elsewhere(self, browser: Browser, csrf: str):
        """All routes, by somebody who may do everything, whose browser another site has asked."""
        before = self.state()
        wrong = [
            {"Host": "evil.example"},
            {"Host": f"evil.example:{browser.port}"},
            {
                "Sec_Fetch_Site": "cross-site",
                "Sec_Fetch_Mode": "no-cors",
                "Sec_Fetch_Dest": "image",
            },
            {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "cors", "Sec_Fetch_Dest": "empty"},
        ]
        wrong_when_unsafe = [
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Sec_Fetch_Site": "cross-site"},
            {"Origin": None, "Sec_Fetch_Site": None},
        ]
        for method, route, path in self.routes():
            more = () if method in SAFE else wrong_when_unsafe
            for headers in chain(wrong, more):
                if method in SAFE and self._is_public(route) and "Host" not in headers:
                    continue
                told = self.ask(browser, method, path, csrf=csrf, **headers)
                self.refused(told, method, path, statuses=(400, 403, 421))
        assert self.state() == before

    def without_token(self, browser: Browser, others: str):
        """All routes that change something, with no token, a wrong one, and another user's."""
        before = self.state()
        for method, _, path in self.routes():
            if method in SAFE:
                continue
            for csrf in ("", "wrong", others):
                told = self.ask(browser, method, path, csrf=csrf)
                self.refused(told, method, path, statuses=(403, 405))
        assert self.state() == before

    def readers(self, browser: Browser, csrf: str):
        """All routes that change something, by somebody who may only look."""
        before = self.state()
        for method, route, path in self.routes():
            if method in SAFE or route in PEOPLES or route in self.reader_may:
                continue
            told = self.ask(browser, method, path, csrf=csrf)
            self.refused(told, method, path, statuses=(403, 405))
        assert self.state() == before

    def _is_public(self, route):
        return any(
            route == one or (one.endswith("/") and route.startswith(one)) for one in self.public
        )


def _paths(routes) -> Iterator[tuple[str, Collection[str]]]:
    for route in iter_route_contexts(routes):
        methods = set(route.methods or {"GET"})
        yield route.path, methods
