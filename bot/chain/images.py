"""An image host: takes a picture that an account's posting key has signed (chain-rules §7.7)."""

import hashlib
import re
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx2

from bot.chain.errors import PermanentChainError, TransientChainError
from bot.chain.keys import signature
from bot.chain.protocol import PostingKey
from bot.errors import quoted
from bot.http import Http, Unanswered, Unsent, json_value

_PATIENCE = 4.0  # times the usual: a picture has up to ten megabytes
PAUSE = 60.0  # seconds until a host that didn't answer is asked again
_LARGEST_ANSWER = 64 * 1024  # bytes: an address, or an error
_CHALLENGE = b"ImageSigningChallenge"
_ADDRESS = re.compile(r"https?://[^\s<>\"'()\[\]\\\x00-\x1f\x7f-\x9f]{1,2000}")
_BUSY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}


def upload(
    http: Http, host: str, account: str, key: PostingKey, name: str, kind: str, data: bytes
) -> str:
    """Upload a picture; returns its address. The same content always has the same one.

    Raises:
        TransientChainError: the host doesn't answer, or has no time now.
        PermanentChainError: it refuses this picture, or this account.
    """
    signed = signature(key, hashlib.sha256(_CHALLENGE + data).digest()).hex()
    refusal = f"{urlsplit(host).netloc} didn't take the picture {name}"
    # httpx2 packs the form; what is sent goes through our own client, as everything does
    form = httpx2.Request("POST", host, files={"file": (name, data, kind)})
    try:
        answer = http.post(
            f"{host.rstrip('/')}/{account}/{signed}",
            form.read(),
            {"Content-Type": form.headers["Content-Type"]},
            largest=_LARGEST_ANSWER,
            patience=_PATIENCE,
        )
    except (Unsent, Unanswered) as error:
        raise TransientChainError(f"{refusal}: {error}", PAUSE) from None
    values = _object(answer.body)
    address = values.get("url")
    if isinstance(address, str) and address.isprintable() and _ADDRESS.fullmatch(address):
        return address
    said = values.get("error")
    reason = quoted(said) if isinstance(said, str) else ""
    message = f"{refusal}: {reason or 'no address'} (HTTP status {answer.status})"
    refused = HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
    if reason and refused and answer.status not in _BUSY:  # not a page of what stands before it
        raise PermanentChainError(message)
    raise TransientChainError(message, PAUSE)


def _object(body: bytes) -> dict[str, object]:
    """The answer's members; none when it is another thing, such as a proxy's error page."""
    try:
        told = json_value(body)
    except Unanswered:
        return {}
    return told if isinstance(told, dict) else {}
