"""What changes reaches open pages: one look at the records a second, for all who watch."""

import asyncio
import math
import time
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from bot.records import RecordsError
from bot.web.security import Reader
from bot.web.workplace import Workplace

EVERY = 1.0  # seconds between two looks
QUIET = 15.0  # seconds after which a line is sent to tell that the connection lives
MOST = 200  # pages that can be open at once

routes = APIRouter()


class Pulse:
    """Tells all open pages when the records, or the queue, have changed; looks once for all."""

    def __init__(self, place: Workplace) -> None:
        self._place = place
        self._changed = asyncio.Condition()
        self._watching = 0
        self._task: asyncio.Task[None] | None = None
        self.revision = ""

    @property
    def is_full(self) -> bool:
        """Whether no more pages can be told."""
        return self._watching >= MOST

    async def revisions(self, seen: str) -> AsyncIterator[str | None]:
        """The revision whenever it is another than was seen; None when it stays as it is."""
        self._watching += 1
        try:
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._look())
            while True:
                if self.revision and self.revision != seen:
                    seen = self.revision
                    yield seen
                    continue
                try:
                    async with asyncio.timeout(QUIET), self._changed:
                        await self._changed.wait()
                except TimeoutError:
                    yield None
        finally:
            self._watching -= 1

    def end(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()

    async def _look(self) -> None:
        """As long as anybody watches.

        A page that asks at once may be given a plan that was made before the change: when that
        one has passed, all are told again.
        """
        known, again = "", math.inf
        while self._watching:
            try:
                found = await run_in_threadpool(self._place.records.revision)
            except RecordsError:
                found = ""  # the next look comes
            if found and found != known:
                held = await run_in_threadpool(self._place.planned.holds_for)
                known, again = found, time.monotonic() + held if held else math.inf
                await self._tell(known)
            elif time.monotonic() >= again:
                again = math.inf
                await self._tell(f"{known}+")
            await asyncio.sleep(EVERY)

    async def _tell(self, revision: str) -> None:
        async with self._changed:
            self.revision = revision
            self._changed.notify_all()


@routes.get("/live", include_in_schema=False)
async def live(request: Request, _: Reader, seen: str = "") -> StreamingResponse:
    """Server-sent events: `changed` whenever something has, with the revision as its id."""
    pulse: Pulse = request.app.state.pulse
    if pulse.is_full:
        return StreamingResponse(iter(()), 503, {"Retry-After": "60"})
    last = request.headers.get("last-event-id", seen)

    async def told() -> AsyncIterator[str]:
        async for revision in pulse.revisions(last):
            yield (
                ": still here\n\n"
                if revision is None
                else f"id: {revision}\nevent: changed\ndata: {revision}\n\n"
            )

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(told(), 200, headers, "text/event-stream")
