"""Files read so that nothing but what was judged is read, and written whole or not at all.

A path is no file: between a look at it and the reading of it somebody may put another file, or a
link, there. So the file is opened first, and what is open is judged and read.
"""

import errno
import os
import posixpath
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO

# O_NONBLOCK: a FIFO without a writer must not stop the service; O_NOCTTY: a terminal not catch it
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_SHORT = 1000  # characters; of a longer path the system is asked as a whole, and may refuse it
_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Outside(OSError):  # noqa: N818  # where it is
    """A path leads out of the folder."""

    def __init__(self, path: str) -> None:
        super().__init__(errno.EXDEV, "it leads out of the folder", path)


class NotRegular(OSError):  # noqa: N818  # what it is
    """A FIFO, a device, a folder or the like."""

    def __init__(self, path: str) -> None:
        super().__init__(errno.EINVAL, "it is no regular file", path)


@contextmanager
def opened(root: Path, path: str) -> Iterator[BinaryIO]:
    """The regular file at `path` below the folder `root`, open for reading.

    Links are followed as long as they stay below `root`; one that is put there meanwhile isn't.

    Raises:
        Outside: it leads out of the folder; nothing was opened.
        NotRegular: it is open, and no regular file; nothing was read.
        OSError: it isn't there or can't be opened; `strerror` says why.
    """
    descriptor = _descriptor(root, path)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NotRegular(path)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(descriptor)


def replace(file: Path, data: bytes, *, like: Path | None) -> None:
    """Put a whole file in a file's place at once, so that nobody ever reads half of it.

    A link there is replaced, not followed.

    Args:
        like: whose permissions it gets; None for what anybody may read.
    """
    with NamedTemporaryFile(dir=file.parent, prefix=".briefbot-", delete=False) as made:
        made.write(data)
    fresh = Path(made.name)
    try:
        if like is None:
            fresh.chmod(0o644)
        else:
            shutil.copymode(like, fresh)
        fresh.replace(file)
    except OSError:
        fresh.unlink()
        raise


def real_path(path: Path) -> Path:
    """The path without links; as far as that can be told, for one that leads nowhere."""
    return Path(os.path.realpath(path))


def identity(look: os.stat_result) -> tuple[int, int, int, int]:
    """What differs once a file is changed, or another one stands there."""
    return look.st_ino, look.st_size, look.st_mtime_ns, look.st_ctime_ns


def _descriptor(root: Path, path: str) -> int:
    parts = path.split("/")
    if len(path) < _SHORT and not {"", ".", ".."} & set(parts):
        with suppress(OSError, ValueError):  # a link on the way, or none can be opened: see below
            return _along(root, parts)
    try:
        return _along(root, _parts(root, path))
    except ValueError:  # a NUL, or half a character
        raise FileNotFoundError(errno.ENOENT, "no file can have such a name") from None


def _along(root: Path, parts: Sequence[str]) -> int:
    """The file open to which these names lead, none of them a link."""
    *folders, name = parts
    where = os.open(os.path.realpath(root), _FOLDER)
    try:
        for folder in folders:
            below = os.open(folder, _FOLDER, dir_fd=where)
            os.close(where)
            where = below
        return os.open(name, _FILE, dir_fd=where)
    finally:
        os.close(where)


def _parts(root: Path, path: str) -> tuple[str, ...]:
    """The names that lead from `root` to the file, none of them a link just now."""
    written = posixpath.normpath(path)
    if written.startswith("/") or written.split("/")[0] == "..":
        raise Outside(path)
    real = os.path.realpath(root, strict=True)
    found = Path(os.path.realpath(Path(real, path), strict=True))
    if not found.is_relative_to(real):
        raise Outside(path)
    return found.relative_to(real).parts or (".",)
