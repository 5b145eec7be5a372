"""`briefbot pull`: an account's posts from the chain, as briefs."""

from collections import Counter
from pathlib import Path, PurePath
from typing import Literal

import click

from bot import app
from bot.cli import terminal
from bot.config import load
from bot.intake.pull import Pulled, posts_of

Outcome = Literal["written", "kept", "refused"]


@click.command()
@click.argument("account", metavar="@ACCOUNT")
@click.option("--chain", help="From where [default: the configured chain].")
@click.option("--replies", is_flag=True, help="Its replies too.")
@click.pass_context
def pull(ctx: click.Context, account: str, chain: str | None, *, replies: bool) -> None:
    """Write an account's posts as briefs into the queue; files that are there are left alone.

    Their front matter is complete: publishing them sends nothing, changing them edits the posts.
    """
    config = load(ctx.obj["config_file"])
    profiles = app.profiles(config)
    name = chain or config.chain
    if name not in profiles:
        raise click.UsageError(f"{name} is no configured chain")
    outcomes: Counter[Outcome] = Counter()
    with app.chain(profiles[name], app.http(config)) as asked:
        author = account.removeprefix("@")
        if asked.account(author) is None:
            raise click.ClickException(f"there is no account {author} on {name}")
        for post in posts_of(asked, author, replies=replies):
            outcome, reason = _written(config.posts, post)
            terminal.tell(f"{outcome:<7}  {config.posts / post.path}{reason}")
            outcomes[outcome] += 1
    told = f"{outcomes['written']} briefs written, {outcomes['kept']} files kept"
    if outcomes["refused"]:
        told += f", {outcomes['refused']} refused"
    terminal.tell(told, error=True)
    if outcomes["refused"]:
        ctx.exit(1)


def _written(posts: Path, post: Pulled) -> tuple[Outcome, str]:
    """Make the post's file, and say what became of it; nothing is written over or elsewhere."""
    file = posts / post.path
    try:
        data = post.text.encode()
    except UnicodeEncodeError:
        return "refused", ": the chain's text is no Unicode, which no file can hold"
    if any((posts / folder).is_symlink() for folder in list(PurePath(post.path).parents)[:-1]):
        return "refused", ": a folder on its way is a link, which the queue doesn't follow"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as opened:
            opened.write(data)
    except FileExistsError:
        if not file.is_file():
            return "refused", ": something else stands there or on its way; rename that"
        return "kept", "" if file.read_bytes() == data else " (differs from the chain)"
    except OSError as error:
        return "refused", f": {error.strerror}"
    return "written", ""
