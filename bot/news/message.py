"""Several news as one message: for people, and for programs."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.errors import quoted
from bot.news.kinds import LEVELS, Level, NewsKind
from bot.records.news import News

MOST = 20
"""News that a message for people tells one by one; of the others it tells how many there are."""
_ORDER = (Level.ERROR, Level.WARNING, Level.INFO)


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent at once.

    Attributes:
        id: one of its kind; the same each time that it is sent.
        news: what it tells, first to last.
    """

    id: str
    news: tuple[News, ...]

    @property
    def level(self) -> Level:
        """That of the gravest."""
        told = {Level(one.level) for one in self.news}
        return next(level for level in _ORDER if level in told)

    @property
    def title(self) -> str:
        """One line: what it is about."""
        if len(self.news) == 1:
            return f"briefbot: {about(self.news[0])}"
        kinds = Counter(one.kind for one in self.news)
        told = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        return f"briefbot: {len(self.news)} news ({told})"

    @property
    def text(self) -> str:
        """A paragraph for each, the gravest first, as plain text."""
        order = sorted(self.news, key=lambda one: _ORDER.index(Level(one.level)))
        lines = [
            f"{one.at:%Y-%m-%d %H:%M} UTC  {quoted(one.text)}" + (f"\n{one.url}" if one.url else "")
            for one in order[:MOST]
        ]
        if more := len(order) - MOST:
            lines += [f"… and {more} more; `briefbot log` tells all"] if more > 0 else []
        return "\n\n".join(lines)

    def document(self) -> bytes:
        """For programs: JSON in UTF-8 (docs/news.md)."""
        told = [
            {
                "key": one.key,
                "kind": one.kind,
                "level": one.level,
                "at": _instant(one.at),
                "text": one.text,
                "chain": one.chain,
                "author": one.author,
                "brief": one.brief,
                "url": one.url,
            }
            for one in self.news
        ]
        return json.dumps({"id": self.id, "news": told}, ensure_ascii=False).encode(
            errors="replace"
        )


def about(one: News) -> str:
    """What one piece of news is about, in a few words."""
    return " ".join(filter(None, (one.kind, one.brief or one.author)))[:120]


def trial(now: datetime) -> Message:
    """What `notify test` sends."""
    text = "This is a test: news of briefbot come this way."
    level = LEVELS[NewsKind.PUBLISHED]
    one = News(f"test:{now:%Y%m%dT%H%M%S}", "test", level.value, now, text, id=0)
    return Message(f"test-{now:%Y%m%dT%H%M%S%f}", (one,))


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
