"""Whose rendering: front ends differ, and the chain profile says which one its readers use."""

from enum import StrEnum


class Flavour(StrEnum):
    """A family of front ends.

    Attributes:
        CONDENSER: steemit.com and its kin.
        HIVE: hive.blog and what else shows posts by @hiveio/content-renderer.
    """

    CONDENSER = "condenser"
    HIVE = "hive"
