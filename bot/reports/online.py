"""What only the chain can tell of a brief before it is sent: `check --online`."""

from collections.abc import Iterator, Mapping

from bot.briefs import Finding, found
from bot.chain.authority import KeyRefused, check_key
from bot.chain.credits import CreditPrices
from bot.chain.errors import NotServed
from bot.chain.protocol import Account, Chain, Keys
from bot.config import ConfigError
from bot.errors import quoted
from bot.format.metadata import brief_in
from bot.format.size import packed_size
from bot.intake.composer import Composition
from bot.intake.neighbours import Neighbours
from bot.reports.doctor import LOW_CREDITS


class Online:
    """Asks the chains about briefs; what is asked of an account is asked once.

    Args:
        chains: by name.
        keys: the posting key for an author, or None.
        neighbours: the queue; what a reply is to may still wait in it.
    """

    def __init__(
        self, chains: Mapping[str, Chain], keys: Keys, neighbours: Neighbours | None = None
    ) -> None:
        self._chains = chains
        self._keys = keys
        self._neighbours = neighbours
        self._prices: dict[str, CreditPrices | None] = {}
        self._accounts: dict[tuple[str, str], Account | None] = {}
        self._authors: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {}

    def findings(self, composition: Composition) -> Iterator[Finding]:
        """What stands in the way of this post on its chain.

        Raises:
            NodesUnreachable: no node answers.
        """
        brief, post = composition.brief, composition.post
        if post is None:
            return
        chain = self._chains[composition.chain]
        for code, message in self._author(composition.chain, post.author):
            yield found(brief.path, brief.line("author"), code, message)
        for share in brief.beneficiaries:
            if self._account(composition.chain, share.account) is None:
                message = f"there is no account {share.account} on {composition.chain}"
                line = brief.line("beneficiaries")
                yield found(brief.path, line, "beneficiaries.account", f"{message}; correct it")
        stands = chain.content(post.author, post.permlink)
        if stands is not None and brief_in(stands.json_metadata) != brief.id:
            message = (
                f"@{post.author}/{post.permlink} is taken by the post “{quoted(stands.title)}”; "
                "set another `slug`"
            )
            line = brief.line("slug" if brief.slug else "title")
            yield found(brief.path, line, "exists", message)
        if post.is_reply and not self._is_there(
            composition.chain, post.parent_author, post.parent_permlink
        ):
            where = f"@{post.parent_author}/{post.parent_permlink}"
            message = f"there is no post {where} on {composition.chain}, nor in the queue"
            yield found(brief.path, brief.line("reply_to"), "reply_to", f"{message}; correct it")
        if self._account(composition.chain, post.author) is not None:
            yield from self._credits(composition)
        if post.parent_permlink.startswith("hive-") and not post.is_reply:
            yield from self._community(composition)

    def _is_there(self, chain: str, author: str, permlink: str) -> bool:
        """Whether a post is on the chain, or will be before what needs it goes out."""
        if self._chains[chain].content(author, permlink) is not None:
            return True
        return self._neighbours is not None and self._neighbours.awaits(chain, author, permlink)

    def _author(self, chain: str, name: str) -> tuple[tuple[str, str], ...]:
        """(code, message) of what is wrong with an author."""
        if (chain, name) not in self._authors:
            self._authors[chain, name] = tuple(self._examine(chain, name))
        return self._authors[chain, name]

    def _examine(self, name: str, author: str) -> Iterator[tuple[str, str]]:
        chain = self._chains[name]
        account = self._account(name, author)
        if account is None:
            yield "author.account", f"there is no account {author} on {name}; correct it"
            return
        try:
            check_key(chain, account, self._keys(author))
        except (KeyRefused, ConfigError) as error:
            yield "author.key", str(error)
        credits_ = chain.resource_credits(author)
        if credits_ is not None:
            share = credits_.share(chain.head().time)
            if share < LOW_CREDITS:
                message = f"{share:.0%} of {author}'s resource credits are left"
                yield "author.credits", f"{message}; power up, or wait"

    def _credits(self, composition: Composition) -> Iterator[Finding]:
        """Whether the post can be paid for at its date, by the account's credits and the prices."""
        brief, post, chain = composition.brief, composition.post, self._chains[composition.chain]
        assert post is not None, "only what can be sent is asked about"
        if composition.chain not in self._prices:
            self._prices[composition.chain] = chain.credit_prices()
        prices = self._prices[composition.chain]
        figures = chain.resource_credits(post.author)
        if (
            prices is None
            or figures is None
            or self._account(composition.chain, post.author) is None
        ):
            return
        needed = prices.cost(composition.operations, packed_size(post))
        if needed is None:
            return
        now = chain.head().time
        enough = figures.suffices_at(needed, now)
        if enough is None or enough > max(now, brief.date or now):
            when = f"from {enough:%Y-%m-%d %H:%M} UTC on" if enough else "never: power up"
            message = f"{post.author} has too few resource credits for this post; enough {when}"
            yield found(brief.path, brief.line("author"), "credits", message)

    def _community(self, composition: Composition) -> Iterator[Finding]:
        brief, post = composition.brief, composition.post
        assert post is not None, "only what can be sent is asked about"
        name, line = post.parent_permlink, brief.line("community" if brief.community else "tags")
        try:
            membership = self._chains[composition.chain].membership(name, post.author)
        except NotServed:
            return
        if membership is None:
            message = f"there is no community {name} on {composition.chain}; correct it"
            yield found(brief.path, line, "community", message)
        elif not membership.may_post:
            message = (
                f"{post.author} is {membership.role} in “{membership.title}” ({name}): the post "
                "would be hidden without a word; ask its team for the role of a member"
            )
            yield found(brief.path, line, "community.role", message)

    def _account(self, chain: str, name: str) -> Account | None:
        if (chain, name) not in self._accounts:
            self._accounts[chain, name] = self._chains[chain].account(name)
        return self._accounts[chain, name]
