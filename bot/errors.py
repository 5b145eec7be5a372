"""The root of every error that briefbot raises on purpose."""

from typing import ClassVar


class BotError(Exception):
    """Something a person can act on: says what happened, to what, and what to do next.

    Each room raises its own kinds (`BriefError`, `ConfigError`, `ChainError`, …); the command
    line prints the message and never a traceback.
    """

    exit_code: ClassVar[int] = 1
    """What `briefbot` exits with: 1 something failed, 2 configuration, 3 nothing was reached."""


LONGEST_QUOTE = 300
"""Characters of another program's own words that are shown and kept."""


def quoted(words: str) -> str:
    """Another program's words for a message of ours: printable, one line, not too long."""
    text = "".join(c if c.isprintable() else " " for c in words[: 10 * LONGEST_QUOTE])
    return " ".join(text.split())[:LONGEST_QUOTE]
