"""`briefbot audit`: do the records and the chain tell the same?"""

import json
from dataclasses import asdict

import click

from bot.cli import workspace


@click.command()
@click.option("--author", help="Only this account.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def audit(ctx: click.Context, author: str | None, *, as_json: bool) -> None:
    """Hold the records against the chain, and say what differs.

    Every brief's post must be there once, in the transaction and block that the log tells, with
    the text that was queued, not before its date; and the history must be one that the rules
    allow. Reads, changes nothing. Exits with 1 when something differs.
    """
    from bot.publishing.audit import histories, ledger_of, violations  # noqa: PLC0415

    config = workspace.settings(ctx)
    profiles = workspace.profiles(config)
    compared, found = 0, 0
    with workspace.records(config) as records:
        for name in sorted({row.publication.chain for row in records.log(author=author)}):
            if name not in profiles:
                click.echo(f"{name}: this chain isn't configured, not compared", err=True)
                continue
            told = histories(records, chain=name, author=author)
            with workspace.chain(profiles[name], workspace.http(config)) as chain:
                head = chain.head()
                ledger = ledger_of(chain, told)
            compared += len(told)
            for violation in violations(
                told, ledger, irreversible_block_num=head.irreversible_block_num
            ):
                found += 1
                if as_json:
                    told_as = {"chain": name} | asdict(violation)
                    click.echo(json.dumps(told_as, ensure_ascii=False))
                else:
                    click.echo(f"{violation.brief}: {violation.code}: {violation.message}")
    if not as_json:
        click.echo(f"{compared} publications compared with the chain, {found} differences")
    if found:
        ctx.exit(1)
