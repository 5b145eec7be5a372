"""A client of a devnet: plain HTTP, and transactions built by hand (see signing.py)."""

import itertools
import json
import time
import urllib.request
from calendar import timegm

from bot.devnet.testing import Devnet
from tests.devnet import signing

PHRASE = "briefbot devnet"
_NUMBERS = itertools.count(1)


class RpcError(Exception):
    def __init__(self, error):
        super().__init__(error["message"])
        self.error = error


class Client:
    """One devnet whose blocks come when a test asks for them."""

    def __init__(self, *arguments, data=None, flavour="steem"):
        self.flavour = flavour
        self.devnet = Devnet(
            data=data,
            block_interval=3600,
            admin=True,
            arguments=("--flavour", flavour, *arguments),
        )

    @classmethod
    def of(cls, devnet, flavour="steem"):
        """A client of a devnet that runs."""
        made = cls.__new__(cls)
        made.flavour, made.devnet = flavour, devnet
        return made.connected()

    def __enter__(self):
        self.devnet.start()
        return self.connected()

    def connected(self):
        config = self.rpc("condenser_api.get_config", [])
        name = "HIVE" if self.flavour == "hive" else "STEEM"
        self.chain_id = config[f"{name}_CHAIN_ID"]
        self.core, self.debt = ("HIVE", "HBD") if name == "HIVE" else ("STEEM", "SBD")
        self.percent = "percent_hbd" if name == "HIVE" else "percent_steem_dollars"
        return self

    def __exit__(self, *_):
        self.devnet.stop()

    # -- calls -------------------------------------------------------------------------------------

    def post(self, body):
        """The reply to a raw body, parsed."""
        with urllib.request.urlopen(self.devnet.url, data=body, timeout=30) as answer:
            assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
            return json.loads(answer.read().decode(errors="surrogateescape"))

    def rpc(self, method, params):
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        reply = self.post(json.dumps(request, ensure_ascii=False).encode())
        if "error" in reply:
            raise RpcError(reply["error"])
        return reply["result"]

    def blocks(self, count=1):
        self.rpc("devnet_api.generate_blocks", {"count": count})

    def pass_time(self, seconds):
        self.rpc("devnet_api.advance_time", {"seconds": seconds})

    def head(self):
        return self.rpc("condenser_api.get_dynamic_global_properties", [])

    def now(self):
        return seconds(self.head()["time"])

    def account(self, name):
        return self.rpc("condenser_api.get_accounts", [[name]])[0]

    def content(self, author, permlink):
        return self.rpc("condenser_api.get_content", [author, permlink])

    # -- operations --------------------------------------------------------------------------------

    def comment(self, author="alice", **changes):
        fields = {
            "parent_author": "",
            "parent_permlink": "taliban",
            "author": author,
            "permlink": f"p{next(_NUMBERS)}",
            "title": "T",
            "body": "Body",
            "json_metadata": "{}",
        }
        return ["comment", fields | changes]

    def reply(self, post, author="bob", **changes):
        parent = {"parent_author": post["author"], "parent_permlink": post["permlink"]}
        return self.comment(author, **(parent | changes))

    def options(self, post, **changes):
        fields = {
            "author": post["author"],
            "permlink": post["permlink"],
            "max_accepted_payout": f"1000000.000 {self.debt}",
            self.percent: 10000,
            "allow_votes": True,
            "allow_curation_rewards": True,
            "extensions": [],
        }
        if "beneficiaries" in changes:
            shares = [{"account": a, "weight": w} for a, w in changes.pop("beneficiaries")]
            changes["extensions"] = [[0, {"beneficiaries": shares}]]
        return ["comment_options", fields | changes]

    @staticmethod
    def vote(post, voter="bob", weight=10000):
        return ["vote", {"voter": voter, "author": post["author"],
                         "permlink": post["permlink"], "weight": weight}]  # fmt: skip

    @staticmethod
    def custom(name, value, signer="bob", *, active=()):
        return ["custom_json", {"required_auths": list(active),
                                "required_posting_auths": [signer] if signer else [],
                                "id": name, "json": value}]  # fmt: skip

    # -- transactions ------------------------------------------------------------------------------

    def transaction(self, *ops, signers=("alice",), lives=600, form="condenser", **changes):
        """A signed transaction; signers are `name` (posting key) or `name/role`."""
        head = self.head()
        number = head["head_block_number"]
        expiration = time.gmtime(seconds(head["time"]) + lives)
        made = {
            "ref_block_num": number & 0xFFFF,
            "ref_block_prefix": int.from_bytes(bytes.fromhex(head["head_block_id"])[4:8], "little"),
            "expiration": time.strftime(signing.EPOCH_FORMAT, expiration),
            "operations": list(ops),
            "extensions": [],
        } | {k: v for k, v in changes.items() if k in {"ref_block_num", "ref_block_prefix"}}
        raw = signing.unsigned(made, seconds)
        made["signatures"] = changes.get("signatures") or [
            signing.sign(raw, changes.get("chain_id", self.chain_id), self.key(signer))
            for signer in signers
        ]
        if form == "network":
            made["operations"] = [signing.appbase(*op) for op in ops]
        return made

    @staticmethod
    def key(signer):
        name, _, role = signer.partition("/")
        return signing.password_key(name, role or "posting", PHRASE)

    def send(self, *ops, **how):
        """Broadcast; returns the transaction's id."""
        made = self.transaction(*ops, **how)
        if how.get("form") == "network":
            self.rpc("network_broadcast_api.broadcast_transaction", {"trx": made})
        else:
            self.rpc("condenser_api.broadcast_transaction", [made])
        return signing.identify(signing.unsigned(made | {"operations": list(ops)}, seconds))

    def refused(self, *ops, **how):
        """Broadcast what must be refused; returns the error."""
        try:
            self.send(*ops, **how)
        except RpcError as error:
            return error.error
        raise AssertionError(f"accepted: {ops}")

    def new_post(self, author="alice", **changes):
        """A post of its own in a block, after the five minutes; returns its fields."""
        self.pass_time(303)
        operation = self.comment(author, **changes)
        self.send(operation, signers=[author])
        self.blocks(2)
        return operation[1]

    def new_account(self, name, power=None, key=None):
        """An account made by alice; its keys are those of alice, or of `key`'s name."""
        keys = self.account(key or "alice")
        fields = {
            "fee": f"0.000 {self.core}",
            "creator": "alice",
            "new_account_name": name,
            "owner": keys["owner"],
            "active": keys["active"],
            "posting": keys["posting"],
            "memo_key": keys["memo_key"],
            "json_metadata": "",
        }
        ops = [["account_create", fields]]
        if power:
            ops.append(["transfer_to_vesting", {"from": "alice", "to": name, "amount": power}])
        self.send(*ops, signers=["alice/active"])
        self.blocks()


def seconds(stamp):
    return timegm(time.strptime(stamp, signing.EPOCH_FORMAT))
