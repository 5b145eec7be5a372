r"""The one place where text leaves for a terminal, a pipe or a log: none of it steers a terminal.

File names, tags, permlinks, nodes' errors and image hosts' answers are other people's text. What
in it would move the cursor, begin a line or turn the reading direction is shown (`\x1b` for an
escape), and a line stays one line. Letters of all scripts, emoji and joiners pass as they are.

Ruff (TID251) refuses every other way out: click's and rich's, `print`, the standard streams.
"""

import io
import json
import logging
import re
import shutil
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal
from unicodedata import category, combining, east_asian_width

import click
from click.exceptions import NoArgsIsHelpError

if TYPE_CHECKING:
    import rich.table

# DEL and C1 (ECMA-48 §5.3), line and paragraph separators and the overrides and isolates of the
# reading direction (Unicode UAX #9 §2), halves of surrogates, which no encoding takes.
_BEYOND_ASCII = "\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_STEERING = re.compile(f"[\0-\x1f{_BEYOND_ASCII}]")
_STEERING_IN_JSON = re.compile(f"[{_BEYOND_ASCII}]")  # JSON itself escapes what comes before
_WORDS = re.compile(r"\s*\S+")  # an address or a path stays whole, for who copies it
_PARTS = re.compile(r"\s*(?:[^\s/-]+[/-]*|[/-]+)")
_INDENT = "    "
_ROOMY = 100
"""Columns of a terminal from which on nothing is left out."""
_NARROWEST = 16
_GAP = 2  # columns between a table's
_STEERING_IN_MARKUP = re.compile(f"[\0-\x09\x0b-\x1f{_BEYOND_ASCII}]")


@dataclass(frozen=True, slots=True)
class Cell:
    """A table's cell: its text, rich's style for it, and dim lines below it."""

    text: str
    style: str = ""
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Cells in rows.

    Attributes:
        columns: their headings.
        wide: the column that takes what room is left.
        right: those that are set flush right.
        spare: those that are left out where there is little room.
    """

    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    wide: str
    right: Collection[str] = ()
    spare: Collection[str] = ()


def escaped(text: str) -> str:
    """One line, with what would steer a terminal shown as Python writes it in a string."""
    return _STEERING.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def json_text(value: Any, indent: int | None = None, **options: Any) -> str:
    """JSON that is read as the same value, and holds no raw control character but its newlines.

    Args:
        options: further ones of `json.dumps`.
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent, **options)
    return _STEERING_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def tell(
    text: str = "",
    *,
    error: bool = False,
    mark: tuple[str, str] | None = None,
    verbatim: bool = False,
) -> None:
    """Print one line; where a person reads it, in as many as it takes, the further ones indented.

    Args:
        error: to standard error.
        mark: a word in front of the line, and its colour in a terminal.
        verbatim: never in more than one line.
    """
    word = f"{escaped(mark[0])}  " if mark else ""
    line = escaped(text)
    if not verbatim and is_read_by_a_person(error=error):
        room = shutil.get_terminal_size().columns
        line = "\n".join(_lines(word + line, room, _WORDS, _INDENT))[len(word) :]
    click.echo((click.style(word, fg=mark[1]) if mark else "") + line, err=error)


def tell_json(value: Any, indent: int | None = None) -> None:
    """Print JSON, on one line unless it is indented."""
    for line in json_text(value, indent).split("\n"):
        tell(line, verbatim=True)


def tell_json_lines(values: Iterable[Any]) -> None:
    """Print JSON, one value on each line; there may be very many."""
    lines = (escaped(json_text(value)) for value in values)
    while some := list(islice(lines, 1000)):
        click.echo("\n".join(some))


def tell_markup(markup: str) -> None:
    """Print HTML: character references stand for what would steer a terminal, or it can't show.

    A browser reads references to C1 as letters of Windows-1252 (HTML §13.2.5.84), and none to NUL
    or a surrogate; those, which it shows nothing for, become U+FFFD.
    """
    encoding = sys.stdout.encoding
    harmless = _STEERING_IN_MARKUP.sub(_reference, markup)
    click.echo(harmless.encode(encoding, "xmlcharrefreplace").decode(encoding))


def tell_failure(failure: click.ClickException) -> None:
    """Print what click has to say, as click would: the usage of a command, and what was wrong."""
    if isinstance(failure, NoArgsIsHelpError):
        for line in failure.format_message().split("\n"):
            tell(line, error=True)
        return
    if isinstance(failure, click.UsageError) and failure.ctx is not None:
        for line in failure.ctx.get_usage().split("\n"):
            tell(line, error=True)
        tell(f"Try '{failure.ctx.command_path} --help' for help.", error=True)
        tell(error=True)
    tell(f"Error: {failure.format_message()}", error=True)


def confirm(question: str) -> None:
    """Ask for a yes.

    Raises:
        click.Abort: it was a no.
    """
    click.confirm(escaped(question), abort=True)


