"""Which block holds a transaction: the chain's blocks, read once and kept while they are true."""

from collections.abc import Callable
from datetime import datetime

from bot.chain.constants import SLOT
from bot.chain.errors import NodesUnreachable, TransientChainError
from bot.chain.protocol import Block, Chain, Head

KEPT = 2_000  # blocks in memory: 100 minutes of a real chain, more than any expiration
MOST = 100_000  # transactions and posts in memory: a node may tell blocks that are full of them
AT_ONCE = 30
"""Blocks that are asked for together: more than are reversible on a chain that is well."""
REACH = 11_200
"""Blocks above the one it refers to that can hold a transaction.

That one may be 10,000 blocks below the head (STEEM_MAX_UNDO_HISTORY), and an expiration is an hour
away at most (STEEM_MAX_TIME_UNTIL_EXPIRATION).
"""


class Blocks:
    """One chain's blocks as the node tells them now, orphaned ones forgotten.

    `observe` is called with each new head; it walks back along `previous` until it meets a block
    that it knows, so that a fork is noticed and each block is fetched once.
    """

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._blocks: dict[int, Block] = {}
        self._agreed: dict[int, Block] = {}
        self._head: Head | None = None

    def observe(self, head: Head) -> None:
        """Take `head` as the chain's end.

        Raises:
            TransientChainError: no node has the blocks of this head, or they aren't of its time.
        """
        if self._head is None or self._head.block_num < head.irreversible_block_num:
            self._blocks.clear()  # nothing reversible is left to compare with
        unread = range(head.irreversible_block_num + 1, head.block_num + 1)[-AT_ONCE:]
        with self._chain.reading(num for num in unread if num not in self._blocks):
            self._walk(head)

    def confirm(self, head: Head) -> None:
        """Make sure that the head's block is there, and of its time.

        Raises:
            TransientChainError: no node has this block, or it isn't.
        """
        if head.block_num == 0:
            return
        block = self._blocks.get(head.block_num)
        if block is None or block.id != head.block_id:
            block = self._fetched(head.block_num, head.block_id)
        if block.time != head.time:
            raise _contradicts(head)

    def _walk(self, head: Head) -> None:
        """Read what isn't known, from the head down."""
        num, expected = head.block_num, head.block_id
        walked: dict[int, Block] = {}  # kept as a whole: half a walk would hide a gap
        size = 0
        while num > head.irreversible_block_num:
            known = self._blocks.get(num)
            if known and known.id == expected:
                break
            block = self._fetched(num, expected)
            walked[num] = block
            size += _size(block)
            if size > MOST:
                raise TransientChainError(
                    f"a node tells more than is kept in blocks {num} to {head.block_num}", 3.0
                )
            num, expected = num - 1, block.previous
        else:
            # A fork may reach down to the irreversible block: what was kept below it was read
            # when it could still change, so it is read again if it is wanted.
            if (known := self._blocks.get(num)) and known.id != expected:
                self._blocks.clear()
                self._head = None
                return self._walk(head)
        self._blocks |= walked
        for stale in [n for n in self._blocks if n > head.block_num or n < head.block_num - KEPT]:
            del self._blocks[stale]
        self._forget(self._blocks)
        for stale in [n for n in self._agreed if n < head.block_num - KEPT]:
            del self._agreed[stale]
        self._head = head
        if head.block_num and self._block(head.block_num).time != head.time:
            self._head = None  # what is signed under it would expire when nobody knows
            raise _contradicts(head)
        return None

    def agreed(self, num: int) -> Block | None:
        """An irreversible block as enough nodes tell it; None while too few hold it so.

        Raises:
            NodesDisagree: they contradict each other.
        """
        assert self._head is not None, "observe() comes first"
        if num > self._head.irreversible_block_num:
            return None
        if self._chain.profile.confirmed_by == 1:
            return self._block(num)
        if num not in self._agreed:
            block = self._chain.agreed_block(num)
            if block is None:
                return None
            self._agreed[num] = block
            self._forget(self._agreed)
            return block
        return self._agreed[num]

    def is_dead(self, trx_id: str, after: int, expiration: datetime) -> bool:
        """Whether enough nodes agree that no irreversible block holds it, nor ever can."""
        assert self._head is not None, "observe() comes first"
        if self._head.time <= expiration:
            return False
        num = max(after, 0)
        while num - after <= REACH and (block := self.agreed(num := num + 1)) is not None:
            if trx_id in block.transaction_ids:
                return False
            if block.time > expiration:
                return True
        return False

    def find(self, trx_id: str, after: int, expiration: datetime | None) -> Block | None:
        """The block that holds the transaction, searched above block `after`.

        A block whose predecessor's time has reached the expiration can't hold it
        (chain-rules §2.2), so the search ends there.
        """
        assert self._head is not None, "observe() comes first"
        wanted = range(max(after, 0) + 1, min(self._head.block_num, after + REACH) + 1)
        for start in range(0, len(wanted), AT_ONCE):
            some = wanted[start : start + AT_ONCE]
            known = self._blocks.keys() | self._agreed.keys()
            with self._chain.reading(num for num in some if num not in known):
                for block in map(self._block, some):
                    if trx_id in block.transaction_ids:
                        return block
                    if expiration is not None and block.time >= expiration:
                        return None
        return None

    def find_post(self, author: str, permlink: str, written: datetime) -> tuple[str, Block] | None:
        """(trx_id, block) of the operation that wrote a post at that moment, irreversibly.

        A post's time is that of the block before the one that holds it (chain-rules §0.2), and
        block times only grow, so the height is found by bisection: by one node's word, which the
        blocks that enough nodes tell must bear out; where they don't, by these alone.
        """
        assert self._head is not None, "observe() comes first"
        for tell in (self._block, self.agreed):
            low = self._height(written, tell)
            for num in (low + 1, low, low + 2):  # where it should be, and next to it
                block = self.agreed(num) if num > 0 else None
                for trx_id in block.transaction_ids if block else ():
                    if block and block.writes(trx_id, author, permlink):
                        return trx_id, block
        return None

    def _height(self, moment: datetime, tell: Callable[[int], Block | None]) -> int:
        """The last irreversible block that isn't later than this moment."""
        assert self._head is not None, "observe() comes first"
        low, high = 0, self._head.irreversible_block_num + 1
        while high - low > 1:  # low's time <= moment < high's
            middle = (low + high) // 2
            block = tell(middle)
            if block is not None and block.time <= moment:
                low = middle
            else:
                high = middle
        return low

    def _block(self, num: int) -> Block:
        if num in self._agreed:  # whatever one node told before
            return self._agreed[num]
        if num not in self._blocks:
            self._blocks[num] = block = self._fetched(num)
            self._forget(self._blocks)
            return block
        return self._blocks[num]

    def _fetched(self, num: int, block_id: str | None = None) -> Block:
        try:
            return self._chain.block(num, block_id)
        except NodesUnreachable:
            raise TransientChainError(
                f"no node has the block {num}, although one tells a later head; they are asked "
                "again", SLOT
            ) from None  # fmt: skip

    @staticmethod
    def _forget(blocks: dict[int, Block]) -> None:
        """Forget the lowest blocks that are too many to keep; they are read again if need be."""
        size = sum(map(_size, blocks.values()))
        for num in sorted(blocks) if size > MOST else ():
            if size <= MOST:
                return
            size -= _size(blocks.pop(num))


def _contradicts(head: Head) -> TransientChainError:
    return TransientChainError(
        f"the node contradicts itself about the time of block {head.block_num}; it is asked again",
        SLOT,
    )


def _size(block: Block) -> int:
    return 1 + len(block.transaction_ids) + len(block.comments)
