"""Transactions built by hand, from the chain's serialisation rules alone.

Neither bot nor beem has a part in it: what the devnet takes from here, it takes by the rules of
`steem_operations.hpp` and chain-rules §2, not because two pieces of ours agree.
"""

import struct
from hashlib import sha256

import coincurve

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
EPOCH_FORMAT = "%Y-%m-%dT%H:%M:%S"
NAIS = {"@@000000021": 0, "@@000000013": 1, "@@000000037": 2}


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def text(value):
    raw = value.encode()
    return varint(len(raw)) + raw


def names(values):
    return varint(len(values)) + b"".join(text(value) for value in sorted(values))


def short(value):
    return struct.pack("<H", value)


def asset(value):
    number, symbol = value.split()
    whole, _, rest = number.partition(".")
    binary = {"HIVE": "STEEM", "HBD": "SBD"}.get(symbol, symbol)
    return struct.pack("<qB7s", int(whole + rest), len(rest), binary.encode())


def public_bytes(key):
    number = 0
    for character in key[3:]:
        number = number * 58 + ALPHABET.index(character)
    return number.to_bytes(37, "big")[:33]


def authority(value):
    accounts = b"".join(text(name) + short(weight) for name, weight in value["account_auths"])
    keys = b"".join(public_bytes(key) + short(weight) for key, weight in value["key_auths"])
    return (
        struct.pack("<I", value["weight_threshold"])
        + varint(len(value["account_auths"]))
        + accounts
        + varint(len(value["key_auths"]))
        + keys
    )


def optional_authority(value):
    return b"\1" + authority(value) if value else b"\0"


def extensions(value):
    packed = varint(len(value))
    for number, content in value:
        shares = content["beneficiaries"]
        packed += varint(number) + varint(len(shares))
        packed += b"".join(text(s["account"]) + short(s["weight"]) for s in shares)
    return packed


def price(value):
    return asset(value["base"]) + asset(value["quote"])


def flag(value):
    return bytes([value])


def signed_short(value):
    return struct.pack("<h", value)


OPERATIONS = {
    "vote": (0, {"voter": text, "author": text, "permlink": text, "weight": signed_short}),
    "comment": (1, dict.fromkeys(("parent_author", "parent_permlink", "author", "permlink",
                                  "title", "body", "json_metadata"), text)),
    "transfer": (2, {"from": text, "to": text, "amount": asset, "memo": text}),
    "transfer_to_vesting": (3, {"from": text, "to": text, "amount": asset}),
    "feed_publish": (7, {"publisher": text, "exchange_rate": price}),
    "account_create": (9, {"fee": asset, "creator": text, "new_account_name": text,
                           "owner": authority, "active": authority, "posting": authority,
                           "memo_key": public_bytes, "json_metadata": text}),
    "account_update": (10, {"account": text, "owner": optional_authority,
                            "active": optional_authority, "posting": optional_authority,
                            "memo_key": public_bytes, "json_metadata": text}),
    "delete_comment": (17, {"author": text, "permlink": text}),
    "custom_json": (18, {"required_auths": names, "required_posting_auths": names,
                         "id": text, "json": text}),
    "comment_options": (19, {"author": text, "permlink": text, "max_accepted_payout": asset,
                             "percent_steem_dollars": short, "allow_votes": flag,
                             "allow_curation_rewards": flag, "extensions": extensions}),
    "claim_reward_balance": (39, {"account": text, "reward_steem": asset, "reward_sbd": asset,
                                  "reward_vests": asset}),
}  # fmt: skip
HIVE_FIELDS = {
    "percent_steem_dollars": "percent_hbd",
    "reward_steem": "reward_hive",
    "reward_sbd": "reward_hbd",
}


def operation(name, fields):
    number, layout = OPERATIONS[name]
    packed = varint(number)
    for field, pack in layout.items():
        value = fields.get(field, fields.get(HIVE_FIELDS.get(field)))
        packed += pack(value)
    return packed


def unsigned(transaction, seconds):
    """The bytes of a transaction; `seconds` turns its expiration into a number."""
    header = struct.pack(
        "<HII",
        transaction["ref_block_num"],
        transaction["ref_block_prefix"],
        seconds(transaction["expiration"]),
    )
    operations = b"".join(operation(*op) for op in transaction["operations"])
    return header + varint(len(transaction["operations"])) + operations + b"\0"


def identify(raw):
    return sha256(raw).hexdigest()[:40]


def sign(raw, chain_id, key):
    """A compact signature in hex, canonical in fc's sense, by a 32-byte private key."""
    digest = sha256(bytes.fromhex(chain_id) + raw).digest()
    made = coincurve.PrivateKey(key).sign_recoverable(digest, hasher=None)
    nonce = 0
    while not canonical(made):
        nonce += 1
        digest_key = coincurve.PrivateKey(key)
        made = _with_nonce(digest_key, digest, nonce)
    return (bytes([31 + made[64]]) + made[:64]).hex()


def canonical(signature):
    r, s = signature[:32], signature[32:64]
    return not (r[0] & 0x80 or (r[0] == 0 and not r[1] & 0x80)
                or s[0] & 0x80 or (s[0] == 0 and not s[1] & 0x80))  # fmt: skip


def _with_nonce(key, digest, nonce):
    from coincurve import ecdsa
    from coincurve._libsecp256k1 import ffi, lib

    data = ffi.new("unsigned char[32]", nonce.to_bytes(32, "big"))
    signature = ffi.new("secp256k1_ecdsa_recoverable_signature *")
    lib.secp256k1_ecdsa_sign_recoverable(
        key.context.ctx, signature, digest, key.secret, lib.secp256k1_nonce_function_default, data
    )
    return ecdsa.serialize_recoverable(signature, key.context)


def password_key(account, role, phrase):
    """The private key of an account's role, as wallets derive it from a password."""
    return sha256(f"{account}{role}{phrase}".encode()).digest()


def appbase(name, fields):
    """An operation in the form of network_broadcast_api."""
    return {
        "type": f"{name}_operation",
        "value": {key: _appbase_value(key, value) for key, value in fields.items()},
    }


def _appbase_value(key, value):
    if key == "extensions":
        kind = "comment_payout_beneficiaries"
        return [{"type": kind, "value": content} for _, content in value]
    if key in {"max_accepted_payout", "amount", "fee"} or key.startswith("reward_"):
        number, symbol = value.split()
        whole, _, rest = number.partition(".")
        kind = 2 if symbol == "VESTS" else 1 if symbol in {"SBD", "TBD", "HBD"} else 0
        nai = next(nai for nai, index in NAIS.items() if index == kind)
        return {"amount": str(int(whole + rest)), "precision": len(rest), "nai": nai}
    return value
