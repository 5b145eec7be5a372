"""The chain: a pool of transactions, blocks, irreversibility, forks (chain-rules §2, §4)."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha224, sha256
from pathlib import Path
from typing import Any

from Cryptodome.Hash import RIPEMD160

from bot.devnet import faults
from bot.devnet.authority import verify_authority
from bot.devnet.evaluators import Evaluation, evaluate, new_account
from bot.devnet.keys import ROLES, derived, public, sign
from bot.devnet.network import ACCOUNTS, PHRASE, SLOT, WITNESS, Network
from bot.devnet.operations import Codec, string, varint
from bot.devnet.state import State
from bot.devnet.store import Replaced, Store
from bot.devnet.transaction import Transaction, read_transaction
from bot.devnet.validation import validate

LONGEST_LIFE = timedelta(seconds=3600)
REVERSIBLE = 21  # blocks behind the head, on a young chain (database.cpp, chain-rules §4)
_VESTS = 100_000_000_000_000  # raw; enough power that a vote counts


@dataclass(frozen=True, slots=True)
class Block:
    """A block and where its transactions are."""

    num: int
    id: str
    previous: str
    time: datetime
    merkle_root: str
    signature: str
    transactions: tuple[Transaction, ...]


class DevnetChain:
    """A Steem-style chain with one witness.

    Args:
        folder: where its file lives; None keeps it in memory.
        now: the wall clock, for block times that follow it.
    """

    def __init__(self, network: Network, folder: Path | None, now: datetime) -> None:
        self.network = network
        self.codec = Codec(network)
        self.state = State()
        self.blocks: list[Block] = []
        self.included: dict[str, int] = {}
        self._replaced: list[Replaced] = []
        self._pending: dict[str, Transaction] = {}
        self._witness = derived(WITNESS, "signing", PHRASE)
        self._store = Store(folder)
        self._load()
        if self.state.get("accounts", WITNESS) is None:
            self._genesis(now)
        self.state.open()  # what pending transactions change, taken back before each block

    # -- where it stands -------------------------------------------------------------------------

    @property
    def head_num(self) -> int:
        """Number of the last block."""
        return len(self.blocks)

    @property
    def head_id(self) -> str:
        """Id of the last block; zeros before the first."""
        return self.blocks[-1].id if self.blocks else "0" * 40

    @property
    def head_time(self) -> datetime:
        """Time of the last block: the chain's only clock."""
        if self.blocks:
            return self.blocks[-1].time
        genesis = self.state.get("counters", "genesis")
        assert genesis is not None, "written before the first block"
        return datetime.fromtimestamp(genesis["time"], UTC)

    @property
    def irreversible_num(self) -> int:
        """Number of the last block that can't be undone."""
        behind = 0 if self.network.one_block_irreversible else REVERSIBLE
        return max(0, self.head_num - behind)

    def in_pool(self, trx_id: str) -> bool:
        """Whether a transaction waits for the next block."""
        return trx_id in self._pending

    # -- transactions ----------------------------------------------------------------------------

    def push(self, given: Any) -> Transaction:
        """Take a transaction from outside into the pool.

        Raises:
            Fault: refused; the order of the checks is steemd's (§2.2).
        """
        transaction = read_transaction(given, self.codec)
        largest = self.network.maximum_block_size - 256
        if len(transaction.packed) > largest:
            raise faults.failed(
                "fc::raw::pack_size(trx) <= (get_dynamic_global_properties().maximum_block_size "
                "- 256)"
            )
        if not transaction.operations:
            text = "A transaction must have at least one operation"
            raise faults.failed("operations.size() > 0", text)
        for operation in transaction.operations:
            validate(operation)
        if transaction.id in self._pending or transaction.id in self.included:
            raise faults.failed(
                "(skip & skip_transaction_dupe_check) || "
                "trx_idx.indices().get<by_trx_id>().find(trx_id) == "
                "trx_idx.indices().get<by_trx_id>().end()",
                "Duplicate transaction check failed",
            )
        verify_authority(
            transaction.operations,
            transaction.signers(self.network.chain_id, self.network.prefix),
            self.state,
            strict_posting=self.network.strict_posting,
        )
        self._apply(transaction, admission=True)
        self._pending[transaction.id] = transaction
        return transaction

    def _apply(self, transaction: Transaction, *, admission: bool) -> None:
        """Apply all of a transaction to the state, or nothing of it."""
        prefix = self._prefix(transaction.ref_block_num)
        if prefix != transaction.ref_block_prefix:
            raise faults.tapos(
                **{
                    "trx.ref_block_prefix": transaction.ref_block_prefix,
                    "tapos_block_summary": prefix,
                }
            )
        now = self.head_time
        stamp = f"{now:%Y-%m-%dT%H:%M:%S}"
        expires = f"{transaction.expiration:%Y-%m-%dT%H:%M:%S}"
        if transaction.expiration > now + LONGEST_LIFE:
            raise faults.expiration(
                **{"trx.expiration": expires, "now": stamp, "max_til_exp": 3600}
            )
        if now >= transaction.expiration:
            raise faults.expiration(**{"now": stamp, "trx.exp": expires})
        context = Evaluation(self.state, self.network, now, admission)
        if admission:
            self._limit_custom_operations(transaction)
        self.state.open()
        try:
            for operation in transaction.operations:
                evaluate(context, operation)
        except faults.Fault:
            self.state.undo()
            raise
        self.state.close()

    def _prefix(self, ref_block_num: int) -> int:
        """What a reference to a recent block must carry: bytes 4 to 8 of its id."""
        num = self.head_num - (self.head_num - ref_block_num) % 65536
        if not 1 <= num <= self.head_num:
            return 0
        return int.from_bytes(bytes.fromhex(self.blocks[num - 1].id)[4:8], "little")

    def _limit_custom_operations(self, transaction: Transaction) -> None:
        """At most five custom operations of an account in a block (witness_plugin.cpp)."""
        for name, fields in transaction.operations:
            if name != "custom_json":
                continue
            for account in (*fields["required_auths"], *fields["required_posting_auths"]):
                count = sum(
                    account in (*other["required_auths"], *other["required_posting_auths"])
                    for waiting in self._pending.values()
                    for kind, other in waiting.operations
                    if kind == "custom_json"
                )
                if count >= 5:  # noqa: PLR2004  # WITNESS_CUSTOM_OP_BLOCK_LIMIT
                    raise faults.plugin(
                        f"Account {account} already submitted {count} custom json operation(s) "
                        "this block."
                    )

    # -- blocks ----------------------------------------------------------------------------------

    def produce(self, now: datetime | None = None) -> Block:
        """Make the next block of what is pending.

        Its time is three seconds after the head's, or `now` when the wall clock is further: then
        the slots between were missed.
        """
        self.state.undo()
        time = self.head_time + SLOT
        if now is not None and now > time:
            time += (now - time) // SLOT * SLOT
        waiting, self._pending = self._pending, {}
        self.state.open()
        taken: list[Transaction] = []
        later: list[Transaction] = []
        size = 0
        for transaction in waiting.values():
            if size + len(transaction.packed) >= self.network.maximum_block_size:
                later.append(transaction)
            elif transaction.expiration >= time and self._holds(transaction):
                taken.append(transaction)
                size += len(transaction.packed)
        block = self._seal(time, tuple(taken))
        replaced = self.state.close()
        self._append(block, replaced)
        changed = [(key, self.state.get(*key)) for key in replaced]
        self._store.write(block.num, self._stored(block), changed, replaced, self.irreversible_num)
        self.state.open()
        self._restore(later)
        return block

    def _holds(self, transaction: Transaction) -> bool:
        try:
            self._apply(transaction, admission=False)
        except faults.Fault:
            return False  # what no longer holds is dropped without a word (§4)
        return True

    def _append(self, block: Block, replaced: Replaced) -> None:
        self.blocks.append(block)
        self._replaced.append(replaced)
        self.included |= dict.fromkeys((t.id for t in block.transactions), block.num)
        if self.irreversible_num:
            self._replaced[self.irreversible_num - 1] = {}

    def pop(self, count: int, *, lose: bool) -> None:
        """A fork: the last blocks are gone, their transactions pending again, or lost.

        Raises:
            Fault: that would undo an irreversible block.
        """
        if count > self.head_num - self.irreversible_num:
            raise faults.failed("can_pop", "irreversible blocks are not undone")
        self.state.undo()
        back: list[Transaction] = []
        for _ in range(count):
            block, replaced = self.blocks.pop(), self._replaced.pop()
            self.state.restore(replaced)
            self._store.pop(block.num, replaced)
            for transaction in block.transactions:
                del self.included[transaction.id]
            back = [*block.transactions, *back]
        self.state.open()
        waiting, self._pending = list(self._pending.values()), {}
        self._restore([*([] if lose else back), *waiting])

    def _restore(self, transactions: Iterable[Transaction]) -> None:
        for transaction in transactions:
            if transaction.id not in self.included and self._holds(transaction):
                self._pending[transaction.id] = transaction

    def _seal(self, time: datetime, transactions: tuple[Transaction, ...]) -> Block:
        """Head a block and sign it (protocol/block.cpp)."""
        num, root = self.head_num + 1, merkle_root(transactions)
        header = (
            bytes.fromhex(self.head_id)
            + struct.pack("<I", int(time.timestamp()))
            + string(WITNESS)
            + bytes.fromhex(root)
            + varint(0)
        )
        signature = sign(self._witness, sha256(header).digest())
        digest = sha224(header + signature).digest()
        block_id = struct.pack(">I", num) + digest[4:20]
        return Block(num, block_id.hex(), self.head_id, time, root, signature.hex(), transactions)

    # -- the disk --------------------------------------------------------------------------------

    def _stored(self, block: Block) -> dict[str, Any]:
        return {
            "id": block.id,
            "time": int(block.time.timestamp()),
            "merkle_root": block.merkle_root,
            "signature": block.signature,
            "transactions": [transaction.own(self.codec) for transaction in block.transactions],
        }

    def _load(self) -> None:
        for key, value in self._store.objects():
            self.state.load(key, value)
        for stored, replaced in self._store.blocks():
            block = Block(
                self.head_num + 1,
                stored["id"],
                self.head_id,
                datetime.fromtimestamp(stored["time"], UTC),
                stored["merkle_root"],
                stored["signature"],
                tuple(read_transaction(given, self.codec) for given in stored["transactions"]),
            )
            self._append(block, replaced)

    def _genesis(self, now: datetime) -> None:
        """The accounts with which every devnet begins."""
        start = datetime.fromtimestamp(int(now.timestamp()) // 3 * 3, UTC)
        stamp = f"{start:%Y-%m-%dT%H:%M:%S}"
        self.state.open()
        self.state.put("counters", "genesis", {"time": int(start.timestamp())})
        for number, name in enumerate((WITNESS, *ACCOUNTS)):
            keys = {
                role: public(derived(name, role, PHRASE).public_key, self.network.prefix)
                for role in ROLES
            }
            roles = {
                role: {"weight_threshold": 1, "account_auths": [], "key_auths": [[keys[role], 1]]}
                for role in ROLES
                if role != "memo"
            }
            account = new_account(name, number, roles, keys["memo"], stamp, _VESTS)
            self.state.put("accounts", name, account | {"balances": [1_000_000, 0, 0]})
        replaced = self.state.close()
        changed = [(key, self.state.get(*key)) for key in replaced]
        self._store.genesis(changed)

    def close(self) -> None:
        """Close the file."""
        self._store.close()


def merkle_root(transactions: tuple[Transaction, ...]) -> str:
    """Pairwise sha256 up to one, then ripemd160; zeros for an empty block (block.cpp)."""
    if not transactions:
        return "0" * 40
    level = [sha256(transaction.packed).digest() for transaction in transactions]
    while len(level) > 1:
        pairs = [sha256(level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return RIPEMD160.new(level[0]).hexdigest()
