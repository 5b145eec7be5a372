"""A brief written as a file, so that reading it gives the same values again."""

import json
import re
from collections.abc import Mapping
from typing import Any

# What YAML takes for a line break or refuses (YAML 1.1 §5.1), and JSON leaves as it is.
_SPECIAL = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")

_NO_TEXT = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}


def written(values: Mapping[str, Any], body: str) -> str:
    """The text of a brief's file.

    Args:
        values: front matter by key: texts, numbers, booleans, and lists of texts or tables.
    """
    lines = [f"{key}: {_value(value)}" for key, value in values.items()]
    return "\n".join(["---", *lines, "---", body, ""])


def quoted(value: Any) -> str:
    """A text, number or boolean as YAML and TOML both read it back."""
    text = json.dumps(value, ensure_ascii=False)
    return _SPECIAL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def plain(word: str) -> str:
    """A word as it is, where YAML takes that for text."""
    return word if word[0].isalpha() and word not in _NO_TEXT else quoted(word)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_value(item) for item in value)}]"
    return quoted(value)
