"""A Steem-style chain, reached over HTTP and signed for through beem's own types.

The one module that imports beem, and of beem only beembase and beemgraphenebase: they are the
authority for what a transaction is in bytes. `import beem` itself writes to the user's home when
it is used, retries broadcasts and keeps global state, so none of it comes near
(docs/chains.md). Signing is coincurve's, checked against beem's verification in the tests.
"""

import decimal
import hashlib
import time
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any, Self

from beembase import operations as beem_operations
from beembase.objects import CommentOptionExtensions
from beembase.objects import Operation as BeemOperation
from beembase.signedtransactions import Signed_Transaction
from beemgraphenebase.objects import GrapheneObject
from beemgraphenebase.types import Array, Static_variant, Uint16

from bot.chain.constants import SLOT
from bot.chain.credits import CreditPrices, read_prices
from bot.chain.errors import (
    NodesDisagree,
    NodesUnreachable,
    NotServed,
    TransientChainError,
)
from bot.chain.images import upload
from bot.chain.keys import public_key, signature
from bot.chain.market import Feed, Ticker, read_feed, read_median, read_ticker
from bot.chain.nodes import Answer, Nodes, Question, Report
from bot.chain.operations import own_form
from bot.chain.outcomes import (
    Address,
    Figures,
    Funds,
    Happening,
    Payment,
    Reply,
    read_block_time,
    read_discussion,
    read_happenings,
    read_payments,
    read_price,
    read_reblogs,
    read_replies,
    read_reward_fund,
    read_standing,
)
from bot.chain.profiles import ChainProfile
from bot.chain.protocol import (
    Account,
    Block,
    CommentOperation,
    Content,
    Head,
    Membership,
    NodeHealth,
    Operation,
    PostingKey,
    ResourceCredits,
    SignedTransaction,
)
from bot.chain.replies import (
    read_account,
    read_account_history,
    read_accounts_of_key,
    read_block,
    read_chain_id,
    read_comments,
    read_content,
    read_credits_of,
    read_head,
    read_membership,
    read_previous,
    read_resource_credits,
    read_voting_mana,
    read_voting_of,
)
from bot.chain.wire import Wire, host_of, json_text
from bot.errors import quoted
from bot.format.metadata import canonical
from bot.http import Http

_TIME = "%Y-%m-%dT%H:%M:%S"
_HISTORY = 1000  # entries in one answer: the most that Hive gives, and Steem gives more
_LONGEST_HISTORY = 32_000_000  # characters of an account's own texts that are kept in memory
_VET_EVERY = 600.0  # seconds between looks at the nodes' chain ids
_STALE = timedelta(seconds=30)  # ten blocks: a node so far behind the wall clock is passed over
_NEAR = 30  # blocks by which nodes' heads may differ; finality goes in leaps of twenty

# Blurt left operations out and numbered the others anew (its operations.hpp); vote and comment
# kept their numbers, these did not.
_BLURT_NUMBERS = MappingProxyType({"delete_comment": 11, "custom_json": 12, "comment_options": 13})

_LONGEST_DISCUSSION = 100  # questions about one post's replies, where they are told by level

_PROPERTIES = "condenser_api.get_dynamic_global_properties"
_NO_SUCH_COMMUNITY = r"Community \S+ does not exist|no such community"
# steemd counts an account's history from 1 and Hive from 0: only a refusal tells that 0 is none
# (account_history_api.cpp).
_NOTHING_OLDER = r"start must be greater than limit"
# The words by which Hive's hivemind says that there is no such post; steemd and Steemit's
# hivemind answer with an empty one.
_NO_SUCH_POST = r"Post \S+ does not exist|was deleted"


