"""Ways to be hostile, by kind."""

import functools
import gzip
import itertools
import json
from dataclasses import replace

from bot.devnet.keys import derived, public_of
from bot.devnet.network import PHRASE
from tests.hostile.peer import UPLOAD, Spoil, answered

HEAD = "condenser_api.get_dynamic_global_properties"
ACCOUNTS = "condenser_api.get_accounts"
CONTENT = "condenser_api.get_content"
BLOCK = "condenser_api.get_block"
CONFIG = "condenser_api.get_config"
HISTORY = "condenser_api.get_account_history"
BROADCAST = "network_broadcast_api.broadcast_transaction"

MARK = "\x1b[2J\x1b]0;owned\x07\r\nfinal  @alice/forged \x9b31m\u202e"
"""What would clear a terminal, name its window, forge a line of a log, and turn its text around."""

WRONG = {
    "null": None, "true": True, "zero": 0, "minus": -1, "uint32": 2**32 - 1, "uint64": 2**64 - 1,
    "huge": 10**40, "very huge": 10**4000, "half": 1.5, "great float": 1e308, "nan": float("nan"),
    "infinity": float("-inf"), "empty": "", "text": "x", "digit": "1", "time": "9999-12-31T23:59:59",
    "last time": "2106-02-07T06:28:15", "amount": "-1.000 STEEM", "big amount": "1e999999999 SBD",
    "surrogate": "\ud800", "nul": "a\0b", "mark": MARK, "long": "a" * 200_000, "hex": "f" * 40,
    "list": [], "object": {}, "nested": [[[]]], "pairs": [["a", 1]] * 50, "deep": [[[[[[[[[[1]]]]]]]]]],
    "path": "../../../escaped", "name": "nobody",
}  # fmt: skip
"""What can stand in place of any value."""


def paths(value, at=()):
    """Every place in a JSON value, itself first."""
    yield at
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, part in inner:
        yield from paths(part, (*at, key))


def put(value, path, new):
    """The value with `new` at a place."""
    if not path:
        return new
    key, *rest = path
    if isinstance(value, dict):
        return value | {key: put(value[key], rest, new)}
    return [put(part, rest, new) if number == key else part for number, part in enumerate(value)]


def wrong(method, path, name):
    """One field of one method's results replaced."""

    def parts(asked):
        if asked.method == UPLOAD:
            yield asked.saying(put(asked.reply(), path, WRONG[name]))
        else:
            reply = asked.reply()
            yield (
                asked.saying(put(reply["result"], path, WRONG[name]))
                if "result" in reply
                else asked.honest()
            )

    return Spoil(f"{method} {'.'.join(map(str, path))}: {name}", parts, methods=(method,))


def lie(name, method, change):
    """Results of one method changed: `change(result, params)`."""

    def parts(asked):
        reply = asked.reply()
        yield (
            asked.saying(change(reply["result"], asked.params))
            if "result" in reply
            else asked.honest()
        )

    return Spoil(name, parts, methods=(method,))


def always(name, raw, pause=0.0):
    """The same parts to each request."""
    return Spoil(name, lambda _: raw(), pause)


# -- the wire ----------------------------------------------------------------------------------------

_OK = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"


def _endless(first, rest):
    return lambda: itertools.chain([first], itertools.repeat(rest))


DRIPS = (
    always("drip: status line", _endless(b"H", b"T"), 0.1),
    always("drip: header", _endless(_OK + b"X: ", b"x"), 0.1),
    always("drip: body", _endless(_OK + b"Content-Length: 99999\r\n\r\n{", b" "), 0.1),
    always("drip: continue", _endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), 0.1),
    always("drip: chunk extension", _endless(_CHUNKED + b"1;", b"x"), 0.1),
    always("drip: chunks", _endless(_CHUNKED, b"1\r\n \r\n"), 0.1),
    always("drip: nothing", _endless(b"", b""), 0.1),
)
FLOODS = (
    always("flood: headers", _endless(_OK, b"X: " + b"y" * 9999 + b"\r\n")),
    always("flood: body", _endless(_OK + b"\r\n{", b" " * 65536)),
    always("flood: chunks", _endless(_CHUNKED, b"1\r\n \r\n" * 5000)),
    always("flood: continue", _endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 5000)),
    always("flood: chunk extension", _endless(_CHUNKED + b"1;", b"x" * 65536)),
)


