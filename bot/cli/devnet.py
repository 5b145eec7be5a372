"""`briefbot devnet`: a local chain to point any Steem client at."""

import asyncio
from pathlib import Path
from typing import Literal

import click

from bot.cli import terminal
from bot.devnet.genesis import signing_key
from bot.devnet.keys import derived, wif
from bot.devnet.network import ACCOUNTS, PHRASE, WITNESS, Finality, Network, network
from bot.devnet.node import Node
from bot.devnet.store import StoreDiffers
from bot.devnet.testing import READY


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8090, show_default=True,
              help="On 127.0.0.1; 0 picks a free one.")  # fmt: skip
@click.option("--data", type=click.Path(file_okay=False, path_type=Path),
              help="Folder of its state; without it, everything is gone at the end.")  # fmt: skip
@click.option("--flavour", type=click.Choice(["steem", "hive"]), default="steem",
              show_default=True, help="Whose rules and names it plays.")  # fmt: skip
@click.option("--testnet", is_flag=True,
              help="As a bare test build: prefix TST, symbols TESTS and TBD, payouts after an "
                   "hour, and initminer with all the supply.")  # fmt: skip
@click.option("--clock", type=click.Choice(["real", "manual"]), default="real", show_default=True,
              help="manual: blocks only by debug_node_api.debug_generate_blocks.")  # fmt: skip
@click.option("--block-interval", type=click.FloatRange(0.01), default=3.0, show_default=True,
              help="Real seconds between blocks; chain time goes on 3 seconds each.")  # fmt: skip
@click.option("--finality", type=click.Choice(["young", "witnesses", "approvals"]),
              help="Irreversible 21 blocks behind the head; 15 to 20 behind, as 21 witnesses build "
                   "on; or at once. By default as the flavour does.")  # fmt: skip
@click.option("--nodes", type=click.IntRange(1, 9), default=1, show_default=True,
              help="Ports that answer for the one chain, from --port upwards.")  # fmt: skip
@click.option("--keep-alive", is_flag=True,
              help="Keep connections open, as a proxy before a node does. steemd's own server "
                   "closes each after one answer.")  # fmt: skip
@click.option("--admin", is_flag=True, help="Let devnet_api make forks and troubles on demand.")
def devnet(
    port: int,
    data: Path | None,
    flavour: str,
    clock: Literal["real", "manual"],
    block_interval: float,
    finality: Finality | None,
    nodes: int,
    *,
    testnet: bool,
    keep_alive: bool,
    admin: bool,
) -> None:
    """Run a Steem-style chain of your own on this machine, for any client that speaks JSON-RPC.

    It checks signatures, authorities and the chain's own rules, makes real blocks, counts votes,
    pays out, and refuses with the texts of steemd. It is an image host too.

    The accounts and their keys are printed at the start; they are the same everywhere and worth
    nothing. `--block-interval 0.03` rehearses a calendar a hundred times as fast.

    \b
    Try it:
      briefbot devnet --block-interval 0.5 &
      curl -s http://127.0.0.1:8090 -d \\
        '{"jsonrpc":"2.0","id":1,"method":"condenser_api.get_accounts","params":[["alice"]]}'

    docs/devnet.md: pointing other clients at it, its rules, troubles, and use in pytest.
    """  # noqa: D301  # click's mark for text that keeps its lines
    chosen = network(flavour, testnet=testnet, finality=finality)
    interval = None if clock == "manual" else block_interval
    try:
        node = Node(
            chosen,
            data,
            block_interval=interval,
            admin=admin,
            listeners=nodes,
            keep_alive=keep_alive,
        )
    except StoreDiffers as error:
        raise click.ClickException(f"{data}: {error}; choose or empty the folder") from None

    def ready(listening: list[int]) -> None:
        terminal.tell(READY + " ".join(f"http://127.0.0.1:{number}" for number in listening))
        terminal.tell(f"chain id {chosen.chain_id}, prefix {chosen.prefix}")
        _print_keys(chosen)

    try:
        asyncio.run(node.serve(port, ready))
    except OSError as error:
        raise click.ClickException(f"port {port}: {error.strerror}; choose another") from None


def _print_keys(chosen: Network) -> None:
    """The accounts and their keys, which are no secret."""
    if chosen.bare:
        terminal.tell(f"account {WITNESS}, with one key for everything: {wif(signing_key(chosen))}")
        return
    terminal.tell("accounts, with their posting and active keys:")
    for name in ACCOUNTS:
        for role, shown in (("posting", name), ("active", "")):
            terminal.tell(f"  {shown:<9} {role:<8} {wif(derived(name, role, PHRASE))}")
