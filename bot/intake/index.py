"""What is kept of each file that was read, and what a change of it concerns.

As a build remembers its inputs: as long as a file, the configuration, its pictures and the names it
uses are what they were, what was made of it is what would be made of it now.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from bot import __version__
from bot.briefs import Brief, Entry, Level
from bot.briefs.place import identity_of
from bot.errors import BotError
from bot.format.compose import place
from bot.intake.composer import Composer, Composition
from bot.intake.names import links_of, names_of, stem_of
from bot.intake.pictures import PictureReader
from bot.records.files import (
    DRAFT,
    MOST_FINDINGS,
    PROBLEM,
    FileFinding,
    FileNote,
    FileRecord,
    NameKind,
)


def settings_of(composer: Composer, timezone: str, edits: str) -> str:
    """A digest of what makes publications of files: the configuration, and this version of us."""
    told = f"{__version__} {composer.settings} {timezone} {edits}"
    return sha256(told.encode()).hexdigest()


def file_record(
    entry: Entry,
    compositions: Sequence[Composition],
    errors: Mapping[str, str],
    composer: Composer,
    identity: str,
) -> FileRecord:
    """What is to be kept of a file.

    Args:
        compositions: none when it is no brief, or a draft.
        errors: for each chain, why nothing of it can be sent there.
        identity: the file's id, also where other files have it too, so that none is a brief.
    """
    brief = entry.brief
    links = links_of({name: None for made in compositions for name in made.links})
    shown = sorted({path for made in compositions for path in made.pictures})
    places = tuple(
        (made.chain, made.place.author, made.place.permlink)
        for made in compositions
        if made.place is not None
    )
    permlinks = dict.fromkeys(permlink for _, _, permlink in places)
    return FileRecord(
        path=entry.path,
        brief=identity,
        names=(
            *names_of(entry.path, identity, brief.title if brief else ""),
            *((NameKind.PERMLINK, permlink) for permlink in permlinks),
            *((NameKind.LINK, link) for link in links),
            *((NameKind.PICTURE, path) for path in shown),
        ),
        places=places,
        notes=tuple(_notes(entry, compositions, errors, composer)),
        pictures=tuple((path, composer.pictures.stamp(entry.folder, path)) for path in shown),
        findings=_findings(entry, compositions),
    )


def _findings(entry: Entry, compositions: Sequence[Composition]) -> tuple[FileFinding, ...]:
    """What there is to say of a file that goes out all the same."""
    found = [*entry.findings, *(finding for made in compositions for finding in made.findings)]
    told = sorted(
        {
            (one.line, one.level.value, one.code, one.message)
            for one in found
            if one.level is not Level.ERROR
        }
    )
    return tuple(
        FileFinding(line=line, level=level, code=code, message=message)
        for line, level, code, message in told[:MOST_FINDINGS]
    )


def _notes(
    entry: Entry,
    compositions: Sequence[Composition],
    errors: Mapping[str, str],
    composer: Composer,
) -> Iterable[FileNote]:
    """Why nothing of a file goes out."""
    brief = entry.brief
    if brief is None:
        told = [str(finding) for finding in entry.findings if finding.level is Level.ERROR]
        yield FileNote(
            chain="", state=PROBLEM, author="", permlink="", title="", why="; ".join(told)
        )
        return
    if brief.draft:
        yield from (_draft(brief, chain, composer) for chain in composer.chains_of(brief))
        return
    for made in compositions:
        if why := errors.get(made.chain):
            author = made.place.author if made.place else brief.author or ""
            permlink = made.place.permlink if made.post and made.place else ""
            yield FileNote(
                chain=made.chain,
                state=PROBLEM,
                author=author,
                permlink=permlink,
                title=brief.title,
                why=why,
            )


def _draft(brief: Brief, chain: str, composer: Composer) -> FileNote:
    try:
        stands = place(brief.on(chain), composer.defaults)
    except BotError:
        raise
    except Exception:  # noqa: BLE001  # whatever it is, it is this draft's
        stands = None
    return FileNote(
        chain=chain,
        state=DRAFT,
        author=stands.author if stands else brief.author or "",
        permlink=stands.permlink if stands else "",
        title=brief.title,
        why="it is a draft",
    )


def names_moved(before: Mapping[str, FileRecord], now: Mapping[str, FileRecord]) -> frozenset[str]:
    """Names that lead somewhere else than they did, now that these files are what they are.

    Args:
        before: what was kept of them, by their paths.
    """
    moved: set[str] = set()
    for path in before.keys() | now.keys():
        old, new = before.get(path), now.get(path)
        if _known_by(old) != _known_by(new):
            for record in (old, new):
                moved |= record.own_names if record else set()
            moved |= {f"/{stem_of(path)}", f"/{identity_of(path)}"}
    return frozenset(moved)


def _known_by(record: FileRecord | None) -> object:
    """All of a file that matters to those who name it."""
    if record is None:
        return None
    return record.brief, record.own_names, record.places


def changed_pictures(
    reader: PictureReader, folder: Path, showing: Mapping[str, Iterable[tuple[str, str]]]
) -> frozenset[str]:
    """Files whose pictures aren't what they were any more.

    Args:
        showing: path to (path, stamp) of the pictures.
    """
    stamps: dict[str, str] = {}
    changed = set()
    for path, pictures in showing.items():
        for picture, stamp in pictures:
            if picture not in stamps:
                stamps[picture] = reader.stamp_now(folder, picture)
            if stamps[picture] != stamp:
                changed.add(path)
    return frozenset(changed)