class BeemChain:
    """`bot.chain.protocol.Chain` on one chain's nodes; safe to use from several threads.

    Args:
        profile: the chain. Its chain id is the truth, whatever a node says
            (tests/fixtures/steemd/README.md, 5).
        now: the wall clock, to tell a node that stopped following the chain.
        clock: monotonic seconds, for leaving bad nodes alone.
        http: how nodes and the image host are reached; closed with the chain.
        report: is told (node, reason) when a node is set aside because it can't be believed.
        wire: how calls are put to nodes; over `http` by default.
    """

    def __init__(
        self,
        profile: ChainProfile,
        http: Http,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
        report: Report = lambda node, reason: None,  # noqa: ARG005
        wire: Wire | None = None,
    ) -> None:
        self._profile = profile
        self._now = now
        self._clock = clock
        self._http = http
        self._nodes = Nodes(profile.nodes, wire or Wire(http), clock, report)
        self._vetted_at: float | None = None
        self._stood: dict[str, tuple[int, float]] = {}
        self._credits: dict[str, ResourceCredits] = {}
        self._mana: dict[str, ResourceCredits] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections to the nodes."""
        self._http.close()

    @property
    def profile(self) -> ChainProfile:
        """The chain's constants."""
        return self._profile

    def head(self) -> Head:
        """Where the chain stands: as far as `confirmed_by` of the nodes that follow it have come.

        A node that stands still, or is more than 30 s behind the wall clock, is passed over; when
        every node is (the chain itself may have stopped), the freshest head is taken. A head in
        the future is fine, since devnets run fast. Where too few nodes answer, one is believed as
        long as its head isn't in the future: by that briefs are due and missed.

        Raises:
            NodesDisagree: too few nodes are as far in the future as one says.
        """
        self._vet()
        count = self._profile.confirmed_by
        told: dict[str, Head] = {}
        behind: dict[str, Head] = {}
        for node, head in self._nodes.answers(_PROPERTIES, [], read_head):
            stands_still = self._stands_still(node, head)
            late = self._now() - head.time > _STALE or stands_still
            (behind if late else told)[node] = head
            if len(told) >= count and _are_near(told.values()):  # or else all of them are asked
                break
        if not told:
            freshest = max(behind, key=lambda node: behind[node].time)
            told[freshest] = behind.pop(freshest)
        if len(told) < count and max(head.time for head in told.values()) - self._now() > _STALE:
            told = dict(self._nodes.answers(_PROPERTIES, [], read_head, everyone=True))
            if len(told) < count:
                raise NodesDisagree(
                    f"only {len(told)} of the nodes tell a head, and {count} must tell one that "
                    "lies in the future of this machine's clock; they are asked again", SLOT
                )  # fmt: skip

        def reached(node: str) -> tuple[int, int, datetime]:
            return told[node].irreversible_block_num, told[node].block_num, told[node].time

        order = sorted(told, key=reached)
        chosen = order[-min(count, len(told))]
        for node, head in behind.items():
            late_by = (told[chosen].time - head.time).total_seconds()
            if late_by > 0:
                what = f"lags: head {head.block_num}, {late_by:.0f} s behind {host_of(chosen)}"
                self._nodes.set_aside(node, "lags", what)
        self._doubt(told, chosen)
        return told[chosen]

    def _doubt(self, told: Mapping[str, Head], chosen: str) -> None:
        """Set aside whose head can't be, where enough nodes are near the one that is believed.

        Args:
            told: in the order in which the nodes were asked.
        """
        found, order = told[chosen], list(told)
        far = {node: head for node, head in told.items() if not _are_near((head, found))}
        if len(told) - len(far) < self._profile.confirmed_by:
            return
        for node, head in far.items():
            # a chain that runs fast has come further from one question to the next
            asked_before = order.index(node) < order.index(chosen)
            if asked_before != (head.block_num < found.block_num):
                what = f"tells head {head.block_num} where others tell {found.block_num}"
                self._nodes.set_aside(node, "head", what)

    def _stands_still(self, node: str, head: Head) -> bool:
        """Whether this node has told the same head for more than 30 s."""
        now = self._clock()
        num, since = self._stood.get(node, (0, now))
        if num != head.block_num:
            since = now
        self._stood[node] = (head.block_num, since)
        return now - since > _STALE.total_seconds()

    def _vet(self) -> None:
        """Bar nodes of another chain, where there are several to compare.

        Where none says the profile's, it is rather the profile that is wrong, which `doctor` tells.
        """
        now = self._clock()
        if len(self._profile.nodes) == 1:
            return
        if self._vetted_at is not None and now - self._vetted_at < _VET_EVERY:
            return
        try:
            everyone = self._nodes.answers(
                "condenser_api.get_config", [], read_chain_id, everyone=True
            )
            said = dict(everyone)
        except NodesUnreachable:
            return
        self._vetted_at = now
        right = list(said.values()).count(self._profile.chain_id)
        for node, chain_id in said.items() if right else ():
            if chain_id != self._profile.chain_id:
                what = f"is on another chain: its id is {quoted(chain_id)[:16]}…"
                bar = right >= self._profile.confirmed_by
                self._nodes.set_aside(node, "chain", what, bar=bar)

    def account(self, name: str) -> Account | None:
        """The account by one node's word, or None when there is none of that name."""
        return self._nodes.ask(
            "condenser_api.get_accounts", [[name]], lambda result: self._account_in(result, name)
        )

    def agreed_account(self, name: str) -> Account | None:
        """The account as enough nodes tell it; they agree on who may sign for it.

        Not on its last posts, of which nodes learn at different moments: it has posted as late as
        all of them say, and if that was later still, the chain refuses.
        """
        first, *others = self._told_alike(
            "condenser_api.get_accounts",
            [[name]],
            lambda result: self._account_in(result, name),
            essence=lambda account: account and (account.owner, account.active, account.posting),
        )
        for other in others:
            if first is not None and other is not None:
                first = replace(
                    first,
                    last_root_post=min(first.last_root_post, other.last_root_post),
                    last_post=min(first.last_post, other.last_post),
                )
        return first

    def before_signing(
        self, head: Head, author: str, posts: Sequence[Address]
    ) -> AbstractContextManager[None]:
        """Have one exchange for what is asked in here of a publication that is to be signed."""
        return self._nodes.together(
            self._profile.confirmed_by,
            [
                *(("condenser_api.get_content", [*address]) for address in posts),
                ("condenser_api.get_block", [head.block_num]),
                ("condenser_api.get_accounts", [[author]]),
                ("condenser_api.get_block_header", [_below(head) + 1]),
            ],
        )

    def reading(self, blocks: Iterable[int]) -> AbstractContextManager[None]:
        """Have one exchange for the blocks that are asked for in here."""
        return self._nodes.together(1, [("condenser_api.get_block", [num]) for num in blocks])

    def agreed_block_size(self) -> int:
        """Bytes that a block may have, as enough nodes tell it."""
        return self._agreed(
            _PROPERTIES, [], lambda result: read_head(result).maximum_block_size, essence=int
        )

    def _account_in(self, result: Any, name: str) -> Account | None:
        account = read_account(result, name)
        mana = read_voting_mana(result)
        if account is not None and mana is not None:
            self._mana[name] = mana
        return account

    def _credits_in(self, result: Any, name: str) -> ResourceCredits | None:
        told = read_resource_credits(result, name)
        if told is not None:
            self._credits[name] = told
        return told

    def health(self) -> tuple[NodeHealth, ...]:
        """How each node has fared so far; no packet is sent."""
        return self._nodes.health()

    def known_credits(self) -> Mapping[str, ResourceCredits]:
        """Resource credits as accounts had them when they were asked for last; none is now."""
        return dict(self._credits)

    def known_mana(self) -> Mapping[str, ResourceCredits]:
        """Voting mana as accounts had it when they were asked for last, for whatever reason."""
        return dict(self._mana)

    def resource_credits(self, name: str) -> ResourceCredits | None:
        """The account's mana, or None when the nodes don't serve rc_api (Blurt has no RC)."""
        try:
            return self._nodes.ask(
                "rc_api.find_rc_accounts",
                {"accounts": [name]},
                lambda result: self._credits_in(result, name),
            )
        except NotServed:
            return None

    def agreed_resource_credits(self, name: str) -> ResourceCredits | None:
        """The account's mana as enough nodes tell it, or None when they don't serve rc_api."""
        try:
            return self._agreed(
                "rc_api.find_rc_accounts",
                {"accounts": [name]},
                lambda result: self._credits_in(result, name),
                essence=lambda figures: figures,
            )
        except NotServed:
            return None

    def ask_mana(self, names: Sequence[str]) -> None:
        """Ask for the resource credits and the voting mana of accounts, in one batch.

        What one node tells is known afterwards (`known_credits`, `known_mana`).
        """
        told = self._nodes.ask_many(
            [
                Question("rc_api.find_rc_accounts", {"accounts": list(names)}, read_credits_of),
                Question("condenser_api.get_accounts", [list(names)], read_voting_of),
            ]
        )
        for answer, known in zip(told, (self._credits, self._mana), strict=True):
            if not isinstance(answer, Exception):
                known.update({name: answer[name] for name in names if name in answer})
            elif not isinstance(answer, NotServed):
                raise answer

    def credit_prices(self) -> CreditPrices | None:
        """What posts cost in credits now, or None where that isn't told (Blurt) or is otherwise."""
        if self._profile.irreversibility == "obi":  # Hive shares the regeneration out among pools
            return None
        try:
            params = self._nodes.ask("rc_api.get_resource_params", {}, dict)
            pools = self._nodes.ask("rc_api.get_resource_pool", {}, dict)
            return self._nodes.ask(
                "condenser_api.get_dynamic_global_properties",
                [],
                lambda figures: read_prices(params, pools, figures),
            )
        except NotServed:
            return None

    def agreed_feed(self) -> Feed | None:
        """What witnesses say that a coin is worth, as enough nodes tell it; None where none is."""
        symbols = self._profile.symbols
        if symbols.debt is None:
            return None
        # the history tells the median, too; nodes that don't serve it may tell that by itself
        for method, understand in (
            ("condenser_api.get_feed_history", read_feed),
            ("condenser_api.get_current_median_history_price", read_median),
        ):
            try:
                read = partial(understand, symbols=symbols)
                return self._agreed(method, [], read, essence=lambda feed: feed)
            except NotServed:
                continue
        return None

    def ticker(self) -> Ticker | None:
        """The internal market by one node's word; None where there is none, or none is told."""
        symbols = self._profile.symbols
        if symbols.debt is None:
            return None
        try:
            return self._nodes.ask(
                "condenser_api.get_ticker", [], lambda result: read_ticker(result, symbols)
            )
        except NotServed:
            return None

    def content(self, author: str, permlink: str) -> Content | None:
        """The post under (author, permlink), or None when that place is free."""
        return self._nodes.ask(
            "condenser_api.get_content",
            [author, permlink],
            lambda result: read_content(result, author, permlink),
            absent=_NO_SUCH_POST,
        )

    def agreed_reblog(self, account: str, author: str, permlink: str) -> bool:
        """Whether the account has reblogged a post, as enough nodes tell it."""
        return self._agreed(
            "condenser_api.get_reblogged_by",
            [author, permlink],
            lambda result: account in [str(name) for name in result],
            essence=bool,
        )

    def membership(self, community: str, account: str) -> Membership | None:
        """What the account is in this community, or None when there is no such community.

        Raises:
            NotServed: the nodes don't know of communities.
        """
        return self._nodes.ask(
            "bridge.get_community",
            {"name": community, "observer": account},
            lambda result: read_membership(result, community),
            absent=_NO_SUCH_COMMUNITY,
        )

    def block(self, num: int, block_id: str | None = None) -> Block:
        """The block at this height, by the first node that has it.

        Args:
            block_id: which one; a node that tells another is passed over.
        """

        def understand(result: Any) -> Block:
            block = read_block(result, num)
            if block is None or block_id not in {None, block.id}:
                raise ValueError("no such block")
            return block

        return self._nodes.ask("condenser_api.get_block", [num], understand)

    def agreed_content(self, author: str, permlink: str) -> Content | None:
        """What stands there as enough nodes tell it, or None when the place is free.

        They agree on all that decides whose post it is and whether it may be edited.
        """
        return self._agreed(
            "condenser_api.get_content",
            [author, permlink],
            lambda result: read_content(result, author, permlink),
            absent=_NO_SUCH_POST,
            essence=lambda content: content and (
                content.parent_author,
                content.parent_permlink,
                content.title,
                content.body,
                canonical(content.json_metadata),
                content.created,
                content.last_update,
            ),
        )  # fmt: skip

    def agreed_block(self, num: int) -> Block | None:
        """The block as enough nodes tell it, or None while one of them can still undo it."""
        count = self._profile.confirmed_by
        reached = 0
        for _, head in self._nodes.answers(_PROPERTIES, [], read_head, everyone=True):
            reached += head.irreversible_block_num >= num
            if reached == count:
                break
        else:
            return None
        return self._agreed(
            "condenser_api.get_block",
            [num],
            lambda result: read_block(result, num),
            essence=lambda block: block,
        )

    def _agreed(
        self,
        method: str,
        params: object,
        understand: Callable[[Any], Answer],
        *,
        absent: str = "",
        essence: Callable[[Answer], Hashable],
    ) -> Answer:
        """What `confirmed_by` nodes tell alike."""
        return self._told_alike(method, params, understand, absent=absent, essence=essence)[0]

    def _told_alike(
        self,
        method: str,
        params: object,
        understand: Callable[[Any], Answer],
        *,
        absent: str = "",
        essence: Callable[[Answer], Hashable],
    ) -> tuple[Answer, ...]:
        count = self._profile.confirmed_by
        return self._nodes.agreed(count, method, params, understand, absent=absent, essence=essence)

    def chain_id(self) -> str | None:
        """The chain id that a node tells, or None when the nodes don't say."""
        try:
            return self._nodes.ask("condenser_api.get_config", [], read_chain_id)
        except NotServed:
            return None

    def comments_of(self, author: str, since: datetime) -> tuple[CommentOperation, ...]:
        """What an account has written since then, by its history on the chain, first to last."""
        found: list[CommentOperation] = []
        start, limit = -1, _HISTORY
        pages, size = 0, 0
        while True:
            page = self._nodes.ask(
                "condenser_api.get_account_history",
                [author, start, limit],
                read_account_history,
                absent=_NOTHING_OLDER,
            )
            # what isn't older than what came before would be told again and again
            older = [entry for entry in page if start < 0 or entry.number <= start]
            written = [
                entry.comment
                for entry in sorted(older, key=lambda entry: -entry.number)
                if entry.comment and entry.comment.author == author and entry.time >= since
            ]
            found += written
            size += sum(len(comment.body) + len(comment.json_metadata) for comment in written)
            first = min(older, key=lambda entry: entry.number, default=None)
            if pages == 0 and first is not None:
                pages = 2 * first.number // _HISTORY + 3  # each page but the last is full
            pages -= 1
            if size > _LONGEST_HISTORY or (pages == 0 and first is not None):
                raise TransientChainError(f"a node's history of {author} doesn't end")
            if first is None or first.number <= 0 or first.time < since:
                return tuple(reversed(found))
            start = first.number - 1
            limit = min(_HISTORY, start) or 1

    def comments_in(self, num: int) -> tuple[CommentOperation, ...]:
        """What was written in a block."""
        return self._nodes.ask(
            "condenser_api.get_block", [num], lambda result: read_comments(result, num)
        )

    # -- what came of posts ------------------------------------------------------------------------

    def happened(self, account: str, start: int, limit: int) -> tuple[Happening, ...]:
        """At most `limit` entries of an account's history up to number `start`, -1 for the last."""
        return self._nodes.ask(
            "condenser_api.get_account_history",
            [account, start, limit],
            read_happenings,
            absent=_NOTHING_OLDER,
        )

    def figures(
        self, posts: Sequence[Address], reblogs: Collection[Address], irreversible: int
    ) -> Figures:
        """What posts have, and what all payouts are reckoned from, in one batch."""

        def standing(author: str, permlink: str) -> Question:
            return Question(
                "condenser_api.get_content",
                [author, permlink],
                lambda result: read_standing(result, author, permlink),
                _NO_SUCH_POST,
            )

        def reblogged(author: str, permlink: str) -> Question:
            return Question(
                "condenser_api.get_reblogged_by",
                [author, permlink],
                lambda result: read_reblogs(result, author),
            )

        again = [address for address in posts if address in reblogs]
        fund, price, time, *answers = self._nodes.ask_many(
            [
                Question("condenser_api.get_reward_fund", ["post"], read_reward_fund),
                Question("condenser_api.get_current_median_history_price", [], read_price),
                Question("condenser_api.get_block_header", [irreversible], read_block_time),
                *(standing(*address) for address in posts),
                *(reblogged(*address) for address in again),
            ]
        )
        known = not isinstance(fund, Exception) and not isinstance(price, Exception)
        return Figures(
            funds=Funds(*fund, *price) if known else None,
            irreversible_at=None if isinstance(time, Exception) else time,
            standings=dict(zip(posts, answers[: len(posts)], strict=True)),
            reblogs={
                address: answer
                for address, answer in zip(again, answers[len(posts) :], strict=True)
                if not isinstance(answer, Exception)
            },
        )

    def discussion(self, author: str, permlink: str) -> tuple[tuple[Reply, ...], int]:
        """All replies below a post, and how many questions that took.

        Of hivemind in one; where no node has it, level by level.
        """
        with suppress(NotServed):
            told = self._nodes.ask(
                "bridge.get_discussion",
                {"author": author, "permlink": permlink},
                lambda result: read_discussion(result, author, permlink),
                absent=_NO_SUCH_POST,
            )
            return told, 1
        found: list[Reply] = []
        parents = [(author, permlink)]
        for asked, parent in enumerate(parents, 1):
            below = self._nodes.ask("condenser_api.get_content_replies", [*parent], read_replies)
            found += [reply for reply, _ in below]
            parents += [(reply.author, reply.permlink) for reply, children in below if children]
            if asked >= _LONGEST_DISCUSSION:
                break
        return tuple(found), len(parents) + 1

    def paid_in(self, num: int) -> tuple[Payment, ...]:
        """What a block paid for posts, whose ever they are."""
        return self._nodes.ask("condenser_api.get_ops_in_block", [num, True], read_payments)

    def accounts_of_key(self, public_key: str) -> tuple[str, ...]:
        """Names of the accounts that name this public key in any authority."""
        return self._nodes.ask(
            "account_by_key_api.get_key_references", {"keys": [public_key]}, read_accounts_of_key
        )

    def public_key(self, key: PostingKey) -> str:
        """The public key, with the chain's prefix; raises `PermanentChainError` for no WIF."""
        return public_key(key, self._profile.prefix)

    def sign(
        self, operations: Sequence[Operation], key: PostingKey, head: Head, lifetime: float
    ) -> SignedTransaction:
        """Build and sign; it expires `lifetime` seconds after the head's time.

        It refers to the last irreversible block rather than to the head, because a transaction
        that refers to a block which a fork then orphans can never be included; that block's id
        costs one question. Nothing else leaves the process.

        Raises:
            PermanentChainError: no WIF, or operations that can't be sent unchanged.
            TransientChainError: too few nodes told the irreversible block's id.
        """
        own_operations = [own_form(operation, self._profile) for operation in operations]
        ref_block_num, ref_block_id = self._reference(head)
        expiration = (head.time + timedelta(seconds=lifetime)).replace(microsecond=0)
        reference = Reference.of(ref_block_num, ref_block_id)
        packed = pack(operations, self._profile, reference, expiration)
        digest = hashlib.sha256(bytes.fromhex(self._profile.chain_id) + packed).digest()
        signed = signature(key, digest)
        payload = {
            "ref_block_num": reference.num,
            "ref_block_prefix": reference.prefix,
            "expiration": expiration.strftime(_TIME),
            "operations": own_operations,
            "extensions": [],
            "signatures": [signed.hex()],
        }
        return SignedTransaction(
            trx_id=hashlib.sha256(packed).hexdigest()[:40],
            expiration=expiration,
            ref_block_num=ref_block_num,
            payload=json_text(payload),
            size=len(packed) + 1 + len(signed),  # the 1 counts the signatures
        )

    def upload(self, account: str, key: PostingKey, name: str, kind: str, data: bytes) -> str:
        """Give a picture to the chain's image host; returns its address."""
        return upload(self._http, self._profile.image_host, account, key, name, kind, data)

    def broadcast(self, transaction: SignedTransaction, turn: int = 0) -> str:
        """Send these bytes until a node takes them; returns that node's address.

        Another `turn` begins with another node, since one that keeps them to itself answers as
        one that takes them.

        Through network_broadcast_api, because condenser_api's legacy form loses `allow_votes`.

        Raises:
            DuplicateTransaction: the node already has it.
            TransientChainError: refused for now (interval, RC, stale node), or no node reached.
            PermanentChainError: refused for what it is.
            UnknownOutcome: no answer, or one that proves nothing.
        """
        params = f'{{"trx":{transaction.payload},"max_block_age":-1}}'
        method = "network_broadcast_api.broadcast_transaction"
        return self._nodes.send(method, params, self._profile.confirmed_by, turn)

    def _reference(self, head: Head) -> tuple[int, str]:
        """Number and id of the block to refer to."""
        num = _below(head)
        if num <= 0:  # a chain just born
            return head.block_num, head.block_id
        block_id = self._agreed(
            "condenser_api.get_block_header",
            [num + 1],
            lambda result: read_previous(result, num),
            essence=lambda block_id: block_id,
        )
        if block_id is None:
            raise TransientChainError(
                f"the nodes have no block {num + 1}, although one tells a later head; they are "
                "asked again", SLOT
            )  # fmt: skip
        return num, block_id


