"""Building the archives that a release is made of, and what has to be in them."""

import hashlib
import os
import subprocess
import sys
import tarfile
import zipfile
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]
NEVER = "1580601600"  # as hatchling has it


def built(source, folder, *targets):
    """Build them from a source tree into a folder; their paths by kind."""
    before = set(folder.glob("*"))
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder),
         *(word for target in targets for word in ("-t", target))],
        cwd=source, check=True, capture_output=True,
        env=os.environ | {"SOURCE_DATE_EPOCH": epoch()},
    )  # fmt: skip
    made = set(folder.glob("*")) - before
    return {"sdist" if path.suffix == ".gz" else "wheel": path for path in made}


def epoch():
    """Seconds of the last commit: what archives tell as the time of their files."""
    command = ["git", "log", "-1", "--format=%ct"]
    with suppress(FileNotFoundError):  # without git, this is no checkout
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout.strip() or NEVER
    return NEVER


def unpacked(sdist, folder):
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    [source] = folder.iterdir()
    return source


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def in_wheel(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def in_sdist(sdist):
    with tarfile.open(sdist) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}
