"""`briefbot status`: is it alive, and does it need a person?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

import click

from bot import app
from bot.cli import terminal
from bot.cli.times import told
from bot.clock import utc_now
from bot.config import load
from bot.records.workers import Worker
from bot.reports.log import instant
from bot.reports.status import EXIT_CODES, ChainStanding, Item, Overview, Verdict

COLOURS = {Verdict.WELL: "green", Verdict.NEEDS_A_PERSON: "yellow", Verdict.NOT_RUNNING: "red"}
_COLUMNS = ("what", "which", "how", "more")
_Line = tuple[str, str, str, str]
_KIB = 1024


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_context
def status(ctx: click.Context, *, as_json: bool) -> None:
    """Show whether a service is at work, how its chains are, what is next, what needs a person.

    Reads the database only; no node is asked.

    Exits with 0 when all is well, with 1 when something needs a person, and with 3 when no service
    is running or the database can't be reached.
    """
    config = load(ctx.obj["config_file"])
    found = app.overview(config, utc_now())
    if as_json:
        terminal.tell_json(_as_json(found))
    else:
        mark = found.verdict.value.upper(), COLOURS[found.verdict]
        reasons = "; ".join(found.reasons)
        terminal.tell(reasons or _well(found, config.timezone), mark=mark)
        _print(list(_lines(found, config.timezone)))
    ctx.exit(EXIT_CODES[found.verdict])


def _well(found: Overview, timezone: str) -> str:
    running = sum(one.is_running for one in found.workers)
    at_work = "a worker is at work" if running == 1 else f"{running} workers are at work"
    if found.next is None:
        return f"{at_work}; nothing is planned"
    return f"{at_work}; next is {found.next.brief} at {told(found.next.at, timezone)}"


def _as_json(found: Overview) -> object:
    return _plain(asdict(found)) | {"exit_code": EXIT_CODES[found.verdict]}


def _plain(value: object) -> dict[str, object]:
    """A value as JSON has it: instants in RFC 3339."""

    def plain(value: object) -> object:
        if isinstance(value, datetime):
            return instant(value)
        if isinstance(value, Mapping):
            return {str(key): plain(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [plain(one) for one in value]
        return value

    made = plain(value)
    assert isinstance(made, dict), "an overview has fields"
    return made


def _print(lines: Sequence[_Line]) -> None:
    if not terminal.is_read_by_a_person():
        for line in lines:
            terminal.tell("  ".join(filter(None, line)))
        return
    rows = [[terminal.Cell(cell) for cell in line] for line in lines]
    terminal.tell_table(terminal.Table(_COLUMNS, rows, wide="more"))


def _lines(found: Overview, timezone: str) -> Iterator[_Line]:
    """What each line tells, in a terminal a row of a table."""
    yield from _at_work(found, timezone)
    yield from _publications(found, timezone)
    yield from _troubles(found, timezone)
    if found.database:
        size = f"{found.database.size / _KIB / _KIB:,.1f} MB"
        yield "database", found.database.kind, size, f"schema {found.database.schema}"
    else:
        yield "database", "none yet", "", ""


def _at_work(found: Overview, timezone: str) -> Iterator[_Line]:
    for one in found.workers:
        name = f"{one.host} {one.process}"
        yield "worker", name, _state(one), "; ".join(_of_worker(one, found, timezone))
    for chain in found.chains:
        yield "chain", chain.chain, _answering(chain), _lag(chain, timezone)


def _publications(found: Overview, timezone: str) -> Iterator[_Line]:
    counts = ", ".join(f"{count} {status}" for status, count in found.publications.items())
    yield "publications", "", counts or "none", ""
    if found.next:
        yield "next", found.next.brief, told(found.next.at, timezone), found.next.why
    if found.overdue.oldest:
        yield ("overdue", *_item(found.overdue.oldest, timezone))
    for need in found.needs:
        for item in need.items:
            yield (need.kind.value, *_item(item, timezone))
        if (more := need.count - len(need.items)) > 0:
            yield need.kind.value, f"and {more} more", "", ""


def _troubles(found: Overview, timezone: str) -> Iterator[_Line]:
    for failure in found.failures:
        yield "error", failure.brief, told(failure.at, timezone), failure.reason
    for event in found.node_events:
        why = f"was set aside: it {event.reason}"
        yield "node", f"{event.node} ({event.chain})", told(event.at, timezone), why
    for queue in found.queues:
        yield "queue", queue.place, "looks wrong", queue.trouble
    for way in found.ways:
        yield "news", way.way, f"{way.undelivered} to be told", way.error
    for trouble in found.troubles:
        yield "trouble", trouble.kind, f"since {told(trouble.began_at, timezone)}", trouble.text


def _item(item: Item, timezone: str) -> tuple[str, str, str]:
    name = item.brief or f"{item.author} on {item.chain}"
    return name, told(item.at, timezone), item.why


def _state(worker: Worker) -> str:
    if worker.is_stuck:
        return "STUCK"
    if worker.is_running:
        return "running"
    return "gone" if worker.stopped_at is None else "stopped"


def _of_worker(worker: Worker, found: Overview, timezone: str) -> Iterator[str]:
    yield f"version {worker.version}, schema {worker.schema}"
    if worker.stopped_at is not None:
        yield f"stopped {told(worker.stopped_at, timezone)}"
    elif not worker.is_running:
        yield f"last seen {told(worker.seen_at, timezone)}"
    else:
        yield f"since {told(worker.started_at, timezone)}"
    yield worker.queue or "no queue"
    if worker.looked_at:
        yield f"looked at it {_ago(found.at, worker.looked_at)}"
    if count := found.in_hand.get(worker.worker, 0):
        yield f"{count} {'author' if count == 1 else 'authors'} in hand"
    if worker.published_at:
        yield f"published {worker.published} {told(worker.published_at, timezone)}"
    if worker.job and worker.working_since:
        yield f"`{worker.job}` in hand since {told(worker.working_since, timezone)}"


def _ago(now: datetime, then: datetime) -> str:
    seconds = max((now - then).total_seconds(), 0.0)
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"


def _answering(chain: ChainStanding) -> str:
    known = [one.answers for one in chain.nodes if one.answers is not None]
    if not known:
        return f"{len(chain.nodes)} nodes, none asked"
    return f"{sum(known)} of {len(chain.nodes)} nodes answer"


def _lag(chain: ChainStanding, timezone: str) -> str:
    if chain.lag is None:
        return ""
    way = "behind" if chain.lag >= 0 else "ahead"
    return f"its head was {abs(chain.lag):.0f} s {way} at {told(chain.looked_at, timezone)}"
