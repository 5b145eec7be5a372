"""A post as the platform's readers see it, and beside it what is recorded of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from bot import app
from bot.chain.codec import beneficiaries_in, comment_in
from bot.chain.outcomes import Asset
from bot.chain.profiles import ChainProfile
from bot.format.embedded import embedded, picture_hosts, player_hosts, quiet
from bot.format.flavour import Flavour
from bot.format.page import body_style, place_of
from bot.format.relative import relative
from bot.format.render import render
from bot.records import Kind, LogRow, Publication, Status
from bot.records.earnings import Whole
from bot.records.outcomes import PostRecord, ReplyRecord, VoteRecord
from bot.records.reading import storable
from bot.reports.prices import STALE, PanelRow, panel
from bot.reports.results import payout_state, threaded
from bot.reports.show import Shown, journey, shown, shown_line
from bot.web import charts
from bot.web.failures import failure
from bot.web.pages import N_, page, words_for
from bot.web.security import Reader
from bot.web.words import Words
from bot.web.workplace import Here, Workplace

VOTES_SHOWN = 12
VOTES_A_PAGE = 200
REPLIES_A_PAGE = 50
_MOST_HOSTS = 40  # in a policy; with more, any host may be asked for pictures
_MOST_POINTS = 100  # of a chart, and of the table beside it
_UNLIMITED = 10**9  # thousandths: what every post has that sets no limit (chain-rules §1.3)
_LONGEST = 256  # characters of a name in an address

STATES = {
    "none": N_("No payout yet"),
    "pending": N_("Pending"),
    "pending, capped": N_("Pending, capped"),
    "paid": N_("Paid"),
    "paid, capped": N_("Paid, capped"),
    "declined": N_("Payout declined"),
    "deleted": N_("Deleted"),
}
WORDS = (
    N_("post"), N_("reply"), N_("edit"), N_("delete"), N_("reblog"),
    N_("signed"), N_("sent"), N_("unknown"), N_("refused"), N_("expired"),
)  # fmt: skip
"""Kinds of publications and outcomes of attempts, as the records have them."""
SORTS = {"trending": N_("Trending"), "votes": N_("Votes"), "age": N_("Age")}

Sort = Literal["trending", "votes", "age"]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]

routes = APIRouter()


@dataclass(frozen=True, slots=True)
class Share:
    """Who gets a part: `amounts` once it is paid, before that a part of the whole."""

    account: str
    amounts: Sequence[str]
    part: float | None = None


@dataclass(frozen=True, slots=True)
class Payout:
    """What a post earns.

    Attributes:
        state: one of `STATES`.
        total: as the platform writes it beside the post.
        cap: None where the author set none.
        usd: what the author's part was worth on its day.
    """

    state: str
    total: str
    pending: str | None
    due_at: datetime | None
    paid_at: datetime | None
    author: str
    curators: str
    author_shares: Sequence[str]
    beneficiaries: Sequence[Share]
    cap: str | None
    usd: Decimal | None


@dataclass(frozen=True, slots=True)
class ShownReply:
    """A reply in its place.

    Attributes:
        html: its body, in which nothing is fetched by itself.
        payout: as the platform writes it.
        is_edited, is_deleted, is_hidden: hidden ones are those that the platform grays out.
        is_continued: whether what it answers stands on an earlier page.
        opens: whether replies to it follow.
        closes: how many lists end behind it.
    """

    record: ReplyRecord
    html: Markup
    when: str
    payout: str
    is_edited: bool
    is_deleted: bool
    is_hidden: bool
    is_continued: bool
    opens: bool
    closes: int


@dataclass(frozen=True, slots=True)
class PostPage:
    """All that the page shows.

    Attributes:
        post: the publication that made it; `latest` what its text is from.
        site: where the platform's own pages are, `https://steemit.com/`.
        when: as the platform words the moment of its publication.
        policy: the Content-Security-Policy under which it may be shown.
    """

    post: Publication
    latest: Publication
    profile: ChainProfile
    site: str
    place: str
    at: datetime | None
    when: str
    html: Markup
    came: Whole | None
    payout: Payout
    votes: Sequence[VoteRecord]
    vote_count: int
    replies: Sequence[ShownReply]
    reply_count: int
    reply_pages: int
    market: Sequence[PanelRow]
    record: Sequence[Shown]
    course: Markup | None
    voted: Markup | None
    vote_course: Sequence[tuple[datetime, int]]
    policy: str


# -- the post --------------------------------------------------------------------------------------


def rows_of(here: Workplace, chain: str, author: str, permlink: str) -> Sequence[LogRow]:
    """Publications of what has this address; raises `HTTPException` 404 where there is none."""
    if any(len(text) > _LONGEST or storable(text) != text for text in (chain, author, permlink)):
        raise HTTPException(404, "no post can have this address")
    found = here.records.log(chain=chain, author=author, permlink=permlink)
    rows = [row for row in found if row.publication.kind is not Kind.REBLOG]
    if not rows:
        raise HTTPException(404, f"nothing is recorded of @{author}/{permlink} on {chain}")
    return sorted(rows, key=lambda row: row.publication.id)


def post_page(
    here: Workplace, words: Words, rows: Sequence[LogRow], sort: Sort, number: int
) -> PostPage:
    """The post of these publications, as one reader is shown it."""
    publications = [row.publication for row in rows]
    firsts = [one for one in publications if one.kind in {Kind.POST, Kind.REPLY}]
    post = next((one for one in firsts if one.status is not Status.CANCELLED), publications[0])
    profiles = app.profiles(here.config)
    profile = profiles.get(post.chain, profiles[here.config.chain])
    latest = _latest(publications, post)
    comment = comment_in(latest.operations)
    first, *others = rows
    record = [shown(here.records, first)]
    came = record[0].came
    record += [journey(here.records, row) for row in others]
    url = urlsplit(profile.url)
    site = f"{url.scheme}://{url.netloc}/"
    html = _embedded(comment.get("body", ""), profile.front_end, site)
    at = (came.post.created_at if came else None) or post.included_at
    replies, pages = _replies(came, words, profile, site, sort, number)
    votes = ranked(came)
    course, voted, vote_course = _courses(came, words)
    bodies = [html, *(reply.html for reply in replies)]
    return PostPage(
        post=post,
        latest=latest,
        profile=profile,
        site=site,
        place=place_of(post.category),
        at=at,
        when=_when(at, words),
        html=Markup(html),  # noqa: S704  # sanitised by `render`
        came=came,
        payout=_payout(here, post, came, profile),
        votes=votes[:VOTES_SHOWN],
        vote_count=len(votes),
        replies=replies,
        reply_count=sum(reply.deleted_at is None for reply in came.replies) if came else 0,
        reply_pages=pages,
        market=panel(
            app.quotes(here.config, here.records, here.now()),
            profile.symbols.core,
            profile.symbols.debt,
        ),
        record=record,
        course=course,
        voted=voted,
        vote_course=vote_course,
        policy=_policy(html, has_styles=any(' style="' in body for body in bodies)),
    )


def _latest(publications: Sequence[Publication], post: Publication) -> Publication:
    """Of which publication the text is that stands on the chain, or is to stand there."""
    stands = [
        one
        for one in publications
        if one.kind is Kind.EDIT and one.status in {Status.INCLUDED, Status.FINAL}
    ]
    return stands[-1] if stands else post


@lru_cache(maxsize=64)
def _embedded(body: str, flavour: Flavour, site: str) -> str:
    return embedded(render(body, flavour).html, site)


@lru_cache(maxsize=512)
def _quiet(body: str, flavour: Flavour, site: str) -> str:
    return quiet(render(body, flavour).html, site)


def _when(at: datetime | None, words: Words) -> str:
    """In the platform's own words, where it has any in this language."""
    if at is None:
        return ""
    at = min(at, words.now)  # the clock of a devnet may run ahead
    if words.language != "en":
        return words.ago(at)
    return relative(at.astimezone(words.zone), words.now.astimezone(words.zone))


