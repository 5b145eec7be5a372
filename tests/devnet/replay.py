"""Plays the recording of a real steemd against a devnet, step by step, and compares.

`python -m tests.devnet.replay` prints what differs. What may vary is what the recording's README
lists, and nothing else: see `VARYING`.
"""

import json
import re
import time
import urllib.request
from calendar import timegm
from hashlib import sha256
from pathlib import Path

from bot.devnet.testing import Devnet
from tests.devnet import signing

RECORDING = Path(__file__).parents[1] / "fixtures/steemd/recorded.json"
CHAIN_ID = "18dcf0a285365fc58b71f18b3d3fec954aa0c141c44e4e5cb4cf777b9eab274e"
INIT_KEY = sha256(b"init_key").digest()
PHRASE = "recorded phrase"


def main():
    for name, differences in play(json.loads(RECORDING.read_text())):
        for difference in differences:
            print(f"{name}: {difference}")  # what it is run for


def node():
    return Devnet(arguments=("--testnet", "--clock", "manual"))


def play(steps):
    """Yields (step's name, differences) for every recorded reply."""
    with node() as devnet:
        for number, step in enumerate(steps):
            found = Step(devnet, step).play()
            if found is not None:
                yield f"{number} {step.get('name', 'setup')}", found


class Step:
    def __init__(self, devnet, step):
        self.devnet, self.step = devnet, step

    def play(self):
        step = self.step
        if "advance_blocks" in step:
            self.call("debug_node_api.debug_generate_blocks", {
                "debug_key": "", "count": step["advance_blocks"], "skip": 0, "miss_blocks": 0,
                "edit_if_needed": True})  # fmt: skip
            return None
        if "setup" in step:
            reply = self.send(step["setup"], step["signers"], "condenser_api.broadcast_transaction")
            accepted = "error" not in reply
            return [] if accepted == step["accepted"] else [f"setup: {reply}"]
        if "ops" in step:
            reply = self.send(step["ops"], step["signers"], step["broadcast"], **step["tx"])
        elif step.get("method"):
            reply = self.call(step["method"], self.params(step))
        else:
            reply = self.post(step["request_body"].encode())
        return list(differences(step["reply"], reply))

    def params(self, step):
        """The recorded ones; what names a transaction or a block is of this chain."""
        if step["method"] == "condenser_api.broadcast_transaction":
            return [self.devnet.last_transaction]
        if step["method"].endswith("get_ops_in_block"):
            return [self.head()["head_block_number"], *step["params"][1:]]
        text = json.dumps(step["params"])
        if step["name"] in {"status in block", "transaction in block"}:
            return json.loads(HEXADECIMAL_ID.sub(self.devnet.last_id, text))
        return step["params"]

    def call(self, method, params):
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return self.post(json.dumps(request, ensure_ascii=False).encode())

    def post(self, body):
        with urllib.request.urlopen(self.devnet.url, data=body, timeout=30) as answer:
            assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
            return json.loads(answer.read())

    def head(self):
        return self.call("condenser_api.get_dynamic_global_properties", [])["result"]

    def send(self, ops, signers, method, **unusual):
        """Build, sign and send a transaction as the recording says."""
        head = self.head()
        number = head["head_block_number"]
        expiration = time.gmtime(seconds(head["time"]) + unusual.get("exp", 600))
        made = {
            "ref_block_num": unusual.get("ref", number & 0xFFFF),
            "ref_block_prefix": unusual.get(
                "prefix", int.from_bytes(bytes.fromhex(head["head_block_id"])[4:8], "little")
            ),
            "expiration": time.strftime(signing.EPOCH_FORMAT, expiration),
            "operations": ops,
            "extensions": [],
        }
        raw = signing.unsigned(made | {"operations": self.signed(ops)}, seconds)
        chain_id = unusual.get("chain_id", CHAIN_ID)
        signatures = [signing.sign(raw, chain_id, key(signer)) for signer in signers]
        if unusual.get("dup_sig"):
            signatures.append(signatures[0])
        if self.step.get("name") == "short signature":
            signatures = [signatures[0][:64]]
        made["signatures"] = signatures
        self.devnet.last_transaction, self.devnet.last_id = made, signing.identify(raw)
        if method == "condenser_api.broadcast_transaction":
            return self.call(method, [made])
        operations = [signing.appbase(*op) for op in ops]
        return self.call(method, {"trx": made | {"operations": operations}})

    def signed(self, ops):
        """The operations over which the signature was made, where others were sent."""
        name = self.step.get("name")
        if name in {"body changed after signing", "missing field"}:
            return [(ops[0][0], ops[0][1] | {"body": "Body"})]
        return ops


