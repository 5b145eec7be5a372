"""Values of JSON as steemd converts them into its own types (fc: variant.cpp, string.cpp).

Everything that comes in goes through these few conversions: arguments of methods as well as fields
of operations. They are generous (a number may stand as a text, a name that is too long is cut),
and what they make of a value is what a node takes a transaction's digest over.
"""

import math
import re
from typing import Any

from bot.devnet.faults import Fault, bad_cast, parse_error, shown

_WHOLE = re.compile(r"([+-]?)0*([0-9]{1,20})")
_NAME_BYTES = 16


def type_name(value: Any) -> str:
    """The name of a value's type (variant.hpp)."""
    if value is None:
        return "null_type"
    if isinstance(value, bool):
        return "bool_type"
    if isinstance(value, int):
        return "int64_type" if value < 0 else "uint64_type"
    names = {float: "double_type", str: "string_type", list: "array_type", dict: "object_type"}
    return names[type(value)]


def as_object(value: Any) -> dict[str, Any]:
    """An object.

    Raises:
        Fault: it is something else.
    """
    if not isinstance(value, dict):
        raise bad_cast("Invalid cast from type '${type}' to Object", type=type_name(value))
    return value


def as_array(value: Any) -> list[Any]:
    """An array.

    Raises:
        Fault: it is something else.
    """
    if not isinstance(value, list):
        raise _no_cast(value, "Array")
    return value


def as_text(value: Any) -> str:
    """A text; numbers and words become one.

    Raises:
        Fault: it is an array or an object.
    """
    if isinstance(value, list | dict):
        raise _no_cast(value, "string")
    return shown(value)


def as_fixed_text(value: Any, size: int) -> str:
    """A text of at most `size` bytes; what is too much is cut without a word (fixed_string.hpp).

    Raises:
        Fault: it is an array or an object.
    """
    raw = as_text(value).encode(errors="surrogateescape")[:size]
    return raw.partition(b"\0")[0].decode(errors="surrogateescape")


def as_name(value: Any) -> str:
    """An account's name.

    Raises:
        Fault: it is an array or an object.
    """
    return as_fixed_text(value, _NAME_BYTES)


def as_bool(value: Any) -> bool:
    """A truth value; every number but 0 is true.

    Raises:
        Fault: it is another text than `true` and `false`, an array or an object.
    """
    if isinstance(value, str):
        if value not in {"true", "false"}:
            words = 'only "true" or "false" can be converted'
            raise bad_cast(f"Cannot convert string to bool ({words})")
        return value == "true"
    if isinstance(value, list | dict):
        raise _no_cast(value, "bool")
    return bool(value)


def as_int64(value: Any) -> int:
    """A signed number of 64 bits.

    Raises:
        Fault: it is a text that is none, an array or an object.
    """
    if isinstance(value, list | dict):
        raise _no_cast(value, "int64")
    return _signed(to_int64(value) if isinstance(value, str) else int(value or 0), 64)


def as_int16(value: Any) -> int:
    """The last 16 bits of `as_int64`, signed."""
    return _signed(as_int64(value), 16)


def as_uint64(value: Any) -> int:
    """An unsigned number of 64 bits; a negative one counts down from the largest.

    Raises:
        Fault: it is a text that is none, an array or an object.
    """
    try:
        if isinstance(value, list | dict):
            raise _no_cast(value, "uint64")
        return (
            to_uint64(value) if isinstance(value, str) else int(value or 0)
        ) & 0xFFFFFFFFFFFFFFFF
    except Fault as fault:
        raise fault.passed(("variant.cpp", "as_uint64"), **{"*this": value}) from None


def as_uint32(value: Any) -> int:
    """The last 32 bits of `as_uint64`."""
    return as_uint64(value) & 0xFFFFFFFF


def as_uint16(value: Any) -> int:
    """The last 16 bits of `as_uint64`."""
    return as_uint64(value) & 0xFFFF


def to_int64(text: str) -> int:
    """The signed number that a text is.

    Raises:
        Fault: it is none, or too large.
    """
    number = _whole(text)
    if number is None or not -(2**63) <= number < 2**63:
        raise parse_error(("Couldn't parse int64_t", {}))
    return number


def to_uint64(text: str) -> int:
    """The unsigned number that a text is; a minus counts down from the largest.

    Raises:
        Fault: it is none, or too large.
    """
    number = _whole(text)
    if number is None or abs(number) >= 2**64:
        fault = parse_error(("Couldn't parse uint64_t", {}))
        raise fault.passed(("string.cpp", "to_uint64"), i=text)
    return number & 0xFFFFFFFFFFFFFFFF


def to_double(text: str) -> float:
    """The number with a point that a text is.

    Raises:
        Fault: it is too large.
    """
    number = float(text)
    if math.isinf(number):
        raise parse_error(("Couldn't parse double", {}))
    return number


def _whole(text: str) -> int | None:
    found = _WHOLE.fullmatch(text)
    return int(found[1] + found[2]) if found else None


def _signed(number: int, bits: int) -> int:
    half = 1 << (bits - 1)
    return (number + half) % (2 * half) - half


def _no_cast(value: Any, wanted: str) -> Fault:
    return bad_cast(f"Invalid cast from ${{type}} to {wanted}", type=type_name(value))
