"""`briefbot reblog`: somebody else's post, shown to an author's readers."""

import click

from bot import app
from bot.briefs import keys
from bot.cli.carry import carried
from bot.cli.logging import quiet_log
from bot.clock import utc_now
from bot.config import load
from bot.service import actions


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
    config = load(ctx.obj["config_file"])
    name = chain or config.chain
    who = author or config.default_author
    if who is None:
        raise click.UsageError("no author: give --author, or set one under [defaults]")
    if name not in app.profiles(config):
        raise click.UsageError(f"{name} is no configured chain")
    try:
        owner, permlink = keys.post(post)
    except keys.BadValue:
        raise click.UsageError(f"{post!r}: expected @author/permlink") from None
    with app.records(config, create=True) as records:
        row = actions.reblog(records, name, who, owner, permlink, utc_now())
        service = app.service(config, records, utc_now, quiet_log())
        if not carried(service, [row], wait):
            ctx.exit(1)