@functools.cache
def _bomb(times):
    body = b'{"jsonrpc":"2.0","id":1,"result":"' + b"a" * 300_000_000
    for _ in range(times):
        body = gzip.compress(body, 6)
    return answered(body, more=f"Content-Encoding: {', '.join(['gzip'] * times)}\r\n")


BOMBS = (
    Spoil("bomb: gzip", lambda _: (_bomb(1),)),
    Spoil("bomb: gzip in gzip", lambda _: (_bomb(2),)),
)


def _nested(inner):
    def parts(asked):
        number = json.dumps(asked.number).encode()
        yield answered(b'{"jsonrpc":"2.0","id":' + number + b',"result":' + inner + b"}")

    return parts


def _within_text(asked):
    """Nested JSON in the text of another: what a post's metadata is."""
    reply = asked.reply().get("result")
    text = '{"briefbot":' + "[" * 200_000
    yield asked.saying(reply | {"json_metadata": text} if isinstance(reply, dict) else text)


DEEP = (
    Spoil("deep: lists", _nested(b"[" * 500_000 + b"]" * 500_000)),
    Spoil("deep: objects", _nested(b'{"a":' * 200_000 + b"1" + b"}" * 200_000)),
    Spoil("deep: as deep as is read", _nested(b"[" * 900 + b"]" * 900)),
    Spoil("deep: in metadata", _within_text),
)

# -- errors ------------------------------------------------------------------------------------------


def _failing(error):
    def parts(asked):
        yield answered(json.dumps({"jsonrpc": "2.0", "id": asked.number, "error": error}).encode())

    return parts


_REFUSAL = {"code": -32000, "message": "missing required posting authority:Missing Posting Authority alice",
            "data": {"code": 3030000, "name": "tx_missing_posting_auth", "stack": []}}  # fmt: skip

ERRORS = (
    Spoil("error: page", lambda _: (answered(b"<html>" + MARK.encode() + b"</html>", 502, "text/html"),)),
    Spoil("error: page with 200", lambda _: (answered(b"<html>it works</html>", 200, "text/html"),)),
    Spoil("error: forbidden", lambda _: (answered(b"{}", 403),)),
    Spoil("error: empty", lambda _: (answered(b""),)),
    Spoil("error: redirect", lambda _: (answered(b"", 307, more="Location: http://127.0.0.1:9/\r\n"),)),
    Spoil("error: no HTTP", lambda _: (b"\x16\x03\x01 " + MARK.encode(),)),
    Spoil("error: half a reply", lambda asked: (asked.honest()[:-9],)),
    Spoil("error: another's reply", lambda asked: (answered(json.dumps({"jsonrpc": "2.0", "id": 0, "result": {}}).encode()),)),
    Spoil("error: a list", lambda asked: (answered(b"[1, 2]"),)),
    Spoil("error: null", _failing(None)),
    Spoil("error: words", _failing({"code": 1, "message": MARK, "data": MARK})),
    Spoil("error: long", _failing({"code": 1, "message": "Assert Exception:" + "(: " * 500_000, "data": "x" * 500_000})),
    Spoil("error: odd", _failing({"message": [], "data": {"name": 7, "stack": "x"}})),
    Spoil("error: refusal", _failing(_REFUSAL)),
    Spoil("error: duplicate", _failing({"message": "Duplicate transaction check failed", "data": {"stack": []}})),
    Spoil("error: not served", _failing({"code": -32601, "message": "Could not find API", "data": {"name": "x", "stack": []}})),
)  # fmt: skip

WRONG_RESULTS = tuple(
    Spoil(f"wrong result: {name}", lambda asked, name=name: (asked.saying(WRONG[name]),))
    for name in WRONG
)


