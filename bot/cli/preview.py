"""`briefbot preview`: a brief as its readers will see it, before it is sent."""

import base64
import sys
import tempfile
import webbrowser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

import click

from bot import app
from bot.briefs import BriefError
from bot.cli import terminal
from bot.cli.naming import briefs_and_files, in_queue
from bot.clock import utc_now
from bot.config import Settings, load
from bot.errors import BotError

if TYPE_CHECKING:
    from bot.briefs import Brief, Finding
    from bot.chain.profiles import ChainProfile
    from bot.intake.composer import Composition


@click.command()
@click.argument("named", metavar="PATH|BRIEF", shell_complete=briefs_and_files)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write here.")
@click.option("--open", "opens", is_flag=True, help="Show it in the browser.")
@click.option("--fragment", is_flag=True, help="The body's HTML alone.")
@click.option("--watch", is_flag=True, help="Serve it, and reload it whenever the brief is saved.")
@click.option("--chain", help="For readers of this chain [default: the brief's].")
@click.pass_context
def preview(
    ctx: click.Context,
    named: str,
    output: Path | None,
    chain: str | None,
    *,
    opens: bool,
    fragment: bool,
    watch: bool,
) -> None:
    """Show a brief as the platform will: one HTML page, or its body alone.

    It is named by its path, or, in the queue, by its id, its address or how one of these begins;
    `-` is a brief, or a body without front matter, on standard input.
    """
    config = load(ctx.obj["config_file"])
    path = _path(config, named)
    if watch and (fragment or output or str(path) == "-"):
        raise click.UsageError("--watch serves the page of a file: leave out --fragment, -o and -")
    try:
        with _plainly(path):
            made = _Preview.of(config, path, chain)
            markup = made.fragment() if fragment else made.page()
    except _Unshowable as error:
        _tell(error.findings)
        ctx.exit(1)
    if watch:
        from bot.cli.watch import serve  # noqa: PLC0415

        def page(script: str) -> str:
            with _plainly(path):
                return _Preview.of(config, path, chain).page(script)

        serve(path, page, opens=opens)
        return
    _tell(made.findings)
    if opens and output is None:
        with tempfile.NamedTemporaryFile(prefix="briefbot-", suffix=".html", delete=False) as file:
            output = Path(file.name)
    if output is None:
        terminal.tell_markup(markup)
    else:
        try:
            output.write_text(markup, encoding="utf-8")
        except OSError as error:
            raise click.ClickException(f"{output}: {error.strerror}") from None
        terminal.tell(str(output), error=True)
    if opens and output:
        webbrowser.open(output.resolve().as_uri())


def _path(config: Settings, named: str) -> Path:
    """The file of this name; where the queue has none, what was named."""
    path = Path(named)
    if named == "-" or path.exists():
        return path
    with suppress(BriefError):  # no queue
        for entry in in_queue(config, named):
            return entry.file
    return path


class _Unshowable(click.ClickException):
    """What is no text, or holds a private key, is not shown."""

    def __init__(self, findings: "Sequence[Finding]") -> None:
        super().__init__("\n".join(map(str, findings)))
        self.findings = findings


def _tell(findings: "Sequence[Finding]") -> None:
    for finding in findings:
        terminal.tell(str(finding), error=True)


@contextmanager
def _plainly(path: Path) -> Iterator[None]:
    """Say what nobody foresaw as `check` says it.

    Raises:
        click.ClickException: in place of any other exception.
    """
    from bot.briefs import internal  # noqa: PLC0415

    try:
        yield
    except (click.ClickException, BotError):
        raise
    except Exception as error:
        raise click.ClickException(str(internal(path.name, error))) from error


def _read(path: Path) -> bytes:
    from bot.briefs.queue import MAX_BYTES  # noqa: PLC0415

    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise click.ClickException(f"{path}: more than {MAX_BYTES} bytes; no chain takes so many")
    return data


def _is_there(folder: Path, path: str) -> bool:
    """Whether a picture of the queue can be shown."""
    from bot.briefs.pictures import PictureRefused, read_picture  # noqa: PLC0415

    try:
        read_picture(folder, path)
    except PictureRefused:
        return False
    return True


def _is_in_the_way(finding: "Finding", *, fenced: bool) -> bool:
    """Whether a text can't even be shown as a body: it is no text, or holds a private key."""
    from bot.briefs import Level  # noqa: PLC0415

    if finding.level is not Level.ERROR:
        return False
    return fenced or finding.code in {"secrets", "utf8", "control", "file.size"}


def _as_far_as_it_goes(
    config: Settings, brief: "Brief", folder: Path, name: str, chain: str
) -> str:
    """The body of a brief that can't be sent as it is, formatted all the same."""
    from bot.format.body import TemplateFailed, body  # noqa: PLC0415
    from bot.format.pictures import with_placeholders  # noqa: PLC0415

    text, _ = with_placeholders(brief.body, name, is_there=partial(_is_there, folder))
    profiles = app.profiles(config)
    flavour = profiles.get(chain, profiles[config.chain]).front_end
    author = brief.author or config.default_author or ""
    tags = (*brief.tags, *config.default_tags)
    around = (config.header, config.footer)
    try:
        return body(replace(brief, body=text), around, author, tags, flavour).text
    except TemplateFailed:  # a finding says so
        return body(replace(brief, body=text), ("", ""), author, tags, flavour).text


