"""`briefbot keep`: which text stays where the chain's and the brief's went different ways."""

import click

from bot import app
from bot.chain.protocol import Content
from bot.cli import terminal
from bot.cli.naming import briefs, name_of
from bot.clock import utc_now
from bot.config import load
from bot.records import Publication
from bot.service import actions


@click.command()
@click.argument("which", type=click.Choice(["chain", "brief"]))
@click.argument("brief", shell_complete=briefs)
@click.pass_context
def keep(ctx: click.Context, which: str, brief: str) -> None:
    """Decide about an edit that is held because the post was changed on the chain by other means.

    `keep brief` sends the brief's text, over what stands on the chain. `keep chain` writes the
    chain's text into the brief's file; the file as it was stays beside it, with a ~ after its name.
    """
    config = load(ctx.obj["config_file"])

    def content_of(row: Publication) -> Content | None:
        with app.chain(app.profiles(config)[row.chain], app.http(config)) as chain:
            return chain.agreed_content(row.author, row.permlink)

    with app.records(config) as records, app.view(config) as view:
        desk = app.desk(config, records, view.composer)
        name = name_of(config, brief)
        result = actions.keep(records, name, actions.Side(which), desk, content_of, utc_now())
    if not result.done and not result.refused:
        raise click.ClickException(f"no edit of {brief} is held; see `briefbot log`")
    for row in result.done:
        terminal.tell(f"{row.brief}: {row.status.value} on {row.chain}, with the {which}'s text")
    for refused in result.refused:
        terminal.tell(f"{refused.publication.brief}: {refused.reason}", error=True)
    if result.refused:
        ctx.exit(1)
