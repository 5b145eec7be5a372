"""`briefbot delete`: a published post, taken off the chain again."""

import click

from bot.cli import terminal, workspace
from bot.cli.carry import carried
from bot.cli.logging import quiet_log
from bot.cli.show import find
from bot.publishing.edits import deletion_of
from bot.records import Conflict


@click.command()
@click.argument("which", metavar="BRIEF|@AUTHOR/PERMLINK")
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
    config = workspace.settings(ctx)
    with workspace.records(config) as records:
        names = {(row.publication.chain, row.publication.brief) for row in find(records, which)}
        rows = []
        for chain, brief in sorted(names):
            published = records.published(chain=chain, brief=brief).get((chain, brief))
            if published is None:
                continue
            where = f"@{published.author}/{published.permlink} on {chain}"
            if not yes:
                terminal.confirm(f"Delete {where} ({published.title})?")
            latest = records.log(chain=chain, brief=brief)[-1].publication
            plan = deletion_of(published, latest.fingerprint)
            try:
                rows.append(records.add(plan, workspace.utc_now(), after=latest))
            except Conflict:
                raise click.ClickException(
                    f"something else is to be done to {where} first; see `briefbot show {brief}`"
                ) from None
        if not rows:
            raise click.ClickException(f"{which} isn't published; see `briefbot log`")
        service = workspace.service(config, records, workspace.utc_now, quiet_log())
        if not carried(service, rows, wait):
            ctx.exit(1)
