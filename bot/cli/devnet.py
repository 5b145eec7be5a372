"""`briefbot devnet`: a local chain to point any Steem client at."""

import asyncio
from pathlib import Path

import click

from bot.devnet.keys import derived, wif
from bot.devnet.network import ACCOUNTS, PHRASE, network
from bot.devnet.node import Node
from bot.devnet.testing import READY


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8090, show_default=True,
              help="On 127.0.0.1; 0 picks a free one.")  # fmt: skip
@click.option("--data", type=click.Path(file_okay=False, path_type=Path),
              help="Folder of its state; without it, everything is gone at the end.")  # fmt: skip
@click.option("--flavour", type=click.Choice(["steem", "hive"]), default="steem",
              show_default=True, help="Whose rules and names it plays.")  # fmt: skip
@click.option("--testnet", is_flag=True, help="Prefix TST, symbols TESTS and TBD, as a test build.")
@click.option("--clock", type=click.Choice(["real", "manual"]), default="real", show_default=True,
              help="manual: blocks only by debug_node_api.debug_generate_blocks.")  # fmt: skip
@click.option("--block-interval", type=click.FloatRange(0.01), default=3.0, show_default=True,
              help="Real seconds between blocks; chain time goes on 3 seconds each.")  # fmt: skip
@click.option("--admin", is_flag=True, help="Let devnet_api make forks and troubles on demand.")
def devnet(
    port: int,
    data: Path | None,
    flavour: str,
    clock: str,
    block_interval: float,
    *,
    testnet: bool,
    admin: bool,
) -> None:
    """Run a Steem-style chain of your own on this machine, for any client that speaks JSON-RPC.

    It checks signatures, authorities and the chain's own rules, makes real blocks, and refuses
    with the texts of steemd. The accounts and their posting keys are printed at the start; they
    are the same everywhere and worth nothing. `--block-interval 0.03` rehearses a calendar a
    hundred times as fast.
    """
    chosen = network(flavour, testnet=testnet)
    node = Node(
        chosen,
        data,
        block_interval=None if clock == "manual" else block_interval,
        admin=admin,
    )

    def ready(listening: int) -> None:
        click.echo(f"{READY}http://127.0.0.1:{listening}")
        click.echo(f"chain id {chosen.chain_id}, prefix {chosen.prefix}")
        click.echo("accounts and their posting keys:")
        for name in ACCOUNTS:
            click.echo(f"  {name:<9} {wif(derived(name, 'posting', PHRASE))}")

    try:
        asyncio.run(node.serve(port, ready))
    except OSError as error:
        raise click.ClickException(f"port {port}: {error.strerror}; choose another") from None
