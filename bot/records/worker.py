"""Which process is at work: a name that tells whether its bearer still lives (Linux, proc(5))."""

import os
import socket
from pathlib import Path


def identity() -> str:
    """This process: host, process namespace, pid and the moment of its start."""
    return f"{_here()}:{os.getpid()}:{_start(os.getpid())}"


def is_gone(worker: str) -> bool:
    """Whether that worker was a process of this machine and has ended.

    False for workers elsewhere: only the end of their lease tells.
    """
    here, _, process = worker.rpartition(":")
    here, _, pid = here.rpartition(":")
    if here != _here() or not pid.isdigit():
        return False
    return _start(int(pid)) != process


def _here() -> str:
    """The host and its process namespace: a container's processes are counted apart."""
    return f"{socket.gethostname()}/{Path('/proc/self/ns/pid').readlink().name.strip('pid:[]')}"


def _start(pid: int) -> str:
    """Clock ticks from boot to the start of a process; empty when there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    # the name, in brackets, may hold anything; the start is the 20th field behind it
    state, *fields = text.rpartition(")")[2].split()
    return "" if state in {"Z", "X"} else fields[18]
