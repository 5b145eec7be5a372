"""A brief as its readers will see it, before it is sent."""

import base64
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from bot.briefs import Brief, Finding, Level, parse
from bot.briefs.front_matter import begins
from bot.briefs.pictures import PictureRefused, read_picture
from bot.chain.profiles import ChainProfile
from bot.errors import BotError
from bot.format import page as pages
from bot.format.body import TemplateFailed, body
from bot.format.pictures import placeholder, standing, with_addresses, with_placeholders
from bot.format.relative import relative
from bot.format.render import render
from bot.format.size import packed_size
from bot.intake.composer import Composer, Composition


class Unshowable(BotError):  # noqa: N818  # what it is
    """What is no text, or holds a private key, is not shown."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(map(str, findings)))
        self.findings = findings


@dataclass(frozen=True, slots=True)
class Preview:
    """One brief on one chain, or a body alone when that is all there is.

    Attributes:
        folder: what the brief's path, and its pictures', are relative to.
        timezone: zone of the workspace, for a brief that names none.
    """

    composer: Composer
    folder: Path
    timezone: str
    body: str
    brief: Brief | None
    composition: Composition | None
    chain: str
    findings: tuple[Finding, ...]

    @classmethod
    def of(
        cls,
        data: bytes,
        name: str,
        folder: Path,
        composer: Composer,
        timezone: str,
        *,
        chain: str | None = None,
        may_be_body: bool = False,
    ) -> "Preview":
        """The preview of a file's content; a text without front matter is a body.

        Args:
            name: its path in `folder`, for findings.
            composer: what makes posts of briefs, among those of the queue.
            chain: for readers of this one; without, of the brief's first.
            may_be_body: whether what begins like a front matter, and is none, is a body too.

        Raises:
            Unshowable: it is no text, or holds a private key.
        """
        fenced = begins(data)
        parsed = parse(data, path=name, timezone=timezone)
        if parsed.brief is None or not fenced:
            strict = fenced and not may_be_body
            if errors := [each for each in parsed.findings if _is_in_the_way(each, strict=strict)]:
                raise Unshowable(errors)
            text, _ = with_placeholders(
                data.decode("utf-8-sig"), name, is_there=partial(_is_there, folder)
            )
            where = chain or composer.default_chain
            return cls(composer, folder, timezone, text, None, None, where, ())
        brief = replace(parsed.brief, chains=(chain,)) if chain else parsed.brief
        made = composer.compose(brief, folder)[0]
        text = (
            made.post.body
            if made.post
            else _as_far_as_it_goes(composer, brief, folder, name, made.chain)
        )
        findings = (*parsed.findings, *made.findings)
        return cls(composer, folder, timezone, text, parsed.brief, made, made.chain, findings)

    def fragment(self) -> str:
        """The body's HTML, the queue's pictures by their paths: they have no address yet."""
        html = render(self.body, self._profile().front_end).html
        return with_addresses(html, {path: quote(path) for path in standing(self.body)})

    def page(self, now: datetime, script: str = "", *, findings: bool = True) -> str:
        """The whole page, self-contained, as it is at this moment.

        Args:
            findings: whether it tells of them.
        """
        profile = self._profile()
        rendered = render(self.body, profile.front_end)
        post = self.composition.post if self.composition else None
        brief = self.brief
        zone = ZoneInfo((brief and brief.timezone) or self.timezone)
        local = now.astimezone(zone)
        at = (brief.date if brief and brief.date else now.astimezone(UTC)).astimezone(zone)
        category = post.parent_permlink if post and not post.is_reply else None
        if post is None and brief and brief.reply_to is None:  # as far as that can be said
            tags = (*brief.tags, *self.composer.defaults.tags)
            category = brief.community or next(iter(tags), None)
        shown = pages.Page(
            title=brief.title if brief else "No title",
            author=post.author if post else (brief.author if brief else None),
            category=category,
            place=pages.place_of(category) if category else "",
            at=at,
            when=relative(at, local),
            html=rendered.html,
            summary=rendered.summary,
            tags=post.tags if post else (brief.tags if brief else ()),
            payout=pages.payout(post.options if post else None),
            beneficiaries=brief.beneficiaries if brief else (),
            reply_to="/".join(brief.reply_to) if brief and brief.reply_to else None,
            chain=self.chain,
            operations=pages.shown_operations(
                self.composition.operations if self.composition else ()
            ),
            size=packed_size(post) if post else None,
            findings=sorted(self.findings, key=lambda one: one.line) if findings else None,
            site=self._site(),
        )
        return pages.write(shown, self._pictures(), script)

    @property
    def policy(self) -> str:
        """The page's Content-Security-Policy, for who serves it with headers."""
        return pages.policy(self._site())

    def _site(self) -> str:
        site = urlsplit(self._profile().url)
        return f"{site.scheme}://{site.netloc}/"

    def _profile(self) -> ChainProfile:
        """The chain's; where it is unknown, as a finding says, the default chain's."""
        profiles = self.composer.profiles
        return profiles.get(self.chain, profiles[self.composer.default_chain])

    def _pictures(self) -> Mapping[str, str]:
        """What the page shows for the pictures of the queue, by what stands for them."""
        pictures: dict[str, str] = {}
        for path in standing(self.body):
            with suppress(PictureRefused):  # a finding says why
                picture = self.composer.pictures.read(self.folder, path)
                data = base64.b64encode(picture.data).decode()
                pictures[placeholder(path)] = f"data:{picture.kind};base64,{data}"
        return pictures


def _is_there(folder: Path, path: str) -> bool:
    """Whether a picture of the queue can be shown."""
    try:
        read_picture(folder, path)
    except PictureRefused:
        return False
    return True


def _is_in_the_way(finding: Finding, *, strict: bool) -> bool:
    """Whether a text can't even be shown as a body: it is no text, or holds a private key."""
    if finding.level is not Level.ERROR:
        return False
    return strict or finding.code in {"secrets", "utf8", "control", "file.size"}


def _as_far_as_it_goes(
    composer: Composer, brief: Brief, folder: Path, name: str, chain: str
) -> str:
    """The body of a brief that can't be sent as it is, formatted all the same."""
    text, _ = with_placeholders(brief.body, name, is_there=partial(_is_there, folder))
    profiles, defaults = composer.profiles, composer.defaults
    flavour = profiles.get(chain, profiles[composer.default_chain]).front_end
    author = brief.author or defaults.author or ""
    tags = (*brief.tags, *defaults.tags)
    around = (defaults.header, defaults.footer)
    try:
        return body(replace(brief, body=text), around, author, tags, flavour).text
    except TemplateFailed:  # a finding says so
        return body(replace(brief, body=text), ("", ""), author, tags, flavour).text
