"""Names that front ends don't link: accounts that pretend to be an exchange or another's.

The names are the sites' own (condenser's and Denser's BadActorList, August 2026 and December 2025);
`unlinked.txt` holds those that both know.
"""

from functools import cache
from importlib.resources import files

from bot.format.flavour import Flavour

_ALONE = {
    Flavour.CONDENSER: frozenset(["spaminator", "steemcleaners"]),
    Flavour.DENSER: frozenset(["blocktrades.com", "blocktrades.us"]),
    Flavour.CONTENT_RENDERER: frozenset(["blocktrades.com", "blocktrades.us"]),
}


@cache
def unlinked(flavour: Flavour) -> frozenset[str]:
    """The accounts that a front end shows as text, and doesn't collect."""
    known = files("bot.format").joinpath("unlinked.txt").read_text(encoding="ascii")
    return frozenset(known.split()) | _ALONE[flavour]
