"""What a publication's events and attempts must be like: rules that need no chain to be judged."""

from collections.abc import Iterator, Sequence

from bot.records.transitions import TRANSITIONS
from bot.records.values import Attempt, Event, Outcome, Status


def broken_path(events: Sequence[Event], status: Status) -> Iterator[str]:
    """Where events don't lead along the arrows from nothing to the present status."""
    before: Status | None = None
    for event in events:
        stays = event.source is event.target  # its file was renamed
        if event.source is not before or (
            event.source is not None and not stays and event.target not in TRANSITIONS[event.source]
        ):
            yield f"{before} is followed by {event.source}→{event.target}"
        before = event.target
    if before is not status:
        yield f"the events end with {before}, the status is {status.value}"


def broken_attempts(attempts: Sequence[Attempt], status: Status) -> Iterator[str]:
    """Where another was signed before all earlier ones were dead, or one isn't settled."""
    for attempt in attempts[:-1]:
        if attempt.outcome is not Outcome.EXPIRED:
            yield f"attempt {attempt.number} was {attempt.outcome.value} when another was signed"
    last = attempts[-1] if attempts else None
    if status is Status.FINAL and last and last.outcome is not Outcome.FINAL:
        yield f"attempt {last.number} counts as {last.outcome.value} of a post that is final"
