"""Spoilers, as Denser shows them: a quote in which a paragraph begins with `!` is folded.

What stands in it is written as it is, without escaping, as there; the sanitiser comes after it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

_TITLE = re.compile(r"! ?\[([A-Za-z0-9 ?!]{1,50}?)\] ?")
_UNNAMED = "Reveal spoiler"


class SpoilerRenderer(RendererHTML):
    """Writes the tokens of one body."""

    def __init__(self, rules: Mapping[str, Callable[..., str]]) -> None:
        super().__init__()
        self.rules = {
            **rules,
            "blockquote_open": self._begin,
            "blockquote_close": self._end,
            "text": self._text,
        }
        self._titled: str | None = None

    def _begin(
        self, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
    ) -> str:
        if self._titled is None:
            self._titled = _title(tokens, index)
            if self._titled is not None:
                return f"<details><summary>{self._titled}</summary>"
        return self.renderToken(tokens, index, options, env)

    def _end(self, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
        if self._titled is not None:
            self._titled = None
            return "</details>"
        return self.renderToken(tokens, index, options, env)

    def _text(self, tokens: Sequence[Token], index: int, *args: Any) -> str:
        if self._titled is None:
            return self.text(tokens, index, *args)
        content = tokens[index].content
        title = re.match(rf"! ?\[{re.escape(self._titled)}\] ?", content)
        return content[title.end() :].removeprefix("!") if title else content.removeprefix("!")


def _title(tokens: Sequence[Token], index: int) -> str | None:
    """The title of the spoiler that a quote is, None where it is none."""
    for token in tokens[index:]:
        if token.type == "blockquote_close":
            return None
        if token.type == "inline" and token.content.startswith("!"):
            found = _TITLE.search(token.content)
            return found[1] if found else _UNNAMED
    return None
