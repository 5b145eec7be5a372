"""`briefbot prices`: what coins are worth, by whose word, and how old that is."""

from collections.abc import Iterator

import click

from bot import app
from bot.chain.errors import NodesUnreachable
from bot.cli import terminal
from bot.cli.logging import quiet_log
from bot.cli.times import told
from bot.clock import utc_now
from bot.config import Settings, load
from bot.records import NoDatabase
from bot.reports.prices import (
    ChainPrices,
    chain_lines,
    chain_prices,
    quote_lines,
    told_age,
)
from bot.results.market import Market

_OFF = "No source of prices is configured: [prices] in docs/prices.md tells how."


@click.command()
@click.option("--refresh", is_flag=True, help="Ask the source first, if its pace allows it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def prices(ctx: click.Context, *, refresh: bool, as_json: bool) -> None:
    """Show what is known of prices, and what each used chain itself says its coin is worth.

    Prices in dollars come from the records; the service asks the configured source for them. The
    witnesses' median and the internal market are asked of the chain's nodes now.

    Exits with 3 when no node of a chain answers.
    """
    config = load(ctx.obj["config_file"])
    silent = False
    for line, text in _told(config, refresh=refresh):
        if as_json:
            terminal.tell_json(line)
        else:
            terminal.tell(text)
    for profile in app.used_profiles(config).values():
        with app.chain(profile, app.http(config)) as chain:
            found = chain_prices(chain)
        silent = silent or found.is_silent
        for line in chain_lines(found) if as_json else ():
            terminal.tell_json(line)
        for text in () if as_json else _of_chain(found):
            terminal.tell(text)
    ctx.exit(NodesUnreachable.exit_code if silent else 0)


def _told(config: Settings, *, refresh: bool) -> Iterator[tuple[dict[str, object], str]]:
    """Each coin's price, for programs and for people."""
    if config.prices is None:
        terminal.tell(_OFF, error=True)
        return
    http = app.price_http(config)
    try:
        with app.records(config) as records:
            market = app.market(config, records, http, utc_now, quiet_log())
            assert market is not None, "it is configured"
            if refresh:
                market.refresh()
            lines = list(quote_lines(market))
            trouble = _trouble(market)
            ages = {quote.symbol: quote for quote in market.now()}
    except NoDatabase as error:
        terminal.tell(f"Nothing is known yet: {error}", error=True)
        return
    finally:
        http.close()
    for line in lines:
        symbol = str(line["symbol"])
        text = f"{symbol:<6} unknown"
        if quote := ages.get(symbol):
            when = told(quote.at, config.timezone)
            text = (
                f"{symbol:<6} ${quote.usd:,f}  {told_age(quote.age)} ago ({when})  {quote.source}"
            )
        yield line, text
    if trouble:
        terminal.tell(trouble, error=True)


def _trouble(market: Market) -> str:
    state = market.state()
    if state is None:
        return f"{market.source} has not been asked yet: the service does, or --refresh."
    if not state.trouble:
        return ""
    rest = int(state.rest)
    again = f"; it is asked again in {rest} s" if state.failures and rest else ""
    return f"{market.source}: {state.trouble}{again}"


def _of_chain(found: ChainPrices) -> Iterator[str]:
    """What a chain says itself."""
    name, core, debt = found.chain, found.core, found.debt
    if debt is None:
        yield f"{name}: no dollar of its own, so no feed and no market"
        return
    if feed := found.feed:
        rates = [price.rate for price in feed.history]
        hours = f"; {min(rates):f} to {max(rates):f} in {len(rates)} h" if len(rates) > 1 else ""
        yield f"{name}: {feed.median.rate:f} {debt} for 1 {core}, the witnesses' median{hours}"
    if ticker := found.ticker:
        sides = (("last", ticker.latest), ("ask", ticker.lowest_ask), ("bid", ticker.highest_bid))
        prices = ", ".join(f"{side} {'none' if at is None else f'{at:f}'}" for side, at in sides)
        traded = f"{ticker.core_volume:f} {core} and {ticker.debt_volume:f} {debt} in a day"
        yield f"{name}: its market: {prices} {debt} for 1 {core}; {traded}"
    if found.trouble or found.feed is None or found.ticker is None:
        yield f"{name}: what is missing is unknown: {found.trouble or 'the nodes do not tell it'}"
