"""What a node's error means for whoever sent a transaction or asked a question.

Judged by `data.name` and the message's text, never by the outer JSON-RPC code: steemd puts
−32000 on nearly everything (chain-rules §2.4). One row a message, in order; the first that fits
decides. What no row knows is a refusal when steemd itself says so (its own stack is in the
answer), and an unknown outcome otherwise.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Self

from bot.chain.errors import (
    ChainError,
    CreditsShort,
    DuplicateTransaction,
    PermanentChainError,
    TransientChainError,
    UnknownOutcome,
)
from bot.errors import quoted

_CREDITS_NEEDED = re.compile(r" RC, needs (\d+) RC")  # rc_plugin.cpp §3


@dataclass(frozen=True, slots=True)
class NodeError:
    """The `error` of a JSON-RPC reply, as far as it says anything.

    Attributes:
        message: the node's words, e.g. `Assert Exception:<expression>: <text>`.
        name: `data.name`, e.g. `tx_missing_posting_auth`; empty when there is none.
        stacked: whether `data.stack` is there, so that steemd's own code judged the request.
        detail: `data` when it is a text, as hivemind sends it.
    """

    message: str
    name: str = ""
    stacked: bool = False
    detail: str = ""

    @classmethod
    def read(cls, error: object) -> Self | None:
        """The error in a reply, or None when it isn't one that can be understood."""
        if not isinstance(error, dict) or not isinstance(error.get("message"), str):
            return None
        data: Any = error.get("data")
        if isinstance(data, str):
            return cls(error["message"], detail=data)
        data = data if isinstance(data, dict) else {}
        name = data.get("name")
        return cls(
            error["message"],
            name=name if isinstance(name, str) else "",
            stacked=isinstance(data.get("stack"), list),
        )

    @property
    def words(self) -> str:
        """The text in the message, without the exception's title and the C++ expression.

        `Assert Exception:body.size() > 0: Body is empty` → `Body is empty`; the expression
        itself where the author of the assertion wrote no text.
        """
        title, _, rest = self.message.partition(":")
        if title == "Assert Exception":
            expression, _, text = rest.partition(": ")
            return text.strip() or expression.strip()
        return rest.strip() or title.strip()

    @property
    def quote(self) -> str:
        """The node's words for people: printable, one line, not too long, full stop or not."""
        text = f"{self.words} ({self.detail})" if self.detail else self.words
        return quoted(text.removesuffix("rethrow")) or "an error without words"


class Meaning(Enum):
    """What follows from an error."""

    KNOWN = auto()
    """The node has this transaction already."""
    LATER = auto()
    """Refused for now."""
    NEVER = auto()
    """Refused for what it is."""
    TROUBLE = auto()
    """The node (or what stands before it) is in trouble: it proves nothing either way."""
    NOT_SERVED = auto()
    """This node doesn't have the method; another may."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One message: how it is recognised and what it means.

    Attributes:
        pattern: regular expression for the start of `NodeError.words`, or the whole of
            `NodeError.name` when `by_name`.
        advice: what a person or the bot does next.
        source: where the message comes from.
        retry_after: seconds of chain time, where the rule itself says how long.
        blames_node: whether another node is a better choice for a while.
    """

    meaning: Meaning
    pattern: str
    advice: str
    source: str
    by_name: bool = False
    retry_after: float | None = None
    blames_node: bool = False

    def fits(self, error: NodeError) -> bool:
        """Whether this row is about `error`."""
        if self.by_name:
            return re.fullmatch(self.pattern, error.name) is not None
        return re.match(self.pattern, error.words) is not None


_WAIT = "It will be tried again by itself."
_OWN_FAULT = "briefbot should not have sent this: please report it."
_FIX_KEY = (
    "Check that the key is this author's posting key (or that of an account to which the author "
    "granted posting authority) and that chain and nodes in the configuration belong together; "
    "`briefbot doctor` says which it is."
)
_ROOT_INTERVAL = 303.0  # "> 300 s" of head time, which moves in steps of three (chain-rules e7)
_ONE_BLOCK = 3.0

