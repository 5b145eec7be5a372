"""`briefbot new`: a new brief in the queue."""

import click

from bot.briefs import dates
from bot.briefs.fresh import NotWritable, fresh
from bot.cli import terminal
from bot.cli.naming import authors
from bot.config import load


@click.command()
@click.argument("title")
@click.option("--author", shell_complete=authors, help="Who posts it [default: as configured].")
@click.option("--date", help="Not before this date, or date and time: 2026-12-01 09:00.")
@click.option("--tags", multiple=True, help="Its tags, with spaces or commas between them.")
@click.option("--edit", is_flag=True, help="Open it in $EDITOR.")
@click.pass_context
def new(
    ctx: click.Context,
    title: str,
    author: str | None,
    date: str | None,
    tags: tuple[str, ...],
    *,
    edit: bool,
) -> None:
    """Write a new brief with this TITLE into the queue, as a draft."""
    from bot.format.permlink import permlink  # noqa: PLC0415

    if not title.isprintable() or not title.strip():
        raise click.UsageError("a title is one line of text")
    config = load(ctx.obj["config_file"])
    known = config.default_author
    try:
        text = fresh(title, author, date, tags, default_author=known, timezone=config.timezone)
    except NotWritable as error:
        raise click.UsageError(f"--{error.key}: {error}") from None
    if date is not None:
        try:
            dates.instant(date, config.timezone)
        except dates.Moved as moved:
            terminal.tell(f"--date: {moved}", error=True)
    path = config.posts / f"{permlink(title)}.md"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise click.ClickException(f"{path} is there already; choose another title") from None
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from None
    terminal.tell(str(path))
    if edit:
        click.edit(filename=str(path))
