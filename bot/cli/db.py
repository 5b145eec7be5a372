"""`briefbot db`: the database."""

import click

from bot.cli import terminal, workspace


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
@click.pass_context
def upgrade(ctx: click.Context) -> None:
    """Make the database, or bring it to this version's schema; nothing in it is lost."""
    config = workspace.settings(ctx)
    version = workspace.upgrade(config)
    terminal.tell(f"the database is at version {version}")
