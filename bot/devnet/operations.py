"""Operations: read from either JSON form, packed into bytes, validated without any state.

Field orders and numbers: steem_operations.hpp; messages: chain-rules §1. Inside the devnet an
operation is (name, fields) with amounts as (number of the smallest unit, symbol).
"""

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.devnet.faults import Fault, bad_cast, failed
from bot.devnet.network import Network

Fields = dict[str, Any]
Operation = tuple[str, Fields]

_COMMENT = ("parent_author", "parent_permlink", "author", "permlink", "title", "body")
_NUMBERS = {
    "vote": 0,
    "comment": 1,
    "transfer": 2,
    "transfer_to_vesting": 3,
    "account_create": 9,
    "account_update": 10,
    "delete_comment": 17,
    "custom_json": 18,
    "comment_options": 19,
}
_ROLES = ("owner", "active", "posting")
_NAIS = {"@@000000021": 0, "@@000000013": 1, "@@000000037": 2}
PRECISIONS = {0: 3, 1: 3, 2: 6}


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount: smallest units of the asset `kind` (0 core, 1 debt, 2 vests)."""

    units: int
    kind: int


class Codec:
    """Reads and packs the operations of one network."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.symbols = (network.core, network.debt, "VESTS")

    # -- from JSON ------------------------------------------------------------------------------

    def read(self, given: Any) -> Operation:
        """An operation in condenser_api's or network_broadcast_api's form.

        Raises:
            Fault: it isn't one, as steemd says it.
        """
        if isinstance(given, dict):
            name = str(given.get("type", "")).removesuffix("_operation")
            fields = given.get("value")
        elif isinstance(given, list) and len(given) == 2:  # noqa: PLR2004  # name and fields
            name, fields = str(given[0]), given[1]
        else:
            raise bad_cast("Invalid cast from type to Array", -32003)
        if name not in _NUMBERS or not isinstance(fields, dict):
            text = f"Invalid operation name: {name}"
            raise failed("itr != to_tag.end()", text, -32003, n=name)
        reader: Callable[[Fields], Fields] = getattr(self, f"_read_{name}")
        return name, reader(fields)

    def _read_comment(self, given: Fields) -> Fields:
        return {key: _text(given, key) for key in (*_COMMENT, "json_metadata")}

    def _read_delete_comment(self, given: Fields) -> Fields:
        return {key: _text(given, key) for key in ("author", "permlink")}

    def _read_vote(self, given: Fields) -> Fields:
        texts = {key: _text(given, key) for key in ("voter", "author", "permlink")}
        return texts | {"weight": _whole(given, "weight")}

    def _read_comment_options(self, given: Fields) -> Fields:
        beneficiaries = None
        for extension in given.get("extensions", []):
            value = extension.get("value", {}) if isinstance(extension, dict) else extension[1]
            shares = value.get("beneficiaries", [])
            beneficiaries = [(_text(s, "account"), _whole(s, "weight")) for s in shares]
        percent = self._network.percent_field
        return {
            "author": _text(given, "author"),
            "permlink": _text(given, "permlink"),
            "max_accepted_payout": self.amount(given.get("max_accepted_payout")),
            "percent": _whole(given, percent) if percent in given else 10000,
            "allow_votes": bool(given.get("allow_votes", True)),
            "allow_curation_rewards": bool(given.get("allow_curation_rewards", True)),
            "beneficiaries": beneficiaries,
        }

    def _read_custom_json(self, given: Fields) -> Fields:
        return {
            "required_auths": sorted(given.get("required_auths", [])),
            "required_posting_auths": sorted(given.get("required_posting_auths", [])),
            "id": _text(given, "id"),
            "json": _text(given, "json"),
        }

    def _read_transfer(self, given: Fields) -> Fields:
        names = {key: _text(given, key) for key in ("from", "to")}
        return names | {"amount": self.amount(given.get("amount")), "memo": _text(given, "memo")}

    def _read_transfer_to_vesting(self, given: Fields) -> Fields:
        names = {key: _text(given, key) for key in ("from", "to")}
        return names | {"amount": self.amount(given.get("amount"))}

    def _read_account_create(self, given: Fields) -> Fields:
        return (
            {"fee": self.amount(given.get("fee"))}
            | {key: _text(given, key) for key in ("creator", "new_account_name")}
            | {role: authority(given.get(role, {})) for role in _ROLES}
            | {key: _text(given, key) for key in ("memo_key", "json_metadata")}
        )

    def _read_account_update(self, given: Fields) -> Fields:
        return (
            {"account": _text(given, "account")}
            | {role: authority(given[role]) if role in given else None for role in _ROLES}
            | {key: _text(given, key) for key in ("memo_key", "json_metadata")}
        )

    def amount(self, given: Any) -> Amount:
        """`"1.000 STEEM"` or `{"amount", "precision", "nai"}`."""
        if isinstance(given, dict):
            kind = _NAIS.get(str(given.get("nai")))
            if kind is None:
                raise bad_cast("Invalid NAI", -32003)
            return Amount(int(given["amount"]), kind)
        number, _, symbol = str(given).partition(" ")
        if symbol not in self.symbols:
            raise bad_cast(f"Unknown asset symbol {symbol}", -32003)
        kind = self.symbols.index(symbol)
        whole, _, decimals = number.partition(".")
        if len(decimals) != PRECISIONS[kind] or not whole.lstrip("-").isdigit():
            raise bad_cast(f"Invalid asset {given}", -32003)
        return Amount(int(whole + decimals), kind)

    # -- to JSON --------------------------------------------------------------------------------

    def legacy_amount(self, amount: Amount) -> str:
        """`"1.000 STEEM"`."""
        precision = PRECISIONS[amount.kind]
        sign, units = ("-", -amount.units) if amount.units < 0 else ("", amount.units)
        whole, rest = divmod(units, 10**precision)
        return f"{sign}{whole}.{rest:0{precision}d} {self.symbols[amount.kind]}"

    def nai_amount(self, amount: Amount) -> dict[str, Any]:
        """`{"amount", "precision", "nai"}`."""
        nai = next(nai for nai, kind in _NAIS.items() if kind == amount.kind)
        return {"amount": str(amount.units), "precision": PRECISIONS[amount.kind], "nai": nai}

    def legacy(self, operation: Operation) -> list[Any]:
        """condenser_api's form."""
        return [operation[0], self._plain(operation, legacy=True)]

    def own(self, operation: Operation) -> dict[str, Any]:
        """The form of all other APIs."""
        return {
            "type": f"{operation[0]}_operation",
            "value": self._plain(operation, legacy=False),
        }

    def _plain(self, operation: Operation, *, legacy: bool) -> Fields:
        name, fields = operation
        write = self.legacy_amount if legacy else self.nai_amount
        plain: Fields = {k: write(v) if isinstance(v, Amount) else v for k, v in fields.items()}
        if name == "comment_options":
            shares = plain.pop("beneficiaries")
            percent = plain.pop("percent")
            votes, curation = plain.pop("allow_votes"), plain.pop("allow_curation_rewards")
            extensions: list[Any] = []
            if shares is not None:
                value = {"beneficiaries": [{"account": a, "weight": w} for a, w in shares]}
                named = {"type": "comment_payout_beneficiaries", "value": value}
                extensions = [[0, value]] if legacy else [named]
            plain |= {
                self._network.percent_field: percent,
                "allow_votes": votes,
                "allow_curation_rewards": curation,
                "extensions": extensions,
            }
        return {key: value for key, value in plain.items() if value is not None}

    # -- to bytes -------------------------------------------------------------------------------

    def pack(self, operation: Operation) -> bytes:
        """The operation's bytes, its number first."""
        name, fields = operation
        packed = b"".join(self._pack_field(name, key, value) for key, value in fields.items())
        return bytes([_NUMBERS[name]]) + packed

    def _pack_field(self, operation: str, key: str, value: Any) -> bytes:  # noqa: PLR0911  # a table
        if isinstance(value, Amount):
            return self.pack_amount(value)
        if key == "beneficiaries":
            if value is None:
                return b"\0"
            shares = b"".join(string(a) + struct.pack("<H", w & 0xFFFF) for a, w in value)
            return b"\1\0" + varint(len(value)) + shares
        if key in {"owner", "active", "posting"}:
            packed = b"" if value is None else pack_authority(value)
            return (b"" if operation == "account_create" else bytes([value is not None])) + packed
        if key == "memo_key":
            return pack_public(value)
        if isinstance(value, bool):
            return bytes([value])
        if isinstance(value, int):
            return struct.pack("<h" if key == "weight" else "<H", value)
        if isinstance(value, list):
            return varint(len(value)) + b"".join(map(string, value))
        return string(value)

    def pack_amount(self, amount: Amount) -> bytes:
        """Eight bytes of number, one of precision, seven of symbol."""
        symbol = self.symbols[amount.kind]
        # a fork of names only: the binary symbols of Hive are still STEEM and SBD
        symbol = {"HIVE": "STEEM", "HBD": "SBD"}.get(symbol, symbol)
        return struct.pack("<qB7s", amount.units, PRECISIONS[amount.kind], symbol.encode())