def _policy(html: str, *, has_styles: bool) -> str:
    """The strictest policy under which this post is shown; no script of a body ever runs.

    Pictures and players come from where the post itself has them. Style attributes are those that
    the sanitiser writes: the alignment of a cell, and the picture of a video.
    """
    pictures = sorted(picture_hosts(html))
    if len(pictures) > _MOST_HOSTS:
        pictures = ["https:"]
    rules = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "style-src-attr": "'unsafe-inline'" if has_styles else "'none'",
        "img-src": " ".join(["'self'", *pictures]),
        "frame-src": " ".join(sorted(player_hosts(html))) or "'none'",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


# -- payout and votes ------------------------------------------------------------------------------


def _payout(
    here: Workplace, post: Publication, came: Whole | None, profile: ChainProfile
) -> Payout:
    parts = beneficiaries_in(post.operations)
    if came is None:
        shares = [Share(account, (), weight / 10_000) for account, weight in parts.items()]
        return Payout("none", "$0.00", None, None, None, "", "", (), shares, None, None)
    record = came.post
    state = payout_state(came)
    total = (record.pending if record.cashout_at else 0) + (
        record.author_payout + record.curator_payout
    )
    worth = None
    if record.paid_at:
        earned = Asset(record.author_payout, record.precision, record.symbol)
        worth = app.worth(here.config, here.records, came)(earned, record.paid_at.date())
    paid: dict[str, list[str]] = {}
    for share in came.shares:
        if share.kind == "beneficiary":
            amount = str(Asset(share.units, share.precision, share.symbol))
            paid.setdefault(share.account, []).append(amount)
    shares = [
        Share(account, paid.get(account, ()), parts.get(account, 0) / 10_000 or None)
        for account in sorted({*parts, *paid})
    ]
    return Payout(
        state=state,
        total=_told(record, total, profile),
        pending=_amount(record, record.pending) if record.cashout_at else None,
        due_at=record.cashout_at,
        paid_at=record.paid_at,
        author=_amount(record, record.author_payout),
        curators=_amount(record, record.curator_payout),
        author_shares=[
            str(Asset(share.units, share.precision, share.symbol))
            for share in came.shares
            if share.kind == "author"
        ],
        beneficiaries=shares,
        cap=None if record.cap is None or record.cap >= _UNLIMITED else _amount(record, record.cap),
        usd=worth,
    )


