"""What came of posts, followed as long as something is to be expected (docs/results.md).

Authors are followed, and not posts: one history tells the votes, replies and payouts of all that
an author wrote. What stands in no history is read from the posts, in batches, less often the
older they are. Between two votes a pending payout is reckoned, not asked for.
"""

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from itertools import count

import structlog

from bot.chain.codec import comment_in, operations_text
from bot.chain.errors import NotServed, TransientChainError
from bot.chain.outcomes import Figures, Funds, Payment, Reply, Standing
from bot.chain.protocol import Chain, Content, Head
from bot.clock import Clock
from bot.publishing.preflight import changed_elsewhere
from bot.publishing.publisher import TROUBLE
from bot.records import (
    Conflict,
    DatabaseUnavailable,
    Kind,
    NewPublication,
    Publication,
    Records,
    text_digest,
)
from bot.records.outcomes import (
    Followed,
    Outcomes,
    PostRecord,
    ReplyRecord,
    ShareRecord,
    VoteRecord,
)
from bot.records.plans import following
from bot.results.budget import REQUESTS_A_DAY, Budget
from bot.results.histories import first_number, news_of, news_since, shares_of
from bot.results.rhythm import (
    DAY,
    FIRST,
    HOUR,
    MINUTE,
    SETTLING,
    history_rest,
    post_rest,
    stretch_of,
)

STINT = 2.0  # seconds after which a look begins nothing more: other work waits for its thread
BATCH = 20  # posts asked about at once
AUTHORS = 10
COURSE_PAGE = 500  # posts whose pending payout is reckoned in one go
BACK = timedelta(days=8)  # of histories that are read when an author is new: the payout comes in 7
GIVEN_UP = timedelta(days=2)  # after a payout of which no history tells
CLAIMED = 10 * MINUTE  # in which another worker takes nobody up whom one has claimed
OVERLAP = HOUR  # of what may have become final while it wasn't seen yet
SETTLED_AFTER = timedelta(minutes=1)  # of the chain's time, until each node shows an edit
_AROUND = 3  # questions that come with each batch


Want = Callable[[Iterable[tuple[str, date]]], None]
"""Told whose prices of which days (UTC) will be needed."""


