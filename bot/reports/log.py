"""Publications as people's programs read them: the JSON of `log` and `show`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from bot.records import Attempt, Came, Event, LogRow


def instant(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC, to the second, or None."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment else None


def log_line(row: LogRow) -> dict[str, Any]:
    """One publication as `briefbot log --json` prints it."""
    publication = row.publication
    return {
        "id": publication.id,
        "brief": publication.brief,
        "chain": publication.chain,
        "author": publication.author,
        "permlink": publication.permlink,
        "title": publication.title,
        "category": publication.category,
        "tags": list(publication.tags),
        "kind": publication.kind.value,
        "status": publication.status.value,
        "url": publication.url,
        "scheduled_at": instant(publication.scheduled_at),
        "broadcast_at": instant(publication.broadcast_at),
        "included_at": instant(publication.included_at),
        "final_at": instant(publication.final_at),
        "trx_id": publication.trx_id,
        "block_num": publication.block_num,
        "attempts": row.attempts,
        "retry_at": instant(publication.retry_at),
        "error": publication.error,
        "votes": row.came.votes if row.came else 0,
        "replies": row.came.replies if row.came else 0,
        "pending_payout": amount(row.came, row.came.pending) if row.came else None,
        "earned": amount(row.came, row.came.earned) if row.came else None,
        "paid_at": instant(row.came.paid_at) if row.came else None,
    }


def amount(came: Came, units: int) -> str:
    """An amount of a post's dollar, as the chain writes it."""
    from bot.chain.outcomes import Asset  # noqa: PLC0415  # slow to import, and rarely wanted

    return str(Asset(units, came.precision, came.symbol))


def whole(row: LogRow, attempts: Sequence[Attempt], events: Sequence[Event]) -> dict[str, Any]:
    """One publication with its attempts and events, as `briefbot show --json` prints it."""
    return log_line(row) | {
        "attempts": [
            {
                "trx_id": attempt.trx_id,
                "node": attempt.node,
                "signed_at": instant(attempt.signed_at),
                "expiration": instant(attempt.expiration),
                "outcome": attempt.outcome.value,
                "error": attempt.error,
            }
            for attempt in attempts
        ],
        "events": [
            {
                "at": instant(event.at),
                "from": event.source.value if event.source else None,
                "to": event.target.value,
                "reason": event.reason,
                "worker": event.worker,
                "fence": event.fence,
                "person": event.person,
            }
            for event in events
        ],
    }
