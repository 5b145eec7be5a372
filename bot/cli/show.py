"""`briefbot show`: one publication whole."""

import json
from collections.abc import Sequence
from difflib import unified_diff

import click

from bot.cli import workspace
from bot.config import Settings
from bot.publishing.edits import comment_of
from bot.publishing.report import instant, whole
from bot.records import LogRow, Publication, Records


@click.command()
@click.argument("which", metavar="BRIEF|@AUTHOR/PERMLINK|TRX_ID")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--difference", is_flag=True, help="Between the chain's text and the brief's.")
@click.pass_context
def show(ctx: click.Context, which: str, *, as_json: bool, difference: bool) -> None:
    """Show one publication whole: attempts, events, results."""
    config = workspace.settings(ctx)
    with workspace.records(config) as records:
        rows = find(records, which)
        if not rows:
            raise click.ClickException(f"nothing is recorded for {which}; see `briefbot log`")
        if difference:
            _show_differences(config, [row.publication for row in rows])
            return
        for row in rows:
            publication = row.publication
            told = whole(row, records.attempts(publication.id), records.events(publication.id))
            if as_json:
                click.echo(json.dumps(told, ensure_ascii=False, indent=2))
                continue
            for key, value in told.items():
                if key not in {"attempts", "events"} and value not in (None, "", []):
                    shown = ", ".join(value) if isinstance(value, list) else value
                    click.echo(f"{key.replace('_', ' '):>15}  {shown}")
            for attempt in records.attempts(publication.id):
                click.echo(
                    f"{'attempt ' + str(attempt.number):>15}  {attempt.trx_id} {attempt.outcome}"
                    f", signed {instant(attempt.signed_at)}, sent {attempt.sends}x"
                    + (f": {attempt.error}" if attempt.error else "")
                )
            for event in records.events(publication.id):
                source = event.source.value if event.source else "·"
                at = f"{instant(event.at) or '':>15}"
                click.echo(f"{at}  {source} → {event.target.value}: {event.reason}")


def _show_differences(config: Settings, rows: Sequence[Publication]) -> None:
    """What would change on each chain if the brief's text went out, as a unified diff."""
    for row in {row.chain: row for row in rows if comment_of(row)}.values():
        profile = workspace.profiles(config)[row.chain]
        with workspace.chain(profile, workspace.http(config)) as chain:
            content = chain.content(row.author, row.permlink)
        wanted = comment_of(row)
        theirs = [content.title, "", *content.body.splitlines()] if content else []
        ours = [wanted["title"], "", *wanted["body"].splitlines()]
        where = f"@{row.author}/{row.permlink} on {row.chain}"
        for line in unified_diff(theirs, ours, where, row.path or row.brief, lineterm=""):
            click.echo(line)


def find(records: Records, which: str) -> tuple[LogRow, ...]:
    """Publications by brief (id or path), `@author/permlink`, or transaction id."""
    if which.startswith("@"):
        author, _, permlink = which.removeprefix("@").partition("/")
        return records.log(author=author, permlink=permlink)
    if len(which) == 40 and not set(which) - set("0123456789abcdef"):  # noqa: PLR2004
        return records.log(trx_id=which)
    return records.log(brief=which) or records.log(path=which)
