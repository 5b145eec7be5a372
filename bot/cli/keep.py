"""`briefbot keep`: which text stays where the chain's and the brief's went different ways."""

import click

from bot import app
from bot.briefs import BriefError, Entry, read, rewrite
from bot.chain.protocol import Content
from bot.cli import terminal
from bot.cli.show import find
from bot.clock import utc_now
from bot.config import Settings, load
from bot.intake.composer import Composition
from bot.intake.edits import edit_of
from bot.records import Kind, Publication, Records, Status, text_digest


@click.command()
@click.argument("which", type=click.Choice(["chain", "brief"]))
@click.argument("brief")
@click.pass_context
def keep(ctx: click.Context, which: str, brief: str) -> None:
    """Decide about an edit that is held because the post was changed on the chain by other means.

    `keep brief` sends the brief's text, over what stands on the chain. `keep chain` writes the
    chain's text into the brief's file; the file as it was stays beside it, with a ~ after its name.
    """
    config = load(ctx.obj["config_file"])
    with app.records(config) as records:
        held = [
            row.publication
            for row in find(records, brief)
            if row.publication.kind is Kind.EDIT and row.publication.status is Status.HELD
        ]
        if not held:
            raise click.ClickException(f"no edit of {brief} is held; see `briefbot log`")
        for row in held:
            content = _content(config, row)
            if which == "chain":
                _take(config, records, row, content)
            records.rebase(
                row.id,
                text_digest(content.title, content.body),
                f"a person keeps the {which}'s text",
                utc_now(),
            )
            terminal.tell(f"{row.brief}: queued on {row.chain}, with the {which}'s text")


def _content(config: Settings, row: Publication) -> Content:
    profile = app.profiles(config)[row.chain]
    with app.chain(profile, app.http(config)) as chain:
        content = chain.agreed_content(row.author, row.permlink)
    if content is None:
        raise click.ClickException(f"@{row.author}/{row.permlink} isn't on {row.chain} any more")
    return content


def _take(config: Settings, records: Records, row: Publication, content: Content) -> None:
    """Put the chain's text into the file and into the plan."""
    file = config.posts / row.path
    entry = _entry(config, row)
    composition = _composition(config, entry, row)
    if entry.brief is None or composition is None or composition.post is None:
        raise click.ClickException(f"{row.path} has errors; `briefbot check` tells them")
    before, mine, after = composition.post.body.partition(entry.brief.body)
    theirs = content.body
    if not mine or not (theirs.startswith(before) and theirs.endswith(after)):
        raise click.ClickException(
            f"the chain's text can't be written back into {row.path}, because of its header, "
            "footer, pictures or `markup: extended`; change the file by hand, then `keep brief`"
        )
    body = theirs[len(before) : len(theirs) - len(after)]
    try:
        rewrite(file, entry.brief, content.title, body)
    except BriefError as error:
        raise click.ClickException(str(error)) from None
    entry = _entry(config, row)
    composition = _composition(config, entry, row)
    assert composition is not None, "what was written can be read"
    published = records.published(chain=row.chain, brief=row.brief)[row.chain, row.brief]
    edit = edit_of(published, entry.fingerprint, composition)
    if edit is not None:
        records.replan(row, edit, utc_now())


def _entry(config: Settings, row: Publication) -> Entry:
    return read(config.posts / row.path, root=config.posts, timezone=config.timezone)


def _composition(config: Settings, entry: Entry, row: Publication) -> Composition | None:
    if entry.brief is None:
        return None
    made = app.composer(config).compose(entry.brief, entry.folder)
    return next((each for each in made if each.chain == row.chain), None)
