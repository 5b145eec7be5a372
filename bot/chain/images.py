"""An image host: takes a picture that an account's posting key has signed (chain-rules §7.7)."""

import hashlib
import json
import re
from http import HTTPStatus

import httpx2

from bot.chain.errors import PermanentChainError, TransientChainError
from bot.chain.keys import signature
from bot.chain.protocol import PostingKey

TIMEOUT = 60.0  # seconds; a picture has up to ten megabytes
PAUSE = 60.0  # seconds until a host that didn't answer is asked again
_CHALLENGE = b"ImageSigningChallenge"
_ADDRESS = re.compile(r"https?://[^\s<>\"'()\[\]\\]+")


def upload(  # what a form has
    host: str, account: str, key: PostingKey, name: str, kind: str, data: bytes
) -> str:
    """Upload a picture; returns its address. The same content always has the same one.

    Raises:
        TransientChainError: the host doesn't answer, or has no time now.
        PermanentChainError: it refuses this picture, or this account.
    """
    signed = signature(key, hashlib.sha256(_CHALLENGE + data).digest()).hex()
    where = httpx2.URL(host).host
    try:
        with httpx2.Client(timeout=TIMEOUT, trust_env=False) as client:
            reply = client.post(
                f"{host.rstrip('/')}/{account}/{signed}", files={"file": (name, data, kind)}
            )
    except httpx2.HTTPError as error:
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise TransientChainError(
            f"{where} didn't take the picture {name}: {reason}", PAUSE
        ) from None
    try:
        told = json.loads(reply.text)
    except ValueError:
        told = {}
    address = told.get("url") if isinstance(told, dict) else None
    if isinstance(address, str) and _ADDRESS.fullmatch(address):
        return address
    said = told.get("error") if isinstance(told, dict) else None
    reason = f"{said or 'no address'} (HTTP status {reply.status_code})"
    message = f"{where} didn't take the picture {name}: {reason}"
    busy = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
    if reply.is_client_error and reply.status_code not in busy:
        raise PermanentChainError(message)
    raise TransientChainError(message, PAUSE)