def ask_secret(question: str) -> str:
    """What is typed without being shown, in one line.

    Raises:
        click.Abort: nothing was typed.
    """
    answer: str = click.prompt(escaped(question), hide_input=True, err=True)
    return answer


def tell_table(table: Table) -> None:
    """Print a table."""
    from rich.console import Console  # noqa: PLC0415  # rich, only where a person reads

    console = Console(highlight=False)
    console.print(_drawn(table, console.width))


@contextmanager
def live_table() -> Iterator[Callable[[Table], None]]:
    """Something to show a table with as it changes, in one place, gone at the end."""
    from rich.console import Console  # noqa: PLC0415
    from rich.live import Live  # noqa: PLC0415

    console = Console(highlight=False)
    with Live(console=console, transient=True, auto_refresh=False) as live:
        yield lambda table: live.update(_drawn(table, console.width), refresh=True)


def is_read_by_a_person(*, error: bool = False) -> bool:
    """Whether standard output, or standard error, is a terminal."""
    return (sys.stderr if error else sys.stdout).isatty()


def guard() -> None:
    """Lead what Python and libraries print of themselves through here, too.

    These are tracebacks, warnings, and logs of commands that keep none. What a stream's encoding
    can't express is escaped as well.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.excepthook = lambda _kind, error, _frames: tell_traceback(error)
    threading.excepthook = _tell_thread
    sys.unraisablehook = lambda thrown: tell_traceback(thrown.exc_value)
    warnings.showwarning = _tell_warning
    if logging.lastResort:
        logging.lastResort.setFormatter(_OneLine())


def tell_traceback(error: BaseException | None) -> None:
    """Print where an error came from; its own text is one line."""
    for part in traceback.format_exception(error):
        is_code = part.startswith('  File "')
        for line in part.split("\n") if is_code else (part.strip("\n"),):
            if line:
                tell(line, error=True)


def hang_up() -> None:
    """Say no more: nobody reads on."""
    sys.stderr.close()


def _drawn(table: Table, width: int) -> "rich.table.Table":
    from rich.table import Table as Drawn  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    left_out = table.spare if width < _ROOMY else ()
    shown = [n for n, heading in enumerate(table.columns) if heading not in left_out]
    wide = table.columns.index(table.wide)
    rows = list(table.rows)
    widths = {
        n: max(_width(text) for text in (table.columns[n], *(escaped(r[n].text) for r in rows)))
        for n in shown
    }
    room = max(width - sum(widths[n] + _GAP for n in shown if n != wide), _NARROWEST)
    padding = (0, _GAP, 0, 0)
    drawn = Drawn(box=None, pad_edge=False, padding=padding, header_style="bold")
    for n in shown:
        justify: Literal["left", "right"] = "right" if table.columns[n] in table.right else "left"
        drawn.add_column(table.columns[n], justify=justify, no_wrap=True)
    for row in rows:
        texts = []
        for n in shown:
            cell = row[n]
            fitted = _lines(escaped(cell.text), room if n == wide else widths[n], _PARTS)
            text = Text("\n".join(fitted), cell.style)
            for note in cell.notes:
                text.append("\n" + "\n".join(_lines(escaped(note), room, _PARTS)), "dim")
            texts.append(text)
        drawn.add_row(*texts)
    return drawn


def _lines(text: str, width: int, pieces: re.Pattern[str], indent: str = "") -> Iterator[str]:
    """A line in lines that fit, broken between pieces; the further ones are indented.

    A piece that is longer than a line has one of its own.
    """
    line = ""
    for piece in pieces.findall(text):
        if line.strip() and _width(line) + _width(piece) > width:
            yield line
            line = indent + piece.lstrip()
        else:
            line += piece
    yield line


def _width(text: str) -> int:
    """Columns that a text takes in a terminal (Unicode UAX #11)."""
    return sum(
        0
        if combining(c) or category(c) in {"Mn", "Me", "Cf"}
        else 2
        if east_asian_width(c) in "WF"
        else 1
        for c in text
    )


class _OneLine(logging.Formatter):
    """A log's line with all that belongs to it, tracebacks too."""

    def format(self, record: logging.LogRecord) -> str:
        """Make the line."""
        return escaped(super().format(record))


def _tell_thread(thrown: threading.ExceptHookArgs) -> None:
    if thrown.exc_type is not SystemExit:  # by which a thread just ends
        tell_traceback(thrown.exc_value)


def _tell_warning(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    tell(f"{category.__name__}: {message}", error=True)


def _reference(match: re.Match[str]) -> str:
    number = ord(match[0])
    if number in {0, 13} or 0x7F <= number <= 0x9F or 0xD800 <= number <= 0xDFFF:  # noqa: PLR2004
        return "\ufffd"
    return f"&#{number};"
