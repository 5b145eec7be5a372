"""What there is news of, and how grave each kind is."""

from enum import StrEnum


class Level(StrEnum):
    """How grave something is."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class NewsKind(StrEnum):
    """What there is news of; the names are those of `events` in the configuration."""

    PUBLISHED = "published"
    REJECTED = "rejected"
    MISSED = "missed"
    OVERDUE = "overdue"
    CANCELLED = "cancelled"
    HELD = "held"
    REPLY = "reply"
    PAYOUT = "payout"
    CHANGED = "changed"
    NODE = "node"
    KEY = "key"
    DATABASE = "database"
    QUEUE = "queue"
    WEEKLY = "weekly"


LEVELS = {
    NewsKind.PUBLISHED: Level.INFO,
    NewsKind.REJECTED: Level.WARNING,
    NewsKind.MISSED: Level.WARNING,
    NewsKind.OVERDUE: Level.WARNING,
    NewsKind.CANCELLED: Level.WARNING,
    NewsKind.HELD: Level.WARNING,
    NewsKind.REPLY: Level.INFO,
    NewsKind.PAYOUT: Level.INFO,
    NewsKind.CHANGED: Level.ERROR,
    NewsKind.NODE: Level.WARNING,
    NewsKind.KEY: Level.ERROR,
    NewsKind.DATABASE: Level.ERROR,
    NewsKind.QUEUE: Level.ERROR,
    NewsKind.WEEKLY: Level.INFO,
}
"""How grave each kind is; the end of a trouble is an `info`."""

ALL = frozenset(NewsKind)
USUAL = ALL - {
    NewsKind.PUBLISHED,
    NewsKind.CANCELLED,
    NewsKind.REPLY,
    NewsKind.PAYOUT,
    NewsKind.WEEKLY,
}
"""What a way is told when nobody says: all that somebody should look after."""
