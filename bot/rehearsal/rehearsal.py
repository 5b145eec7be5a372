"""The service at work on copies, from alarm to alarm, and what it does beside what was planned."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import structlog

from bot import app
from bot.chain.codec import comment_in
from bot.config import Settings, key_variable
from bot.devnet.network import SLOT
from bot.devnet.testing import Devnet
from bot.records import UNPUBLISHED, Records
from bot.rehearsal.chains import PrivateChains
from bot.rehearsal.workspace import copied
from bot.reports.plan import Step, plan
from bot.service.service import Service

TOLERANCE = timedelta(minutes=2)
"""What may lie between a plan and a block. Where a brief waits until another one is irreversible,
the plan takes that for a minute, and these chains make it so at once."""
_JOBS = ("dispatch", "follow")
"""Those of the service on which it depends when what goes out; the copied files don't change."""
_PATIENT = 40  # looks at something that waits, after which they become rarer
_DOUBLINGS = 10  # up to about an hour
_NEVER = datetime.max.replace(tzinfo=UTC)
_PROMISED = {"new", "queued"}
"""Of these the plan says when they go out; of one that waits, when it is tried again."""
_NOT_THE_CALENDARS = {"problem", "draft", "edit", "publishing", "included", "cancelled"}

Key = tuple[str, str]
"""(chain, brief)"""