def _marked(value):
    if isinstance(value, str):
        return value + MARK
    if isinstance(value, list):
        return [_marked(part) for part in value]
    return {key: _marked(part) for key, part in value.items()} if isinstance(value, dict) else value


def _named(value, names):
    """Only these texts are marked, so that the rest is understood."""
    if isinstance(value, dict):
        return {k: _marked(v) if k in names else _named(v, names) for k, v in value.items()}
    return [_named(part, names) for part in value] if isinstance(value, list) else value


_WORDS = {"title", "body", "category", "error", "url", "permlink", "STEEM_CHAIN_ID", "accounts"}
ESCAPES = (
    Spoil("escape: everything", lambda asked: (asked.saying(_marked(_result(asked))),)),
    Spoil("escape: words", lambda asked: (asked.saying(_named(_result(asked), _WORDS)),)),
)


def _result(asked):
    reply = asked.reply()
    return reply if asked.method == UPLOAD else reply.get("result")


# -- lies --------------------------------------------------------------------------------------------


def _key(author):
    return public_of(derived(author, "posting", PHRASE), "STM")


def _as(role):
    def change(accounts, _):
        return [
            one | {role: one[role] | {"key_auths": [[_key(one["name"]), 1]]}} for one in accounts
        ]

    return change


def _content(**fields):
    """Something stands there, whatever is asked."""

    def change(result, params):
        author, permlink = params
        post = {
            "author": author, "permlink": permlink, "category": "a", "parent_author": "",
            "parent_permlink": "a", "title": "Forged", "body": "Forged.", "json_metadata": "{}",
            "created": "2026-01-01T00:00:00", "last_update": "2026-01-01T00:00:00", "active_votes": [], "children": 0,
            "pending_payout_value": "0.000 SBD", "total_payout_value": "0.000 SBD",
            "curator_payout_value": "0.000 SBD", "cashout_time": "1969-12-31T23:59:59",
        }  # fmt: skip
        return post | {name: say(permlink) for name, say in fields.items()}

    return change


def _block(**fields):
    return lambda block, _: block and block | {name: say(block) for name, say in fields.items()}


def _far_block(_, params):
    """Each block that is asked for exists, and each is empty."""
    (num,) = params
    return {
        "previous": f"{max(num - 1, 0):08x}" + "0" * 32, "block_id": f"{num:08x}" + "0" * 32,
        "timestamp": "2026-01-01T00:00:00", "transaction_ids": [], "transactions": [],
    }  # fmt: skip


def _endless_history(_, params):
    """However far back one asks, there is more."""
    author, start, _ = params
    number = 2**62 if start < 0 else start
    fields = dict.fromkeys(
        ("permlink", "parent_author", "parent_permlink", "title", "json_metadata"), "x"
    )
    operation = ["comment", fields | {"author": author, "body": "b" * 1_000_000}]
    entry = {"trx_id": "a" * 40, "block": 1, "timestamp": "2030-01-01T00:00:00", "op": operation}
    return [[number - back, entry] for back in range(5)]


def _head(**fields):
    return lambda head, _: head | fields


