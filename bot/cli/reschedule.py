"""`briefbot reschedule` and `swap`: another date for a brief, written into its file."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import click

from bot import app
from bot.briefs import BriefError, Entry
from bot.cli import terminal
from bot.cli.naming import briefs, in_queue
from bot.cli.plan import told_day
from bot.cli.times import Instant
from bot.clock import utc_now
from bot.config import Settings, load
from bot.intake.rescheduling import redate, refuse_published, write
from bot.records import NoDatabase
from bot.reports.plan import Step
from bot.reports.plan import plan as plan_of


@click.command()
@click.argument("brief", shell_complete=briefs)
@click.argument("when", type=Instant())
@click.pass_context
def reschedule(ctx: click.Context, brief: str, when: datetime) -> None:
    """Let a brief go out at another time: its `date` is written into its file.

    WHEN is a time like 2026-12-01T09:00, in the configured zone where it names none. All else in
    the file stays as it is; the service takes the change up like any other.
    """
    config = load(ctx.obj["config_file"])
    when = when.replace(microsecond=0)
    if when < utc_now():
        raise click.UsageError("WHEN has passed; to send it at once: `briefbot publish --now`")
    entry = _entry(config, brief)
    _write([(entry, when)], config)
    _tell(config, [entry])


@click.command()
@click.argument("one", metavar="BRIEF", shell_complete=briefs)
@click.argument("other", metavar="BRIEF", shell_complete=briefs)
@click.pass_context
def swap(ctx: click.Context, one: str, other: str) -> None:
    """Let two briefs go out at each other's time: the dates are written into their files.

    A brief that had a slot gets its time as a `date`, and fills the slot that it stands on.
    """
    config = load(ctx.obj["config_file"])
    entries = [_entry(config, one), _entry(config, other)]
    if entries[0].path == entries[1].path:
        raise click.ClickException("that is the same brief twice; name another one")
    steps = _planned(config)
    first, second = (_when(steps, entry) for entry in entries)
    _write([(entries[0], second), (entries[1], first)], config)
    _tell(config, entries)


def _entry(config: Settings, which: str) -> Entry:
    """A brief of the queue that isn't published yet."""
    try:
        found = in_queue(config, which)
    except BriefError as error:
        raise click.ClickException(str(error)) from None
    if not found or found[0].brief is None:
        raise click.ClickException(f"{which}: no brief of the queue is called so")
    entry = found[0]
    assert entry.brief is not None
    try:
        with app.records(config) as records:
            queue = app.queue_of(config, records)
            rows = records.log(queue=queue, brief=entry.brief.id)
    except NoDatabase:
        rows = ()
    refuse_published(entry, (row.publication for row in rows))
    return entry


def _planned(config: Settings) -> Mapping[str, list[Step]]:
    """What is planned of each brief."""
    found: dict[str, list[Step]] = {}
    with app.view(config, strict=True) as view:
        for step in plan_of(view, utc_now(), app.calendars(config)).steps:
            found.setdefault(step.brief, []).append(step)
    return found


def _when(steps: Mapping[str, list[Step]], entry: Entry) -> datetime:
    assert entry.brief is not None
    planned = steps.get(entry.brief.id, [])
    whens = {step.when for step in planned if step.when is not None}
    if len(whens) != 1:
        why = "; ".join(step.why for step in planned if step.when is None) or "see `briefbot plan`"
        raise click.ClickException(f"{entry.path} has no one time to swap: {why}")
    return whens.pop().replace(microsecond=0)


def _write(dates: Iterable[tuple[Entry, datetime]], config: Settings) -> None:
    """Write the dates into the files; all of them, or none when one can't be."""
    write([redate(entry, when, config.timezone) for entry, when in dates])


def _tell(config: Settings, entries: list[Entry]) -> None:
    """What comes of it, by the plan."""
    steps = _planned(config)
    for entry in entries:
        assert entry.brief is not None
        for step in steps.get(entry.brief.id, []):
            when = told_day(step.when, config.timezone) or "-"
            terminal.tell(f"{when}  {step.state}  {step.brief}  {step.why}")
