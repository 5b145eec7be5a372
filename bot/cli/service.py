"""`briefbot service`: let systemd run it."""

import getpass
import os

import click

from bot.cli import terminal
from bot.cli.run import run
from bot.config import load
from bot.service.unit import Standing, Unit, UnitError, text_of

for_user = click.option(
    "--user", "for_user", is_flag=True, help="A service of your own; needs no root."
)
named = click.option(
    "--name", default="briefbot", show_default=True, help="The unit's, where there are several."
)
WELL, NEEDS_A_PERSON, NOT_RUNNING = 0, 1, 3


@click.group()
def service() -> None:
    """Let systemd start it at boot, watch it and start it anew; docs/operations.md."""


@service.command()
@for_user
@named
@click.option("--dry-run", is_flag=True, help="Print the unit, and write nothing.")
@click.argument("options", nargs=-1, metavar="[-- OPTIONS OF run]", type=click.UNPROCESSED)
@click.pass_context
def install(
    ctx: click.Context, name: str, options: tuple[str, ...], *, for_user: bool, dry_run: bool
) -> None:
    """Write a systemd unit that runs this workspace, and say how it is started.

    It runs as whom the workspace belongs to, may write into it and nowhere else, and takes its
    secrets from /etc/credstore, /etc/credstore.encrypted or .env. Options of `briefbot run` stand
    behind two dashes:

    \b
      briefbot service install -- --web 8080 --health 8086
    """  # noqa: D301  # click's mark for text that keeps its lines
    unit = Unit(name, for_user)
    if not for_user and not dry_run:
        _as_root(unit)
    if run.make_context("briefbot run", list(options)).params["once"]:
        raise click.UsageError("a service that ends after one round (--once) is none", ctx)
    text = text_of(load(ctx.obj["config_file"]), options, for_user=for_user)
    if dry_run:
        for line in text.splitlines():
            terminal.tell(line, verbatim=True)
        return
    is_new = not unit.write(text)
    terminal.tell(f"written  {unit.file}")
    _tell_what_it_wont_see()
    systemctl = "systemctl --user" if for_user else "systemctl"
    if not unit.is_watched:
        terminal.tell("systemd doesn't run here: it reads the unit where it does")
    if is_new:
        terminal.tell(f"Next: `{systemctl} enable --now {name}` starts it, and with the machine.")
    else:
        terminal.tell(f"Next: `{systemctl} restart {name}`, if it runs.")
    if is_new and for_user:
        terminal.tell(
            f"Then: `sudo loginctl enable-linger {getpass.getuser()}`, or it ends when you log out."
        )
    flag = " --user" if for_user else ""
    terminal.tell(
        f"How it fares: `briefbot service status{flag}`; its log: `journalctl{flag} --unit {name}`."
    )


@service.command()
@for_user
@named
def uninstall(name: str, *, for_user: bool) -> None:
    """Stop the service and remove its unit; workspace and database stay as they are."""
    unit = Unit(name, for_user)
    if not for_user:
        _as_root(unit)
    unit.remove()
    terminal.tell(f"removed  {unit.file}")


@service.command()
@for_user
@named
@click.pass_context
def status(ctx: click.Context, name: str, *, for_user: bool) -> None:
    """Say what systemd knows of the service; `briefbot status` tells of what it publishes.

    Exits with 0 when it runs, with 1 when it has failed, and with 3 when it doesn't run.
    """
    unit = Unit(name, for_user)
    if not unit.is_watched:
        there = f"{unit.file} waits for it" if unit.file.exists() else "and no unit is installed"
        terminal.tell(f"systemd doesn't run here, {there}; see `briefbot status`")
        ctx.exit(NOT_RUNNING)
    standing = unit.standing()
    if standing is None:
        flag = " --user" if for_user else ""
        terminal.tell(f"there is no {unit.file}: `briefbot service install{flag}` writes it")
        ctx.exit(NOT_RUNNING)
    for line in _lines(standing):
        terminal.tell(line)
    ctx.exit(_exit_code(standing))


def _lines(standing: Standing) -> list[str]:
    state = f"{standing.active} ({standing.detail})"
    since = f" since {standing.since}" if standing.since else ""
    boot = "starts" if standing.enabled == "enabled" else "doesn't start"
    lines = [f"{state}{since if standing.active == 'active' else ''}; it {boot} with the machine"]
    if standing.process:
        failures = "1 failure" if standing.restarts == 1 else f"{standing.restarts} failures"
        anew = f"; started anew after {failures}" if standing.restarts else ""
        lines.append(f"process {standing.process}{anew}")
        lines.append(f"it says: {standing.status}")
    if standing.result != "success":
        lines.append(f"it has failed: {standing.result}; its log says why")
    return lines


def _exit_code(standing: Standing) -> int:
    if standing.active in {"active", "reloading"}:
        return WELL
    return NEEDS_A_PERSON if standing.active in {"failed", "activating"} else NOT_RUNNING


def _as_root(unit: Unit) -> None:
    """Raises `UnitError` for who may not write it."""
    if os.geteuid() != 0:
        raise UnitError(
            f"only root may write {unit.file.parent}: use sudo, or --user for a service of your own"
        )


def _tell_what_it_wont_see() -> None:
    """Variables of this shell are none of the service's."""
    ours = sorted(name for name in os.environ if name.startswith("BRIEFBOT_"))
    if ours := [name for name in ours if name != "BRIEFBOT_CONFIG"]:
        terminal.tell(
            f"The service won't see {', '.join(ours)} of this shell: put it into .env", error=True
        )
