"""Our operations as the records keep them: JSON text of (name, fields) pairs, written and read."""

import json
from collections.abc import Sequence
from typing import Any

from bot.chain.protocol import Operation


def operations_text(operations: Sequence[Operation]) -> str:
    """Operations as compact JSON text, in condenser_api's legacy form."""
    return json.dumps(operations, ensure_ascii=False, separators=(",", ":"))


def operations_in(text: str) -> list[Operation]:
    """The operations in such a text."""
    return [(str(name), dict(fields)) for name, fields in json.loads(text)]


def comment_in(text: str) -> dict[str, Any]:
    """The fields of the comment operation among these; empty when there is none."""
    return next((fields for name, fields in operations_in(text) if name == "comment"), {})


def beneficiaries_in(text: str) -> dict[str, int]:
    """Who gets a part of the payout, in hundredths of a per cent, by these operations."""
    return {
        share["account"]: int(share["weight"])
        for name, fields in operations_in(text)
        if name == "comment_options"
        for kind, value in fields.get("extensions", ())
        if kind == 0
        for share in value["beneficiaries"]
    }


def delete_comment(author: str, permlink: str) -> Operation:
    """What takes a post off the chain (chain-rules §1.5)."""
    return "delete_comment", {"author": author, "permlink": permlink}


def reblog(account: str, author: str, permlink: str) -> Operation:
    """What shows a post to an account's readers (chain-rules §1.6)."""
    told = ["reblog", {"account": account, "author": author, "permlink": permlink}]
    return "custom_json", {
        "required_auths": [],
        "required_posting_auths": [account],
        "id": "follow",
        "json": json.dumps(told, separators=(",", ":")),
    }


def reblogged_in(text: str) -> tuple[str, str]:
    """(author, permlink) of the post that a reblog's operations show."""
    ((_, fields),) = operations_in(text)
    _, told = json.loads(fields["json"])
    return told["author"], told["permlink"]
