"""Forms, as browsers send them."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, HTTPException, Request

LARGEST = 4 * 1024 * 1024
"""Bytes that a form may have: a brief, of which each character may take three, and more."""
_MOST_FIELDS = 200


async def _form(request: Request) -> Mapping[str, str]:
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > LARGEST:
            raise HTTPException(413, "a form of more than four megabytes isn't read")
    try:
        return dict(
            parse_qsl(
                data.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
            )
        )
    except ValueError:
        raise HTTPException(400, "this is no form") from None


Form = Annotated[Mapping[str, str], Depends(_form)]
"""The fields of a form, each by its last value."""
