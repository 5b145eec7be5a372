"""`make bench-devnet`: how fast the devnet takes comments, what 100,000 cost, how fast it is back.

Comments go over HTTP, one a call, each signed by an account of its own with a signature that the
devnet checks. The baseline of the rate is what the machine can do of the checking alone: recoveries
of public keys by coincurve in one thread.
"""

import http.client
import json
import sys
import tempfile
import time
from calendar import timegm
from hashlib import sha256
from pathlib import Path

import coincurve

from bot.devnet.keys import public_of
from bot.devnet.testing import Devnet
from tests.devnet import signing

CHAIN_ID = "18dcf0a285365fc58b71f18b3d3fec954aa0c141c44e4e5cb4cf777b9eab274e"
INIT_KEY = sha256(b"init_key").digest()
ACCOUNTS = 2000
BODY = "A sentence of the length that a sentence in a reply has. " * 8


def main() -> None:
    """Measure and print."""
    posts = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        devnet = Devnet(
            data=Path(folder), keep_alive=True, arguments=("--testnet", "--clock", "manual")
        )
        devnet.start()
        tell("cold start, s", time.perf_counter() - begun)
        bench = Bench(devnet)
        bench.prepare()
        rates = [bench.round(number) for number in range(posts // ACCOUNTS)]
        recoveries = recoveries_per_second()
        tell("accepted comments a second, first round", rates[0])
        tell("accepted comments a second, last round", rates[-1])
        tell("recoveries a second (baseline)", recoveries)
        tell("ratio, last round", rates[-1] / recoveries)
        tell(f"memory with {posts} comments, MB", memory(devnet))
        devnet.stop()
        begun = time.perf_counter()
        devnet.start()
        tell("restart from its file, s", time.perf_counter() - begun)
        last = devnet.rpc("condenser_api.get_content", [bench.names[-1], f"r{len(rates) - 1}"])
        assert last["body"] == BODY, "everything is still there"
        devnet.stop()


class Bench:
    """One devnet, its accounts, and one connection."""

    def __init__(self, devnet: Devnet) -> None:
        self.devnet = devnet
        self.connection = http.client.HTTPConnection("127.0.0.1", devnet.port)
        self.names = [f"user{number:05}" for number in range(ACCOUNTS)]
        self.keys = {name: sha256(name.encode()).digest() for name in self.names}

    def prepare(self) -> None:
        """Accounts with power, and a post to reply to."""
        self.blocks(2)
        for first in range(0, ACCOUNTS, 50):
            operations = []
            for name in self.names[first : first + 50]:
                key = public_of(coincurve.PrivateKey(self.keys[name]), "TST")
                authority = {"weight_threshold": 1, "account_auths": [], "key_auths": [[key, 1]]}
                roles = dict.fromkeys(("owner", "active", "posting"), authority)
                account = {"fee": "0.000 TESTS", "creator": "initminer", "new_account_name": name}
                account |= roles | {"memo_key": key, "json_metadata": ""}
                power = {"from": "initminer", "to": name, "amount": "1000.000 TESTS"}
                operations += [["account_create", account], ["transfer_to_vesting", power]]
            self.send(self.transaction(operations, INIT_KEY))
            self.blocks(1)
        root = comment(self.names[0], "root", "", "bench")
        self.send(self.transaction([root], self.keys[self.names[0]]))
        self.blocks(2)

    def round(self, number: int) -> float:
        """One comment of every account; returns how many a second were accepted."""
        made = [
            self.transaction([comment(name, f"r{number}", self.names[0], "root")], self.keys[name])
            for name in self.names
        ]
        begun = time.perf_counter()
        for body in made:
            self.send(body)
        self.blocks(16)  # as many as they fill
        return len(made) / (time.perf_counter() - begun)

    def transaction(self, operations: list, key: bytes) -> bytes:
        """The body of a broadcast."""
        made = {
            "ref_block_num": self.head["head_block_number"] & 0xFFFF,
            "ref_block_prefix": int.from_bytes(
                bytes.fromhex(self.head["head_block_id"])[4:8], "little"
            ),
            "expiration": self.expiration,
            "operations": operations,
            "extensions": [],
        }
        raw = signing.unsigned(made, seconds)
        made["signatures"] = [signing.sign(raw, CHAIN_ID, key)]
        return request("condenser_api.broadcast_transaction", [made])

    def send(self, body: bytes) -> dict:
        """One call over the connection."""
        self.connection.request("POST", "/", body)
        reply = json.loads(self.connection.getresponse().read())
        assert "error" not in reply, reply["error"]["message"]
        return reply["result"]

    def blocks(self, count: int) -> None:
        """Make blocks, and look where the chain is then."""
        given = {"debug_key": "", "count": count, "miss_blocks": 0}
        self.send(request("debug_node_api.debug_generate_blocks", given))
        self.head = self.send(request("condenser_api.get_dynamic_global_properties", []))
        later = time.gmtime(seconds(self.head["time"]) + 600)
        self.expiration = time.strftime(signing.EPOCH_FORMAT, later)


def comment(author: str, permlink: str, parent: str, parent_permlink: str) -> list:
    """A comment operation."""
    fields = {"parent_author": parent, "parent_permlink": parent_permlink, "author": author}
    rest = {"permlink": permlink, "title": "", "body": BODY, "json_metadata": '{"app":"bench/1"}'}
    return ["comment", fields | rest]


def request(method: str, params: object) -> bytes:
    """A JSON-RPC request's body."""
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()


def seconds(stamp: str) -> int:
    """A chain's time as a number."""
    return timegm(time.strptime(stamp, signing.EPOCH_FORMAT))


def recoveries_per_second() -> float:
    """How many public keys coincurve recovers in a second, in one thread."""
    digest = sha256(b"bench").digest()
    signature = coincurve.PrivateKey(INIT_KEY).sign_recoverable(digest, hasher=None)
    begun = time.perf_counter()
    for _ in range(2000):
        coincurve.PublicKey.from_signature_and_message(signature, digest, hasher=None)
    return 2000 / (time.perf_counter() - begun)


def memory(devnet: Devnet) -> float:
    """What the devnet's process holds now, in MB."""
    status = Path(f"/proc/{devnet.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1000


def tell(name: str, value: float) -> None:
    """One line of the table."""
    print(f"{name:<44}{value:>12.4g}", flush=True)


if __name__ == "__main__":
    main()
