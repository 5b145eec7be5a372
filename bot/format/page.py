"""The page of `briefbot preview`: a post as its readers will see it, and beside it what is sent."""

import base64
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from bot.briefs import Beneficiary, Finding
from bot.format.players import ORIGINS
from bot.format.post import FIFTY_FIFTY, PayoutOptions
from bot.format.size import LARGEST
from bot.format.summary import Summary

_HERE = Path(__file__).parent
DECLINED = "Payout declined"
_VIDEO = re.compile(
    r'<div class="videoWrapper youtube" style="background-image:url\('
    r'https://img\.youtube\.com/vi/(?P<id>[\w-]+)/0\.jpg\)"><div class="play"></div>'
)
_CAPTION = r'<p class="video-caption">YouTube · youtu.be/\g<id></p>'
"""Tells of a video whose picture can't be had, offline or under this page's policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the page shows.

    Attributes:
        html: the body, safe (`render`).
        at: when it appears, and `when` as the platform words that.
        place: the category or community as it is named there.
        reply_to: `author/permlink` of the post that is answered.
        operations: (name, fields as JSON), exactly as they are signed.
        size: bytes of the transaction.
        findings: None where they are told elsewhere.
        site: address that links of the post start from.
    """

    title: str
    author: str | None
    category: str | None
    place: str
    at: datetime
    when: str
    html: str
    summary: Summary
    tags: Sequence[str]
    payout: str
    beneficiaries: Sequence[Beneficiary]
    reply_to: str | None
    chain: str
    operations: Sequence[tuple[str, str]]
    size: int | None
    findings: Sequence[Finding] | None
    site: str
    largest: int = LARGEST

    @property
    def earned(self) -> str:
        """What stands where the platform shows the payout: a new post has none yet."""
        return DECLINED if self.payout == DECLINED else "$0.00"


def place_of(category: str) -> str:
    """How a category is named beside a post: a tag by its sign, a community by its name."""
    return category if category.startswith("hive-") else f"#{category}"


def payout(options: PayoutOptions | None) -> str:
    """The payout settings in words."""
    if options is None:
        return "Payout: half in dollars, half in power"
    if options.max_accepted_payout == 0:
        return DECLINED
    split = {FIFTY_FIFTY: "half in dollars, half in power", 0: "all in power"}.get(
        options.percent, f"{options.percent / 200:g} % in dollars, the rest in power"
    )
    most = options.max_accepted_payout
    return f"Payout: {split}{f', at most {most}' if most is not None else ''}"


def shown_operations(operations: Sequence[tuple[str, Mapping[str, Any]]]) -> list[tuple[str, str]]:
    """Operations for people: their fields as indented JSON."""
    return [(name, json.dumps(fields, ensure_ascii=False, indent=2)) for name, fields in operations]


def write(page: Page, pictures: Mapping[str, str], script: str = "") -> str:
    """One self-contained page in which nothing of the post can run.

    Args:
        pictures: `data:` addresses to put for the addresses of pictures.
        script: of ours, for a page that reloads itself.
    """
    style = _style()
    nonce = secrets.token_urlsafe(16)
    shown = page.html.replace('src="//', 'src="https://')
    for address, data in pictures.items():
        shown = shown.replace(f'="{address}"', f'="{data}"')
    shown = _VIDEO.sub(rf"\g<0>{_CAPTION}", shown)
    return _template().render(
        page=page,
        body=Markup(shown),  # noqa: S704  # sanitised by `render`
        style=Markup(style),  # noqa: S704  # ours
        policy=policy(page.site, nonce if script else None),
        script=script,
        nonce=nonce,
    )


def policy(site: str, nonce: str | None = None) -> str:
    """A Content-Security-Policy under which only our style, and our script by its nonce, count.

    Args:
        site: address that links of the post start from.
    """
    digest = base64.b64encode(sha256(_style().encode()).digest()).decode()
    rules = {
        "default-src": "'none'",
        "img-src": "https: http: data:",
        "style-src-elem": f"'sha256-{digest}'",
        "style-src-attr": "'unsafe-inline'",  # of td and players; the sanitiser lets no other pass
        "frame-src": " ".join(ORIGINS),
        "script-src": f"'nonce-{nonce}'" if nonce else "'none'",
        "connect-src": "'self'" if nonce else "'none'",
        "base-uri": site,
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


@cache
def _style() -> str:
    return (_HERE / "page.css").read_text(encoding="utf-8") + body_style()


@cache
def body_style() -> str:
    """How bodies look: rules for what stands in an element of the class `body`."""
    return (_HERE / "body.css").read_text(encoding="utf-8")


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string((_HERE / "page.html").read_text(encoding="utf-8"))
