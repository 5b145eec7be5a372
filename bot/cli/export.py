"""`briefbot export`: the records, whole, for other programs."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from bot import app
from bot.cli import terminal
from bot.config import load
from bot.records import LogRow, Records
from bot.reports.log import log_line, whole


@click.command()
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file.")
@click.pass_context
def export(ctx: click.Context, form: str, output: Path | None) -> None:
    """Write all publications, oldest first.

    `jsonl`: one JSON object a line, as `show --json` has it, with the operations. `csv`: the
    columns of `log --json`, control characters in them escaped, so that each is one line.
    """
    with app.records(load(ctx.obj["config_file"])) as records:
        rows = records.log()
        lines = _table(rows) if form == "csv" else _objects(records, rows)
        if output is None:
            for line in lines:
                terminal.tell(line, verbatim=True)
        else:
            try:
                output.write_text("".join(f"{line}\n" for line in lines), "utf-8", newline="")
            except OSError as error:
                raise click.ClickException(f"{output}: {error.strerror}") from None
            terminal.tell(f"{len(rows)} publications written to {output}", error=True)


def _objects(records: Records, rows: Sequence[LogRow]) -> Iterator[str]:
    for row in rows:
        publication = row.publication
        attempts = records.attempts(publication.id)
        told = whole(row, attempts, records.events(publication.id))
        yield terminal.json_text(told | {"operations": json.loads(publication.operations)})


def _table(rows: Sequence[LogRow]) -> list[str]:
    """One line a publication: what is put into a spreadsheet is text that people read."""
    told = [log_line(row) for row in rows]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(told[0] if told else ["id"])
    for line in told:
        values = (line | {"tags": " ".join(line["tags"])}).values()
        table.writerow([terminal.escaped(v) if isinstance(v, str) else v for v in values])
    return text.getvalue().splitlines()
