"""What would come of another date for a brief: by the plan's own calculation, nothing written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.calendar import closed
from bot.intake.view import Asked
from bot.local_time import SECOND
from bot.records import Outlook, Status
from bot.reports.appointments import Calendars
from bot.reports.plan import Step

MOST = 20
"""Others that are told of."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a brief would stand on a chain.

    Attributes:
        when: when it would go out (UTC); None when it wouldn't by itself.
        outlook: as in a `Step`.
        why: why then, or why not, in words.
        as_asked: whether that is the very time that was asked for.
        closed: the blackouts and quiet times in which the time lies that was asked for.
    """

    chain: str
    author: str
    when: datetime | None
    outlook: str
    why: str
    as_asked: bool
    closed: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Shift:
    """Another brief that would move."""

    chain: str
    brief: str
    title: str
    before: datetime | None
    after: datetime | None


@dataclass(frozen=True, slots=True)
class Trial:
    """What would come of another date.

    Attributes:
        places: one for each chain of the brief.
        others: the first of those that would move with it.
        more: how many more these are.
    """

    places: Sequence[Place]
    others: Sequence[Shift] = ()
    more: int = 0


def trial(
    steps: Iterable[Step], calendars: Calendars, asked: Sequence[Asked], at: datetime
) -> Trial:
    """What the calendars would say if a brief asked for this.

    Args:
        steps: what is planned now, by these calendars.
        asked: what its file would ask for.
        at: the date that it would have.
    """
    errors = {one.composition.chain: "; ".join(map(str, one.errors)) for one in asked}
    brief = asked[0].composition.brief.id if asked else ""
    chains = {
        one.composition.chain: one.composition.post.author
        for one in asked
        if one.composition.post is not None
    }
    before = {(step.chain, step.brief): step for step in steps if step.chain in chains}
    places: dict[str, Place] = {}
    others: list[Shift] = []
    for one, answer in calendars.supposing(asked).answers(set(chains.items())):
        made = answer.appointment
        if (one.brief, one.author) == (brief, chains.get(one.chain)):
            outlook = "missed" if answer.missed else (made.outlook or "")
            when = made.appointed_at
            rules = calendars.schedule.rules(one.author)
            shut = tuple(span.rule for span in closed(rules, at, at + SECOND))
            places[one.chain] = Place(
                one.chain, one.author, when, outlook, made.why or "", when == at, shut
            )
            continue
        step = before.get((one.chain, one.brief))
        stays = step is None or step.state == Status.WAITING.value or made.outlook is Outlook.NOW
        if step is not None and not stays and step.when != made.appointed_at:
            others.append(Shift(one.chain, one.brief, step.title, step.when, made.appointed_at))
    for chain, why in errors.items():
        if chain not in places:
            author = chains.get(chain, "")
            places[chain] = Place(chain, author, None, "", why or "it doesn't go out here", False)
    others.sort(key=lambda shift: (shift.before is None, shift.before, shift.brief))
    told = others[:MOST]
    return Trial([places[chain] for chain in sorted(places)], told, len(others) - len(told))
