"""`briefbot show`: one publication whole."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import unified_diff
from typing import Any

import click

from bot import app
from bot.chain.codec import comment_in
from bot.cli import terminal
from bot.cli.naming import briefs, name_of, nothing_recorded
from bot.cli.times import told as at
from bot.config import Settings, load
from bot.records import Attempt, Event, LogRow, Publication
from bot.reports.log import whole


@click.command()
@click.argument("which", metavar="BRIEF|@AUTHOR/PERMLINK|TRX_ID", shell_complete=briefs)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--difference", is_flag=True, help="Between the chain's text and the brief's.")
@click.pass_context
def show(ctx: click.Context, which: str, *, as_json: bool, difference: bool) -> None:
    """Show one publication whole: attempts, events, results."""
    config = load(ctx.obj["config_file"])
    with app.records(config) as records:
        rows = records.find(name_of(config, which))
        if not rows:
            raise nothing_recorded(config, which)
        if difference:
            _show_differences(config, [row.publication for row in rows])
            return
        for row in rows:
            publication = row.publication
            attempts, events = records.attempts(publication.id), records.events(publication.id)
            told = whole(row, attempts, events)
            if as_json:
                terminal.tell_json(told, 2)
            else:
                _tell(row, told, attempts, events, config.timezone)


def _tell(
    row: LogRow,
    told: Mapping[str, Any],
    attempts: Iterable[Attempt],
    events: Iterable[Event],
    timezone: str,
) -> None:
    """One publication for a person; its times as `log` and `plan` have them."""
    for key, value in told.items():
        if key in {"attempts", "events"} or value in (None, "", []):
            continue
        moment = getattr(row.publication, key, None) if key.endswith("_at") else None
        shown = at(moment, timezone) if moment else value
        shown = ", ".join(shown) if isinstance(shown, list) else shown
        terminal.tell(f"{key.replace('_', ' '):>15}  {shown}")
    for attempt in attempts:
        terminal.tell(
            f"{f'attempt {attempt.number}':>15}  {attempt.trx_id} {attempt.outcome}"
            f", signed {at(attempt.signed_at, timezone)}, sent {attempt.sends}x"
            + (f": {attempt.error}" if attempt.error else "")
        )
    for event in events:
        source = event.source.value if event.source else "·"
        terminal.tell(
            f"{at(event.at, timezone):>20}  {source} → {event.target.value}: {event.reason}"
        )


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
            terminal.tell(line, verbatim=True)
