"""What importing the room costs, and what it must not bring along."""

import json
import subprocess
import sys


def modules_after(statement, home):
    script = f"{statement}; import json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        env={"HOME": str(home), "PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stderr == ""
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


def test_profiles_errors_and_protocol_cost_neither_beem_nor_an_http_client(tmp_path):
    loaded = modules_after("import bot.chain", tmp_path)
    assert not loaded & {"beembase", "beemgraphenebase", "httpx2", "coincurve", "ecdsa"}


def test_the_chain_itself_brings_no_beem_that_keeps_state_or_talks_to_the_network(tmp_path):
    loaded = modules_after("from bot.chain.beem_chain import BeemChain", tmp_path)
    assert not loaded & {"beem", "beemapi", "beemstorage", "requests", "websocket"}
    assert list(tmp_path.rglob("*")) == []
