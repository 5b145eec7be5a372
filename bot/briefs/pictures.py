"""Pictures beside the briefs: found on the disk, and freed of what says where they were taken."""

import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bot.briefs.opening import NotRegular, Outside, identity, opened
from bot.briefs.walk import Stamp
from bot.errors import BotError

LARGEST = 10_000_000  # bytes that an image host takes (chain-rules §7.7)
CHANGING = "picture.changing"
"""The code of what is only refused as long as somebody writes it."""
_MAGIC = 12  # bytes by which a kind is known
_KINDS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
_PNG_PRIVATE = {b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"}
_PNG_HEADER = 8
_EXIF = b"Exif\0\0"
_ORIENTATION = 0x0112


class PictureRefused(BotError):  # noqa: N818  # what happened
    """A picture can't be uploaded; `code` is that of the finding."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's file.

    Attributes:
        path: relative to the queue, with `/`.
        kind: its media type, by its first bytes.
    """

    path: str
    kind: str
    data: bytes


def stamp_of(root: Path, path: str, roots: Sequence[Path] = ()) -> Stamp | None:
    """What differs once the picture at `path` in the queue `root` has changed; None without one."""
    try:
        with _opened(root, path, roots) as file:
            return identity(os.fstat(file.fileno()))
    except PictureRefused:
        return None


def read_picture(root: Path, path: str, roots: Sequence[Path] = ()) -> Picture:
    """The picture at `path` in the queue `root`, whole.

    Args:
        roots: other folders that sites are made of, where it may be if it isn't in the queue:
            `images/a.png` is `static/images/a.png` for Hugo, and `assets/a.png` is a picture of
            `assets` itself for Jekyll. A relative path that leaves the queue may lead into one.

    Raises:
        PictureRefused: it isn't there, isn't in the queue, is too large or no picture, or somebody
            writes it just now.
    """
    with _opened(root, path, roots) as file:
        before = os.fstat(file.fileno())
        data = file.read(LARGEST + 1)
        after = os.fstat(file.fileno())
    if len(data) > LARGEST:
        raise _too_large(path)
    if identity(before) != identity(after) or len(data) != after.st_size:
        raise PictureRefused(CHANGING, f"the picture {path} is still being written")
    return Picture(path, kind_of(path, data), data)


@contextmanager
def _opened(root: Path, path: str, roots: Sequence[Path]) -> Iterator[BinaryIO]:
    root, within = next(_elsewhere(root, path, roots), (root, path))
    try:
        with opened(root, within) as file:
            yield file
    except Outside:
        message = f"the picture {path} is outside of the queue; put it there"
        raise PictureRefused("picture.outside", message) from None
    except (FileNotFoundError, NotRegular):
        places = " nor in ".join(dict.fromkeys(("the queue", *(each.name for each in roots))))
        message = f"there is no picture {path} in {places}; put it there"
        raise PictureRefused("picture.missing", message) from None
    except OSError as error:
        message = f"the picture {path} can't be read: {error.strerror}"
        raise PictureRefused("picture.missing", message) from None


def _elsewhere(root: Path, path: str, roots: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Where a picture is found among the roots; nowhere when it stands in the queue."""
    if not path.startswith("..") and os.path.lexists(root / path):
        return
    whole = os.path.normpath(root / path)
    for each in roots:
        inside = whole.removeprefix(f"{os.path.normpath(each)}/")
        own_name = path.removeprefix(f"{each.name}/")
        for within in dict.fromkeys((inside, path, own_name)):
            if not within.startswith(("/", "..")) and os.path.lexists(each / within):
                yield each, within


def _too_large(path: str) -> PictureRefused:
    message = f"the picture {path} has more than {LARGEST} bytes; make it smaller"
    return PictureRefused("picture.size", message)


def kind_of(path: str, data: bytes) -> str:
    """The media type of a picture, by its first bytes; raises `PictureRefused` for anything else.

    Args:
        path: what it is called in the refusal.
    """
    head = data[:_MAGIC]
    if head[:4] == b"RIFF" and head[8:] == b"WEBP":
        return "image/webp"
    for magic, kind in _KINDS.items():
        if head.startswith(magic):
            return kind
    message = f"{path} is no PNG, JPEG, GIF or WebP picture; convert it"
    raise PictureRefused("picture.kind", message)


def without_metadata(picture: Picture) -> bytes:
    """The same pixels without EXIF (and its GPS position), XMP, IPTC and comments.

    Which side is up is kept. What isn't a whole picture is left as it is: the host refuses it.
    """
    try:
        if picture.kind == "image/jpeg":
            return b"".join(_jpeg_parts(picture.data))
        if picture.kind == "image/png":
            return b"".join(_png_parts(picture.data))
        if picture.kind == "image/webp":
            return _webp(picture.data)
    except (struct.error, IndexError):
        pass
    return picture.data


def _jpeg_parts(data: bytes) -> Iterator[bytes]:
    """The segments of ITU T.81 that a decoder needs; APP1, APP13 and comments are left out."""
    yield data[:2]
    at = 2
    while data[at + 1] != 0xDA:  # noqa: PLR2004  # start of scan: the rest is the picture
        marker = data[at + 1]
        (length,) = struct.unpack_from(">H", data, at + 2)
        segment = data[at : at + 2 + length]
        if marker == 0xE1 and segment[4:10] == _EXIF:  # noqa: PLR2004  # APP1
            yield _upright(segment[10:])
        elif marker not in {0xE1, 0xED, 0xFE}:
            yield segment
        at += 2 + length
    yield data[at:]


def _upright(tiff: bytes) -> bytes:
    """An EXIF segment that says which side is up, and nothing else; empty when it is the top."""
    order = "<" if tiff[:2] == b"II" else ">"
    (first,) = struct.unpack_from(f"{order}I", tiff, 4)
    (count,) = struct.unpack_from(f"{order}H", tiff, first)
    for number in range(count):
        tag, _, _, value = struct.unpack_from(f"{order}HHIH", tiff, first + 2 + 12 * number)
        if tag == _ORIENTATION and value != 1:
            entry = struct.pack(">HHIHH", _ORIENTATION, 3, 1, value, 0)
            kept = b"MM\0*" + struct.pack(">IH", 8, 1) + entry + struct.pack(">I", 0)
            return b"\xff\xe1" + struct.pack(">H", 2 + len(_EXIF) + len(kept)) + _EXIF + kept
    return b""


def _png_parts(data: bytes) -> Iterator[bytes]:
    """The chunks that aren't about where, when and with what it was made (PNG §11.3)."""
    yield data[:_PNG_HEADER]
    at = _PNG_HEADER
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        end = at + 12 + length
        if data[at + 4 : at + 8] not in _PNG_PRIVATE:
            yield data[at:end]
        at = end


def _webp(data: bytes) -> bytes:
    """Without the chunks EXIF and XMP, nor the flags that announce them (RFC 9649 §2.7)."""
    kept = bytearray()
    at = 12
    while at < len(data):
        name = data[at : at + 4]
        (length,) = struct.unpack_from("<I", data, at + 4)
        end = at + 8 + length + length % 2
        chunk = bytearray(data[at:end])
        if name == b"VP8X":
            chunk[8] &= ~0b1100
        if name not in {b"EXIF", b"XMP "}:
            kept += chunk
        at = end
    return b"RIFF" + struct.pack("<I", 4 + len(kept)) + b"WEBP" + bytes(kept)
