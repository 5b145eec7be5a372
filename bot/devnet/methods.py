"""What the APIs' methods share: reading arguments as fc does, and finding posts and blocks."""

from collections.abc import Callable, Iterable
from typing import Any

from bot.devnet.blocks import Block
from bot.devnet.chain import DevnetChain
from bot.devnet.evaluation import post_key
from bot.devnet.faults import Fault, Frame, bad_cast, failed, parse_error, unknown_key
from bot.devnet.json_reader import type_name
from bot.devnet.state import Value

Method = Callable[[Any], Any]
NO_TRANSACTION = "0" * 40


def whole(value: Any) -> int:
    """An unsigned number, given as such or as its digits.

    Raises:
        Fault: it is neither (string.cpp to_uint64, variant.cpp as_uint64).
    """
    if isinstance(value, bool | int | float):
        return int(value)
    text = value if isinstance(value, str) else ""
    if text.isdigit():
        return int(text)
    fault: Fault = parse_error(("Couldn't parse uint64_t", {}))
    fault.stack.append(Frame("", {"i": text}, ("string.cpp", "to_uint64")))
    fault.stack.append(Frame("", {"*this": value}, ("variant.cpp", "as_uint64")))
    raise fault


def array(value: Any) -> list[Any]:
    """A list.

    Raises:
        Fault: it is something else (variant.cpp get_array).
    """
    if not isinstance(value, list):
        raise bad_cast("Invalid cast from ${type} to Array", type=type_name(value))
    return value


class Reader:
    """Looks things up in one chain."""

    def __init__(self, chain: DevnetChain) -> None:
        self.chain = chain

    def account(self, name: str) -> Value | None:
        """An account, or None."""
        return self.chain.state.get("accounts", name)

    def accounts(self, names: Any) -> list[Value]:
        """Those of these accounts that there are."""
        return [found for name in array(names) if (found := self.account(name)) is not None]

    def post(self, author: str, permlink: str) -> Value | None:
        """A post or reply, or None."""
        return self.chain.state.get("posts", post_key(author, permlink))

    def needed_post(self, author: str, permlink: str) -> Value:
        """A post or reply.

        Raises:
            Fault: there is none.
        """
        post = self.post(author, permlink)
        if post is None:
            raise unknown_key("get_comment", author=author, permlink=permlink)
        return post

    def posts(self, keys: Iterable[str]) -> list[Value]:
        """The posts of an index's keys."""
        return [self.chain.state.need("posts", key) for key in keys]

    def replies(self, author: str, permlink: str) -> list[Value]:
        """Direct replies, oldest first."""
        return self.posts(self.chain.by_parent.keys(post_key(author, permlink)))

    def block(self, number: Any) -> Block | None:
        """A block by its number; 0 finds the first, as the chain's index does."""
        return self.chain.block(max(1, whole(number)))

    def including(self, trx_id: str) -> tuple[Block, int]:
        """The block that holds a transaction, and its place there.

        Raises:
            Fault: none does.
        """
        if trx_id == NO_TRANSACTION and self.chain.head_num:
            # virtual operations carry this id, and have no transaction
            raise failed("blk->transactions.size() > itr->trx_in_block", "", -32003)
        num = self.chain.store.including(trx_id)
        block = self.chain.block(num) if num else None
        if block is None:
            raise failed("false", "Unknown Transaction ${t}", -32003, t=trx_id)
        return block, [transaction.id for transaction in block.transactions].index(trx_id)

    def following(self, name: str) -> Value:
        """Whom an account follows and mutes: name to `{blog, ignore}`."""
        found: Value = (self.chain.state.get("follows", name) or {"of": {}})["of"]
        return found

    def followers(self, name: str, what: str) -> list[str]:
        """Who follows (`blog`) or mutes (`ignore`) an account, by name."""
        names = (account["name"] for account in self.chain.state.table("accounts"))
        return sorted(n for n in names if self.following(n).get(name, {}).get(what))
