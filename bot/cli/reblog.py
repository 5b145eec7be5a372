"""`briefbot reblog`: somebody else's post, shown to an author's readers."""

import click

from bot.briefs import keys
from bot.cli import workspace
from bot.cli.carry import carried
from bot.cli.logging import quiet_log
from bot.publishing.edits import reblog_of
from bot.records import Conflict


@click.command()
@click.argument("post", metavar="@AUTHOR/PERMLINK")
@click.option("--author", help="Who reblogs [default: the configured author].")
@click.option("--chain", help="Where [default: the configured chain].")
@click.option(
    "--wait",
    type=click.Choice(["included", "final"]),
    help="Return when it is in a block, or irreversible.",
)
@click.pass_context
def reblog(
    ctx: click.Context, post: str, author: str | None, chain: str | None, wait: str | None
) -> None:
    """Reblog a post, once; a post's address in the browser will do."""
    config = workspace.settings(ctx)
    name = chain or config.chain
    who = author or config.default_author
    if who is None:
        raise click.UsageError("no author: give --author, or set one under [defaults]")
    if name not in workspace.profiles(config):
        raise click.UsageError(f"{name} is no configured chain")
    try:
        owner, permlink = keys.post(post)
    except keys.BadValue:
        raise click.UsageError(f"{post!r}: expected @author/permlink") from None
    with workspace.records(config, create=True) as records:
        try:
            row = records.add(reblog_of(name, who, owner, permlink), workspace.utc_now())
        except Conflict:
            raise click.ClickException(
                f"{who}'s reblog of @{owner}/{permlink} is queued already; see `briefbot log`"
            ) from None
        service = workspace.service(config, records, workspace.utc_now, quiet_log())
        if not carried(service, [row], wait):
            ctx.exit(1)
