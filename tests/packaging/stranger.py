"""`make stranger`: docs/operations.md, typed word for word into an empty Debian that systemd has booted.

python -m tests.packaging.stranger

Makes a root with debootstrap, boots it in a container of its own without a network (systemd-nspawn,
of Debian's package systemd-container), types the blocks of the page's first sections, and looks
whether a brief is on the chain, the service is started anew after a kill, reads its configuration
anew, and has no more rights than the page says. As root; some minutes.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.packaging.archives import ROOT, built

TOOLS = ("debootstrap", "systemd-nspawn", "nsenter")
PAGE = (ROOT / "docs/operations.md").read_text()
WHEELS = "/usr/local/wheels"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ANSWER = '---\ntitle: Re\ntags: [test]\nreply_to: "@alice/hello"\n---\nIndeed.\n'
BRIEF = "---\ntitle: Hello\ntags: [test]\n---\nWords.\n"


def blocks(section):
    """What is to be typed in one section of the page."""
    text = re.search(rf"^## {section}$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)[1]
    return re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def typed(block, *instead):
    """A block with some of its words replaced: what depends on who reads it."""
    for words, other in instead:
        assert words in block, (words, block)
        block = block.replace(words, other)
    return block


class Machine:
    """The booted Debian."""

    def __init__(self, root):
        self.root = root
        self.process = subprocess.Popen(
            ["systemd-nspawn", "--directory", root, "--private-network", "--register=no",
             "--keep-unit", "--boot"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        wait_until(lambda: children.read_text().split())
        self.leader = children.read_text().split()[0]
        wait_until(lambda: self.type("systemctl is-system-running", expect=None).strip()
                   in {"running", "degraded"})  # fmt: skip

    def type(self, script, expect=0):
        done = subprocess.run(
            ["nsenter", "--target", self.leader, "--mount", "--uts", "--ipc", "--net", "--pid",
             "env", "-i", f"PATH={PATH}", "HOME=/root", "TERM=dumb", "PIP_NO_INDEX=1",
             f"PIP_FIND_LINKS={WHEELS}", "PIP_ROOT_USER_ACTION=ignore", "bash", "-ec", script],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        if expect is not None:
            assert done.returncode == expect, (script, done.returncode, done.stdout)
            print("".join(f"# {line}\n" for line in script.splitlines()) + done.stdout, flush=True)
        return done.stdout

    def off(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def wait_until(holds, patience=90):
    end = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < end, "it isn't so in time"
        time.sleep(0.5)


def debian(root, wheels):
    """An empty Debian, with what the registries would give: there is no network once it runs."""
    subprocess.run(
        ["debootstrap", "--include=systemd-sysv,dbus,ca-certificates", "bookworm", root],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    apt, *_ = blocks("Install")[0].splitlines()
    subprocess.run(["chroot", root, "sh", "-ec", f"apt-get -qq update; {apt} --yes --quiet=2"],
                   check=True, env={"PATH": PATH, "DEBIAN_FRONTEND": "noninteractive"},
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    shutil.copytree(wheels, root / WHEELS.lstrip("/"))


def follow(machine):
    """The page, from its beginning."""
    install, *_ = blocks("Install")
    machine.type(install.partition("\n")[2])
    workspace, secrets, devnet = blocks("First run")
    machine.type(typed(workspace, ("--chain steem", "--chain devnet")))
    told = machine.type(devnet + "sleep 3\n" + devnet.splitlines()[1])
    key = re.search(r"alice +posting +(5\w+)", told)[1]
    machine.type(typed(secrets, ("editor .env", f"sed -i 's/ALICE=$/ALICE={key}/' .env"),
                       ("install -m", "cd /srv/briefbot; install -m")))  # fmt: skip
    [service] = blocks("As a service")
    machine.type(service)
    machine.type(f"cat > /srv/briefbot/posts/hello.md <<E\n{BRIEF}E")
    log = "cd /srv/briefbot && runuser -u briefbot -- briefbot log"
    wait_until(lambda: "final" in machine.type(log, expect=None), 180)
    machine.type(log)
    machine.type("cd /srv/briefbot && runuser -u briefbot -- briefbot status")

    [encrypted] = blocks("Keys")
    asked = 'systemd-ask-password -n "Posting key of alice"'
    machine.type("rm /srv/briefbot/.env")
    machine.type(typed(encrypted, (asked, f"printf %s {key}")))
    machine.type(f"cat > /srv/briefbot/posts/answer.md <<E\n{ANSWER}E")
    wait_until(lambda: machine.type(log, expect=None).count("final") == 2, 180)
    machine.type(log)


def look(machine):
    """What the page promises of the service."""
    show = "systemctl show briefbot --property=MainPID --value"
    process = machine.type(show)
    machine.type("systemctl reload briefbot")
    wait_until(lambda: "at work" in machine.type("briefbot service status", expect=None))
    assert machine.type(show) == process, "it stays the same process"
    machine.type("echo 'chain = 7' > /srv/briefbot/config/wrong; "
                 "cp -p /srv/briefbot/config/briefbot.toml /root/kept; "
                 "cat /srv/briefbot/config/wrong > /srv/briefbot/config/briefbot.toml")  # fmt: skip
    kept = "goes on by the configuration before"
    wait_until(lambda: kept in machine.type("briefbot service status", expect=None))
    machine.type("briefbot service status; cat /root/kept > /srv/briefbot/config/briefbot.toml")
    machine.type("kill -KILL $(systemctl show briefbot --property=MainPID --value); sleep 1")
    wait_until(lambda: machine.type(show, expect=None).strip() not in {"0", process.strip()})
    machine.type("sleep 3; briefbot service status")
    told = machine.type("systemd-analyze security briefbot --no-pager | tail -1")
    assert float(re.search(r": ([\d.]+) ", told)[1]) <= 2.0
    machine.type("cat /proc/$(systemctl show briefbot --property=MainPID --value)/status | "
                 "grep -E 'CapEff:.0000000000000000|NoNewPrivs:.1|Seccomp:.2'")  # fmt: skip
    machine.type("systemctl stop briefbot; briefbot service status", expect=3)
    machine.type("briefbot service uninstall; ls /srv/briefbot")


def main():
    for tool in TOOLS:
        if not shutil.which(tool):
            sys.exit(f"this needs {tool}: apt install debootstrap systemd-container util-linux")
    if os.geteuid():
        sys.exit("only root may boot a Debian")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="briefbot-", dir="/var/tmp") as folder:
        scratch = Path(folder)
        wheels, root = scratch / "wheels", scratch / "debian"
        wheels.mkdir()
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "-qq", "--require-hashes", "-r",
             str(ROOT / "requirements.lock"), "-d", str(wheels)], check=True,
        )  # fmt: skip
        built(ROOT, wheels, "wheel")
        debian(root, wheels)
        machine = Machine(root)
        try:
            follow(machine)
            look(machine)
        finally:
            machine.off()
    print(
        f"docs/operations.md leads from an empty Debian to a service; {time.monotonic() - began:.0f} s"
    )


if __name__ == "__main__":
    main()
