"""A newsroom among hostile peers: what holds of everything that it printed, wrote down and took."""

import json
import multiprocessing.util
import re
import resource
import time
from pathlib import Path

from tests.publishing.forked import Forked
from tests.publishing.newsroom import Newsroom

CONTROLS_ARE_SHOWN = True
"""Whether control characters are made visible at the one place where text leaves for a terminal."""
MOST_MEMORY = 200_000  # kilobytes
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class HostileNewsroom(Newsroom):
    """Commands and services here tell how much memory they took, and are asked of no patience."""

    def turn_to(self, nodes, images="", *, timeout="1s"):
        """Configure these nodes, and this image host."""
        tables = "".join(f"[author.{name}]\n" for name in self.authors)
        (self.root / "config/briefbot.toml").write_text(
            f'chain = "devnet"\ndatabase = "{self.database}"\n{tables}'
            f'[network]\ntimeout = "{timeout}"\n'
            f"[chains.devnet]\nnodes = {json.dumps(list(nodes))}\n"
            + (f'images = "{images}"\n' if images else "")
        )

    def command(self, *arguments, patience=30.0):
        """Run a command to its end, whatever that is: (exit code, output, seconds)."""
        output = self.root / f"command-{next(self.numbers)}.log"
        began = time.monotonic()
        command = Forked(
            *arguments, folder=self.root, output=output, prepare=Prepared(self.root / "peaks")
        )
        try:
            status = command.wait(patience)
        finally:
            command.kill()
        return status, output.read_text(), time.monotonic() - began

    def start(self, prepare=None):
        return super().start(prepare or Prepared(self.root / "peaks", forgetful=True))

    def examine(self):
        """What holds after anything: no traceback, no key, no unbounded memory or record."""
        peaks = [int(line) for line in self._read(self.root / "peaks").split()]
        assert all(peak < MOST_MEMORY for peak in peaks), peaks
        keys = [
            self.devnet.key(name, role).encode()
            for name in self.authors
            for role in ("posting", "active", "owner")
        ]
        for path in [*self.root.rglob("*"), *self.root.parent.glob(f"{self.root.name}.db*")]:
            if not path.is_file() or path.name == ".env":
                continue
            data = path.read_bytes()
            assert not any(key in data for key in keys), path
            if path.suffix == ".log":
                self._examine_output(path, data.decode())
        for row in self.records_with():
            assert len(row.publication.error or "") < 2000, row.publication.error[:500]
        assert not [
            path
            for path in self.root.parent.rglob("*escaped*")
            if self.root / "posts" not in path.parents
        ]

    @staticmethod
    def _examine_output(path, told):
        assert "Traceback" not in told, f"{path}\n{told[-3000:]}"
        assert "should not" not in told, f"{path}\n{told[-3000:]}"
        assert "job_failed" not in told, f"{path}\n{told[-3000:]}"
        assert len(told) < 1_000_000, path
        if CONTROLS_ARE_SHOWN:
            assert not _CONTROLS.search(told), f"{path}\n{_CONTROLS.search(told)}"

    @staticmethod
    def _read(path):
        return path.read_text() if path.exists() else ""


class Prepared:
    """Called in a command's process before it begins (it must be picklable).

    Args:
        forgetful: who failed is asked first again soon, so that most questions meet the hostile one.
    """

    def __init__(self, peaks, *, forgetful=False):
        self._peaks = Path(peaks)
        self._forgetful = forgetful

    def __call__(self):
        import bot.chain.images
        import bot.chain.nodes
        import bot.chain.watch
        import bot.publishing.publisher
        import bot.service.service

        if self._forgetful:
            bot.chain.nodes._LEFT_ALONE = bot.chain.nodes._BARRED = 0.4
            bot.chain.watch.LONGEST_SILENCE = 0.2
            bot.publishing.publisher.DEFAULT_WAIT = 0.5
            bot.service.service.SWEEP_EVERY = 2.0
            bot.chain.images.PAUSE = 0.5
        multiprocessing.util.Finalize(None, self._note, exitpriority=1)

    def _note(self):
        with self._peaks.open("a") as file:
            file.write(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}\n")
