"""`briefbot db`: the database."""

import click

from bot import app
from bot.cli import terminal
from bot.config import load


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
@click.pass_context
def upgrade(ctx: click.Context) -> None:
    """Make the database, or bring it to this version's schema; nothing in it is lost."""
    config = load(ctx.obj["config_file"])
    version = app.upgrade(config)
    terminal.tell(f"the database is at version {version}")
