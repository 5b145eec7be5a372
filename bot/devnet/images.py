"""The image host: takes what an account has signed, and serves it (chain-rules §7.7)."""

import io
import json
import re
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote, unquote

from multipart import MultipartError, MultipartParser, parse_options_header

from bot.devnet.chain import DevnetChain
from bot.devnet.keys import is_canonical, public, recover
from bot.devnet.server import Exchange, Reply

LARGEST = 10_000_000  # bytes
_UPLOAD = re.compile(r"/([a-z0-9.-]{3,16})/([0-9a-f]{130})")
_SERVE = re.compile(r"/([0-9a-f]{64})/([^/?]*)")
_KINDS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
}


class Images:
    """Pictures by the hash of their content, in the devnet's folder or in memory."""

    def __init__(self, chain: DevnetChain, folder: Path | None) -> None:
        self._chain = chain
        self._folder = folder / "images" if folder else None
        self._memory: dict[str, bytes] = {}
        self.address = ""
        """Where it is reached, as the addresses of pictures begin."""

    def is_meant(self, exchange: Exchange) -> bool:
        """Whether a request is for the image host."""
        pattern = _UPLOAD if exchange.method == "POST" else _SERVE
        return pattern.fullmatch(exchange.target) is not None

    def answer(self, exchange: Exchange) -> Reply:
        """An upload's address, or a picture."""
        if uploading := _UPLOAD.fullmatch(exchange.target):
            return self._upload(uploading[1], bytes.fromhex(uploading[2]), exchange)
        serving = _SERVE.fullmatch(exchange.target)
        picture = self._read(serving[1]) if serving else None
        if picture is None:
            return Reply(404, "text/plain", b"no such picture on this devnet")
        return Reply(200, _kind(picture) or "application/octet-stream", picture)

    def _upload(self, account: str, signature: bytes, exchange: Exchange) -> Reply:
        try:
            name, picture = _picture(exchange)
        except (MultipartError, KeyError, ValueError):
            return _error(400, "Missing image in form data")
        if len(picture) > LARGEST:
            return _error(413, "File too large")
        if not self._may_upload(account, signature, picture):
            return _error(400, "Invalid signature")
        if _kind(picture) is None:
            return _error(400, "Invalid image")
        key = sha256(picture).hexdigest()
        self._write(key, picture)
        address = f"{self.address}/{key}/{quote(name, safe='')}"
        return Reply(200, "application/json", json.dumps({"url": address}).encode())

    def _may_upload(self, account: str, signature: bytes, picture: bytes) -> bool:
        """Signed by a posting key of the account over the challenge and the content."""
        found = self._chain.state.get("accounts", account)
        if found is None or not 27 <= signature[0] < 35 or not is_canonical(signature):  # noqa: PLR2004
            return False
        raw = recover(signature, sha256(b"ImageSigningChallenge" + picture).digest())
        if raw is None:
            return False
        key = public(raw, self._chain.network.prefix)
        return any(key == own for own, _ in found["posting"]["key_auths"])

    def _write(self, key: str, picture: bytes) -> None:
        if self._folder is None:
            self._memory[key] = picture
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / key).write_bytes(picture)

    def _read(self, key: str) -> bytes | None:
        if self._folder is None:
            return self._memory.get(key)
        file = self._folder / key
        return file.read_bytes() if file.exists() else None


def _picture(exchange: Exchange) -> tuple[str, bytes]:
    """The file's name and content, from a multipart form's first file."""
    _, options = parse_options_header(exchange.content_type)
    stream = io.BytesIO(exchange.body)
    parser = MultipartParser(stream, options["boundary"], memory_limit=2 * LARGEST)
    part = next(part for part in parser if part.filename)
    return unquote(part.filename), part.raw


def _kind(picture: bytes) -> str | None:
    return next((kind for magic, kind in _KINDS.items() if picture.startswith(magic)), None)


def _error(status: int, text: str) -> Reply:
    return Reply(status, "application/json", json.dumps({"error": text}).encode())
