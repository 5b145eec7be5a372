"""What a file's place in the queue says of its brief: identity, name and day.

A page bundle (Hugo, Zola) is a folder that holds one page, `name/index.md`, and what belongs to it:
the folder is the brief, and the file's name says nothing.
"""

import re
from datetime import date
from pathlib import PurePosixPath

_DAY = re.compile(r"(\d{4}-\d\d-\d\d)[-_]")


def is_bundle(path: str) -> bool:
    """Whether the file is the page of a bundle, and not a brief by its own name."""
    folder, _, name = path.rpartition("/")
    return name.rpartition(".")[0] == "index" and folder.rpartition("/")[2] not in {"", ".."}


def identity_of(path: str) -> str:
    """The brief's id, where its front matter gives none: the path without suffix."""
    return path.rpartition("/")[0] if is_bundle(path) else former_identity(path)


def former_identity(path: str) -> str:
    """The id that a file's path gave until 0.1.0, a bundle's page too."""
    stem, _, suffix = path.rpartition(".")
    return stem if stem and "/" not in suffix and not stem.endswith("/") else path


def identity_now(identity: str, path: str) -> str:
    """A recorded id as it is now: a bundle's page was known by its path until 0.1.0."""
    return identity_of(path) if identity == former_identity(path) else identity


def name_of(path: str) -> str:
    """What a brief is called by its file, or its bundle's folder; a day in front is part of it."""
    return identity_of(path).rpartition("/")[2]


def day_in_name(path: str) -> str | None:
    """The date at the start of a name `YYYY-MM-DD-title`, as Jekyll and Zola read it."""
    match = _DAY.match(name_of(path))
    if not match:
        return None
    try:
        date.fromisoformat(match[1])
    except ValueError:
        return None
    return match[1]


def name_without_day(path: str) -> str:
    """What a brief is called by its place, without the day of its name."""
    name = name_of(path)
    return name[len(day) + 1 :] or name if (day := day_in_name(path)) else name


def title_of(path: str) -> str:
    """A title that the place suggests; the words of a note's name stay as they are."""
    name = name_without_day(path)
    if re.search(r"\s", name):
        return name.strip()
    words = re.sub(r"[-_]+", " ", name).strip() or name
    return words[:1].upper() + words[1:]


def is_set_aside(path: str) -> bool:
    """Whether it lies where Jekyll and Hexo keep drafts."""
    return "_drafts" in PurePosixPath(path).parent.parts
