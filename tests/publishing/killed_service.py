"""The real service, which SIGKILLs itself the first time that it reaches one step of the journey.

The product has no hook for this; the step is wrapped from outside.
"""

import os
import signal

from bot.chain.beem_chain import BeemChain
from bot.records import Outcome, Records, Status

STEPS = {
    "add": (Records, "add", None),
    "claim": (Records, "move", Status.PUBLISHING),
    "look first": (BeemChain, "content", None),
    "account": (BeemChain, "account", None),
    "sign": (BeemChain, "sign", None),
    "write ahead": (Records, "write_ahead", None),
    "broadcast": (BeemChain, "broadcast", None),
    "settle sent": (Records, "settle", Outcome.SENT),
    "move included": (Records, "move", Status.INCLUDED),
    "settle included": (Records, "settle", Outcome.INCLUDED),
    "settle final": (Records, "settle", Outcome.FINAL),
    "move final": (Records, "move", Status.FINAL),
}


def arm(side, step):
    owner, name, wanted = STEPS[step]
    original = getattr(owner, name)

    def wrapped(self, *args, **kwargs):
        hit = wanted is None or wanted in args
        if hit and side == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(self, *args, **kwargs)
        if hit:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, wrapped)
