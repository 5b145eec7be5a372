"""A small application behind the gate: a route of each kind, and users of each role."""

import asyncio
import itertools
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jinja2
import structlog
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, StreamingResponse

import bot.web
from bot.records.people import People, Role
from bot.records.tables import metadata
from bot.web.passwords import Passwords
from bot.web.people import protect
from bot.web.security import Admin, Editor, Reader, csrf_of, visitor_of
from bot.web.server import serve
from bot.web.settings import WebSettings
from tests.web.serving import Browser

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
PASSWORD = "correct horse battery staple"
KEPT = Passwords().hashed(PASSWORD)
SECRET = "the-month-of-the-newsroom"
LOADER = jinja2.ChoiceLoader(
    [
        jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        jinja2.FileSystemLoader(Path(bot.web.__file__).parent / "templates"),
    ]
)
VOLATILE = {"seen_at", "rotated_at", "sha256", "previous", "previous_until", "used_at"}
"""What a look at a page may change."""


def renderer(prefix=""):
    pages = jinja2.Environment(
        loader=LOADER,
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
        undefined=jinja2.StrictUndefined,
    )
    pages.install_null_translations(newstyle=True)
    pages.globals["when"] = lambda moment: f"{moment:%Y-%m-%d %H:%M} UTC"

    def render(request, template, context, status=200):
        known = {"visitor": visitor_of(request), "csrf": csrf_of(request), "prefix": prefix}
        return HTMLResponse(pages.get_template(template).render(known | dict(context)), status)

    return render


@dataclass
class Desk:
    """The application with its records and a clock that a test sets."""

    records: object
    settings: WebSettings = field(default_factory=WebSettings)
    now: datetime = NOW
    changes: list[str] = field(default_factory=list)
    port: int = 0

    def __post_init__(self):
        self.people = People(self.records)
        self.application = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        self._routes()
        protect(
            self.application,
            self.people,
            self.settings,
            lambda: self.now,
            structlog.get_logger("briefbot"),
            renderer(self.settings.prefix),
            public=("/health/",),
        )

    def _routes(self):
        at = self.application

        @at.get("/")
        def today(visitor: Reader) -> HTMLResponse:
            return HTMLResponse(f"<p>{SECRET} {visitor.name}</p>")

        @at.get("/forgotten")  # nobody has said who may
        def forgotten() -> str:
            return SECRET

        @at.get("/api/v1/briefs")
        def briefs(visitor: Reader) -> dict[str, str]:
            return {"briefs": SECRET, "visitor": visitor.name}

        @at.post("/api/v1/briefs/{brief}/hold")
        def hold(brief: str, visitor: Editor) -> dict[str, str]:
            self.changes.append(f"{visitor.name} {brief}")
            return {"held": brief}

        @at.post("/pictures")
        async def picture(visitor: Editor) -> dict[str, str]:
            self.changes.append(visitor.name)
            return {}

        @at.get("/secret-of-admins")
        def of_admins(visitor: Admin) -> str:
            return SECRET

        @at.get("/fails")
        def fails(visitor: Reader) -> str:
            raise ValueError(SECRET)

        @at.get("/own-policy")
        def own(visitor: Reader) -> HTMLResponse:
            return HTMLResponse("x", headers={"Content-Security-Policy": "sandbox"})

        @at.get("/health/live")
        def live() -> dict[str, bool]:
            return {"live": True}

        @at.get("/events")
        async def events(visitor: Reader) -> StreamingResponse:
            async def told():
                for number in itertools.count():
                    yield f"data: {SECRET} {number}\n\n"
                    await asyncio.sleep(0.01)

            return StreamingResponse(told(), media_type="text/event-stream")

    def add(self, name, role=Role.EDITOR):
        return self.people.add(name, role, KEPT, self.now)

    def pass_time(self, **duration):
        self.now += timedelta(**duration)

    def browser(self, name=None, **options):
        """A browser, in which somebody has signed in."""
        browser = Browser(self.port, **options)
        if name:
            assert browser.sign_in(name, PASSWORD).status == 303
        return browser

    def state(self):
        """All that is recorded, but what a mere look changes."""
        return told_by(self.records), list(self.changes)


def told_by(records):
    """All rows of all tables, but what a mere look at a page changes."""
    told = {}
    with records.reading() as connection:
        for table in metadata.sorted_tables:
            columns = [column for column in table.columns if column.name not in VOLATILE]
            rows = connection.execute(table.select().with_only_columns(*columns))
            told[table.name] = [tuple(row) for row in rows]
    return told


@contextmanager
def open_desk(records, **options):
    desk = Desk(records, **options)
    made = serve(desk.application, "127.0.0.1", 0)
    desk.port = int(made.url.rpartition(":")[2])
    try:
        yield desk
    finally:
        made.end()
