"""`make container`: takes the steps of the Containerfile without an engine, and runs what they make.

Each stage is an overlay in memory over this machine's own files, or over those of BASE (a folder
with a Debian in it), with this Python at /usr/local as the image has it. What the last stage holds
is run as the Containerfile says: by its user, by its command, from a file system that nobody can
write to, with a workspace and secrets as compose.yaml mounts them. Linux; root, or a machine where
users may make namespaces: there it runs as that user, without any right.
"""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from bot.devnet.testing import Devnet
from tests.packaging.archives import ROOT, epoch

INSIDE = "--inside"
PORT = "8086"
"""Of a container's own network; here a free one of this machine's stands for it."""
CHROOT = "/usr/sbin/chroot"
PYTHON = "/opt/python" if sys.base_prefix == "/usr" else sys.base_prefix
"""Where a Python stands in place of the image's own."""


@dataclass
class Stage:
    """One `FROM` of the Containerfile, and what follows it."""

    name: str
    steps: list


def stages(text):
    """The Containerfile's stages; what isn't known here is no step that could be taken."""
    found = []
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        word, _, rest = line.partition(" ")
        if word == "FROM":
            assert re.match(r"python:3\.\d+-slim-", rest), (
                f"no image that this could stand for: {rest}"
            )
            found.append(Stage(rest.partition(" AS ")[2], []))
        else:
            found[-1].steps.append((word, rest))
    return found


