"""How often somebody may try to sign in.

The counts are in memory: strangers shall not make the database write, on which publishing depends.
So each process counts for itself, and a restart forgets.
"""

import ipaddress
from collections import OrderedDict, deque
from collections.abc import Hashable
from datetime import datetime, timedelta
from threading import Lock

WINDOW = timedelta(minutes=15)
OF_NAME, OF_ADDRESS = 10, 30
"""Attempts within the window for one name, and from one address."""
_MOST_KEYS = 20_000
_IPV6_SITE = 64  # whoever has one IPv6 address has all of its /64


class Attempts:
    """Attempts to sign in of the last quarter of an hour; safe to use from several threads."""

    def __init__(self) -> None:
        self._made: OrderedDict[Hashable, deque[datetime]] = OrderedDict()
        self._lock = Lock()

    def take(self, name: str, address: str, now: datetime) -> timedelta | None:
        """Count an attempt before it is made; how long to wait where there were too many.

        That is asked of the name as it was typed, whether or not there is such a user.
        """
        keys: tuple[tuple[Hashable, int], ...] = (
            (("name", name), OF_NAME),
            (("address", _site(address)), OF_ADDRESS),
        )
        with self._lock:
            waits = [wait for key, most in keys if (wait := self._wait(key, most, now))]
            if waits:
                return max(waits)
            for key, _ in keys:
                self._made.setdefault(key, deque()).append(now)
                self._made.move_to_end(key)
            while len(self._made) > _MOST_KEYS:
                self._made.popitem(last=False)
        return None

    def succeeded(self, name: str, address: str) -> None:
        """Forget the attempts for a name that has signed in, and the last one from its address.

        Not all from there: who has an account could guess at others' for ever.
        """
        with self._lock:
            self._made.pop(("name", name), None)
            if made := self._made.get(("address", _site(address))):
                made.pop()

    def _wait(self, key: Hashable, most: int, now: datetime) -> timedelta | None:
        made = self._made.get(key)
        if made is None:
            return None
        # what a clock that was set back since has written is over as well
        while made and not now - WINDOW < made[0] <= now:
            made.popleft()
        return made[0] + WINDOW - now if len(made) >= most else None


def _site(address: str) -> str:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((ip, _IPV6_SITE), strict=False))
    return address
