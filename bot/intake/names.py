"""Which brief a text means by a name: found in what is recorded of the queue, read as it is now."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import PurePosixPath

from bot.briefs import Brief, Entry
from bot.format.links import Name
from bot.records.files import FileRecords, NameKind

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}-")
_SUFFIX = re.compile(r"\.(?:md|markdown)$", re.IGNORECASE)
_ORDER = (NameKind.ID, NameKind.STEM, NameKind.BARE, NameKind.TITLE)
"""Which of several briefs a word means: the one whose id it is comes first."""


def stem_of(path: str) -> str:
    """A path without a brief's suffix."""
    return _SUFFIX.sub("", path)


def names_of(path: str, identity: str, title: str) -> tuple[tuple[NameKind, str], ...]:
    """What other briefs may call the one at this path; doubles are told once."""
    stem = PurePosixPath(path).stem.lower()
    names = (
        (NameKind.ID, identity.lower()),
        (NameKind.STEM, stem),
        (NameKind.BARE, _DAY.sub("", stem)),
        (NameKind.TITLE, title.lower()),
    )
    found: dict[str, NameKind] = {}
    for kind, name in names:
        found.setdefault(name, kind)
    return tuple((kind, name) for name, kind in found.items() if name)


def links_of(names: Iterable[Name]) -> tuple[str, ...]:
    """By what a brief with these links is found when what it names has changed."""
    found = []
    for name in names:
        found += [_word(name), *([f"/{stem_of(name.path)}"] if name.path is not None else [])]
    return tuple(dict.fromkeys(found))


def _word(name: Name) -> str:
    return stem_of(name.word.strip().lower())


class Names:
    """Finds the briefs of one queue.

    Args:
        changed: gives the files that aren't recorded as they are; asked when the first name is met.
        read: a file of the queue as it is now, or None where it holds no brief.
        recorded: the others; None where nothing is recorded.
    """

    def __init__(
        self,
        changed: Callable[[], Iterable[Entry]],
        read: Callable[[str], Brief | None] = lambda path: None,  # noqa: ARG005
        recorded: Callable[[], FileRecords | None] = lambda: None,
    ) -> None:
        self._changed = changed
        self._read = read
        self._open = recorded
        self._met: dict[str, Brief | None] = {}

    def brief(self, name: Name) -> Brief | None:
        """The brief that a text means; None where there is none, or several have that id."""
        found = None
        if name.path is not None:
            stem = stem_of(name.path)
            found = self._by_stem.get(stem) or self._alone(f"{stem}.md", f"{stem}.markdown")
        return found or self._called(_word(name))

    def with_id(self, brief: str) -> Brief | None:
        """The brief that has this id; None where none has, or several have."""
        found = [each for each in self._named(NameKind.ID, brief.lower()) if each.id == brief]
        return found[0] if len(found) == 1 else None

    def changed(self) -> Iterable[Brief]:
        """The briefs that aren't recorded as they are."""
        return self._by_stem.values()

    def with_permlink(self, permlink: str) -> Iterator[Brief]:
        """Recorded briefs that stood, or wanted to stand, under this permlink on some chain."""
        yield from self._recorded(NameKind.PERMLINK, permlink)

    def _called(self, word: str) -> Brief | None:
        for kind in _ORDER:
            for brief in self._named(kind, word):
                if self.with_id(brief.id) is not None:
                    return brief
        return None

    def _named(self, kind: NameKind, name: str) -> list[Brief]:
        """All that have this name, in the order of their paths."""
        found = [
            brief
            for brief in self._recorded(kind, name)
            if (kind, name) in names_of(brief.path, brief.id, brief.title)
        ]
        return sorted([*self._by_name.get((kind, name), ()), *found], key=lambda brief: brief.path)

    def _recorded(self, kind: NameKind, name: str) -> Iterator[Brief]:
        if self._files is None or not name:
            return
        for path in self._files.named(kind, [name]):
            if path not in self._paths and (brief := self._live(path)):
                yield brief

    def _alone(self, *paths: str) -> Brief | None:
        """The first of these files that is a brief whose id no other file has."""
        if self._files is None:
            return None
        for path in paths:
            brief = None if path in self._paths else self._live(path)
            if brief is not None and self.with_id(brief.id) is not None:
                return brief
        return None

    def _live(self, path: str) -> Brief | None:
        if path not in self._met:
            self._met[path] = self._read(path)
        return self._met[path]

    @cached_property
    def _files(self) -> FileRecords | None:
        return self._open()

    @cached_property
    def _entries(self) -> tuple[Entry, ...]:
        return tuple(self._changed())

    @cached_property
    def _paths(self) -> frozenset[str]:
        return frozenset(entry.path for entry in self._entries)

    @cached_property
    def _by_stem(self) -> Mapping[str, Brief]:
        return {stem_of(entry.path): entry.brief for entry in self._entries if entry.brief}

    @cached_property
    def _by_name(self) -> Mapping[tuple[NameKind, str], list[Brief]]:
        found: dict[tuple[NameKind, str], list[Brief]] = {}
        for brief in self._by_stem.values():
            for name in names_of(brief.path, brief.id, brief.title):
                found.setdefault(name, []).append(brief)
        return found
