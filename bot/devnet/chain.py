"""The chain: a pool of transactions, blocks, irreversibility, forks (chain-rules §2, §4)."""

import gc
import heapq
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bot.devnet import credits as resource_credits
from bot.devnet import faults, rewards
from bot.devnet.authority import verify_authority
from bot.devnet.blocks import Block, seal
from bot.devnet.evaluation import Evaluation
from bot.devnet.evaluators import evaluate, impacted
from bot.devnet.finality import irreversible_num
from bot.devnet.genesis import begin, signing_key
from bot.devnet.ledger import Ledger
from bot.devnet.moments import NEVER, stamp
from bot.devnet.network import SLOT, Network
from bot.devnet.operations import Codec, Operation
from bot.devnet.state import Index, Replaced, State, Value
from bot.devnet.store import Applied, Store
from bot.devnet.transaction import Transaction, read_transaction
from bot.devnet.validation import validate

LONGEST_LIFE = 3600
LONGEST_LIFE_HIVE = 86400
_APPLYING = ("database.cpp", "_apply_transaction")


class DevnetChain:
    """A Steem-style chain with one witness.

    Args:
        folder: where its file lives; None keeps it in memory.
        start: chain time of its genesis, in seconds; only for one that begins.
    """

    def __init__(self, network: Network, folder: Path | None, start: int) -> None:
        self.network = network
        self.chain_id = network.chain_id
        self.codec = Codec(network)
        self.cashouts = Index("posts", _cashout)
        self.by_author = Index("posts", lambda post: [post["author"]])
        self.by_parent = Index("posts", _parent)
        self.by_category = Index("posts", lambda post: ["", post["category"]])
        self.by_key = Index("accounts", _keys)
        self.state = State(
            self.cashouts, self.by_author, self.by_parent, self.by_category, self.by_key
        )
        self.store = Store(folder)
        self._ids: list[str] = []
        self._times: list[int] = []
        self._undo: dict[int, Replaced] = {}
        self._known: dict[str, int] = {}
        self._expirations: list[tuple[int, str]] = []
        self._pending: dict[str, Transaction] = {}
        self._blocks: dict[int, Block] = {}
        self._witness = signing_key(network)
        self._load()
        if not self.state.count("accounts"):
            self.state.open()
            begin(Ledger(self.state, network, start))
            self.store.genesis(self._changed(self.state.close()))
        self.state.open()  # what pending transactions change, taken back before each block

    # -- where it stands -------------------------------------------------------------------------

    @property
    def ledger(self) -> Ledger:
        """Its figures and balances now."""
        return Ledger(self.state, self.network, self.head_time)

    @property
    def head_num(self) -> int:
        """Number of the last block."""
        return len(self._ids)

    @property
    def head_id(self) -> str:
        """Id of the last block; zeros before the first."""
        return self._ids[-1] if self._ids else "0" * 40

    @property
    def head_time(self) -> int:
        """Time of the last block: the chain's only clock."""
        if self._times:
            return self._times[-1]
        return int(self.state.need("chain", "figures")["genesis"])

    @property
    def irreversible_num(self) -> int:
        """Number of the last block that can't be undone."""
        # a fork takes blocks away, but nothing that couldn't be undone can be undone again
        return max(
            irreversible_num(self.network.finality, self.head_num),
            self.head_num - len(self._undo),
        )

    def time_of(self, num: int) -> int:
        """A block's time."""
        return self._times[num - 1]

    def block(self, num: int) -> Block | None:
        """The block of this number, or None when there is none."""
        if not 1 <= num <= self.head_num:
            return None
        if num not in self._blocks:
            self._blocks[num] = self._read(num, self.store.block(num))
            if len(self._blocks) > 1000:  # noqa: PLR2004  # more than anybody reads again
                del self._blocks[next(iter(self._blocks))]
        return self._blocks[num]

    def in_pool(self, trx_id: str) -> bool:
        """Whether a transaction waits for the next block."""
        return trx_id in self._pending

    # -- transactions ----------------------------------------------------------------------------

    def push(self, given: Any, *, legacy: bool) -> Transaction:
        """Take a transaction from outside into the pool.

        Args:
            legacy: in condenser_api's form.

        Raises:
            Fault: refused; the order of the checks is steemd's (§2.2).
        """
        transaction = read_transaction(given, self.codec, legacy=legacy)
        try:
            self._fits(transaction)
            try:
                self._admit(transaction)
            except faults.Fault as fault:
                raise fault.passed(_APPLYING, trx=transaction.own(self.codec)) from None
        except faults.Fault as fault:
            if self.network.is_hive and fault.code:
                fault.outer = -32003  # the exception keeps its type there (§2.4)
            place = ("database.cpp", "push_transaction")
            raise fault.passed(place, trx=transaction.own(self.codec)) from None
        self._pending[transaction.id] = transaction
        return transaction

    def _fits(self, transaction: Transaction) -> None:
        largest, size = self.network.maximum_block_size - 256, len(transaction.packed)
        if size <= largest:
            return
        if self.network.is_hive:
            text = "Transaction too large - size = ${trx_size}, limit ${trx_size_limit}"
            raise faults.failed(
                "trx_size <= trx_size_limit", text, trx_size=size, trx_size_limit=largest
            )
        raise faults.failed(
            "fc::raw::pack_size(trx) <= (get_dynamic_global_properties().maximum_block_size - 256)"
        )

    def _admit(self, transaction: Transaction) -> None:
        """All checks of a transaction from outside, and its effects."""
        hive = self.network.is_hive
        if not hive:
            self._validate(transaction)
        if self.knows(transaction.id):
            test = (
                "(skip & skip_transaction_dupe_check) || "
                "trx_idx.indices().get<by_trx_id>().find(trx_id) == "
                "trx_idx.indices().get<by_trx_id>().end()"
            )
            text = "Duplicate transaction check failed"
            raise faults.failed(
                "!is_known_transaction( trx_id )" if hive else test, text, trx_ix=transaction.id
            )
        if hive:
            self._live(transaction)
            self._validate(transaction)
        verify_authority(transaction, self.state, self.codec, self.chain_id)
        if not hive:
            self._live(transaction)
        self._apply(transaction, admission=True)

    def _validate(self, transaction: Transaction) -> None:
        if not transaction.operations:
            text = "A transaction must have at least one operation"
            raise faults.failed("operations.size() > 0", text, trx=transaction.own(self.codec))
        for operation in transaction.operations:
            validate(operation, self.codec)

    def knows(self, trx_id: str) -> bool:
        """Whether a transaction is pending, or in a block and not expired."""
        return trx_id in self._pending or trx_id in self._known

    def _live(self, transaction: Transaction) -> None:
        """Reference block and expiration (§2.2)."""
        prefix = self._prefix(transaction.ref_block_num)
        if prefix != transaction.ref_block_prefix and self.head_num:
            raise faults.tapos(
                **{
                    "trx.ref_block_prefix": transaction.ref_block_prefix,
                    "tapos_block_summary": prefix,
                }
            )
        now = self.head_time
        most = LONGEST_LIFE_HIVE if self.network.is_hive else LONGEST_LIFE
        expires = stamp(transaction.expiration)
        if transaction.expiration > now + most:
            raise faults.expiration(
                **{"trx.expiration": expires, "now": stamp(now), "max_til_exp": most}
            )
        if now >= transaction.expiration:
            raise faults.expiration(**{"now": stamp(now), "trx.exp": expires})

    def _prefix(self, ref_block_num: int) -> int:
        """What a reference to a recent block must carry: bytes 4 to 8 of its id."""
        num = self.head_num - (self.head_num - ref_block_num) % 65536
        if not 1 <= num <= self.head_num:
            return 0
        return int.from_bytes(bytes.fromhex(self._ids[num - 1])[4:8], "little")

    def _apply(self, transaction: Transaction, *, admission: bool) -> None:
        """Apply all of a transaction to the state, or nothing of it."""
        context = Evaluation(self.ledger, self.codec, admission)
        self.state.open()
        try:
            for operation in transaction.operations:
                try:
                    evaluate(context, operation)
                except faults.Fault as fault:
                    raise fault.passed(_APPLYING, op=self.codec.own(operation)) from None
            resource_credits.charge(context.ledger, transaction, self.codec, admission=admission)
        except faults.Fault:
            self.state.undo()
            raise
        self.state.close()

    def seed(self, operations: Iterable[Operation]) -> None:
        """Have operations in effect as if they were from before the first block.

        Raises:
            Fault: a rule refuses one.
        """
        self.state.undo()
        self.state.open()
        for operation in operations:
            evaluate(Evaluation(self.ledger, self.codec, admission=False), operation)
        self.store.genesis(self._changed(self.state.close()))
        self.state.open()

    # -- blocks ----------------------------------------------------------------------------------

    def produce(self, time: int | None = None) -> Block:
        """Make the next block of what is pending.

        Its time is three seconds after the head's, or the last slot before `time` when that is
        later: then the slots between were missed.
        """
        self.state.undo()
        slots = 1 if time is None else max(1, (time - self.head_time) // SLOT)
        waiting, self._pending = self._pending, {}
        self.state.open()
        taken: list[Transaction] = []
        later: list[Transaction] = []
        size = 0
        block_time = self.head_time + slots * SLOT
        for transaction in waiting.values():
            if size + len(transaction.packed) >= self.network.maximum_block_size:
                later.append(transaction)
            elif transaction.expiration >= block_time and self._holds(transaction):
                taken.append(transaction)
                size += len(transaction.packed)
        block = seal(self._witness, self.head_num + 1, self.head_id, block_time, tuple(taken))
        applied = self._real(block)
        self._ids.append(block.id)
        self._times.append(block.time)
        self._advance(block, slots, applied)
        replaced = self.state.close()
        self._remember(block)
        self._undo[block.num] = replaced
        irreversible = self.irreversible_num
        self.store.write(
            (block.num, block.id, block.time),
            self._stored(block),
            applied,
            self._changed(replaced),
            replaced,
            irreversible,
        )
        for num in [num for num in self._undo if num <= irreversible]:
            del self._undo[num]
        self.state.open()
        self._restore(later)
        return block

    def _advance(self, block: Block, slots: int, applied: list[Applied]) -> None:
        """What a block does to the chain itself, in the order of S:db _apply_block."""
        ledger = self.ledger
        figures = ledger.figures
        filled = ((figures["slots_filled"] << slots) | 1) & ((1 << 128) - 1)
        ledger.note(time=block.time, aslot=figures["aslot"] + slots, slots_filled=filled)
        while self._expirations and self._expirations[0][0] < block.time:
            self._known.pop(heapq.heappop(self._expirations)[1], None)

        def note(name: str, fields: Value) -> None:
            own = self.codec.own((name, fields))
            entry = self._entry(block, "0" * 40, 0xFFFFFFFF, 0, own)
            entry["virtual_op"] = len(applied) - real + 1
            applied.append(Applied(entry, impacted(name, fields)))

        real = len(applied)
        rewards.update_price(ledger, block.num)
        rewards.inflate(ledger, block.num, note)
        rewards.cash_out(ledger, self.cashouts, note)
        used = [0] * len(resource_credits.RESOURCES)
        for transaction in block.transactions:
            counts = resource_credits.usage(transaction.operations, len(transaction.packed))
            used = [total + count for total, count in zip(used, counts, strict=True)]
        resource_credits.refill(ledger, used)

    def _real(self, block: Block) -> list[Applied]:
        """The operations of a block's transactions, for the history."""
        return [
            Applied(
                self._entry(block, transaction.id, number, place, self.codec.own(operation)),
                impacted(*operation),
            )
            for number, transaction in enumerate(block.transactions)
            for place, operation in enumerate(transaction.operations)
        ]

    def _entry(self, block: Block, trx_id: str, number: int, place: int, own: Value) -> Value:
        return {
            "trx_id": trx_id,
            "block": block.num,
            "trx_in_block": number,
            "op_in_trx": place,
            "virtual_op": 0,
            # real operations carry the head's time while they were applied, virtual ones the new
            "timestamp": stamp(self.head_time),
            "op": own,
        }

    def _holds(self, transaction: Transaction) -> bool:
        """Apply a transaction that was taken before, if the rules still let it."""
        try:
            self._live(transaction)
            self._apply(transaction, admission=False)
        except faults.Fault:
            return False  # what no longer holds is dropped without a word (§4)
        return True

    def pop(self, count: int, *, lose: bool) -> None:
        """A fork: the last blocks are gone, their transactions pending again, or lost.

        Raises:
            Fault: that would undo an irreversible block.
        """
        if count > len(self._undo):
            raise faults.failed("can_pop", "irreversible blocks are not undone")
        self.state.undo()
        back: list[Transaction] = []
        for num in range(self.head_num, self.head_num - count, -1):
            block = self.block(num)
            assert block is not None, "a reversible block is there"
            replaced = self._undo.pop(num)
            self.state.restore(replaced)
            self.store.pop(num, replaced)
            del self._blocks[num], self._ids[-1], self._times[-1]
            for transaction in block.transactions:
                self._known.pop(transaction.id, None)
            back = [*block.transactions, *back]
        self.state.open()
        waiting, self._pending = list(self._pending.values()), {}
        self._restore([*([] if lose else back), *waiting])

    def _restore(self, transactions: Iterable[Transaction]) -> None:
        for transaction in transactions:
            if not self.knows(transaction.id) and self._holds(transaction):
                self._pending[transaction.id] = transaction

    # -- the disk --------------------------------------------------------------------------------

    def _changed(self, replaced: Replaced) -> list[tuple[tuple[str, str], Value | None]]:
        return [(key, self.state.get(*key)) for key in replaced]

    def _remember(self, block: Block) -> None:
        self._blocks[block.num] = block
        for transaction in block.transactions:
            self._know(transaction.id, transaction.expiration)

    def _know(self, trx_id: str, expiration: int) -> None:
        self._known[trx_id] = expiration
        heapq.heappush(self._expirations, (expiration, trx_id))

    def _stored(self, block: Block) -> Value:
        return {
            "merkle_root": block.merkle_root,
            "signature": block.signature,
            "transaction_ids": [transaction.id for transaction in block.transactions],
            "transactions": [transaction.own(self.codec) for transaction in block.transactions],
        }

    def _read(self, num: int, stored: Value) -> Block:
        return Block(
            num,
            self._ids[num - 1],
            self._ids[num - 2] if num > 1 else "0" * 40,
            self._times[num - 1],
            stored["merkle_root"],
            stored["signature"],
            tuple(
                read_transaction(given, self.codec, legacy=False)
                for given in stored["transactions"]
            ),
        )

    def _load(self) -> None:
        gc.disable()  # nothing of what is made here is garbage; looking for it takes half the time
        try:
            for key, value in self.store.objects():
                self.state.load(key, value)
        finally:
            gc.enable()
        heads = self.store.heads()
        self._ids = [block_id for block_id, _ in heads]
        self._times = [time for _, time in heads]
        self._undo = dict(self.store.reversible())
        for trx_id, expiration in self.store.living(self.head_time if heads else 0):
            self._know(trx_id, expiration)

    def close(self) -> None:
        """Close the file."""
        self.store.close()


def _cashout(post: Value) -> list[str]:
    return [] if post["cashout"] == NEVER else [rewards.cashout_entry(post["cashout"])]


def _parent(post: Value) -> list[str]:
    return [f"{post['parent_author']}/{post['parent_permlink']}"] if post["parent_author"] else []


def _keys(account: Value) -> list[str]:
    roles = ("owner", "active", "posting")
    return list(dict.fromkeys(key for role in roles for key, _ in account[role]["key_auths"]))
