"""What every page works with: the settings, the records, the clock."""

from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Annotated, cast
from zoneinfo import ZoneInfo

import structlog
from fastapi import Depends, Request
from prometheus_client import CollectorRegistry

from bot import app
from bot.briefs import BriefError
from bot.briefs.folder import Folder
from bot.clock import Clock
from bot.config import Settings
from bot.intake.view import QueueView
from bot.records import DatabaseUnavailable, Records
from bot.web.around import Around
from bot.web.planned import Planned


@dataclass(frozen=True, slots=True)
class Workplace:
    """One workspace, as pages and API see it.

    Attributes:
        records: of all requests; every one of them takes a connection of its own.
        planned: the plan, shared by all pages.
        around: the queue that texts are checked among.
        figures: what Prometheus is told.
    """

    config: Settings
    records: Records
    planned: Planned
    around: Around
    figures: CollectorRegistry
    now: Clock
    log: structlog.stdlib.BoundLogger

    @classmethod
    def of(
        cls,
        config: Settings,
        records: Records,
        now: Clock,
        log: structlog.stdlib.BoundLogger,
        figures: CollectorRegistry | None = None,
    ) -> "Workplace":
        """The workplace of these settings; without `figures` of a service, the records' own."""
        figures = figures or app.metrics(config, records, None, now)
        return cls(config, records, Planned(config, now), Around(config), figures, now, log)

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the workspace, for readers whose own isn't known."""
        return ZoneInfo(self.config.timezone)

    def file_written(self, person: str, path: str, fingerprint: str, what: str) -> None:
        """Take down that a person has written a brief's file; the next page knows of it.

        That the database is away just now is no failure: the file is written.

        Args:
            path: of the file in its queue.
            what: one sentence on what was done.
        """
        self.planned.forget()
        self.around.forget()
        self.log.info("file_written", path=path, by=person, what=what)
        with suppress(BriefError, DatabaseUnavailable):
            queue = Folder(self.config.posts).identity()
            self.records.acting_as(person).file_written(queue, path, fingerprint, what, self.now())

    def view(self) -> AbstractContextManager[QueueView]:
        """The queue's folder beside what is recorded of it, as it is at this moment."""
        return app.view(self.config, strict=True)


def workplace(request: Request) -> Workplace:
    """The workplace of the application that answers."""
    return cast("Workplace", request.app.state.workplace)


Here = Annotated[Workplace, Depends(workplace)]
"""The parameter by which a route takes the workplace."""
