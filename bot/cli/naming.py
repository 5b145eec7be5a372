"""What a person at a shell calls a brief, made what the records call it; and its completion."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from bot import app
from bot.config import Settings, load
from bot.errors import BotError
from bot.records import RecordsError
from bot.records.naming import beginning

if TYPE_CHECKING:
    from bot.briefs import Entry

_SUFFIXES = (".md", ".markdown")


def name_of(config: Settings, which: str) -> str:
    """A name as the records know it: the path of a brief, as seen from here, is one in its queue.

    All others stay as they are.
    """
    from bot.briefs.opening import real_path  # noqa: PLC0415  # slow to import, and rarely wanted

    if which.startswith("@") or "://" in which or not _is_path(which):
        return which
    file, queue = real_path(Path(which)), real_path(config.posts)
    if file.is_relative_to(queue):
        return str(file.relative_to(queue))
    return str(file) if file.is_file() else which


def _is_path(which: str) -> bool:
    try:
        return which.lower().endswith(_SUFFIXES) or "/" in which or Path(which).is_file()
    except (OSError, ValueError):  # no file can have that name
        return False


def nothing_recorded(config: Settings, which: str) -> click.ClickException:
    """That there is nothing to do anything to; and what to do where the queue has such a brief."""
    with suppress(BotError):
        if found := in_queue(config, which):
            return click.ClickException(
                f"{found[0].path} is in the queue, but not recorded yet: `briefbot plan` says what "
                "comes of it, `briefbot run` takes it up"
            )
    return click.ClickException(f"nothing is recorded for {which}; see `briefbot log` and `plan`")


def in_queue(config: Settings, which: str) -> "list[Entry]":
    """The brief of the queue that has this id, path or address, or one that begins so.

    Raises:
        BriefError: the queue can't be read.
        Ambiguous: several briefs have names that begin so.
    """
    from bot.briefs import Queue  # noqa: PLC0415  # slow to import, and rarely wanted

    entries = Queue(config.posts, timezone=config.timezone).look()
    name = name_of(config, which)
    with app.view(config, entries) as view:

        def names(entry: "Entry") -> Iterator[str]:
            yield entry.path
            if entry.brief is None:
                return
            yield entry.brief.id
            # only who asks for an address waits until each has been made
            for made in view.composer.compose(entry.brief, entry.folder) if "@" in name else ():
                if made.post:
                    address = f"@{made.post.author}/{made.post.permlink}"
                    yield from (address, f"{made.chain}/{address}", made.url)

        exact = [entry for entry in entries if name in names(entry)]
        return exact or beginning(name, entries, names, lambda entry: entry.path)


# -- completion ------------------------------------------------------------------------------------

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _completion(names: Callable[[Settings], Iterable[str]]) -> Complete:
    """A shell's completion of such names; where none can be had it offers nothing."""

    def complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
        known: list[str] = []
        with suppress(BotError, OSError):
            known = sorted(set(names(load(ctx.find_root().params.get("config_file")))))
        return [CompletionItem(name) for name in known if name.startswith(incomplete)]

    return complete


def _briefs(config: Settings) -> Iterator[str]:
    from bot.briefs import BriefError, Queue  # noqa: PLC0415  # slow to import

    with suppress(BriefError):
        for entry in Queue(config.posts, timezone=config.timezone).look():
            if entry.brief:
                yield entry.brief.id
    with suppress(RecordsError), app.records(config) as records:
        yield from (row.brief for row in records.names())


def _authors(config: Settings) -> Iterator[str]:
    yield from app.authors(config)
    with suppress(RecordsError), app.records(config) as records:
        yield from (row.author for row in records.names())


briefs = _completion(_briefs)
"""The briefs of the queue and of the records."""
authors = _completion(_authors)
"""The accounts that are configured, and those that have published."""


def briefs_and_files(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The briefs, and where none begins so, files."""
    return briefs(ctx, parameter, incomplete) or [CompletionItem(incomplete, type="file")]
