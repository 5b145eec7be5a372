"""One node: the chain, its methods, its clock, and what is in its way.

One event loop owns everything, so that nothing needs a lock.
"""

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from bot.devnet.api import Api
from bot.devnet.chain import DevnetChain
from bot.devnet.faults import failed
from bot.devnet.images import Images
from bot.devnet.json_reader import read
from bot.devnet.moments import seconds, stamp
from bot.devnet.network import SLOT, Network
from bot.devnet.prices import Prices
from bot.devnet.rpc import respond
from bot.devnet.server import Exchange, Reply, Server
from bot.devnet.transaction import Transaction, read_transaction
from bot.devnet.trouble import Trouble, Troubles
from bot.devnet.variant import as_int64, as_uint32

_HTML = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
_PROPERTIES = "get_dynamic_global_properties"
_TRIES = 20  # to find neighbouring free ports
_ANOTHER_CHAIN = "f" * 64
_SENT: dict[str, Literal["half", "http_1_0", "chunked"]] = {
    "truncate": "half",
    "http_1_0": "http_1_0",
    "chunked": "chunked",
}
_TOO_SOON = "You may only post once every 5 minutes."


class Node:
    """A devnet's process.

    Args:
        folder: where its state lives; None for memory only.
        block_interval: real seconds between blocks, or None when only asking makes them.
        admin: whether `devnet_api` answers.
        listeners: ports at which it answers, each with troubles of its own: to a client they are
            as many nodes of one chain.
        keep_alive: whether connections stay open after an answer.
    """

    def __init__(
        self,
        network: Network,
        folder: Path | None,
        *,
        block_interval: float | None,
        admin: bool,
        listeners: int = 1,
        keep_alive: bool = False,
    ) -> None:
        genesis = network.config()["STEEM_GENESIS_TIME"] if network.bare else None
        start = seconds(genesis) if genesis else int(time.time()) // SLOT * SLOT
        self.chain = DevnetChain(network, folder, start)
        self._api = Api(self.chain, time.time)
        self._images = Images(self.chain, folder)
        self._prices = Prices(self.chain)
        self._block_interval = block_interval
        self._admin = admin
        self._doors = [_Door() for _ in range(listeners)]
        self._servers = [
            Server(partial(self._answer, door), keep_alive=keep_alive) for door in self._doors
        ]
        self._made = asyncio.Event()
        self._hurried = asyncio.Event()

    async def serve(self, port: int, ready: Callable[[list[int]], None]) -> None:
        """Answer on 127.0.0.1, from `port` upwards, until SIGTERM or SIGINT.

        Args:
            port: 0 for any that are free.
            ready: is told the ports.

        Raises:
            OSError: a port is in use.
        """
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        listening = await self._listen(port)
        self._images.address = f"http://127.0.0.1:{listening[0]}"
        ready(listening)
        clock = asyncio.create_task(self._make_blocks())
        await stopped.wait()
        clock.cancel()
        for server in self._servers:
            server.close()
        self.chain.close()

    async def _listen(self, port: int) -> list[int]:
        for left in reversed(range(_TRIES)):
            try:
                first = await self._servers[0].open(port)
                rest = [
                    await server.open(first + number)
                    for number, server in enumerate(self._servers[1:], 1)
                ]
            except OSError:
                for server in self._servers:
                    server.close()
                if port or not left:
                    raise
            else:
                return [first, *rest]
        raise AssertionError("the last try returns or raises")

    async def _make_blocks(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while self._block_interval is not None:
            self._produce(int(time.time()))
            due = max(due + self._block_interval, loop.time())
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurried.wait(), due - loop.time())
                self._hurried.clear()
                due = loop.time()

    def _produce(self, moment: int | None = None) -> None:
        self.chain.produce(moment)
        self._made.set()
        self._made = asyncio.Event()
        self._hurried = asyncio.Event()

    # -- HTTP --------------------------------------------------------------------------------------

    async def _answer(self, door: "_Door", exchange: Exchange) -> Reply | None:
        """What is sent back; None closes the connection without a word."""
        if exchange.method == "GET" and "/@" in exchange.target:
            return self._page(exchange.target)
        if self._images.is_meant(exchange):
            return self._images.answer(exchange)
        is_for_prices = self._prices.is_meant(exchange)
        method = self._prices.method(exchange) if is_for_prices else _method(exchange.body)
        is_order = method.startswith("devnet_api.")  # who makes troubles isn't met by them
        trouble = door.troubles.hit(method) if self._admin and not is_order else None
        kind = trouble.kind if trouble else ""
        if kind == "drop_before":
            return None
        if kind == "delay" and trouble:
            await asyncio.sleep(trouble.seconds)
        if kind == "status" and trouble:
            return Reply(trouble.code, "text/html", _HTML)

        async def call(api: str, method: str, params: Any) -> Any:
            return await self._call(door, api, method, params, trouble)

        if is_for_prices:
            reply = self._prices.answer(exchange)
        else:
            reply = Reply(200, "application/json", await respond(exchange.body, call))
        return None if kind == "drop_after" else _sent(reply, trouble)

    def _page(self, target: str) -> Reply:
        """A post as a person may read it in a browser: its text, nothing rendered."""
        author, _, permlink = target.rpartition("/@")[2].partition("/")
        post = self.chain.state.get("posts", f"{author}/{permlink}")
        if post is None:
            return Reply(404, "text/plain", b"no such post on this devnet")
        text = f"{post['title']}\n\n@{author} in #{post['category']}\n\n{post['body']}\n"
        return Reply(200, "text/plain; charset=utf-8", text.encode(errors="replace"))

    # -- calls -------------------------------------------------------------------------------------

    async def _call(
        self, door: "_Door", api: str, method: str, params: Any, trouble: Trouble | None
    ) -> Any:
        if api == "devnet_api" and self._admin:
            return self._administer(door, method, params if isinstance(params, dict) else {})
        if api == "debug_node_api" and self._block_interval is None:
            return self._debug(method, params if isinstance(params, dict) else {})
        kind = trouble.kind if trouble else ""
        broadcast = method.startswith("broadcast_transaction")
        if kind in {"swallow", "pretend"} and broadcast:
            if kind == "pretend":
                legacy = isinstance(params, list)
                given = params[0] if legacy else params["trx"]
                transaction = read_transaction(given, self.chain.codec, legacy=legacy)
                door.pretended[transaction.id] = (self.chain.head_num + 1, transaction)
            return {}
        if kind == "refuse" and broadcast:
            raise failed(
                "( now - auth.last_root_post ) > STEEM_MIN_ROOT_COMMENT_INTERVAL", _TOO_SOON
            )
        if kind == "wrong_chain_id":
            self.chain.chain_id = _ANOTHER_CHAIN
        try:
            if method == "broadcast_transaction_synchronous":
                return await self._broadcast_and_wait(api, params)
            result = self._api.call(api, method, params)
        finally:
            self.chain.chain_id = self.chain.network.chain_id
        if method == "get_block" and door.pretended and result:
            result = self._pretended(door, result)
        if trouble is None or trouble.kind not in _LIES:
            return result if trouble is None else _distorted(trouble, method, result)
        about, lie = _LIES[trouble.kind]
        return lie(trouble, result) if method == about and result else result

    def _pretended(self, door: "_Door", block: dict[str, Any]) -> dict[str, Any]:
        """A block with the transactions that this node falsely tells in it."""
        for trx_id, (num, transaction) in door.pretended.items():
            if block.get("block_id", "").startswith(f"{num:08x}"):
                block = block | {
                    "transaction_ids": [*block["transaction_ids"], trx_id],
                    "transactions": [*block["transactions"], transaction.own(self.chain.codec)],
                }
        return block

    async def _broadcast_and_wait(self, api: str, params: Any) -> dict[str, Any]:
        """Accept a transaction, and answer when it is in a block or can't be in one any more."""
        legacy = isinstance(params, list)
        given = params[0] if legacy else params.get("trx")
        await_first = "condenser_api" if legacy else "network_broadcast_api"
        if api != await_first:
            raise failed("args.size() == 1", "Expected #s argument(s), was ${n}", -32003, n=0)
        transaction = self.chain.push(given, legacy=legacy)
        while True:
            num = self.chain.store.including(transaction.id)
            if num is not None:
                block, place = self.chain.block(num), 0
                assert block is not None, "the store has it"
                place = [other.id for other in block.transactions].index(transaction.id)
                found = {"block_num": num, "trx_num": place, "expired": False}
                return {"id": transaction.id} | found
            if self.chain.head_time > transaction.expiration:
                gone = {"block_num": self.chain.head_num, "trx_num": -1, "expired": True}
                return {"id": transaction.id} | gone
            await self._made.wait()

    def _administer(self, door: "_Door", method: str, params: dict[str, Any]) -> Any:
        if method == "generate_blocks":
            for _ in range(as_int64(params.get("count", 1))):
                self._produce()
        elif method == "advance_time":
            self._produce(self.chain.head_time + as_int64(params["seconds"]))
        elif method == "pop_blocks":
            self.chain.pop(as_int64(params["count"]), lose=bool(params.get("lose", False)))
        elif method == "set_block_interval":
            self._block_interval = float(params["seconds"])
            self._hurried.set()
        elif method == "set_faults":
            door.troubles.set(params["faults"])
        elif method == "clear_faults":
            door.troubles.clear()
        elif method == "refuse_connections":
            server = self._servers[self._doors.index(door)]
            asyncio.get_running_loop().create_task(server.away(float(params["seconds"])))
        else:
            test, text = "method_itr != api_itr->second.end()", "Could not find method ${method}"
            raise failed(test, text, -32002, method=method)
        return {"head_block_number": self.chain.head_num}

    def _debug(self, method: str, params: dict[str, Any]) -> Any:
        """debug_node_api, by which a chain with a manual clock is moved (debug_node_plugin.cpp)."""
        if method == "debug_generate_blocks":
            count, missed = (
                as_uint32(params.get("count", 0)),
                as_uint32(params.get("miss_blocks", 0)),
            )
            for number in range(count):
                slots = 1 + (missed if number == 0 else 0)
                self._produce(self.chain.head_time + slots * SLOT)
            return {"blocks": count}
        if method == "debug_generate_blocks_until":
            until, made = seconds(params["head_block_time"]), 0
            if params.get("generate_sparsely"):
                self._produce(until)
                return {"blocks": 1}
            while self.chain.head_time < until:
                self._produce()
                made += 1
            return {"blocks": made}
        if method == "debug_set_hardfork":
            return {}  # this chain has been at its hardfork from the first block on
        if method == "debug_has_hardfork":
            current = int(self.chain.network.hardfork.split(".")[1])
            return {"has_hardfork": as_uint32(params.get("hardfork_id", 0)) <= current}
        test, text = "method_itr != api_itr->second.end()", "Could not find method ${method}"
        raise failed(test, text, -32002, method=method)


