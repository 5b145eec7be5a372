"""`briefbot preview`: a brief as its readers will see it, before it is sent."""

import sys
import tempfile
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot import app
from bot.briefs import BriefError
from bot.cli import terminal
from bot.cli.naming import briefs_and_files, in_queue
from bot.clock import utc_now
from bot.config import Settings, load
from bot.errors import BotError

if TYPE_CHECKING:
    from bot.briefs import Finding
    from bot.reports.preview import Preview


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
    from bot.reports.preview import Unshowable  # noqa: PLC0415

    config = load(ctx.obj["config_file"])
    path = _path(config, named)
    if watch and (fragment or output or str(path) == "-"):
        raise click.UsageError("--watch serves the page of a file: leave out --fragment, -o and -")
    try:
        with _plainly(path):
            made = _made(config, path, chain)
            markup = made.fragment() if fragment else made.page(utc_now())
    except Unshowable as error:
        _tell(error.findings)
        ctx.exit(1)
    if watch:
        from bot.cli.watch import serve  # noqa: PLC0415

        def page(script: str) -> str:
            try:
                with _plainly(path):
                    return _made(config, path, chain).page(utc_now(), script)
            except Unshowable as error:
                raise click.ClickException(str(error)) from None

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


def _made(config: Settings, path: Path, chain: str | None) -> "Preview":
    """The brief at this path, or a text without front matter that is a body.

    Raises:
        click.ClickException: it can't be read, or no such chain is configured.
        Unshowable: it is no text, or holds a private key.
    """
    from bot.briefs.opening import real_path  # noqa: PLC0415
    from bot.reports.preview import Preview  # noqa: PLC0415

    profiles = app.profiles(config)
    if chain and chain not in profiles:
        raise click.UsageError(
            f"--chain: {chain!r} isn't known; known are {', '.join(sorted(profiles))}"
        )
    stdin = str(path) == "-"
    data = _read(path)
    queue = real_path(config.posts)
    file = real_path(path)
    inside = file.is_relative_to(queue)
    folder = queue if inside else path.parent
    name = str(file.relative_to(queue)) if inside else path.name
    name = "standard input" if stdin else name
    with app.view(config) as view:
        return Preview.of(
            data,
            name,
            folder,
            view.composer,
            config.timezone,
            chain=chain,
            may_be_body=stdin,
        )