RULES: tuple[Rule, ...] = (
    Rule(
        Meaning.KNOWN,
        "Duplicate transaction check failed",
        "It is on its way.",
        "database.cpp §2.2",
    ),
    Rule(
        Meaning.LATER,
        "transaction_expiration_exception",
        "Its expiration has passed, or lies too far ahead of this node's head. It may have been "
        "included in time all the same: another one is signed only when the chain can't hold it.",
        "database.cpp §2.2",
        by_name=True,
    ),
    Rule(
        Meaning.LATER,
        "transaction_tapos_exception",
        "The node doesn't know the block it refers to: it is behind or on a fork. The same bytes "
        "are sent to another node; another one is signed only when the chain can't hold it.",
        "database.cpp §2.2",
        by_name=True,
        blames_node=True,
    ),
    Rule(
        Meaning.LATER,
        r"!\s*check_max_block_age",
        f"The node's head is too old. {_WAIT}",
        "network_broadcast_api.cpp §5",
        blames_node=True,
    ),
    Rule(
        Meaning.LATER,
        "You may only post once every 5 minutes",
        _WAIT,
        "steem_evaluator.cpp §1.2 e7",
        retry_after=_ROOT_INTERVAL,
    ),
    Rule(
        Meaning.LATER,
        "You may only comment once every 3 seconds",
        _WAIT,
        "steem_evaluator.cpp §1.2 e8",
        retry_after=_ONE_BLOCK,
    ),
    Rule(
        Meaning.LATER,
        "Can only perform one comment edit per block",
        _WAIT,
        "steem_evaluator.cpp §1.2 e10",
        retry_after=_ONE_BLOCK,
    ),
    Rule(
        Meaning.LATER,
        "Can only vote once every 3 seconds",
        _WAIT,
        "steem_evaluator.cpp §1.5",
        retry_after=_ONE_BLOCK,
    ),
    Rule(
        Meaning.LATER,
        r"Account \S+ already submitted \d+ custom json operation",
        _WAIT,
        "witness_plugin.cpp §1.6",
        retry_after=_ONE_BLOCK,
    ),
    Rule(
        Meaning.LATER,
        r"(Account: )?\S+ has \S+ RC, needs",
        "Resource credits come back by themselves, all of them in five days; powering up or a "
        f"delegation helps at once. {_WAIT}",
        "rc_plugin.cpp §3",
    ),
    Rule(
        Meaning.LATER,
        "Account does not have enough mana",
        f"Voting mana comes back in five days. {_WAIT}",
        "steem_evaluator.cpp §1.5",
    ),
    Rule(Meaning.NEVER, "tx_missing_posting_auth", _FIX_KEY, "§2.3", by_name=True),
    Rule(
        Meaning.NEVER,
        "tx_missing_(active|owner|other)_auth",
        "A posting key can't do this; nothing that briefbot publishes needs more.",
        "§2.3",
        by_name=True,
    ),
    Rule(Meaning.NEVER, "tx_irrelevant_sig|tx_duplicate_sig", _OWN_FAULT, "§2.3", by_name=True),
    Rule(
        Meaning.NEVER,
        "unknown key",
        "The author's account, or the post this one answers, isn't on this chain: check author, "
        "reply_to and chain.",
        "steem_evaluator.cpp §1.2 e2 e3",
    ),
    Rule(Meaning.NEVER, "Title size limit", "Shorten the title to 255 bytes.", "§1.2 #1"),
    Rule(Meaning.NEVER, "Body is empty", "Write a body.", "§1.2 #3"),
    Rule(
        Meaning.NEVER,
        r"(?i)permlink is (too long|not a valid size|not of valid size)|Invalid permlink character",
        "Give the brief a `permlink:` of 1 to 255 of a-z, 0-9 and -, and check its first tag.",
        "§1.2 e9",
    ),
    Rule(
        Meaning.NEVER,
        r"fc::raw::pack_size\(trx\)|Transaction too large",
        "Shorten the body: the chain takes some 65,000 bytes.",
        "§2.1",
    ),
    Rule(
        Meaning.NEVER,
        r'Beneficiary ".*" must exist',
        "Correct `beneficiaries`.",
        "steem_evaluator.cpp §1.3",
    ),
    Rule(
        Meaning.NEVER,
        "The (parent|permlink) of a comment cannot change",
        "The permlink is taken by an older post: give the brief another `permlink:`.",
        "steem_evaluator.cpp §1.2 e11 e12",
    ),
    Rule(
        Meaning.NOT_SERVED,
        "Could not find (API|method)",
        "This node doesn't offer what is needed; another node is asked.",
        "json_rpc_plugin.cpp §2.4",
        blames_node=True,
    ),
    # jussi, hivemind and chainbase: sent by what stands before the chain's own code (§2.4)
    Rule(
        Meaning.TROUBLE,
        "(?i)Unable to acquire database lock|Request Timeout|Internal Error|Unknown exception"
        "|Bad or missing upstream response|Server error",
        "",
        "chainbase.hpp, jussi, hivemind §2.4",
        blames_node=True,
    ),
)


def rule_for(error: NodeError) -> Rule | None:
    """The row that is about this error, or None."""
    return next((rule for rule in RULES if rule.fits(error)), None)


def refusal(error: NodeError, host: str) -> ChainError:
    """What a node's error in answer to a broadcast means, as the exception to raise."""
    rule = rule_for(error)
    if rule is not None:
        meaning, advice, retry_after = rule.meaning, rule.advice, rule.retry_after
    else:
        meaning = Meaning.NEVER if error.stacked else Meaning.TROUBLE
        advice = "The same thing would be refused again: change the brief, then retry it."
        retry_after = None
    words = error.quote.rstrip(".")
    match meaning:
        case Meaning.KNOWN:
            return DuplicateTransaction(f"{host} has this transaction already. {advice}")
        case Meaning.LATER if needed := _CREDITS_NEEDED.search(words):
            return CreditsShort(f"{host} refused it: {words}. {advice}", int(needed[1]))
        case Meaning.LATER | Meaning.NOT_SERVED:
            return TransientChainError(f"{host} refused it: {words}. {advice}", retry_after)
        case Meaning.NEVER:
            return PermanentChainError(f"{host} refused it: {words}. {advice}")
        case Meaning.TROUBLE:
            return UnknownOutcome(
                f"{host} answered {words!r}, which doesn't say whether it took the transaction. "
                "The chain will tell; the same bytes may be sent again."
            )
