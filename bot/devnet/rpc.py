"""JSON-RPC as steemd speaks it: its reader, its envelope, its errors (chain-rules §2.4)."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from bot.devnet.faults import Fault, failed

Call = Callable[[str, str, Any], Any]

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_KNOWN_ESCAPES = {"t", "n", "r", "\\", '"'}
_LARGEST_NUMBER = 0xFFFFFFFF


def respond(body: bytes, call: Call) -> bytes:
    """The reply to a request's body, single or batch."""
    try:
        request = read_json(body)
    except ValueError as error:
        text = f"Unexpected content: {error}"
        reply: Any = _refusal(Fault(4, "parse_error_exception", "Parse Error", text), None)
    else:
        if isinstance(request, list):
            reply = [_reply(single, call) for single in request] or {
                "jsonrpc": "2.0",
                "error": {"code": -32000, "message": "Array is invalid"},
                "id": None,
            }
        else:
            reply = _reply(request, call)
    return json.dumps(_encoded(reply), ensure_ascii=False, separators=(",", ":")).encode(
        errors="surrogateescape"
    )


def read_json(body: bytes) -> Any:
    r"""JSON as steemd reads it: of escapes it knows `\t \n \r \\ \"` and no others.

    Any other escaped character stands for itself, so `\u00fc` is read as `u00fc`
    (tests/fixtures/steemd/README.md, 1).
    """
    text = body.decode(errors="surrogateescape")
    if "\\" in text:
        text = _ESCAPE.sub(lambda match: match[0] if match[1] in _KNOWN_ESCAPES else match[1], text)
    return json.loads(text, strict=False)


def _reply(request: Any, call: Call) -> dict[str, Any]:
    if not isinstance(request, dict):
        return _error(-32700, "Invalid request", None)
    identity = request.get("id")
    if request.get("jsonrpc") != "2.0":
        return _error(-32600, 'jsonrpc value is not "2.0"', identity)
    if "method" not in request:
        return _error(-32600, 'A member "method" does not exist', identity)
    if identity is not None and not isinstance(identity, int | str):
        text = 'Only integer value or string is allowed for member "id"'
        return _error(-32600, text, None)
    try:
        api, method, params = _target(str(request["method"]), request.get("params", {}))
        return {"jsonrpc": "2.0", "result": call(api, method, params), "id": identity}
    except Fault as fault:
        return _refusal(fault, identity)


def _target(method: str, params: Any) -> tuple[str, str, Any]:
    """The API, the method and its arguments, in either call style."""
    if method == "call":
        if not isinstance(params, list) or len(params) < 2:  # noqa: PLR2004  # api and method
            raise failed("v.size() == 2 || v.size() == 3", "params should be {api, method, args}")
        return str(params[0]), str(params[1]), params[2] if len(params) > 2 else {}  # noqa: PLR2004
    api, dot, name = method.partition(".")
    if not dot or "." in name:
        text = "method specification invalid. Should be api.method"
        raise failed("v.size() == 2", text, -32002)
    return api, name, params


def _refusal(fault: Fault, identity: Any) -> dict[str, Any]:
    timestamp = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"
    return {"jsonrpc": "2.0", "error": fault.error(timestamp), "id": identity}


def _error(code: int, message: str, identity: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "error": {"code": code, "message": message}, "id": identity}


def _encoded(value: Any) -> Any:
    """Numbers beyond 32 bits are texts on this wire (fc's json.cpp)."""
    if isinstance(value, dict):
        return {key: _encoded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encoded(item) for item in value]
    if isinstance(value, float) or (
        isinstance(value, int) and not isinstance(value, bool) and value > _LARGEST_NUMBER
    ):
        return str(value)
    return value
