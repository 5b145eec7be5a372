"""What a person has begun to write and not saved yet: kept apart from the queue, for that person.

A draft is never published: it lies where no queue is. One that holds a private key isn't kept.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from bot.briefs.opening import opened, replace
from bot.briefs.queue import MAX_BYTES
from bot.briefs.secrets import private_key_offset
from bot.errors import BotError

FOLDER = ".briefbot/drafts"
"""Where they lie, below the workspace."""
_LARGEST = 8 * MAX_BYTES  # of a file: JSON writes some characters with six
_MOST = 500
"""Drafts that one person has at most."""


class HoldsKey(BotError):  # noqa: N818  # what it is
    """A text with a private key is stored nowhere."""


class OtherDraft(BotError):  # noqa: N818  # what happened
    """Another window of the same person has written this draft."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A text that isn't saved.

    Attributes:
        path: of the brief; empty for a new one that has no name yet.
        fingerprint: of the file when the person began; empty for a new one.
        name: what the new file is to be called.
        saved_at: when it was kept, in UTC.
    """

    person: str
    path: str
    text: str
    fingerprint: str
    saved_at: datetime
    name: str = ""

    @property
    def mark(self) -> str:
        """What differs once the draft has changed."""
        return sha256(f"{self.name}\0{self.text}".encode()).hexdigest()[:16]


class Drafts:
    """The drafts of a workspace.

    Args:
        root: the workspace.
    """

    def __init__(self, root: Path) -> None:
        self._folder = root / FOLDER

    def of(self, person: str, path: str) -> Draft | None:
        """A person's draft of a brief."""
        return self._read(_name(person, path))

    def others(self, person: str, path: str) -> tuple[Draft, ...]:
        """What others have begun to write in the same brief."""
        found = (self._read(name) for name in self._names(f"{_digest(path)}-"))
        return tuple(draft for draft in found if draft and draft.person != person)

    def keep(self, draft: Draft, since: str | None) -> None:
        """Keep a draft in place of the one before.

        Args:
            since: the mark of the one before that this one goes on from, empty for none; None to
                keep it whatever there is.

        Raises:
            HoldsKey: it holds a private key; the one before stays.
            OtherDraft: there is another one than that; it stays.
            BotError: it can't be kept.
        """
        if private_key_offset(draft.text) is not None or private_key_offset(draft.name) is not None:
            raise HoldsKey("the text holds a private key: it isn't kept as a draft; remove the key")
        there = self.of(draft.person, draft.path)
        if since is not None and there and there.mark not in {since, draft.mark}:
            raise OtherDraft("another window has kept a draft of this brief; load this page anew")
        told = json.dumps(asdict(draft) | {"saved_at": draft.saved_at.isoformat()})
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if (
                there is None
                and sum(1 for _ in self._names(f"-{_digest(draft.person)}.json")) >= _MOST
            ):
                raise BotError(f"{draft.person} has {_MOST} drafts; save or discard one first")
            replace(self._folder / _name(draft.person, draft.path), told.encode(), like=None)
            (self._folder / _name(draft.person, draft.path)).chmod(0o600)
        except OSError as error:
            raise BotError(f"a draft can't be kept in {self._folder}: {error.strerror}") from None

    def discard(self, person: str, path: str) -> None:
        """Forget a draft, if there is one."""
        try:
            (self._folder / _name(person, path)).unlink(missing_ok=True)
        except OSError as error:
            raise BotError(f"a draft can't be removed: {error.strerror}") from None

    def all_of(self, person: str) -> tuple[Draft, ...]:
        """All drafts of a person, the latest first."""
        found = (self._read(name) for name in self._names(f"-{_digest(person)}.json"))
        drafts = [draft for draft in found if draft]
        return tuple(sorted(drafts, key=lambda draft: draft.saved_at, reverse=True))

    def _names(self, part: str) -> Iterator[str]:
        try:
            yield from (name for name in os.listdir(self._folder) if part in name)  # noqa: PTH208
        except OSError:
            return

    def _read(self, name: str) -> Draft | None:
        """A draft's file; None for none, or for one that can't be read."""
        try:
            with opened(self._folder, name) as file:
                told = json.loads(file.read(_LARGEST))
            return Draft(**told | {"saved_at": datetime.fromisoformat(told["saved_at"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None


def _name(person: str, path: str) -> str:
    return f"{_digest(path)}-{_digest(person)}.json"


def _digest(text: str) -> str:
    return sha256(text.encode(errors="surrogateescape")).hexdigest()[:32]