LIES = (
    lie("lie: no such account", ACCOUNTS, lambda *_: []),
    lie("lie: the key is an active one", ACCOUNTS, _as("active")),
    lie("lie: the key is an owner's", ACCOUNTS, _as("owner")),
    lie("lie: the key may not post", ACCOUNTS, lambda accounts, _: [one | {"posting": one["owner"]} for one in accounts]),
    lie("lie: many may post", ACCOUNTS, lambda accounts, _: [one | {"posting": {"weight_threshold": 1, "key_auths": [], "account_auths": [[f"many{n}", 1] for n in range(50_000)]}} for one in accounts]),
    lie("lie: no post", CONTENT, lambda *_: {"author": ""}),
    lie("lie: another's post", CONTENT, _content()),
    lie("lie: a post with our name", CONTENT, _content(json_metadata=lambda permlink: json.dumps({"briefbot": {"brief": permlink}}))),
    lie("lie: a long title", CONTENT, _content(title=lambda _: (MARK + "x") * 50_000)),
    lie("lie: nothing in blocks", BLOCK, _block(transactions=lambda _: [], transaction_ids=lambda _: [])),
    lie("lie: other transactions", BLOCK, _block(transaction_ids=lambda block: ["f" * 40 for _ in block["transaction_ids"]])),
    lie("lie: another id", BLOCK, _block(block_id=lambda block: block["block_id"][:8] + "5a" * 16)),
    lie("lie: another time", BLOCK, _block(timestamp=lambda _: "2016-01-01T00:00:00")),
    lie("lie: blocks without end", BLOCK, _far_block),
    lie("lie: fat blocks", BLOCK, _block(transactions=lambda _: [{"operations": [["comment", {"author": "x", "permlink": "y" * 3_000_000}]]}], transaction_ids=lambda _: ["e" * 40])),
    lie("lie: another chain", CONFIG, lambda config, _: {name: "f" * 64 if name.endswith("CHAIN_ID") else told for name, told in config.items()}),
    lie("lie: long ago", HEAD, _head(time="2001-01-01T00:00:00")),
    lie("lie: the far future", HEAD, _head(time="2099-01-01T00:00:00")),
    lie("lie: the end of time", HEAD, _head(time="2106-02-07T06:28:15")),
    lie("lie: a far head", HEAD, _head(head_block_number=2**32 - 1)),
    lie("lie: a far irreversible block", HEAD, _head(head_block_number=2**32 - 1, last_irreversible_block_num=2**32 - 2)),
    lie("lie: head below the irreversible", HEAD, _head(last_irreversible_block_num=10**6)),
    lie("lie: nothing is irreversible", HEAD, _head(last_irreversible_block_num=0)),
    lie("lie: another head", HEAD, lambda head, _: head | {"head_block_id": head["head_block_id"][:8] + "5a" * 16}),
    lie("lie: small blocks", HEAD, _head(maximum_block_size=10)),
    lie("lie: negative blocks", HEAD, _head(maximum_block_size=-(2**63))),
    lie("lie: history without end", HISTORY, _endless_history),
    lie("lie: the way out of the queue", HISTORY, lambda entries, _: [[number, entry | {"op": [entry["op"][0], entry["op"][1] | {"permlink": "../../../escaped"}]}] for number, entry in entries]),
    Spoil("lie: it was taken", lambda asked: (asked.saying({}),), methods=(BROADCAST,)),
    replace(ERRORS[-3], name="lie: it is refused", methods=(BROADCAST,)),
    replace(ERRORS[-2], name="lie: it is there already", methods=(BROADCAST,)),
)  # fmt: skip

KINDS = {
    "drip": DRIPS, "flood": FLOODS, "bomb": BOMBS, "deep": DEEP, "error": ERRORS, "wrong": WRONG_RESULTS,
    "escape": ESCAPES, "lie": LIES,
}  # fmt: skip
ALL = tuple(itertools.chain.from_iterable(KINDS.values()))

# -- the image host ----------------------------------------------------------------------------------

_ADDRESSES = {
    "mark": f"https://x.org/{MARK}", "script": "javascript:alert(1)", "long": "https://x.org/" + "a" * 60_000,
    "markdown": "https://x.org/a) [click](https://evil.example", "newline": "https://x.org/\nfinal", "nul": "https://x.org/\0",
}  # fmt: skip
IMAGES = (
    *DRIPS, *FLOODS, *BOMBS, *DEEP[:3], *ERRORS[:8], *WRONG_RESULTS,
    *(wrong(UPLOAD, ("url",), name) for name in WRONG),
    *(Spoil(f"address: {name}", lambda asked, it=it: (asked.saying({"url": it}),)) for name, it in _ADDRESSES.items()),
    Spoil("error: words of the host", lambda _: (answered(json.dumps({"error": MARK * 9999}).encode(), 500),)),
)  # fmt: skip
