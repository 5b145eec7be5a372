"""`briefbot notify`: the ways on which news are told."""

import click

from bot import app
from bot.cli import terminal
from bot.clock import utc_now
from bot.config import ConfigError, load
from bot.errors import BotError
from bot.news.message import trial
from bot.news.ways import NotTold

FAILED, UNREACHED = 1, 3


@click.group()
def notify() -> None:
    """Try the ways on which news are told; docs/news.md."""


@notify.command()
@click.argument("way", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def test(ctx: click.Context, way: str | None, *, as_json: bool) -> None:
    """Send a test on each way, or on WAY, and say what came of it.

    Exits with 1 when a receiver didn't take it, with 2 when a way can't be used as it is
    configured, and with 3 when a receiver can't be reached.
    """
    config = load(ctx.obj["config_file"])
    ways = config.news_ways()
    if not ways and way is None:
        raise ConfigError(
            "no way for news is configured: put BRIEFBOT_NEWS_NAME=ADDRESS into .env (docs/news.md)"
        )
    if way is not None and way not in ways:
        raise click.UsageError(f"there is no way {way}; there are {', '.join(ways) or 'none'}", ctx)
    worst = 0
    message = trial(utc_now())
    for name in [way] if way else ways:
        told, code = "the receiver has it", 0
        try:
            app.way(config, name).send(message)
        except NotTold as error:
            told, code = str(error), FAILED if error.reached else UNREACHED
        except BotError as error:
            told, code = str(error), error.exit_code
        worst = max(worst, code)
        if as_json:
            terminal.tell_json({"way": name, "told": not code, "message": told, "exit_code": code})
        else:
            mark = ("fail", "red") if code else ("ok  ", "green")
            terminal.tell(f"{name}: {told}", mark=mark)
    ctx.exit(worst)
