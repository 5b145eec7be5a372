"""One JSON-RPC call to one node over HTTP, once, and an honest account of how it went.

beem's own transport is not used: it sends broadcasts again by itself, takes an HTML error page
for success and throws `error.data` away (reference: docs/chains.md).
"""

import itertools
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx2

from bot.chain.classification import NodeError

_LARGEST_REPLY = 16 * 1024 * 1024  # bytes; the largest block is two megabytes of JSON
_HEADERS = {"content-type": "application/json", "accept": "application/json"}
_CONNECT_TIMEOUT = 4.0


class Unsent(Exception):  # noqa: N818  # says what is certain: no byte of the request left
    """No connection was made, so the node can't have seen the request."""


class Unanswered(Exception):  # noqa: N818  # the request left; what came back proves nothing
    """The node may have seen the request; no answer to it came that can be relied upon."""


class ErrorReply(Exception):  # noqa: N818  # the node's answer, not a failure of the call
    """The node answered this very request with an error."""

    def __init__(self, error: NodeError) -> None:
        super().__init__(error.quote)
        self.error = error


class Wire:
    """A pool of connections; safe to use from several threads.

    Proxies, `.netrc` and certificates from the environment are ignored (`trust_env=False`): what
    a transaction passes through is said in the configuration or nowhere.

    Args:
        timeout: seconds that one call may take in all, connecting included.
        clock: monotonic seconds.
    """

    def __init__(self, *, timeout: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._timeout = timeout
        self._clock = clock
        self._ids = itertools.count(1)
        self._client = httpx2.Client(
            timeout=httpx2.Timeout(timeout, connect=min(timeout, _CONNECT_TIMEOUT)),
            trust_env=False,
            follow_redirects=False,
            headers=_HEADERS,
        )

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
        return _result(self._exchange(node, request.encode()), number)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _exchange(self, node: str, request: bytes) -> bytes:
        deadline = self._clock() + self._timeout
        reply = bytearray()
        try:
            with self._client.stream("POST", node, content=request) as response:
                if response.status_code != httpx2.codes.OK:
                    raise Unanswered(f"HTTP status {response.status_code}")
                for chunk in response.iter_bytes():
                    reply += chunk
                    if len(reply) > _LARGEST_REPLY:
                        raise Unanswered("an answer that doesn't end")
                    if self._clock() > deadline:  # each chunk came in time, all of them did not
                        raise Unanswered(f"no whole answer within {self._timeout:g} s")
        except (
            httpx2.ConnectError,
            httpx2.ConnectTimeout,
            httpx2.PoolTimeout,
            httpx2.UnsupportedProtocol,
            httpx2.InvalidURL,
        ) as error:
            raise Unsent(f"no connection ({_reason(error)})") from error
        except httpx2.TimeoutException as error:
            raise Unanswered(f"no answer within {self._timeout:g} s") from error
        except httpx2.HTTPError as error:
            raise Unanswered(_reason(error)) from error
        return bytes(reply)


def host_of(node: str) -> str:
    """A node's name for messages: host and port."""
    return urlsplit(node).netloc


def json_text(value: object) -> str:
    """Compact JSON, raw UTF-8, as nodes must be sent it."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _result(raw: bytes, number: int) -> Any:
    try:
        reply = json.loads(raw)
    except (ValueError, RecursionError):
        raise Unanswered("an answer that is no JSON") from None
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


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
