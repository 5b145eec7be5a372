"""`briefbot plan`: what goes out next, when, and why, or why not."""

from dataclasses import fields

import click

from bot import app
from bot.cli import terminal
from bot.cli.times import told
from bot.clock import utc_now
from bot.config import load
from bot.reports.log import instant
from bot.reports.plan import Step, steps


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, what moves first.")
@click.pass_context
def plan(ctx: click.Context, *, as_json: bool) -> None:
    """Show what the service would do next, when, and why; and what it won't do, and why not."""
    config = load(ctx.obj["config_file"])
    now = utc_now()
    with app.view(config, strict=True) as view:
        planned = steps(view, now)
    if as_json:
        terminal.tell_json_lines(_as_json(step) for step in planned)
    elif planned:
        _print(planned, config.timezone)
    else:
        terminal.tell(f"Nothing to do: every brief in {config.posts} is published.")


def _as_json(step: Step) -> dict[str, object]:
    told = {field.name: getattr(step, field.name) for field in fields(step)}
    return told | {"when": instant(step.when)}


def _print(planned: list[Step], timezone: str) -> None:
    if not terminal.is_read_by_a_person():
        for step in planned:
            when = told(step.when, timezone) or "-"
            terminal.tell(f"{when}  {step.state}  {step.brief}  {step.why}")
        return
    rows = [
        [
            terminal.Cell(told(step.when, timezone)),
            terminal.Cell(step.state),
            terminal.Cell(step.brief, notes=[step.why]),
        ]
        for step in planned
    ]
    terminal.tell_table(terminal.Table(("when", "state", "brief"), rows, wide="brief"))
