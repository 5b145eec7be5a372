"""`briefbot log`: the publication log."""

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click

from bot.cli import terminal, workspace
from bot.cli.table import print_log
from bot.publishing.report import log_line
from bot.records import LogRow, NoDatabase, Records, Status


class Instant(click.ParamType[datetime]):
    """An ISO date or date and time; without a zone, in the configured one."""

    name = "time"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read it, or say how it is written."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time; write 2026-12-01 or 2026-12-01T09:00", param, ctx)
        if moment.tzinfo is None:
            assert ctx is not None
            moment = moment.replace(tzinfo=ZoneInfo(workspace.settings(ctx).timezone))
        return moment.astimezone(UTC)


@click.command()
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice([status.value for status in Status]),
    help="Only these; may be given several times.",
)
@click.option("--author", help="Only this account's.")
@click.option("--since", type=Instant(), help="Queued at or after this time.")
@click.option("--until", type=Instant(), help="Queued before this time.")
@click.option("--brief", help="Only this brief's.")
@click.option("--limit", type=click.IntRange(1), help="The newest N.")
@click.option("--follow", is_flag=True, help="Go on printing what changes, until interrupted.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, newest last.")
@click.pass_context
def log(
    ctx: click.Context,
    statuses: tuple[str, ...],
    author: str | None,
    since: datetime | None,
    until: datetime | None,
    brief: str | None,
    limit: int | None,
    *,
    follow: bool,
    as_json: bool,
) -> None:
    """Show the publication log: what went out, what came of it, and why something did not."""
    config = workspace.settings(ctx)

    def rows(records: Records) -> tuple[LogRow, ...]:
        return records.log(
            statuses=tuple(Status(status) for status in statuses),
            author=author,
            since=since,
            until=until,
            brief=brief,
            limit=limit,
        )

    try:
        records = workspace.records(config)
    except NoDatabase:
        _print((), as_json=as_json, timezone=config.timezone)
        return
    with records:
        shown = rows(records)
        _print(shown, as_json=as_json, timezone=config.timezone)
        while follow:
            time.sleep(1)
            latest = rows(records)
            if changed := [row for row in latest if row not in shown]:
                _print(changed, as_json=as_json, timezone=config.timezone)
            shown = latest


def _print(rows: tuple[LogRow, ...] | list[LogRow], *, as_json: bool, timezone: str) -> None:
    if as_json:
        for row in rows:
            terminal.tell_json(log_line(row))
    elif rows:
        print_log(rows, timezone)
    else:
        terminal.tell(
            "Nothing is recorded yet: `briefbot run` or `briefbot publish` starts it.", error=True
        )