@dataclass(eq=False)
class _Door:
    """One port: what troubles those who come that way."""

    troubles: Troubles = field(default_factory=Troubles)
    pretended: dict[str, tuple[int, Transaction]] = field(default_factory=dict)


def _sent(reply: Reply, trouble: Trouble | None) -> Reply:
    """A reply as this trouble lets it out."""
    if trouble is None:
        return reply
    if trouble.kind == "idle":
        return replace(reply, idle=trouble.seconds)
    return replace(reply, sent=_SENT.get(trouble.kind, "whole"))


def _distorted(trouble: Trouble, method: str, result: Any) -> Any:
    """A reply as a node with this trouble would tell it."""
    if trouble.kind == "stale_head" and method == _PROPERTIES:
        return trouble.memory.setdefault("properties", result)
    if trouble.kind == "clock_skew" and method == _PROPERTIES:
        skewed = seconds(result["time"]) + int(trouble.seconds)
        return result | {"time": stamp(skewed)}
    if trouble.kind in {"deny", "forge"} and method == "get_content":
        absent = {"author": "", "permlink": ""}
        return absent if trouble.kind == "deny" else result | {"body": "Forged."}
    if trouble.kind in {"deny", "forge"} and method == "get_block" and result:
        ids = ["f" * 40 for _ in result["transaction_ids"]] if trouble.kind == "forge" else []
        return result | {"transaction_ids": ids, "transactions": result["transactions"][: len(ids)]}
    if trouble.kind == "wrong_chain_id" and isinstance(result, dict):
        return {
            k: _ANOTHER_CHAIN if k.lower().endswith("chain_id") else v for k, v in result.items()
        }
    return result


