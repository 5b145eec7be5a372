"""A brief while it is edited: its file, what is to be said of a text, and how it is saved."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from bot import app
from bot.briefs import Brief, Entry, Finding, Level, filing, fixed, parse
from bot.briefs.drafts import Drafts, HoldsKey
from bot.briefs.fields import Field, fields
from bot.briefs.filing import NotThere
from bot.briefs.opening import real_path
from bot.briefs.queue import MAX_BYTES
from bot.briefs.secrets import private_key_offset
from bot.briefs.versions import as_shown, is_plain, with_endings
from bot.errors import BotError
from bot.format.permlink import permlink
from bot.intake.view import QueueView
from bot.records import Publication, Status
from bot.reports.preview import Preview
from bot.web.pages import N_
from bot.web.workplace import Workplace

UNNAMED = "new-brief.md"
"""What a brief is called in findings as long as it has no name."""
_BY_ENDS = {"file.bom", "file.crlf"}
_IN_HAND = {Status.PUBLISHING, Status.INCLUDED}
_CONSEQUENCES = {
    "auto": N_("Published: saving a change edits the post."),
    "ask": N_("Published: a saved change becomes an edit that waits until a person releases it."),
    "off": N_("Published: the post stays as it is, since edits are switched off."),
}
_SIGNED = N_("Signed and on its way: what is saved now follows as an edit.")
_PLANNED = N_("Planned: what is saved now is what goes out.")


class TooLarge(BotError):  # noqa: N818  # what it is
    """A brief has at most `MAX_BYTES` bytes."""


@dataclass(frozen=True, slots=True)
class File:
    """A brief's file, as a text field can show it.

    Attributes:
        text: with line feeds alone, without a byte order mark.
        fingerprint: of its bytes; empty for a brief that has no file.
        is_plain: whether the text is all that stands in it.
        reason: why it can't be edited here; empty when it can.
    """

    path: str
    text: str
    fingerprint: str
    is_plain: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A finding as the editor tells it.

    Attributes:
        mend: how it is mended at a click: `text`, in the text; `ends`, by plain line ends; or not.
    """

    line: int
    level: Level
    code: str
    message: str
    mend: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What is recorded of the brief on one chain, and what saving will come to there."""

    chain: str
    status: Status
    author: str
    permlink: str
    consequence: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What there is to say of a text.

    Attributes:
        fields: its front matter as a form; None as long as that can't be read.
    """

    findings: Sequence[Told]
    fields: Sequence[Field] | None
    standing: Sequence[Standing]


def drafts(place: Workplace) -> Drafts:
    """What people of this workspace have begun and not saved."""
    return Drafts(place.config.root)


def file_of(place: Workplace, path: str) -> File:
    """A brief's file.

    Raises:
        BadName: no brief is called so.
        NotThere: there is none.
        BotError: it can't be read.
    """
    data = filing.content(place.config.posts, path)
    mark = filing.fingerprint(data)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        reason = f"line {line} is not UTF-8: save it as UTF-8 with another editor"
        return File(path, as_shown(data.decode(errors="replace")), mark, reason=reason)
    reason = ""
    if (offset := private_key_offset(text)) is not None:
        line = text.count("\n", 0, offset) + 1
        told = f"line {line} holds a private key, so that nothing of it is shown: remove it there"
        return File(path, "", mark, reason=told)
    if "\0" in text:
        reason = "it holds NUL characters, which no browser keeps: `briefbot check --fix` mends it"
    elif filing.is_link(place.config.posts, path):
        reason = "it is a link: edit what it leads to"
    return File(path, as_shown(text), mark, is_plain(text), reason)


def bytes_of(place: Workplace, path: str, text: str, *, plain: bool) -> bytes:
    """What a text from a text field is in the file, with the line ends that this has.

    Args:
        plain: whether it is to have line feeds alone, and no byte order mark.

    Raises:
        TooLarge: no brief has so many.
        BotError: the file can't be read.
    """
    made = as_shown(text)
    if path and not plain:
        with suppress(NotThere, UnicodeDecodeError):  # there are none to keep
            made = with_endings(filing.content(place.config.posts, path).decode(), made)
    data = made.encode()
    if len(data) > MAX_BYTES:
        raise TooLarge(f"a brief has at most {MAX_BYTES:,} bytes; this has {len(data):,}")
    return data


def checked(place: Workplace, path: str, data: bytes) -> Checked:
    """What `briefbot check` says of this content, and what saving it will come to."""
    entry = _entry(place, path, data)
    with place.around.view() as view:
        published = _published(view, entry.brief)
        found = app.checked(place.config, view, entry, published, place.now())
        standing = tuple(_standing(place, view, entry.brief, published))
    return Checked(
        tuple(map(_told, found)), fields(as_shown(data.decode(errors="replace"))), standing
    )


