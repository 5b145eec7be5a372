"""Operations: read from either JSON form, packed into bytes, validated without any state.

Field orders and numbers: steem_operations.hpp; messages: chain-rules §1. Inside the devnet an
operation is (name, fields) with amounts as (number of the smallest unit, symbol).
"""

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from bot.devnet.faults import bad_cast, failed
from bot.devnet.keys import unprefixed
from bot.devnet.network import Network
from bot.devnet.variant import (
    as_array,
    as_bool,
    as_fixed_text,
    as_int16,
    as_int64,
    as_name,
    as_object,
    as_text,
    as_uint16,
    as_uint32,
)

Fields = dict[str, Any]
Operation = tuple[str, Fields]

_COMMENT = ("parent_author", "parent_permlink", "author", "permlink", "title", "body")
_NUMBERS = {
    "vote": 0,
    "comment": 1,
    "transfer": 2,
    "transfer_to_vesting": 3,
    "feed_publish": 7,
    "account_create": 9,
    "account_update": 10,
    "delete_comment": 17,
    "custom_json": 18,
    "comment_options": 19,
    "claim_reward_balance": 39,
}
_CONVERTED = {
    "transfer", "transfer_to_vesting", "feed_publish", "account_create", "comment_options",
    "claim_reward_balance",
}  # fmt: skip
"""Operations with amounts, for which condenser_api has structures of its own."""
_BY_NUMBER = {number: name for name, number in _NUMBERS.items()}
_LEGACY_NAMES = {name: name for name in _NUMBERS} | {
    f"{'legacy_' if name in _CONVERTED else ''}{name}_operation": name for name in _NUMBERS
}
_NAMES = {f"{name}_operation": name for name in _NUMBERS}
_ID_BYTES = 32
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
        self.network = network
        self.symbols = (network.core, network.debt, "VESTS")
        self.rewards = (
            f"reward_{network.core_field}",
            f"reward_{network.debt_field}",
            "reward_vests",
        )

    # -- from JSON ------------------------------------------------------------------------------

    def read(self, given: Any, *, legacy: bool) -> Operation:
        """An operation.

        Args:
            legacy: in condenser_api's form, a name and fields; else an object with both.

        Raises:
            Fault: it isn't one, as steemd says it.
        """
        # Hive's node takes what it can't read in its own form for the other one (§2.4)
        either = self.network.is_hive and isinstance(given, list)
        name, fields = _legacy_parts(given) if legacy or either else _parts(given)
        reader: Callable[[Fields], Fields] = getattr(self, f"_read_{name}")
        return name, reader(as_object(fields))

    def _read_comment(self, given: Fields) -> Fields:
        names = {"parent_author", "author"}
        return {
            key: (_name if key in names else _text)(given, key)
            for key in (*_COMMENT, "json_metadata")
        }

    def _read_delete_comment(self, given: Fields) -> Fields:
        return {"author": _name(given, "author"), "permlink": _text(given, "permlink")}

    def _read_vote(self, given: Fields) -> Fields:
        return {
            "voter": _name(given, "voter"),
            "author": _name(given, "author"),
            "permlink": _text(given, "permlink"),
            "weight": as_int16(given.get("weight")),
        }

    def _read_comment_options(self, given: Fields) -> Fields:
        beneficiaries = None
        # steemd's conversion from the legacy form never copies allow_votes (fixtures README, 2)
        forgets_votes = not self.network.is_hive and not isinstance(
            given.get("max_accepted_payout"), dict
        )
        for extension in as_array(given.get("extensions", [])):
            value = extension.get("value", {}) if isinstance(extension, dict) else extension[1]
            shares = map(as_object, as_array(as_object(value).get("beneficiaries", [])))
            beneficiaries = [(_name(s, "account"), as_uint16(s.get("weight"))) for s in shares]
        percent = self.network.percent_field
        return {
            "author": _name(given, "author"),
            "permlink": _text(given, "permlink"),
            "max_accepted_payout": self.amount(given.get("max_accepted_payout")),
            "percent": as_uint16(given.get(percent, 10000)),
            "allow_votes": as_bool(given.get("allow_votes", True)) or forgets_votes,
            "allow_curation_rewards": as_bool(given.get("allow_curation_rewards", True)),
            "beneficiaries": beneficiaries,
        }

    def _read_custom_json(self, given: Fields) -> Fields:
        return {
            "required_auths": _names(given.get("required_auths", [])),
            "required_posting_auths": _names(given.get("required_posting_auths", [])),
            "id": as_fixed_text(given.get("id"), _ID_BYTES),
            "json": _text(given, "json"),
        }

    def _read_transfer(self, given: Fields) -> Fields:
        names = {key: _name(given, key) for key in ("from", "to")}
        return names | {"amount": self.amount(given.get("amount")), "memo": _text(given, "memo")}

    def _read_transfer_to_vesting(self, given: Fields) -> Fields:
        names = {key: _name(given, key) for key in ("from", "to")}
        return names | {"amount": self.amount(given.get("amount"))}

    def _read_account_create(self, given: Fields) -> Fields:
        return (
            {"fee": self.amount(given.get("fee"))}
            | {key: _name(given, key) for key in ("creator", "new_account_name")}
            | {role: authority(given.get(role, {})) for role in _ROLES}
            | {key: _text(given, key) for key in ("memo_key", "json_metadata")}
        )

    def _read_account_update(self, given: Fields) -> Fields:
        return (
            {"account": _name(given, "account")}
            | {role: authority(given[role]) if role in given else None for role in _ROLES}
            | {key: _text(given, key) for key in ("memo_key", "json_metadata")}
        )

    def _read_claim_reward_balance(self, given: Fields) -> Fields:
        fields = {key: self.amount(given.get(key)) for key in self.rewards}
        return {"account": _name(given, "account")} | fields

    def _read_feed_publish(self, given: Fields) -> Fields:
        rate = as_object(given.get("exchange_rate", {}))
        price = {side: self.amount(rate.get(side)) for side in ("base", "quote")}
        return {"publisher": _name(given, "publisher"), "exchange_rate": price}

    def amount(self, given: Any) -> Amount:
        """`"1.000 STEEM"` or `{"amount", "precision", "nai"}`."""
        if isinstance(given, dict):
            kind = _NAIS.get(str(given.get("nai")))
            if kind is None:
                raise bad_cast("Invalid NAI", -32003)
            return Amount(as_int64(given.get("amount")), kind)
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

    @staticmethod
    def nai_amount(amount: Amount) -> dict[str, Any]:
        """`{"amount", "precision", "nai"}`."""
        nai = next(nai for nai, kind in _NAIS.items() if kind == amount.kind)
        return {"amount": str(amount.units), "precision": PRECISIONS[amount.kind], "nai": nai}

    def own(self, operation: Operation) -> dict[str, Any]:
        """The form of all APIs but condenser_api."""
        name, fields = operation
        plain: Fields = {}
        for key, value in fields.items():
            if isinstance(value, Amount):
                plain[key] = self.nai_amount(value)
            elif key == "exchange_rate":
                plain[key] = {side: self.nai_amount(amount) for side, amount in value.items()}
            elif key == "percent":
                plain[self.network.percent_field] = value
            elif key == "beneficiaries":
                shares = [{"account": a, "weight": w} for a, w in value or ()]
                kind = "comment_payout_beneficiaries"
                named = {"type": kind, "value": {"beneficiaries": shares}}
                plain["extensions"] = [] if value is None else [named]
            elif value is not None:
                plain[key] = value
        return {"type": f"{name}_operation", "value": plain}

    def legacy(self, own: dict[str, Any]) -> list[Any]:
        """condenser_api's form, from the other."""
        fields = {key: self._legacy_value(value) for key, value in own["value"].items()}
        return [str(own["type"]).removesuffix("_operation"), fields]

    def _legacy_value(self, value: Any) -> Any:
        if isinstance(value, dict) and "nai" in value:
            return self.legacy_amount(self.amount(value))
        if isinstance(value, dict) and value.get("type") == "comment_payout_beneficiaries":
            return [0, value["value"]]
        if isinstance(value, dict):
            return {key: self._legacy_value(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._legacy_value(item) for item in value]
        return value

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
            shares = b"".join(string(a) + struct.pack("<H", w) for a, w in value)
            return b"\1\0" + varint(len(value)) + shares
        if key in {"owner", "active", "posting"}:
            packed = b"" if value is None else self._pack_authority(value)
            return (b"" if operation == "account_create" else bytes([value is not None])) + packed
        if key == "memo_key":
            return self.pack_public(value)
        if key == "exchange_rate":
            return self.pack_amount(value["base"]) + self.pack_amount(value["quote"])
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

    def _pack_authority(self, value: dict[str, Any]) -> bytes:
        accounts, keys = value["account_auths"], value["key_auths"]
        packed = struct.pack("<I", value["weight_threshold"]) + varint(len(accounts))
        packed += b"".join(string(a) + struct.pack("<H", w) for a, w in accounts)
        members = b"".join(self.pack_public(k) + struct.pack("<H", w) for k, w in keys)
        return packed + varint(len(keys)) + members

    def pack_public(self, text: str) -> bytes:
        """A public key's 33 bytes."""
        if not text.startswith(self.network.prefix):
            test = "is_prefix_correct"
            raise failed(test, "public key requires the prefix ${p}", p=self.network.prefix)
        return unprefixed(text.removeprefix(self.network.prefix))


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
    """An authority, its members in the order of the chain's flat maps.

    Raises:
        Fault: it isn't one.
    """
    told = as_object(given)
    accounts = _pairs(told.get("account_auths", []))
    keys = _pairs(told.get("key_auths", []))
    return {
        "weight_threshold": as_uint32(told.get("weight_threshold")),
        "account_auths": sorted([as_name(name), as_uint16(weight)] for name, weight in accounts),
        "key_auths": [[as_text(key), as_uint16(weight)] for key, weight in keys],
    }


def _parts(given: Any) -> tuple[str, Any]:
    """Name and fields of an operation that is an object (static_variant.hpp)."""
    if not isinstance(given, dict):
        raise failed("v.is_object()", "Input data have to treated as object.", -32003)
    for member in ("type", "value"):
        if member not in given:
            text = f"{member.capitalize()} field doesn't exist."
            raise failed(f'v_object.contains( "{member}" )', text, -32003)
    told = given["type"]
    if isinstance(told, int):
        return _numbered(told), given["value"]
    if as_text(told) not in _NAMES:
        raise failed("itr != to_tag.end()", "Invalid object name: ${n}", -32003, n=told)
    return _NAMES[as_text(told)], given["value"]


def _legacy_parts(given: Any) -> tuple[str, Any]:
    """Name and fields of an operation that is a pair (condenser_api_legacy_operations.cpp)."""
    members = as_array(given)
    if len(members) < 2:  # noqa: PLR2004  # a pair that isn't one stays the first operation, empty
        return _BY_NUMBER[0], {}
    told = members[0]
    if isinstance(told, int) and not isinstance(told, bool) and told >= 0:
        return _numbered(told), members[1]
    if as_text(told) not in _LEGACY_NAMES:
        text = "Invalid operation name: ${n}"
        raise failed("itr != to_full_tag.end()", text, -32003, n=told)
    return _LEGACY_NAMES[as_text(told)], members[1]


def _numbered(number: int) -> str:
    if number not in _BY_NUMBER:
        raise failed("w < count() && w >= 0", "", -32003)
    return _BY_NUMBER[number]


def _pairs(given: Any) -> Iterable[tuple[Any, Any]]:
    return ((pair[0], pair[1]) for pair in map(as_array, as_array(given)))


def _names(given: Any) -> list[str]:
    return sorted(map(as_name, as_array(given)))


def _name(given: Fields, key: str) -> str:
    return as_name(given.get(key))


def _text(given: Fields, key: str) -> str:
    return as_text(given.get(key))  # a missing field is an empty one (fixtures README, 4)
