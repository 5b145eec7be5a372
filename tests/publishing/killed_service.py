"""The real service, which SIGKILLs itself the first time that it reaches one step of the journey.

The product has no hook for this; the step is wrapped from outside.
"""

import os
import signal
import socket
from urllib.parse import urlsplit

from bot.chain.beem_chain import BeemChain
from bot.chain.blocks import Blocks
from bot.chain.wire import Wire
from bot.records import Leases, Outcome, Records, Status

STEPS = {
    "add": (Records, "add_all", None),
    "claim": (Leases, "claim", None),
    "draft": (Records, "draft", None),
    "look first": (BeemChain, "agreed_content", None),
    "account": (BeemChain, "agreed_account", None),
    "sign": (BeemChain, "sign", None),
    "write ahead": (Records, "write_ahead", None),
    "confirm lease": (Records, "confirm_lease", None),
    "exchange": (Wire, "_exchange", b"broadcast_transaction"),
    "half sent": (Wire, "_exchange", b"broadcast_transaction"),
    "broadcast": (BeemChain, "broadcast", None),
    "settle sent": (Records, "record_outcome", Outcome.SENT),
    "move included": (Records, "move", Status.INCLUDED),
    "agreed block": (Blocks, "agreed", None),
    "move final": (Records, "move", Status.FINAL),
    "release": (Leases, "release_idle", None),
}


def arm(side, step, number=signal.SIGKILL):
    """Send this process a signal the first time that it comes before or after a step."""
    owner, name, wanted = STEPS[step]
    original = getattr(owner, name)

    def strike():
        setattr(owner, name, original)
        os.kill(os.getpid(), number)

    def wrapped(self, *args, **kwargs):
        hit = wanted is None or any(_is_wanted(wanted, value) for value in args)
        if hit and side == "before":
            if step == "half sent":
                _send_half(*args)
            strike()
        result = original(self, *args, **kwargs)
        if hit and side == "after" and (name != "claim" or result):
            strike()
        return result

    setattr(owner, name, wrapped)


def _is_wanted(wanted, value):
    if isinstance(wanted, bytes):
        return isinstance(value, bytes) and wanted in value
    return getattr(value, "target", value) is wanted


def _send_half(node, request):
    """What a node sees of a process that dies while it sends."""
    host = urlsplit(node)
    with socket.create_connection((host.hostname, host.port)) as connection:
        head = f"POST / HTTP/1.1\r\nHost: {host.netloc}\r\nContent-Length: {len(request)}\r\n\r\n"
        connection.sendall(head.encode() + request[: len(request) // 2])
