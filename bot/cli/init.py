"""`briefbot init`: a folder to start from."""

from pathlib import Path

import click

from bot.cli import terminal

CONFIG = """\
# What briefbot does here. Every key: docs/configuration.md. Secrets go into .env, never in here.
chain = "steem"                      # steem | hive | blurt | devnet | a [chains.NAME] below
timezone = "UTC"                     # of the dates in your briefs, like "Europe/Berlin"
posts = "posts"                      # the queue: every *.md in it is a brief
database = "sqlite:///briefbot.db"   # or "postgresql+psycopg://user@host/name"

# [author.alice]                     # one table for each account that posts;
#                                    # its posting key: BRIEFBOT_POSTING_KEY_ALICE in .env

[defaults]
# author = "alice"                   # for briefs that don't name one
tags = []                            # added to every brief's own
header = ""                          # Markdown before every body; Jinja2: {{ brief }} {{ author }}
footer = ""                          # Markdown after every body
"""

ENVIRONMENT = """\
# Copy to .env (chmod 600). The posting key of each account, and only that one: it can post, vote
# and follow, but it can't move money. Owner and active keys are refused.
BRIEFBOT_POSTING_KEY_ALICE=
# or a file that holds it:
# BRIEFBOT_POSTING_KEY_ALICE_FILE=/run/secrets/alice
"""

SAMPLE = """\
---
title: "My first brief"
tags: [introduceyourself, life]      # the first is the category
# author: alice                      # default: `author` in config/briefbot.toml
# date: 2026-12-01 09:00             # not before; without it, as soon as the account may post
draft: true                          # remove this line when the brief may go out
---
Write **Markdown** here. `briefbot check` says what would go wrong, `briefbot plan` what goes out
when.
"""

FILES = {
    "config/briefbot.toml": CONFIG,
    ".env.example": ENVIRONMENT,
    "posts/my-first-brief.md": SAMPLE,
}


@click.command()
@click.argument("directory", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
def init(directory: Path) -> None:
    """Write config/briefbot.toml, .env.example and a first brief into DIR; overwrite nothing."""
    for name, text in FILES.items():
        path = directory / name
        if path.exists():
            terminal.tell(f"kept     {path}")
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise click.ClickException(f"{path}: {error.strerror}; choose another DIR") from None
        terminal.tell(f"written  {path}")
    terminal.tell(
        "Next: copy .env.example to .env and put your posting key there, "
        "name your account in config/briefbot.toml, then run `briefbot doctor`."
    )
