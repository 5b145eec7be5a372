"""What a restored database is behind of: the folder and the chain, beside its records.

Reads, writes nothing: the service puts it right when it starts, by what it does at each start.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.chain.protocol import Chain, CommentOperation
from bot.format.metadata import brief_in
from bot.records import Publication, Records, Status
from bot.reports.plan import Step

BEFORE = timedelta(hours=1)
"""How long before a backup was made the chain is read from: its clock needn't be ours."""
_IN_BLOCK = {Status.INCLUDED, Status.FINAL}
_UNRECORDED = {"new", "edit"}
_GONE = "left the queue"


@dataclass(frozen=True, slots=True)
class Later:
    """A post or an edit that the chain has and the records lack."""

    brief: str
    message: str


def written_later(
    records: Records, name: str, chain: Chain, authors: Iterable[str], since: datetime
) -> Iterator[Later]:
    """What these authors' briefs have become since then, as far as the records don't tell it.

    Raises:
        ChainError: no node tells it.
    """
    for author in sorted(authors):
        told: set[str] = set()
        for written in chain.comments_of(author, since - BEFORE):
            brief = brief_in(written.json_metadata)
            if brief is None or written.permlink in told:
                continue
            row = records.at(name, author, written.permlink)
            if message := _message(records, written, row):
                told.add(written.permlink)
                yield Later(brief, f"@{author}/{written.permlink} {message}")


def _message(records: Records, written: CommentOperation, row: Publication | None) -> str:
    at = f"{written.time:%Y-%m-%d %H:%M} UTC"
    if row is None:
        return (
            f"is on the chain since {at}, and no record knows it: as long as its file is in the "
            "queue, the service takes it up from there, and sends nothing"
        )
    if row.status not in _IN_BLOCK:
        return (
            f"is on the chain since {at}, and recorded as {row.status.value}: the service takes it "
            "up from there, and sends nothing"
        )
    if not records.knows(written.trx_id):
        return f"was edited on the chain at {at}, and no record knows it"
    return ""


def beside_folder(steps: Sequence[Step], now: datetime) -> str:
    """In one sentence, how the records stand beside the folder."""
    states = Counter(
        "gone" if step.why.startswith(_GONE) else "new" if step.state in _UNRECORDED else "known"
        for step in steps
        if step.state != "draft"
    )
    due = sum(1 for step in steps if step.when is not None and step.when <= now)
    return (
        f"{states['new']} briefs of the folder are new to these records, {states['gone']} of the "
        f"records have left it, {states['known']} others are unfinished; {due} go out as soon as "
        "the service starts, unless they are on the chain (`briefbot plan`)"
    )
