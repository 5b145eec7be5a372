"""What an operation must be in itself, and whose authority it needs (chain-rules §1, validate).

Steem and Hive check the same things in the same order and say it in other words.
"""

import re
from typing import Any

from bot.devnet import json_reader
from bot.devnet.faults import Fault, failed
from bot.devnet.operations import Amount, Codec, Fields, Operation

LIMIT = 255  # bytes of a title and of a permlink
_WHOLE = 10_000  # a hundred percent
_PART = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")


def validate(operation: Operation, codec: Codec) -> None:
    """Check one operation without any state.

    Raises:
        Fault: with the text of steem_operations.cpp, or of hive_operations.cpp.
    """
    name, fields = operation
    check = getattr(_Checks(codec), name, None)
    if check is not None:
        check(fields)


def authorities(operation: Operation) -> dict[str, set[str]]:
    """The accounts whose posting, active or owner authority the operation needs."""
    name, fields = operation
    if name in {"comment", "comment_options", "delete_comment"}:
        return {"posting": {fields["author"]}}
    if name == "vote":
        return {"posting": {fields["voter"]}}
    if name == "claim_reward_balance":
        return {"posting": {fields["account"]}}
    if name == "custom_json":
        return {
            "posting": set(fields["required_posting_auths"]),
            "active": set(fields["required_auths"]),
        }
    member = {
        "transfer": "from",
        "transfer_to_vesting": "from",
        "account_create": "creator",
        "account_update": "account",
        "feed_publish": "publisher",
    }[name]
    role = "owner" if name == "account_update" and fields["owner"] else "active"
    return {role: {fields[member]}}