class Results:
    """Follows what came of final publications.

    Args:
        calendar: by which time a chain's things are due, by its name; the wall clock's by default.
        requests_a_day: that a chain's nodes are asked at most.
    """

    def __init__(
        self,
        chains: Mapping[str, Chain],
        records: Records,
        now: Clock,
        log: structlog.stdlib.BoundLogger,
        calendar: Callable[[str], datetime] | None = None,
        requests_a_day: int = REQUESTS_A_DAY,
        want: Want = lambda wishes: None,  # noqa: ARG005
    ) -> None:
        self._want = want
        self._log = log
        self._chains = chains
        self._records = records
        self._outcomes = Outcomes(records)
        self._now = now
        self._calendar = calendar or (lambda _: now())
        self._ahead: dict[str, timedelta] = {}
        self._adopted_at: datetime | None = None
        self._tired_at = 0.0
        self._course_at: dict[str, datetime] = {}
        self._hourly_at: dict[str, datetime] = {}
        self._reckons = dict.fromkeys(chains, True)
        self._budgets = {name: Budget(requests_a_day, now()) for name in chains}

    @property
    def asked(self) -> Mapping[str, int]:
        """Questions that each chain's nodes were asked, since this worker began."""
        return Counter({name: budget.spent for name, budget in self._budgets.items()})

    def refresh(self) -> Iterator[None]:
        """Do what is due, in small steps; it gives way after each.

        A chain that doesn't answer is left alone for a while.
        """
        self._tired_at = time.monotonic() + STINT
        now = self._now()
        since = self._adopted_at - OVERLAP if self._adopted_at else None
        self._outcomes.adopt(now, since)
        self._adopted_at = now
        for name, chain in self._chains.items():
            try:
                yield from self._refresh(name, chain)
            except TransientChainError as error:
                self._budgets[name].refused(self._now())
                self._log.debug("results_wait", chain=name, reason=str(error))

    def _refresh(self, name: str, chain: Chain) -> Iterator[None]:
        moment = max(self._calendar(name), self._now() + self._ahead.get(name, timedelta(0)))
        due = self._outcomes.next_due(name)
        if due is None:
            return  # nothing was published there: its nodes are never asked
        course = self._course_is_due(name, moment)
        if due > moment and not course:
            return
        if not self._may(name, 1):
            return
        head = chain.head()
        self._spend(name, 1)
        self._ahead[name] = max(head.time - self._now(), timedelta(0))
        moment = max(moment, head.time)
        yield from self._read_histories(name, chain, head, moment)
        funds = yield from self._read_posts(name, chain, head, moment)
        if course:
            yield from self._reckon(name, chain, head, funds)

    def _goes_on(self, name: str, questions: int) -> bool:
        """Whether there is time, and allowance, for another batch."""
        return time.monotonic() < self._tired_at and self._may(name, questions)

    def _may(self, name: str, questions: int) -> bool:
        return self._budgets[name].allows(questions, self._now())

    def _spend(self, name: str, questions: int) -> None:
        self._budgets[name].spend(questions)
        self._budgets[name].answered()

    # -- histories ---------------------------------------------------------------------------------

    def _read_histories(
        self, name: str, chain: Chain, head: Head, moment: datetime
    ) -> Iterator[None]:
        while self._goes_on(name, 2):
            claimed = self._outcomes.claim_authors(name, moment, moment + CLAIMED, AUTHORS)
            for author in claimed:
                if not self._may(name, 2):
                    self._outcomes.put_off(name, author.author, moment)
                    continue
                try:
                    self._read_history(chain, author, head, moment)
                except NotServed:
                    self._outcomes.put_off(name, author.author, moment + HOUR)
                except TransientChainError:
                    self._outcomes.put_off(name, author.author, moment)
                    raise
                except DatabaseUnavailable:
                    raise
                except Exception as error:  # noqa: BLE001  # one author's trouble is that author's
                    self._trouble(author.author, error)
                    self._outcomes.put_off(name, author.author, moment + FIRST)
                yield
            if len(claimed) < AUTHORS:
                return

    def _read_history(self, chain: Chain, author: Followed, head: Head, moment: datetime) -> None:
        name, number = author.chain, author.number
        caught_up = number is not None
        if number is None:
            oldest = self._outcomes.oldest_unread(name, author.author)
            since = max(oldest or moment, moment - BACK)
            number, asked = first_number(chain, author.author, since - MINUTE)
            self._spend(name, asked)
        pages = 0
        for last, happenings in news_since(
            chain, author.author, number, head.irreversible_block_num
        ):
            news = news_of(author.author, happenings, caught_up=caught_up)
            for edit in self._outcomes.take_in(author, last, news, moment):
                self._log.warning(
                    "changed_by_others",
                    chain=name,
                    author=edit.author,
                    permlink=edit.permlink,
                    trx_id=edit.trx_id,
                    reason="this edit was signed by somebody else who has a key for the account",
                )
            days = {moment.date() for _, moment in news.paid.values()}
            coins = filter(None, (chain.profile.symbols.core, chain.profile.symbols.debt))
            self._want((coin, day) for coin in coins for day in days)
            author = Followed(name, author.author, last)
            pages += 1
        self._spend(name, pages + 1)
        newest, unpaid = self._outcomes.newest(name, author.author)
        rest = history_rest(newest, head.time, unpaid=unpaid)
        self._outcomes.put_off(name, author.author, moment + rest)

    # -- posts -------------------------------------------------------------------------------------

    def _read_posts(
        self, name: str, chain: Chain, head: Head, moment: datetime
    ) -> Generator[None, None, Funds | None]:
        funds = None
        while self._goes_on(name, 2 * BATCH + _AROUND):
            posts = self._outcomes.claim_posts(name, moment, moment + CLAIMED, BATCH)
            if not posts:
                break
            whole = {post.id for post in posts if _is_due_whole(post, head.time)}
            addresses = [(post.author, post.permlink) for post in posts]
            again = {(post.author, post.permlink) for post in posts if post.id in whole}
            try:
                figures = chain.figures(addresses, again, max(head.irreversible_block_num, 1))
            except TransientChainError:
                for post in posts:
                    self._outcomes.put_off_post(post, moment)
                raise
            self._spend(name, len(addresses) + len(again) + _AROUND)
            funds = figures.funds
            self._compare(name, figures)
            for post in posts:
                try:
                    self._take_up(chain, post, figures, head, moment, whole=post.id in whole)
                except TransientChainError:
                    self._outcomes.put_off_post(post, moment + FIRST)
                except DatabaseUnavailable:
                    raise
                except Exception as error:  # noqa: BLE001  # one post's trouble is that post's
                    self._trouble(f"@{post.author}/{post.permlink}", error)
                    self._outcomes.put_off_post(post, moment + HOUR)
                yield
            if len(posts) < BATCH:
                break
        return funds

    def _take_up(
        self,
        chain: Chain,
        post: PostRecord,
        figures: Figures,
        head: Head,
        moment: datetime,
        *,
        whole: bool,
    ) -> None:
        """Record one post as it was told."""
        address = (post.author, post.permlink)
        standing = figures.standings[address]
        if isinstance(standing, Exception):
            raise standing
        if standing is None:
            self._lose(post, head, moment)
            return
        content = standing.content
        if address in figures.reblogs:
            self._outcomes.note_reblogs(post, figures.reblogs[address], self._now())
        below = whole or post.replies_changed or standing.active_at != post.active_at
        newest = [cast.time for cast in standing.votes if cast.time]
        newest += [standing.active_at or content.last_update, content.last_update]
        if below and (standing.children or post.replies):
            replies, asked = chain.discussion(*address)
            self._spend(post.chain, asked)
            newest += [reply.updated_at for reply in replies]
            found = [_reply(reply, figures.irreversible_at) for reply in replies]
            self._outcomes.note_replies(post, found, self._now(), head.time)
        settled = figures.irreversible_at is not None and max(newest) < figures.irreversible_at
        cashout_at = standing.cashout_at
        if cashout_at is None:
            done, next_at = self._pay_out(chain, post, moment)
            cashout_at = None if done else post.cashout_at or moment
        elif post.paid_block is not None:
            next_at = moment + MINUTE  # this node lags
        else:
            next_at = moment + post_rest(head.time - content.created)
        if not settled and next_at is not None:
            next_at = min(next_at, moment + SETTLING)
        self._outcomes.note(
            post,
            [VoteRecord(v.voter, v.percent, v.rshares, v.weight, v.time) for v in standing.votes],
            symbol=standing.author_payout.symbol,
            precision=standing.author_payout.precision,
            pending=standing.pending.units,
            author_payout=standing.author_payout.units,
            curator_payout=standing.curator_payout.units,
            cap=None if standing.cap is None else standing.cap.units,
            net_rshares=standing.net_rshares,
            replies=standing.children,
            created_at=content.created,
            active_at=standing.active_at,
            cashout_at=cashout_at,
            gone_at=None,
            read_at=moment,
            next_at=next_at,
            **({"whole_at": moment} if whole else {}),
        )
        if standing.cashout_at is not None:
            at = stretch_of(head.time, head.time - content.created)
            self._outcomes.note_course([(post.id, at, standing.pending.units)])
        if published := self._outcomes.published(post.chain, *address):
            self._notice(published, content, chain)

    def _pay_out(
        self, chain: Chain, post: PostRecord, moment: datetime
    ) -> tuple[bool, datetime | None]:
        """What is left to do of a post that is paid out: (whether nothing is, when to do it).

        The payout itself may be undone; the author's history tells when it can't be any more.
        """
        if post.paid_block is not None:
            payments = [
                payment
                for payment in chain.paid_in(post.paid_block)
                if (payment.author, payment.permlink) == (post.author, post.permlink)
            ]
            self._spend(post.chain, 1)
            self._outcomes.note_shares(post, _shares(payments))
            return True, None
        paid_for = post.cashout_at or post.created_at
        if paid_for is None or moment - paid_for > GIVEN_UP + BACK:
            return True, None  # long ago: of that no history is read
        if post.cashout_at is not None and moment - post.cashout_at > GIVEN_UP:
            return True, None
        self._outcomes.put_off(post.chain, post.author, moment + SETTLING)
        return False, moment + HOUR

    def _lose(self, post: PostRecord, head: Head, moment: datetime) -> None:
        """Nothing stands there: it was deleted, or a lagging node hasn't got it yet."""
        is_new = post.created_at is None or moment - post.created_at < HOUR
        again = post.gone_at is None or is_new
        self._outcomes.note(
            post,
            (),
            gone_at=post.gone_at or head.time,
            cashout_at=None,
            pending=0,
            replies=0,
            net_rshares=0,
            next_at=moment + FIRST if again and post.gone_at is None else None,
        )

    # -- the course of pending payouts -------------------------------------------------------------

    def _course_is_due(self, name: str, moment: datetime) -> bool:
        due = self._course_at.get(name)
        if due is not None and moment < due:
            return False
        if self._outcomes.unpaid(name, 0, 1):
            return True
        self._course_at[name] = moment + FIRST
        return False

    def _reckon(self, name: str, chain: Chain, head: Head, funds: Funds | None) -> Iterator[None]:
        """Record what all unpaid posts would earn now, out of their rshares and two figures.

        Where that isn't what the chain itself tells, its posts are read for it, and less often.
        """
        hourly = head.time >= self._hourly_at.get(name, head.time)
        after = 0
        asked = funds is not None
        for page in count():
            posts = self._outcomes.unpaid(name, after, COURSE_PAGE)
            if not posts:
                break
            if page == 0 and not asked:
                if not self._reckons[name] or not self._may(name, _AROUND):
                    break
                funds = chain.figures((), (), max(head.irreversible_block_num, 1)).funds
                self._spend(name, _AROUND)
            if funds is None or not self._reckons[name]:
                break
            self._outcomes.note_course(_points(posts, funds, head, hourly=hourly))
            after = posts[-1].id
            yield
        self._course_at[name] = head.time + FIRST
        if hourly:
            self._hourly_at[name] = head.time + HOUR

    def _compare(self, name: str, figures: Figures) -> None:
        """Whether this chain's pending payouts can be reckoned; some chains' curve is another."""
        if figures.funds is None:
            self._reckons[name] = False
            return
        for told in figures.standings.values():
            if not isinstance(told, Standing) or told.cashout_at is None or told.net_rshares <= 0:
                continue
            reckoned = figures.funds.pending(told.net_rshares)
            if reckoned is None:
                continue
            # the two may be of different blocks
            near = abs(reckoned - told.pending.units) <= 2 + told.pending.units // 1000
            self._reckons[name] = near

    # -- who else edits ----------------------------------------------------------------------------

    def _trouble(self, brief: str, error: Exception) -> None:
        reason = f"{TROUBLE}: {type(error).__name__}; please report it"
        self._log.error("trouble", brief=brief, reason=reason)

    def _notice(self, publication: Publication, content: Content, chain: Chain) -> None:
        """Ask a person when the chain shows another text than was published last.

        What one node tells, and what nodes tell right after, while they may lag, proves nothing.
        """
        if _is_as_published(publication, content):
            return
        included = publication.included_at
        if included is None or chain.head().time - included < SETTLED_AFTER:
            return
        agreed = chain.agreed_content(publication.author, publication.permlink)
        if agreed is None or _is_as_published(publication, agreed):
            return
        edit = _edit_back(publication)
        with suppress(Conflict):  # it isn't the last word, or somebody is at it already
            self._records.add(edit, self._now(), after=publication, held=changed_elsewhere(edit))


