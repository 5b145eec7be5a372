"""`briefbot show`: one publication whole."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from difflib import unified_diff
from typing import Any

import click

from bot import app
from bot.chain.codec import comment_in
from bot.chain.outcomes import Asset
from bot.cli import terminal
from bot.cli.naming import briefs, name_of, nothing_recorded
from bot.cli.times import told as at
from bot.config import Settings, load
from bot.records import Attempt, Event, Kind, LogRow, Publication, Records
from bot.records.earnings import Whole
from bot.records.earnings import whole as results_of
from bot.records.outcomes import PostRecord
from bot.reports.log import whole
from bot.reports.results import SORTS, Valuation, of_post, sparkline, threaded

_SHOWN = 200  # characters of a reply


@click.command()
@click.argument("which", metavar="BRIEF|@AUTHOR/PERMLINK|TRX_ID", shell_complete=briefs)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option(
    "--sort",
    type=click.Choice(SORTS),
    default=SORTS[0],
    show_default=True,
    help="The order of the replies.",
)
@click.option("--difference", is_flag=True, help="Between the chain's text and the brief's.")
@click.pass_context
def show(ctx: click.Context, which: str, sort: str, *, as_json: bool, difference: bool) -> None:
    """Show one publication whole: attempts, events, results."""
    config = load(ctx.obj["config_file"])
    with app.records(config) as records:
        rows = records.find(name_of(config, which))
        if not rows:
            raise nothing_recorded(config, which)
        if difference:
            _show_differences(config, [row.publication for row in rows])
            return
        for row in rows:
            publication = row.publication
            attempts, events = records.attempts(publication.id), records.events(publication.id)
            told = whole(row, attempts, events)
            came = _came_of(records, publication)
            if as_json:
                results = of_post(came, sort, _worth(config, records, came)) if came else None
                terminal.tell_json(told | {"results": results}, 2)
            else:
                _tell(row, told, attempts, events, config.timezone)
                if came:
                    worth = _worth(config, records, came)
                    _tell_results(came, sort, config.timezone, worth)


def _came_of(records: Records, publication: Publication) -> Whole | None:
    """What came of the post that a publication is about."""
    if publication.kind is Kind.REBLOG:
        return None
    return results_of(records, publication.chain, publication.author, publication.permlink)


def _tell(
    row: LogRow,
    told: Mapping[str, Any],
    attempts: Iterable[Attempt],
    events: Iterable[Event],
    timezone: str,
) -> None:
    """One publication for a person; its times as `log` and `plan` have them."""
    for key, value in told.items():
        if key in {"attempts", "events"} or value in (None, "", []):
            continue
        moment = getattr(row.publication, key, None) if key.endswith("_at") else None
        shown = at(moment, timezone) if moment else value
        shown = ", ".join(shown) if isinstance(shown, list) else shown
        terminal.tell(f"{key.replace('_', ' '):>15}  {shown}")
    for attempt in attempts:
        terminal.tell(
            f"{f'attempt {attempt.number}':>15}  {attempt.trx_id} {attempt.outcome}"
            f", signed {at(attempt.signed_at, timezone)}, sent {attempt.sends}x"
            + (f": {attempt.error}" if attempt.error else "")
        )
    for event in events:
        source = event.source.value if event.source else "·"
        by = f" (by {event.person})" if event.person else ""
        terminal.tell(
            f"{at(event.at, timezone):>20}  {source} → {event.target.value}: {event.reason}{by}"
        )


def _worth(config: Settings, records: Records, came: Whole) -> Valuation:
    """What its payout was worth on its day."""
    return app.valuation(config, records, [came.post.paid_at.date()] if came.post.paid_at else [])


def _payout(told: Mapping[str, Any], post: PostRecord, timezone: str) -> str:
    """How it stands with a post's payout."""
    state = told["payout"]
    if told["pending"]:
        state += f": {told['pending']}, due {at(post.cashout_at, timezone)}"
    elif post.paid_at:
        state += f": {told['earned']} and {told['curators']} to curators"
        state += f", {at(post.paid_at, timezone)}, block {post.paid_block}"
        if told["usd"] is not None:
            state += f"; the author's was worth ${Decimal(told['usd']):,.2f} that day"
    return str(state)


def _tell_results(came: Whole, sort: str, timezone: str, value: Valuation) -> None:
    """Payout with its course, who got what, votes, reblogs, and the replies, nested."""
    told = of_post(came, sort, value)
    post = came.post

    def line(name: str, text: str) -> None:
        terminal.tell(f"{name:>15}  {text}")

    line("payout", _payout(told, post, timezone))
    if came.course and (drawn := sparkline(came.course)):
        most = max(units for _, units in came.course)
        line("its course", f"{drawn} up to {Asset(most, post.precision, post.symbol)}")
    for share in told["shares"]:
        line("paid", f"{share['amount']} to {share['account']} ({share['kind']})")
    for edit in told["changed_by_others"]:
        line("!", f"edited by somebody else's key: {edit['trx_id']} in block {edit['block_num']}")
    if came.reblogs:
        line("reblogged by", ", ".join(came.reblogs))
    for vote in came.votes:
        line("vote", f"{vote.percent / 100:g} % by {vote.voter}, {at(vote.voted_at, timezone)}")
    for reply in threaded(came, sort):
        gone = ", deleted" if reply.deleted_at else ""
        earlier = len(came.texts.get((reply.author, reply.permlink), ()))
        edited = f", edited {earlier}x" if earlier else ""
        indent = "  " * reply.depth
        payout = Asset(reply.payout, post.precision, post.symbol)
        line(
            "reply",
            f"{indent}{reply.author}, {at(reply.created_at, timezone)}, {payout}, "
            f"{reply.votes} votes{edited}{gone}: {_beginning(reply.body)}",
        )


def _beginning(text: str) -> str:
    """A text on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"


def _show_differences(config: Settings, rows: Sequence[Publication]) -> None:
    """What would change on each chain if the brief's text went out, as a unified diff."""
    for row in {row.chain: row for row in rows if comment_in(row.operations)}.values():
        profile = app.profiles(config)[row.chain]
        with app.chain(profile, app.http(config)) as chain:
            content = chain.content(row.author, row.permlink)
        wanted = comment_in(row.operations)
        theirs = [content.title, "", *content.body.split("\n")] if content else []
        ours = [wanted["title"], "", *wanted["body"].split("\n")]
        where = f"@{row.author}/{row.permlink} on {row.chain}"
        for line in unified_diff(theirs, ours, where, row.path or row.brief, lineterm=""):
            terminal.tell(line, verbatim=True)
