"""`make package`: the archives, installed where nothing is, and used there as a stranger would.

python -m tests.packaging.installed DIST

Builds into DIST, twice; makes an empty environment with this Python, installs the locked
dependencies and the wheel, and runs `init`, `check` and `demo` in an empty folder. Then it takes
the extras' packages away: what is left has to work, and each that is missing is one sentence.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

from bot import __version__
from bot.records.engine import VERSION
from tests.packaging.archives import ROOT, built, sha256, unpacked

EXTRAS = {
    "postgres": (["psycopg", "psycopg-binary"], ["--version"]),
    "keyring": (["keyring"], ["doctor"]),
    "web": (["fastapi", "uvicorn", "argon2-cffi", "babel"], ["web"]),
    "notify": (["apprise"], ["notify", "test"]),
}
"""Each extra's own packages, and a command that asks for it."""
ASKS = {
    "postgres": {"BRIEFBOT_DATABASE": "postgresql+psycopg://me@127.0.0.1:1/none"},
    "notify": {"BRIEFBOT_NEWS_DESK": "mailto://me:x@127.0.0.1"},
}


class Installed:
    """An environment with briefbot in it, and an empty folder."""

    def __init__(self, folder):
        self.python = folder / "environment/bin/python"
        self.folder = folder / "empty"
        self.folder.mkdir()
        venv.create(folder / "environment", with_pip=True)

    def pip(self, *arguments):
        subprocess.run(
            [self.python, "-m", "pip", "--disable-pip-version-check", *arguments, "-qq"],
            check=True, env=os.environ | {"PIP_ROOT_USER_ACTION": "ignore"},
        )  # fmt: skip

    def run(self, *arguments, expect=0, **given):
        """What the installed command says."""
        done = subprocess.run(
            [self.python.with_name("briefbot"), *arguments],
            cwd=self.folder, env={"PATH": os.defpath, "HOME": str(self.folder)} | given,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == expect, (arguments, done.returncode, done.stdout)
        assert "Traceback" not in done.stdout, done.stdout
        return done.stdout


def archives(dist, scratch):
    """Build them, and again, the wheel from the source archive: the bytes are the same."""
    made = built(ROOT, dist, "sdist", "wheel")
    for folder in ("source", "again"):
        (scratch / folder).mkdir()
    again = built(ROOT, scratch / "again", "sdist")
    again |= built(unpacked(made["sdist"], scratch / "source"), scratch / "again", "wheel")
    for kind, path in sorted(made.items()):
        assert sha256(path) == sha256(again[kind]), f"the {kind} isn't reproducible"
        print(f"{sha256(path)}  {path.name}  {path.stat().st_size} bytes, twice the same")
    return made["wheel"]


def use(installed):
    """What somebody does first."""
    assert installed.run("--version") == f"briefbot {__version__}, schema {VERSION}\n"
    installed.run("init", ".", "--chain", "devnet", "--author", "alice")
    installed.run("check")
    told = installed.run("demo")
    assert "1 brief published" in told, told
    log = installed.run("log", "--json", "--config", "x", expect=2)
    assert "No such option" in log
    rows = subprocess.run(
        [installed.python.with_name("briefbot"), "log", "--json"],
        cwd=installed.folder / ".briefbot/demo", capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    assert [json.loads(row)["status"] for row in rows] == ["final"], rows


def without_extras(installed):
    """Each missing one is a sentence with its remedy, and what needs none goes on working."""
    packages = [package for names, _ in EXTRAS.values() for package in names]
    installed.pip("uninstall", "--yes", *packages)
    for extra, (_, command) in EXTRAS.items():
        arguments = ["log"] if extra == "postgres" else command
        told = installed.run(*arguments, expect=EXPECTED[extra], **ASKS.get(extra, {}))
        [line] = [line for line in told.splitlines() if "pip install" in line]
        assert f"pip install 'briefbot[{extra}]'" in line, line
    for arguments in (["plan"], ["check"], ["preview", "posts/my-first-brief.md", "-o", "x.html"],
                      ["config", "show"], ["service", "install", "--user", "--dry-run"]):  # fmt: skip
        installed.run(*arguments)
    installed.run("run", "--once", BRIEFBOT_CHAINS__DEVNET__NODES='["http://127.0.0.1:9"]')
    installed.run("log")


EXPECTED = {"postgres": 2, "keyring": 3, "web": 2, "notify": 2}


def main(dist):
    began = time.monotonic()
    dist.mkdir(parents=True, exist_ok=True)
    for old in dist.glob("briefbot-*"):
        old.unlink()
    with tempfile.TemporaryDirectory(prefix="briefbot-") as scratch:
        wheel = archives(dist, Path(scratch))
        installed = Installed(Path(scratch))
        installed.pip(
            "install", "--no-compile", "--require-hashes", "-r", str(ROOT / "requirements.lock")
        )
        installed.pip("install", "--no-index", "--no-deps", str(wheel))
        use(installed)
        without_extras(installed)
    took = time.monotonic() - began
    print(f"{wheel.name} works on Python {sys.version.split()[0]}; {took:.0f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
