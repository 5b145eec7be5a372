"""`briefbot user`: who may use the dashboard."""

import sys

import click

from bot import app
from bot.cli import terminal
from bot.cli.times import told
from bot.clock import utc_now
from bot.config import load
from bot.records.people import BadName, People, Role, name_of
from bot.reports.log import instant
from bot.web.passwords import LONGEST, SHORTEST, BadPassword, Passwords, check, spelled

_MOST_BYTES = 4 * LONGEST + 2
_ROLES = click.Choice([role.value for role in Role])


@click.group()
def user() -> None:
    """Say who may use the dashboard, and as what.

    A reader looks, an editor changes briefs and what becomes of them, an admin looks after the
    users, too. Passwords are asked for, or read from standard input; docs/dashboard.md.
    """


@user.command()
@click.argument("name")
@click.option("--role", type=_ROLES, default=Role.EDITOR.value, show_default=True)
@click.pass_context
def add(ctx: click.Context, name: str, role: str) -> None:
    """Add the user NAME; the password is asked for."""
    kept = _name(ctx, name)
    config = load(ctx.obj["config_file"])
    with app.records(config) as records:
        people = People(records)
        hashed = Passwords().hashed(_password(kept))
        people.add(kept, Role(role), hashed, utc_now())
    terminal.tell(f"{kept} may sign in as {role}")


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def list_users(ctx: click.Context, *, as_json: bool) -> None:
    """List the users, with their sessions and tokens."""
    config = load(ctx.obj["config_file"])
    with app.records(config) as records:
        people, now = People(records), utc_now()
        for one in people.all():
            sessions, tokens = people.sessions(one.name, now), people.tokens(one.name)
            if as_json:
                terminal.tell_json(
                    {
                        "name": one.name,
                        "role": one.role.value,
                        "created_at": instant(one.created_at),
                        "changed_at": instant(one.changed_at),
                        "sessions": len(sessions),
                        "seen_at": instant(sessions[0].seen_at) if sessions else None,
                        "tokens": [
                            {
                                "name": token.name,
                                "created_at": instant(token.created_at),
                                "used_at": instant(token.used_at),
                            }
                            for token in tokens
                        ],
                    }
                )
                continue
            seen = f", seen {told(sessions[0].seen_at, config.timezone)}" if sessions else ""
            since = told(one.created_at, config.timezone)
            terminal.tell(f"{one.name}: {one.role}, since {since}, {len(sessions)} sessions{seen}")
            for token in tokens:
                used = told(token.used_at, config.timezone) if token.used_at else "never"
                terminal.tell(f"    token {token.name}: last used {used}")


@user.command()
@click.argument("name")
@click.argument("role", type=_ROLES)
@click.pass_context
def role(ctx: click.Context, name: str, role: str) -> None:
    """Give the user NAME another role; it holds at once."""
    kept = _name(ctx, name)
    with app.records(load(ctx.obj["config_file"])) as records:
        People(records).set_role(kept, Role(role), utc_now())
    terminal.tell(f"{kept} is {role} now")


@user.command()
@click.argument("name")
@click.pass_context
def password(ctx: click.Context, name: str) -> None:
    """Give the user NAME another password, and end the user's sessions."""
    kept = _name(ctx, name)
    with app.records(load(ctx.obj["config_file"])) as records:
        people = People(records)
        people.user(kept)
        hashed = Passwords().hashed(_password(kept))
        people.set_password(kept, hashed, utc_now())
    terminal.tell(f"{kept} has a new password, and is signed in nowhere")


@user.command()
@click.argument("name")
@click.pass_context
def remove(ctx: click.Context, name: str) -> None:
    """Take the user NAME away, with all sessions and tokens."""
    kept = _name(ctx, name)
    with app.records(load(ctx.obj["config_file"])) as records:
        people = People(records)
        people.remove(kept)
        is_empty = not people.anybody()
    terminal.tell(f"{kept} is no user any more")
    if is_empty:
        terminal.tell("there are no users now: whoever is at this machine may do everything")


@user.command()
@click.argument("name")
@click.option("--for", "label", default="from the command line", help="What it is for.")
@click.pass_context
def token(ctx: click.Context, name: str, label: str) -> None:
    """Make a token by which a program acts for the user NAME, and print it: only this once."""
    kept = _name(ctx, name)
    with app.records(load(ctx.obj["config_file"])) as records:
        terminal.tell(People(records).add_token(kept, label, utc_now()), verbatim=True)


@user.command()
@click.argument("name")
@click.pass_context
def revoke(ctx: click.Context, name: str) -> None:
    """End all sessions and tokens of the user NAME."""
    kept = _name(ctx, name)
    with app.records(load(ctx.obj["config_file"])) as records:
        sessions, tokens = People(records).revoke(kept)
    terminal.tell(f"{sessions} sessions and {tokens} tokens of {kept} have ended")


def _name(ctx: click.Context, text: str) -> str:
    try:
        return name_of(text)
    except BadName as error:
        raise click.UsageError(str(error), ctx) from None


def _password(name: str) -> str:
    """A password that is typed twice and not shown, or the first line of standard input."""
    if not sys.stdin.isatty():
        line = sys.stdin.buffer.readline(_MOST_BYTES)
        try:
            return line.decode("utf-8").removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            raise BadPassword("the password on standard input isn't UTF-8") from None
    terminal.tell(f"{SHORTEST} characters or more; several words are good", error=True)
    typed = terminal.ask_secret(f"Password of {name}")
    check(spelled(typed))
    if terminal.ask_secret("Once more") != typed:
        raise BadPassword("the password was typed in two ways; do it once more")
    return typed
