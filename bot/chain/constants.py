"""The times that the chains' rules are made of, in seconds of chain time."""

SLOT = 3.0
"""Between blocks, on every chain of the family (chain-rules §4)."""
ROOT_INTERVAL = 303.0
"""Between an author's root posts: more than 300 s of head time, in slots of 3 s (§1.2 e7)."""
REPLY_INTERVAL = SLOT
"""Between an author's replies (§1.2 e8)."""
FINALITY = 63.0
"""Until a block can't be undone, as a rule: 21 slots (§4)."""
TRANSACTION_TTL = 180.0
"""In which a signed transaction of ours can be included.

Long enough to resend it over a restart or an outage of minutes, short enough that an unknown
outcome resolves itself soon; the chains allow an hour.
"""