def _amount(post: PostRecord, units: int) -> str:
    return str(Asset(units, post.precision, post.symbol))


def _told(post: PostRecord, units: int, profile: ChainProfile) -> str:
    """An amount as the platform writes it: with two digits, and `$` for a chain's dollar."""
    value = Decimal(units).scaleb(-post.precision)
    is_dollar = post.symbol in {profile.symbols.debt, ""}
    return f"${value:,.2f}" if is_dollar else f"{value:,.2f} {post.symbol}"


def ranked(came: Whole | None) -> list[VoteRecord]:
    """Votes that weren't taken back, those first that weigh most."""
    votes = [vote for vote in came.votes if vote.percent] if came else []
    return sorted(votes, key=lambda vote: (-(vote.rshares or 0), -vote.percent, vote.voter))


# -- replies ---------------------------------------------------------------------------------------


def _replies(
    came: Whole | None, words: Words, profile: ChainProfile, site: str, sort: Sort, number: int
) -> tuple[Sequence[ShownReply], int]:
    """A page of the replies, nested, and how many pages there are."""
    if came is None:
        return (), 1
    ordered = list(threaded(came, sort))
    pages = max(1, -(-len(ordered) // REPLIES_A_PAGE))
    first = (min(number, pages) - 1) * REPLIES_A_PAGE
    some = ordered[first : first + REPLIES_A_PAGE]
    found: list[ShownReply] = []
    open_lists: list[tuple[str, str]] = []  # the replies whose answers are being listed
    for place, reply in enumerate(some):
        parent = (reply.parent_author, reply.parent_permlink)
        while open_lists and open_lists[-1] != parent:
            open_lists.pop()
        following = some[place + 1] if place + 1 < len(some) else None
        mine = (reply.author, reply.permlink)
        after = (following.parent_author, following.parent_permlink) if following else None
        opens = after == mine
        if opens:
            open_lists.append(mine)
            closes = 0
        else:
            closes = 0
            while len(open_lists) > closes and open_lists[-1 - closes] != after:
                closes += 1
        is_root = parent == (came.post.author, came.post.permlink)
        is_known = any((one.author, one.permlink) == parent for one in some[:place])
        found.append(
            ShownReply(
                record=reply,
                html=Markup(_quiet(reply.body, profile.front_end, site)),  # noqa: S704
                when=_when(reply.created_at, words),
                payout=_told(came.post, reply.payout, profile),
                is_edited=reply.updated_at > reply.created_at + timedelta(seconds=3),
                is_deleted=reply.deleted_at is not None,
                is_hidden=reply.gray,
                is_continued=not is_root and not is_known,
                opens=opens,
                closes=closes,
            )
        )
    return found, pages


# -- the course of things --------------------------------------------------------------------------


def _courses(
    came: Whole | None, words: Words
) -> tuple[Markup | None, Markup | None, Sequence[tuple[datetime, int]]]:
    """Charts of the pending payout and of the votes, and the votes' own figures."""
    if came is None:
        return None, None, ()
    course = None
    say = words.texts.gettext
    if came.course:
        most = _amount(came.post, max(units for _, units in came.course))
        course = charts.line(
            "payout-course",
            say(N_("Pending payout")),
            say(N_("How the pending payout went, up to %(most)s")) % {"most": most},
            [(at.timestamp(), units) for at, units in came.course],
            top=most,
            ends=(words.moment(came.course[0][0]), words.moment(came.course[-1][0])),
        )
    moments = sorted(vote.voted_at for vote in came.votes if vote.percent and vote.voted_at)
    if not moments:
        return course, None, ()
    counted = _thinned([(moment, count) for count, moment in enumerate(moments, 1)])
    told = words.number(len(moments))
    voted = charts.line(
        "vote-course",
        say(N_("Votes")),
        say(N_("How votes came in, up to %(most)s")) % {"most": told},
        [(moment.timestamp(), count) for moment, count in counted],
        top=told,
        ends=(words.moment(moments[0]), words.moment(moments[-1])),
    )
    return course, voted, counted


def _thinned(points: Sequence[tuple[datetime, int]]) -> Sequence[tuple[datetime, int]]:
    """As many points as a chart can show: the first, and the last of each stretch of time."""
    if len(points) <= _MOST_POINTS:
        return points
    first, span = points[0][0], points[-1][0] - points[0][0]
    last_of = {int(_MOST_POINTS * ((at - first) / span)): (at, count) for at, count in points}
    return [points[0], *last_of.values()]


# -- routes ----------------------------------------------------------------------------------------


@routes.get("/static/body.css", include_in_schema=False)
def style() -> Response:
    """How bodies look: the preview's own rules."""
    return Response(body_style(), media_type="text/css", headers={"Cache-Control": "max-age=3600"})


@routes.get(
    "/posts/{chain}/@{author}/{permlink}", response_class=HTMLResponse, include_in_schema=False
)
def show(
    request: Request,
    here: Here,
    visitor: Reader,
    chain: str,
    author: str,
    permlink: str,
    sort: Sort = "trending",
    replies: PageNumber = 1,
) -> HTMLResponse:
    """The page."""
    rows = rows_of(here, chain, author, permlink)
    shown_post = post_page(here, words_for(request, here), rows, sort, replies)
    return page(
        request,
        here,
        visitor,
        "post.html",
        headers={"Content-Security-Policy": shown_post.policy, "Referrer-Policy": "no-referrer"},
        post=shown_post,
        sort=sort,
        sorts=SORTS,
        states=STATES,
        number=min(replies, shown_post.reply_pages),
        stale=STALE,
        has_prices=here.config.prices is not None,
    )


@routes.get(
    "/posts/{chain}/@{author}/{permlink}/votes",
    response_class=HTMLResponse,
    include_in_schema=False,
)
def votes(
    request: Request,
    here: Here,
    visitor: Reader,
    chain: str,
    author: str,
    permlink: str,
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> HTMLResponse:
    """All votes, those first that weigh most."""
    post = rows_of(here, chain, author, permlink)[0]
    found = ranked(shown(here.records, post).came)
    pages = max(1, -(-len(found) // VOTES_A_PAGE))
    number = min(number, pages)
    return page(
        request,
        here,
        visitor,
        "votes.html",
        post=post.publication,
        votes=found[(number - 1) * VOTES_A_PAGE : number * VOTES_A_PAGE],
        count=len(found),
        number=number,
        pages=pages,
    )


@routes.get(
    "/api/v1/posts/{chain}/@{author}/{permlink}",
    responses={404: failure("Nothing is recorded of it.")},
)
def tell(
    here: Here, _: Reader, chain: str, author: str, permlink: str, sort: Sort = "trending"
) -> list[Mapping[str, Any]]:
    """Each publication at this address, as `briefbot show --json` prints it, first to last."""
    found = [shown(here.records, row) for row in rows_of(here, chain, author, permlink)]
    return [shown_line(one, sort, app.worth(here.config, here.records, one.came)) for one in found]
