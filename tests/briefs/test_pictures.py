"""Pictures beside the briefs: what is found, what is refused, what is sent of them."""

import base64
import os
import struct
import zlib

import pytest

from bot.briefs import parse
from bot.briefs.pictures import LARGEST, PictureRefused, read_picture, without_metadata
from bot.format import Defaults, compose
from bot.format.links import nowhere, with_links
from bot.format.pictures import standing, with_addresses, with_placeholders
from tests.format.pathological import classes

PIXEL = base64.b64decode(
    "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////"
    "////////////////////////////////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAA"
    "AAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AR//Z"
)
GPS = b"GPS 34.55N 69.20E"


def segment(marker, data):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data


def exif(orientation, order="<"):
    mark = b"II*\0" if order == "<" else b"MM\0*"
    entry = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0)
    camera = struct.pack(f"{order}HHII", 0x010F, 2, len(GPS), 38)
    ifd = struct.pack(f"{order}IH", 8, 2) + camera + entry + struct.pack(f"{order}I", 0)
    return b"Exif\0\0" + mark + ifd + GPS


def jpeg(*segments):
    return PIXEL[:2] + b"".join(segments) + PIXEL[2:]


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(*chunks):
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + body


def webp(*chunks):
    parts = b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
        for name, data in chunks
    )
    return b"RIFF" + struct.pack("<I", 4 + len(parts)) + b"WEBP" + parts


@pytest.fixture
def stripped(tmp_path):
    def strip(data):
        (tmp_path / "a.bin").write_bytes(data)
        return without_metadata(read_picture(tmp_path, "a.bin"))

    return strip


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_jpeg_is_sent_without_what_says_where_it_was_taken(stripped, order):
    comment, iptc = segment(0xFE, GPS), segment(0xED, GPS)
    xmp = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + GPS)
    assert stripped(jpeg(segment(0xE1, exif(1, order)), xmp, iptc, comment)) == PIXEL


@pytest.mark.parametrize("order", ["<", ">"])
def test_which_side_of_a_jpeg_is_up_is_kept(stripped, order):
    made = stripped(jpeg(segment(0xE1, exif(6, order))))
    assert GPS not in made
    assert made.endswith(PIXEL[2:])
    assert struct.pack(">HHIH", 0x0112, 3, 1, 6) in made
    assert stripped(made) == made


def test_png_and_webp_are_sent_without_it_too(stripped):
    assert stripped(png(chunk(b"eXIf", GPS), chunk(b"tEXt", b"Place\0" + GPS))) == png()
    animated = (b"VP8X", bytes([0b1110, 0, 0, 0, 0, 0, 0, 0, 0, 0]))
    plain = (b"VP8X", bytes([0b0010, 0, 0, 0, 0, 0, 0, 0, 0, 0]))
    picture = (b"VP8 ", b"xyz")
    assert stripped(webp(animated, picture, (b"EXIF", GPS), (b"XMP ", GPS))) == webp(plain, picture)


@pytest.mark.parametrize("data", [PIXEL[:20], png()[:30], webp((b"VP8X", b"")), b"GIF89a"])
def test_what_is_no_whole_picture_is_left_as_it_is(stripped, data):
    assert stripped(data) in {data, data[:12]} or data.startswith(stripped(data)[:4])


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda folder: None, "picture.missing"),
        (lambda folder: (folder / "a.png").mkdir(), "picture.missing"),
        (lambda folder: (folder / "a.png").write_text("<svg/>"), "picture.kind"),
        (lambda folder: os.truncate(_touched(folder / "a.png"), LARGEST + 1), "picture.size"),
        (lambda folder: (folder / "a.png").symlink_to("/etc/hostname"), "picture.outside"),
    ],
)
def test_what_cant_be_uploaded_is_refused(tmp_path, make, code):
    make(tmp_path)
    with pytest.raises(PictureRefused) as refused:
        read_picture(tmp_path, "a.png")
    assert refused.value.code == code


def _touched(file):
    file.touch()
    return file


@pytest.mark.parametrize("path", ["../a.png", "x/../../a.png", ".."])
def test_nothing_is_read_outside_of_the_queue(tmp_path, path):
    (tmp_path / "a.png").write_bytes(png())
    (tmp_path / "queue").mkdir()
    with pytest.raises(PictureRefused, match="outside"):
        read_picture(tmp_path / "queue", path)


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ("![a](map.png)", ["sub/map.png"]),
        ('![a](map.png "A map")', ["sub/map.png"]),
        ("![a](<my map.png>) ![b](my%20map.png)", ["sub/my map.png"]),
        ("![a](/img/map.png) ![b](./map.png) ![c](../map.png)", ["img/map.png", "sub/map.png", "map.png"]),
        ("![a](../../map.png)", ["../map.png"]),
        ("[![a](map.png)](https://x.org)", ["sub/map.png"]),
        ('<img alt="a" src="map.png"> <IMG SRC=\'b.png\'>', ["sub/map.png", "sub/b.png"]),
        ("![a][m]\n\n[m]: map.png", ["sub/map.png"]),
        ("![карта](карта.png)", ["sub/карта.png"]),
        ("![a](https://x.org/a.png) ![b](//x.org/b.png) ![c](data:image/png;base64,AA)", []),
        ("![a]() ![b](#top) [c](map.png)", []),
        ("`![a](map.png)`\n\n```\n![a](map.png)\n```\n\n    ![a](map.png)", []),
        ("`code` ![a](map.png) `code`", ["sub/map.png"]),
    ],
)  # fmt: skip
def test_pictures_of_the_queue_are_found_in_a_body(body, paths):
    made, found = with_placeholders(body, "sub/brief.md")
    assert list(dict.fromkeys(local.path for local in found)) == paths
    assert list(standing(made)) == paths
    addresses = {path: f"https://i.x/{number}" for number, path in enumerate(paths)}
    assert ("https://i.x/" in with_addresses(made, addresses)) is bool(paths)
    if not paths:
        assert made == body


def test_hostile_text_takes_no_longer_than_its_length():
    hostile = classes(64_000) | {"<img": "<img " * 12_000, "<a": "<a " * 20_000}
    for name, body in hostile.items():
        assert with_placeholders(body, "a.md") == (body, ()), name
        assert with_links(body, "a.md", nowhere)[0] == body, name


@pytest.mark.parametrize(
    "body", ['<img alt="a < b" src="map.png">', "![a [b [c]]](map.png)", "![a](map.png)"]
)
def test_no_picture_of_the_queue_is_left_without_an_address(body):
    brief = parse(
        f"---\ntitle: T\ntags: [a]\nauthor: alice\n---\n{body}\n".encode(), path="a.md"
    ).brief
    made = compose(brief, Defaults())
    assert made.pictures or made.post is None
