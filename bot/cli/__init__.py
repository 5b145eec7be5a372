"""The commands: each parses, calls one function, prints."""

import difflib
import gc
import importlib

import click

COMMANDS = {
    "demo": "publish the sample briefs on a chain of its own and show the log",
    "init": "write a configuration, an .env.example and a first brief",
    "new": "a new brief in the queue",
    "check": "findings in the briefs: what would be refused or would surprise",
    "preview": "a brief as its readers will see it",
    "plan": "what goes out next, when, and why (or why not)",
    "slots": "the next slots that are free",
    "rehearse": "play the plan on chains of its own, and compare what went out",
    "reschedule": "give a brief another date, in its file",
    "swap": "let two briefs go out at each other's time",
    "publish": "publish briefs now, in one shot",
    "run": "the service: scan, publish, follow, record",
    "web": "the dashboard: see it, move it, answer it",
    "log": "the publication log",
    "show": "one publication whole: attempts, events, results",
    "prices": "what coins are worth, by whose word, and since when",
    "results": "what came of posts: votes, replies, payouts, in sums",
    "hold": "keep a brief back until it is released",
    "release": "let a held brief go out again",
    "retry": "try a rejected brief again",
    "cancel": "withdraw a brief that is not on the chain yet",
    "keep": "decide whose text stays, the chain's or the brief's",
    "delete": "take a published post off the chain again",
    "reblog": "show a post of somebody else to your readers",
    "pull": "an account's posts from the chain, as briefs",
    "export": "the records, whole, for other programs",
    "audit": "hold the records against the chain, and say what differs",
    "status": "is it alive: workers, what goes out next, what needs a person",
    "doctor": "check configuration, clock, database, node, accounts and keys",
    "service": "let systemd run it: install, uninstall, status",
    "config": "the settings: what each is and where it stands, what is wrong with them",
    "notify": "try the ways on which news are told",
    "devnet": "a local chain to point any Steem client at",
    "db": "the database: backup, restore, check, prune, move, upgrade",
    "user": "who may use the dashboard",
}
"""Every command and its line in `briefbot --help`; each lives in the module of its name."""

_MODULES = dict.fromkeys(("hold", "release", "retry", "cancel"), "steer") | dict.fromkeys(
    ("reschedule", "swap"), "reschedule"
)


class LazyGroup(click.Group):
    """A group that imports a command's module when that command is run, and not before.

    `briefbot --help` is typed more often than anything else; it must not wait for SQLAlchemy.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The commands in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the one command that is asked for."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"bot.cli.{_MODULES.get(cmd_name, cmd_name)}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; one that there isn't is told with those that it is like."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = difflib.get_close_matches(args[0], COMMANDS)
            if not near:
                raise
            told = f"{error.message} Did you mean {' or '.join(near)}?"
            raise click.UsageError(told, ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands from the table above, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _tell_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: ARG001, FBT001
    if not value:
        return
    from bot import __version__  # noqa: PLC0415
    from bot.cli import terminal  # noqa: PLC0415
    from bot.records.engine import VERSION  # noqa: PLC0415  # slow to import

    terminal.tell(f"briefbot {__version__}, schema {VERSION}")
    ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_tell_version,
    help="Show the version, and that of the database's schema.",
)
@click.option(
    "--config",
    "config_file",
    type=click.Path(dir_okay=False),
    envvar="BRIEFBOT_CONFIG",
    help="Configuration file [default: config/briefbot.toml, here or in a folder above].",
)
@click.option("--debug", is_flag=True, help="Show tracebacks of errors.")
@click.pass_context
def briefbot(ctx: click.Context, config_file: str | None, *, debug: bool) -> None:
    """Publish a folder of Markdown briefs to a Steem-style chain, exactly once."""
    if not gc.isenabled():  # the command is imported
        gc.freeze()
        gc.enable()
    ctx.obj = {"config_file": config_file, "debug": debug}
