"""`briefbot config`: the settings, where each comes from, and what is wrong with them."""

import click

from bot import app
from bot.cli import terminal
from bot.config import ConfigError, load
from bot.reports.settings import Origin, Setting, settings


@click.group()
def config() -> None:
    """Look at the settings."""


@config.command()
@click.option("--origin", is_flag=True, help="Also where each value comes from.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with the origin.")
@click.pass_context
def show(ctx: click.Context, *, origin: bool, as_json: bool) -> None:
    """Show each setting with the value that holds; secrets are masked."""
    found = list(settings(load(ctx.obj["config_file"])))
    if as_json:
        terminal.tell_json_lines(
            {"setting": one.name, "value": one.value, "origin": one.origin, "where": one.where}
            for one in found
        )
    elif terminal.is_read_by_a_person():
        columns = ("setting", "value", "origin") if origin else ("setting", "value")
        rows = [
            [terminal.Cell(cell) for cell in (one.name, _value(one), _origin(one))[: len(columns)]]
            for one in found
        ]
        terminal.tell_table(terminal.Table(columns, rows, wide="value"))
    else:
        for one in found:
            terminal.tell(f"{one.name} = {_value(one)}" + (f"  # {_origin(one)}" if origin else ""))


@config.command()
@click.pass_context
def check(ctx: click.Context) -> None:
    """Read all settings, keys and addresses as the service would, and tell what is wrong.

    Nothing is asked and nothing is made: `doctor` looks at nodes, accounts and the database.

    Exits with 2 when something is wrong.
    """
    try:
        faults = list(app.faults(ctx.obj["config_file"]))
    except ConfigError as error:
        faults = [str(error)]
    for fault in faults:
        terminal.tell(fault)
    if not faults:
        terminal.tell("the configuration can be used")
    ctx.exit(ConfigError.exit_code if faults else 0)


def _value(one: Setting) -> str:
    if one.value is None:
        return "(missing)" if one.origin is Origin.NOWHERE else "(none)"
    return terminal.json_text(one.value)


def _origin(one: Setting) -> str:
    return f"{one.origin.value}: {one.where}" if one.where else one.origin.value