def findings_of(place: Workplace, path: str) -> Sequence[Told]:
    """What `briefbot check` says of a brief's file; nothing where that isn't there."""
    try:
        data = filing.content(place.config.posts, path)
    except BotError:
        return ()
    entry = _entry(place, path, data)
    with place.around.view() as view:
        found = app.checked(place.config, view, entry, _published(view, entry.brief), place.now())
    return tuple(map(_told, found))


def mended(place: Workplace, path: str, data: bytes, code: str, line: int) -> str:
    """The text with what one finding offers done.

    Raises:
        BotError: there is no such finding any more.
    """
    entry = _entry(place, path, data)
    with place.around.view() as view:
        published = _published(view, entry.brief)
        found = app.checked(place.config, view, entry, published, place.now())
    fixes = [
        fix
        for finding in found
        if (finding.code, finding.line) == (code, line) and code not in _BY_ENDS
        for fix in finding.fixes
    ]
    if not fixes:
        raise BotError("the text has changed: there is nothing to mend in that line any more")
    return fixed(as_shown(data.decode()), fixes)


def preview(place: Workplace, path: str, data: bytes) -> Preview:
    """What `briefbot preview` shows of this content; raises `Unshowable`."""
    folder = real_path(place.config.posts)
    with place.around.view() as view:
        return Preview.of(data, path or UNNAMED, folder, view.composer, place.config.timezone)


def save(place: Workplace, person: str, path: str, data: bytes, before: str) -> str:
    """Write a brief's file, and forget the person's draft of it; returns its fingerprint.

    Args:
        before: the fingerprint of the file when the person began; empty where there was none.

    Raises:
        Changed: the file isn't what it was; nothing was written.
        HoldsKey: the text holds a private key; nothing was written.
        BotError: it can't be written.
    """
    if private_key_offset(data.decode()) is not None:
        raise HoldsKey("the text holds a private key: it isn't saved; remove the key first")
    posts = place.config.posts
    if before:
        filing.put(posts, path, data, before)
    else:
        filing.put_new(posts, path, data)
    drafts(place).discard(person, path)
    fingerprint = filing.fingerprint(data)
    what = "its file was changed in the dashboard" if before else "written in the dashboard"
    place.file_written(person, path, fingerprint, what)
    return fingerprint


def name_for(text: str, name: str) -> str:
    """The path of a new brief: the one that is asked for, or one made of its title.

    Args:
        name: a path, with or without `.md`; a folder where it ends with `/`.

    Raises:
        BotError: it has neither, or no brief can be called so.
    """
    name = name.strip()
    if name.endswith("/") or not name:
        title = next((field.value for field in fields(text) or () if field.key == "title"), "")
        if not title:
            raise filing.BadName(
                "it has no name yet: give it a title, or say what its file is called"
            )
        name = f"{name}{permlink(title)}.md"
    elif not name.lower().endswith((".md", ".markdown")):
        name = f"{name}.md"
    return filing.new_name(name)


def folder_of(path: str) -> str:
    """The folder in the queue that a brief lies in; empty for the queue's own."""
    folder = str(PurePosixPath(path).parent)
    return "" if folder == "." else folder


@dataclass(frozen=True, slots=True)
class Unsaved:
    """A draft as a list of them tells it; `path` is empty for a brief without a name."""

    path: str
    saved_at: datetime


def _entry(place: Workplace, path: str, data: bytes) -> Entry:
    name = path or UNNAMED
    parsed = parse(data, path=name, timezone=place.config.timezone)
    file = real_path(place.config.posts) / name
    return Entry(name, file, filing.fingerprint(data), parsed.brief, parsed.findings)


def _published(view: QueueView, brief: Brief | None) -> Mapping[tuple[str, str], Publication]:
    mine = view.mine
    if brief is None or mine is None:
        return {}
    rows = {
        (chain, brief.id): mine.published(chain, brief.id)
        for chain in view.composer.chains_of(brief)
    }
    return {key: row for key, row in rows.items() if row is not None}


def _standing(
    place: Workplace,
    view: QueueView,
    brief: Brief | None,
    published: Mapping[tuple[str, str], Publication],
) -> list[Standing]:
    if brief is None:
        return []
    found = []
    for chain in view.composer.chains_of(brief):
        row = view.latest_of(chain, brief.id)
        if row is None or row.status is Status.CANCELLED:
            continue
        if row.status in _IN_HAND:
            told = _SIGNED
        elif (chain, brief.id) in published:
            told = _CONSEQUENCES[place.config.edits]
        else:
            told = _PLANNED
        found.append(Standing(chain, row.status, row.author, row.permlink, told))
    return found


def _told(finding: Finding) -> Told:
    mend = ("ends" if finding.code in _BY_ENDS else "text") if finding.fixes else ""
    return Told(finding.line, finding.level, finding.code, finding.message, mend)