class Kind(StrEnum):
    """What goes wrong: the service doesn't run, or no node can be reached."""

    OUTAGE = "outage"
    NODES = "nodes"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong for a while."""

    kind: Kind
    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Deed:
    """What became of one brief.

    Attributes:
        planned: when it was to go out, by the last plan that a trouble hasn't overtaken; None when
            it wasn't to go out.
        why: the plan's reason.
        happened: when it went out, by the chain.
        state: its status at the end.
        differs: whether plan and deed are apart.
    """

    brief: str
    chain: str
    author: str
    title: str
    planned: datetime | None
    why: str
    happened: datetime | None
    state: str
    differs: bool


def rehearse(
    config: Settings,
    home: Path,
    begin: datetime,
    end: datetime,
    troubles: Sequence[Trouble],
    log: structlog.stdlib.BoundLogger,
    pause: Callable[[float], None] = lambda seconds: None,  # noqa: ARG005
) -> tuple[Deed, ...]:
    """Play the time from `begin` to `end` on copies in `home`; by plan and deed, in that order.

    Args:
        home: an empty folder.
        troubles: none during another.
        pause: is told the seconds of the rehearsal's time that are about to pass.

    Raises:
        BotError: there is something wrong with the queue, its records or its settings.
        OSError: a file can't be copied.
    """
    made = copied(config, home)
    profiles = app.profiles(config)
    with app.view(made) as view:
        steps = plan(view, begin, app.calendars(made)).steps
    posting = {(step.chain, step.author) for step in steps if step.chain and step.author}
    played = {name: profiles[name] for name in sorted({chain for chain, _ in posting})}
    if not played:
        return ()
    with (
        closing(PrivateChains(played, int(begin.timestamp()))) as chains,
        Records.open(made.database) as records,
    ):
        for chain, author in sorted(posting):
            chains.welcome(chain, author)
        made = replace(
            made,
            chains={name: chains.settings(profile) for name, profile in played.items()},
            environment={key_variable(author): Devnet.key(author) for _, author in posting},
        )
        stage = _Stage(made, chains, records, log, pause)
        for trouble in sorted(troubles, key=lambda one: one.begin):
            stage.play(trouble.begin)
            stage.suffer(trouble)
        stage.play(end)
        return stage.deeds()


class _Stage:
    """One rehearsal."""

    def __init__(
        self,
        config: Settings,
        chains: PrivateChains,
        records: Records,
        log: structlog.stdlib.BoundLogger,
        pause: Callable[[float], None],
    ) -> None:
        self._config = config
        self._chains = chains
        self._records = records
        self._log = log
        self._pause = pause
        self._planned: dict[Key, Step] = {}
        self._given_up_at: datetime | None = None
        self._service = self._started()
        self._put_parents()
        self._take_plan()

    def play(self, until: datetime) -> None:
        """Let the service work; where nothing is to be done, time passes at once."""
        last = int(until.timestamp())
        idle = 0
        while self._chains.now < last:
            sent = self._chains.broadcasts
            self._work()
            if self._given_up_at and self._now() > self._given_up_at:
                self._take_plan()  # nobody released a brief, whose place is others' from now on
            idle = idle + 1 if sent == self._chains.broadcasts else 0
            rest = self._service.rest()
            look = self._seconds(self._records.until_look(self._now()), last)
            # what waits for what doesn't come is looked at again and again, and ever more rarely
            stride = SLOT * 2 ** min(max(idle - _PATIENT, 0), _DOUBLINGS)
            if look <= max(self._seconds(rest, last), stride):
                idle = 0
                self._pass_to(self._chains.now + look)
            else:
                self._pass_to(self._chains.now + max(self._seconds(rest, last), stride))

    def suffer(self, trouble: Trouble) -> None:
        """Have a trouble, and the plan that there is after it."""
        if trouble.kind is Kind.OUTAGE:
            self._service.leave()
            self._pass_to(int(trouble.end.timestamp()))
            self._service = self._started()
        else:
            self._chains.are_away = True
            self.play(trouble.end)
            self._chains.are_away = False
        self._take_plan()

    def deeds(self) -> tuple[Deed, ...]:
        """What became of all that was planned."""
        states = {(row.chain, row.brief): row.status.value for row in self._records.latest()}
        made = [self._deed(step, states.get(key, step.state)) for key, step in self._told()]
        return tuple(sorted(made, key=lambda deed: deed.planned or deed.happened or _NEVER))

    def _told(self) -> Iterator[tuple[Key, Step]]:
        for key, step in self._planned.items():
            if step.chain in self._chains.names and step.state not in _NOT_THE_CALENDARS:
                yield key, step

    def _deed(self, step: Step, state: str) -> Deed:
        created = self._chains.created(step.chain, step.author, step.permlink)
        happened = None if created is None else datetime.fromtimestamp(created, UTC)
        planned = step.when if step.state in _PROMISED else None
        if planned is None:
            differs = happened is not None and step.state in _PROMISED
        elif happened is None:
            differs = planned + TOLERANCE <= self._now()
        else:
            differs = abs(happened - planned) > TOLERANCE
        return Deed(
            step.brief, step.chain, step.author, step.title,
            planned, step.why, happened, state, differs,
        )  # fmt: skip

    # -- the service -----------------------------------------------------------------------------

    def _started(self) -> Service:
        """Another process, which has read the queue."""
        self._alarms: dict[str, float] = {}
        service = app.service(
            self._config,
            self._records,
            self._now,
            self._log,
            over=self._chains,
            steady=lambda: float(self._chains.now),
        )
        while service.perform("scan") == 0.0:
            pass  # there is more to read
        return service

    def _work(self) -> None:
        """Ring the alarms that are due, as APScheduler does."""
        self._service.renew()
        for job in _JOBS:
            if self._alarms.get(job, 0.0) <= self._chains.now:
                self._alarms[job] = self._chains.now + self._service.perform(job)

    def _pass_to(self, moment: int) -> None:
        self._pause(max(moment - self._chains.now, SLOT))
        self._chains.advance(moment)

    def _seconds(self, rest: timedelta | None, last: int) -> int:
        """So many whole seconds; what is left when that is for ever."""
        left = last - self._chains.now
        return left if rest is None else min(int(rest.total_seconds()), left)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._chains.now, UTC)

    # -- the plan --------------------------------------------------------------------------------

    def _take_plan(self) -> None:
        """Keep what is planned now of all that isn't out."""
        with app.view(self._config) as view:
            steps = plan(view, self._now(), app.calendars(self._config)).steps
        self._planned |= {(step.chain, step.brief): step for step in steps}
        held = [step.when for step in steps if step.state == "held" and step.when]
        self._given_up_at = min((when for when in held if when > self._now()), default=None)

    def _put_parents(self) -> None:
        """Have those posts on the chains to which pending replies are made."""
        rows = self._records.log(statuses=tuple(UNPUBLISHED))
        own = {(row.publication.author, row.publication.permlink) for row in rows}
        here = [row.publication for row in rows if row.publication.chain in self._chains.names]
        for row in here:
            comment = comment_in(row.operations)
            parent = (comment.get("parent_author", ""), comment.get("parent_permlink", ""))
            if parent[0] and parent not in own:
                self._chains.put(row.chain, *parent)
