r"""JSON as steemd reads it, which is not quite JSON (fc/src/io/json.cpp, legacy_parser).

Of escapes it knows `\t \n \r \\` and takes any other escaped character as itself: `\u00fc` is read
as `u00fc` (tests/fixtures/steemd/README.md). Commas may be missing or doubled, words need no
quotes, and control characters may stand in strings. Good JSON goes through the standard library;
this reader is for the rest, and says what steemd says about it.
"""

import json
import re
from typing import Any, NoReturn

from bot.devnet.faults import Fault, Frame, end_of_file, parse_error
from bot.devnet.variant import to_double, to_int64, to_uint64

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_KNOWN_ESCAPES = {"t", "n", "r", "\\", '"'}
_WHITE = " \t\n\r"
_DEEPEST = 200  # JSON_MAX_RECURSION_DEPTH
_EOF = "11 eof_exception: End Of File\nstringstream\n    {}\n    sstream.cpp:109 peek"


def read(text: str) -> Any:
    """The value that a text begins with; what follows it is not looked at.

    Raises:
        Fault: steemd's, with its frames.
    """
    value = _quickly(text)
    return _Reader(text).value() if value is _NOT_PLAIN else value


def is_valid(text: str) -> bool:
    """Whether steemd takes the text as JSON with nothing after it, not even white space.

    Raises:
        Fault: what it can't even begin to parse.
    """
    if not text:
        return False
    if _quickly(text) is not _NOT_PLAIN:
        return text[-1] not in _WHITE
    reader = _Reader(text)
    reader.value()
    return reader.at_end


_NOT_PLAIN = object()


def _quickly(text: str) -> Any:
    """The value of a text that is plain JSON, by the standard library."""
    if text.count("[") + text.count("{") > _DEEPEST:
        return _NOT_PLAIN  # perhaps too deep: the reader counts
    if "\\" in text:
        text = _ESCAPE.sub(lambda match: match[0] if match[1] in _KNOWN_ESCAPES else match[1], text)
    try:
        return json.loads(
            text, strict=False, parse_constant=_refuse, parse_float=_decimal, parse_int=_whole
        )
    except (Fault, ValueError, RecursionError):
        return _NOT_PLAIN


def _refuse(word: str) -> NoReturn:
    raise ValueError(word)


def _decimal(text: str) -> float:
    if "e" in text or "E" in text:
        raise ValueError(text)  # steemd reads 1e5 as a word
    return to_double(text)


def _whole(text: str) -> int:
    return to_int64(text) if text.startswith("-") else to_uint64(text)


class _Reader:
    """One pass over a text; each method is the parser's function of that name."""

    def __init__(self, text: str) -> None:
        self._text, self._at, self._depth = text, 0, 0

    @property
    def at_end(self) -> bool:
        return self._at >= len(self._text)

    def _peek(self) -> str:
        if self.at_end:
            raise end_of_file()
        return self._text[self._at]

    def _get(self) -> str:
        character = self._peek()
        self._at += 1
        return character

    def _skip_white(self) -> bool:
        begun = self._at
        while self._peek() in _WHITE:
            self._at += 1
        return self._at > begun

    def value(self) -> Any:
        self._skip_white()
        character = self._peek()
        if character == '"':
            return self._string()
        if character in "{[":
            self._depth += 1
            if self._depth > _DEEPEST:
                raise parse_error(("JSON_MAX_RECURSION_DEPTH exceeded", {}))
            found = self._object() if character == "{" else self._array()
            self._depth -= 1
            return found
        if character in "-.0123456789":
            return self._number()
        if character in "ntf":
            return self._token()
        if character in "\x00\x04":
            fault = end_of_file()
            fault.stack = [Frame("unexpected end of file", {}, level="error")]
            raise fault
        data = {"c": ord(character), "s": self._word()}
        raise parse_error(("Unexpected char '${c}' in \"${s}\"", data))

    def _string(self) -> str:
        token: list[str] = []
        try:
            if self._peek() != '"':
                raise parse_error(("Expected '\"' but read '${char}'", {"char": self._peek()}))
            self._at += 1
            while (character := self._peek()) != '"':
                if character == "\x04":
                    text = "EOF before closing '\"' in string '${token}'"
                    raise parse_error((text, {"token": "".join(token)}))
                token.append(self._escape() if character == "\\" else self._get())
            self._at += 1
        except Fault as fault:
            data = {"token": "".join(token)}
            fault.stack.append(Frame("while parsing token '${token}'", data))
            raise
        return "".join(token)

    def _escape(self) -> str:
        self._at += 1
        try:
            character = self._get()
        except Fault as fault:
            fault.stack.append(Frame("Stream ended with '\\'", {}, level="info"))
            raise
        return {"t": "\t", "n": "\n", "r": "\r"}.get(character, character)

    def _object(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        try:
            self._at += 1
            while self._peek() != "}":
                if self._peek() == ",":
                    self._at += 1
                    continue
                if self._skip_white():
                    continue
                key = self._string()
                self._skip_white()
                if self._peek() != ":":
                    raise parse_error(("Expected ':' after key \"${key}\"", {"key": key}))
                self._at += 1
                found[key] = self.value()
                self._skip_white()
            self._at += 1
        except Fault as fault:
            if fault.name == "eof_exception":
                raise parse_error(("Unexpected EOF: ${e}", {"e": _EOF})) from None
            fault.stack.append(Frame("Error parsing object", {}))
            raise
        return found

    def _array(self) -> list[Any]:
        found: list[Any] = []
        try:
            self._at += 1
            self._skip_white()
            while self._peek() != "]":
                if self._peek() == ",":
                    self._at += 1
                    continue
                if self._skip_white():
                    continue
                found.append(self.value())
                self._skip_white()
            self._at += 1
        except Fault as fault:
            fault.stack.append(Frame("Attempting to parse array ${array}", {"array": found}))
            raise
        return found

    def _number(self) -> Any:
        begun = self._at
        if self._peek() == "-":
            self._at += 1
        while not self.at_end and (self._text[self._at].isdigit() or self._text[self._at] == "."):
            self._at += 1
            if self._text[begun : self._at].count(".") > 1:
                raise parse_error(("Can't parse a number with two decimal places", {}))
        text = self._text[begun : self._at]
        if not self.at_end and self._text[self._at].isalnum():
            return text + self._word()
        if text in {"-.", "."}:
            data = {"token": text}
            raise parse_error(('Can\'t parse token "${token}" as a JSON numeric constant', data))
        return to_double(text) if "." in text else _whole(text)

    def _token(self) -> Any:
        begun = self._at
        while not self.at_end and self._text[self._at] in "nultrefas":
            self._at += 1
        word = self._text[begun : self._at]
        if word in {"null", "true", "false"}:
            return {"null": None, "true": True, "false": False}[word]
        return word if self.at_end else word + self._word()

    def _word(self) -> str:
        word: list[str] = []
        while not self.at_end:
            character = self._text[self._at]
            if character == "\\":
                word.append(self._escape())
            elif character in "\t \0\n":
                self._at += 1
                break
            elif character.isalnum() or character in "_-.:/":
                word.append(character)
                self._at += 1
            else:
                break
        return "".join(word)
