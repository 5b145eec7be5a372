"""A brief written as a file, so that reading it gives the same values again."""

import json
import re
from collections.abc import Mapping
from typing import Any

# What YAML takes for a line break or refuses (YAML 1.1 §5.1), and JSON leaves as it is.
_SPECIAL = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def written(values: Mapping[str, Any], body: str) -> str:
    """The text of a brief's file.

    Args:
        values: front matter by key: texts, numbers, booleans, and lists of texts or tables.
    """
    lines = [f"{key}: {_value(value)}" for key, value in values.items()]
    return "\n".join(["---", *lines, "---", body, ""])


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_value(item) for item in value)}]"
    text = json.dumps(value, ensure_ascii=False)
    return _SPECIAL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
