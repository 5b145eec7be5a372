"""`briefbot reblog`: somebody else's post, shown to an author's readers."""

from contextlib import suppress

import click

from bot import app
from bot.briefs import keys
from bot.cli.carry import carried
from bot.cli.logging import quiet_log
from bot.cli.naming import authors, briefs, name_of
from bot.clock import utc_now
from bot.config import Settings, load
from bot.records import Kind, Records, Status
from bot.records.naming import Address
from bot.service import actions

PUBLISHED = {Status.INCLUDED, Status.FINAL}


@click.command()
@click.argument("post", metavar="@AUTHOR/PERMLINK|BRIEF", shell_complete=briefs)
@click.option(
    "--author", shell_complete=authors, help="Who reblogs [default: the configured author]."
)
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
    """Reblog a post, once.

    It is named by @AUTHOR/PERMLINK, its address in the browser, or, if it is one of yours, as its
    brief is.
    """
    config = load(ctx.obj["config_file"])
    name = chain or config.chain
    who = author or config.default_author
    if who is None:
        raise click.UsageError("no author: give --author, or set one under [defaults]")
    if name not in app.profiles(config):
        raise click.UsageError(f"{name} is no configured chain")
    with app.records(config) as records:
        owner, permlink = _address(config, records, post, name)
        row = actions.reblog(records, name, who, owner, permlink, utc_now())
        service = app.service(config, records, utc_now, quiet_log())
        if not carried(service, [row], wait, config.timezone):
            ctx.exit(1)


def _address(config: Settings, records: Records, post: str, chain: str) -> tuple[str, str]:
    """(author, permlink) of what is to be shown: a post of anybody, or a brief's."""
    address = Address.of(post)
    if address and address.permlink:
        with suppress(keys.BadValue):
            return keys.post(f"@{address.author}/{address.permlink}")
    rows = [row.publication for row in records.find(name_of(config, post))]
    for row in reversed(rows):
        if row.chain == chain and row.kind is not Kind.REBLOG and row.status in PUBLISHED:
            return row.author, row.permlink
    raise click.UsageError(f"{post!r}: expected @author/permlink, or a brief published on {chain}")
