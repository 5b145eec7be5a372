"""`briefbot new`: a new brief in the queue."""

import json
from collections.abc import Iterable

import click

from bot.briefs import dates, keys
from bot.cli import terminal
from bot.cli.naming import authors
from bot.config import Settings, load

DRAFT = "draft: true   # remove this line when the brief may go out"


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
    head = [f"title: {_quoted(title)}", *_fields(config, author, date, tags), DRAFT]
    path = config.posts / f"{permlink(title)}.md"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write("\n".join(["---", *head, "---", "", ""]))
    except FileExistsError:
        raise click.ClickException(f"{path} is there already; choose another title") from None
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from None
    terminal.tell(str(path))
    if edit:
        click.edit(filename=str(path))


def _fields(
    config: Settings, author: str | None, date: str | None, tags: Iterable[str]
) -> list[str]:
    """The lines of what was asked for, and of what a brief can't do without.

    Raises:
        click.UsageError: no brief may say that.
    """
    option = ""
    lines = []
    try:
        option = "--tags"
        named = [sent for _, sent in keys.tags(" ".join(tags))]
        lines.append(f"tags: [{', '.join(map(_plain, named))}]")
        if author is not None:
            option = "--author"
            lines.append(f"author: {_plain(keys.account(author))}")
        elif config.default_author is None:
            lines.append("author:")
        if date is not None:
            option = "--date"
            try:
                dates.instant(date, config.timezone)
            except dates.Moved as moved:
                terminal.tell(f"--date: {moved}", error=True)
            lines.append(f"date: {date.strip()}")
    except keys.BadValue as error:
        raise click.UsageError(f"{option}: {error}") from None
    return lines


def _quoted(text: str) -> str:
    """Text as YAML reads it back."""
    return json.dumps(text, ensure_ascii=False)


def _plain(word: str) -> str:
    """A word as it is, where YAML takes that for text."""
    return word if word[0].isalpha() and word not in _NO_TEXT else _quoted(word)


_NO_TEXT = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