class _Checks:
    """The checks of each operation, by its name."""

    def __init__(self, codec: Codec) -> None:
        self._hive = codec.network.is_hive
        self._codec = codec

    def _refusal(self, test: str, steem: str, hive: str, /, **data: Any) -> Fault:
        return failed(test, hive if self._hive else steem, **data)

    # -- parts -------------------------------------------------------------------------------------

    def account(self, name: str) -> None:
        """An account's name (authority.cpp)."""
        if self._hive:
            _hive_account(name)
            return
        valid = 3 <= len(name) <= 16 and all(  # noqa: PLR2004  # the chain's bounds
            len(part) >= 3 and _PART.fullmatch(part)  # noqa: PLR2004
            for part in name.split(".")
        )
        if not valid:
            text = "Account name ${n} is invalid"
            raise failed("is_valid_account_name( name )", text, n=name)

    def _permlink(self, text: str) -> None:
        if len(_raw(text)) > LIMIT:
            raise self._refusal(
                "permlink.size() < STEEM_MAX_PERMLINK_LENGTH",
                "permlink is too long",
                "permlink is too long: `${subject}`",
                **({"subject": text} if self._hive else {}),
            )
        if not _is_utf8(text):
            raise failed("fc::is_utf8( permlink )", "permlink not formatted in UTF8")

    def _utf8(self, text: str, field: str, name: str) -> None:
        if not _is_utf8(text):
            steem = f"{name} not formatted in UTF8"
            raise self._refusal(f"fc::is_utf8( {field} )", steem, "String is not valid UTF8.")

    def _json(self, text: str, field: str) -> None:
        if self._hive:
            try:
                valid = json_reader.is_valid(text.strip())
            except Fault:
                valid = False
            if not valid:
                raise failed(f"fc::json::is_valid( {field} )", "JSON is not valid JSON")
        elif not json_reader.is_valid(text):
            raise failed(f"fc::json::is_valid({field})", "JSON Metadata not valid JSON")

    def _percent(self, weight: int, test: str, steem: str) -> None:
        if abs(weight) > _WHOLE:
            hive = "Number exceeds 100 percent. Value: ${subject}, Max: ${max}"
            data = {"subject": weight, "max": _WHOLE} if self._hive else {}
            raise self._refusal(test, steem, hive, **data)

    # -- operations --------------------------------------------------------------------------------

    def comment(self, fields: Fields) -> None:
        """§1.2, validate."""
        size = len(_raw(fields["title"]))
        if size > LIMIT:
            if self._hive:
                text = "String is too large. Size: ${size}, Max: ${max}"
                raise failed("title.size() < HIVE_COMMENT_TITLE_LIMIT", text, size=size, max=LIMIT)
            raise failed(
                "title.size() < STEEM_COMMENT_TITLE_LIMIT",
                "Title size limit exceeded. Max: ${max} Current: ${n}",
                max=LIMIT,
                n=size,
            )
        self._utf8(fields["title"], "title", "Title")
        if not fields["body"]:
            raise self._refusal("body.size() > 0", "Body is empty", "String is empty.")
        self._utf8(fields["body"], "body", "Body")
        if fields["parent_author"]:
            self.account(fields["parent_author"])
        self.account(fields["author"])
        self._permlink(fields["parent_permlink"])
        self._permlink(fields["permlink"])
        if fields["json_metadata"]:
            self._json(fields["json_metadata"], "json_metadata")

    def delete_comment(self, fields: Fields) -> None:
        """§1.4."""
        self._permlink(fields["permlink"])
        self.account(fields["author"])

    def vote(self, fields: Fields) -> None:
        """§1.5."""
        self.account(fields["voter"])
        self.account(fields["author"])
        test = "abs(weight) <= STEEM_100_PERCENT"
        self._percent(fields["weight"], test, "Weight is not a STEEMIT percentage")
        self._permlink(fields["permlink"])

    def comment_options(self, fields: Fields) -> None:
        """§1.3."""
        self.account(fields["author"])
        self._percent(
            fields["percent"],
            f"{self._codec.network.percent_field} <= STEEM_100_PERCENT",
            "Percent cannot exceed 100%",
        )
        payout: Amount = fields["max_accepted_payout"]
        if payout.kind != 1:
            hive = "Asset symbol does not match expected symbol."
            raise self._refusal(
                "max_accepted_payout.symbol == SBD_SYMBOL",
                "Max accepted payout must be in SBD",
                f"{hive} Expected: HBD, Actual: {self._codec.symbols[payout.kind]}",
            )
        if payout.units < 0:
            shown = self._codec.legacy_amount(payout)
            raise self._refusal(
                "max_accepted_payout.amount.value >= 0",
                "Cannot accept less than 0 payout",
                f"Asset amount cannot be negative. Actual: {shown}",
            )
        self._permlink(fields["permlink"])
        if fields["beneficiaries"] is not None:
            self._beneficiaries(fields["beneficiaries"])

    def _beneficiaries(self, shares: list[tuple[str, int]]) -> None:
        text = "Cannot allocate more than 100% of rewards to "
        if not shares:
            raise failed("beneficiaries.size()", "Must specify at least one beneficiary")
        if len(shares) >= 128:  # noqa: PLR2004  # STEEM_BENEFICIARY_LIMIT
            raise failed(
                "beneficiaries.size() < STEEM_BENEFICIARY_LIMIT",
                "Cannot specify more than ${max} beneficiaries.",
                max=127,
            )
        total = 0
        for number, (name, weight) in enumerate(shares):
            self.account(name)
            place = "0" if number == 0 else "i"
            test = f"beneficiaries[{place}].weight <= STEEM_100_PERCENT"
            self._percent(weight, test, f"{text}one account")
            total += weight
            self._percent(total, "sum <= STEEM_100_PERCENT", f"{text}a comment")
            if number and shares[number - 1][0] >= name:
                sorted_order = "must be specified in sorted order (account ascending)"
                raise self._refusal(
                    "beneficiaries[i - 1] < beneficiaries[i]",
                    f"Benficiaries {sorted_order}",
                    f"Beneficiaries {sorted_order}",
                )

    def custom_json(self, fields: Fields) -> None:
        """§1.6."""
        if not fields["required_auths"] and not fields["required_posting_auths"]:
            raise failed(
                "(required_auths.size() + required_posting_auths.size()) > 0",
                "at least one account must be specified",
            )
        if not _is_utf8(fields["json"]):
            raise failed("fc::is_utf8(json)", "JSON Metadata not formatted in UTF8")
        self._json(fields["json"], "json")

    def claim_reward_balance(self, fields: Fields) -> None:
        """§1.7."""
        self.account(fields["account"])
        core, debt, vests = self._codec.rewards
        for kind, key in enumerate((core, debt, vests)):
            if fields[key].kind != kind:
                symbol = ("STEEM", "SBD", "VESTS")[kind]
                raise self._refusal(
                    f"is_asset_type( {key}, {symbol}_SYMBOL )",
                    f"Reward Steem must be {symbol}",  # of all three
                    f"Reward {self._codec.symbols[kind]} must be expressed in "
                    f"{self._codec.symbols[kind]}",
                )
        for key in (core, debt, vests):
            if fields[key].units < 0:
                raise failed(f"{key}.amount >= 0", "Cannot claim a negative amount")
        if not any(fields[key].units for key in (core, debt, vests)):
            test = " || ".join(f"{key}.amount > 0" for key in (core, debt, vests))
            raise failed(test, "Must claim something.")

    def transfer(self, fields: Fields) -> None:
        """transfer_operation::validate."""
        self.account(fields["from"])
        self.account(fields["to"])
        if fields["amount"].kind == 2:  # noqa: PLR2004  # vests
            text = "transferring of Steem Power (STMP) is not allowed."
            raise failed("amount.symbol.space() != asset_symbol_type::vests", text)
        if fields["amount"].units <= 0:
            raise failed("amount.amount > 0", "Cannot transfer a negative amount (aka: stealing)")
        if len(_raw(fields["memo"])) >= 2048:  # noqa: PLR2004  # STEEM_MAX_MEMO_SIZE
            raise failed("memo.size() < STEEM_MAX_MEMO_SIZE", "Memo is too large")

    def transfer_to_vesting(self, fields: Fields) -> None:
        """transfer_to_vesting_operation::validate."""
        self.account(fields["from"])
        if fields["amount"].kind != 0:
            raise failed("is_asset_type( amount, STEEM_SYMBOL )", "Amount must be STEEM")
        if fields["to"]:
            self.account(fields["to"])
        if fields["amount"].units <= 0:
            raise failed("amount.amount > 0", "Must transfer a nonzero amount")

    def account_create(self, fields: Fields) -> None:
        """account_create_operation::validate."""
        self.account(fields["new_account_name"])
        if fields["fee"].kind != 0:
            text = "Account creation fee must be STEEM"
            raise failed("is_asset_type( fee, STEEM_SYMBOL )", text)
        if fields["fee"].units < 0:
            raise failed(
                "fee >= asset( 0, STEEM_SYMBOL )", "Account creation fee cannot be negative"
            )

    def account_update(self, fields: Fields) -> None:
        """account_update_operation::validate."""
        self.account(fields["account"])


def _hive_account(name: str) -> None:
    if len(name) < 3:  # noqa: PLR2004  # the chain's bounds
        text = "Account name '${subject}' is too short. Use at least ${min} characters."
        raise failed("name.size() >= min", text, subject=name, min=3)
    if len(name) > 16:  # noqa: PLR2004
        text = "Account name '${subject}' is too long. Use maximum of ${max} characters."
        raise failed("name.size() <= max", text, subject=name, max=16)
    if not all(len(part) >= 3 and _PART.fullmatch(part) for part in name.split(".")):  # noqa: PLR2004
        text = "Account name '${subject}' is not valid. Please follow the RFC 1035 rules."
        raise failed("is_valid_account_name( name )", text, subject=name)


def _raw(text: str) -> bytes:
    return text.encode(errors="surrogateescape")


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
