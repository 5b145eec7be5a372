"""The chain as publishing sees it: a few reads, one signature, one broadcast."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from bot.chain.profiles import ChainProfile
from bot.format.post import PayoutOptions

if TYPE_CHECKING:
    from bot.chain.credits import CreditPrices
    from bot.chain.market import Feed, Ticker
    from bot.chain.outcomes import Figures, Happening, Payment, Reply

Operation = tuple[str, dict[str, Any]]
"""An operation in condenser_api's legacy form: its name and its fields."""

MANA_REGENERATION = timedelta(days=5)
"""How long mana takes from nothing to all (chain-rules §3)."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain stands, by one node's word (get_dynamic_global_properties)."""

    block_num: int
    block_id: str
    time: datetime
    irreversible_block_num: int
    maximum_block_size: int


@dataclass(frozen=True, slots=True)
class NodeHealth:
    """How a node has fared with this process.

    Attributes:
        node: its host.
        silent_for: seconds for which it has given no usable answer when asked; None when the last
            one was usable, or it wasn't asked for ten minutes.
        failures: questions that it gave no usable answer to.
        answers: questions that it answered.
    """

    node: str
    silent_for: float | None
    failures: int
    answers: int


@dataclass(frozen=True, slots=True)
class Authority:
    """Who may sign: (name or public key, weight) pairs, and the weight that is needed."""

    weight_threshold: int
    account_auths: tuple[tuple[str, int], ...]
    key_auths: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Account:
    """An account: its authorities and what the intervals between posts are counted from."""

    name: str
    owner: Authority
    active: Authority
    posting: Authority
    last_root_post: datetime
    last_post: datetime


@dataclass(frozen=True, slots=True)
class ResourceCredits:
    """An account's mana: what it had at `last_update`, and its maximum (chain-rules §3)."""

    current_mana: int
    max_mana: int
    last_update: datetime

    def share(self, now: datetime) -> float:
        """The part (0 to 1) that is there at `now`: what was left, and what came back since."""
        if self.max_mana <= 0:
            return 0.0
        regrown = (now - self.last_update) / MANA_REGENERATION
        return min(1.0, max(0.0, self.current_mana / self.max_mana + regrown))

    def suffices_at(self, needed: int, now: datetime) -> datetime | None:
        """When (from `now` on) there will be so many credits; None when there never can be."""
        if self.max_mana <= 0 or needed > self.max_mana:
            return None
        missing = needed / self.max_mana - self.share(now)
        return now + max(0.0, missing) * MANA_REGENERATION


ROLES = frozenset({"muted", "guest", "member", "mod", "admin", "owner"})
"""What an account can be in a community."""


@dataclass(frozen=True, slots=True)
class Membership:
    """What an account is in a community (chain-rules §1.6).

    Attributes:
        kind: 1 topic (who isn't muted posts), 2 journal (members post), 3 council (members post
            and reply).
        role: one of `ROLES`.
    """

    community: str
    title: str
    kind: int
    role: str

    @property
    def may_post(self) -> bool:
        """Whether a root post of this account is shown, rather than muted without a word."""
        return self.role != "muted" and (self.kind == 1 or self.role != "guest")


@dataclass(frozen=True, slots=True)
class Content:
    """A post or reply as it stands on the chain (condenser_api.get_content).

    `created`, and `last_update` for its last edit, is the time of the block *before* the one that
    holds it (chain-rules §0.2).

    Attributes:
        options: as its author set them.
    """

    author: str
    permlink: str
    category: str
    parent_author: str
    parent_permlink: str
    title: str
    body: str
    json_metadata: str
    created: datetime
    last_update: datetime
    votes: int
    replies: int
    pending_payout: str
    total_payout: str
    curator_payout: str
    cashout_time: datetime
    options: PayoutOptions


@dataclass(frozen=True, slots=True)
class Block:
    """A block: its place, its time, and of its transactions what is ever looked for.

    Attributes:
        transaction_ids: in the order of the block.
        comments: (trx_id, author, permlink) of the posts and replies that it writes.
        digest: of all its transactions' operations, as the node told them.
    """

    num: int
    id: str
    previous: str
    time: datetime
    transaction_ids: tuple[str, ...]
    comments: tuple[tuple[str, str, str], ...]
    digest: str

    def writes(self, trx_id: str, author: str, permlink: str) -> bool:
        """Whether this transaction is in the block and writes the post at this address."""
        return (trx_id, author, permlink) in self.comments


