"""The arrows between statuses; nothing moves along any other.

```
queued ─▶ publishing ─▶ included ─▶ final
  ▲          ▲   │          │
  ├─ waiting ┴◀──┼──────────┘     transient: node down, RC, intervals, a fork
  ├─ held ◀──────┤                a person said wait, or must decide
  ├─ rejected ◀──┘                checks, permlink taken
  ├─ missed ◀─ queued, waiting, held   its window closed
  └▶ cancelled                    withdrawn, or the brief left the queue
```

What isn't on its way moves to where it goes in one step: a way through `queued` in two would let
another worker publish it in between, and a crash would leave it there. What a fork moves to another
block stays `included`.
"""

from bot.records.values import Status

TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset(
        {
            Status.PUBLISHING,
            Status.WAITING,
            Status.HELD,
            Status.REJECTED,
            Status.MISSED,
            Status.CANCELLED,
        }
    ),
    Status.PUBLISHING: frozenset({Status.INCLUDED, Status.WAITING, Status.REJECTED, Status.HELD}),
    Status.INCLUDED: frozenset({Status.INCLUDED, Status.FINAL, Status.WAITING}),
    Status.WAITING: frozenset(
        {
            Status.QUEUED,
            Status.PUBLISHING,
            Status.HELD,
            Status.REJECTED,
            Status.MISSED,
            Status.CANCELLED,
        }
    ),
    Status.HELD: frozenset({Status.QUEUED, Status.REJECTED, Status.MISSED, Status.CANCELLED}),
    Status.REJECTED: frozenset({Status.QUEUED, Status.PUBLISHING, Status.HELD, Status.CANCELLED}),
    Status.MISSED: frozenset({Status.QUEUED, Status.HELD, Status.REJECTED, Status.CANCELLED}),
    Status.FINAL: frozenset(),
    Status.CANCELLED: frozenset(),
}

UNPUBLISHED = frozenset(
    {Status.QUEUED, Status.WAITING, Status.HELD, Status.REJECTED, Status.MISSED}
)
"""Statuses in which nothing is on its way; a file's change still changes the plan."""
