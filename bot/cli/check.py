"""`briefbot check`: what would be refused, or would surprise, before it is sent."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot import app
from bot.briefs import Brief, Entry, Finding, Level, fixed
from bot.briefs.dates import next_change
from bot.briefs.kept import FOLDER, Kept, standing
from bot.briefs.opening import opened, real_path
from bot.briefs.opening import replace as put
from bot.cli import terminal
from bot.cli.once import FEW, told_once
from bot.cli.spread import spread
from bot.clock import utc_now
from bot.config import Settings, load

if TYPE_CHECKING:
    from bot.intake.view import QueueView
    from bot.records import Publication
    from bot.reports.online import Online

Findings = tuple[Finding, ...]

MANY = 100
"""Files for which it is worth it to keep what was found, to be found again sooner."""


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
    config = load(ctx.obj["config_file"])
    given = paths or (config.posts,)
    if fix:
        mended = _mend(_look(config, given, online=False))
        terminal.tell(f"{_counted(mended, 'file')} mended", error=True)
    form = "json" if as_json else form
    whole = [real_path(path) for path in given] == [real_path(config.posts)]
    looked = _look_again(config) if whole and not online else _look(config, given, online=online)
    findings = [finding for _, found in looked for finding in found]
    looked = told_once(looked, few=FEW if form == "text" else 0)
    if form == "json":
        terminal.tell_json([finding.told() for _, found in looked for finding in found])
    else:
        for entry, found in looked:
            for finding in found:
                if form == "github":
                    terminal.tell(_annotation(entry, finding), verbatim=True)
                else:
                    terminal.tell(str(finding))
        terminal.tell(f"{_counted(len(looked), 'brief')}: {_counts(findings)}", error=True)
    if any(finding.level is Level.ERROR for finding in findings):
        ctx.exit(1)


def _look(config: Settings, paths: Sequence[Path], *, online: bool) -> list[tuple[Entry, Findings]]:
    published = app.published(config)
    entries = app.entries(config, paths, spread)
    queue = real_path(config.posts)
    whole = entries if queue in map(real_path, paths) else None
    with app.view(config, whole) as view:
        return _checked(config, view, entries, published, online=online)


def _look_again(config: Settings) -> list[tuple[Entry, Findings]]:
    """As `_look` at the whole queue; what has not changed since the last time isn't judged again.

    A copy of a file is another file, and what is kept in a copied folder isn't believed.
    """
    folder, now = config.root / FOLDER, utc_now()
    kept = Kept.read(folder, app.judged_by(config))
    around = app.all_around(config)
    stands = standing(*around, now) if around else ""
    if kept.holds(stands, now):
        queue = real_path(config.posts)
        return [
            (Entry(one.path, queue / one.path, one.fingerprint, None, ()), one.told)
            for one in kept.files.values()
        ]
    published = app.published(config)
    entries = app.entries(config, [config.posts], spread)
    with app.view(config, entries) as view:
        found = spread(lambda each: app.judged(config, view, each, published, now, kept), entries)
    if len(entries) >= MANY:
        same = around and stands == standing(*around, now)  # nothing has changed meanwhile
        dates = [one for each in entries if each.brief for one in _dates(each.brief, now, config)]
        replace(
            kept,
            standing=stands if same else "",
            at=now,
            until=min(dates, default=None),
            files={one.path: one for one in found},
        ).write(folder)
    return [(entry, one.told) for entry, one in zip(entries, found, strict=True)]


def _dates(brief: Brief, now: datetime, config: Settings) -> Iterator[datetime]:
    """When time alone changes what is found in a brief."""
    for each in (brief, *map(brief.on, brief.differing)):
        if change := next_change(each, now, config.timezone):
            yield change


def _checked(
    config: Settings,
    view: "QueueView",
    entries: Sequence[Entry],
    published: "Mapping[tuple[str, str], Publication]",
    *,
    online: bool,
) -> list[tuple[Entry, Findings]]:
    asked = _online(config, view) if online else None
    now = utc_now()

    def findings(entry: Entry) -> Findings:
        return app.checked(config, view, entry, published, now, asked.findings if asked else None)

    found = [findings(entry) for entry in entries] if online else spread(findings, entries)
    return list(zip(entries, found, strict=True))


def _online(config: Settings, view: "QueueView") -> "Online":
    from bot.reports.online import Online  # noqa: PLC0415  # brings beem along

    http = app.http(config)
    profiles = app.profiles(config)
    chains = {name: app.chain(profile, http) for name, profile in profiles.items()}
    return Online(chains, config.posting_key, view.composer.neighbours)


def _mend(looked: Iterable[tuple[Entry, Findings]]) -> int:
    """Make the findings' fixes in their files; returns how many files changed."""
    count = 0
    for entry, findings in looked:
        fixes = [fix for finding in findings for fix in finding.fixes]
        if not fixes or entry.file.is_symlink():  # what it leads to is mended as itself
            continue
        try:
            with opened(entry.folder, entry.path) as file:
                data = file.read()
            if sha256(data).hexdigest() != entry.fingerprint:
                continue  # somebody is writing it just now
            mended = fixed(data.decode(), fixes).encode()
            if mended != data:
                put(entry.file, mended, like=entry.file)
                count += 1
        except OSError as error:
            terminal.tell(f"{entry.file} can't be mended: {error.strerror}", error=True)
    return count


def _counts(findings: Sequence[Finding]) -> str:
    levels = [finding.level for finding in findings]
    counts = {level: levels.count(level) for level in Level}
    told = [_counted(counts[level], level.value) for level in (Level.ERROR, Level.WARNING)]
    return ", ".join([*told, _counted(counts[Level.INFO], "info")] if counts[Level.INFO] else told)


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _annotation(entry: Entry, finding: Finding) -> str:
    """GitHub's workflow command for an annotation (its docs, “Workflow commands”)."""
    kind = "notice" if finding.level is Level.INFO else finding.level.value
    file = os.path.relpath(entry.file)  # GitHub counts from the checkout, where CI runs this
    place = _escaped(file).replace(":", "%3A").replace(",", "%2C")
    message = _escaped(finding.message)
    return f"::{kind} file={place},line={finding.line},title={finding.code}::{message}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
