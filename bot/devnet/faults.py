"""What a node says when it refuses: steemd's exceptions, with their codes (chain-rules §2.4)."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Fault(Exception):  # noqa: N818  # steemd's word is exception; Python has that one
    """A refusal by a rule.

    Attributes:
        code: fc's number, `error.data.code`.
        name: the exception's class, `error.data.name`.
        what: its own text.
        detail: the formatted stack entry, empty when the frame has no text.
        data: the stack entry's data.
        outer: the JSON-RPC code.
    """

    code: int
    name: str
    what: str
    detail: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    outer: int = -32000
    format: str | None = None

    def error(self, timestamp: str) -> dict[str, Any]:
        """The JSON-RPC error object."""
        entry = {
            "context": {
                "level": "error",
                "file": "devnet",
                "line": 0,
                "method": "",
                "hostname": "",
                "timestamp": timestamp,
            },
            "format": self.detail if self.format is None else self.format,
            "data": self.data,
        }
        return {
            "code": self.outer,
            "message": f"{self.what}:{self.detail}",
            "data": {
                "code": self.code,
                "name": self.name,
                "message": self.what,
                "stack": [entry],
            },
        }


def failed(test: str, text: str = "", outer: int = -32000, **data: Any) -> Fault:
    """An assertion: `Assert Exception:<test>: <text>`, code 10."""
    return Fault(10, "assert_exception", "Assert Exception", f"{test}: {text}", data, outer)


def unknown_key(**data: Any) -> Fault:
    """An object that isn't there, code 13."""
    return Fault(
        13,
        "N5boost10wrapexceptISt12out_of_rangeEE",
        "unknown key",
        "unknown key: ",
        data | {"what": "unknown key"},
        format="${what}: ",
    )


def plugin(text: str) -> Fault:
    """A rule of admission, not of consensus, code 4100000."""
    return Fault(4100000, "plugin_exception", "plugin exception", text)


def missing_posting(account: str, authorities: dict[str, Any]) -> Fault:
    """No signature that may post for the account, code 3030000."""
    return Fault(
        3030000,
        "tx_missing_posting_auth",
        "missing required posting authority",
        f"Missing Posting Authority {account}",
        {"id": account, **authorities},
        format="Missing Posting Authority ${id}",
    )


def missing_active(account: str, authorities: dict[str, Any]) -> Fault:
    """No signature that may act for the account, code 3010000."""
    return Fault(
        3010000,
        "tx_missing_active_auth",
        "missing required active authority",
        f"Missing Active Authority {account}",
        {"id": account, **authorities},
        format="Missing Active Authority ${id}",
    )


def irrelevant_signature() -> Fault:
    """A signature that nothing needs, code 3050000."""
    text = "Unnecessary signature(s) detected"
    return Fault(3050000, "tx_irrelevant_sig", "irrelevant signature included", text)


def duplicate_signature() -> Fault:
    """The same key twice, code 3060000."""
    text = "Duplicate Signature detected"
    return Fault(3060000, "tx_duplicate_sig", "duplicate signature included", text)


def tapos(**data: Any) -> Fault:
    """The reference block isn't on this chain, code 4030200."""
    name = "transaction_tapos_exception"
    return Fault(4030200, name, "transaction tapos exception", "", data)


def expiration(**data: Any) -> Fault:
    """Expired, or expiring too late, code 4030100."""
    name = "transaction_expiration_exception"
    return Fault(4030100, name, "transaction expiration exception", "", data)


def bad_cast(text: str, outer: int = -32000) -> Fault:
    """JSON of the wrong shape, code 7."""
    return Fault(7, "bad_cast_exception", "Bad Cast", text, outer=outer)
