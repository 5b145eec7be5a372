"""`briefbot publish`: briefs now, in one shot, by the service's own journey."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import click

from bot.briefs import Entry, Level
from bot.cli import workspace
from bot.config import Settings
from bot.publishing.intake import Composition
from bot.records import Publication, Status

PACE = 1.0  # seconds between looks at the chain
DONE = {
    None: {Status.PUBLISHING, Status.WAITING},
    "included": {Status.INCLUDED},
    "final": set[Status](),
}
ENDED = {Status.FINAL, Status.REJECTED, Status.MISSED, Status.HELD, Status.CANCELLED}


@click.command()
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--now", "at_once", is_flag=True, help="Whatever their `date` says.")
@click.option("--dry-run", is_flag=True, help="Print the operations as JSON; touch no node.")
@click.option(
    "--wait",
    type=click.Choice(["included", "final"]),
    help="Return when they are in a block, or irreversible.",
)
@click.pass_context
def publish(  # noqa: D417
    ctx: click.Context, paths: Sequence[Path], wait: str | None, *, at_once: bool, dry_run: bool
) -> None:
    """Publish these briefs; the log, the checks and the exactly-once rules are the service's."""
    config = workspace.settings(ctx)
    entries = workspace.entries(config, paths)
    if at_once:
        entries = [
            replace(entry, brief=replace(entry.brief, date=None)) if entry.brief else entry
            for entry in entries
        ]
    composer = workspace.composer(config)
    compositions = [c for entry in entries if entry.brief for c in composer.compose(entry.brief)]
    if dry_run:
        for composition in compositions:
            click.echo(json.dumps(as_json(composition), ensure_ascii=False))
    findings = [f for part in (*entries, *compositions) for f in part.findings]
    for finding in findings:
        click.echo(str(finding), err=True)
    if any(finding.level is Level.ERROR for finding in findings):
        ctx.exit(1)
    if not dry_run and not _publish(config, entries, wait):
        ctx.exit(1)


def as_json(composition: Composition) -> dict[str, object]:
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
        "findings": [asdict(finding) for finding in composition.findings],
    }


def _publish(config: Settings, entries: Sequence[Entry], wait: str | None) -> bool:
    """Carry the entries' publications as far as was asked; True when none has failed."""
    log = workspace.quiet_log()
    with workspace.records(config, create=True) as records:
        service = workspace.service(config, records, workspace.utc_now, log)
        findings = service.take(entries)
        for finding in findings:
            click.echo(str(finding), err=True)
        told: dict[int, Publication] = {}
        briefs = {entry.brief.id for entry in entries if entry.brief}
        while True:
            rows = [row for row in records.latest() if row.brief in briefs]
            for row in rows:
                if told.get(row.id) != row:
                    _tell(row)
                told[row.id] = row
            moving = [row for row in rows if row.status not in ENDED | DONE[wait]]
            if not moving:
                break
            before = {row.id: row.status for row in moving}
            after = {row.id: service.advance(row).status for row in moving}
            if before == after:
                time.sleep(PACE)
    return not findings and not any(row.status in ENDED - {Status.FINAL} for row in told.values())


def _tell(row: Publication) -> None:
    where = f"  block {row.block_num}" if row.block_num else ""
    why = f"  {row.error}" if row.error else ""
    click.echo(f"{row.brief}: {row.status.value}{where}{why}")
    if row.status is Status.FINAL:
        click.echo(row.url)
