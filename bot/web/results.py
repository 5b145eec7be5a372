"""What came of posts, in sums and charts: the figures of `briefbot results`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

from babel.dates import get_day_names
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from bot import app
from bot.chain.outcomes import decimal_text
from bot.records.earnings import Earning, earnings
from bot.records.reading import storable
from bot.reports.results import Group, Valuation, by_hour_of_week, grouped
from bot.web import charts
from bot.web.charts import Bar, Cell
from bot.web.pages import N_, page, words_for
from bot.web.security import Reader
from bot.web.times import LONGEST, given_time
from bot.web.words import Words
from bot.web.workplace import Here, Workplace

MOST_BARS = 20
SPAN = "365d"
"""What is shown unless something else is asked for."""
SPANS = {"30d": N_("30 days"), "90d": N_("90 days"), SPAN: N_("A year"), "all": N_("All")}
MEASURES = {
    "payout": N_("Payout"),
    "votes": N_("Votes"),
    "replies": N_("Replies"),
    "posts": N_("Posts"),
}
CHARTS = {"month": N_("By month"), "author": N_("By author"), "tag": N_("By tag")}

Measure = Literal["payout", "votes", "replies", "posts"]
By = Literal["post", "author", "tag", "weekday", "hour", "month"]
Name = Annotated[str | None, Query(max_length=256)]
Time = Annotated[str | None, Query(max_length=LONGEST)]

routes = APIRouter()


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart and the sums that it shows, its twin.

    Attributes:
        more: groups that have no bar; the table has them.
    """

    by: str
    name: str
    drawing: Markup
    groups: Sequence[Group]
    more: int

    @property
    def named(self) -> Sequence[tuple[str, Group]]:
        """The sums with their names."""
        return [(group.name, group) for group in self.groups]


@dataclass(frozen=True, slots=True)
class Week:
    """The heat map and its twin: (weekday, hour, sums, mean of a post)."""

    drawing: Markup
    rows: Sequence[tuple[str, str, Group, str]]


def rows_of(
    here: Workplace, words: Words, author: str | None, tag: str | None, since: str | None
) -> tuple[Sequence[Earning], Valuation]:
    """Posts that are asked for, and what their payouts were worth."""
    start = None if since == "all" else given_time("since", since, words)
    author = storable(author).strip().removeprefix("@") if author else None
    rows: Sequence[Earning] = earnings(here.records, author=author or None, since=start)
    if tag and (wanted := tag.strip().lstrip("#").lower()):
        rows = [row for row in rows if wanted in row.tags]
    days = {row.post.paid_at.date() for row in rows if row.post.paid_at}
    return rows, app.valuation(here.config, here.records, days)


def _amount(group: Group, measure: Measure) -> tuple[Decimal, Decimal]:
    """What of a group is shown: what is certain, and what may come on top."""
    if measure != "payout":
        return Decimal(getattr(group, measure)), Decimal(0)
    earned, pending = (
        sum((Decimal(units).scaleb(-digits) for (_, digits), units in amounts.items()), Decimal(0))
        for amounts in (group.earned, group.pending)
    )
    return earned, pending


def _told(group: Group, measure: Measure, words: Words) -> str:
    if measure != "payout":
        return words.number(_amount(group, measure)[0])
    return amounts_of(group.earned, group.pending)


def amounts_of(*amounts: Mapping[tuple[str, int], int]) -> str:
    """Sums of each asset, `1.250 SBD + 3.000 BLURT`."""
    sums: dict[tuple[str, int], int] = {}
    for one in amounts:
        for asset, units in one.items():
            sums[asset] = sums.get(asset, 0) + units
    told = [
        f"{decimal_text(units, digits)} {symbol}"
        for (symbol, digits), units in sorted(sums.items())
        if symbol and units
    ]
    return " + ".join(told) or "0"


def _chart(
    by: str, rows: Sequence[Earning], value: Valuation, measure: Measure, words: Words
) -> Chart:
    say = words.texts.gettext
    groups = grouped(rows, by, words.zone.key, value)
    if by == "month":
        shown = groups[-MOST_BARS:]
    else:
        groups = sorted(groups, key=lambda group: (-sum(_amount(group, measure)), group.name))
        shown = groups[:MOST_BARS]
    given = []
    for group in shown:
        certain, rest = _amount(group, measure)
        given.append(Bar(group.name, certain, _told(group, measure, words), rest))
    title = f"{say(CHARTS[by])}: {say(MEASURES[measure])}"
    described = say(N_("%(count)s bars; the table below has the figures")) % {
        "count": words.number(len(shown))
    }
    drawing = charts.bars(f"by-{by}", title, described, given)
    return Chart(by, CHARTS[by], drawing, groups, len(groups) - len(shown))


def _week(rows: Sequence[Earning], value: Valuation, measure: Measure, words: Words) -> Week:
    """When posts went out, and what one of them brought on average."""
    say = words.texts.gettext
    days = get_day_names("abbreviated", "stand-alone", words.locale)
    names = [days[number] for number in range(7)]
    cells, told = {}, []
    for (day, hour), group in by_hour_of_week(rows, words.zone.key, value).items():
        certain, rest = _amount(group, measure)
        mean = certain if measure == "posts" else (certain + rest) / group.posts
        text = words.number(round(mean, 2))
        clock = f"{hour:02d}:00"
        cells[day, hour] = Cell(mean, f"{names[day]} {clock}: {text} ({group.posts})")
        told.append((names[day], clock, group, text))
    drawing = charts.heat_map(
        "by-hour",
        say(N_("By weekday and hour")),
        say(N_("The larger a square, the more a post brought that went out then")),
        names,
        [f"{hour}" if hour % 6 == 0 else "" for hour in range(24)],
        cells,
    )
    return Week(drawing, told)


@routes.get("/results", response_class=HTMLResponse, include_in_schema=False)
def show(
    request: Request,
    here: Here,
    visitor: Reader,
    author: Name = None,
    tag: Name = None,
    since: Time = SPAN,
    measure: Measure = "payout",
) -> HTMLResponse:
    """The page."""
    words = words_for(request, here)
    rows, value = rows_of(here, words, author, tag, since)
    return page(
        request,
        here,
        visitor,
        "results.html",
        charts=[_chart(by, rows, value, measure, words) for by in CHARTS],
        week=_week(rows, value, measure, words),
        total=_total(rows, value),
        given={"author": author or "", "tag": tag or "", "since": since or "all"},
        measure=measure,
        measures=MEASURES,
        spans=SPANS,
        amounts_of=amounts_of,
    )


def _total(rows: Sequence[Earning], value: Valuation) -> Group:
    """All of it, in one sum."""
    total = Group("")
    for row in rows:
        total.add(row, value)
    return total


@routes.get("/api/v1/results")
def tell(
    request: Request,
    here: Here,
    _: Reader,
    by: By = "post",
    author: Name = None,
    tag: Name = None,
    since: Time = None,
) -> list[Mapping[str, Any]]:
    """Sums over posts, as `briefbot results --json` prints them."""
    words = words_for(request, here)
    rows, value = rows_of(here, words, author, tag, since)
    return [group.line() for group in grouped(rows, by, here.config.timezone, value)]
