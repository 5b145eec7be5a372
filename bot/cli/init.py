"""`briefbot init`: a folder to start from."""

import re
from pathlib import Path

import click

from bot.briefs import keys
from bot.cli import terminal
from bot.config import key_variable

CHAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")

CONFIG = """\
# What briefbot does here. Every key: docs/configuration.md.
# Secrets go into .env, never in here.
{chain}# steem | hive | blurt | devnet | your own
timezone = "UTC"                     # of dates in briefs, like "Europe/Berlin"
posts = "posts"                      # the queue: every *.md in it is a brief
database = "sqlite:///briefbot.db"   # or "postgresql+psycopg://user@host/name"

{author}

[defaults]
# author = "alice"                   # for briefs that don't name one
tags = []                            # added to every brief's own
header = ""                          # Markdown before every body (Jinja2)
footer = ""                          # Markdown after every body
"""

AUTHOR = """\
# [author.alice]                     # one table for each account that posts; its
#                                    # key in .env: BRIEFBOT_POSTING_KEY_ALICE"""

ENVIRONMENT = """\
# Copy to .env (chmod 600). The posting key of each account, and only that one:
# it can post, vote and follow, but it can't move money. Owner and active keys
# are refused.
{variable}=
# or a file that holds it:
# {variable}_FILE=/run/secrets/{author}

# Who is told what went wrong (docs/news.md), for example by mail:
# BRIEFBOT_NEWS_DESK=mailtos://user:password@mail.example.org?to=me@example.org
"""

IGNORED = """\
# keys, and what only this machine has
.env
*.db
*.db-shm
*.db-wal
"""

SAMPLE_NAME = "my-first-brief.md"
SAMPLE = """\
---
title: "My first brief"
tags: [introduceyourself, life]      # the first is the category
# author: alice                      # default: `author` in config/briefbot.toml
# date: 2026-12-01 09:00             # not before; without it, as soon as may be
draft: true                          # remove this line when it may go out
---
Write **Markdown** here. `briefbot check` says what would go wrong,
`briefbot plan` what goes out when.
"""


@click.command()
@click.argument("directory", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option("--chain", default="steem", show_default=True, help="Where its briefs go.")
@click.option("--author", help="The account that posts.")
def init(directory: Path, chain: str, author: str | None) -> None:
    """Write what a workspace needs into DIR; overwrite nothing.

    That is config/briefbot.toml, .env.example, .gitignore and a first brief.
    """
    for name, text in _files(chain, author).items():
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
    _warn_of_secrets(directory / ".gitignore")
    named = "" if author else "name your account in config/briefbot.toml, "
    terminal.tell(
        f"Next: {named}copy .env.example to .env and put the posting key there, then run "
        "`briefbot doctor`."
    )


def _files(chain: str, author: str | None) -> dict[str, str]:
    """What is written, by path.

    Raises:
        click.UsageError: there can be no such account or chain.
    """
    try:
        account = keys.account(author) if author is not None else None
    except keys.BadValue as error:
        raise click.UsageError(f"--author: {error}") from None
    if not CHAIN.fullmatch(chain):
        raise click.UsageError("--chain: expected a chain's name: letters, digits, - and _")
    variable = key_variable(account or "alice")
    table = f"[author.{account}]" if account and "." not in account else f'[author."{account}"]'
    own = f"{table}\n# its posting key, in .env: {variable}"
    line = f'chain = "{chain}" '
    return {
        "config/briefbot.toml": CONFIG.format(
            chain=f"{line:<37}", author=own if account else AUTHOR
        ),
        ".env.example": ENVIRONMENT.format(variable=variable, author=account or "alice"),
        ".gitignore": IGNORED,
        f"posts/{SAMPLE_NAME}": SAMPLE,
    }


def ready_sample() -> str:
    """The first brief without the line that makes it a draft."""
    return "".join(
        line for line in SAMPLE.splitlines(keepends=True) if not line.startswith("draft:")
    )


def _warn_of_secrets(ignored: Path) -> None:
    """Say so where a .gitignore that was there already lets keys into a repository."""
    try:
        lines = ignored.read_text(encoding="utf-8", errors="replace").split()
    except OSError:
        return
    if not {".env", "/.env", ".env*", "*.env"} & set(lines):
        terminal.tell(
            f"{ignored} doesn't name .env: add it, so that no key is committed", error=True
        )
