"""`briefbot pull`: an account's posts from the chain, as briefs."""

import click

from bot.cli import workspace
from bot.publishing.pull import posts_of


@click.command()
@click.argument("account", metavar="@ACCOUNT")
@click.option("--chain", help="From where [default: the configured chain].")
@click.option("--replies", is_flag=True, help="Its replies too.")
@click.pass_context
def pull(ctx: click.Context, account: str, chain: str | None, *, replies: bool) -> None:
    """Write an account's posts as briefs into the queue; files that are there are left alone.

    Their front matter is complete: publishing them sends nothing, changing them edits the posts.
    """
    config = workspace.settings(ctx)
    profiles = workspace.profiles(config)
    name = chain or config.chain
    if name not in profiles:
        raise click.UsageError(f"{name} is no configured chain")
    wrote = kept = 0
    with workspace.chain(profiles[name], workspace.http(config)) as asked:
        author = account.removeprefix("@")
        if asked.account(author) is None:
            raise click.ClickException(f"there is no account {author} on {name}")
        for post in posts_of(asked, author, replies=replies):
            file = config.posts / post.path
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                with file.open("x", encoding="utf-8", newline="") as opened:
                    opened.write(post.text)
            except OSError as error:
                if not file.is_file():
                    raise click.ClickException(f"can't write {file}: {error.strerror}") from None
                kept += 1
                same = file.read_bytes() == post.text.encode()
                click.echo(f"kept     {file}" + ("" if same else " (differs from the chain)"))
            else:
                wrote += 1
                click.echo(f"written  {file}")
    click.echo(f"{wrote} briefs written, {kept} files kept", err=True)