def _with_swapped_keys(_: Trouble, accounts: Any) -> Any:
    return [account | {"active": account["posting"]} for account in accounts]


def _with_metadata(trouble: Trouble, post: Any) -> Any:
    return post | {"json_metadata": trouble.text} if post["author"] else post


def _having_posted(_: Trouble, accounts: Any) -> Any:
    now = stamp(int(time.time()) + _YEAR)
    return [account | {"last_root_post": now, "last_post": now} for account in accounts]


def _without_credits(_: Trouble, found: Any) -> Any:
    accounts = [account | {"max_rc": "0"} for account in found["rc_accounts"]]
    return found | {"rc_accounts": accounts}


def _far(_: Trouble, head: Any) -> Any:
    names = ("head_block_number", "last_irreversible_block_num")
    return head | {name: head[name] + _MILLION for name in names}


_YEAR, _MILLION = 31_536_000, 1_000_000
_LIES: dict[str, tuple[str, Callable[[Trouble, Any], Any]]] = {
    "deny_account": ("get_accounts", lambda _, __: []),
    "swap_keys": ("get_accounts", _with_swapped_keys),
    "forge_metadata": ("get_content", _with_metadata),
    "posted_just_now": ("get_accounts", _having_posted),
    "poor": ("find_rc_accounts", _without_credits),
    "far_head": (_PROPERTIES, _far),
    "no_history": ("get_block", lambda _, __: None),
}
"""Of each of these kinds: the method whose answer is a lie, and the lie."""


def _method(body: bytes) -> str:
    """The method that a request asks for, as troubles name it; a batch's is that of its first."""
    try:
        request = read(body.decode(errors="surrogateescape"))
        if isinstance(request, list):
            request = request[0]
        if request["method"] == "call":
            return f"{request['params'][0]}.{request['params'][1]}"
        return str(request["method"])
    except Exception:  # noqa: BLE001  # whatever it is, it has no method
        return ""
