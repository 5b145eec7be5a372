"""Forms as browsers send them, `application/x-www-form-urlencoded`."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import Depends, HTTPException, Request

FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 1000


def fields_of(body: bytes) -> Mapping[str, str]:
    """A form's fields; of one that is there twice, neither.

    Raises:
        ValueError: it isn't UTF-8, or has too many fields.
    """
    found = parse_qs(
        body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
    )
    return {name: values[0] for name, values in found.items() if len(values) == 1}


async def form_of(request: Request) -> Mapping[str, str]:
    """The fields of a request's form; the gate has limited its size.

    Raises:
        HTTPException: 400, it can't be read.
    """
    try:
        return fields_of(await request.body())
    except ValueError:
        raise HTTPException(400, "this form can't be read: send it as UTF-8") from None


Form = Annotated[Mapping[str, str], Depends(form_of)]
"""The parameter by which a route takes a form."""
