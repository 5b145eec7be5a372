"""The root of every error that briefbot raises on purpose."""

from typing import ClassVar


class BotError(Exception):
    """Something a person can act on: says what happened, to what, and what to do next.

    Each room raises its own kinds (`BriefError`, `ConfigError`, `ChainError`, …); the command
    line prints the message and never a traceback.
    """

    exit_code: ClassVar[int] = 1
    """What `briefbot` exits with: 1 something failed, 2 configuration, 3 nothing was reached."""
