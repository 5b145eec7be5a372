"""How Denser writes HTML: a newline is a newline, and a quote may be a spoiler.

A quote in which a paragraph begins with `!` is folded. What stands in it is written as it is,
without escaping, as there; the sanitiser comes after it.
"""

import re
from collections.abc import Sequence

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

_OWN = ("blockquote_open", "blockquote_close", "text", "softbreak")
_TITLE = re.compile(r"! ?\[([A-Za-z0-9 ?!]{1,50}?)\] ?")
_UNNAMED = "Reveal spoiler"


class DenserRenderer(RendererHTML):
    """Writes the tokens of one body.

    Args:
        others: whose rules hold for all other tokens.
    """

    def __init__(self, others: RendererHTML) -> None:
        super().__init__()
        self.rules = others.rules | {name: self.rules[name] for name in _OWN}
        self._titled: str | None = None

    def blockquote_open(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        """The start of a quote or of a spoiler, in which others are quotes."""
        if self._titled is None:
            self._titled = _title(tokens, idx)
            if self._titled is not None:
                return f"<details><summary>{self._titled}</summary>"
        return self.renderToken(tokens, idx, options, env)

    def blockquote_close(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        """The first end of a quote ends the spoiler, too."""
        if self._titled is not None:
            self._titled = None
            return "</details>"
        return self.renderToken(tokens, idx, options, env)

    def text(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Text, in a spoiler without its title and sign."""
        if self._titled is None:
            return super().text(tokens, idx, options, env)
        content = tokens[idx].content
        title = re.match(rf"! ?\[{re.escape(self._titled)}\] ?", content)
        return (content[title.end() :] if title else content).removeprefix("!")

    def softbreak(
        self,
        tokens: Sequence[Token],  # noqa: ARG002  # the signature of all rules
        idx: int,  # noqa: ARG002
        options: OptionsDict,  # noqa: ARG002
        env: EnvType,  # noqa: ARG002
    ) -> str:
        """A single newline is no line break."""
        return "\n"


def _title(tokens: Sequence[Token], index: int) -> str | None:
    """The title of the spoiler that a quote is, None where it is none."""
    for place in range(index, len(tokens)):
        token = tokens[place]
        if token.type == "blockquote_close":
            return None
        if token.type == "inline" and token.content.startswith("!"):
            found = _TITLE.search(token.content)
            return found[1] if found else _UNNAMED
    return None
