"""A post: everything that will stand on the chain, decided, but in no chain's own form yet."""

from dataclasses import dataclass
from decimal import Decimal

from bot.briefs.brief import Beneficiary

FIFTY_FIFTY = 10_000
"""The chains' default split: half in dollars, half in power."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutOptions:
    """The payout side of a post; what `comment_options` carries (chain-rules §1.3).

    Attributes:
        max_accepted_payout: in the chain's dollars, at most three decimals; 0 declines payout;
            None is the chains' default of 1000000.000.
        percent: 10000 is 50/50, 0 is all power.
        beneficiaries: sorted by account, as the chains demand.
    """

    max_accepted_payout: Decimal | None = None
    percent: int = FIFTY_FIFTY
    allow_votes: bool = True
    allow_curation_rewards: bool = True
    beneficiaries: tuple[Beneficiary, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A root post or a reply, ready to be turned into operations by `bot.chain`.

    Attributes:
        brief: id of the brief it comes from; also in `json_metadata` under `briefbot.brief`.
        parent_author: empty for a root post.
        parent_permlink: the category of a root post, the parent's permlink of a reply.
        json_metadata: compact JSON object, no byte after it (chain-rules §1.2 #7).
        options: None when the chain's defaults hold, so that no operation is needed.
        self_vote: weight of the author's own vote, 1 to 10000, or None.
    """

    brief: str
    author: str
    permlink: str
    parent_author: str
    parent_permlink: str
    title: str
    body: str
    json_metadata: str
    tags: tuple[str, ...]
    options: PayoutOptions | None = None
    self_vote: int | None = None

    @property
    def is_reply(self) -> bool:
        """Whether this answers another post."""
        return bool(self.parent_author)
