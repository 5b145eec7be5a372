"""`briefbot results`: what came of posts, in sums."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from bot import app
from bot.cli import terminal
from bot.cli.naming import authors, briefs, name_of, nothing_recorded
from bot.cli.terminal import Cell, Table
from bot.cli.times import Instant
from bot.config import Settings, load
from bot.records import Kind, NoDatabase, Records
from bot.records.earnings import Earning, earnings
from bot.reports.results import BY, KINDS, Group, grouped

_COUNTS = ("posts", "votes", "rshares", "replies", "reblogs")


@click.command()
@click.argument("which", metavar="[BRIEF]", required=False, shell_complete=briefs)
@click.option("--author", shell_complete=authors, help="Only this account's.")
@click.option("--tag", help="Only posts with this tag.")
@click.option(
    "--since",
    type=Instant(),
    help="Published at or after this time: yesterday, 24h, 7d, 2026-12-01, 2026-12-01T09:00.",
)
@click.option(
    "--by", type=click.Choice(BY), default=BY[0], show_default=True, help="What is summed up."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--csv", "as_csv", is_flag=True, help="A table for spreadsheets.")
@click.pass_context
def results(
    ctx: click.Context,
    which: str | None,
    author: str | None,
    tag: str | None,
    since: datetime | None,
    by: str,
    *,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Show what came of posts: votes, replies, reblogs and payouts, in sums.

    A post counts for each of its tags; weekdays, hours and months are those of its publication, in
    the configured zone. `show` tells a single post whole.
    """
    if as_json and as_csv:
        raise click.UsageError("--json or --csv, not both")
    config = load(ctx.obj["config_file"])
    try:
        records = app.records(config)
    except NoDatabase:
        _tell([], as_json=as_json, as_csv=as_csv)
        return
    with records:
        rows = _found(config, records, which, author, since)
        days = (row.post.paid_at.date() for row in rows if row.post.paid_at)
        value = app.valuation(config, records, days)
    if tag is not None:
        wanted = tag.lstrip("#").lower()
        rows = tuple(row for row in rows if wanted in row.tags)
    _tell(grouped(rows, by, config.timezone, value), as_json=as_json, as_csv=as_csv)


def _found(
    config: Settings,
    records: Records,
    which: str | None,
    author: str | None,
    since: datetime | None,
) -> tuple[Earning, ...]:
    addresses = None
    if which is not None:
        rows = records.find(name_of(config, which))
        if not rows:
            raise nothing_recorded(config, which)
        named = [row.publication for row in rows if row.publication.kind is not Kind.REBLOG]
        addresses = sorted({(row.chain, row.author, row.permlink) for row in named})
    return earnings(records, author=author, since=since, addresses=addresses)


def _tell(groups: Sequence[Group], *, as_json: bool, as_csv: bool) -> None:
    lines = [group.line() for group in groups]
    if as_json:
        terminal.tell_json_lines(lines)
    elif as_csv:
        for row in _csv(lines):
            terminal.tell(row, verbatim=True)
    elif not lines:
        terminal.tell("Nothing that is published has been looked at yet.", error=True)
    elif terminal.is_read_by_a_person():
        terminal.tell_table(_table(lines))
    else:
        for line in lines:
            terminal.tell("  ".join([line["name"], *_words(line)]))


def _table(lines: Sequence[Mapping[str, Any]]) -> Table:
    return Table(
        ("what", "posts", "votes", "replies", "reblogs", "pending", "earned", "curators"),
        [
            [
                Cell(line["name"]),
                *(Cell(str(line[name])) for name in _COUNTS if name != "rshares"),
                *(Cell(_amounts(line[name])) for name in ("pending", "earned", "curators")),
            ]
            for line in lines
        ],
        wide="what",
        right={"posts", "votes", "replies", "reblogs", "pending", "earned", "curators"},
        spare={"posts", "reblogs", "curators"},
    )


def _words(line: Mapping[str, Any]) -> list[str]:
    counts = [f"{line[name]} {name}" for name in _COUNTS if name != "rshares"]
    amounts = [
        f"{name} {_amounts(line[name])}" for name in ("pending", "earned", "curators") if line[name]
    ]
    return [*counts, *amounts]


def _amounts(told: Mapping[str, str]) -> str:
    return " + ".join(f"{number} {symbol}" for symbol, number in told.items())


def _csv(lines: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line a group; each sum of an asset has a column of its own, with a point."""
    amounts: dict[str, list[dict[str, str]]] = {}
    for name in ("pending", "earned", "curators"):
        amounts[name] = [line[name] for line in lines]
    for kind in KINDS:
        amounts[f"paid_{kind}"] = [line["paid"][kind] for line in lines]
    columns = [
        (name, symbol)
        for name, told in amounts.items()
        for symbol in sorted({symbol for one in told for symbol in one})
    ]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    heads = [terminal.escaped(f"{name}_{symbol}") for name, symbol in columns]
    table.writerow(["name", *_COUNTS, *heads, "usd", "unpriced"])
    for number, line in enumerate(lines):
        sums = [amounts[name][number].get(symbol, "") for name, symbol in columns]
        name = terminal.escaped(line["name"])
        counts = [line[count] for count in _COUNTS]
        table.writerow([name, *counts, *sums, line["usd"] or "", line["unpriced"]])
    return text.getvalue().splitlines()