def _is_due_whole(post: PostRecord, now: datetime) -> bool:
    """Whether a post's reblogs and replies are read with it, told of or not."""
    if post.whole_at is None or post.created_at is None:
        return True
    return now - post.whole_at >= max(HOUR, post_rest(now - post.created_at))


def _points(
    posts: Sequence[PostRecord], funds: Funds, head: Head, *, hourly: bool
) -> list[tuple[int, datetime, int]]:
    points = []
    for post in posts:
        pending = funds.pending(post.net_rshares)
        if post.created_at is None or post.paid_block is not None or pending is None:
            continue
        age = head.time - post.created_at
        if hourly or age < DAY:
            points.append((post.id, stretch_of(head.time, age), pending))
    return points


def _shares(payments: Iterable[Payment]) -> list[ShareRecord]:
    return [share for payment in payments for share in shares_of(payment)]


def _reply(reply: Reply, irreversible_at: datetime | None) -> ReplyRecord:
    return ReplyRecord(
        author=reply.author,
        permlink=reply.permlink,
        parent_author=reply.parent_author,
        parent_permlink=reply.parent_permlink,
        depth=reply.depth,
        body=reply.body,
        created_at=reply.created_at,
        updated_at=reply.updated_at,
        payout=reply.payout.units,
        net_rshares=reply.net_rshares,
        votes=reply.votes,
        gray=reply.gray,
        settled=irreversible_at is not None and reply.created_at < irreversible_at,
    )


def _is_as_published(publication: Publication, content: Content) -> bool:
    wanted = comment_in(publication.operations)
    return (content.title, content.body) == (wanted["title"], wanted["body"])


def _edit_back(published: Publication) -> NewPublication:
    """The edit that puts a brief's published text back, wherever the chain's has gone."""
    comment = comment_in(published.operations)
    base = text_digest(comment["title"], comment["body"])
    return following(published, Kind.EDIT, operations_text([("comment", comment)]), base)
