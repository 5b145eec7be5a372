"""How many questions a day a chain's nodes are asked about results, and the wait after a refusal.

Public nodes count requests, those in a batch too; who asks too many is told so (HTTP status 429)
or gets no answer at all.
"""

from datetime import datetime, timedelta

REQUESTS_A_DAY = 100_000
_SAVED = timedelta(minutes=15)  # what isn't asked is saved up for so long
_LEAST = 50.0  # the largest batch with what belongs to it
_WAIT = timedelta(seconds=15)
_LONGEST_WAIT = timedelta(minutes=15)


class Budget:
    """One chain's allowance.

    Attributes:
        spent: questions that were asked in all.
    """

    def __init__(self, a_day: int, now: datetime) -> None:
        self._rate = a_day / 86_400
        self._most = max(_LEAST, self._rate * _SAVED.total_seconds())
        self._left = self._most
        self._at = now
        self._silent_until: datetime | None = None
        self._failures = 0
        self.spent = 0

    def allows(self, questions: int, now: datetime) -> bool:
        """Whether so many may be asked now."""
        if self._silent_until is not None and now < self._silent_until:
            return False
        elapsed = max(0.0, (now - self._at).total_seconds())
        self._left = min(self._most, self._left + elapsed * self._rate)
        self._at = now
        return self._left >= questions

    def spend(self, questions: int) -> None:
        """They were asked; a discussion may take more than was thought."""
        self._left -= questions
        self.spent += questions

    def refused(self, now: datetime) -> None:
        """No node gave an answer, or each had enough of us: wait, each time twice as long."""
        self._silent_until = now + min(_WAIT * 2 ** min(self._failures, 10), _LONGEST_WAIT)
        self._failures += 1

    def answered(self) -> None:
        """A node gave an answer."""
        self._failures = 0
        self._silent_until = None
