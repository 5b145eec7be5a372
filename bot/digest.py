"""Digests of values, the same in each process."""

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from hashlib import sha256
from typing import Any


def digest_of(*values: object) -> str:
    """sha256 over values that are made of dataclasses, mappings, sets and what text tells whole."""
    return sha256(json.dumps(values, default=_told, sort_keys=True).encode()).hexdigest()


def _told(value: Any) -> object:
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    return sorted(map(str, value)) if isinstance(value, AbstractSet) else str(value)