@dataclass(frozen=True, slots=True)
class _Preview:
    """One brief on one chain, or a body alone when that is all there is."""

    config: Settings
    folder: Path
    body: str
    brief: "Brief | None"
    composition: "Composition | None"
    chain: str
    findings: "tuple[Finding, ...]"

    @classmethod
    def of(cls, config: Settings, path: Path, chain: str | None) -> "_Preview":
        """Read the brief, or take a text without front matter for a body.

        Raises:
            click.ClickException: it can't be read or shown, or no such chain is configured.
        """
        from bot.briefs import parse  # noqa: PLC0415
        from bot.briefs.front_matter import begins  # noqa: PLC0415
        from bot.briefs.opening import real_path  # noqa: PLC0415
        from bot.format.pictures import with_placeholders  # noqa: PLC0415

        profiles = app.profiles(config)
        if chain and chain not in profiles:
            raise click.UsageError(
                f"--chain: {chain!r} isn't known; known are {', '.join(sorted(profiles))}"
            )
        stdin = str(path) == "-"
        data = _read(path)
        fenced = begins(data)
        queue = real_path(config.posts)
        file = real_path(path)
        inside = file.is_relative_to(queue)
        folder = queue if inside else path.parent
        name = str(file.relative_to(queue)) if inside else path.name
        name = "standard input" if stdin else name
        parsed = parse(data, path=name, timezone=config.timezone)
        if parsed.brief is None or not fenced:
            errors = [f for f in parsed.findings if _is_in_the_way(f, fenced=fenced and not stdin)]
            if errors:
                raise _Unshowable(errors)
            text, _ = with_placeholders(
                data.decode("utf-8-sig"), name, is_there=partial(_is_there, folder)
            )
            return cls(config, folder, text, None, None, chain or config.chain, ())
        brief = replace(parsed.brief, chains=(chain,)) if chain else parsed.brief
        with app.view(config) as view:
            made = view.composer.compose(brief, folder)[0]
        body = (
            made.post.body
            if made.post
            else _as_far_as_it_goes(config, brief, folder, name, made.chain)
        )
        findings = (*parsed.findings, *made.findings)
        return cls(config, folder, body, parsed.brief, made, made.chain, findings)

    def fragment(self) -> str:
        """The body's HTML, the queue's pictures by their paths: they have no address yet."""
        from bot.format.pictures import standing, with_addresses  # noqa: PLC0415
        from bot.format.render import render  # noqa: PLC0415

        html = render(self.body, self._profile().front_end).html
        return with_addresses(html, {path: quote(path) for path in standing(self.body)})

    def page(self, script: str = "") -> str:
        """The whole page, self-contained."""
        from bot.format import page as pages  # noqa: PLC0415
        from bot.format.relative import relative  # noqa: PLC0415
        from bot.format.render import render  # noqa: PLC0415
        from bot.format.size import packed_size  # noqa: PLC0415

        profile = self._profile()
        rendered = render(self.body, profile.front_end)
        post = self.composition.post if self.composition else None
        brief = self.brief
        zone = ZoneInfo((brief and brief.timezone) or self.config.timezone)
        now = utc_now().astimezone(zone)
        at = (brief.date if brief and brief.date else now.astimezone(UTC)).astimezone(zone)
        site = urlsplit(profile.url)
        category = post.parent_permlink if post and not post.is_reply else None
        if post is None and brief and brief.reply_to is None:  # as far as that can be said
            category = brief.community or next(iter((*brief.tags, *self.config.default_tags)), None)
        shown = pages.Page(
            title=brief.title if brief else "No title",
            author=post.author if post else (brief.author if brief else None),
            category=category,
            place=pages.place_of(category) if category else "",
            at=at,
            when=relative(at, now),
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
            findings=sorted(self.findings, key=lambda finding: finding.line),
            site=f"{site.scheme}://{site.netloc}/",
        )
        return pages.write(shown, self._pictures(), script)

    def _profile(self) -> "ChainProfile":
        profiles = app.profiles(self.config)
        return profiles.get(self.chain, profiles[self.config.chain])  # a finding says it is unknown

    def _pictures(self) -> Mapping[str, str]:
        """What the page shows for the pictures of the queue, by what stands for them."""
        from bot.briefs.pictures import PictureRefused  # noqa: PLC0415
        from bot.format.pictures import placeholder, standing  # noqa: PLC0415

        reader = app.picture_reader(self.config)
        pictures: dict[str, str] = {}
        for path in standing(self.body):
            with suppress(PictureRefused):  # a finding says why
                picture = reader.read(self.folder, path)
                data = base64.b64encode(picture.data).decode()
                pictures[placeholder(path)] = f"data:{picture.kind};base64,{data}"
        return pictures