class Layers:
    """A root file system that is being made, in a namespace of our own."""

    def __init__(self, root, base, cache):
        self.root = root
        self.environment = {"PATH": f"{PYTHON}/bin:/usr/local/bin:/usr/bin:/bin"}
        self.where = "/"
        self.port = str(free_port())
        self.user = self.command = self.health = None
        self.entry = []
        self.root.mkdir()
        mount("-t", "tmpfs", "tmpfs", self.root)
        for name in ("cache", "opt", "run", "tmp"):
            (self.root / name).mkdir()
        for name in ("bin", "etc", "lib", "lib64", "sbin", "usr"):
            self.lend(base / name, name)
        for name in ("dev", "proc"):
            self.lend(Path("/", name), name)
        if cache.is_dir():
            mount("--bind", cache, self.root / "cache")
        if sys.base_prefix == PYTHON and base == Path("/"):
            self.lend(PYTHON, PYTHON)
        else:
            python = self.root / PYTHON.lstrip("/") / "bin/python"
            python.parent.mkdir(parents=True)
            python.symlink_to("/usr/bin/python3")

    def lend(self, came, name):
        """Show a folder of the base in the image, which writes nothing into it."""
        there = self.root / name.lstrip("/")
        if Path(came).is_symlink():
            there.symlink_to(Path(came).readlink())
        elif Path(came).is_dir():
            there.mkdir(parents=True)
            mount("--rbind", came, there)
            mount("-o", "remount,bind,ro", there)

    def close(self):
        """Nobody writes into it from here on."""
        mount("-t", "tmpfs", "tmpfs", self.root / "tmp")
        mount("-o", "remount,bind,ro", self.root)

    def take(self, word, rest, stages):
        """Take one step of the Containerfile."""
        if word == "WORKDIR":
            self.where = rest
            (self.root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif word == "ENV":
            self.environment |= dict(each.split("=", 1) for each in shlex.split(rest))
        elif word == "COPY":
            self.copy(shlex.split(rest), stages)
        elif word == "RUN":
            self.run(rest)
        elif word == "USER":
            self.user = tuple(map(int, rest.split(":")))
        elif word == "ENTRYPOINT":
            self.entry = json.loads(rest)
        elif word == "CMD":
            self.command = json.loads(rest.replace(PORT, self.port))
        elif word == "HEALTHCHECK":
            self.health = json.loads(rest[rest.index("[") :].replace(PORT, self.port))
        else:
            assert word == "STOPSIGNAL", f"this step isn't known: {word}"
            assert rest == "SIGTERM"

    def copy(self, words, stages):
        source = ROOT
        if words[0].startswith("--from="):
            source = stages[words.pop(0).removeprefix("--from=")].root
        *names, target = words
        for name in names:
            came = source / name.lstrip("/")
            there = self.root / str(Path(self.where) / target).lstrip("/")
            if came.is_dir():
                shutil.copytree(
                    came, there, symlinks=True, ignore=shutil.ignore_patterns("__pycache__")
                    if source == ROOT else None, dirs_exist_ok=True,
                )  # fmt: skip
            else:
                shutil.copy(came, there / came.name if there.is_dir() else there)

    def run(self, line):
        given = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        given |= {"HOME": "/tmp", "SOURCE_DATE_EPOCH": epoch(), "PIP_ROOT_USER_ACTION": "ignore"}
        given |= {"PIP_CACHE_DIR": "/cache"}
        subprocess.run(
            [CHROOT, self.root, "/bin/sh", "-ec", f"cd {self.where}; {line}"],
            env=given | self.environment, check=True,
        )  # fmt: skip

    def start(self, words, **options):
        """A process as a container's: its user, no right, its environment and folder."""
        dropped = ["--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
        if os.environ.get("AS_ROOT"):
            user, group = self.user
            dropped += [f"--reuid={user}", f"--regid={group}", "--clear-groups"]
        else:
            dropped += ["--securebits=+noroot,+noroot_locked"]
        return subprocess.Popen(
            [CHROOT, self.root, "/usr/bin/setpriv", *dropped, "/bin/sh", "-c",
             f'cd {self.where}; exec "$@"', "sh", *words],
            env=self.environment, text=True, **options,
        )  # fmt: skip


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def mount(*arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True)


def inside(scratch, base, cache, node):
    """In namespaces of our own: build, run, look."""
    made = {}
    for number, stage in enumerate(stages((ROOT / "Containerfile").read_text())):
        layers = Layers(scratch / "layers" / str(number), base, cache)
        for word, rest in stage.steps:
            layers.take(word, rest, made)
        made[stage.name] = layers
    image = made[""]
    secrets = image.environment["CREDENTIALS_DIRECTORY"]
    for name, there in (("workspace", image.where), ("secrets", secrets)):
        (image.root / there.lstrip("/")).mkdir(parents=True, exist_ok=True)
        mount("--bind", scratch / name, image.root / there.lstrip("/"))
    image.close()
    look(image, node)


def look(image, node):
    """The container is at work as it should be, and can't do what it shouldn't."""

    def told(*words, expect=0):
        process = image.start(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        text = process.communicate(timeout=60)[0]
        assert process.returncode == expect, (words, process.returncode, text)
        return text

    for place in ("/opt/briefbot/x", "/etc/x", "/usr/local/x"):
        said = told("python", "-c", f"open({place!r}, 'w')", expect=1)
        assert "Read-only file system" in said, said
    rights = told("cat", "/proc/self/status")
    assert re.search(r"CapEff:\t0+\n", rights), rights
    assert re.search(r"NoNewPrivs:\t1\n", rights), rights
    if os.environ.get("AS_ROOT"):
        assert told("id", "-u").strip() == str(image.user[0])

    service = image.start([*image.entry, *image.command], stderr=subprocess.PIPE)
    try:
        wait_until(lambda: well(image), service)
        wait_until(lambda: published(node), service)
        assert "WELL" in told(*image.entry, "status")
    except BaseException:
        service.kill()
        print(service.communicate()[1][-4000:])
        raise
    service.send_signal(signal.SIGTERM)
    said = service.communicate(timeout=20)[1]
    assert service.returncode == 0, said
    assert '"stopped"' in said
    print("the container's layout works: read-only, without rights, healthy, and it has published")


def well(image):
    return image.start(image.health, stderr=subprocess.DEVNULL).wait(30) == 0


def published(node):
    request = {"jsonrpc": "2.0", "id": 1, "method": "condenser_api.get_content",
               "params": ["alice", "hello"]}  # fmt: skip
    with urllib.request.urlopen(node, data=json.dumps(request).encode(), timeout=10) as answer:
        return json.load(answer)["result"]["author"] == "alice"


def wait_until(holds, service, patience=60):
    end = time.monotonic() + patience
    while not holds():
        assert service.poll() is None, "it has ended"
        assert time.monotonic() < end, "it isn't so within a minute"
        time.sleep(0.5)


def pip_cache():
    """Where pip keeps what it has fetched: an engine would keep a layer."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "cache", "dir"], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def main():
    base = Path(os.environ.get("BASE") or "/")
    as_root = os.geteuid() == 0
    namespaces = ["unshare", "--mount"] if as_root else [
        "unshare", "--user", "--map-root-user", "--mount"]  # fmt: skip
    with (
        tempfile.TemporaryDirectory(prefix="briefbot-") as folder,
        Devnet(block_interval=0.1) as devnet,
    ):
        scratch = Path(folder)
        scratch.chmod(0o755)
        for name in ("layers", "workspace/config", "workspace/posts", "secrets"):
            (scratch / name).mkdir(parents=True)
        (scratch / "workspace/config/briefbot.toml").write_text(
            f'[author.alice]\n[chains.devnet]\nnodes = ["{devnet.url}"]\n'
        )
        (scratch / "workspace/posts/hello.md").write_text(
            "---\ntitle: Hello\ntags: [a]\n---\nHi.\n"
        )
        key = scratch / "secrets/BRIEFBOT_POSTING_KEY_ALICE"
        key.write_text(devnet.key("alice"))
        key.chmod(0o400)
        user = next(
            tuple(map(int, rest.split(":")))
            for word, rest in stages((ROOT / "Containerfile").read_text())[-1].steps
            if word == "USER"
        )
        if as_root:
            for path in (scratch / "workspace", scratch / "secrets"):
                for each in (path, *path.rglob("*")):
                    os.chown(each, *user)
        began = time.monotonic()
        done = subprocess.run(
            [*namespaces, sys.executable, "-m", "tests.packaging.container", INSIDE,
             str(scratch), str(base), pip_cache(), devnet.url],
            cwd=ROOT, env=os.environ | ({"AS_ROOT": "1"} if as_root else {}), check=False,
        )  # fmt: skip
        print(f"{time.monotonic() - began:.0f} s")
    sys.exit(done.returncode)


if __name__ == "__main__":
    if sys.argv[1:2] == [INSIDE]:
        inside(*map(Path, sys.argv[2:5]), sys.argv[5])
    else:
        main()
