"""Clients from npm, unmodified: they post, vote, read back, and understand a refusal.

`make clients` installs them and runs this; it needs Node.js, which nothing else here does, so that
`make test` leaves this folder out.
"""

import json
import subprocess
from pathlib import Path

import pytest

from bot.devnet.testing import Devnet

FOLDER = Path(__file__).parent


@pytest.mark.parametrize("name", ["dhive", "dsteem", "steem-js"])
def test_an_unmodified_client_posts_votes_reads_back_and_is_refused(name):
    # these clients are made for public nodes, whose proxies keep connections
    with Devnet(block_interval=0.2, keep_alive=True) as devnet:
        chain_id = devnet.rpc("condenser_api.get_config", [])["STEEM_CHAIN_ID"]
        keys = [devnet.key("alice"), devnet.key("bob")]
        done = subprocess.run(
            ["node", "publish.js", name, devnet.url, chain_id, *keys],
            cwd=FOLDER,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["title"] == f"By {name}"
    assert told["body"] == "Tables, ünïcödé and 日本 🎉"
    assert told["net_votes"] == 1
    assert told["pending_payout_value"].startswith("1.")
    assert told["refused"]["message"].endswith("You may only post once every 5 minutes.")
    assert told["refused"]["name"] == "assert_exception"
    assert told["refused"]["code"] == 10
