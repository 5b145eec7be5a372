"""One call to one node: what came back, and whether anything can be concluded from it."""

import json

import pytest

from bot.chain.wire import ErrorReply, Wire, json_text
from bot.http import Http, Unanswered, Unsent
from tests.chain.scripted_node import ScriptedNode, http, refused_address, reply, slowly

METHOD = "condenser_api.get_content"


@pytest.fixture
def wire():
    http = Http(timeout=1.0)
    yield Wire(http)
    http.close()


def call(wire, script):
    with ScriptedNode(script) as node:
        return wire.call(node.url, METHOD, '["alice","hello"]')


def test_a_result_is_returned(wire):
    assert call(wire, lambda request: reply(request, result={"a": 1})) == {"a": 1}
    assert call(wire, lambda request: reply(request, result=None)) is None


def test_the_request_is_raw_utf8_json_rpc(wire):
    with ScriptedNode(lambda request: reply(request, result=1)) as node:
        wire.call(node.url, METHOD, json_text(["älice", "日本\n"]))
    assert "älice".encode() in node.bodies[0]
    assert b"\\u" not in node.bodies[0]
    request = node.requests[0]
    assert request == {
        "jsonrpc": "2.0",
        "id": request["id"],
        "method": METHOD,
        "params": ["älice", "日本\n"],
    }


def test_each_request_has_a_number_of_its_own(wire):
    with ScriptedNode(lambda request: reply(request, result=1)) as node:
        for _ in range(3):
            wire.call(node.url, METHOD, "[]")
    assert len({request["id"] for request in node.requests}) == 3


def test_an_error_keeps_its_name_and_words(wire):
    error = {
        "code": -32000,
        "message": "missing required posting authority:Missing Posting Authority alice",
        "data": {"code": 3030000, "name": "tx_missing_posting_auth", "stack": []},
    }
    with pytest.raises(ErrorReply) as caught:
        call(wire, lambda request: reply(request, error=error))
    assert caught.value.error.name == "tx_missing_posting_auth"
    assert caught.value.error.words == "Missing Posting Authority alice"
    assert caught.value.error.stacked


HTML = "<html><body>502 Bad Gateway</body></html>"

PROVES_NOTHING = {
    "no reply": lambda _: None,
    "half a status line": lambda _: b"HTTP/1.",
    "not HTTP": lambda _: b"hello\r\n\r\n",
    "502 HTML": lambda _: http(HTML, "502 Bad Gateway", "text/html"),
    "429": lambda _: http("slow down", "429 Too Many Requests", "text/plain"),
    "503 with a result": lambda request: http(
        json.dumps({"id": request["id"], "result": {}}), "503 Service Unavailable"
    ),
    "200 HTML": lambda _: http(HTML, kind="text/html"),
    "redirect": lambda _: http("", "302 Found"),
    "empty": lambda _: http(""),
    "truncated JSON": lambda request: http(f'{{"jsonrpc":"2.0","id":{request["id"]},"resul'),
    "truncated body": lambda request: http('{"id":1', length=500),
    "invalid UTF-8": lambda _: http(b'{"id":1,"result":"\xff"}'),
    "deep nesting": lambda _: http("[" * 100_000),
    "a text": lambda _: http('"ok"'),
    "a list": lambda _: http("[]"),
    "wrong id": lambda request: reply(request | {"id": request["id"] + 1}, result={}),
    "id as text": lambda request: reply(request | {"id": str(request["id"])}, result={}),
    "id true": lambda request: reply(request | {"id": True}, result={}),
    "no id": lambda _: http('{"result":{}}'),
    "neither result nor error": lambda request: reply(request, foo=1),
    "error as text": lambda request: reply(request, error="oops"),
    "error null": lambda request: reply(request, error=None),
    "too slow": slowly(http("{}"), 1.3),
}


@pytest.mark.parametrize("name", sorted(PROVES_NOTHING))
def test_what_is_no_answer_to_this_request_proves_nothing(wire, name):
    with pytest.raises(Unanswered) as caught:
        call(wire, PROVES_NOTHING[name])
    assert str(caught.value)


def test_an_answer_that_trickles_in_is_cut_off():
    ticks = iter(range(1000))
    slow = Http(timeout=6.5, clock=lambda: next(ticks))
    long = http(json.dumps({"id": 1, "result": "x" * 600_000}))
    with pytest.raises(Unanswered, match=r"within 6\.5 s"):
        call(Wire(slow), lambda _: long)
    slow.close()


def test_an_answer_without_end_is_cut_off(wire):
    endless = http("[" + " " * (17 * 1024 * 1024))
    with pytest.raises(Unanswered, match="doesn't end"):
        call(wire, lambda _: endless)


@pytest.mark.parametrize("address", ["http://127.0.0.1:99999", "http://127.0.0.1:port", None])
def test_without_a_connection_nothing_was_sent(wire, address):
    with pytest.raises(Unsent, match="no connection"):
        wire.call(address or refused_address(), METHOD, "[]")


def test_a_failed_tls_handshake_means_that_nothing_was_sent(wire):
    with ScriptedNode(lambda _: None) as node, pytest.raises(Unsent):
        wire.call(node.url.replace("http:", "https:"), METHOD, "[]")
    assert node.requests == []


def test_proxies_of_the_environment_are_not_used(wire, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", refused_address())
    monkeypatch.setenv("ALL_PROXY", refused_address())
    fresh = Http(timeout=1.0)
    assert call(Wire(fresh), lambda request: reply(request, result=1)) == 1
    fresh.close()
