"""`briefbot show`: one publication whole."""

from collections.abc import Sequence
from difflib import unified_diff

import click

from bot import app
from bot.chain.codec import comment_in
from bot.cli import terminal
from bot.config import Settings, load
from bot.records import Publication
from bot.reports.log import instant, whole


@click.command()
@click.argument("which", metavar="BRIEF|@AUTHOR/PERMLINK|TRX_ID")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--difference", is_flag=True, help="Between the chain's text and the brief's.")
@click.pass_context
def show(ctx: click.Context, which: str, *, as_json: bool, difference: bool) -> None:
    """Show one publication whole: attempts, events, results."""
    config = load(ctx.obj["config_file"])
    with app.records(config) as records:
        rows = records.find(which)
        if not rows:
            raise click.ClickException(f"nothing is recorded for {which}; see `briefbot log`")
        if difference:
            _show_differences(config, [row.publication for row in rows])
            return
        for row in rows:
            publication = row.publication
            told = whole(row, records.attempts(publication.id), records.events(publication.id))
            if as_json:
                terminal.tell_json(told, 2)
                continue
            for key, value in told.items():
                if key not in {"attempts", "events"} and value not in (None, "", []):
                    shown = ", ".join(value) if isinstance(value, list) else value
                    terminal.tell(f"{key.replace('_', ' '):>15}  {shown}")
            for attempt in records.attempts(publication.id):
                terminal.tell(
                    f"{'attempt ' + str(attempt.number):>15}  {attempt.trx_id} {attempt.outcome}"
                    f", signed {instant(attempt.signed_at)}, sent {attempt.sends}x"
                    + (f": {attempt.error}" if attempt.error else "")
                )
            for event in records.events(publication.id):
                source = event.source.value if event.source else "·"
                at = f"{instant(event.at) or '':>15}"
                terminal.tell(f"{at}  {source} → {event.target.value}: {event.reason}")


def _show_differences(config: Settings, rows: Sequence[Publication]) -> None:
    """What would change on each chain if the brief's text went out, as a unified diff."""
    for row in {row.chain: row for row in rows if comment_in(row.operations)}.values():
        profile = app.profiles(config)[row.chain]
        with app.chain(profile, app.http(config)) as chain:
            content = chain.content(row.author, row.permlink)
        wanted = comment_in(row.operations)
        theirs = [content.title, "", *content.body.split("\n")] if content else []
        ours = [wanted["title"], "", *wanted["body"].split("\n")]
        where = f"@{row.author}/{row.permlink} on {row.chain}"
        for line in unified_diff(theirs, ours, where, row.path or row.brief, lineterm=""):
            terminal.tell(line)