@dataclass(frozen=True, slots=True)
class CommentOperation:
    """A post or reply, or an edit of one, as it was written on the chain.

    Attributes:
        time: of its block, or up to a block earlier where the chain tells no better.
    """

    trx_id: str
    block_num: int
    time: datetime
    author: str
    permlink: str
    parent_author: str
    parent_permlink: str
    title: str
    body: str
    json_metadata: str


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """A transaction whose identity is fixed: what is stored before it is sent.

    Attributes:
        trx_id: 40 hex digits, the first 20 bytes of sha256 of the unsigned bytes.
        expiration: after this head time it can't be included any more (UTC).
        ref_block_num: full number of the (irreversible) block it refers to; it can only be in a
            later one, so a search for it starts after this number.
        payload: the transaction as JSON text in network_broadcast_api's form, signature in it.
        size: packed size in bytes, as the chain counts it.
    """

    trx_id: str
    expiration: datetime
    ref_block_num: int
    payload: str
    size: int


class PostingKey(Protocol):
    """A private posting key that doesn't show itself; `bot.config.PostingKey` is one."""

    def reveal(self) -> str:
        """The WIF, for the one line that signs."""


Keys = Callable[[str], PostingKey | None]
"""The posting key for an author, or None."""


class Chain(Protocol):
    """What publishing asks of a chain. Every call is one or a few HTTP round trips.

    All of them raise `NodesUnreachable` when no node gives a usable answer.
    """

    @property
    def profile(self) -> ChainProfile:
        """The chain's constants."""

    def head(self) -> Head:
        """Where the chain stands now."""

    def account(self, name: str) -> Account | None:
        """The account by one node's word, or None when there is none of that name."""

    def agreed_account(self, name: str) -> Account | None:
        """The account as `profile.confirmed_by` nodes tell its authorities, or None.

        Its last posts are no later than each of them says.

        Raises:
            NodesDisagree: too few tell the same.
        """

    def before_signing(
        self, head: Head, author: str, posts: Sequence[tuple[str, str]]
    ) -> AbstractContextManager[None]:
        """Have one exchange for what is asked in here of a publication that is to be signed.

        That is: the author's account, what stands at these addresses, the head's block, and the
        block to refer to. Which nodes are asked, and believed, is as without it; what they can't
        be asked together they are asked one by one.
        """

    def reading(self, blocks: Iterable[int]) -> AbstractContextManager[None]:
        """Have one exchange for the blocks that are asked for in here, likewise."""

    def agreed_block_size(self) -> int:
        """Bytes that a block may have, as `profile.confirmed_by` nodes tell it.

        Raises:
            NodesDisagree: too few tell the same.
        """

    def health(self) -> tuple[NodeHealth, ...]:
        """How each node has fared so far; no packet is sent."""

    def known_credits(self) -> Mapping[str, ResourceCredits]:
        """Resource credits as accounts had them when they were asked for last; none is now."""

    def known_mana(self) -> Mapping[str, ResourceCredits]:
        """Voting mana as accounts had it when they were asked for last, for whatever reason."""

    def resource_credits(self, name: str) -> ResourceCredits | None:
        """The account's mana, or None when the node doesn't serve rc_api."""

    def agreed_resource_credits(self, name: str) -> ResourceCredits | None:
        """The account's mana as `profile.confirmed_by` nodes tell it, or None as above.

        Raises:
            NodesDisagree: too few tell the same.
        """

    def ask_mana(self, names: Sequence[str]) -> None:
        """Ask for the resource credits and the voting mana of accounts, in one batch.

        What one node tells is known afterwards (`known_credits`, `known_mana`); nothing new where
        the nodes don't tell it.
        """

    def credit_prices(self) -> "CreditPrices | None":
        """What posts cost in credits now, or None where that isn't told, or counted otherwise."""

    def agreed_feed(self) -> "Feed | None":
        """What witnesses say that a coin is worth, as `profile.confirmed_by` nodes tell it.

        None where there is no such price: not yet, or never (a chain without a dollar), or where
        the nodes don't tell.

        Raises:
            NodesDisagree: too few tell the same.
        """

    def ticker(self) -> "Ticker | None":
        """The chain's internal market by one node's word, or None as above."""

    def content(self, author: str, permlink: str) -> Content | None:
        """The post under (author, permlink), or None when that place is free."""

    def agreed_reblog(self, account: str, author: str, permlink: str) -> bool:
        """Whether the account has reblogged a post, as `profile.confirmed_by` nodes tell it.

        Raises:
            NodesDisagree: too few tell the same.
        """

    def membership(self, community: str, account: str) -> Membership | None:
        """What the account is in this community, or None when there is no such community.

        Raises:
            NotServed: the nodes don't know of communities (chains and nodes without hivemind).
        """

    def agreed_content(self, author: str, permlink: str) -> Content | None:
        """What stands there as `profile.confirmed_by` nodes tell it, None when it is free.

        Raises:
            NodesDisagree: too few tell the same.
        """

    def agreed_block(self, num: int) -> Block | None:
        """The block at this height as `profile.confirmed_by` nodes tell it.

        Each of them holds it irreversible; None as long as one of them doesn't yet.

        Raises:
            NodesDisagree: too few tell the same.
        """

    def block(self, num: int, block_id: str | None = None) -> Block:
        """The block at this height (and of this id), by the first node that has it.

        `NodesUnreachable` is raised too when the nodes that answer don't have it.
        """

    def chain_id(self) -> str | None:
        """The chain id that a node reports, or None when the nodes don't say.

        A hint for `doctor`: the one that is signed for is the profile's.
        """

    def comments_of(self, author: str, since: datetime) -> tuple[CommentOperation, ...]:
        """What an account has written since then, first to last."""

    def comments_in(self, num: int) -> tuple[CommentOperation, ...]:
        """What was written in a block, in its order."""

    def happened(self, account: str, start: int, limit: int) -> "tuple[Happening, ...]":
        """At most `limit` entries of an account's history up to number `start`, first to last.

        Raises:
            NotServed: the nodes keep no histories.
        """

    def figures(
        self,
        posts: Sequence[tuple[str, str]],
        reblogs: Collection[tuple[str, str]],
        irreversible: int,
    ) -> "Figures":
        """What posts, by (author, permlink), have at the head, in one batch of questions.

        Args:
            reblogs: of which of them it is asked who has reblogged them.
            irreversible: the block up to which nothing can be taken back.
        """

    def discussion(self, author: str, permlink: str) -> "tuple[tuple[Reply, ...], int]":
        """All replies below a post, and how many questions that took."""

    def paid_in(self, num: int) -> "tuple[Payment, ...]":
        """What a block paid for posts, whose ever they are."""

    def accounts_of_key(self, public_key: str) -> tuple[str, ...]:
        """Names of the accounts that name this public key in any authority."""

    def public_key(self, key: PostingKey) -> str:
        """The public key, with the chain's prefix; raises `PermanentChainError` for no WIF."""

    def sign(
        self, operations: Sequence[Operation], key: PostingKey, head: Head, lifetime: float
    ) -> SignedTransaction:
        """Build and sign; it expires `lifetime` seconds after the head's time.

        Nothing is sent but, at most, one question: the id of the head's irreversible block, to
        which the transaction refers so that no fork can make it void.

        Raises:
            PermanentChainError: the key is none, or the operations can't be sent unchanged.
        """

    def upload(self, account: str, key: PostingKey, name: str, kind: str, data: bytes) -> str:
        """Give a picture to the chain's image host; returns its address.

        Args:
            account: whose key it is.
            kind: the media type.

        Raises:
            TransientChainError: the host doesn't answer, or has no time now.
            PermanentChainError: it refuses the picture, or the account.
        """

    def broadcast(self, transaction: SignedTransaction, turn: int = 0) -> str:
        """Send these bytes until a node takes them; returns that node's address.

        Each `turn` begins with another node.

        A refusal is believed when `profile.confirmed_by` nodes say so.

        Raises:
            DuplicateTransaction: the node already has it.
            TransientChainError: refused for now (interval, RC, stale node).
            PermanentChainError: refused for what it is.
            UnknownOutcome: no answer, or one that proves nothing.
        """
