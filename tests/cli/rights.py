"""A process that file modes bind, whoever runs the tests."""

import ctypes
import struct

_VERSION = 0x20080522  # _LINUX_CAPABILITY_VERSION_3


def give_up_roots_rights():
    """Drop every capability of this process: root then is a user like others (capset(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.capset(struct.pack("Ii", _VERSION, 0), bytes(24)):
        raise OSError(ctypes.get_errno(), "capset")
