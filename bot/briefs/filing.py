"""Where a person may put a file in the queue, and files put there without losing another's work."""

import errno
import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path, PurePosixPath

from bot.briefs.opening import NotRegular, Outside, opened, real_path, replace
from bot.briefs.pictures import LARGEST, PictureRefused, kind_of
from bot.briefs.queue import MAX_BYTES
from bot.briefs.transliteration import transliterated
from bot.briefs.walk import SUFFIXES
from bot.errors import BotError

_LONGEST_PATH = 1000
_LONGEST_NAME = 200  # bytes; systems take 255, and a copy's name is longer
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.IGNORECASE)
_SUFFIX = {"image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp"}
_MOST_NAMES = 1000
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class BadName(BotError):  # noqa: N818  # what it is
    """No brief can lie there."""


class NotThere(BotError):  # noqa: N818  # what happened
    """There is no such brief."""


class Changed(BotError):  # noqa: N818  # what happened
    """A file isn't what it was when somebody began to change it; `data` is what it is now.

    Empty bytes with `is_gone` when there is none any more.
    """

    def __init__(self, path: str, data: bytes, *, is_gone: bool = False) -> None:
        told = "isn't there any more" if is_gone else "has been changed meanwhile"
        super().__init__(f"{path} {told}; nothing was written")
        self.data = data
        self.is_gone = is_gone


def existing_name(path: str) -> str:
    """The path of a brief in the queue, as somebody asks for it.

    Raises:
        BadName: no brief of the queue can be called so.
    """
    parts = path.split("/")
    if not path or len(path) > _LONGEST_PATH or "\0" in path or not path.isprintable():
        raise BadName("that is no name of a brief")
    if path.startswith("/") or {"", ".", ".."} & set(parts):
        raise BadName(f"{path} leads out of the queue, or nowhere: name a file below it")
    if any(part.startswith((".", "#", "~")) for part in parts) or path.endswith("~"):
        raise BadName(f"{path} is hidden, or an editor's backup: no brief is called so")
    if not path.lower().endswith(SUFFIXES):
        raise BadName(f"{path} is no brief: its name ends with .md or .markdown")
    return path


def new_name(path: str) -> str:
    """The path of a new brief: one that every system can have; raises as `existing_name`."""
    existing_name(path)
    for part in path.split("/"):
        if re.search(r'[\\<>:"|?*]', part) or part.endswith((".", " ")) or part.startswith(" "):
            raise BadName(f"{part!r} can't be a file's name everywhere: use letters, digits and -")
        if _DEVICE.fullmatch(part):
            raise BadName(f"{part} is the name of a device in Windows; choose another")
        if len(part.encode()) > _LONGEST_NAME:
            raise BadName(f"a name has at most {_LONGEST_NAME} bytes; shorten it")
    name = PurePosixPath(path).name.lower()
    if name == "readme.md" or name.startswith("_index."):
        raise BadName(f"{PurePosixPath(path).name} is never a brief; choose another name")
    return path