def key(signer):
    if signer == "init":
        return INIT_KEY
    account, _, role = signer.partition("/")
    return signing.password_key(account, role or "posting", PHRASE)


def seconds(stamp):
    return timegm(time.strptime(stamp, signing.EPOCH_FORMAT))


# -- comparing -------------------------------------------------------------------------------------

HEXADECIMAL_ID = re.compile(r"[0-9a-f]{40}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
HEXADECIMAL = re.compile(r"[0-9a-f]{40}|[0-9a-f]{130}")
VESTS = re.compile(r"-?\d+\.\d{6} VESTS")
NAI_OF_VESTS = "@@000000037"
VARYING = {
    # ids and block numbers
    "id", "block", "block_num", "ref_block_num", "ref_block_prefix", "head_block_number",
    "current_aslot", "last_irreversible_block_num",
    # mana, and what is counted in it
    "current_mana", "last_update_time", "max_rc", "voting_power", "trending", "rshares",
    "net_rshares", "abs_rshares", "vote_rshares", "children_abs_rshares", "total_vote_weight",
    # what depends on when the hardfork was set in the recorded chain: the coins made since
    "virtual_supply", "current_supply", "current_sbd_supply", "total_vesting_fund_steem",
    "sps_interval_ledger", "reward_balance", "available_account_subsidies",
    # counts of the tags plugin, which counts edits too
    "top_posts", "comments",
    # revision strings
    "steem_revision", "fc_revision",
}  # fmt: skip


def differences(recorded, ours, path=""):
    """Where two replies differ in what should match."""
    if path.endswith(".error"):
        yield from error_differences(recorded, ours)
    elif type(recorded) is not type(ours):
        yield f"{path}: {recorded!r:.90} is recorded, not {ours!r:.90}"
    elif isinstance(recorded, dict):
        yield from object_differences(recorded, ours, path)
    elif isinstance(recorded, list):
        if len(recorded) != len(ours):
            yield f"{path}: {len(recorded)} are recorded, not {len(ours)}: {ours!r:.200}"
            return
        for number, (old, new) in enumerate(zip(recorded, ours, strict=True)):
            yield from differences(old, new, f"{path}[{number}]")
    elif recorded != ours and not may_vary(recorded, ours, path):
        yield f"{path}: {recorded!r:.90} is recorded, not {ours!r:.90}"


def object_differences(recorded, ours, path):
    if recorded.get("nai") == NAI_OF_VESTS:
        recorded, ours = recorded | {"amount": "some"}, ours | {"amount": "some"}
    if list(recorded) != list(ours):
        yield f"{path}: fields {list(recorded)} are recorded, not {list(ours)}"
        return
    for name in recorded:
        old, new = recorded[name], ours[name]
        if name not in VARYING and not (name == "weight" and "rshares" in recorded):
            yield from differences(old, new, f"{path}.{name}")
        elif shape(old) != shape(new):
            yield f"{path}.{name}: {old!r} is recorded, not {new!r}"


def may_vary(recorded, ours, path):
    """Times, hashes, vests, and the numbers of a history's entries."""
    if isinstance(recorded, int):
        return path.endswith("][0]")
    return any(
        pattern.fullmatch(recorded) and pattern.fullmatch(ours)
        for pattern in (TIME, HEXADECIMAL, VESTS)
    )


def shape(value):
    """The types in a value that may vary."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    return type(value)


def error_differences(recorded, ours):
    old, new = recorded, ours
    for name in ("code", "message"):
        told, tells = old[name], new.get(name)
        if name == "message":
            told, tells = without_credits(told), without_credits(tells)
        if told != tells:
            yield f"error {name}: {told!r} is recorded, not {tells!r}"
    if ("data" in old) != ("data" in new):
        yield "error data: only one has it"
    elif "data" in old:
        for name in ("code", "name", "message"):
            if old["data"][name] != new["data"][name]:
                yield f"error {name}: {old['data'][name]!r}, not {new['data'][name]!r}"
        first, mine = old["data"]["stack"][0], new["data"]["stack"][0]
        if first["format"] != mine["format"]:
            yield f"error format: {first['format']!r}, not {mine['format']!r}"
        if list(first["data"]) != list(mine["data"]):
            yield f"error data keys: {list(first['data'])}, not {list(mine['data'])}"
        frames = [(f["format"], list(f["data"])) for f in old["data"]["stack"]]
        ours_frames = [(f["format"], list(f["data"])) for f in new["data"]["stack"]]
        if frames != ours_frames:
            yield f"stack: {frames}, not {ours_frames}"


def without_credits(message):
    return re.sub(r"\d+ RC", "some RC", message or "")


if __name__ == "__main__":
    main()
