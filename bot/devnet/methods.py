"""What the APIs' methods share: finding accounts, posts, blocks and histories."""

from collections.abc import Callable, Iterable
from typing import Any

from bot.devnet.blocks import Block
from bot.devnet.chain import DevnetChain
from bot.devnet.evaluation import post_key
from bot.devnet.faults import failed, unknown_key
from bot.devnet.state import Value
from bot.devnet.variant import as_array, as_name, as_text, as_uint32, as_uint64

Method = Callable[[Any], Any]
NO_TRANSACTION = "0" * 40


class Reader:
    """Looks things up in one chain."""

    def __init__(self, chain: DevnetChain) -> None:
        self.chain = chain

    def account(self, name: Any) -> Value | None:
        """An account, or None."""
        return self.chain.state.get("accounts", as_name(name))

    def accounts(self, names: Any) -> list[Value]:
        """Those of these accounts that there are."""
        return [found for name in as_array(names) if (found := self.account(name)) is not None]

    def post(self, author: Any, permlink: Any) -> Value | None:
        """A post or reply, or None."""
        return self.chain.state.get("posts", post_key(as_name(author), as_text(permlink)))

    def needed_post(self, author: Any, permlink: Any) -> Value:
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
        return self.chain.block(max(1, as_uint32(number)))

    def history(self, account: Any, start: Any, limit: Any) -> list[tuple[int, Value]]:
        """The operations about an account up to its `start`-th, `limit` of them, oldest first.

        They are numbered from 1 on; Hive begins with 0, and tells fewer at once.

        Raises:
            Fault: a limit that is too large, or larger than what `start` leaves.
        """
        name, last, most = as_name(account), as_uint64(start), as_uint32(limit)
        hive = self.chain.network.is_hive
        largest = 1000 if hive else 10_000
        if most > largest:
            text = "limit of ${l} is greater than maxmimum allowed"
            raise failed(f"args.limit <= {largest}", text, -32003, l=most)
        if hive and last < most - 1:
            text = "start must be greater than or equal to limit-1 (start is 0-based index)"
            raise failed("args.start >= args.limit-1", text, -32003)
        if not hive and last < most:
            raise failed("args.start >= args.limit", "start must be greater than limit", -32003)
        first = 0 if hive else 1
        upto = as_uint32(last) + 1 - first  # the index holds numbers of 32 bits
        rows = self.chain.store.account_history(name, upto, most)
        return [(place + first, entry) for place, entry in rows]

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
