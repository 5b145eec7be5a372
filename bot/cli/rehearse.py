"""`briefbot rehearse`: what the service would do in the next weeks, tried out."""

import re
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from bot.cli import terminal
from bot.cli.logging import quiet_log
from bot.cli.terminal import Cell, Table
from bot.cli.times import told
from bot.clock import utc_now
from bot.config import load
from bot.rehearsal import rehearsal
from bot.rehearsal.rehearsal import Deed, Kind, Trouble
from bot.reports.log import instant

_HOURS = {"outage": 26, "nodes": 6}
_WORDS = {Kind.OUTAGE: "no service", Kind.NODES: "no nodes"}
_TROUBLE = re.compile(r"(outage|nodes)(?::(\d{1,4})h)?")


class _Troubles(click.ParamType[list[tuple[str, timedelta]]]):
    name = "troubles"

    def convert(
        self,
        value: str | list[tuple[str, timedelta]],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> list[tuple[str, timedelta]]:
        """Read `outage,nodes:12h`, or say how it is written."""
        if isinstance(value, list):
            return value
        found = [_TROUBLE.fullmatch(part.strip()) for part in value.split(",")]
        read = [
            (match[1], timedelta(hours=int(match[2] or _HOURS[match[1]])))
            for match in found
            if match
        ]
        if len(read) < len(found) or not all(lasts for _, lasts in read):
            self.fail(f"{value!r}: write outage, nodes, or both: outage:36h,nodes", param, ctx)
        return read


@click.command()
@click.option("--days", type=click.IntRange(1, 3660), default=30, help="[default: 30]")
@click.option(
    "--trouble",
    "troubles",
    type=_Troubles(),
    default=[],
    help="Let the service be down (outage) or all nodes (nodes), for so long: outage:36h,nodes.",
)
@click.option("--speed", type=click.FloatRange(1), help="So many times as fast as clocks go.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def rehearse(
    ctx: click.Context,
    days: int,
    troubles: list[tuple[str, timedelta]],
    speed: float | None,
    *,
    as_json: bool,
) -> None:
    """Let the service work through the next days on copies, and hold what it did against the plan.

    The queue and the records are copied, the chains are devnets within this process, and their
    time passes as fast as it can. Nothing is sent, no key is needed, nothing of the real queue,
    records or chains is touched. Several troubles come one after the other, spread over the days.

    Exits with 1 when something didn't go out as planned.
    """
    config = load(ctx.obj["config_file"])
    begin = utc_now().replace(microsecond=0)
    end = begin + timedelta(days=days)
    hit = _spread(troubles, begin, end)

    def pause(seconds: float) -> None:
        if speed:
            time.sleep(seconds / speed)

    with TemporaryDirectory(prefix="briefbot-") as home:
        deeds = rehearsal.rehearse(config, Path(home), begin, end, hit, quiet_log(), pause)
    if as_json:
        terminal.tell_json_lines(_as_json(deed) for deed in deeds)
    else:
        _print(deeds, hit, config.timezone)
    if any(deed.differs for deed in deeds):
        ctx.exit(1)


def _spread(
    troubles: Sequence[tuple[str, timedelta]], begin: datetime, end: datetime
) -> list[Trouble]:
    """Troubles at even distances, none longer than its share of the time."""
    share = (end - begin) / (len(troubles) + 1)
    found = []
    for number, (kind, lasts) in enumerate(troubles, 1):
        at = begin + number * share
        found.append(Trouble(Kind(kind), at, at + min(lasts, share * 0.9)))
    return found


def _as_json(deed: Deed) -> dict[str, object]:
    return {
        "brief": deed.brief,
        "chain": deed.chain,
        "author": deed.author,
        "title": deed.title,
        "planned": instant(deed.planned),
        "why": deed.why,
        "happened": instant(deed.happened),
        "status": deed.state,
        "differs": deed.differs,
    }


def _print(deeds: Sequence[Deed], troubles: Sequence[Trouble], timezone: str) -> None:
    for trouble in troubles:
        what = "no service" if trouble.kind == "outage" else "no nodes"
        terminal.tell(
            f"{what} from {told(trouble.begin, timezone)} to {told(trouble.end, timezone)}"
        )
    if not deeds:
        terminal.tell("Nothing is planned: `briefbot plan` says what stands in the queue, and why.")
        return
    rows = [_cells(deed, timezone) for deed in deeds]
    if terminal.is_read_by_a_person():
        columns = ("planned", "went out", "author", "brief")
        terminal.tell_table(Table(columns, rows, wide="brief"))
    else:
        for row in rows:
            terminal.tell("  ".join([*(cell.text or "-" for cell in row), *row[-1].notes]))
    terminal.tell(_conclusion(deeds))


def _cells(deed: Deed, timezone: str) -> list[Cell]:
    notes = [deed.why] if deed.why else []
    if deed.differs:
        notes.append("not as planned")
    return [
        Cell(told(deed.planned, timezone)),
        Cell(told(deed.happened, timezone), style="red" if deed.differs else "green"),
        Cell(f"@{deed.author}"),
        Cell(deed.brief, notes=[*notes, *([] if deed.happened else [deed.state])]),
    ]


def _conclusion(deeds: Sequence[Deed]) -> str:
    out = [deed for deed in deeds if deed.happened]
    late = [abs(deed.happened - deed.planned) for deed in out if deed.happened and deed.planned]
    told = f"{len(out)} of {len(deeds)} went out"
    if late:
        told += f", at most {max(late).total_seconds():.0f} s from their time"
    missed = sum(deed.state == "missed" for deed in deeds)
    apart = sum(deed.differs for deed in deeds)
    told += f"; {missed} missed" if missed else ""
    return f"{told}; {apart} not as planned" if apart else f"{told}; all as planned"
