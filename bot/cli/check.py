"""`briefbot check`: what would be refused, or would surprise, before it is sent."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from bot.briefs import Level
from bot.cli import workspace


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="A list of objects.")
@click.pass_context
def check(ctx: click.Context, paths: Sequence[Path], *, as_json: bool) -> None:
    """Check briefs (files or folders; the queue by default) without touching any node.

    Exits with 1 when a brief has an error: such a brief is never sent. Warnings alone exit with 0.
    """
    config = workspace.settings(ctx)
    composer = workspace.composer(config)
    entries = workspace.entries(config, paths or (config.posts,))
    findings = [
        finding
        for entry in entries
        for finding in (
            *entry.findings,
            *(
                finding
                for composition in (composer.compose(entry.brief) if entry.brief else ())
                for finding in composition.findings
            ),
        )
    ]
    errors = sum(finding.level is Level.ERROR for finding in findings)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    else:
        for finding in findings:
            click.echo(str(finding))
        click.echo(
            f"{len(entries)} briefs: {errors} errors, {len(findings) - errors} warnings", err=True
        )
    if errors:
        ctx.exit(1)
