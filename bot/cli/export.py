"""`briefbot export`: the records, whole, for other programs."""

import csv
import io
import json
from pathlib import Path

import click

from bot.cli import workspace
from bot.publishing.report import log_line, whole


@click.command()
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file.")
@click.pass_context
def export(ctx: click.Context, form: str, output: Path | None) -> None:
    """Write all publications, oldest first.

    `jsonl`: one JSON object a line, as `show --json` has it, with the operations. `csv`: the
    columns of `log --json`.
    """
    with workspace.records(workspace.settings(ctx)) as records:
        rows = records.log()
        text = io.StringIO()
        if form == "csv":
            told = [log_line(row) for row in rows]
            table = csv.DictWriter(text, list(told[0]) if told else ["id"], lineterminator="\n")
            table.writeheader()
            table.writerows(line | {"tags": " ".join(line["tags"])} for line in told)
        else:
            for row in rows:
                publication = row.publication
                attempts = records.attempts(publication.id)
                line = whole(row, attempts, records.events(publication.id))
                line["operations"] = json.loads(publication.operations)
                text.write(json.dumps(line, ensure_ascii=False) + "\n")
    if output is None:
        click.echo(text.getvalue(), nl=False)
    else:
        output.write_text(text.getvalue(), encoding="utf-8", newline="")
        click.echo(f"{len(rows)} publications written to {output}", err=True)
