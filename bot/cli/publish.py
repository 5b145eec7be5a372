"""`briefbot publish`: briefs now, in one shot, by the service's own journey."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click

from bot import app
from bot.briefs import BriefError, Entry, Level
from bot.cli import terminal
from bot.cli.carry import carried
from bot.cli.logging import quiet_log
from bot.cli.naming import briefs_and_files, in_queue
from bot.clock import utc_now
from bot.config import Settings, load
from bot.intake.composer import Composition
from bot.service.carrying import take_up


@click.command()
@click.argument(
    "named", metavar="PATH|BRIEF…", nargs=-1, required=True, shell_complete=briefs_and_files
)
@click.option("--now", "at_once", is_flag=True, help="Whatever their `date` says.")
@click.option("--dry-run", is_flag=True, help="Show the operations; touch no node, send nothing.")
@click.option("--json", "as_json", is_flag=True, help="With --dry-run: one JSON object a brief.")
@click.option(
    "--wait",
    type=click.Choice(["included", "final"]),
    help="Return when they are in a block, or irreversible.",
)
@click.pass_context
def publish(
    ctx: click.Context,
    named: Sequence[str],
    wait: str | None,
    *,
    at_once: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Publish these briefs; the log, the checks and the exactly-once rules are the service's.

    A brief is named by its path, or, in the queue, by its id, its address or how one of these
    begins. Exits with 1 when one is a draft, has an error, fails, or isn't as far as --wait asks.
    """
    config = load(ctx.obj["config_file"])
    entries = [entry for name in named for entry in _entries(config, name)]
    with app.view(config) as view:
        compositions = [
            composition
            for entry in entries
            if entry.brief
            for composition in view.composer.compose(entry.brief, entry.folder)
        ]
    if dry_run:
        for composition in compositions:
            told = dry_run_json(composition)
            terminal.tell_json(told, None if as_json else 2)
    findings = app.findings(config, entries, compositions, app.published(config))
    for finding in findings:
        terminal.tell(str(finding), error=True)
    drafts = [entry for entry in entries if entry.brief and entry.brief.draft]
    for entry in drafts:
        terminal.tell(f"{entry.path}: it is a draft; take `draft: true` out of it", error=True)
    if any(finding.level is Level.ERROR for finding in findings) or (drafts and not dry_run):
        ctx.exit(1)
    if not dry_run and not _publish(config, entries, wait, at_once=at_once):
        ctx.exit(1)


def _entries(config: Settings, name: str) -> list[Entry]:
    """The brief of this name.

    Raises:
        click.UsageError: there is none.
        Ambiguous: there are several.
    """
    path = Path(name)
    if path.is_file():
        return app.entries(config, [path])
    if path.is_dir():
        raise click.UsageError(f"{name} is a folder; name the briefs in it that shall go out")
    try:
        found = in_queue(config, name)
    except BriefError:  # no queue
        found = []
    if not found:
        raise click.UsageError(f"{name}: no such file, and no brief of the queue is called so")
    return found


def dry_run_json(composition: Composition) -> dict[str, object]:
    """What `publish --dry-run --json` prints of one brief on one chain."""
    from bot.format.size import packed_size  # noqa: PLC0415

    post = composition.post
    return {
        "brief": composition.brief.id,
        "chain": composition.chain,
        "author": post.author if post else composition.brief.author,
        "permlink": post.permlink if post else None,
        "category": post.parent_permlink if post and not post.is_reply else None,
        "title": composition.brief.title,
        "operations": composition.operations,
        "size": packed_size(post) if post else None,
        "findings": [finding.told() for finding in composition.findings],
    }


def _publish(
    config: Settings, entries: Sequence[Entry], wait: str | None, *, at_once: bool
) -> bool:
    """Carry the entries' publications as far as was asked; True when none has failed."""
    with app.records(config, create=True) as records:
        service = app.service(config, records, utc_now, quiet_log())
        queue_of = partial(app.queue_of, config, records)
        taken = take_up(
            service, records, config.posts, queue_of, entries, utc_now(), at_once=at_once
        )
        for finding in taken.findings:
            terminal.tell(str(finding), error=True)
        return carried(service, taken.publications, wait, config.timezone) and not taken.findings
