"""`briefbot audit`: do the records and the chain tell the same?"""

from dataclasses import asdict

import click

from bot import app
from bot.cli import terminal
from bot.cli.naming import authors
from bot.config import load


@click.command()
@click.option("--author", shell_complete=authors, help="Only this account.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def audit(ctx: click.Context, author: str | None, *, as_json: bool) -> None:
    """Hold the records against the chain, and say what differs.

    Every brief's post must be there once, in the transaction and block that the log tells, with
    the text that was queued, not before its date; and the history must be one that the rules
    allow. Reads, changes nothing. Exits with 1 when something differs, with 3 when nothing does
    and something couldn't be compared, because no node tells of its block.
    """
    from bot.reports.audit import UNTOLD, histories, ledger_of, violations  # noqa: PLC0415

    config = load(ctx.obj["config_file"])
    profiles = app.profiles(config)
    compared, codes = 0, []
    with app.records(config) as records:
        for name in sorted({row.publication.chain for row in records.log(author=author)}):
            if name not in profiles:
                terminal.tell(f"{name}: this chain isn't configured, not compared", error=True)
                continue
            told = histories(records, chain=name, author=author)
            with app.chain(profiles[name], app.http(config)) as chain:
                head = chain.head()
                ledger = ledger_of(chain, told)
            compared += len(told)
            for violation in violations(
                told,
                ledger.operations,
                irreversible_block_num=head.irreversible_block_num,
                untold=ledger.untold,
            ):
                codes.append(violation.code)
                if as_json:
                    terminal.tell_json({"chain": name} | asdict(violation))
                else:
                    terminal.tell(f"{violation.brief}: {violation.code}: {violation.message}")
    untold = codes.count(UNTOLD)
    found = len(codes) - untold
    if not as_json:
        counts = f"{compared - untold} publications compared with the chain, {found} differences"
        terminal.tell(f"{counts}, {untold} that can't be compared" if untold else counts)
    if codes:
        ctx.exit(1 if found else 3)
