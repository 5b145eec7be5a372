"""Copies of a queue and its records, in a folder that goes away afterwards."""

import os
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from bot import app
from bot.config import Settings
from bot.records import NoDatabase, Records
from bot.records.copying import copy_records


def copied(config: Settings, home: Path) -> Settings:
    """The settings of a workspace in `home` that has what the configured one has, but no key.

    Files are linked where the file system can, since nothing writes into them.

    Raises:
        OSError: a file can't be copied.
        DatabaseUnavailable, SchemaDiffers: the records can't be read.
    """
    is_inside = config.posts.is_relative_to(config.root)
    posts = home / (config.posts.relative_to(config.root) if is_inside else "posts")
    _copy(config.posts, posts)
    for root in config.picture_roots:
        if (config.root / root).is_dir() and not (home / root).exists():
            _copy(config.root / root, home / root)
    authors = {name: replace(known, signer=None) for name, known in config.authors.items()}
    database = f"sqlite:///{home / 'briefbot.db'}"
    with (
        Records.open(database, create=True) as target,
        suppress(NoDatabase),
        app.records(config) as source,
    ):
        copy_records(source, target)
    return replace(
        config,
        root=home,
        file=None,
        posts=posts,
        database=database,
        authors=authors,
        edits="off",  # what is on the real chain isn't on this one
        environment={},
    )


def _copy(folder: Path, to: Path) -> None:
    shutil.copytree(folder, to, copy_function=_link_or_copy, symlinks=True)


def _link_or_copy(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one that has no links
        shutil.copy2(source, target)
    return target