def varint(value: int) -> bytes:
    """An unsigned number, seven bits a byte."""
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004  # seven bits
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def string(text: str) -> bytes:
    """UTF-8 with its length before it."""
    raw = text.encode(errors="surrogateescape")
    return varint(len(raw)) + raw


def authority(given: Any) -> dict[str, Any]:
    """An authority, its members in the order of the chain's flat maps."""
    return {
        "weight_threshold": int(given.get("weight_threshold", 0)),
        "account_auths": sorted([str(a), int(w)] for a, w in given.get("account_auths", [])),
        "key_auths": [[str(k), int(w)] for k, w in given.get("key_auths", [])],
    }


def pack_authority(value: dict[str, Any]) -> bytes:
    """An authority's bytes."""
    accounts, keys = value["account_auths"], value["key_auths"]
    packed = struct.pack("<I", value["weight_threshold"]) + varint(len(accounts))
    packed += b"".join(string(a) + struct.pack("<H", w) for a, w in accounts)
    return (
        packed
        + varint(len(keys))
        + b"".join(pack_public(k) + struct.pack("<H", w) for k, w in keys)
    )


def pack_public(text: str) -> bytes:
    """A public key's 33 bytes."""
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    number = 0
    for character in text[3:]:
        if character not in alphabet:
            raise bad_cast("Invalid public key", -32003)
        number = number * 58 + alphabet.index(character)
    return number.to_bytes(37, "big")[:33]


def _text(given: Fields, key: str) -> str:
    value = given.get(key, "")  # a missing field is an empty one (fixtures README, 4)
    if not isinstance(value, str):
        raise bad_cast("Invalid cast from type to string", -32003)
    return value


def _whole(given: Fields, key: str) -> int:
    try:
        return int(given.get(key, 0))
    except (TypeError, ValueError):
        raise bad_cast("Invalid cast from type to integer", -32003) from None


def is_json(text: str) -> bool:
    """Whether steemd's legacy parser takes this as JSON with nothing after it (§1.2 #7).

    Raises:
        Fault: what it can't even begin to parse.
    """
    decoder = json.JSONDecoder(strict=False)
    stripped = text.lstrip()
    try:
        _, end = decoder.raw_decode(stripped)
    except (ValueError, RecursionError):
        raise Fault(
            4, "parse_error_exception", "Parse Error", "Unexpected content in JSON"
        ) from None
    return end == len(stripped)
