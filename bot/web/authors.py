"""Authors: what each has before them, whether they can post, and what they can pay for."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from bot import app
from bot.calendar.planner import FreeSlot
from bot.chain.protocol import ResourceCredits
from bot.config import ConfigError
from bot.records.credits import AccountMana, CreditRecords, Mana
from bot.reports.forecast import Shortage, forecasts
from bot.reports.plan import Step
from bot.web.pages import page
from bot.web.planned import over
from bot.web.queue import Number
from bot.web.security import Reader
from bot.web.today import needs_a_person
from bot.web.workplace import Here, Workplace

AHEAD = timedelta(days=14)
SLOTS = 5
PAGE = 30

routes = APIRouter()


@dataclass(frozen=True, slots=True)
class Share:
    """How much of an account's mana there is now (0 to 1), by what it was when it was read."""

    now: float
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """What an author has on one chain.

    Attributes:
        credits, voting: None where the chain has none of it, or nothing is known yet.
        shortage: that the credits don't last for what is planned.
    """

    chain: str
    credits: Share | None
    voting: Share | None
    shortage: Shortage | None


@dataclass(frozen=True, slots=True)
class AuthorStanding:
    """One account that is published for.

    Attributes:
        signer: whose key signs for it; itself, unless another account was granted that.
        key_trouble: why there is no key to sign with; empty where there is one.
        next_at: when its next brief goes out.
        planned: how many briefs it has that go by themselves, `needy` that don't.
        slots: the next ones that are free.
    """

    name: str
    signer: str
    key_trouble: str
    timezone: str
    next_at: datetime | None
    planned: int
    needy: int
    slots: Sequence[FreeSlot]
    accounts: Sequence[Account]


@dataclass(frozen=True, slots=True)
class Authors:
    """Some of the authors.

    Attributes:
        found: how many there are.
        number: of this page; `following` of the next one, None when this is the last.
    """

    authors: Sequence[AuthorStanding]
    found: int
    number: int
    following: int | None


def authors_of(place: Workplace, number: int) -> Authors:
    """Every account that is configured or has something planned."""
    made = place.planned.plan()
    plan = replace(made, calendars=over(made.calendars, place.records))
    steps: defaultdict[str, list[Step]] = defaultdict(list)
    for step in plan.steps:
        if step.author:
            steps[step.author].append(step)
    names = sorted({*app.authors(place.config), *steps})
    first = (number - 1) * PAGE
    shown = names[first : first + PAGE]
    now = place.now()
    mine = [step for name in shown for step in steps[name]]
    short = {(one.chain, one.author): one for one in forecasts(plan, mine, now).shortages}
    kept = CreditRecords(place.records).accounts()
    until = plan.calendars.now + AHEAD

    def free(name: str) -> Sequence[FreeSlot]:
        return place.planned.free(made, place.records, place.config.chain, name, until)

    return Authors(
        [_standing(place, name, steps[name], kept, short, free(name)) for name in shown],
        len(names),
        number,
        number + 1 if first + PAGE < len(names) else None,
    )


def _standing(
    place: Workplace,
    name: str,
    steps: Sequence[Step],
    kept: Mapping[tuple[str, str], AccountMana],
    short: Mapping[tuple[str, str], Shortage],
    free: Sequence[FreeSlot],
) -> AuthorStanding:
    now = place.now()
    settings = place.config.authors.get(name)
    trouble = ""
    try:
        place.config.posting_key(name)
    except ConfigError as error:
        trouble = str(error)
    chains = {step.chain for step in steps} | {chain for chain, who in kept if who == name}
    needy = [step for step in steps if needs_a_person(step)]
    return AuthorStanding(
        name,
        settings.signer if settings and settings.signer else name,
        trouble,
        place.config.rules(name).timezone,
        next((step.when for step in steps if step.when is not None), None),
        len(steps) - len(needy),
        len(needy),
        free[:SLOTS],
        [
            _account(chain, kept.get((chain, name)), short.get((chain, name)), now)
            for chain in sorted(chains or {place.config.chain})
        ],
    )


def _account(
    chain: str, known: AccountMana | None, shortage: Shortage | None, now: datetime
) -> Account:
    if known is None:
        return Account(chain, None, None, shortage)
    return Account(
        chain, _share(known.credits, known, now), _share(known.voting, known, now), shortage
    )


def _share(mana: Mana | None, known: AccountMana, now: datetime) -> Share | None:
    if mana is None:
        return None
    figures = ResourceCredits(mana.current, mana.most, mana.at)
    return Share(figures.share(max(now, mana.at)), known.read_at)


@routes.get("/authors", response_class=HTMLResponse, include_in_schema=False)
def show_authors(request: Request, here: Here, visitor: Reader, number: Number = 1) -> HTMLResponse:
    """The page."""
    return page(request, here, visitor, "authors.html", listed=authors_of(here, number))


@routes.get("/api/v1/authors")
def tell_authors(here: Here, _: Reader, number: Number = 1) -> Authors:
    """Every author: what is planned, whether there is a key, and what can be paid for."""
    return authors_of(here, number)
