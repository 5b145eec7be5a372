"""Whose rendering: front ends differ, and the chain profile says which one its readers use."""

from enum import StrEnum


class Flavour(StrEnum):
    """A family of front ends (docs/rendering.md).

    Attributes:
        CONDENSER: steemit.com and its kin.
        DENSER: hive.blog since 2025.
        CONTENT_RENDERER: what shows posts by the published package @hiveio/content-renderer.
        HIVE: the one that hive.blog runs; `hive` in a configuration means it.
    """

    CONDENSER = "condenser"
    DENSER = "denser"
    CONTENT_RENDERER = "content-renderer"
    HIVE = DENSER

    @classmethod
    def _missing_(cls, value: object) -> "Flavour | None":
        return cls.HIVE if value == "hive" else None
