"""One JSON-RPC call to one node over HTTP, once, and an honest account of how it went.

beem's own transport is not used: it sends broadcasts again by itself, takes an HTML error page
for success and throws `error.data` away (reference: docs/chains.md).
"""

import itertools
import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from bot.chain.classification import NodeError
from bot.http import Http, Unanswered, json_value

_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}


class ErrorReply(Exception):  # noqa: N818  # the node's answer, not a failure of the call
    """The node answered this very request with an error."""

    def __init__(self, error: NodeError) -> None:
        super().__init__(error.quote)
        self.error = error


class Wire:
    """JSON-RPC over HTTP; safe to use from several threads."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self._ids = itertools.count(1)

    def call(self, node: str, method: str, params: str) -> Any:
        r"""The `result` of calling `method`.

        Args:
            node: address of the node.
            method: e.g. `condenser_api.get_content`.
            params: JSON text, put into the request as it is. It must be raw UTF-8: steemd reads
                no `\uXXXX` (tests/fixtures/steemd/README.md, 1).

        Raises:
            Unsent: there was no connection.
            Unanswered: no answer, or none that is one to this request.
            ErrorReply: the node's error.
        """
        number = next(self._ids)
        request = f'{{"jsonrpc":"2.0","id":{number},"method":"{method}","params":{params}}}'
        return _result(json_value(self._exchange(node, request.encode())), number)

    def call_many(self, node: str, calls: Sequence[tuple[str, str]]) -> "list[Any | ErrorReply]":
        """The results of (method, params) pairs in one exchange, or the node's error, in order.

        Raises:
            Unsent, Unanswered: as `call`; also when one of them isn't answered.
            ErrorReply: the node takes no batches, or refuses all of it.
        """
        numbers = [next(self._ids) for _ in calls]
        requests = ",".join(
            f'{{"jsonrpc":"2.0","id":{number},"method":"{method}","params":{params}}}'
            for number, (method, params) in zip(numbers, calls, strict=True)
        )
        replies = json_value(self._exchange(node, f"[{requests}]".encode()))
        if isinstance(replies, dict) and (error := NodeError.read(replies.get("error"))):
            raise ErrorReply(error)
        if not isinstance(replies, list):
            raise Unanswered("an answer that is no batch")
        told = {reply.get("id"): reply for reply in replies if isinstance(reply, dict)}
        found: list[Any | ErrorReply] = []
        for number in numbers:
            try:
                found.append(_result(told.get(number), number))
            except ErrorReply as reply:
                found.append(reply)
        return found

    def _exchange(self, node: str, request: bytes) -> bytes:
        answer = self._http.post(node, request, _HEADERS)
        if answer.status != HTTPStatus.OK:
            raise Unanswered(f"HTTP status {answer.status}")
        return answer.body


def host_of(node: str) -> str:
    """A node's name for messages: host and port."""
    return urlsplit(node).netloc


def json_text(value: object) -> str:
    """Compact JSON, raw UTF-8, as nodes must be sent it."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _result(reply: Any, number: int) -> Any:
    if not isinstance(reply, dict):
        raise Unanswered("an answer that is no JSON-RPC")
    if type(reply.get("id")) is not int or reply["id"] != number:
        raise Unanswered("an answer to another request")
    if "error" in reply:
        error = NodeError.read(reply["error"])
        if error is None:
            raise Unanswered("an error that can't be understood")
        raise ErrorReply(error)
    if "result" not in reply:
        raise Unanswered("an answer with neither result nor error")
    return reply["result"]
