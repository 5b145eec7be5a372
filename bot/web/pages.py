"""Pages: templates, with what all of them can say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from bot import __version__
from bot.web.security import Visitor, csrf_of
from bot.web.words import LANGUAGES, Words, catalogue, language_of
from bot.web.workplace import Workplace

_HERE = Path(__file__).parent
_LONGEST_ZONE = 64
_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation.

    Attributes:
        role: who has it in theirs; empty is everybody.
    """

    path: str
    name: str
    role: str = ""


def N_(text: str) -> str:  # noqa: N802  # gettext's name for it
    """Mark a text for translation where it stands; it is translated where it is shown."""
    return text


NAVIGATION = (
    Place("/", N_("Today")),
    Place("/calendar", N_("Calendar")),
    Place("/queue", N_("Queue")),
    Place("/log", N_("Log")),
    Place("/results", N_("Results")),
    Place("/authors", N_("Authors")),
    Place("/health", N_("Health")),
)


STATES = (
    N_("new"), N_("queued"), N_("publishing"), N_("included"), N_("final"), N_("waiting"),
    N_("held"), N_("rejected"), N_("missed"), N_("cancelled"), N_("draft"), N_("edit"),
    N_("problem"),
)  # fmt: skip
"""What a brief's state is called; where it is shown, it is looked up by its name."""


def words_for(request: Request, place: Workplace) -> Words:
    """How whoever asks is told things: by their choice, their browser, else the configuration."""
    chosen = request.query_params.get("language", request.cookies.get("language"))
    language = language_of(request.headers.get("accept-language"), chosen)
    return Words(language, _zone(request.cookies.get("zone"), place.zone), place.now())


def _zone(name: str | None, else_: ZoneInfo) -> ZoneInfo:
    if not name or len(name) > _LONGEST_ZONE:
        return else_
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return else_


def page(
    request: Request,
    place: Workplace,
    visitor: Visitor | None,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """A page of this template, in the reader's words."""
    words = words_for(request, place)
    root = str(request.scope.get("root_path", ""))
    told = (
        _environment(words.language)
        .get_template(template)
        .render(
            request=request,
            root=root,
            path=request.url.path.removeprefix(root),
            visitor=visitor,
            csrf=csrf_of(request),
            prefix=root,
            words=words,
            languages=LANGUAGES,
            navigation=NAVIGATION,
            version=__version__,
            workspace=place.config.root.name,
            **values,
        )
    )
    answer = HTMLResponse(told, status, dict(headers or {}))
    if request.query_params.get("language") == words.language:
        answer.set_cookie("language", words.language, _YEAR, path=root or "/", samesite="lax")
    return answer


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    texts = catalogue(language)
    environment.install_gettext_translations(texts, newstyle=True)  # type: ignore[attr-defined]
    # Of what isn't written in a template: what it may hold besides our own words stays escaped.
    environment.filters["say"] = lambda text: texts.gettext(text) if text else ""  # not the header
    environment.filters["reason"] = _reason
    environment.filters["path"] = lambda text: quote(str(text), safe="/@")
    environment.globals["when"] = _when
    environment.globals["svg"] = _svg
    return environment


@pass_context
def _when(context: Context, moment: datetime | None, form: str = "moment") -> Markup:
    """A time element: what is read, and on hover the exact instant in the reader's zone."""
    if moment is None:
        return Markup("")
    words: Words = context["words"]
    told = getattr(words, form)(moment)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        moment.isoformat(), words.exactly(moment), told
    )


def _reason(text: object) -> Markup:
    """A reason as the records have it: what stands in backticks there is a command or a key."""
    parts = str(text).split("`")
    if len(parts) % 2 == 0:  # one of them is something else
        return escape(text)
    told = (Markup("<code>{}</code>").format(part) if n % 2 else escape(part)
            for n, part in enumerate(parts))  # fmt: skip
    return Markup("").join(told)


@cache
def _svg(name: str) -> Markup:
    """A drawing of ours from `static/`, in the page itself."""
    return Markup((_HERE / "static" / f"{name}.svg").read_text(encoding="utf-8"))  # noqa: S704
