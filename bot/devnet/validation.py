"""What an operation must be in itself, and whose authority it needs (chain-rules §1, validate)."""

import re
from collections.abc import Callable

from bot.devnet.faults import failed
from bot.devnet.operations import Fields, Operation, is_json

LIMIT = 255  # bytes of a title and of a permlink
_PART = re.compile(r"[a-z][a-z0-9-]*[a-z0-9]")


def validate(operation: Operation) -> None:
    """Check one operation without any state.

    Raises:
        Fault: with the text of steem_operations.cpp.
    """
    name, fields = operation
    check = _CHECKS.get(name)
    if check is not None:
        check(fields)


def authorities(operation: Operation) -> tuple[set[str], set[str]]:
    """The accounts whose posting and whose active authority the operation needs."""
    name, fields = operation
    if name in {"comment", "comment_options", "delete_comment"}:
        return {fields["author"]}, set()
    if name == "vote":
        return {fields["voter"]}, set()
    if name == "custom_json":
        return set(fields["required_posting_auths"]), set(fields["required_auths"])
    if name in {"transfer", "transfer_to_vesting"}:
        return set(), {fields["from"]}
    if name == "account_create":
        return set(), {fields["creator"]}
    return set(), {fields["account"]}


def account(name: str) -> None:
    """An account's name (authority.cpp)."""
    valid = 3 <= len(name) <= 16 and all(  # noqa: PLR2004  # the chain's bounds
        len(part) >= 3 and _PART.fullmatch(part)  # noqa: PLR2004
        for part in name.split(".")
    )
    if not valid:
        raise failed("is_valid_account_name( name )", f"Account name {name} is invalid", n=name)


def _permlink(text: str) -> None:
    if len(text.encode()) > LIMIT:
        raise failed("permlink.size() < STEEM_MAX_PERMLINK_LENGTH", "permlink is too long")


def _comment(fields: Fields) -> None:
    size = len(fields["title"].encode(errors="surrogateescape"))
    if size > LIMIT:
        raise failed(
            "title.size() < STEEM_COMMENT_TITLE_LIMIT",
            f"Title size limit exceeded. Max: {LIMIT} Current: {size}",
            max=LIMIT,
            n=size,
        )
    _utf8(fields["title"], "title", "Title")
    if not fields["body"]:
        raise failed("body.size() > 0", "Body is empty")
    _utf8(fields["body"], "body", "Body")
    if fields["parent_author"]:
        account(fields["parent_author"])
    account(fields["author"])
    _permlink(fields["parent_permlink"])
    _permlink(fields["permlink"])
    if fields["json_metadata"] and not is_json(fields["json_metadata"]):
        raise failed("fc::json::is_valid(json_metadata)", "JSON Metadata not valid JSON")


def _utf8(text: str, field: str, name: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise failed(f"fc::is_utf8( {field} )", f"{name} not formatted in UTF8") from None


def _delete(fields: Fields) -> None:
    _permlink(fields["permlink"])
    account(fields["author"])


def _vote(fields: Fields) -> None:
    account(fields["voter"])
    account(fields["author"])
    if abs(fields["weight"]) > 10000:  # noqa: PLR2004  # a hundred percent
        raise failed("abs(weight) <= STEEM_100_PERCENT", "Weight is not a STEEMIT percentage")
    _permlink(fields["permlink"])


def _options(fields: Fields) -> None:
    account(fields["author"])
    if fields["percent"] > 10000:  # noqa: PLR2004
        raise failed("percent_steem_dollars <= STEEM_100_PERCENT", "Percent cannot exceed 100%")
    payout = fields["max_accepted_payout"]
    if payout.kind != 1:
        test = "max_accepted_payout.symbol == SBD_SYMBOL"
        raise failed(test, "Max accepted payout must be in SBD")
    if payout.units < 0:
        raise failed("max_accepted_payout.amount.value >= 0", "Cannot accept less than 0 payout")
    _permlink(fields["permlink"])
    if fields["beneficiaries"] is not None:
        _beneficiaries(fields["beneficiaries"])


def _beneficiaries(shares: list[tuple[str, int]]) -> None:
    whole, text = 10000, "Cannot allocate more than 100% of rewards to "
    if not shares:
        raise failed("beneficiaries.size()", "Must specify at least one beneficiary")
    if len(shares) >= 128:  # noqa: PLR2004  # STEEM_BENEFICIARY_LIMIT
        raise failed(
            "beneficiaries.size() < STEEM_BENEFICIARY_LIMIT",
            "Cannot specify more than 127 beneficiaries.",
        )
    total = 0
    for number, (name, weight) in enumerate(shares):
        account(name)
        if weight > whole:
            test = f"beneficiaries[{'0' if number == 0 else 'i'}].weight <= STEEM_100_PERCENT"
            raise failed(test, f"{text}one account")
        total += weight
        if total > whole:
            raise failed("sum <= STEEM_100_PERCENT", f"{text}a comment")
        if number and shares[number - 1][0] >= name:
            raise failed(
                "beneficiaries[i - 1] < beneficiaries[i]",
                "Benficiaries must be specified in sorted order (account ascending)",
            )


def _custom_json(fields: Fields) -> None:
    if not fields["required_auths"] and not fields["required_posting_auths"]:
        raise failed(
            "(required_auths.size() + required_posting_auths.size()) > 0",
            "at least one account must be specified",
        )
    size = len(fields["id"].encode())
    if size > 32:  # noqa: PLR2004  # STEEM_CUSTOM_OP_ID_MAX_LENGTH
        raise failed(
            "id.length() <= STEEM_CUSTOM_OP_ID_MAX_LENGTH",
            f"Operation ID length exceeded. Max: 32 Current: {size}",
        )
    if not is_json(fields["json"]):
        raise failed("fc::json::is_valid(json)", "JSON Metadata not valid JSON")


def _create(fields: Fields) -> None:
    account(fields["new_account_name"])


_CHECKS: dict[str, Callable[[Fields], None]] = {
    "comment": _comment,
    "delete_comment": _delete,
    "vote": _vote,
    "comment_options": _options,
    "custom_json": _custom_json,
    "account_create": _create,
}
