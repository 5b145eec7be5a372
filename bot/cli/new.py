"""`briefbot new`: a new brief in the queue."""

import click

from bot.cli import terminal, workspace

TEMPLATE = """\
---
title: {title}
tags: []
{author}draft: true   # remove this line when the brief may go out
---

"""


@click.command()
@click.argument("title")
@click.option("--edit", is_flag=True, help="Open it in $EDITOR.")
@click.pass_context
def new(ctx: click.Context, title: str, *, edit: bool) -> None:
    """Write a new brief with this TITLE into the queue, as a draft."""
    from bot.format.permlink import permlink  # noqa: PLC0415

    config = workspace.settings(ctx)
    path = config.posts / f"{permlink(title)}.md"
    escaped = title.replace("\\", "\\\\").replace('"', '\\"')
    author = "" if config.default_author else "author:\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE.format(title=f'"{escaped}"', author=author))
    except FileExistsError:
        raise click.ClickException(f"{path} is there already; choose another title") from None
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from None
    terminal.tell(str(path))
    if edit:
        click.edit(filename=str(path))
