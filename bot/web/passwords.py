"""Passwords: what is asked of one, and Argon2id (RFC 9106), by which they are kept."""

import unicodedata
from functools import cached_property
from secrets import token_urlsafe
from typing import TYPE_CHECKING

from bot.errors import BotError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 12, 1024
"""Characters of a password."""


class BadPassword(BotError):  # noqa: N818  # what is wrong
    """This password is not taken; the message doesn't repeat it."""

    exit_code = 2


class WebNotInstalled(BotError):  # noqa: N818  # what is missing
    """What the dashboard takes isn't installed."""

    exit_code = 2


def spelled(password: str) -> str:
    """A password in one spelling: keyboards write the same letter in several (RFC 8265 §4.2)."""
    return unicodedata.normalize("NFC", password)


def check(password: str) -> None:
    """Refuse a password that is too short or too long; raises `BadPassword`."""
    if len(password) < SHORTEST:
        raise BadPassword(f"a password has {SHORTEST} characters or more; several words are good")
    if len(password) > LONGEST:
        raise BadPassword(f"a password has at most {LONGEST} characters")


class Passwords:
    """Makes and verifies hashes; each takes 64 MiB and a part of a second: guessing is slow."""

    @cached_property
    def _hasher(self) -> "PasswordHasher":
        try:
            from argon2 import PasswordHasher  # noqa: PLC0415  # of the extra `web`
        except ImportError:
            raise WebNotInstalled(
                "argon2-cffi isn't installed, which passwords need; pip install 'briefbot[web]'"
            ) from None
        return PasswordHasher()

    @cached_property
    def _of_nobody(self) -> str:
        return self._hasher.hash(token_urlsafe())

    def hashed(self, password: str) -> str:
        """The hash to keep.

        Raises:
            BadPassword: it is too short or too long.
        """
        text = spelled(password)
        check(text)
        return self._hasher.hash(text.encode("utf-8", "surrogatepass"))

    def fits(self, kept: str | None, password: str) -> bool:
        """Whether a password is the one that `kept` was made of.

        Where there is no user, and so no hash, it takes as long: the time tells nobody who there
        is.
        """
        from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415

        text = spelled(password[: LONGEST + 1])
        hasher, of_nobody = self._hasher, self._of_nobody  # made in any case: that takes time, too
        try:
            hasher.verify(kept or of_nobody, text.encode("utf-8", "surrogatepass"))
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None and len(text) <= LONGEST

    def is_outdated(self, kept: str) -> bool:
        """Whether a hash was made with weaker parameters than new ones are."""
        return self._hasher.check_needs_rehash(kept)
