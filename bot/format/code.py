"""Where code stands in a body: what looks like anything else there is only shown."""

import re

from bot.format.remarkable import parsed

_INLINE = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)


def coded(body: str) -> list[tuple[int, int]]:
    """Code blocks and code in a line, as (first, after last) offsets."""
    starts = [0]
    for line in body.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    blocks = [
        (starts[token.map[0]], starts[min(token.map[1], len(starts) - 1)])
        for token in parsed(body)[0]
        if token.type in {"fence", "code_block"} and token.map
    ]
    return blocks + [match.span() for match in _INLINE.finditer(body)]
