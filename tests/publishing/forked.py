"""`briefbot` commands as processes of their own, forked from one that has imported everything.

A start from nothing costs a second of imports; hundreds of them are most of what the tests of a
killed and restarted service would do. What is forked is the program from its entry point on, with
its own pid, memory and signals. `tests/cli` starts it from nothing, as a shell does.
"""

import multiprocessing
import os
import subprocess
import sys
from contextlib import suppress

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.publishing.preloaded"])


class Forked:
    """A running command, with what a test needs of `subprocess.Popen`.

    Args:
        prepare: called in the process before the command begins.
    """

    def __init__(self, *arguments, folder, output, environment=None, prepare=None):
        self._process = FORKS.Process(
            target=_live, args=(arguments, folder, output, environment or {}, prepare)
        )
        self._process.start()
        self.pid = self._process.pid

    def poll(self):
        return self._process.exitcode

    def wait(self, seconds=None):
        self._process.join(seconds)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(f"pid {self.pid}", seconds)
        return self._process.exitcode

    def send_signal(self, number):
        with suppress(ProcessLookupError):  # it has just ended
            os.kill(self.pid, number)

    def kill(self):
        self._process.kill()


def _live(arguments, folder, output, environment, prepare):
    """The child's whole life."""
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(file, stream)
    os.chdir(folder)
    os.environ.update(environment)
    sys.argv = ["briefbot", *arguments]
    if prepare:
        prepare()
    from bot.__main__ import main

    try:
        main()
    finally:
        sys.stdout.flush()
