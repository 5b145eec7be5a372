"""What a node says when it refuses: steemd's exceptions, with their codes (chain-rules §2.4)."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

_FIELD = re.compile(r"\$\{([^}]*)\}")


@dataclass
class Frame:
    """One entry of an exception's stack: where it passed, and what it was about there.

    Attributes:
        format: a text with `${name}` for members of `data`; empty for frames without words.
    """

    format: str
    data: dict[str, Any]
    place: tuple[str, str] = ("", "")
    level: str = "warn"

    @property
    def text(self) -> str:
        """The format with its data in place."""
        return _FIELD.sub(lambda match: shown(self.data.get(match[1], match[0])), self.format)

    def entry(self, timestamp: str) -> dict[str, Any]:
        """As the reply shows it."""
        file, method = self.place
        context = {
            "level": self.level,
            "file": file,
            "line": 0,
            "method": method,
            "hostname": "",
            "timestamp": timestamp,
        }
        return {"context": context, "format": self.format, "data": self.data}


@dataclass
class Fault(Exception):  # noqa: N818  # steemd's word is exception; Python has that one
    """A refusal by a rule.

    Attributes:
        code: fc's number, `error.data.code`.
        name: the exception's class, `error.data.name`.
        what: its own text.
        stack: innermost frame first.
        outer: the JSON-RPC code.
    """

    code: int
    name: str
    what: str
    stack: list[Frame] = field(default_factory=list)
    outer: int = -32000

    def passed(self, place: tuple[str, str], words: str = "", /, **data: Any) -> "Fault":
        """Add the frame of a caller that it passed through."""
        self.stack.append(Frame(words, data, place))
        return self

    @property
    def message(self) -> str:
        """`what`, and the words of all frames (exception.cpp)."""
        return f"{self.what}:{''.join(frame.text for frame in self.stack)}"

    def error(self, timestamp: str) -> dict[str, Any]:
        """The JSON-RPC error object."""
        data = {
            "code": self.code,
            "name": self.name,
            "message": self.what,
            "stack": [frame.entry(timestamp) for frame in self.stack],
        }
        return {"code": self.outer, "message": self.message, "data": data}


class Refusal(Exception):  # noqa: N818  # an error object that is no fc exception
    """An error without fc's data: of the envelope, or of hivemind."""

    def __init__(self, code: int, message: str, data: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data

    def error(self) -> dict[str, Any]:
        """The JSON-RPC error object."""
        data = {} if self.data is None else {"data": self.data}
        return {"code": self.code, "message": self.message} | data


def failed(test: str, text: str = "", outer: int = -32000, **data: Any) -> Fault:
    """An assertion: `Assert Exception:<test>: <text>`, code 10; `text` may name its `data`."""
    frame = Frame(f"{test}: {text}", data, level="error")
    return Fault(10, "assert_exception", "Assert Exception", [frame], outer)


def unknown_key(method: str = "", **data: Any) -> Fault:
    """An object that isn't there, code 13 (database.cpp wraps std::out_of_range)."""
    frame = Frame("${what}: ", data | {"what": "unknown key"}, ("database.cpp", method))
    return Fault(13, "N5boost10wrapexceptISt12out_of_rangeEE", "unknown key", [frame])


def plugin(text: str, **data: Any) -> Fault:
    """A rule of admission, not of consensus, code 4100000."""
    frame = Frame(text, data, level="error")
    return Fault(4100000, "plugin_exception", "plugin exception", [frame])


def missing_authority(role: str, account: str, authorities: dict[str, Any]) -> Fault:
    """No signature that may act for the account, code 30x0000 (chain-rules §2.3)."""
    code = {"active": 3010000, "owner": 3020000, "posting": 3030000}[role]
    data = {"id": account} | authorities
    frame = Frame(f"Missing {role.capitalize()} Authority ${{id}}", data, level="error")
    return Fault(code, f"tx_missing_{role}_auth", f"missing required {role} authority", [frame])


def irrelevant_signature() -> Fault:
    """A signature that nothing needs, code 3050000."""
    frame = Frame("Unnecessary signature(s) detected", {}, level="error")
    return Fault(3050000, "tx_irrelevant_sig", "irrelevant signature included", [frame])


def duplicate_signature() -> Fault:
    """The same key twice, code 3060000."""
    frame = Frame("Duplicate Signature detected", {}, level="error")
    return Fault(3060000, "tx_duplicate_sig", "duplicate signature included", [frame])


def tapos(**data: Any) -> Fault:
    """The reference block isn't on this chain, code 4030200."""
    name = "transaction_tapos_exception"
    return Fault(4030200, name, "transaction tapos exception", [Frame("", data, level="error")])


def expiration(**data: Any) -> Fault:
    """Expired, or expiring too late, code 4030100."""
    name, what = "transaction_expiration_exception", "transaction expiration exception"
    return Fault(4030100, name, what, [Frame("", data, level="error")])


def bad_cast(text: str, outer: int = -32000, **data: Any) -> Fault:
    """JSON of the wrong shape, code 7."""
    frame = Frame(text, data, ("variant.cpp", ""), "error")
    return Fault(7, "bad_cast_exception", "Bad Cast", [frame], outer)


def parse_error(*frames: tuple[str, dict[str, Any]], outer: int = -32000) -> Fault:
    """Text that can't be read, code 4."""
    stack = [
        Frame(text, data, level="warn" if number else "error")
        for number, (text, data) in enumerate(frames)
    ]
    return Fault(4, "parse_error_exception", "Parse Error", stack, outer)


def end_of_file() -> Fault:
    """Text that ends too early, code 11."""
    frame = Frame("stringstream", {}, ("sstream.cpp", "peek"), "error")
    return Fault(11, "eof_exception", "End Of File", [frame])


def shown(value: Any) -> str:
    """A value in a text: as `variant::as_string` makes it one, arrays and objects as JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.17f}"
    if isinstance(value, int | str):
        return str(value)
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
