"""`briefbot check`: what would be refused, or would surprise, before it is sent."""

import json
import os
import shutil
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.briefs import Entry, Finding, Level, fixed
from bot.cli import workspace
from bot.cli.spread import spread
from bot.config import Settings

if TYPE_CHECKING:
    from bot.publishing.online import Online

Findings = tuple[Finding, ...]


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--fix", is_flag=True, help="Mend what is safe to mend; show what is left.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    help="`github` writes annotations for GitHub's CI.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--online", is_flag=True, help="Ask the chain too: accounts, keys, communities, …")
@click.pass_context
def check(
    ctx: click.Context, paths: Sequence[Path], form: str, *, fix: bool, as_json: bool, online: bool
) -> None:
    """Check briefs (files or folders; the queue by default); no node is asked without --online.

    Exits with 1 when a brief has an error: such a brief is never sent. Warnings alone exit with 0.
    Every code is explained in docs/checks.md.
    """
    config = workspace.settings(ctx)
    given = paths or (config.posts,)
    if fix:
        click.echo(f"{_mend(_look(config, given, online=False))} files mended", err=True)
    looked = _look(config, given, online=online)
    findings = [finding for _, found in looked for finding in found]
    if as_json or form == "json":
        click.echo(json.dumps([finding.told() for finding in findings], ensure_ascii=False))
    else:
        for entry, found in looked:
            for finding in found:
                click.echo(_annotation(entry, finding) if form == "github" else str(finding))
        click.echo(f"{len(looked)} briefs: {_counts(findings)}", err=True)
    if any(finding.level is Level.ERROR for finding in findings):
        ctx.exit(1)


def _look(config: Settings, paths: Iterable[Path], *, online: bool) -> list[tuple[Entry, Findings]]:
    composer = workspace.composer(config)
    published = workspace.published(config)
    asked = _online(config) if online else None
    entries = workspace.entries(config, paths)

    def findings(entry: Entry) -> Findings:
        compositions = composer.compose(entry.brief, entry.folder) if entry.brief else ()
        told = [f for each in compositions for f in asked.findings(each)] if asked else []
        return workspace.findings(config, [entry], compositions, published, told)

    found = [findings(entry) for entry in entries] if online else spread(findings, entries)
    return list(zip(entries, found, strict=True))


def _online(config: Settings) -> "Online":
    from bot.publishing.online import Online  # noqa: PLC0415  # brings beem along

    http = workspace.http(config)
    profiles = workspace.profiles(config)
    chains = {name: workspace.chain(profile, http) for name, profile in profiles.items()}
    return Online(chains, config.posting_key)


def _mend(looked: Iterable[tuple[Entry, Findings]]) -> int:
    """Make the findings' fixes in their files; returns how many files changed."""
    count = 0
    for entry, findings in looked:
        fixes = [fix for finding in findings for fix in finding.fixes]
        if not fixes:
            continue
        data = entry.file.read_bytes()
        if sha256(data).hexdigest() != entry.fingerprint:
            continue  # somebody is writing it just now
        mended = fixed(data.decode(), fixes).encode()
        if mended != data:
            _replace(entry.file.resolve(), mended)
            count += 1
    return count


def _replace(file: Path, data: bytes) -> None:
    """Change a file at once, so that nobody ever reads half of it."""
    made = file.with_name(f".{file.name}.mended")
    made.write_bytes(data)
    shutil.copymode(file, made)
    made.replace(file)


def _counts(findings: Sequence[Finding]) -> str:
    levels = [finding.level for finding in findings]
    counts = {level: levels.count(level) for level in Level}
    told = [f"{counts[Level.ERROR]} errors", f"{counts[Level.WARNING]} warnings"]
    return ", ".join([*told, f"{counts[Level.INFO]} infos"] if counts[Level.INFO] else told)


def _annotation(entry: Entry, finding: Finding) -> str:
    """GitHub's workflow command for an annotation (its docs, “Workflow commands”)."""
    kind = "notice" if finding.level is Level.INFO else finding.level.value
    file = os.path.relpath(entry.file)  # GitHub counts from the checkout, where CI runs this
    place = _escaped(file).replace(":", "%3A").replace(",", "%2C")
    message = _escaped(finding.message)
    return f"::{kind} file={place},line={finding.line},title={finding.code}::{message}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