def _below(head: Head) -> int:
    """The irreversible block that a transaction refers to."""
    return min(head.irreversible_block_num, head.block_num - 1)  # they are one on Hive


def _are_near(heads: Iterable[Head]) -> bool:
    """Whether these can be heads of one chain, told at one time."""
    told = list(heads)
    times = [head.time for head in told]
    numbers = [head.block_num for head in told]
    irreversible = [head.irreversible_block_num for head in told]
    return (
        max(times) - min(times) <= _STALE
        and max(numbers) - min(numbers) <= _NEAR
        and max(irreversible) - min(irreversible) <= _NEAR
    )


@dataclass(frozen=True, slots=True)
class Reference:
    """What a transaction says of the block it refers to (TaPoS, chain-rules §2.2)."""

    num: int
    prefix: int

    @classmethod
    def of(cls, block_num: int, block_id: str) -> Self:
        """The low 16 bits of the number, and bytes 4 to 8 of the id, little-endian."""
        return cls(block_num & 0xFFFF, int.from_bytes(bytes.fromhex(block_id)[4:8], "little"))


def pack(
    operations: Sequence[Operation],
    profile: ChainProfile,
    reference: Reference,
    expiration: datetime,
) -> bytes:
    """The unsigned transaction in bytes, by beem's types; a signature is over it."""
    # beem sets this thread's decimal rounding while it packs an amount
    with decimal.localcontext():
        transaction = Signed_Transaction(
            ref_block_num=reference.num,
            ref_block_prefix=reference.prefix,
            expiration=expiration.strftime(_TIME),
            operations=[_beem_operation(operation, profile) for operation in operations],
        )
        # a chain given as a dictionary, so that beem's table of known chains stays as it is
        transaction.deriveDigest({"chain_id": profile.chain_id})
    return bytes(transaction.message[len(profile.chain_id) // 2 :])


@dataclass(frozen=True, slots=True)
class _Amount:
    """What beem's own Amount is made of, so that it needs no look into its table of chains."""

    amount: str
    symbol: str
    asset: dict[str, Any]


def _beem_operation(operation: Operation, profile: ChainProfile) -> BeemOperation:
    name, given = operation
    fields = dict(given)
    blurt = profile.percent_field == "percent_blurt"
    if name == "comment_options":
        number, _, symbol = fields["max_accepted_payout"].partition(" ")
        precision = len(number.partition(".")[2])
        asset = {"asset": symbol, "precision": precision}
        fields["max_accepted_payout"] = _Amount(number, symbol, asset)
        value = (_blurt_comment_options if blurt else beem_operations.Comment_options)(fields)
    else:
        value = getattr(beem_operations, name.capitalize())(fields)
    made = BeemOperation(value)
    if blurt:
        made.opId = _BLURT_NUMBERS.get(name, made.opId)
    return made


def _blurt_comment_options(fields: dict[str, Any]) -> GrapheneObject:
    """Blurt's comment_options: no percentage among the fields, but an extension for it."""
    extensions = fields.pop("extensions")
    value = beem_operations.Comment_options(fields | {"percent_steem_dollars": 0})
    del value.data["percent_steem_dollars"]
    value.data["extensions"] = Array([_blurt_extension(*extension) for extension in extensions])
    return value


def _blurt_extension(number: int, value: dict[str, Any]) -> Static_variant:
    if number == 0:
        return CommentOptionExtensions([number, value])
    return Static_variant(GrapheneObject({"percent_blurt": Uint16(value["percent_blurt"])}), number)