def content(root: Path, path: str) -> bytes:
    """What stands in a brief's file.

    Raises:
        BadName: it can't be one of the queue's briefs.
        NotThere: there is none.
        BotError: it can't be read.
    """
    existing_name(path)
    try:
        with opened(root, path) as file:
            data = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise NotThere(f"there is no brief {path} in the queue") from None
    except (Outside, NotRegular) as error:
        raise BadName(f"{path}: {error.strerror}") from None
    except OSError as error:
        raise BotError(f"{path} can't be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise BotError(f"{path} has more than {MAX_BYTES} bytes; it can't be edited here")
    return data


def is_link(root: Path, path: str) -> bool:
    """Whether a file, or a folder on the way to it, is a link: what it leads to is edited there."""
    return real_path(root / path) != real_path(root) / path


def fingerprint(data: bytes) -> str:
    """What differs once a content has changed."""
    return sha256(data).hexdigest()


def put(root: Path, path: str, data: bytes, before: str) -> None:
    """Put this into a brief's file, which is still what it was when somebody began.

    Args:
        before: the fingerprint of what it was.

    Raises:
        Changed: it isn't; nothing was written.
        BotError: it can't be written.
    """
    file = root / existing_name(path)
    if is_link(root, path):
        raise BadName(f"{path} is a link: edit what it leads to")
    try:
        with _alone(file.parent):
            try:
                now = content(root, path)
            except NotThere:
                raise Changed(path, b"", is_gone=True) from None
            if fingerprint(now) != before:
                raise Changed(path, now)
            replace(file, data, like=file)
    except OSError as error:
        raise BotError(f"{path} can't be written: {error.strerror}") from None


def put_new(root: Path, path: str, data: bytes) -> None:
    """Make a brief's file, with the folders above it; one that is there stays as it is.

    Raises:
        BadName: no brief can be called so, or a link is in the way.
        Changed: there is such a file; nothing was written.
        BotError: it can't be written.
    """
    new_name(path)
    try:
        _create(root, path, data)
    except FileExistsError:
        raise Changed(path, content(root, path)) from None
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise BadName(f"{path}: a link or a file is in the way") from None
        raise BotError(f"{path} can't be written: {error.strerror}") from None


def put_picture(root: Path, folder: str, name: str, data: bytes) -> str:
    """Put a picture into a folder of the queue, under a name that no other has there.

    The same picture isn't put there twice.

    Args:
        folder: as in a brief's path; empty for the queue's own.
        name: what it was called where it comes from.

    Returns:
        Its name in that folder.

    Raises:
        PictureRefused: it is too large, or no picture.
        BadName: there can be no such folder.
        BotError: it can't be written.
    """
    prefix = f"{folder}/" if folder else ""
    new_name(f"{prefix}picture.md")
    if len(data) > LARGEST:
        raise PictureRefused("picture.size", f"a picture has at most {LARGEST} bytes")
    suffix = _SUFFIX[kind_of("this file", data)]
    stem = transliterated(PurePosixPath(name.replace("\\", "/")).stem)[:80].strip("-") or "picture"
    if _DEVICE.fullmatch(stem):
        stem = f"picture-{stem}"
    try:
        for number in range(1, _MOST_NAMES):
            chosen = f"{stem}{f'-{number}' if number > 1 else ''}{suffix}"
            try:
                _create(root, f"{prefix}{chosen}", data)
            except FileExistsError:
                with opened(root, f"{prefix}{chosen}") as there:
                    if there.read(LARGEST + 1) == data:
                        return chosen
                continue
            return chosen
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise BadName(f"{folder}: a link or a file is in the way") from None
        raise BotError(f"the picture can't be written: {error.strerror}") from None
    raise BotError(f"{folder or 'the queue'} has {_MOST_NAMES} pictures called {stem}; rename it")


def _create(root: Path, path: str, data: bytes) -> None:
    """A whole new file at once; none of the folders on its way is a link.

    Raises:
        FileExistsError: there is one.
        OSError: it can't be made.
    """
    *folders, name = path.split("/")
    where = os.open(real_path(root), _FOLDER)
    try:
        for folder in folders:
            with suppress(FileExistsError):
                os.mkdir(folder, 0o755, dir_fd=where)
            below = os.open(folder, _FOLDER, dir_fd=where)
            os.close(where)
            where = below
        made = f".briefbot-{secrets.token_hex(8)}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            with os.fdopen(os.open(made, flags, 0o644, dir_fd=where), "wb") as file:
                file.write(data)
            os.link(made, name, src_dir_fd=where, dst_dir_fd=where)  # fails where there is one
        finally:
            with suppress(FileNotFoundError):
                os.unlink(made, dir_fd=where)
    finally:
        os.close(where)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No other dashboard writes into this folder meanwhile."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
