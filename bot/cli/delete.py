"""`briefbot delete`: a published post, taken off the chain again."""

import click

from bot import app
from bot.cli import terminal
from bot.cli.carry import carried
from bot.cli.logging import quiet_log
from bot.cli.naming import briefs, name_of
from bot.clock import utc_now
from bot.config import load
from bot.service import actions


@click.command()
@click.argument("which", metavar="BRIEF|@AUTHOR/PERMLINK", shell_complete=briefs)
@click.option("--yes", is_flag=True, help="Don't ask.")
@click.option(
    "--wait",
    type=click.Choice(["included", "final"]),
    help="Return when it is in a block, or irreversible.",
)
@click.pass_context
def delete(ctx: click.Context, which: str, wait: str | None, *, yes: bool) -> None:
    """Delete a published post, on every chain where it stands.

    The chain refuses it once the post has replies or has been voted up. The brief's file stays in
    the queue and isn't published again; changing it doesn't bring the post back.
    """
    config = load(ctx.obj["config_file"])
    with app.records(config) as records:
        published = actions.deletable(records, name_of(config, which))
        if not published:
            raise click.ClickException(f"{which} isn't published; see `briefbot log`")
        if not yes:
            for row in published:
                where = f"@{row.author}/{row.permlink} on {row.chain}"
                terminal.confirm(f"Delete {where} ({row.title})?")
        result = actions.delete(records, published, utc_now())
        for refused in result.refused:
            terminal.tell(f"{refused.publication.brief}: {refused.reason}", error=True)
        service = app.service(config, records, utc_now, quiet_log())
        if not carried(service, result.done, wait, config.timezone) or result.refused:
            ctx.exit(1)
