"""A new brief, as `briefbot new` and the editor begin one."""

from collections.abc import Iterable
from contextlib import suppress

from bot.briefs import dates, keys
from bot.briefs.write import plain, quoted

DRAFT = "draft: true   # remove this line when the brief may go out"


class NotWritable(Exception):  # noqa: N818  # said to who asked
    """No brief may say that; `key` is the one that can't have the value."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def fresh(
    title: str,
    author: str | None = None,
    date: str | None = None,
    tags: Iterable[str] = (),
    *,
    default_author: str | None,
    timezone: str,
) -> str:
    """The text of a new brief: a draft with what was asked for, and what none can do without.

    Args:
        tags: each may be several, with spaces or commas between them.
        default_author: who posts what names no author.
        timezone: zone of a date that names none.

    Raises:
        NotWritable: no brief may say that.
    """
    key = "title"
    try:
        head = [f"title: {quoted(keys.text(title))}"]
        key = "tags"
        named = [sent for _, sent in keys.tags(" ".join(tags))]
        head.append(f"tags: [{', '.join(map(plain, named))}]")
        key = "author"
        if author is not None:
            head.append(f"author: {plain(keys.account(author))}")
        elif default_author is None:
            head.append("author:")
        key = "date"
        if date is not None:
            with suppress(dates.Moved):  # `check` tells of one that the clock change moves
                dates.instant(date, timezone)
            head.append(f"date: {date.strip()}")
    except keys.BadValue as error:
        raise NotWritable(key, str(error)) from None
    return "\n".join(["---", *head, DRAFT, "---", "", ""])
