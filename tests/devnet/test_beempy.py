"""beempy, unmodified and only configured: what an author does with it on a public chain."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.devnet.testing import Devnet

BEEMPY = Path(sys.executable).with_name("beempy")


@pytest.fixture
def beempy(tmp_path):
    """Runs a beempy command against a devnet of its own; returns what it printed."""
    with Devnet(block_interval=0.2, keep_alive=True) as devnet:  # its connections aren't retried
        home = os.environ | {"HOME": str(tmp_path), "UNLOCK": "password", "COLUMNS": "200"}

        def run(*arguments, told=""):
            done = subprocess.run(
                [BEEMPY, *arguments],
                cwd=tmp_path,
                env=home,
                input=told,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == 0, (arguments, done.stdout, done.stderr)
            return done.stdout

        run("set", "nodes", devnet.url)
        run("set", "default_chain", "steem")
        run("set", "default_account", "alice")
        run("createwallet", "--wipe", told="password\npassword\n")
        for name in ("alice", "bob"):
            run("addkey", "--unsafe-import-key", devnet.key(name))
        run.devnet, run.home = devnet, tmp_path
        yield run


def wait_for(condition):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen")


def test_beempy_posts_votes_replies_deletes_reblogs_and_reads(beempy):
    (beempy.home / "post.md").write_text(
        "---\ntitle: Posted by beempy\ntags: taliban,test\nauthor: alice\n---\nBy *beempy*.\n"
    )

    def content(author, permlink):
        return beempy.devnet.rpc("condenser_api.get_content", [author, permlink])

    beempy("post", "post.md")
    post = wait_for(lambda: content("alice", "posted-by-beempy")["author"] and "posted-by-beempy")
    beempy("upvote", "-a", "bob", "-w", "100", f"@alice/{post}")
    wait_for(lambda: content("alice", post)["net_votes"] == 1)
    told = beempy("reply", "-a", "bob", f"@alice/{post}", "A reply")
    reply = re.search(r"re-posted-by-beempy-\w+", told)[0]
    wait_for(lambda: content("alice", post)["children"] == 1)
    beempy("reblog", "-a", "bob", f"@alice/{post}")
    wait_for(lambda: beempy.devnet.rpc("condenser_api.get_reblogged_by", ["alice", post])[1:])
    beempy("delete", "-a", "bob", f"@bob/{reply}")
    wait_for(lambda: content("alice", post)["children"] == 0)

    assert "Votes with current RC" in beempy("power", "alice")
    assert "1000.000 STEEM" in beempy("balance", "alice")
    assert reply in beempy("history", "alice")
    assert "bob" in beempy("votes", "alice")
    assert "0.250" in beempy("ticker")
