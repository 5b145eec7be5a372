"""The README as a stranger follows it: word for word, in a terminal of 80 columns."""

import os
import re
import subprocess
import sys

import pytest

from bot.cli.demo import BLOCK_INTERVAL
from bot.devnet.testing import Devnet
from tests.cli.test_commands import ROOT, briefbot

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_nothing_in_it_is_wider_than_80_columns():
    assert [line for line in README.splitlines() if len(line) > 80] == []


def test_the_devnet_comes_right_after_the_two_commands():
    commands = [text for kind, text in BLOCKS if kind == "sh"]

    assert "make demo" in commands[0]
    assert "briefbot devnet --data" in commands[1]
    assert README.index("## Try it") < README.index("## What it promises")


def test_following_it_publishes_a_post(tmp_path):
    """What the reader types, but for the editor and the key; the chain is a faster one."""
    [script] = [text for kind, text in BLOCKS if kind == "sh" and "briefbot publish" in text]
    lines = {
        ". .venv/bin/activate": 'briefbot() { "$PYTHON" -m bot "$@"; }',
        "briefbot doctor": 'sed -i "s/KEY_ALICE=$/KEY_ALICE=$KEY/" .env && briefbot doctor',
        "briefbot check": "sed -i '/draft: true/d' posts/hello.md; echo Words. >> posts/hello.md; "
        "briefbot check",
    }
    for written, done in lines.items():
        assert written in script
        script = script.replace(written, done, 1)
    with Devnet(block_interval=BLOCK_INTERVAL / 4) as devnet:
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=ROOT,
            env=os.environ
            | {
                "HOME": str(tmp_path),
                "PYTHON": sys.executable,
                "PYTHONPATH": str(ROOT),
                "KEY": devnet.key("alice"),
                "BRIEFBOT_CHAINS__DEVNET__NODES": f'["{devnet.url}"]',
                "BROWSER": "true",
            },
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, (done.stdout, done.stderr)
        told = devnet.rpc("condenser_api.get_content", ["alice", "hello"])
    assert told["body"] == "Words."
    assert "1 brief: 0 errors, 0 warnings" in done.stderr or "2 briefs: 0 errors" in done.stderr
    assert re.search(r"final  @alice/hello  block \d+", done.stdout)


def test_what_init_writes_fits_and_keeps_keys_out_of_repositories(tmp_path):
    said = briefbot(tmp_path, "init", "blog", "--chain", "devnet", "--author", "alice").stdout
    written = [file for file in (tmp_path / "blog").rglob("*") if file.is_file()]

    assert said.count("written") == len(written) == 4
    for file in written:
        assert [line for line in file.read_text().splitlines() if len(line) > 80] == [], file
    subprocess.run(["git", "init", "-q", "."], cwd=tmp_path / "blog", check=True)
    for name in (".env", "briefbot.db", "briefbot.db-wal"):
        (tmp_path / "blog" / name).touch()
    told = subprocess.run(
        ["git", "status", "--short", "-uall"],
        cwd=tmp_path / "blog", capture_output=True, text=True, check=True,
    ).stdout.split()[1::2]  # fmt: skip
    assert told == [".env.example", ".gitignore", "config/briefbot.toml", "posts/my-first-brief.md"]
    assert (
        "no posting key for alice"
        in briefbot(
            tmp_path / "blog",
            "doctor",
            BRIEFBOT_CHAINS__DEVNET__NODES='["http://127.0.0.1:9"]',
            expect=3,
        ).stdout
    )


def test_init_warns_where_keys_could_be_committed(tmp_path):
    (tmp_path / ".gitignore").write_text("*.log\n")
    assert ".gitignore doesn't name .env" in briefbot(tmp_path, "init").stderr
    assert (tmp_path / ".gitignore").read_text() == "*.log\n"


@pytest.mark.parametrize(
    "option", [["--author", "Jane Doe"], ["--chain", "a b"], ["--chain", 'x"']]
)
def test_init_refuses_what_there_cant_be_and_writes_nothing(tmp_path, option):
    assert option[0] in briefbot(tmp_path, "init", *option, expect=2).stderr
    assert list(tmp_path.iterdir()) == []
