"""`briefbot plan`: what goes out next, when, and why, or why not."""

import json
from dataclasses import asdict

import click

from bot.briefs import Queue
from bot.cli import workspace
from bot.publishing.plan import Step, steps
from bot.publishing.report import instant


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, what moves first.")
@click.pass_context
def plan(ctx: click.Context, *, as_json: bool) -> None:
    """Show what the service would do next, when, and why; and what it won't do, and why not."""
    config = workspace.settings(ctx)
    now = workspace.utc_now()
    composer = workspace.composer(config)
    entries = Queue(config.posts, timezone=config.timezone).look()
    known = workspace.latest(config)
    planned = steps(entries, composer, known, now, edits=config.edits != "off")
    if as_json:
        for step in planned:
            click.echo(json.dumps(asdict(step) | {"when": instant(step.when)}, ensure_ascii=False))
    elif planned:
        _print(planned, config.timezone)
    else:
        click.echo(f"Nothing to do: every brief in {config.posts} is published.")


def _print(planned: list[Step], timezone: str) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    from bot.cli.table import local  # noqa: PLC0415

    console = Console(highlight=False)
    if not console.is_terminal:
        for step in planned:
            when = local(step.when, timezone) or "-"
            click.echo(f"{when}  {step.state}  {step.brief}  {step.why}")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("when", "state", "brief"):
        table.add_column(column)
    table.add_column("why", overflow="fold", ratio=1)
    for step in planned:
        table.add_row(local(step.when, timezone), step.state, step.brief, step.why)
    console.print(table)
