"""JSON-RPC as steemd speaks it: its envelope and its errors (json_rpc_plugin.cpp, §2.4)."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from bot.devnet import json_reader
from bot.devnet.faults import Fault, Frame, Refusal, failed
from bot.devnet.variant import as_object, as_text

Call = Callable[[str, str, Any], Awaitable[Any]]

_LARGEST_NUMBER = 0xFFFFFFFF


async def respond(body: bytes, call: Call) -> bytes:
    """The reply to a request's body, single or batch."""
    text = body.decode(errors="surrogateescape")
    try:
        request = json_reader.read(text)
    except Fault as fault:
        fault.stack.append(Frame("", {"str": text}, ("json.cpp", "from_string")))
        reply: Any = _refusal(fault, None)
    else:
        if request == []:
            reply = _refusal(Refusal(-32000, "Array is invalid"), None)
        elif isinstance(request, list):
            reply = [await _reply(single, call) for single in request]
        else:
            reply = await _reply(request, call)
    return json.dumps(reply, ensure_ascii=False, separators=(",", ":")).encode(
        errors="surrogateescape"
    )


async def _reply(request: Any, call: Call) -> dict[str, Any]:
    try:
        request = as_object(request)
    except Fault as fault:
        fault.outer = -32700
        return _refusal(fault, None)
    identity = request.get("id")
    if "id" in request and (not isinstance(identity, int | str) or isinstance(identity, bool)):
        text = 'Only integer value or string is allowed for member "id"'
        return _refusal(Refusal(-32600, text), None)
    try:
        api, method, params = _target(request)
        result = await call(api, method, params)
    except (Fault, Refusal) as refusal:
        return _refusal(refusal, identity)
    # hivemind is another program, which writes numbers as such
    shown = result if api == "bridge" else _encoded(result)
    return {"jsonrpc": "2.0", "result": shown, "id": identity}


def _target(request: dict[str, Any]) -> tuple[str, str, Any]:
    """The API, the method and its arguments, in either call style."""
    if request.get("jsonrpc") != "2.0":
        raise Refusal(-32600, 'jsonrpc value is not "2.0"')
    method = request.get("method")
    if not isinstance(method, str):
        raise Refusal(-32600, 'A member "method" does not exist')
    params = request.get("params", {})
    if method == "call":
        if "params" not in request:
            raise Refusal(-32001, 'A member "params" does not exist')
        given = params if isinstance(params, list) else []
        if len(given) not in (2, 3):
            text = 'params should be {"api", "method", "args"'
            raise failed("v.size() == 2 || v.size() == 3", text, -32002)
        return as_text(given[0]), as_text(given[1]), given[2] if len(given) == 3 else {}  # noqa: PLR2004
    parts = method.split(".")
    if len(parts) != 2:  # noqa: PLR2004  # api and method
        text = "method specification invalid. Should be api.method"
        raise failed("v.size() == 2", text, -32002)
    return parts[0], parts[1], params


def _refusal(refusal: Fault | Refusal, identity: Any) -> dict[str, Any]:
    if isinstance(refusal, Fault):
        error = refusal.error(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}")
    else:
        error = refusal.error()
    return {"jsonrpc": "2.0", "error": _encoded(error), "id": identity}


def _encoded(value: Any) -> Any:
    """Numbers beyond 32 bits, and all with a point, are texts on this wire (fc's json.cpp)."""
    if isinstance(value, dict):
        return {key: _encoded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encoded(item) for item in value]
    if isinstance(value, float):
        return f"{value:.17f}"
    if isinstance(value, int) and not isinstance(value, bool) and value > _LARGEST_NUMBER:
        return str(value)
    return value
